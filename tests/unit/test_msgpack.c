/* SPDX-License-Identifier: MIT */
/* The msgpack module, octet by octet against the format's specification (github.com/msgpack/msgpack/blob/master/spec.md), and read
 * back with msgpack-c. */
#include <math.h>
#include <msgpack.h>

#include <core/reply.h>

#include "http.h"

static int (*emit_now)(const struct aerie_visitor *vt, void *v);

static int emit(void *user, const struct aerie_visitor *vt, void *v)
{
	return emit_now(vt, v);
}

static int value(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	return http_service.reply_value(rep, emit, NULL, NULL);
}

static void up(void)
{
	router_up();
	cr_assert_eq(add_route(AERIE_HTTP_GET, "/value", NULL, NULL, value, NULL), 0);
	routes_done();
}

TestSuite(msgpack, .init = up, .fini = router_down);

static uint64_t number;
static int64_t signed_number;
static double real;
static uint32_t length;
static char text[70000];
static uint32_t text_len;

static int emit_u64(const struct aerie_visitor *vt, void *v)
{
	return vt->u64(v, number);
}

static int emit_i64(const struct aerie_visitor *vt, void *v)
{
	return vt->i64(v, signed_number);
}

static int emit_f64(const struct aerie_visitor *vt, void *v)
{
	return vt->f64(v, real);
}

static int emit_str(const struct aerie_visitor *vt, void *v)
{
	return vt->str(v, text, text_len);
}

static int emit_bytes(const struct aerie_visitor *vt, void *v)
{
	return vt->bytes(v, (const uint8_t *)text, text_len);
}

static int emit_list(const struct aerie_visitor *vt, void *v)
{
	uint32_t i;
	int err = vt->begin_list(v, length);

	for (i = 0; !err && i < length; i++)
		err = vt->null(v);
	return err ? err : vt->end_list(v);
}

static int emit_map(const struct aerie_visitor *vt, void *v)
{
	char key[16];
	uint32_t i;
	int err = vt->begin_map(v, length);

	for (i = 0; !err && i < length; i++) {
		err = vt->key_text(v, key, (uint32_t)snprintf(key, sizeof key, "%u", i));
		if (!err)
			err = vt->u64(v, i);
	}
	return err ? err : vt->end_map(v);
}

static void check_octets(const char *octets, size_t n)
{
	struct answer a = ask("/value.msgpack");

	cr_assert_eq(a.end, 0);
	cr_assert_eq(a.len, n, "%zu octets", a.len);
	cr_assert_arr_eq(a.body, octets, n);
	free(a.body);
}

Test(msgpack, integers_take_the_smallest_form)
{
	static const struct {
		uint64_t value;
		const char *octets;
		size_t n;
	} rows[] = {
		{ 0, "\x00", 1 }, { 127, "\x7f", 1 }, { 128, "\xcc\x80", 2 }, { 255, "\xcc\xff", 2 }, { 256, "\xcd\x01\x00", 3 },
		{ 65535, "\xcd\xff\xff", 3 }, { 65536, "\xce\x00\x01\x00\x00", 5 }, { UINT32_MAX, "\xce\xff\xff\xff\xff", 5 },
		{ 1ull << 32, "\xcf\x00\x00\x00\x01\x00\x00\x00\x00", 9 }, { UINT64_MAX, "\xcf\xff\xff\xff\xff\xff\xff\xff\xff", 9 },
	};
	static const struct {
		int64_t value;
		const char *octets;
		size_t n;
	} negative[] = {
		{ 5, "\x05", 1 }, { -1, "\xff", 1 }, { -32, "\xe0", 1 }, { -33, "\xd0\xdf", 2 }, { -128, "\xd0\x80", 2 }, { -129, "\xd1\xff\x7f", 3 },
		{ -32768, "\xd1\x80\x00", 3 }, { -32769, "\xd2\xff\xff\x7f\xff", 5 }, { INT32_MIN, "\xd2\x80\x00\x00\x00", 5 },
		{ INT32_MIN - 1ll, "\xd3\xff\xff\xff\xff\x7f\xff\xff\xff", 9 }, { INT64_MIN, "\xd3\x80\x00\x00\x00\x00\x00\x00\x00", 9 },
	};
	size_t i;

	emit_now = emit_u64;
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		number = rows[i].value;
		check_octets(rows[i].octets, rows[i].n);
	}
	emit_now = emit_i64;
	for (i = 0; i < sizeof negative / sizeof negative[0]; i++) {
		signed_number = negative[i].value;
		check_octets(negative[i].octets, negative[i].n);
	}
}

