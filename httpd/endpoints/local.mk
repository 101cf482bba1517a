# SPDX-License-Identifier: MIT
plugin_LTLIBRARIES += modules/endpoints.la
modules_endpoints_la_SOURCES = httpd/endpoints/endpoints.c httpd/endpoints/endpoints.h httpd/endpoints/names.c \
	httpd/endpoints/system.c httpd/endpoints/sensors.c httpd/endpoints/sensors.h httpd/endpoints/devices.c httpd/endpoints/devices.h \
	httpd/endpoints/devask.c httpd/endpoints/devlist.c httpd/endpoints/devtable.c httpd/endpoints/devrows.c httpd/endpoints/devrows.h httpd/endpoints/devmulti.c httpd/endpoints/devviews.c \
	httpd/endpoints/devlabels.c httpd/endpoints/labels.c httpd/endpoints/labels.h httpd/endpoints/labelfile.c \
	httpd/endpoints/lists.c httpd/endpoints/lists.h httpd/endpoints/fields.c httpd/endpoints/fields.h \
	httpd/endpoints/messages.c httpd/endpoints/since.c httpd/endpoints/streams.c httpd/endpoints/packetchain.c \
	httpd/endpoints/sources.c httpd/endpoints/sources.h httpd/endpoints/control.c httpd/endpoints/interfaces.c httpd/endpoints/feed.c httpd/endpoints/waits.c httpd/endpoints/waits.h \
	httpd/endpoints/fieldlist.c httpd/endpoints/pages.c
modules_endpoints_la_CPPFLAGS = $(MODCPP) -I$(top_builddir)/httpd/endpoints
modules_endpoints_la_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS) -Wa,-I$(top_srcdir)
modules_endpoints_la_LDFLAGS = $(MODLD)
modules_endpoints_la_LIBADD = $(JANSSON_LIBS) -lpthread
modules_endpoints_la_LIBTOOLFLAGS = $(MODLT)
# By way of a variable: automake would take a plain target for ours and leave out its own rule.
start_page_object = httpd/endpoints/modules_endpoints_la-pages.lo
$(start_page_object): $(top_srcdir)/httpd/endpoints/start.html
# build.h names the commit; it is written again only when that has changed.
system_object = httpd/endpoints/modules_endpoints_la-system.lo
$(system_object): httpd/endpoints/build.h
httpd/endpoints/build.h: build-commit
	@$(MKDIR_P) httpd/endpoints
	@$(SHELL) $(top_srcdir)/httpd/endpoints/build.sh '$(top_srcdir)' $@
.PHONY: build-commit
build-commit:
CLEANFILES += httpd/endpoints/build.h
EXTRA_DIST += httpd/endpoints/build.sh
EXTRA_DIST += httpd/endpoints/README.md httpd/endpoints/start.html
