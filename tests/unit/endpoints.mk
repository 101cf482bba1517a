# SPDX-License-Identifier: MIT
# Parts of the endpoints that need no host.
check_PROGRAMS += tests/unit/test_devrows
TESTS += tests/unit/test_devrows
tests_unit_test_devrows_SOURCES = tests/unit/test_devrows.c
tests_unit_test_devrows_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_devrows_LDADD = $(UNIT_LIBS)
