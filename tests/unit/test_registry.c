/* SPDX-License-Identifier: MIT */
/* Definitions of fields and record types, and the layout of records. */
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
}

static void teardown(void)
{
	testcore_free(core);
}

TestSuite(registry, .init = setup, .fini = teardown);

static int define(uint32_t type, uint32_t value, uint32_t flags, const char *name, aerie_field_id *ret)
{
	const struct aerie_field_def d = AERIE_FIELD_DEF(type, value, flags, name, "", "A field of the test.");

	return F->define(h, &d, ret);
}

Test(registry, same_name_and_type_is_the_same_field)
{
	aerie_field_id a = 0, b = 0, c = 0, found = 0;

	cr_assert_eq(define(AERIE_T_U64, 0, 0, "x.packets", &a), 0);
	cr_assert_eq(define(AERIE_T_U64, 0, 0, "x.packets", &b), 0);
	cr_assert_eq(define(AERIE_T_U64, 0, 0, "x.Packets", &c), 0);
	cr_assert_neq(a, 0);
	cr_assert_eq(a, b);
	cr_assert_neq(a, c, "names tell case apart");
	cr_assert_eq(F->lookup(h, "x.packets", &found), 0);
	cr_assert_eq(found, a);
	cr_assert_eq(F->lookup(h, "x.packet", &found), -ENOENT);
	cr_assert_eq(found, a, "untouched on failure");
}

Test(registry, another_type_is_an_error_that_names_the_owner)
{
	struct module *other = module_new(core, "org.example.sensor");
	const struct aerie_field_def d = AERIE_FIELD_DEF(AERIE_T_MAP_INT, AERIE_T_U64, 0, "x.map", "", "A map.");
	aerie_field_id id = 0;

	cr_assert_eq(F->define(&other->host, &d, &id), 0);
	module_free(other);
	id = 77;
	cr_assert_eq(define(AERIE_T_U64, 0, 0, "x.map", &id), -EEXIST);
	cr_assert_str_eq(testcore_fail_text(core),
			 "field x.map: org.example.sensor defined it as map[int,uint64_t], not as uint64_t; use another name");
	cr_assert_eq(define(AERIE_T_MAP_INT, AERIE_T_F64, 0, "x.map", &id), -EEXIST);
	cr_assert_str_eq(testcore_fail_text(core),
			 "field x.map: org.example.sensor defined it as map[int,uint64_t], not as map[int,double]; use another name");
	cr_assert_eq(define(AERIE_T_MAP_INT, AERIE_T_U64, AERIE_FIELD_AS_LIST, "x.map", &id), -EEXIST);
	cr_assert(strstr(testcore_fail_text(core), "org.example.sensor defined it with flags 0x0, not 0x2"));
	cr_assert_eq(id, 77, "untouched on failure");
}

