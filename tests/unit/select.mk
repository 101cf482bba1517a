# SPDX-License-Identifier: MIT
# Parts of records.
check_PROGRAMS += tests/unit/test_select
TESTS += tests/unit/test_select
tests_unit_test_select_SOURCES = tests/unit/test_select.c tests/unit/selectworld.h tests/unit/selectsuite.h
tests_unit_test_select_CFLAGS = $(UNIT_CFLAGS) $(JANSSON_CFLAGS)
tests_unit_test_select_LDADD = tests/unit/libtestcore.a $(UNIT_LIBS) $(JANSSON_LIBS)
check_PROGRAMS += tests/unit/test_copy
TESTS += tests/unit/test_copy
tests_unit_test_copy_SOURCES = tests/unit/test_copy.c tests/unit/selectworld.h tests/unit/selectsuite.h
tests_unit_test_copy_CFLAGS = $(UNIT_CFLAGS) $(JANSSON_CFLAGS)
tests_unit_test_copy_LDADD = tests/unit/libtestcore.a $(UNIT_LIBS) $(JANSSON_LIBS)
check_PROGRAMS += tests/unit/test_filter tests/unit/test_recording
TESTS += tests/unit/test_filter tests/unit/test_recording
tests_unit_test_filter_SOURCES = tests/unit/test_filter.c tests/unit/selectworld.h tests/unit/selectsuite.h
tests_unit_test_filter_CFLAGS = $(UNIT_CFLAGS) $(JANSSON_CFLAGS)
tests_unit_test_filter_LDADD = tests/unit/libtestcore.a $(UNIT_LIBS) $(JANSSON_LIBS)
tests_unit_test_recording_SOURCES = tests/unit/test_recording.c tests/unit/selectworld.h tests/unit/selectsuite.h
tests_unit_test_recording_CFLAGS = $(UNIT_CFLAGS) $(JANSSON_CFLAGS)
tests_unit_test_recording_LDADD = tests/unit/libtestcore.a $(UNIT_LIBS) $(JANSSON_LIBS)
check_PROGRAMS += tests/unit/test_select_threads
TESTS += tests/unit/test_select_threads
TSAN_TESTS += tests/unit/test_select_threads
tests_unit_test_select_threads_SOURCES = tests/unit/test_select_threads.c tests/unit/selectworld.h
tests_unit_test_select_threads_CFLAGS = $(UNIT_CFLAGS) $(JANSSON_CFLAGS)
tests_unit_test_select_threads_LDADD = tests/unit/libtestcore.a $(UNIT_LIBS) $(JANSSON_LIBS) -lpthread
if !TSAN
check_PROGRAMS += tests/unit/test_select_memory
TESTS += tests/unit/test_select_memory
tests_unit_test_select_memory_SOURCES = tests/unit/test_select_memory.c tests/unit/selectworld.h tests/unit/failing.h
tests_unit_test_select_memory_CFLAGS = $(UNIT_CFLAGS) $(JANSSON_CFLAGS) $(PCRE2_CFLAGS)
tests_unit_test_select_memory_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=strndup \
	-Wl,--wrap=pcre2_compile_8,--wrap=pcre2_compile_context_create_8,--wrap=pcre2_match_context_create_8 \
	-Wl,--wrap=pcre2_match_data_create_8,--wrap=pcre2_jit_stack_create_8
tests_unit_test_select_memory_LDADD = tests/unit/libtestcore.a $(UNIT_LIBS) $(JANSSON_LIBS) $(PCRE2_LIBS)
endif
