/* SPDX-License-Identifier: MIT */
/* Values of commands. JSON is read by jansson, and measured afterwards; msgpack is read by the bounds-checked
 * cursor, and takes no more memory than its octets justify: every value costs at least one of them. */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <aerie/msgpack.h>
#include <aerie/utf8.h>
#include <core/value.h>

struct from {
	uint32_t elements;
	int err;
	char *why;
	size_t room;
};

static int fail(struct from *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static int fail(struct from *f, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(f->why, f->room, fmt, ap);
	va_end(ap);
	return f->err = -EBADMSG;
}

static int fail_too_many(struct from *f)
{
	return fail(f, "it has more than %u values", VALUE_ELEMENTS);
}

static int count_element(struct from *f)
{
	return ++f->elements > VALUE_ELEMENTS ? fail_too_many(f) : 0;
}

/* ---- JSON ---- */

static int measure(struct from *f, const json_t *v, unsigned depth)
{
	const char *key;
	json_t *part;
	size_t i;
	int err = count_element(f);

	if (err)
		return err;
	if (!json_is_object(v) && !json_is_array(v))
		return 0;
	if (depth == VALUE_DEPTH)
		return fail(f, "it is nested deeper than %u levels", VALUE_DEPTH);
	if (json_object_size(v) > VALUE_KEYS)
		return fail(f, "one of its maps has more than %u keys", VALUE_KEYS);
	json_object_foreach((json_t *)v, key, part) {
		err = measure(f, part, depth + 1);
		if (err)
			return err;
	}
	json_array_foreach(v, i, part) {
		err = measure(f, part, depth + 1);
		if (err)
			return err;
	}
	return 0;
}

/* Commas, or maps and lists, of a text: it has at least as many values. Those that have too many are not read first, which takes a hundred
 * times their own room. */
static size_t values_at_least(const char *text, size_t len)
{
	size_t commas = 0, containers = 0, i;
	bool quoted = false;

	for (i = 0; i < len; i++) {
		if (text[i] == '"')
			quoted = !quoted;
		else if (quoted)
			i += text[i] == '\\';
		else if (text[i] == ',')
			commas++;
		else
			containers += text[i] == '{' || text[i] == '[';
	}
	return commas > containers ? commas : containers;
}

/* jansson takes some of its failing allocations for a malformed text, so they are noted here. */
static _Thread_local bool memory_was_out;

static void *noting_malloc(size_t n)
{
	void *p = malloc(n);

	memory_was_out = memory_was_out || !p;
	return p;
}

void value_note_memory(void)
{
	json_set_alloc_funcs(noting_malloc, free);
}

int value_from_json(const char *text, size_t len, json_t **ret, char *why, size_t room)
{
	struct from f = { .why = why, .room = room };
	json_error_t e;
	json_t *v;

	if (values_at_least(text, len) > VALUE_ELEMENTS)
		return fail_too_many(&f);
	memory_was_out = false;
	v = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &e);
	if (!v && memory_was_out)
		return -ENOMEM;
	if (!v && json_error_code(&e) == json_error_stack_overflow)
		return fail(&f, "it is nested deeper than %u levels", VALUE_DEPTH);
	if (!v)
		return fail(&f, "it is not JSON: line %d, column %d: %s", e.line, e.column, e.text);
	if (measure(&f, v, 0)) {
		json_decref(v);
		return f.err;
	}
	*ret = v;
	return 0;
}

/* ---- msgpack ---- */

static json_t *from_msgpack(struct from *f, struct aerie_cur *c, unsigned depth);

static json_t *keep(struct from *f, json_t *v)
{
	if (!v)
		f->err = -ENOMEM;
	return v;
}

static json_t *bad(struct from *f, struct aerie_cur *c, const char *what)
{
	(void)fail(f, "%s", c->bad ? "its msgpack ends within a value" : what);
	return NULL;
}

static bool well_formed(const uint8_t *p, uint32_t len)
{
	uint32_t i;
	int n;

	for (i = 0; i < len; i += (uint32_t)n) {
		n = aerie_utf8_next(p + i, len - i);
		if (n <= 0)
			return false;
	}
	return true;
}

/* Well-formed UTF-8 without NUL, or NULL. */
static const char *text(struct from *f, struct aerie_cur *c, const char *what, uint32_t *ret_len)
{
	const uint8_t *p = aerie_mp_octets(c, ret_len);

	if (!p || c->bad)
		return (void)bad(f, c, ""), NULL;
	if (memchr(p, 0, *ret_len)) {
		(void)fail(f, "a %s in its msgpack has an octet 0", what);
		return NULL;
	}
	if (!well_formed(p, *ret_len)) {
		(void)fail(f, "a %s in its msgpack is not UTF-8", what);
		return NULL;
	}
	return (const char *)p;
}

