# SPDX-License-Identifier: MIT
check_PROGRAMS += tests/unit/test_streams
TESTS += tests/unit/test_streams
tests_unit_test_streams_SOURCES = tests/unit/test_streams.c tests/unit/host.h
tests_unit_test_streams_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_streams_LDADD = $(UNIT_LIBS)
TSAN_TESTS += tests/unit/test_streams
