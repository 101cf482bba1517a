/* SPDX-License-Identifier: MIT */
/* What a visitor sees of a record. The recorder writes compact JSON and checks that counts are exact. */
#include <criterion/criterion.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <core/module.h>
#include <core/registry.h>

#include "testcore.h"

#define F (&fields_service)

static struct core *core;
static const struct aerie_host *h;

static void setup(void)
{
	core = testcore_new();
	h = testcore_host(core);
	testcore_set_time(core, 1000000);
}

static void teardown(void)
{
	testcore_free(core);
}

TestSuite(visit, .init = setup, .fini = teardown);

static aerie_record_id define(const char *name, const struct aerie_member *members, uint32_t n)
{
	aerie_record_id id = 0;

	cr_assert_eq(F->define_record(h, name, 0, members, n, &id), 0, "%s", testcore_fail_text(core));
	return id;
}
#define DEFINE(name, members) define(name, members, sizeof members / sizeof *members)

static void assert_shows(const struct aerie_rec *r, const char *want)
{
	char *text = recorder_show(core, r);

	cr_assert_str_eq(text, want);
	free(text);
}

static aerie_slot s[32];

#define M(i, type, value, flags, name, record) AERIE_MEMBER(type, value, flags, name, "", "x", record, &s[i])

Test(visit, numbers_and_texts_are_shown_also_when_they_were_never_set)
{
	const struct aerie_member members[] = {
		M(0, AERIE_T_U8, 0, 0, "u8", 0),	   M(1, AERIE_T_I64, 0, 0, "i64", 0),
		M(2, AERIE_T_F32, 0, 0, "f32", 0),	   M(3, AERIE_T_TIME, 0, 0, "time", 0),
		M(4, AERIE_T_MAC, 0, 0, "mac", 0),	   M(5, AERIE_T_UUID, 0, 0, "uuid", 0),
		M(6, AERIE_T_KEY, 0, 0, "key", 0),	   M(7, AERIE_T_STR, 0, 0, "str", 0),
		M(8, AERIE_T_BYTES, 0, 0, "bytes", 0),	   M(9, AERIE_T_VEC, AERIE_T_U64, 0, "vec", 0),
		M(10, AERIE_T_VEC, AERIE_T_F64, 0, "vecf", 0), M(11, AERIE_T_MAP_INT, AERIE_T_U64, 0, "map", 0),
		M(12, AERIE_T_MAP_INT, AERIE_T_U64, AERIE_FIELD_AS_LIST, "list", 0),
		M(13, AERIE_T_RRD, 0, 0, "rrd", 0),
	};
	struct aerie_rec *r = F->new_record(h, DEFINE("defaults", members));

	assert_shows(r, "{\"u8\":0,\"i64\":0,\"f32\":0,\"time\":0,\"mac\":\"00:00:00:00:00:00\","
			"\"uuid\":\"00000000-0000-0000-0000-000000000000\",\"key\":\"\",\"str\":\"\",\"bytes\":\"\","
			"\"vec\":[],\"vecf\":[],\"map\":{},\"list\":[]}");
	F->free_record(r);
}

