/* SPDX-License-Identifier: MIT */
/* A module with a record that has a member of every type, and values that are hard to write: the ends of every range, numbers that are
 * none, every octet, text that is no UTF-8, empty names; with maps nested as deep as a document may be, and long lists.
 *
 *   /test/odd/record   one record        /test/odd/empty   the same type, with nothing in it
 *   /test/odd/list     /test/odd/list?n=N: as many of them
 *   /test/odd/deep     /test/odd/deep?n=N: lists in maps, N levels; past what serializers take, the connection is cut */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <aerie/fields.h>
#include <aerie/http.h>

#define N_VALUES 6u

/* Slots of numbers with the values that they get, and of collections. */
enum {
	U8, U16, U32, U64, I8, I16, I32, I64, F32, F64, TIME, MAC, KEY, NUMBERS,
	UUID = NUMBERS, STR, BYTES, ALL_OCTETS, NO_TEXT, SUB, VEC_U64, VEC_I64, VEC_F64, VEC_KEY, VEC_STR, VEC_RECORD, MAP_INT, MAP_F64, MAP_STR,
	MAP_MAC, MAP_UUID, MAP_KEY, MAP_STR_STR, MAP_RECORD, RRD, RRD_MINUTE, SLOTS
};

struct state {
	const struct aerie_host *h;
	const struct aerie_http *http;
	const struct aerie_fields *fields;
	struct aerie_rec *rec, *empty;
	aerie_slot slot[SLOTS], leaf;
};

struct walk {
	const struct state *s;
	long n, at;
};

/* ---- the record ---- */

#define M(type, value, name, record, slot_of) \
	AERIE_MEMBER(type, value, 0, "aerie.test.odd." name, "", "A \"member\" of the test.", record, slot_of)

static int define(struct state *s)
{
	const struct aerie_member leaf[] = { M(AERIE_T_U64, 0, "leaf", 0, &s->leaf) };
	aerie_record_id leaf_type, type;
	int err = s->fields->define_record(s->h, "odd_leaf", 0, leaf, 1, &leaf_type);

	if (err)
		return err;
	const struct aerie_member members[] = {
		M(AERIE_T_U8, 0, "u8", 0, &s->slot[U8]), M(AERIE_T_U16, 0, "u16", 0, &s->slot[U16]), M(AERIE_T_U32, 0, "u32", 0, &s->slot[U32]),
		M(AERIE_T_U64, 0, "u64", 0, &s->slot[U64]), M(AERIE_T_I8, 0, "i8", 0, &s->slot[I8]), M(AERIE_T_I16, 0, "i16", 0, &s->slot[I16]),
		M(AERIE_T_I32, 0, "i32", 0, &s->slot[I32]), M(AERIE_T_I64, 0, "i64", 0, &s->slot[I64]), M(AERIE_T_F32, 0, "f32", 0, &s->slot[F32]),
		M(AERIE_T_F64, 0, "f64", 0, &s->slot[F64]), M(AERIE_T_TIME, 0, "time", 0, &s->slot[TIME]), M(AERIE_T_MAC, 0, "mac", 0, &s->slot[MAC]),
		M(AERIE_T_KEY, 0, "key", 0, &s->slot[KEY]), M(AERIE_T_UUID, 0, "uuid", 0, &s->slot[UUID]), M(AERIE_T_STR, 0, "str", 0, &s->slot[STR]),
		M(AERIE_T_BYTES, 0, "bytes", 0, &s->slot[BYTES]), M(AERIE_T_STR, 0, "all_octets", 0, &s->slot[ALL_OCTETS]),
		M(AERIE_T_STR, 0, "no_text", 0, &s->slot[NO_TEXT]), M(AERIE_T_RECORD, 0, "sub", leaf_type, &s->slot[SUB]),
		M(AERIE_T_VEC, AERIE_T_U64, "vec_u64", 0, &s->slot[VEC_U64]), M(AERIE_T_VEC, AERIE_T_I64, "vec_i64", 0, &s->slot[VEC_I64]),
		M(AERIE_T_VEC, AERIE_T_F64, "vec_f64", 0, &s->slot[VEC_F64]), M(AERIE_T_VEC, AERIE_T_KEY, "vec_key", 0, &s->slot[VEC_KEY]),
		M(AERIE_T_VEC, AERIE_T_STR, "vec_str", 0, &s->slot[VEC_STR]),
		M(AERIE_T_VEC, AERIE_T_RECORD, "vec_record", leaf_type, &s->slot[VEC_RECORD]),
		M(AERIE_T_MAP_INT, AERIE_T_I64, "map_int", 0, &s->slot[MAP_INT]), M(AERIE_T_MAP_F64, AERIE_T_F64, "map_f64", 0, &s->slot[MAP_F64]),
		M(AERIE_T_MAP_STR, AERIE_T_U64, "map_str", 0, &s->slot[MAP_STR]), M(AERIE_T_MAP_MAC, AERIE_T_U64, "map_mac", 0, &s->slot[MAP_MAC]),
		M(AERIE_T_MAP_UUID, AERIE_T_U64, "map_uuid", 0, &s->slot[MAP_UUID]), M(AERIE_T_MAP_KEY, AERIE_T_U64, "map_key", 0, &s->slot[MAP_KEY]),
		M(AERIE_T_MAP_STR, AERIE_T_STR, "map_str_str", 0, &s->slot[MAP_STR_STR]),
		M(AERIE_T_MAP_STR, AERIE_T_RECORD, "map_record", leaf_type, &s->slot[MAP_RECORD]),
		M(AERIE_T_RRD, 0, "rrd", 0, &s->slot[RRD]), M(AERIE_T_RRD_MINUTE, 0, "rrd_minute", 0, &s->slot[RRD_MINUTE]),
	};

	err = s->fields->define_record(s->h, "odd", 0, members, sizeof members / sizeof members[0], &type);
	if (err)
		return err;
	s->rec = s->fields->new_record(s->h, type);
	s->empty = s->fields->new_record(s->h, type);
	return s->rec && s->empty ? 0 : -ENOMEM;
}

