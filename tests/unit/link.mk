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
check_PROGRAMS += tests/unit/test_source_control
TESTS += tests/unit/test_source_control
tests_unit_test_source_control_SOURCES = tests/unit/test_source_control.c tests/unit/sourceworld.h
tests_unit_test_source_control_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_source_control_LDADD = $(UNIT_LIBS)
check_PROGRAMS += tests/unit/test_remote
TESTS += tests/unit/test_remote
tests_unit_test_remote_SOURCES = tests/unit/test_remote.c tests/unit/sourceworld.h
tests_unit_test_remote_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_remote_LDADD = $(UNIT_LIBS)
check_PROGRAMS += tests/unit/test_channels
TESTS += tests/unit/test_channels
tests_unit_test_channels_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_channels_LDADD = $(UNIT_LIBS)
TSAN_TESTS += tests/unit/test_source_control tests/unit/test_remote
TSAN_NEEDS += tests/unit/fake_capture