Test(visit, dynamic_members_are_shown_once_they_are_set)
{
	enum { D = AERIE_FIELD_DYNAMIC };
	const struct aerie_member members[] = {
		M(0, AERIE_T_U8, 0, D, "du8", 0),     M(1, AERIE_T_I32, 0, D, "di32", 0), M(2, AERIE_T_F64, 0, D, "df64", 0),
		M(3, AERIE_T_MAC, 0, D, "dmac", 0),   M(4, AERIE_T_UUID, 0, D, "duuid", 0), M(5, AERIE_T_STR, 0, D, "dstr", 0),
		M(6, AERIE_T_BYTES, 0, D, "dbytes", 0), M(7, AERIE_T_VEC, AERIE_T_U64, D, "dvec", 0),
		M(8, AERIE_T_MAP_INT, AERIE_T_STR, D, "dmap", 0),
	};
	static const struct aerie_mac mac = { { 0xaa, 0xbb, 0xcc, 0, 1, 2 } };
	static const struct aerie_uuid uuid = { { 0xde, 0xad } };
	struct aerie_rec *r = F->new_record(h, DEFINE("dynamics", members));

	assert_shows(r, "{}");
	aerie_set_i32(r, s[1], -7);
	aerie_set_mac(r, s[3], mac);
	assert_shows(r, "{\"di32\":-7,\"dmac\":\"AA:BB:CC:00:01:02\"}");
	aerie_set_u8(r, s[0], 0);
	aerie_set_f64(r, s[2], 0.5);
	F->set_uuid(r, s[4], &uuid);
	F->set_text(r, s[5], "", 0);
	F->set_bytes(r, s[6], (const uint8_t *)"\x01\xff", 2);
	F->vec_push(r, s[7], 3);
	F->map_set_str(r, s[8], 12, F->intern(h, "twelve", 6));
	assert_shows(r, "{\"du8\":0,\"di32\":-7,\"df64\":0.5,\"dmac\":\"AA:BB:CC:00:01:02\","
			"\"duuid\":\"DEAD0000-0000-0000-0000-000000000000\",\"dstr\":\"\",\"dbytes\":\"01ff\",\"dvec\":[3],"
			"\"dmap\":{\"12\":\"twelve\"}}");
	F->free_record(r);
}

static int format_key(struct core *c, uint64_t key, char *dst)
{
	return aerie_key_phy(key) == 9 ? -ENOENT : sprintf(dst, "K%u_%X", aerie_key_phy(key), (unsigned)key);
}

static const struct aerie_str *phy_name(struct core *c, uint16_t phy)
{
	return phy == 9 ? NULL : F->intern(&c->self->host, "IEEE802.11", 10);
}

Test(visit, keys_of_maps_are_text)
{
	aerie_slot leaf_slot;
	const struct aerie_member leaf[] = { AERIE_MEMBER(AERIE_T_U8, 0, 0, "leaf", "", "x", 0, &leaf_slot) };
	aerie_record_id leaf_type = DEFINE("leaf", leaf);
	const struct aerie_member members[] = {
		M(0, AERIE_T_MAP_INT, AERIE_T_I64, 0, "int", 0),      M(1, AERIE_T_MAP_F64, AERIE_T_F64, 0, "f64", 0),
		M(2, AERIE_T_MAP_F64, AERIE_T_RECORD, 0, "f64rec", leaf_type), M(3, AERIE_T_MAP_STR, AERIE_T_F64, 0, "str", 0),
		M(4, AERIE_T_MAP_MAC, AERIE_T_KEY, 0, "mac", 0),      M(5, AERIE_T_MAP_UUID, AERIE_T_U64, 0, "uuid", 0),
		M(6, AERIE_T_MAP_KEY, AERIE_T_U64, 0, "key", 0),
	};
	static const struct aerie_uuid uuid = { { 0x5f, 0xe3, 0x08, 0xbd } };
	struct aerie_rec *r = F->new_record(h, DEFINE("keys", members));

	registry_set_key_format(core->registry, format_key);
	*F->map_cell(r, s[0], UINT64_MAX) = (uint64_t)-1;
	*F->map_cell(r, s[1], aerie_f64_key(2412000)) = aerie_f64_key(3);
	*F->map_cell(r, s[1], aerie_f64_key(2.5)) = aerie_f64_key(0.25);
	aerie_set_u8(F->map_record(r, s[2], aerie_f64_key(2412000)), leaf_slot, 1);
	*F->map_cell(r, s[3], aerie_ptr_key(F->intern(h, "cpu", 3))) = aerie_f64_key(40.5);
	*F->map_cell(r, s[4], 0x00112233aabb) = 1ull << 48 | 0xaa;
	*F->map_cell(r, s[5], aerie_ptr_key(&uuid)) = 1;
	*F->map_cell(r, s[6], 2ull << 48 | 0xbb) = 2;
	*F->map_cell(r, s[6], 9ull << 48 | 0xcc) = 3;
	assert_shows(r, "{\"int\":{\"18446744073709551615\":-1},\"f64\":{\"2412000\":3,\"2.500000\":0.25},"
			"\"f64rec\":{\"2412000.000000\":{\"leaf\":1}},\"str\":{\"cpu\":40.5},"
			"\"mac\":{\"00:11:22:33:AA:BB\":\"K1_AA\"},\"uuid\":{\"5FE308BD-0000-0000-0000-000000000000\":1},"
			"\"key\":{\"K2_BB\":2,\"00090000000000CC\":3}}");
	F->free_record(r);
}

