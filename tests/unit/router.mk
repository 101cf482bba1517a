# SPDX-License-Identifier: MIT
check_PROGRAMS += tests/unit/test_streams
TESTS += tests/unit/test_streams
tests_unit_test_streams_SOURCES = tests/unit/test_streams.c tests/unit/host.h
tests_unit_test_streams_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_streams_LDADD = $(UNIT_LIBS)
TSAN_TESTS += tests/unit/test_streams
if !TSAN
check_PROGRAMS += tests/unit/test_router_memory
TESTS += tests/unit/test_router_memory
tests_unit_test_router_memory_SOURCES = tests/unit/test_router_memory.c tests/unit/http.h tests/unit/failing.h
tests_unit_test_router_memory_CFLAGS = $(UNIT_CFLAGS) $(JANSSON_CFLAGS)
tests_unit_test_router_memory_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=strdup
tests_unit_test_router_memory_LDADD = $(UNIT_LIBS) $(JANSSON_LIBS)
endif
