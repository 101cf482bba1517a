# SPDX-License-Identifier: MIT
# What the host tells of itself.
check_PROGRAMS += tests/unit/test_describe
TESTS += tests/unit/test_describe
TSAN_TESTS += tests/unit/test_describe
tests_unit_test_describe_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_describe_LDADD = $(TESTCORE_LIBS)
check_PROGRAMS += tests/unit/test_openapi
TESTS += tests/unit/test_openapi
tests_unit_test_openapi_SOURCES = tests/unit/test_openapi.c tests/unit/http.h httpd/docs/docs.h httpd/docs/openapi.c httpd/docs/openapi.h \
	httpd/docs/operations.c httpd/docs/paths.c httpd/docs/schemas.c httpd/docs/tree.c httpd/docs/tree.h
tests_unit_test_openapi_CFLAGS = $(UNIT_CFLAGS) $(JANSSON_CFLAGS)
tests_unit_test_openapi_LDADD = $(UNIT_LIBS) $(JANSSON_LIBS)