Test(visit, maps_are_shown_as_lists_of_values_or_keys_when_flagged)
{
	aerie_slot leaf_slot;
	const struct aerie_member leaf[] = { AERIE_MEMBER(AERIE_T_U8, 0, 0, "leaf", "", "x", 0, &leaf_slot) };
	aerie_record_id leaf_type = DEFINE("leaf", leaf);
	const struct aerie_member members[] = {
		M(0, AERIE_T_MAP_INT, AERIE_T_RECORD, AERIE_FIELD_AS_LIST, "values", leaf_type),
		M(1, AERIE_T_MAP_INT, AERIE_T_U64, AERIE_FIELD_AS_KEYS, "ints", 0),
		M(2, AERIE_T_MAP_F64, AERIE_T_U64, AERIE_FIELD_AS_KEYS, "f64s", 0),
		M(3, AERIE_T_MAP_STR, AERIE_T_U64, AERIE_FIELD_AS_KEYS, "strs", 0),
		M(4, AERIE_T_MAP_MAC, AERIE_T_U64, AERIE_FIELD_AS_KEYS, "macs", 0),
		M(5, AERIE_T_VEC, AERIE_T_STR, 0, "vec", 0),
		M(6, AERIE_T_VEC, AERIE_T_F64, 0, "doubles", 0),
		M(7, AERIE_T_VEC, AERIE_T_RECORD, 0, "records", leaf_type),
	};
	struct aerie_rec *r = F->new_record(h, DEFINE("lists", members));
	struct aerie_visitor old = recorder_visitor;
	struct recorder rec;
	uint64_t i;

	for (i = 1; i <= 2; i++) {
		aerie_set_u8(F->map_record(r, s[0], 90 + i), leaf_slot, (uint8_t)i);
		F->map_cell(r, s[1], i);
		F->map_cell(r, s[2], aerie_f64_key((double)i / 2));
		F->map_cell(r, s[3], aerie_ptr_key(F->intern(h, i == 1 ? "one" : "two", 3)));
		F->map_cell(r, s[4], i);
		F->vec_push_str(r, s[5], F->intern(h, "x", 1));
		F->vec_push(r, s[6], aerie_f64_key((double)i * 1.5));
		F->vec_push_record(r, s[7]);
	}
	assert_shows(r, "{\"values\":[{\"leaf\":1},{\"leaf\":2}],\"ints\":[1,2],\"f64s\":[0.5,1],\"strs\":[\"one\",\"two\"],"
			"\"macs\":[\"00:00:00:00:00:01\",\"00:00:00:00:00:02\"],\"vec\":[\"x\",\"x\"],\"doubles\":[1.5,3],"
			"\"records\":[{\"leaf\":0},{\"leaf\":0}]}");
	recorder_init(&rec);
	old.size = offsetof(struct aerie_visitor, f64s);
	old.f64s = NULL;
	cr_assert_eq(record_visit(core, r, &old, &rec), 0, "a visitor without f64s() gets single numbers");
	cr_assert(strstr(rec.text, "\"doubles\":[1.5,3]"));
	recorder_reset(&rec);
	F->free_record(r);
}

