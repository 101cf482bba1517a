# SPDX-License-Identifier: MIT
# What the host says of itself, with a module that tries to break it.
check_LTLIBRARIES += tests/integration/odd/odd_routes.la
tests_integration_odd_odd_routes_la_SOURCES = tests/integration/modules/odd_routes.c
tests_integration_odd_odd_routes_la_CPPFLAGS = $(MODCPP)
tests_integration_odd_odd_routes_la_LDFLAGS = $(MODLD) -rpath /nowhere
tests_integration_odd_odd_routes_la_LIBTOOLFLAGS = $(MODLT)
dist_check_SCRIPTS += tests/integration/test_docs.py
TESTS += tests/integration/test_docs.py
EXTRA_DIST += tests/integration/openapi.py

# What the tests with made-up requests keep from run to run.
clean-local:
	rm -rf tests/hypothesis