Test(registry, malformed_definitions_are_refused_with_the_reason)
{
	static const struct {
		struct aerie_field_def def;
		const char *text;
	} rows[] = {
		{ AERIE_FIELD_DEF(AERIE_T_U64, 0, 0, NULL, "", "x"), "a field has no name" },
		{ AERIE_FIELD_DEF(AERIE_T_U64, 0, 0, "", "", "x"), "a field has no name" },
		{ AERIE_FIELD_DEF(AERIE_T_U64, 0, 0, "a b", "", "x"),
		  "field \"a b\": the name may hold letters, digits, '_', '.' and '-' only" },
		{ AERIE_FIELD_DEF(AERIE_T_U64, 0, 0, "a\"b", "", "x"),
		  "field \"a\"b\": the name may hold letters, digits, '_', '.' and '-' only" },
		{ AERIE_FIELD_DEF(0, 0, 0, "n", "", "x"), "field n: type 0 does not exist; see AERIE_T_ in <aerie/types.h>" },
		{ AERIE_FIELD_DEF(15, 0, 0, "n", "", "x"), "field n: type 15 does not exist; see AERIE_T_ in <aerie/types.h>" },
		{ AERIE_FIELD_DEF(99, 0, 0, "n", "", "x"), "field n: type 99 does not exist; see AERIE_T_ in <aerie/types.h>" },
		{ AERIE_FIELD_DEF(AERIE_T_VEC, 0, 0, "n", "", "x"),
		  "field n: a collection cannot hold type 0; use U64, I64, F64, KEY, STR or RECORD" },
		{ AERIE_FIELD_DEF(AERIE_T_MAP_STR, AERIE_T_U8, 0, "n", "", "x"),
		  "field n: a collection cannot hold type 1; use U64, I64, F64, KEY, STR or RECORD" },
		{ AERIE_FIELD_DEF(AERIE_T_U8, AERIE_T_U8, 0, "n", "", "x"),
		  "field n: only collections have a type of values, this is a uint8_t" },
		{ AERIE_FIELD_DEF(AERIE_T_U8, 0, 0, "n", NULL, "x"), "field n: the unit is missing; \"\" when it has none" },
		{ AERIE_FIELD_DEF(AERIE_T_U8, 0, 0, "n", "", NULL), "field n: the description (help) is missing" },
		{ AERIE_FIELD_DEF(AERIE_T_U8, 0, 0, "n", "", ""), "field n: the description (help) is missing" },
		{ AERIE_FIELD_DEF(AERIE_T_U8, 0, 1u << 20, "n", "", "x"), "field n: flags 0x100000 are unknown to this host" },
		{ AERIE_FIELD_DEF(AERIE_T_VEC, AERIE_T_U64, AERIE_FIELD_AS_LIST, "n", "", "x"),
		  "field n: AS_LIST and AS_KEYS are for maps, this is a vector" },
		{ AERIE_FIELD_DEF(AERIE_T_MAP_INT, AERIE_T_U64, AERIE_FIELD_AS_LIST | AERIE_FIELD_AS_KEYS, "n", "", "x"),
		  "field n: AS_LIST and AS_KEYS exclude each other" },
		{ AERIE_FIELD_DEF(AERIE_T_STR, 0, AERIE_FIELD_BITS, "n", "", "x"),
		  "field n: BITS is for integers, this is a string" },
		{ AERIE_FIELD_DEF(AERIE_T_U64, 0, AERIE_FIELD_RRD_EXTREME, "n", "", "x"),
		  "field n: an aggregation is for series, this is a uint64_t" },
		{ AERIE_FIELD_DEF(AERIE_T_RRD, 0, 3u << 8, "n", "", "x"), "field n: aggregation 0x300 is unknown to this host" },
		{ { sizeof(struct aerie_field_def), AERIE_T_STR, 0, 0, LIMIT_MAX + 1, 0, "n", "", "x" },
		  "field n: limit 16777217 is above 16777216" },
		{ { 8, AERIE_T_STR, 0, 0, 0, 0, "n", "", "x" },
		  "a field's definition has size 8, expected 48: set it to sizeof (struct aerie_field_def)" },
	};
	uint32_t before = registry_n_fields(core->registry);
	char long_name[FIELD_NAME_MAX + 2];
	aerie_field_id id = 5;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		cr_assert_eq(F->define(h, &rows[i].def, &id), -EINVAL, "row %zu", i);
		cr_assert_str_eq(testcore_fail_text(core), rows[i].text);
	}
	memset(long_name, 'a', sizeof long_name);
	long_name[FIELD_NAME_MAX + 1] = 0;
	cr_assert_eq(define(AERIE_T_U8, 0, 0, long_name, &id), -EINVAL);
	long_name[FIELD_NAME_MAX] = 0;
	cr_assert_eq(registry_n_fields(core->registry), before);
	cr_assert_eq(id, 5);
	cr_assert_eq(define(AERIE_T_U8, 0, 0, long_name, &id), 0);
}