Test(visit, members_that_are_not_stored_follow_their_rules)
{
	const struct aerie_member members[] = {
		M(0, AERIE_T_KEY, 0, 0, "key", 0),
		AERIE_MEMBER_RULE(AERIE_MEMBER_KEY_PHY, AERIE_T_STR, "phyname", "", "x", "key", NULL, NULL),
		AERIE_MEMBER_RULE(AERIE_MEMBER_KEY_MAC, AERIE_T_MAC, "macaddr", "", "x", "key", NULL, NULL),
		AERIE_MEMBER_RULE(AERIE_MEMBER_FIRST_OF, AERIE_T_STR, "commonname", "", "x", "username", "name", "macaddr"),
		M(1, AERIE_T_STR, 0, AERIE_FIELD_DYNAMIC, "username", 0),
		M(2, AERIE_T_STR, 0, 0, "name", 0),
		M(3, AERIE_T_VEC, AERIE_T_U64, AERIE_FIELD_DYNAMIC, "list", 0),
		AERIE_MEMBER_RULE(AERIE_MEMBER_COUNT, AERIE_T_U64, "num", "", "x", "list", NULL, NULL),
	};
	struct aerie_rec *r = F->new_record(h, DEFINE("rules", members));

	assert_shows(r, "{\"key\":\"\",\"phyname\":\"\",\"macaddr\":\"00:00:00:00:00:00\",\"commonname\":\"\",\"name\":\"\",\"num\":0}");
	registry_set_phy_name(core->registry, phy_name);
	registry_set_key_format(core->registry, format_key);
	aerie_set_key(r, s[0], 1ull << 48 | 0x0a);
	F->vec_push(r, s[3], 5);
	assert_shows(r, "{\"key\":\"K1_A\",\"phyname\":\"IEEE802.11\",\"macaddr\":\"00:00:00:00:00:0A\","
			"\"commonname\":\"00:00:00:00:00:0A\",\"name\":\"\",\"list\":[5],\"num\":1}");
	F->set_text(r, s[2], "ap", 2);
	F->vec_push(r, s[3], 6);
	assert_shows(r, "{\"key\":\"K1_A\",\"phyname\":\"IEEE802.11\",\"macaddr\":\"00:00:00:00:00:0A\",\"commonname\":\"ap\","
			"\"name\":\"ap\",\"list\":[5,6],\"num\":2}");
	F->set_text(r, s[1], "mine", 4);
	aerie_set_key(r, s[0], 9ull << 48 | 0x0a);
	assert_shows(r, "{\"key\":\"000900000000000A\",\"phyname\":\"\",\"macaddr\":\"00:00:00:00:00:0A\",\"commonname\":\"mine\","
			"\"username\":\"mine\",\"name\":\"ap\",\"list\":[5,6],\"num\":2}");
	F->free_record(r);
}

Test(visit, first_of_takes_the_text_of_any_scalar)
{
	const struct aerie_member members[] = {
		M(0, AERIE_T_STR, 0, AERIE_FIELD_DYNAMIC, "t.str", 0),	 M(1, AERIE_T_UUID, 0, AERIE_FIELD_DYNAMIC, "t.uuid", 0),
		M(2, AERIE_T_I16, 0, AERIE_FIELD_DYNAMIC, "t.i16", 0), M(3, AERIE_T_F64, 0, 0, "t.f64", 0),
		{ sizeof(struct aerie_member), AERIE_MEMBER_FIRST_OF,
		  AERIE_FIELD_DEF(AERIE_T_STR, 0, 0, "t.first", "", "x"), 0, 0, { "t.str", "t.uuid", "t.i16", "t.f64" }, NULL },
	};
	static const struct aerie_uuid uuid = { { 1 } };
	struct aerie_rec *r = F->new_record(h, DEFINE("firsts", members));

	assert_shows(r, "{\"t.f64\":0,\"t.first\":\"0\"}");
	aerie_set_i16(r, s[2], -300);
	assert_shows(r, "{\"t.i16\":-300,\"t.f64\":0,\"t.first\":\"-300\"}");
	F->set_uuid(r, s[1], &uuid);
	assert_shows(r, "{\"t.uuid\":\"01000000-0000-0000-0000-000000000000\",\"t.i16\":-300,\"t.f64\":0,"
			"\"t.first\":\"01000000-0000-0000-0000-000000000000\"}");
	F->free_record(r);
}

