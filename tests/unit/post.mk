# SPDX-License-Identifier: MIT
# What comes in with POST.
check_PROGRAMS += tests/unit/test_command
TESTS += tests/unit/test_command
tests_unit_test_command_SOURCES = tests/unit/test_command.c tests/unit/http.h
tests_unit_test_command_CFLAGS = $(UNIT_CFLAGS) $(JANSSON_CFLAGS)
tests_unit_test_command_LDADD = $(UNIT_LIBS) -lm
check_PROGRAMS += tests/unit/test_tzsp
TESTS += tests/unit/test_tzsp
tests_unit_test_tzsp_SOURCES = tests/unit/test_tzsp.c datasources/tzsp/tzsp.c
tests_unit_test_tzsp_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_tzsp_LDADD = $(UNIT_LIBS)