Test(registry, definitions_are_legal_only_while_loading)
{
	const struct aerie_member m = AERIE_MEMBER(AERIE_T_U8, 0, 0, "n", "", "x", 0, NULL);
	aerie_field_id id = 0;

	core->self->loading = false;
	cr_assert_eq(define(AERIE_T_U8, 0, 0, "n", &id), -EPERM);
	cr_assert_str_eq(testcore_fail_text(core), "field n: definitions are legal only while load() runs");
	cr_assert_eq(F->define_record(h, "r", 0, &m, 1, &id), -EPERM);
	cr_assert_eq(F->set_shared(h, 1, "n", "1"), -EPERM);
	cr_assert_eq(id, 0);
}

Test(registry, names_come_with_their_escaped_forms)
{
	const struct aerie_name *n;
	aerie_field_id id = 0;

	cr_assert_eq(define(AERIE_T_MAP_F64, AERIE_T_F64, 0, "a.freq-map.x_y", &id), 0);
	n = F->name(h, id);
	cr_assert_str_eq(n->text, "a.freq-map.x_y");
	cr_assert_eq(n->len, 14);
	cr_assert_str_eq(n->json, "\"a.freq-map.x_y\":");
	cr_assert_eq(n->json_len, 17);
	cr_assert_str_eq(n->under, "a_freq-map_x_y");
	cr_assert_eq(n->under_len, 14);
	cr_assert_str_eq(n->json_under, "\"a_freq-map_x_y\":");
	cr_assert_str_eq(n->type, "map[double,double]");
	cr_assert_str_eq(n->help, "A field of the test.");
	cr_assert_null(F->name(h, 0));
	cr_assert_null(F->name(h, id + 1));
}

struct seen {
	uint32_t n;
	aerie_field_id last;
	bool found;
};

static int see(void *user, const struct aerie_field_info *info)
{
	struct seen *s = user;

	cr_assert_eq(info->id, s->last + 1);
	cr_assert_neq(info->name->help[0], 0);
	cr_assert_not_null(info->unit);
	s->last = info->id;
	if (strcmp(info->name->text, "t.speed") == 0) {
		cr_assert_eq(info->type, AERIE_T_F64);
		cr_assert_str_eq(info->unit, "km/h");
		cr_assert_str_eq(info->owner, "core");
		cr_assert_eq(info->limit, AERIE_LIMIT_DEFAULT);
		s->found = true;
	}
	return ++s->n == 1000 ? 42 : 0;
}

Test(registry, enumeration_tells_every_field_in_order_of_ids)
{
	const struct aerie_field_def d = AERIE_FIELD_DEF(AERIE_T_F64, 0, 0, "t.speed", "km/h", "How fast.");
	struct seen s = { 0 };
	aerie_field_id id = 0;
	char name[24];
	int i;

	cr_assert_eq(F->define(h, &d, &id), 0);
	cr_assert_eq(F->each(h, see, &s), 0);
	cr_assert(s.found);
	cr_assert_eq(s.n, registry_n_fields(core->registry));
	for (i = 0; i < 1000; i++) {
		snprintf(name, sizeof name, "t.field%d", i);
		cr_assert_eq(define(AERIE_T_U8, 0, 0, name, &id), 0);
		cr_assert_eq(F->lookup(h, name, &id), 0);
		cr_assert_str_eq(F->name(h, id)->text, name);
	}
	memset(&s, 0, sizeof s);
	cr_assert_eq(F->each(h, see, &s), 42, "stops at what fn returns");
	cr_assert_eq(s.n, 1000);
}

/* ---- Record types ---- */

static aerie_slot slots[32];