#define SHARED(type, name) AERIE_MEMBER_RULE(AERIE_MEMBER_SHARED, type, name, "", "x", NULL, NULL, NULL)

Test(visit, shared_members_have_one_value_for_all_records_of_a_type)
{
	const struct aerie_member members[] = {
		SHARED(AERIE_T_UUID, "server.uuid"), SHARED(AERIE_T_STR, "server.name"), SHARED(AERIE_T_I32, "server.offset"),
		SHARED(AERIE_T_F32, "server.load"),  SHARED(AERIE_T_MAC, "server.mac"),	 SHARED(AERIE_T_U64, "server.big"),
	};
	const struct aerie_member more[] = { M(0, AERIE_T_U8, 0, 0, "own", 0) };
	aerie_record_id base = DEFINE("shared", members), derived = 0;
	struct aerie_rec *a = F->new_record(h, base), *b;

	assert_shows(a, "{\"server.uuid\":\"00000000-0000-0000-0000-000000000000\",\"server.name\":\"\",\"server.offset\":0,"
			"\"server.load\":0,\"server.mac\":\"00:00:00:00:00:00\",\"server.big\":0}");
	cr_assert_eq(F->define_record(h, "sharing", base, more, 1, &derived), 0);
	cr_assert_eq(F->set_shared(h, base, "server.uuid", "5fe308bd-0000-0000-0000-000000000001"), 0);
	cr_assert_eq(F->set_shared(h, base, "server.name", "first"), 0);
	cr_assert_eq(F->set_shared(h, base, "server.name", "attic"), 0);
	cr_assert_eq(F->set_shared(h, base, "server.offset", "-12"), 0);
	cr_assert_eq(F->set_shared(h, base, "server.load", "0.5"), 0);
	cr_assert_eq(F->set_shared(h, derived, "server.mac", "02:00:00:00:00:01"), 0);
	cr_assert_eq(F->set_shared(h, base, "server.big", "18446744073709551615"), 0);
	assert_shows(a, "{\"server.uuid\":\"5FE308BD-0000-0000-0000-000000000001\",\"server.name\":\"attic\","
			"\"server.offset\":-12,\"server.load\":0.5,\"server.mac\":\"02:00:00:00:00:01\","
			"\"server.big\":18446744073709551615}");
	b = F->new_record(h, derived);
	assert_shows(b, "{\"server.uuid\":\"5FE308BD-0000-0000-0000-000000000001\",\"server.name\":\"attic\","
			"\"server.offset\":-12,\"server.load\":0.5,\"server.mac\":\"02:00:00:00:00:01\","
			"\"server.big\":18446744073709551615,\"own\":0}");
	cr_assert_eq(F->set_shared(h, base, "server.uuid", "nonsense"), -EINVAL);
	cr_assert_str_eq(testcore_fail_text(core), "record type shared, shared member server.uuid: \"nonsense\" is not a uuid");
	cr_assert_eq(F->set_shared(h, base, "server.big", "-1"), -EINVAL);
	cr_assert_eq(F->set_shared(h, base, "server.big", "1x"), -EINVAL);
	cr_assert_eq(F->set_shared(h, base, "server.big", ""), -EINVAL);
	cr_assert_eq(F->set_shared(h, base, "own", "1"), -EINVAL);
	cr_assert_str_eq(testcore_fail_text(core), "record type shared: own is not a shared member of it");
	cr_assert_eq(F->set_shared(h, derived, "own", "1"), -EINVAL);
	F->free_record(a);
	F->free_record(b);
}