static json_t *text_value(struct from *f, struct aerie_cur *c)
{
	uint32_t len = 0;
	const char *p = text(f, c, "text", &len);

	return p ? keep(f, json_stringn_nocheck(p, len)) : NULL;
}

static json_t *list_value(struct from *f, struct aerie_cur *c, unsigned depth)
{
	uint32_t n = aerie_mp_array(c), i;
	json_t *list;

	if (c->bad || n > aerie_cur_left(c))
		return c->bad = 1, bad(f, c, "");
	list = keep(f, json_array());
	for (i = 0; list && i < n; i++) {
		json_t *v = from_msgpack(f, c, depth + 1);

		if (v && !json_array_append_new(list, v))
			continue;
		f->err = f->err ? f->err : -ENOMEM;
		json_decref(list);
		return NULL;
	}
	return list;
}

static int add_pair(struct from *f, struct aerie_cur *c, json_t *map, unsigned depth)
{
	uint8_t head = aerie_cur_left(c) ? *c->p : 0xc0;
	char key[VALUE_KEY + 1];
	uint32_t len = 0;
	const char *p;
	json_t *v;

	if (aerie_cur_left(c) && (head & 0xe0) != 0xa0 && !(head >= 0xc4 && head <= 0xc6) &&
	    !(head >= 0xd9 && head <= 0xdb))
		return fail(f, "a key in its msgpack is no text");
	p = text(f, c, "key", &len);
	if (!p)
		return f->err;
	if (len > VALUE_KEY)
		return fail(f, "a key in its msgpack is longer than %u octets", VALUE_KEY);
	memcpy(key, p, len);
	key[len] = '\0';
	if (json_object_get(map, key))
		return fail(f, "a key in its msgpack is there twice: %.64s", key);
	v = from_msgpack(f, c, depth + 1);
	if (!v)
		return f->err;
	return json_object_set_new_nocheck(map, key, v) ? (f->err = -ENOMEM) : 0;
}

static json_t *map_value(struct from *f, struct aerie_cur *c, unsigned depth)
{
	uint32_t n = aerie_mp_map(c), i;
	json_t *map;

	if (c->bad || n > aerie_cur_left(c) / 2)
		return c->bad = 1, bad(f, c, "");
	if (n > VALUE_KEYS)
		return fail(f, "one of its maps has more than %u keys", VALUE_KEYS), NULL;
	map = keep(f, json_object());
	for (i = 0; map && i < n; i++) {
		if (!add_pair(f, c, map, depth))
			continue;
		json_decref(map);
		return NULL;
	}
	return map;
}

static json_t *real_value(struct from *f, struct aerie_cur *c)
{
	double d;

	if (aerie_cur_u8(c) == 0xca) {
		uint32_t bits = aerie_cur_be32(c);
		float single;

		memcpy(&single, &bits, sizeof single);
		d = (double)single;
	} else {
		uint64_t bits = aerie_cur_be64(c);

		memcpy(&d, &bits, sizeof d);
	}
	if (c->bad || !isfinite(d))
		return bad(f, c, "a number in its msgpack is not finite");
	return keep(f, json_real(d));
}

static json_t *int_value(struct from *f, struct aerie_cur *c)
{
	bool is_unsigned = *c->p == 0xcf;
	uint64_t u = aerie_mp_int(c);

	if (c->bad)
		return bad(f, c, "");
	if (is_unsigned && u > INT64_MAX) {
		(void)fail(f, "a number in its msgpack is too large: %llu", (unsigned long long)u);
		return NULL;
	}
	return keep(f, json_integer((json_int_t)u));
}

static json_t *from_msgpack(struct from *f, struct aerie_cur *c, unsigned depth)
{
	uint8_t b;

	if (!aerie_cur_left(c))
		return c->bad = 1, bad(f, c, "");
	if (count_element(f))
		return NULL;
	b = *c->p;
	if (b < 0x80 || b >= 0xe0 || (b >= 0xcc && b <= 0xd3))
		return int_value(f, c);
	if (b < 0xa0 || (b >= 0xdc && b <= 0xdf)) {
		if (depth == VALUE_DEPTH) {
			(void)fail(f, "it is nested deeper than %u levels", VALUE_DEPTH);
			return NULL;
		}
		return b < 0x90 || b >= 0xde ? map_value(f, c, depth) : list_value(f, c, depth);
	}
	if (b < 0xc0 || (b >= 0xc4 && b <= 0xc6) || (b >= 0xd9 && b <= 0xdb))
		return text_value(f, c);
	if (b == 0xca || b == 0xcb)
		return real_value(f, c);
	aerie_cur_skip(c, 1);
	if (b == 0xc0)
		return json_null();
	if (b == 0xc2 || b == 0xc3)
		return json_boolean(b == 0xc3);
	return bad(f, c,
		   b == 0xc1 ? "its msgpack has an octet c1, which is never used"
			     : "its msgpack has a value of an extension type");
}