static const struct aerie_member mixed[] = {
	AERIE_MEMBER(AERIE_T_U8, 0, 0, "m.u8", "", "x", 0, &slots[0]),
	AERIE_MEMBER(AERIE_T_U64, 0, 0, "m.u64", "", "x", 0, &slots[1]),
	AERIE_MEMBER(AERIE_T_I16, 0, 0, "m.i16", "", "x", 0, &slots[2]),
	AERIE_MEMBER(AERIE_T_MAC, 0, 0, "m.mac", "", "x", 0, &slots[3]),
	AERIE_MEMBER(AERIE_T_TIME, 0, 0, "m.time", "", "x", 0, &slots[4]),
	AERIE_MEMBER(AERIE_T_STR, 0, 0, "m.str", "", "x", 0, &slots[5]),
	AERIE_MEMBER(AERIE_T_I8, 0, AERIE_FIELD_DYNAMIC, "m.i8", "", "x", 0, &slots[6]),
	AERIE_MEMBER(AERIE_T_F32, 0, AERIE_FIELD_DYNAMIC, "m.f32", "", "x", 0, &slots[7]),
	AERIE_MEMBER(AERIE_T_UUID, 0, AERIE_FIELD_DYNAMIC, "m.uuid", "", "x", 0, &slots[8]),
};
#define N_MIXED (sizeof mixed / sizeof *mixed)

static const uint8_t sizes[] = { 1, 8, 2, 6, 4, 8, 1, 4, 8 };

Test(registry, layout_is_aligned_disjoint_and_without_waste)
{
	const struct record_type *t;
	aerie_record_id id = 0;
	uint8_t used[128] = { 0 };
	uint32_t i, k, sum = 0;

	cr_assert_eq(F->define_record(h, "mixed", 0, mixed, N_MIXED, &id), 0);
	t = registry_type(core->registry, id);
	for (i = 0; i < N_MIXED; i++) {
		uint32_t at = slots[i] & 0xffff;

		cr_assert_eq(aerie_slot_type(slots[i]), mixed[i].def.type);
		cr_assert_eq(at % (sizes[i] == 6 ? 2 : sizes[i]), 0, "member %u is aligned", i);
		cr_assert_geq(at, 8 + 1, "behind the head and one octet of presence");
		cr_assert_leq(at + sizes[i], t->size);
		for (k = at; k < at + sizes[i]; k++)
			cr_assert_eq(used[k]++, 0, "octet %u has one owner", k);
		sum += sizes[i];
	}
	/* head 8, presence 1, members 42: 51, rounded up to 8 */
	cr_assert_eq(sum, 42);
	cr_assert_eq(t->size, 56);
	cr_assert_eq(slots[6] >> 24, 1);
	cr_assert_eq(slots[7] >> 24, 2);
	cr_assert_eq(slots[8] >> 24, 0, "pointers need no presence bit");
	cr_assert_eq(t->n_owning, 2);
}

Test(registry, same_members_are_the_same_type_and_others_a_new_generation)
{
	struct aerie_member other[N_MIXED];
	aerie_record_id a = 0, b = 0, c = 0, d = 0, e = 0;

	memcpy(other, mixed, sizeof mixed);
	other[0].def.name = "m.other";
	cr_assert_eq(F->define_record(h, "r", 0, mixed, N_MIXED, &a), 0);
	cr_assert_eq(F->define_record(h, "r", 0, other, N_MIXED, &b), 0);
	cr_assert_eq(F->define_record(h, "r", 0, mixed, N_MIXED, &c), 0);
	cr_assert_eq(F->define_record(h, "r", 0, mixed, N_MIXED - 1, &d), 0);
	cr_assert_eq(F->define_record(h, "s", 0, mixed, N_MIXED, &e), 0);
	cr_assert_neq(a, b);
	cr_assert_eq(a, c);
	cr_assert_neq(d, a);
	cr_assert_neq(d, b);
	cr_assert_neq(e, a);
	cr_assert_str_eq(registry_type(core->registry, b)->name, "r");
}

