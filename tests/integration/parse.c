/* SPDX-License-Identifier: MIT */
/* parse json|lines|msgpack: reads a document on standard input with jansson or msgpack-c, which had no part in writing it, and prints it
 * as one line of JSON, every number as a double. Anything that is not exactly one document, or for "lines" one on each line, is status 1. */
#include <jansson.h>
#include <msgpack.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FLAGS (JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL)

static json_t *convert(const msgpack_object *o);

static json_t *convert_map(const msgpack_object_map *m)
{
	json_t *map = json_object();
	uint32_t i;

	for (i = 0; i < m->size; i++) {
		const msgpack_object *k = &m->ptr[i].key;

		if (k->type != MSGPACK_OBJECT_STR ||
		    json_object_setn_new(map, k->via.str.size ? k->via.str.ptr : "", k->via.str.size, convert(&m->ptr[i].val)))
			return NULL;
	}
	return map;
}

static json_t *convert_list(const msgpack_object_array *a)
{
	json_t *list = json_array();
	uint32_t i;

	for (i = 0; i < a->size; i++)
		if (json_array_append_new(list, convert(&a->ptr[i])))
			return NULL;
	return list;
}

static json_t *convert(const msgpack_object *o)
{
	switch (o->type) {
	case MSGPACK_OBJECT_NIL:
		return json_null();
	case MSGPACK_OBJECT_POSITIVE_INTEGER:
		return json_real((double)o->via.u64);
	case MSGPACK_OBJECT_NEGATIVE_INTEGER:
		return json_real((double)o->via.i64);
	case MSGPACK_OBJECT_FLOAT64:
		return json_real(o->via.f64);
	case MSGPACK_OBJECT_STR:
		return json_stringn(o->via.str.size ? o->via.str.ptr : "", o->via.str.size);
	case MSGPACK_OBJECT_ARRAY:
		return convert_list(&o->via.array);
	case MSGPACK_OBJECT_MAP:
		return convert_map(&o->via.map);
	default:
		return NULL;
	}
}

static json_t *from_msgpack(const char *data, size_t len)
{
	msgpack_unpacked u;
	json_t *value = NULL;
	size_t at = 0;

	msgpack_unpacked_init(&u);
	if (msgpack_unpack_next(&u, data, len, &at) == MSGPACK_UNPACK_SUCCESS && at == len)
		value = convert(&u.data);
	msgpack_unpacked_destroy(&u);
	return value;
}

static json_t *from_lines(const char *text, size_t len)
{
	json_t *list = json_array();
	const char *end = text + len, *next;
	json_error_t e;

	for (; text < end; text = next + 1) {
		next = memchr(text, '\n', (size_t)(end - text));
		if (!next || json_array_append_new(list, json_loadb(text, (size_t)(next - text), FLAGS, &e)))
			return NULL;
	}
	return list;
}

int main(int argc, char **argv)
{
	static char data[16 * 1024 * 1024];
	size_t len = fread(data, 1, sizeof data, stdin);
	json_t *value = NULL;
	json_error_t e = { .text = "not one document" };
	int status;

	if (argc == 2 && len < sizeof data) {
		if (!strcmp(argv[1], "json"))
			value = json_loadb(data, len, FLAGS, &e);
		else if (!strcmp(argv[1], "lines"))
			value = from_lines(data, len);
		else
			value = from_msgpack(data, len);
	}
	if (!value) {
		fprintf(stderr, "parse: %s\n", e.text);
		return 1;
	}
	status = json_dumpf(value, stdout, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(17)) ? 1 : 0;
	json_decref(value);
	return status;
}
