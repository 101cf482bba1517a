# SPDX-License-Identifier: MIT
# Named parts of the device store.
check_PROGRAMS += tests/unit/test_views
TESTS += tests/unit/test_views
TSAN_TESTS += tests/unit/test_views
tests_unit_test_views_SOURCES = tests/unit/test_views.c tests/unit/flow.h
tests_unit_test_views_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_views_LDADD = $(UNIT_LIBS)
