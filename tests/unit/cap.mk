# SPDX-License-Identifier: MIT
check_PROGRAMS += tests/unit/test_aeriecap
TESTS += tests/unit/test_aeriecap
TSAN_TESTS += tests/unit/test_aeriecap
tests_unit_test_aeriecap_SOURCES = tests/unit/test_aeriecap.c
tests_unit_test_aeriecap_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_aeriecap_LDFLAGS = $(CAPLD)
tests_unit_test_aeriecap_LDADD = libaeriecap.la $(UNIT_LIBS)
