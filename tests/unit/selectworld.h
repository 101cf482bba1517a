/* SPDX-License-Identifier: MIT */
/* Records of every type and rule, for the tests and the fuzz target of selections. */
#ifndef TESTS_UNIT_SELECTWORLD_H
#define TESTS_UNIT_SELECTWORLD_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <core/module.h>
#include <core/registry.h>
#include <core/select.h>
#include <core/value.h>

#include "testcore.h"

#define F (&fields_service)
#define S (&select_service)

enum slot {
	S_KEY, S_MAC, S_UUID, S_NAME, S_EMPTY, S_BYTES, S_U8, S_I64, S_F64, S_TIME, S_DYN, S_SUB, S_LIST, S_VEC, S_TEXTS, S_DOUBLES,
	S_INT, S_FMAP, S_STR, S_MACMAP, S_UUIDMAP, S_KEYMAP, S_KEYS, S_RECKEYS, S_RRD, S_MINUTE, S_NUMBERS, SLOTS
};
static aerie_slot world_slot[SLOTS];
static aerie_slot s_ssid, s_signal, s_maxdbm, s_last, s_entries, s_entry_text;
static aerie_record_id world_type, world_leaf, world_sub;

static int world_format_key(struct core *c, uint64_t key, char *dst)
{
	return sprintf(dst, "K%u_%X", aerie_key_phy(key), (unsigned)key);
}

/* The host's: texts are interned when the registry begins. */
static const struct aerie_str *world_phy_name(struct core *c, uint16_t phy)
{
	return phy == 1 ? registry_intern(&c->self->host, "IEEE802.11", 10) : NULL;
}

static aerie_record_id world_define(struct core *core, const char *name, const struct aerie_member *members, uint32_t n)
{
	aerie_record_id id = 0;

	if (F->define_record(testcore_host(core), name, 0, members, n, &id) < 0) {
		fprintf(stderr, "%s: %s\n", name, testcore_fail_text(core));
		abort();
	}
	return id;
}
#define WORLD_DEFINE(core, name, members) world_define(core, name, members, sizeof members / sizeof *members)

#define W(i, type, value, flags, name, record) AERIE_MEMBER(type, value, flags, name, "", "x", record, &world_slot[i])
#define L(slot, type, value, flags, name, record) AERIE_MEMBER(type, value, flags, name, "", "x", record, &slot)

