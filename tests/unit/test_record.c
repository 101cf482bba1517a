/* SPDX-License-Identifier: MIT */
/* Records: accessors of every type, presence, texts, octets, sub-records, life. */
#include <criterion/criterion.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <core/bus.h>
#include <core/heap.h>
#include <core/loop.h>
#include <core/registry.h>
#include <core/strings.h>

#include "testcore.h"

#define F (&fields_service)

static struct core *core;
static const struct aerie_host *h;
static aerie_record_id leaf, type;
static aerie_slot s_leaf, s_u8, s_u16, s_u32, s_u64, s_i8, s_i16, s_i32, s_i64, s_f32, s_f64, s_time, s_mac, s_key, s_uuid,
	s_str, s_bytes, s_sub, s_rrd, s_vec, d_u8, d_u64, d_mac, d_f64;

static const struct aerie_member leaf_members[] = {
	AERIE_MEMBER(AERIE_T_STR, 0, 0, "leaf.str", "", "x", 0, &s_leaf),
};

static void setup(void)
{
	struct aerie_member members[] = {
		AERIE_MEMBER(AERIE_T_U8, 0, 0, "r.u8", "", "x", 0, &s_u8),
		AERIE_MEMBER(AERIE_T_U16, 0, 0, "r.u16", "", "x", 0, &s_u16),
		AERIE_MEMBER(AERIE_T_U32, 0, 0, "r.u32", "", "x", 0, &s_u32),
		AERIE_MEMBER(AERIE_T_U64, 0, 0, "r.u64", "", "x", 0, &s_u64),
		AERIE_MEMBER(AERIE_T_I8, 0, 0, "r.i8", "", "x", 0, &s_i8),
		AERIE_MEMBER(AERIE_T_I16, 0, 0, "r.i16", "", "x", 0, &s_i16),
		AERIE_MEMBER(AERIE_T_I32, 0, 0, "r.i32", "", "x", 0, &s_i32),
		AERIE_MEMBER(AERIE_T_I64, 0, 0, "r.i64", "", "x", 0, &s_i64),
		AERIE_MEMBER(AERIE_T_F32, 0, 0, "r.f32", "", "x", 0, &s_f32),
		AERIE_MEMBER(AERIE_T_F64, 0, 0, "r.f64", "", "x", 0, &s_f64),
		AERIE_MEMBER(AERIE_T_TIME, 0, 0, "r.time", "s", "x", 0, &s_time),
		AERIE_MEMBER(AERIE_T_MAC, 0, 0, "r.mac", "", "x", 0, &s_mac),
		AERIE_MEMBER(AERIE_T_KEY, 0, 0, "r.key", "", "x", 0, &s_key),
		AERIE_MEMBER(AERIE_T_UUID, 0, 0, "r.uuid", "", "x", 0, &s_uuid),
		AERIE_MEMBER(AERIE_T_STR, 0, 0, "r.str", "", "x", 0, &s_str),
		AERIE_MEMBER(AERIE_T_BYTES, 0, 0, "r.bytes", "", "x", 0, &s_bytes),
		AERIE_MEMBER(AERIE_T_RECORD, 0, 0, "r.sub", "", "x", 0, &s_sub),
		AERIE_MEMBER(AERIE_T_RRD, 0, 0, "r.rrd", "", "x", 0, &s_rrd),
		AERIE_MEMBER(AERIE_T_VEC, AERIE_T_RECORD, 0, "r.vec", "", "x", 0, &s_vec),
		AERIE_MEMBER(AERIE_T_U8, 0, AERIE_FIELD_DYNAMIC, "d.u8", "", "x", 0, &d_u8),
		AERIE_MEMBER(AERIE_T_U64, 0, AERIE_FIELD_DYNAMIC, "d.u64", "", "x", 0, &d_u64),
		AERIE_MEMBER(AERIE_T_MAC, 0, AERIE_FIELD_DYNAMIC, "d.mac", "", "x", 0, &d_mac),
		AERIE_MEMBER(AERIE_T_F64, 0, AERIE_FIELD_DYNAMIC, "d.f64", "", "x", 0, &d_f64),
	};
	size_t i, n = sizeof members / sizeof *members;

	core = testcore_new();
	h = testcore_host(core);
	cr_assert_eq(F->define_record(h, "leaf", 0, leaf_members, 1, &leaf), 0);
	for (i = 0; i < n; i++) {
		if (members[i].def.type == AERIE_T_RECORD || members[i].def.value == AERIE_T_RECORD)
			members[i].record = leaf;
		if (members[i].def.type == AERIE_T_STR)
			members[i].def.limit = 10;
		if (members[i].def.type == AERIE_T_BYTES)
			members[i].def.limit = 5;
	}
	cr_assert_eq(F->define_record(h, "all", 0, members, (uint32_t)n, &type), 0, "%s", testcore_fail_text(core));
}

