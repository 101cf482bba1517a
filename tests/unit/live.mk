# SPDX-License-Identifier: MIT
check_PROGRAMS += tests/unit/test_live_queue
TESTS += tests/unit/test_live_queue
tests_unit_test_live_queue_SOURCES = tests/unit/test_live_queue.c httpd/live/queue.c httpd/live/seen.c
tests_unit_test_live_queue_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_live_queue_LDADD = $(UNIT_LIBS)