static void world_define_all(struct core *core)
{
	const struct aerie_member leaf[] = {
		L(s_ssid, AERIE_T_STR, 0, 0, "leaf.ssid", 0),
		L(s_signal, AERIE_T_I32, 0, AERIE_FIELD_DYNAMIC, "leaf.signal", 0),
	};
	const struct aerie_member entry[] = { L(s_entry_text, AERIE_T_STR, 0, 0, "entry.text", 0) };
	aerie_record_id entry_type = (world_leaf = WORLD_DEFINE(core, "leaf", leaf), WORLD_DEFINE(core, "entry", entry));
	const struct aerie_member sub[] = {
		L(s_maxdbm, AERIE_T_I32, 0, 0, "sub.max_dbm", 0),
		L(s_last, AERIE_T_I32, 0, AERIE_FIELD_DYNAMIC, "kismet.common.signal.last_signal", 0),
		L(s_entries, AERIE_T_VEC, AERIE_T_RECORD, 0, "sub.entries", entry_type),
	};
	aerie_record_id sub_type = world_sub = WORLD_DEFINE(core, "sub", sub);
	const struct aerie_member members[] = {
		W(S_KEY, AERIE_T_KEY, 0, 0, "w.key", 0),
		W(S_MAC, AERIE_T_MAC, 0, 0, "w.mac", 0),
		W(S_UUID, AERIE_T_UUID, 0, 0, "w.uuid", 0),
		W(S_NAME, AERIE_T_STR, 0, 0, "w.name", 0),
		W(S_EMPTY, AERIE_T_STR, 0, AERIE_FIELD_DYNAMIC, "w.empty", 0),
		W(S_BYTES, AERIE_T_BYTES, 0, 0, "w.bytes", 0),
		W(S_U8, AERIE_T_U8, 0, 0, "w.u8", 0),
		W(S_I64, AERIE_T_I64, 0, 0, "w.i64", 0),
		W(S_F64, AERIE_T_F64, 0, 0, "w.f64", 0),
		W(S_TIME, AERIE_T_TIME, 0, 0, "w.time", 0),
		W(S_DYN, AERIE_T_U32, 0, AERIE_FIELD_DYNAMIC, "w.dyn", 0),
		W(S_SUB, AERIE_T_RECORD, 0, 0, "w.sub", sub_type),
		W(S_LIST, AERIE_T_MAP_INT, AERIE_T_RECORD, AERIE_FIELD_AS_LIST, "w.list", world_leaf),
		W(S_VEC, AERIE_T_VEC, AERIE_T_RECORD, 0, "w.vec", sub_type),
		W(S_TEXTS, AERIE_T_VEC, AERIE_T_STR, 0, "w.texts", 0),
		W(S_DOUBLES, AERIE_T_VEC, AERIE_T_F64, 0, "w.doubles", 0),
		W(S_INT, AERIE_T_MAP_INT, AERIE_T_RECORD, 0, "w.int", world_leaf),
		W(S_FMAP, AERIE_T_MAP_F64, AERIE_T_RECORD, 0, "w.fmap", world_leaf),
		W(S_STR, AERIE_T_MAP_STR, AERIE_T_RECORD, 0, "w.str", world_leaf),
		W(S_MACMAP, AERIE_T_MAP_MAC, AERIE_T_RECORD, 0, "w.macmap", world_leaf),
		W(S_UUIDMAP, AERIE_T_MAP_UUID, AERIE_T_RECORD, 0, "w.uuidmap", world_leaf),
		W(S_KEYMAP, AERIE_T_MAP_KEY, AERIE_T_RECORD, 0, "w.keymap", world_leaf),
		W(S_KEYS, AERIE_T_MAP_MAC, AERIE_T_U64, AERIE_FIELD_AS_KEYS, "w.keys", 0),
		W(S_RECKEYS, AERIE_T_MAP_STR, AERIE_T_RECORD, AERIE_FIELD_AS_KEYS, "w.reckeys", world_leaf),
		W(S_RRD, AERIE_T_RRD, 0, 0, "w.rrd", 0),
		W(S_MINUTE, AERIE_T_RRD_MINUTE, 0, 0, "w.minute", 0),
		W(S_NUMBERS, AERIE_T_MAP_INT, AERIE_T_F64, 0, "w.numbers", 0),
		AERIE_MEMBER_RULE(AERIE_MEMBER_COUNT, AERIE_T_U32, "w.count", "", "x", "w.int", NULL, NULL),
		AERIE_MEMBER_RULE(AERIE_MEMBER_FIRST_OF, AERIE_T_STR, "w.first", "", "x", "w.empty", "w.name", "w.mac"),
		AERIE_MEMBER_RULE(AERIE_MEMBER_SHARED, AERIE_T_UUID, "w.shared", "", "x", NULL, NULL, NULL),
		AERIE_MEMBER_RULE(AERIE_MEMBER_KEY_PHY, AERIE_T_STR, "w.phy", "", "x", "w.key", NULL, NULL),
		AERIE_MEMBER_RULE(AERIE_MEMBER_KEY_MAC, AERIE_T_MAC, "w.keymac", "", "x", "w.key", NULL, NULL),
	};

	registry_set_key_format(core->registry, world_format_key);
	registry_set_phy_name(core->registry, world_phy_name);
	world_type = WORLD_DEFINE(core, "world", members);
	if (F->set_shared(testcore_host(core), world_type, "w.shared", "00000000-0000-0000-0000-000000000007") < 0)
		abort();
}

static void world_leaf_fill(struct aerie_rec *leaf, const char *ssid, int32_t signal)
{
	F->set_text(leaf, s_ssid, ssid, (uint32_t)strlen(ssid));
	if (signal)
		aerie_set_i32(leaf, s_signal, signal);
}