Test(msgpack, doubles_are_float_64_and_finite)
{
	emit_now = emit_f64;
	real = 1.5;
	check_octets("\xcb\x3f\xf8\x00\x00\x00\x00\x00\x00", 9);
	real = NAN;
	check_octets("\xcb\0\0\0\0\0\0\0\0", 9);
	real = -INFINITY;
	check_octets("\xcb\0\0\0\0\0\0\0\0", 9);
}

static msgpack_object unpack(msgpack_unpacked *u, struct answer *a)
{
	size_t off = 0;

	msgpack_unpacked_init(u);
	cr_assert_eq(msgpack_unpack_next(u, a->body, a->len, &off), MSGPACK_UNPACK_SUCCESS);
	cr_assert_eq(off, a->len);
	return u->data;
}

Test(msgpack, lengths_at_the_borders_of_each_form)
{
	static const struct {
		uint32_t n;
		size_t str_head, list_head;
	} rows[] = {
		{ 0, 1, 1 }, { 15, 1, 1 }, { 16, 1, 3 }, { 31, 1, 3 }, { 32, 2, 3 }, { 255, 2, 3 }, { 256, 3, 3 }, { 65535, 3, 3 }, { 65536, 5, 5 },
	};
	msgpack_unpacked u;
	msgpack_object obj;
	struct answer a;
	size_t i;

	memset(text, 'x', sizeof text);
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		length = text_len = rows[i].n;
		emit_now = emit_str;
		a = ask("/value.msgpack");
		cr_assert_eq(a.len, rows[i].str_head + rows[i].n);
		obj = unpack(&u, &a);
		cr_assert(obj.type == MSGPACK_OBJECT_STR && obj.via.str.size == rows[i].n);
		msgpack_unpacked_destroy(&u);
		free(a.body);
		emit_now = emit_list;
		a = ask("/value.msgpack");
		cr_assert_eq(a.len, rows[i].list_head + rows[i].n);
		obj = unpack(&u, &a);
		cr_assert(obj.type == MSGPACK_OBJECT_ARRAY && obj.via.array.size == rows[i].n);
		msgpack_unpacked_destroy(&u);
		free(a.body);
		emit_now = emit_map;
		a = ask("/value.msgpack");
		obj = unpack(&u, &a);
		cr_assert(obj.type == MSGPACK_OBJECT_MAP && obj.via.map.size == rows[i].n);
		msgpack_unpacked_destroy(&u);
		free(a.body);
	}
}

Test(msgpack, text_and_octets_are_what_json_shows)
{
	emit_now = emit_str;
	text_len = 5;
	memcpy(text, "a\xff" "b\xe2\x82", 5);
	check_octets("\xa8" "a\xef\xbf\xbd" "b\xef\xbf\xbd", 9);
	emit_now = emit_bytes;
	text_len = 2;
	memcpy(text, "\x0f\xa0", 2);
	check_octets("\xa4" "0FA0", 5);
}

static int emit_deep(const struct aerie_visitor *vt, void *v)
{
	int err = 0, i;

	for (i = 0; !err && i < 1000; i++)
		err = vt->begin_list(v, 1);
	return err;
}

static int emit_unbalanced(const struct aerie_visitor *vt, void *v)
{
	return vt->end_map(v);
}

Test(msgpack, depth_is_limited_and_unfinished_documents_are_errors)
{
	struct answer a;

	emit_now = emit_deep;
	a = ask("/value.msgpack");
	cr_assert_eq(a.end, -E2BIG);
	cr_assert_eq(a.len, 0);
	free(a.body);
	emit_now = emit_unbalanced;
	a = ask("/value.msgpack");
	cr_assert_eq(a.end, -EPROTO);
	free(a.body);
}