/* Texts in vectors and maps (jansson takes no octet 0 in a key): empty, controls, a quote, no UTF-8, cut UTF-8, a dot and a slash. */
static const struct {
	const char *text;
	uint32_t len;
} texts[N_VALUES] = { { "", 0 }, { "\x01\x1f", 2 }, { "\"\\", 2 }, { "\xff", 1 }, { "caf\xc3", 4 }, { "a.b/c", 5 } };

static void fill_texts(const struct state *s)
{
	const struct aerie_fields *f = s->fields;
	uint8_t octets[256];
	uint32_t i;

	for (i = 0; i < 256; i++)
		octets[i] = (uint8_t)i;
	(void)f->set_text(s->rec, s->slot[STR], "\xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x93\xb6 \xed\xa0\x80\xc0\xaf", 16);
	(void)f->set_text(s->rec, s->slot[ALL_OCTETS], (const char *)octets, 256);
	(void)f->set_text(s->rec, s->slot[NO_TEXT], "", 0);
	(void)f->set_bytes(s->rec, s->slot[BYTES], octets, 256);
	for (i = 0; i < N_VALUES; i++) {
		const struct aerie_str *str = f->intern(s->h, texts[i].text, texts[i].len);
		struct aerie_rec *leaf;

		if (!str)
			continue;
		*f->map_cell(s->rec, s->slot[MAP_STR], aerie_ptr_key(str)) = i;
		(void)f->map_set_str(s->rec, s->slot[MAP_STR_STR], aerie_ptr_key(str), str);
		(void)f->vec_push_str(s->rec, s->slot[VEC_STR], str);
		leaf = f->map_record(s->rec, s->slot[MAP_RECORD], aerie_ptr_key(str));
		if (leaf)
			aerie_set_u64(leaf, s->leaf, i);
		f->release(s->h, str);
	}
}

static void fill_numbers(const struct state *s)
{
	struct aerie_mac mac = { { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } };
	const struct aerie_uuid uuid = { { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 0xff } };

	aerie_set_u8(s->rec, s->slot[U8], UINT8_MAX);
	aerie_set_u16(s->rec, s->slot[U16], UINT16_MAX);
	aerie_set_u32(s->rec, s->slot[U32], UINT32_MAX);
	aerie_set_u64(s->rec, s->slot[U64], UINT64_MAX);
	aerie_set_i8(s->rec, s->slot[I8], INT8_MIN);
	aerie_set_i16(s->rec, s->slot[I16], INT16_MIN);
	aerie_set_i32(s->rec, s->slot[I32], INT32_MIN);
	aerie_set_i64(s->rec, s->slot[I64], INT64_MIN);
	aerie_set_f32(s->rec, s->slot[F32], NAN);
	aerie_set_f64(s->rec, s->slot[F64], -INFINITY);
	aerie_set_time(s->rec, s->slot[TIME], UINT32_MAX);
	aerie_set_mac(s->rec, s->slot[MAC], mac);
	aerie_set_key(s->rec, s->slot[KEY], UINT64_MAX);
	(void)s->fields->set_uuid(s->rec, s->slot[UUID], &uuid);
	*s->fields->map_cell(s->rec, s->slot[MAP_MAC], 0xffffffffffffu) = 1;
	*s->fields->map_cell(s->rec, s->slot[MAP_UUID], aerie_ptr_key(&uuid)) = UINT64_MAX;
	*s->fields->map_cell(s->rec, s->slot[MAP_KEY], 0) = 2;
}

