# SPDX-License-Identifier: MIT
plugin_LTLIBRARIES += modules/httpd.la
modules_httpd_la_SOURCES = httpd/server/server.c httpd/server/server.h httpd/server/connection.c httpd/server/settings.c httpd/server/settings.h \
	httpd/server/auth.c httpd/server/auth.h httpd/server/login.c httpd/server/login.h httpd/server/session_routes.c \
	httpd/server/sessions.c httpd/server/sessions.h httpd/server/apikeys.c httpd/server/apikeys.h httpd/server/throttle.c httpd/server/throttle.h \
	httpd/server/credentials.c httpd/server/credentials.h httpd/server/savefile.c httpd/server/savefile.h \
	httpd/server/exchange.c httpd/server/exchange.h httpd/server/multipart.c httpd/server/multipart.h httpd/server/answer.c httpd/server/response.c httpd/server/response.h \
	httpd/server/handlers.c httpd/server/handlers.h httpd/server/body.c httpd/server/body.h httpd/server/gzip.c httpd/server/gzip.h \
	httpd/server/clients.c httpd/server/clients.h httpd/server/address.c httpd/server/address.h httpd/server/proxy.c httpd/server/proxy.h \
	httpd/server/cors.c httpd/server/cors.h httpd/server/csp.c httpd/server/csp.h httpd/server/files.c httpd/server/files.h httpd/server/layout.c httpd/server/layout.h httpd/server/static.c httpd/server/static.h \
	httpd/server/tls.c httpd/server/tls.h httpd/server/tlsfront.c httpd/server/tlsfront.h \
	httpd/server/handshake.c httpd/server/handshake.h httpd/server/upgrade.c httpd/server/upgrade.h \
	httpd/server/websocket.c httpd/server/websocket.h httpd/server/wsconn.c httpd/server/wsconn.h
modules_httpd_la_CPPFLAGS = $(MODCPP) -DHTTPDDIR='"$(datadir)/aerie/httpd"'
modules_httpd_la_CFLAGS = $(AM_CFLAGS) $(HTTPD_CFLAGS) $(JANSSON_CFLAGS) $(ZLIB_CFLAGS)
modules_httpd_la_LDFLAGS = $(MODLD)
modules_httpd_la_LIBADD = $(HTTPD_LIBS) $(JANSSON_LIBS) $(ZLIB_LIBS) -lpthread
modules_httpd_la_LIBTOOLFLAGS = $(MODLT)
EXTRA_DIST += httpd/server/README.md

# What an administrator puts there is served below /.
install-data-hook: httpd-folder
.PHONY: httpd-folder
httpd-folder:
	$(MKDIR_P) "$(DESTDIR)$(datadir)/aerie/httpd"
