# SPDX-License-Identifier: MIT
plugin_LTLIBRARIES += modules/httpd.la
modules_httpd_la_SOURCES = httpd/server/server.c httpd/server/server.h httpd/server/connection.c \
	httpd/server/auth.c httpd/server/auth.h httpd/server/login.c httpd/server/login.h httpd/server/session_routes.c \
	httpd/server/sessions.c httpd/server/sessions.h httpd/server/apikeys.c httpd/server/apikeys.h httpd/server/throttle.c httpd/server/throttle.h \
	httpd/server/credentials.c httpd/server/credentials.h httpd/server/savefile.c httpd/server/savefile.h \
	httpd/server/tls.c httpd/server/tls.h httpd/server/tlsfront.c httpd/server/tlsfront.h \
	httpd/server/handshake.c httpd/server/handshake.h httpd/server/upgrade.c httpd/server/upgrade.h \
	httpd/server/websocket.c httpd/server/websocket.h httpd/server/wsconn.c httpd/server/wsconn.h
modules_httpd_la_CPPFLAGS = $(MODCPP)
modules_httpd_la_CFLAGS = $(AM_CFLAGS) $(HTTPD_CFLAGS) $(JANSSON_CFLAGS)
modules_httpd_la_LDFLAGS = $(MODLD)
modules_httpd_la_LIBADD = $(HTTPD_LIBS) $(JANSSON_LIBS) -lpthread
modules_httpd_la_LIBTOOLFLAGS = $(MODLT)
EXTRA_DIST += httpd/server/README.md