static void teardown(void)
{
	testcore_free(core);
}

TestSuite(record, .init = setup, .fini = teardown);

static uint64_t limit_hits(const char *name)
{
	aerie_field_id id = 0;

	cr_assert_eq(F->lookup(h, name, &id), 0);
	return registry_field(core->registry, id)->limit_hits;
}

#define ROUNDTRIP(name, slot, value)                          \
	do {                                                  \
		aerie_set_##name(r, slot, value);             \
		cr_assert_eq(aerie_get_##name(r, slot), value); \
	} while (0)

Test(record, every_number_reads_back_and_leaves_the_others_alone)
{
	static const struct aerie_mac mac = { { 1, 2, 3, 4, 5, 6 } };
	struct aerie_rec *r = F->new_record(h, type);
	struct aerie_mac got;

	cr_assert_eq(aerie_get_u64(r, s_u64), 0, "a record begins zeroed");
	aerie_set_mac(r, s_mac, mac);
	ROUNDTRIP(u8, s_u8, 255);
	ROUNDTRIP(u16, s_u16, 65535);
	ROUNDTRIP(u32, s_u32, UINT32_MAX);
	ROUNDTRIP(u64, s_u64, UINT64_MAX);
	ROUNDTRIP(i8, s_i8, -128);
	ROUNDTRIP(i16, s_i16, -32768);
	ROUNDTRIP(i32, s_i32, INT32_MIN);
	ROUNDTRIP(i64, s_i64, INT64_MIN);
	ROUNDTRIP(f32, s_f32, 1.5f);
	ROUNDTRIP(f64, s_f64, -2.25);
	ROUNDTRIP(time, s_time, 1700000000u);
	ROUNDTRIP(key, s_key, 0x1000000000002ull);
	aerie_add_u64(r, s_u64, 2);
	cr_assert_eq(aerie_get_u64(r, s_u64), 1);
	cr_assert_eq(aerie_get_u8(r, s_u8), 255);
	cr_assert_eq(aerie_get_i16(r, s_i16), -32768);
	got = aerie_get_mac(r, s_mac);
	cr_assert_arr_eq(got.b, mac.b, 6);
	cr_assert_null(aerie_get_str(r, s_str));
	F->free_record(r);
}

Test(record, dynamic_numbers_are_absent_until_set_and_after_clear)
{
	static const struct aerie_mac mac = { { 0 } };
	struct aerie_rec *r = F->new_record(h, type);

	cr_assert(aerie_present(r, s_u8), "others are always there");
	cr_assert_not(aerie_present(r, d_u8));
	cr_assert_not(aerie_present(r, d_u64));
	aerie_set_u64(r, d_u64, 0);
	cr_assert(aerie_present(r, d_u64));
	cr_assert_not(aerie_present(r, d_u8));
	cr_assert_not(aerie_present(r, d_mac));
	aerie_set_mac(r, d_mac, mac);
	aerie_set_f64(r, d_f64, 0);
	F->clear(r, d_u64);
	cr_assert_not(aerie_present(r, d_u64));
	cr_assert(aerie_present(r, d_mac));
	cr_assert(aerie_present(r, d_f64));
	F->free_record(r);
}

Test(record, text_is_interned_and_replaced)
{
	struct aerie_rec *r = F->new_record(h, type);
	const struct aerie_str *s;

	cr_assert_not(aerie_present(r, s_str));
	cr_assert_eq(F->set_text(r, s_str, "eduroam", 7), 0);
	cr_assert(aerie_present(r, s_str));
	s = aerie_get_str(r, s_str);
	cr_assert_str_eq(s->text, "eduroam");
	cr_assert_eq(F->set_text(r, s_str, "eduroam", 7), 0);
	cr_assert_eq(aerie_get_str(r, s_str), s);
	cr_assert_eq(strings_count(core->strings), 1);
	cr_assert_eq(F->set_text(r, s_str, "other", 5), 0);
	cr_assert_eq(strings_count(core->strings), 1, "the old text is gone");
	cr_assert_eq(F->set_text(r, s_str, NULL, 0), 0);
	cr_assert_eq(aerie_get_str(r, s_str)->len, 0, "an empty text is there");
	s = F->intern(h, "held", 4);
	aerie_set_str(F, r, s_str, s);
	cr_assert_eq(aerie_get_str(r, s_str), s);
	F->release(h, s);
	cr_assert_str_eq(aerie_get_str(r, s_str)->text, "held", "the record has a reference of its own");
	cr_assert_eq(F->set_str(r, s_str, NULL), 0);
	cr_assert_not(aerie_present(r, s_str));
	cr_assert_eq(strings_count(core->strings), 0);
	F->free_record(r);
}

struct message {
	char text[200];
	unsigned n;
};

static void keep_message(void *user, const struct aerie_message *m)
{
	struct message *msg = user;

	msg->n++;
	strncpy(msg->text, m->text, sizeof msg->text - 1);
}

static void end_loop(void *user)
{
	loop_stop(user);
}

/* Calls what was posted to the main thread. */
static void run_posted(void)
{
	cr_assert_eq(loop_post(core->loop, end_loop, core->loop), 0);
	loop_run(core->loop);
}

Test(record, text_over_the_limit_is_cut_between_characters_counted_and_told_once)
{
	struct aerie_rec *r = F->new_record(h, type);
	struct message msg = { "", 0 };

	testcore_set_time(core, 1); /* there is a loop then */
	cr_assert_eq(F->set_text(r, s_str, "0123456789", 10), 0);
	cr_assert_eq(limit_hits("r.str"), 0);
	cr_assert_eq(F->set_text(r, s_str, "0123456789a", 11), 0);
	cr_assert_str_eq(aerie_get_str(r, s_str)->text, "0123456789");
	cr_assert_eq(limit_hits("r.str"), 1);
	cr_assert_eq(F->set_text(r, s_str, "01234567\xe2\x82\xac", 11), 0); /* euro sign, U+20AC */
	cr_assert_str_eq(aerie_get_str(r, s_str)->text, "01234567");
	cr_assert_eq(F->set_text(r, s_str, "0123456\xe2\x82\xac+", 11), 0);
	cr_assert_str_eq(aerie_get_str(r, s_str)->text, "0123456\xe2\x82\xac");
	cr_assert_eq(F->set_text(r, s_str, "012345\x80\x80\x80\x80\x80\x80", 12), 0);
	cr_assert_eq(aerie_get_str(r, s_str)->len, 10, "what is not UTF-8 is cut anywhere");
	cr_assert_eq(limit_hits("r.str"), 4);
	F->set_str(r, s_str, F->intern(h, "abcdefghijklm", 13));
	cr_assert_str_eq(aerie_get_str(r, s_str)->text, "abcdefghij");
	bus_service.recent(h, 0, keep_message, &msg);
	cr_assert_eq(msg.n, 0, "not while the record is locked: the main thread tells");
	run_posted();
	cr_assert_eq(F->set_text(r, s_str, "0123456789a", 11), 0);
	run_posted();
	bus_service.recent(h, 0, keep_message, &msg);
	cr_assert_eq(msg.n, 1);
	cr_assert_str_eq(msg.text, "field r.str of a record reached its limit of 10 octets; more are ignored");
	F->free_record(r);
}

Test(record, octets_are_copied_and_limited)
{
	static const uint8_t data[] = { 1, 2, 3, 4, 5, 6, 7 };
	struct aerie_rec *r = F->new_record(h, type);
	char *text;

	cr_assert_eq(F->set_bytes(r, s_bytes, data, 2), 0);
	cr_assert_eq(F->set_bytes(r, s_bytes, data + 1, 4), 0);
	text = recorder_show(core, r);
	cr_assert(strstr(text, "\"r.bytes\":\"02030405\""));
	free(text);
	cr_assert_eq(F->set_bytes(r, s_bytes, data, 7), 0);
	cr_assert_eq(limit_hits("r.bytes"), 1);
	text = recorder_show(core, r);
	cr_assert(strstr(text, "\"r.bytes\":\"0102030405\""));
	free(text);
	cr_assert_eq(F->set_bytes(r, s_bytes, NULL, 0), 0);
	cr_assert(aerie_present(r, s_bytes));
	F->clear(r, s_bytes);
	cr_assert_not(aerie_present(r, s_bytes));
	F->free_record(r);
}

Test(record, uuid_is_allocated_when_first_written)
{
	static const struct aerie_uuid u = { { 1, 2, 3 } }, w = { { 9 } };
	struct aerie_rec *r = F->new_record(h, type);

	cr_assert_not(aerie_present(r, s_uuid));
	cr_assert_eq(F->set_uuid(r, s_uuid, &u), 0);
	cr_assert_eq(F->set_uuid(r, s_uuid, &w), 0);
	cr_assert(aerie_present(r, s_uuid));
	F->clear(r, s_uuid);
	cr_assert_not(aerie_present(r, s_uuid));
	F->free_record(r);
}

Test(record, sub_record_is_made_once_and_freed_with_its_parent)
{
	struct aerie_rec *r = F->new_record(h, type), *sub;

	cr_assert_null(aerie_get_rec(r, s_sub));
	sub = aerie_sub(F, r, s_sub);
	cr_assert_eq(sub->type, leaf);
	cr_assert_eq(aerie_sub(F, r, s_sub), sub);
	cr_assert_eq(F->sub(r, s_sub), sub);
	cr_assert_eq(heap_of(sub), heap_of(r), "all of a record lies in one heap");
	cr_assert_eq(F->set_text(sub, s_leaf, "deep", 4), 0);
	F->clear(r, s_sub);
	cr_assert_null(aerie_get_rec(r, s_sub));
	cr_assert_eq(strings_count(core->strings), 0);
	F->set_text(F->sub(r, s_sub), s_leaf, "deep", 4);
	F->free_record(r);
	F->free_record(NULL);
}

Test(record, slots_of_the_wrong_type_are_refused)
{
	static const struct aerie_uuid u = { { 1 } };
	struct aerie_rec *r = F->new_record(h, type);
	aerie_slot foreign = (s_str & 0xff000000) | 0xfff0 | AERIE_T_STR << 16;

	cr_assert_eq(F->set_text(r, s_u64, "x", 1), -EINVAL);
	cr_assert_eq(F->set_text(r, foreign - 0xfff0 + (s_u64 & 0xffff), "x", 1), -EINVAL, "a text slot of another type");
	cr_assert_eq(F->set_str(r, s_bytes, NULL), -EINVAL);
	cr_assert_eq(F->set_bytes(r, s_str, NULL, 0), -EINVAL);
	cr_assert_eq(F->set_uuid(r, s_str, &u), -EINVAL);
	cr_assert_null(F->sub(r, s_vec));
	cr_assert_eq(F->rrd_add(r, s_vec, 1, 1), -EINVAL);
	cr_assert_null(F->map_cell(r, s_vec, 1));
	cr_assert_eq(F->vec_push(r, s_vec, 1), -EINVAL, "its values are records");
	cr_assert_eq(F->count(r, s_u8), 0);
	cr_assert_null(F->new_record(h, 0));
	cr_assert_null(F->new_record(h, 9999));
	F->free_record(r);
}

Test(record, thousands_of_records_share_a_heap_and_leave_nothing_behind)
{
	const struct record_type *t = registry_type(core->registry, type);
	static struct aerie_rec *records[5000];
	struct heap *heap = heap_new(core);
	uint32_t round, i;
	size_t bytes = 0;

	for (round = 0; round < 4; round++) {
		for (i = 0; i < 5000; i++) {
			struct aerie_rec *r = records[i] = record_new(heap, t);
			char text[8] = { (char)('a' + i % 26), (char)('a' + i / 26 % 26) };

			F->set_text(r, s_str, text, 2);
			F->set_bytes(r, s_bytes, (const uint8_t *)text, 3);
			F->set_text(F->sub(r, s_sub), s_leaf, text, 1);
			F->set_text(F->vec_push_record(r, s_vec), s_leaf, "v", 1);
			F->rrd_add(r, s_rrd, 1000 + i, 1);
			F->rrd_add(r, s_rrd, 2000 + i, 1);
		}
		cr_assert(!round || heap_bytes(heap) == bytes, "later rounds use what earlier ones freed");
		bytes = heap_bytes(heap);
		for (i = 0; i < 5000; i++)
			record_free(records[i]);
		cr_assert_eq(strings_count(core->strings), 0);
	}
	heap_free(heap);
}
