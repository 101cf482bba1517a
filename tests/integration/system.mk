# SPDX-License-Identifier: MIT
# What the host tells of itself: state, time, messages, plugins, PHYs, pipeline, streams.
check_LTLIBRARIES += tests/integration/modules/stream_routes.la
tests_integration_modules_stream_routes_la_SOURCES = tests/integration/modules/stream_routes.c
tests_integration_modules_stream_routes_la_CPPFLAGS = $(MODCPP)
tests_integration_modules_stream_routes_la_LDFLAGS = $(MODLD) -rpath /nowhere
tests_integration_modules_stream_routes_la_LIBADD = -lpthread
tests_integration_modules_stream_routes_la_LIBTOOLFLAGS = $(MODLT)
dist_check_SCRIPTS += tests/integration/test_system.py
TESTS += tests/integration/test_system.py
TSAN_TESTS += tests/integration/test_system.py
TSAN_NEEDS += tests/integration/modules/stream_routes.la

# Every type of value in every format, read by parsers that had no part in writing it.
check_PROGRAMS += tests/integration/parse
tests_integration_parse_SOURCES = tests/integration/parse.c
tests_integration_parse_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS) $(MSGPACK_CFLAGS)
tests_integration_parse_LDADD = $(JANSSON_LIBS) $(MSGPACK_LIBS)
check_LTLIBRARIES += tests/integration/modules/odd_values.la
tests_integration_modules_odd_values_la_SOURCES = tests/integration/modules/odd_values.c
tests_integration_modules_odd_values_la_CPPFLAGS = $(MODCPP)
tests_integration_modules_odd_values_la_LDFLAGS = $(MODLD) -rpath /nowhere
tests_integration_modules_odd_values_la_LIBTOOLFLAGS = $(MODLT)
dist_check_SCRIPTS += tests/integration/test_serializers.py
EXTRA_DIST += tests/integration/unpack.pl
TESTS += tests/integration/test_serializers.py