/* A record with something in everything. */
static struct aerie_rec *world_record(struct core *core)
{
	static const struct aerie_mac mac = { { 0xaa, 0xbb, 0xcc, 0, 1, 2 } };
	static const struct aerie_uuid uuid = { { 0x5f, 0xe3 } };
	const struct aerie_host *h = testcore_host(core);
	struct aerie_rec *r = F->new_record(h, world_type), *sub;
	const struct aerie_str *text;
	uint32_t i;

	aerie_set_key(r, world_slot[S_KEY], 1ull << 48 | 0xaabbcc000102);
	aerie_set_mac(r, world_slot[S_MAC], mac);
	F->set_uuid(r, world_slot[S_UUID], &uuid);
	F->set_text(r, world_slot[S_NAME], "Kitchen AP", 10);
	F->set_bytes(r, world_slot[S_BYTES], (const uint8_t *)"\x01\xab\xff", 3);
	aerie_set_u8(r, world_slot[S_U8], 200);
	aerie_set_i64(r, world_slot[S_I64], INT64_MIN);
	aerie_set_f64(r, world_slot[S_F64], 2.5);
	aerie_set_time(r, world_slot[S_TIME], 999999);
	sub = F->sub(r, world_slot[S_SUB]);
	aerie_set_i32(sub, s_maxdbm, -42);
	F->set_text(F->vec_push_record(sub, s_entries), s_entry_text, "e1", 2);
	world_leaf_fill(F->map_record(r, world_slot[S_LIST], 7), "home", -30);
	world_leaf_fill(F->map_record(r, world_slot[S_LIST], 9), "caf\xc3\xa9", 0);
	for (i = 0; i < 2; i++) {
		sub = F->vec_push_record(r, world_slot[S_VEC]);
		aerie_set_i32(sub, s_maxdbm, -10 * (int32_t)i);
		for (uint32_t k = 0; k < i + 1; k++)
			F->set_text(F->vec_push_record(sub, s_entries), s_entry_text, k ? "b" : "a", 1);
	}
	text = F->intern(h, "one", 3);
	F->vec_push_str(r, world_slot[S_TEXTS], text);
	F->vec_push(r, world_slot[S_DOUBLES], aerie_f64_key(0.5));
	F->vec_push(r, world_slot[S_DOUBLES], aerie_f64_key(3));
	world_leaf_fill(F->map_record(r, world_slot[S_INT], 12), "twelve", -12);
	world_leaf_fill(F->map_record(r, world_slot[S_INT], 5), "five", 0);
	world_leaf_fill(F->map_record(r, world_slot[S_FMAP], aerie_f64_key(2412000)), "ch1", 0);
	world_leaf_fill(F->map_record(r, world_slot[S_STR], aerie_ptr_key(text)), "by text", 0);
	world_leaf_fill(F->map_record(r, world_slot[S_MACMAP], 0x00112233aabb), "by mac", 0);
	world_leaf_fill(F->map_record(r, world_slot[S_UUIDMAP], aerie_ptr_key(&uuid)), "by uuid", 0);
	world_leaf_fill(F->map_record(r, world_slot[S_KEYMAP], 2ull << 48 | 0xbb), "by key", 0);
	*F->map_cell(r, world_slot[S_KEYS], 0x00112233aabb) = 1;
	world_leaf_fill(F->map_record(r, world_slot[S_RECKEYS], aerie_ptr_key(text)), "behind a key", 0);
	F->rrd_add(r, world_slot[S_RRD], 999990, 4);
	F->rrd_add(r, world_slot[S_MINUTE], 999995, -70);
	*F->map_cell(r, world_slot[S_NUMBERS], 3) = aerie_f64_key(0.25);
	F->release(h, text);
	return r;
}

/* A value as commands bring it; to be given back with value_drop(). */
static inline const struct aerie_value *value_make(const char *json)
{
	char why[256];
	json_t *v = NULL;

	if (value_from_json(json, strlen(json), &v, why, sizeof why) < 0) {
		fprintf(stderr, "%s: %s\n", json, why);
		abort();
	}
	return (const struct aerie_value *)(const void *)v;
}

static inline void value_drop(const struct aerie_value *v)
{
	json_decref((json_t *)(uintptr_t)v);
}

#endif