Test(registry, another_module_does_not_change_a_type)
{
	struct module *other = module_new(core, "org.example.other");
	aerie_record_id mine = 0, same = 0, changed = 77;

	cr_assert_eq(F->define_record(h, "r", 0, mixed, N_MIXED, &mine), 0);
	cr_assert_eq(F->define_record(&other->host, "r", 0, mixed, N_MIXED, &same), 0);
	cr_assert_eq(same, mine);
	cr_assert_eq(F->define_record(&other->host, "r", 0, mixed, N_MIXED - 1, &changed), -EEXIST);
	cr_assert_eq(changed, 77);
	cr_assert_str_eq(other->fail_text, "record type r: core defined it with other members; use another name");
	module_free(other);
}

Test(registry, members_of_the_base_keep_their_slots)
{
	static aerie_slot own[4];
	static const struct aerie_member more[] = {
		AERIE_MEMBER(AERIE_T_U8, 0, AERIE_FIELD_DYNAMIC, "d.u8", "", "x", 0, &own[0]),
		AERIE_MEMBER(AERIE_T_F64, 0, 0, "d.f64", "", "x", 0, &own[1]),
		AERIE_MEMBER(AERIE_T_U32, 0, AERIE_FIELD_DYNAMIC, "d.u32", "", "x", 0, &own[2]),
	};
	aerie_record_id base = 0, id = 0, again = 0;
	const struct record_type *t;
	aerie_field_id field = 0;
	aerie_slot slot = 0;
	uint32_t i;

	cr_assert_eq(F->define_record(h, "base", 0, mixed, N_MIXED, &base), 0);
	cr_assert_eq(F->define_record(h, "derived", base, more, 3, &id), 0);
	for (i = 0; i < N_MIXED; i++) {
		cr_assert_eq(F->lookup(h, mixed[i].def.name, &field), 0);
		cr_assert_eq(F->slot(h, id, field, &slot), 0);
		cr_assert_eq(slot, slots[i]);
	}
	t = registry_type(core->registry, id);
	cr_assert_eq(t->n_members, N_MIXED + 3);
	cr_assert_eq(t->size, 56 + 16);
	cr_assert_eq(own[0] >> 24, 3, "presence bits go on behind those of the base");
	cr_assert_eq(own[2] >> 24, 4);
	for (i = 0; i < 3; i++)
		cr_assert_geq(own[i] & 0xffff, 56);
	cr_assert_eq(F->define_record(h, "derived", base, more, 3, &again), 0);
	cr_assert_eq(again, id);
	cr_assert_eq(F->define_record(h, "derived2", base, NULL, 0, &again), 0, "a base alone will do");
	cr_assert_eq(registry_type(core->registry, again)->size, 56);
	cr_assert_eq(F->lookup(h, "d.u8", &field), 0);
	cr_assert_eq(F->slot(h, base, field, &slot), -ENOENT);
	cr_assert_eq(F->slot(h, 9999, field, &slot), -ENOENT);
}

struct bad_row {
	struct aerie_member members[2];
	uint32_t n;
	int err;
	const char *text;
};

#define STR(name) AERIE_MEMBER(AERIE_T_STR, 0, 0, name, "", "x", 0, NULL)

