# SPDX-License-Identifier: MIT
plugin_LTLIBRARIES += modules/docs.la
modules_docs_la_SOURCES = httpd/docs/docs.c httpd/docs/docs.h httpd/docs/html.c httpd/docs/pages.c httpd/docs/routes.c httpd/docs/fields.c \
	httpd/docs/openapi.c httpd/docs/openapi.h httpd/docs/operations.c httpd/docs/paths.c httpd/docs/schemas.c httpd/docs/tree.c httpd/docs/tree.h
modules_docs_la_CPPFLAGS = $(MODCPP)
modules_docs_la_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS) -Wa,-I$(top_srcdir)
modules_docs_la_LDFLAGS = $(MODLD)
modules_docs_la_LIBADD = $(JANSSON_LIBS)
modules_docs_la_LIBTOOLFLAGS = $(MODLT)
# By way of a variable: automake would take a plain target for ours and leave out its own rule.
docs_pages_object = httpd/docs/modules_docs_la-pages.lo
$(docs_pages_object): $(top_srcdir)/httpd/docs/docs.css $(top_srcdir)/httpd/docs/docs.js
EXTRA_DIST += httpd/docs/README.md httpd/docs/docs.css httpd/docs/docs.js
