# SPDX-License-Identifier: MIT
plugin_LTLIBRARIES += modules/httpd.la
modules_httpd_la_SOURCES = httpd/server/server.c httpd/server/server.h httpd/server/connection.c \
	httpd/server/login.c httpd/server/login.h
modules_httpd_la_CPPFLAGS = $(MODCPP)
modules_httpd_la_CFLAGS = $(AM_CFLAGS) $(MHD_CFLAGS) $(SODIUM_CFLAGS)
modules_httpd_la_LDFLAGS = $(MODLD)
modules_httpd_la_LIBADD = $(MHD_LIBS) $(SODIUM_LIBS) -lpthread
modules_httpd_la_LIBTOOLFLAGS = $(MODLT)
EXTRA_DIST += httpd/server/README.md