int value_from_msgpack(const uint8_t *data, size_t len, json_t **ret, char *why, size_t room)
{
	struct from f = { .why = why, .room = room };
	struct aerie_cur c = aerie_cur_make(data, len);
	json_t *v = from_msgpack(&f, &c, 0);

	if (v && aerie_cur_left(&c)) {
		(void)fail(&f, "its msgpack goes on after its value: %zu more octets", aerie_cur_left(&c));
		json_decref(v);
		return f.err;
	}
	if (!v)
		return f.err;
	*ret = v;
	return 0;
}

/* ---- access ---- */

static const json_t *json_of(const struct aerie_value *v)
{
	return (const json_t *)(const void *)v;
}

static const struct aerie_value *value_of(const json_t *v)
{
	return (const struct aerie_value *)(const void *)v;
}

uint32_t value_kind(const struct aerie_value *v)
{
	static const uint32_t kinds[] = {
		[JSON_OBJECT] = AERIE_VALUE_MAP,  [JSON_ARRAY] = AERIE_VALUE_LIST, [JSON_STRING] = AERIE_VALUE_STR,
		[JSON_INTEGER] = AERIE_VALUE_INT, [JSON_REAL] = AERIE_VALUE_REAL,  [JSON_TRUE] = AERIE_VALUE_BOOL,
		[JSON_FALSE] = AERIE_VALUE_BOOL,  [JSON_NULL] = AERIE_VALUE_NULL,
	};

	return v ? kinds[json_typeof(json_of(v))] : AERIE_VALUE_NULL;
}

const char *value_kind_name(const json_t *v)
{
	static const char *const names[] = {
		[AERIE_VALUE_NULL] = "null",	 [AERIE_VALUE_BOOL] = "a boolean", [AERIE_VALUE_INT] = "a number",
		[AERIE_VALUE_REAL] = "a number", [AERIE_VALUE_STR] = "a text",	   [AERIE_VALUE_LIST] = "a list",
		[AERIE_VALUE_MAP] = "a map",
	};

	return names[value_kind(value_of(v))];
}

const struct aerie_value *value_get(const struct aerie_value *map, const char *key)
{
	return value_of(json_object_get(json_of(map), key));
}

const struct aerie_value *value_at(const struct aerie_value *list, uint32_t i)
{
	return value_of(json_array_get(json_of(list), i));
}

uint32_t value_count(const struct aerie_value *v)
{
	return (uint32_t)(json_is_array(json_of(v)) ? json_array_size(json_of(v)) : json_object_size(json_of(v)));
}

const char *value_str(const struct aerie_value *v, uint32_t *ret_len)
{
	const char *p = json_string_value(json_of(v));

	if (p && ret_len)
		*ret_len = (uint32_t)json_string_length(json_of(v));
	return p;
}

int64_t value_int(const struct aerie_value *v, int64_t dflt)
{
	double d;

	switch (value_kind(v)) {
	case AERIE_VALUE_BOOL:
		return json_is_true(json_of(v));
	case AERIE_VALUE_INT:
		return json_integer_value(json_of(v));
	case AERIE_VALUE_REAL:
		d = json_real_value(json_of(v));
		/* 2^63 itself is a double; the largest below it that fits is 2^63 - 1024. */
		return d >= -9223372036854775808.0 && d < 9223372036854775808.0 && trunc(d) == d ? (int64_t)d : dflt;
	}
	return dflt;
}

double value_real(const struct aerie_value *v, double dflt)
{
	return json_is_number(json_of(v)) ? json_number_value(json_of(v)) : dflt;
}

const char *value_key(const struct aerie_value *map, uint32_t i)
{
	json_t *object = (json_t *)(void *)map;
	void *iter = json_object_iter(object);

	for (; iter && i; i--)
		iter = json_object_iter_next(object, iter);
	return json_object_iter_key(iter);
}

int value_parse(const char *json, uint64_t len, const struct aerie_value **ret_value, char *ret_why, uint32_t room)
{
	json_t *root = NULL;
	int err;

	if (len > VALUE_OCTETS) {
		(void)snprintf(ret_why, room, "it is longer than %u octets", VALUE_OCTETS);
		return -EBADMSG;
	}
	err = value_from_json(json, (size_t)len, &root, ret_why, room);
	if (!err)
		*ret_value = value_of(root);
	return err;
}

void value_free(const struct aerie_value *v)
{
	json_decref((json_t *)(void *)v);
}
