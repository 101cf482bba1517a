# SPDX-License-Identifier: MIT
# The capture protocol, definitions, and sources against a capture program that fails on demand.
check_PROGRAMS += tests/unit/test_link tests/unit/test_definition tests/unit/test_sources tests/unit/fake_capture
TESTS += tests/unit/test_link tests/unit/test_definition tests/unit/test_sources
tests_unit_test_link_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_link_LDADD = $(UNIT_LIBS)
tests_unit_test_definition_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_definition_LDADD = $(UNIT_LIBS)
tests_unit_test_sources_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_sources_LDADD = $(UNIT_LIBS)
tests_unit_fake_capture_CFLAGS = $(AM_CFLAGS)