static int count_text(const char *text, const char *what)
{
	int n = 0;

	while ((text = strstr(text, what))) {
		text++;
		n++;
	}
	return n;
}

Test(visit, series_are_shown_up_to_now)
{
	const struct aerie_member members[] = {
		M(0, AERIE_T_RRD, 0, 0, "full", 0), M(1, AERIE_T_RRD_MINUTE, 0, AERIE_FIELD_RRD_SIGNAL, "minute", 0),
	};
	struct aerie_rec *r = F->new_record(h, DEFINE("series", members));
	char want[900], zeros[200], *p, *text;
	int i;

	/* 999990 = 16666 * 60 + 30: second 30; now is 1000000: second 40 */
	F->rrd_add(r, s[1], 999990, -50);
	F->rrd_add(r, s[1], 999990, -40);
	F->rrd_add(r, s[1], 999989, -60);
	for (p = zeros, i = 0; i < 29; i++)
		p += sprintf(p, "%s0", i ? "," : "");
	*p = 0;
	snprintf(want, sizeof want,
		 "{\"minute\":{\"kismet.common.rrd.last_time\":999990,\"kismet.common.rrd.serial_time\":1000000,"
		 "\"kismet.common.rrd.last_value\":-40,\"kismet.common.rrd.last_value_n1\":-60,"
		 "\"kismet.common.rrd.minute_vec\":[%s,-60,-40,%s],\"kismet.common.rrd.blank_val\":0}}", zeros, zeros);
	assert_shows(r, want);
	F->rrd_add(r, s[0], 999990, 60);
	text = recorder_show(core, r);
	cr_assert_eq(count_text(text, "\"kismet.common.rrd.hour_vec\":["), 1);
	cr_assert_eq(count_text(text, "\"kismet.common.rrd.day_vec\":["), 1);
	cr_assert_not_null(strstr(text, "\"kismet.common.rrd.last_value\":60,"));
	cr_assert_eq(count_text(text, ","), 1 + 5 + 59 + 7 + 59 + 59 + 23);
	free(text);
	F->free_record(r);
}

Test(visit, the_first_error_of_the_visitor_ends_the_visit)
{
	aerie_slot leaf_slot;
	const struct aerie_member leaf[] = { AERIE_MEMBER(AERIE_T_U8, 0, 0, "leaf", "", "x", 0, &leaf_slot) };
	aerie_record_id leaf_type = DEFINE("leaf", leaf);
	const struct aerie_member members[] = {
		M(0, AERIE_T_RECORD, 0, 0, "sub", leaf_type), M(1, AERIE_T_MAP_INT, AERIE_T_RECORD, 0, "map", leaf_type),
		M(2, AERIE_T_VEC, AERIE_T_F64, 0, "vec", 0),  M(3, AERIE_T_RRD_MINUTE, 0, 0, "rrd", 0),
		M(4, AERIE_T_STR, 0, 0, "str", 0),
	};
	struct aerie_rec *r = F->new_record(h, DEFINE("errors", members));
	struct recorder rec;
	int calls, err = -EIO;

	F->sub(r, s[0]);
	F->map_record(r, s[1], 1);
	F->vec_push(r, s[2], 0);
	F->rrd_add(r, s[3], 1000000, 1);
	for (calls = 0; err == -EIO && calls < 1000; calls++) {
		recorder_init(&rec);
		rec.fail_after = calls;
		err = F->visit(h, r, &recorder_visitor, &rec);
		cr_assert(err == -EIO || err == 0);
		cr_assert_null(rec.wrong);
		recorder_reset(&rec);
	}
	/* Calls, of which each was refused once: the record 2, its keys 5, sub 4, map 3 + 4, vec 3, rrd 2 + 6 keys + 5
	 * numbers + a list of 60, str 1. */
	cr_assert_eq(err, 0);
	cr_assert_eq(calls - 1, 2 + 5 + 4 + 7 + 3 + 2 + 6 + 5 + 62 + 1);
	F->free_record(r);
}
