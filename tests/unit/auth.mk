# SPDX-License-Identifier: MIT
# Logins of the HTTP server: what needs no running host.
check_PROGRAMS += tests/unit/test_credentials tests/unit/test_sessions tests/unit/test_apikeys
TESTS += tests/unit/test_credentials tests/unit/test_sessions tests/unit/test_apikeys
tests_unit_test_credentials_SOURCES = tests/unit/test_credentials.c httpd/server/credentials.c httpd/server/handshake.c
tests_unit_test_credentials_CFLAGS = $(UNIT_CFLAGS) $(HTTPD_CFLAGS)
tests_unit_test_credentials_LDADD = $(UNIT_LIBS) $(HTTPD_LIBS)
tests_unit_test_sessions_SOURCES = tests/unit/test_sessions.c httpd/server/sessions.c httpd/server/throttle.c \
	httpd/server/address.c
tests_unit_test_sessions_CFLAGS = $(UNIT_CFLAGS) $(HTTPD_CFLAGS)
tests_unit_test_sessions_LDADD = $(UNIT_LIBS) $(HTTPD_LIBS) -lpthread
tests_unit_test_apikeys_SOURCES = tests/unit/test_apikeys.c httpd/server/apikeys.c httpd/server/credentials.c httpd/server/handshake.c \
	httpd/server/savefile.c
tests_unit_test_apikeys_CFLAGS = $(UNIT_CFLAGS) $(HTTPD_CFLAGS) $(JANSSON_CFLAGS)
tests_unit_test_apikeys_LDADD = $(UNIT_LIBS) $(HTTPD_LIBS) $(JANSSON_LIBS) -lpthread
TSAN_TESTS += tests/unit/test_sessions tests/unit/test_apikeys
