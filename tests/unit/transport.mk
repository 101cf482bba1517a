# SPDX-License-Identifier: MIT
# The HTTP transport: what needs no running host.
check_PROGRAMS += tests/unit/test_files tests/unit/test_gzip tests/unit/test_address tests/unit/test_csp \
	tests/unit/test_handlers
TESTS += tests/unit/test_files tests/unit/test_gzip tests/unit/test_address tests/unit/test_csp tests/unit/test_handlers
TSAN_TESTS += tests/unit/test_handlers
tests_unit_test_files_SOURCES = tests/unit/test_files.c httpd/server/files.c
tests_unit_test_files_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_files_LDADD = $(UNIT_LIBS)
tests_unit_test_gzip_SOURCES = tests/unit/test_gzip.c httpd/server/gzip.c
tests_unit_test_gzip_CFLAGS = $(UNIT_CFLAGS) $(ZLIB_CFLAGS)
tests_unit_test_gzip_LDADD = $(UNIT_LIBS) $(ZLIB_LIBS)
tests_unit_test_address_SOURCES = tests/unit/test_address.c httpd/server/address.c
tests_unit_test_address_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_address_LDADD = $(UNIT_LIBS)
tests_unit_test_csp_SOURCES = tests/unit/test_csp.c httpd/server/csp.c
tests_unit_test_csp_CFLAGS = $(UNIT_CFLAGS) $(HTTPD_CFLAGS)
tests_unit_test_csp_LDADD = $(UNIT_LIBS) $(HTTPD_LIBS)
tests_unit_test_handlers_SOURCES = tests/unit/test_handlers.c httpd/server/handlers.c
tests_unit_test_handlers_CFLAGS = $(UNIT_CFLAGS) $(HTTPD_CFLAGS)
tests_unit_test_handlers_LDADD = $(UNIT_LIBS) $(HTTPD_LIBS)
