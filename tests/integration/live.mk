# SPDX-License-Identifier: MIT
# Events and monitors over WebSockets, with a module that publishes and changes what it is told to.
check_LTLIBRARIES += tests/integration/modules/live_events.la
tests_integration_modules_live_events_la_SOURCES = tests/integration/modules/live_events.c
tests_integration_modules_live_events_la_CPPFLAGS = $(MODCPP)
tests_integration_modules_live_events_la_LDFLAGS = $(MODLD) -rpath /nowhere
tests_integration_modules_live_events_la_LIBTOOLFLAGS = $(MODLT)
dist_check_SCRIPTS += tests/integration/test_live.py
TESTS += tests/integration/test_live.py
TSAN_TESTS += tests/integration/test_live.py
EXTRA_DIST += doc/live.md
TSAN_NEEDS += tests/integration/modules/live_events.la