Test(registry, malformed_record_types_are_refused_with_the_reason)
{
	static const struct bad_row rows[] = {
		{ { { 0 } }, 0, -EINVAL, "record type bad has no members" },
		{ { { 0 } }, 1, -EINVAL,
		  "record type bad: a member has size 0, expected 104: set it to sizeof (struct aerie_member)" },
		{ { STR("s"), STR("s") }, 2, -EINVAL, "record type bad: member s occurs twice" },
		{ { STR("s p") }, 1, -EINVAL, "field \"s p\": the name may hold letters, digits, '_', '.' and '-' only" },
		{ { AERIE_MEMBER(AERIE_T_RECORD, 0, 0, "sub", "", "x", 0, NULL) }, 1, -EINVAL,
		  "record type bad, member sub: record type 0 of its sub-records is not defined" },
		{ { AERIE_MEMBER(AERIE_T_VEC, AERIE_T_RECORD, 0, "subs", "", "x", 999, NULL) }, 1, -EINVAL,
		  "record type bad, member subs: record type 999 of its sub-records is not defined" },
		{ { AERIE_MEMBER(AERIE_T_U8, 0, 0, "u8", "", "x", 1, NULL) }, 1, -EINVAL,
		  "record type bad, member u8: a uint8_t has no sub-records, but names a type of them" },
		{ { AERIE_MEMBER_RULE(9, AERIE_T_U64, "r9", "", "x", NULL, NULL, NULL) }, 1, -EINVAL,
		  "record type bad, member r9: rule 9 is unknown to this host" },
		{ { AERIE_MEMBER_RULE(AERIE_MEMBER_COUNT, AERIE_T_U64, "count", "", "x", "nobody", NULL, NULL) }, 1, -EINVAL,
		  "record type bad, member count: it refers to member nobody, which the type does not have" },
		{ { AERIE_MEMBER_RULE(AERIE_MEMBER_COUNT, AERIE_T_U64, "count", "", "x", NULL, NULL, NULL) }, 1, -EINVAL,
		  "record type bad, member count: its rule 1 needs the name of another member" },
		{ { AERIE_MEMBER_RULE(AERIE_MEMBER_COUNT, AERIE_T_U64, "count", "", "x", "s", NULL, NULL), STR("s") }, 2, -EINVAL,
		  "record type bad, member count: its rule 1 cannot refer to member s" },
		{ { AERIE_MEMBER_RULE(AERIE_MEMBER_KEY_MAC, AERIE_T_STR, "mac", "", "x", "k", NULL, NULL),
		    AERIE_MEMBER(AERIE_T_KEY, 0, 0, "k", "", "x", 0, NULL) }, 2, -EINVAL,
		  "record type bad, member mac: its rule 5 does not go with type string" },
		{ { AERIE_MEMBER_RULE(AERIE_MEMBER_FIRST_OF, AERIE_T_STR, "first", "", "x", "first", NULL, NULL), STR("s") }, 2,
		  -EINVAL, "record type bad, member first: its rule 2 cannot refer to member first" },
		{ { AERIE_MEMBER_RULE(AERIE_MEMBER_SHARED, AERIE_T_RRD, "sh", "", "x", NULL, NULL, NULL) }, 1, -EINVAL,
		  "record type bad, member sh: its rule 3 does not go with type map[field, x]" },
	};
	aerie_slot slot = 1234;
	struct aerie_member two[2] = { AERIE_MEMBER(AERIE_T_U8, 0, 0, "ok", "", "x", 0, &slot), STR("s p") };
	uint32_t types = registry_n_types(core->registry);
	aerie_record_id id = 5;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		cr_assert_eq(F->define_record(h, "bad", 0, rows[i].members, rows[i].n, &id), rows[i].err, "row %zu", i);
		cr_assert_str_eq(testcore_fail_text(core), rows[i].text);
	}
	cr_assert_eq(F->define_record(h, "bad", 77, mixed, 1, &id), -EINVAL);
	cr_assert_str_eq(testcore_fail_text(core), "record type bad: its base, type 77, is not defined");
	cr_assert_eq(F->define_record(h, "b/d", 0, mixed, 1, &id), -EINVAL);
	cr_assert_eq(F->define_record(h, NULL, 0, mixed, 1, &id), -EINVAL);
	cr_assert_str_eq(testcore_fail_text(core), "a record type has no name");
	cr_assert_eq(F->define_record(h, "bad", 0, two, 2, &id), -EINVAL);
	cr_assert_eq(slot, 1234, "slots are untouched on failure");
	cr_assert_eq(id, 5);
	cr_assert_eq(registry_n_types(core->registry), types);
}

