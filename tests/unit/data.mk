# SPDX-License-Identifier: MIT
# What holds data: interned text, heaps, registry, records, series. testcore is for the tests of every part.
noinst_LIBRARIES += tests/unit/libtestcore.a
tests_unit_libtestcore_a_SOURCES = tests/unit/testcore.h tests/unit/testcore.c
tests_unit_libtestcore_a_CFLAGS = $(AM_CFLAGS) $(UV_CFLAGS)
TESTCORE_LIBS = tests/unit/libtestcore.a $(UNIT_LIBS)

check_PROGRAMS += tests/unit/test_strings tests/unit/test_heap tests/unit/test_registry tests/unit/test_record \
	tests/unit/test_collections tests/unit/test_visit tests/unit/test_rrd tests/unit/test_format \
	tests/unit/test_registry_threads
TESTS += tests/unit/test_strings tests/unit/test_heap tests/unit/test_registry tests/unit/test_record \
	tests/unit/test_collections tests/unit/test_visit tests/unit/test_rrd tests/unit/test_format \
	tests/unit/test_registry_threads
TSAN_TESTS += tests/unit/test_strings tests/unit/test_registry_threads
tests_unit_test_strings_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_strings_LDADD = $(UNIT_LIBS)
tests_unit_test_heap_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_heap_LDADD = $(UNIT_LIBS)
tests_unit_test_registry_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_registry_LDADD = $(TESTCORE_LIBS)
tests_unit_test_record_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_record_LDADD = $(TESTCORE_LIBS)
tests_unit_test_collections_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_collections_LDADD = $(TESTCORE_LIBS)
tests_unit_test_visit_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_visit_LDADD = $(TESTCORE_LIBS)
tests_unit_test_rrd_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_rrd_LDADD = $(UNIT_LIBS)
tests_unit_test_format_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_format_LDADD = $(UNIT_LIBS)
tests_unit_test_registry_threads_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_registry_threads_LDADD = $(TESTCORE_LIBS)
