# SPDX-License-Identifier: MIT
# libaeriecap: plain C99 and POSIX, so it is compiled as just that.
include_HEADERS = sdk/include/aeriecap.h
lib_LTLIBRARIES += libaeriecap.la
libaeriecap_la_SOURCES = \
	sdk/capframework/child.c sdk/capframework/config.c sdk/capframework/connect.c sdk/capframework/definition.c \
	sdk/capframework/handler.c sdk/capframework/handler.h sdk/capframework/hop.c sdk/capframework/link.c \
	sdk/capframework/loop.c sdk/capframework/message.c sdk/capframework/options.c sdk/capframework/out.c \
	sdk/capframework/pack.c sdk/capframework/pack.h sdk/capframework/packet.c sdk/capframework/privileges.c \
	sdk/capframework/protocol.h sdk/capframework/remote.c \
	sdk/capframework/remote.h sdk/capframework/report.c sdk/capframework/report.h sdk/capframework/request.h \
	sdk/capframework/requests.c sdk/capframework/ring.c sdk/capframework/ring.h sdk/capframework/secret.c sdk/capframework/utilities.c \
	sdk/capframework/values.c
libaeriecap_la_CPPFLAGS = -I$(top_srcdir)/sdk/include -D_POSIX_C_SOURCE=200809L
if HAVE_WSLAY
libaeriecap_la_SOURCES += sdk/capframework/stream.c sdk/capframework/stream.h sdk/capframework/upgrade.c \
	sdk/capframework/upgrade.h sdk/capframework/websocket.c
if HAVE_GNUTLS
libaeriecap_la_CPPFLAGS += -DCAP_TLS
CAP_TLS_CFLAGS = $(GNUTLS_CFLAGS)
CAP_TLS_LIBS = $(GNUTLS_LIBS)
else
libaeriecap_la_SOURCES += sdk/capframework/sha1.c
endif
else
libaeriecap_la_SOURCES += sdk/capframework/nowebsocket.c
endif
libaeriecap_la_CFLAGS = $(AM_CFLAGS) -std=c99 -pedantic $(MSGPACK_CFLAGS) $(CAP_TLS_CFLAGS) -pthread
libaeriecap_la_LDFLAGS = $(AM_LDFLAGS) -version-info 0:0:0 -pthread
libaeriecap_la_LIBADD = $(MSGPACK_LIBS) $(WSLAY_LIBS) $(CAP_TLS_LIBS)
# For programs and tests of this tree, which run without being installed.
CAPLD = $(AM_LDFLAGS) -static -pthread
pkgconfig_DATA += sdk/capframework/aeriecap.pc
EXTRA_DIST += sdk/capframework/README.md
# The template for programs of others; here it is the radio of the tests.
templatedir = $(datadir)/aerie/templates/capture
dist_template_DATA = sdk/templates/capture/capture_demo.c sdk/templates/capture/Makefile sdk/templates/capture/README.md
check_PROGRAMS += tests/bin/aerie-cap-demo
tests_bin_aerie_cap_demo_SOURCES = sdk/templates/capture/capture_demo.c
tests_bin_aerie_cap_demo_CPPFLAGS = -I$(top_srcdir)/sdk/include -D_POSIX_C_SOURCE=200809L
tests_bin_aerie_cap_demo_CFLAGS = $(AM_CFLAGS) -std=c99 -pedantic
tests_bin_aerie_cap_demo_LDFLAGS = $(CAPLD)
tests_bin_aerie_cap_demo_LDADD = libaeriecap.la