/* n members of one type, with names of their own. */
static int define_many(const char *name, aerie_record_id base, uint32_t type, uint32_t flags, uint32_t n, aerie_record_id *ret)
{
	struct aerie_member *m = calloc(n, sizeof *m);
	char (*names)[32] = calloc(n, sizeof *names);
	uint32_t i;
	int err;

	for (i = 0; i < n; i++) {
		const struct aerie_member row = AERIE_MEMBER(type, 0, flags, names[i], "", "x", 0, NULL);

		snprintf(names[i], sizeof names[i], "%s.%u", name, i);
		m[i] = row;
	}
	err = F->define_record(h, name, base, m, n, ret);
	free(names);
	free(m);
	return err;
}

Test(registry, limits_of_record_types_are_told)
{
	aerie_record_id id = 0, base = 0;

	cr_assert_eq(define_many("many", 0, AERIE_T_U8, 0, MEMBERS_MAX, &id), 0);
	cr_assert_eq(define_many("over", 0, AERIE_T_U8, 0, MEMBERS_MAX + 1, &id), -ENOSPC);
	cr_assert_str_eq(testcore_fail_text(core), "record type over: 4097 members, the limit is 4096");
	cr_assert_eq(define_many("wide", 0, AERIE_T_U64, 0, MEMBERS_MAX, &id), 0, "32 KiB");
	cr_assert_eq(define_many("full", 0, AERIE_T_U8, AERIE_FIELD_DYNAMIC, PRESENCE_MAX, &base), 0);
	cr_assert_eq(define_many("fuller", 0, AERIE_T_U8, AERIE_FIELD_DYNAMIC, PRESENCE_MAX + 1, &id), -ENOSPC);
	cr_assert_str_eq(testcore_fail_text(core), "record type fuller: 256 numbers are AERIE_FIELD_DYNAMIC, a record has room "
						   "for 255; move some into a sub-record");
	cr_assert_eq(define_many("fullest", base, AERIE_T_U8, AERIE_FIELD_DYNAMIC, 1, &id), -ENOSPC);
	cr_assert(strstr(testcore_fail_text(core), "its base full has room for 255"));
}

Test(registry, a_large_base_has_room_for_eight_dynamic_numbers_on_top)
{
	aerie_record_id id = 0, base = 0;

	cr_assert_eq(define_many("big", 0, AERIE_T_U64, 0, 8, &base), 0);
	cr_assert_eq(define_many("top", base, AERIE_T_U16, AERIE_FIELD_DYNAMIC, 8, &id), 0);
}

Test(registry, records_nest_no_deeper_than_the_limit)
{
	aerie_record_id id = 0;
	char name[16], sub[16];
	uint32_t i;

	cr_assert_eq(define_many("leaf", 0, AERIE_T_U8, 0, 1, &id), 0);
	for (i = 2; i <= RECORD_DEPTH_MAX + 1; i++) {
		const struct aerie_member m = AERIE_MEMBER(AERIE_T_RECORD, 0, 0, sub, "", "x", id, NULL);

		snprintf(name, sizeof name, "nest%u", i);
		snprintf(sub, sizeof sub, "nest%u.sub", i);
		cr_assert_eq(F->define_record(h, name, 0, &m, 1, &id), i <= RECORD_DEPTH_MAX ? 0 : -ENOSPC, "%u", i);
	}
	cr_assert_str_eq(testcore_fail_text(core), "record type nest33: its sub-records are nested 33 deep, the limit is 32");
}

/* ---- Texts that modules hold ---- */

Test(registry, interned_text_is_released_with_its_module)
{
	struct module *m = module_new(core, "org.example.words");
	const struct aerie_str *a = F->intern(&m->host, "alpha", 5), *b = F->intern(&m->host, "beta", 4);

	cr_assert_eq(F->intern(&m->host, "alpha", 5), a);
	cr_assert_eq(m->n_strs, 3);
	F->release(&m->host, b);
	cr_assert_eq(m->n_strs, 2);
	F->release(h, a);
	cr_assert_eq(m->n_strs, 2, "what another module holds is left alone");
	F->release(&m->host, NULL);
	module_free(m); /* teardown checks that no text is left */
}
