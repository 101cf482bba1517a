# SPDX-License-Identifier: MIT
# The daemon over HTTP, with a module of routes that only this test has.
check_LTLIBRARIES += tests/integration/modules/http_routes.la
tests_integration_modules_http_routes_la_SOURCES = tests/integration/modules/http_routes.c
tests_integration_modules_http_routes_la_CPPFLAGS = $(MODCPP)
tests_integration_modules_http_routes_la_LDFLAGS = $(MODLD) -rpath /nowhere
tests_integration_modules_http_routes_la_LIBTOOLFLAGS = $(MODLT)
dist_check_SCRIPTS += tests/integration/test_http.py
TESTS += tests/integration/test_http.py
TSAN_TESTS += tests/integration/test_http.py
EXTRA_DIST += tests/integration/host.py
TSAN_NEEDS += tests/integration/modules/http_routes.la

# WebSockets and TLS, with routes and a client of their own.
check_LTLIBRARIES += tests/integration/modules/ws_routes.la
tests_integration_modules_ws_routes_la_SOURCES = tests/integration/modules/ws_routes.c
tests_integration_modules_ws_routes_la_CPPFLAGS = $(MODCPP)
tests_integration_modules_ws_routes_la_LDFLAGS = $(MODLD) -rpath /nowhere
tests_integration_modules_ws_routes_la_LIBADD = -lpthread
tests_integration_modules_ws_routes_la_LIBTOOLFLAGS = $(MODLT)
dist_check_SCRIPTS += tests/integration/test_websocket.py
TESTS += tests/integration/test_websocket.py
EXTRA_DIST += tests/integration/wsclient.py
TSAN_TESTS += tests/integration/test_websocket.py
TSAN_NEEDS += tests/integration/modules/ws_routes.la

# The transport: threads, compression, files, proxies, limits.
dist_check_SCRIPTS += tests/integration/test_transport.py
TESTS += tests/integration/test_transport.py
TSAN_TESTS += tests/integration/test_transport.py
dist_check_SCRIPTS += tests/integration/test_hostile.py
TESTS += tests/integration/test_hostile.py
TSAN_TESTS += tests/integration/test_hostile.py
