# SPDX-License-Identifier: MIT
check_PROGRAMS += tests/unit/test_router tests/unit/test_reply tests/unit/test_json tests/unit/test_msgpack
TESTS += tests/unit/test_router tests/unit/test_reply tests/unit/test_json tests/unit/test_msgpack
tests_unit_test_router_SOURCES = tests/unit/test_router.c tests/unit/http.h
tests_unit_test_router_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_router_LDADD = $(UNIT_LIBS)
tests_unit_test_reply_SOURCES = tests/unit/test_reply.c tests/unit/http.h
tests_unit_test_reply_CFLAGS = $(UNIT_CFLAGS) $(JANSSON_CFLAGS) $(MSGPACK_CFLAGS)
tests_unit_test_reply_LDADD = $(UNIT_LIBS) $(JANSSON_LIBS) $(MSGPACK_LIBS)
tests_unit_test_json_SOURCES = tests/unit/test_json.c httpd/serializers/json/writer.c httpd/serializers/json/number.c
tests_unit_test_json_CFLAGS = $(UNIT_CFLAGS) $(JANSSON_CFLAGS)
tests_unit_test_json_LDADD = $(UNIT_LIBS) $(JANSSON_LIBS) -lm
tests_unit_test_msgpack_SOURCES = tests/unit/test_msgpack.c tests/unit/http.h
tests_unit_test_msgpack_CFLAGS = $(UNIT_CFLAGS) $(MSGPACK_CFLAGS)
tests_unit_test_msgpack_LDADD = $(UNIT_LIBS) $(MSGPACK_LIBS)
TSAN_TESTS += tests/unit/test_router tests/unit/test_reply