static void fill_collections(const struct state *s)
{
	static const uint64_t u[N_VALUES] = { 0, 127, 128, UINT32_MAX, (uint64_t)UINT32_MAX + 1, UINT64_MAX };
	static const int64_t n[N_VALUES] = { INT64_MIN, INT32_MIN, -129, -33, -1, INT64_MAX };
	static const double d[N_VALUES] = { 0.0, -0.0, 4.9e-324, 1.7976931348623157e308, -1e-7, 9007199254740993.0 };
	const struct aerie_fields *f = s->fields;
	uint32_t i;

	for (i = 0; i < N_VALUES; i++) {
		(void)f->vec_push(s->rec, s->slot[VEC_U64], u[i]);
		(void)f->vec_push(s->rec, s->slot[VEC_I64], (uint64_t)n[i]);
		(void)f->vec_push(s->rec, s->slot[VEC_F64], aerie_f64_key(d[i]));
		(void)f->vec_push(s->rec, s->slot[VEC_KEY], u[i]);
		*f->map_cell(s->rec, s->slot[MAP_INT], u[i]) = (uint64_t)n[i];
		if (i != 1) /* one zero is as good as the other as a key */
			*f->map_cell(s->rec, s->slot[MAP_F64], aerie_f64_key(d[i])) = aerie_f64_key(d[i]);
	}
	aerie_set_u64(f->sub(s->rec, s->slot[SUB]), s->leaf, 1);
	aerie_set_u64(f->vec_push_record(s->rec, s->slot[VEC_RECORD]), s->leaf, 2);
	(void)f->vec_push_record(s->rec, s->slot[VEC_RECORD]);
	(void)f->rrd_add(s->rec, s->slot[RRD], 1700000000, 1e300);
	(void)f->rrd_add(s->rec, s->slot[RRD_MINUTE], 1700000000, -0.1);
}

/* ---- routes ---- */

static int emit_rec(void *user, const struct aerie_visitor *vt, void *v)
{
	const struct state *s = user;

	return s->fields->visit(s->h, s->rec, vt, v);
}

static int emit_empty(void *user, const struct aerie_visitor *vt, void *v)
{
	const struct state *s = user;

	return s->fields->visit(s->h, s->empty, vt, v);
}

static int next(void *user, const struct aerie_visitor *vt, void *v)
{
	struct walk *w = user;
	int err;

	if (w->at == w->n)
		return 0;
	w->at++;
	err = w->s->fields->visit(w->s->h, w->s->rec, vt, v);
	return err ? err : 1;
}

static int64_t count(void *user)
{
	return ((struct walk *)user)->n;
}

static int emit_deep(void *user, const struct aerie_visitor *vt, void *v)
{
	const struct walk *w = user;
	long i;
	int err = 0;

	for (i = 0; !err && i < w->n; i++) {
		err = i % 2 ? vt->begin_list(v, 1) : vt->begin_map(v, 1);
		if (!err && !(i % 2))
			err = vt->key_text(v, "", 0);
	}
	if (!err)
		err = vt->null(v);
	while (!err && i--)
		err = i % 2 ? vt->end_list(v) : vt->end_map(v);
	return err;
}

static struct walk *walk_new(const struct state *s, const struct aerie_request *req)
{
	struct walk *w = calloc(1, sizeof *w);
	const char *n = s->http->query(req, "n");

	if (w) {
		w->s = s;
		w->n = n ? strtol(n, NULL, 10) : 3;
	}
	return w;
}

static int record(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	return ((struct state *)user)->http->reply_value(rep, emit_rec, user, NULL);
}

static int empty(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	return ((struct state *)user)->http->reply_value(rep, emit_empty, user, NULL);
}

static int list(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	struct walk *w = walk_new(user, req);

	return w ? w->s->http->reply_list(rep, next, count, w, free) : -ENOMEM;
}

static int deep(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	struct walk *w = walk_new(user, req);

	return w ? w->s->http->reply_value(rep, emit_deep, w, free) : -ENOMEM;
}

static void unload(void *state)
{
	struct state *s = state;

	if (s->rec)
		s->fields->free_record(s->rec);
	if (s->empty)
		s->fields->free_record(s->empty);
	free(s);
}

static int load(const struct aerie_host *h, void **ret_state)
{
	static const struct {
		const char *path;
		aerie_handler_fn *handle;
	} routes[] = { { "/test/odd/record", record }, { "/test/odd/empty", empty }, { "/test/odd/list", list }, { "/test/odd/deep", deep } };
	struct state *s = calloc(1, sizeof *s);
	size_t i;
	int err;

	if (!s)
		return h->fail(h, -ENOMEM, "out of memory");
	s->h = h;
	s->http = h->get_service(h, AERIE_HTTP_SERVICE);
	s->fields = h->get_service(h, AERIE_FIELDS_SERVICE);
	err = define(s);
	for (i = 0; !err && i < sizeof routes / sizeof routes[0]; i++) {
		const struct aerie_route r = {
			.size = sizeof r, .methods = AERIE_HTTP_GET, .path = routes[i].path, .summary = "Odd values.", .help = "Odd values.",
			.handle = routes[i].handle, .user = s,
		};

		err = s->http->register_route(h, &r);
	}
	if (err) {
		unload(s);
		return err;
	}
	fill_numbers(s);
	fill_collections(s);
	fill_texts(s);
	*ret_state = s;
	return 0;
}

static const char *const needs[] = { AERIE_HTTP_SERVICE, AERIE_FIELDS_SERVICE, NULL };

static const struct aerie_plugin plugin = {
	.abi = AERIE_ABI_INIT,
	.id = "org.example.odd",
	.version = "1",
	.summary = "Odd values for tests",
	.license = "MIT",
	.requires_ = needs,
	.load = load,
	.unload = unload,
};
AERIE_PLUGIN_EXPORT(plugin);
