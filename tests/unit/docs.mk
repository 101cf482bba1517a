# SPDX-License-Identifier: MIT
# What the host tells of itself.
check_PROGRAMS += tests/unit/test_describe
TESTS += tests/unit/test_describe
tests_unit_test_describe_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_describe_LDADD = $(TESTCORE_LIBS)
