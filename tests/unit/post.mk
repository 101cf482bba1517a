# SPDX-License-Identifier: MIT
# What comes in with POST.
check_PROGRAMS += tests/unit/test_command
TESTS += tests/unit/test_command
tests_unit_test_command_SOURCES = tests/unit/test_command.c tests/unit/http.h
tests_unit_test_command_CFLAGS = $(UNIT_CFLAGS) $(JANSSON_CFLAGS)
tests_unit_test_command_LDADD = $(UNIT_LIBS) -lm
