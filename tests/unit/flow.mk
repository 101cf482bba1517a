# SPDX-License-Identifier: MIT
check_PROGRAMS += tests/unit/test_devices
TESTS += tests/unit/test_devices
TSAN_TESTS += tests/unit/test_devices
tests_unit_test_devices_SOURCES = tests/unit/test_devices.c tests/unit/flow.h
tests_unit_test_devices_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_devices_LDADD = $(UNIT_LIBS)
check_PROGRAMS += tests/unit/test_forget
TESTS += tests/unit/test_forget
TSAN_TESTS += tests/unit/test_forget
tests_unit_test_forget_SOURCES = tests/unit/test_forget.c tests/unit/flow.h
tests_unit_test_forget_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_forget_LDADD = $(UNIT_LIBS)
if !TSAN
check_PROGRAMS += tests/unit/test_devices_memory
TESTS += tests/unit/test_devices_memory
tests_unit_test_devices_memory_SOURCES = tests/unit/test_devices_memory.c tests/unit/flow.h tests/unit/failing.h
tests_unit_test_devices_memory_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_devices_memory_LDADD = $(UNIT_LIBS)
tests_unit_test_devices_memory_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc
endif
check_PROGRAMS += tests/unit/test_pipeline
TESTS += tests/unit/test_pipeline
TSAN_TESTS += tests/unit/test_pipeline
tests_unit_test_pipeline_SOURCES = tests/unit/test_pipeline.c tests/unit/flow.h
tests_unit_test_pipeline_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_pipeline_LDADD = $(UNIT_LIBS)
