/* SPDX-License-Identifier: MIT */
/* Maps of every kind of key, and vectors. */
#include <criterion/criterion.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <core/heap.h>
#include <core/registry.h>
#include <core/strings.h>

#include "testcore.h"

#define F (&fields_service)
#define KINDS 6
#define MAX 1000

static struct core *core;
static const struct aerie_host *h;
static aerie_record_id leaf, type;
static aerie_slot s_leaf, s_map[KINDS], s_records, s_strs, s_small, s_vec, s_vec_str, s_vec_rec, s_vec_f64;

static const struct aerie_member leaf_members[] = {
	AERIE_MEMBER(AERIE_T_STR, 0, 0, "leaf.str", "", "x", 0, &s_leaf),
};

static void setup(void)
{
	struct aerie_member members[] = {
		AERIE_MEMBER(AERIE_T_MAP_INT, AERIE_T_U64, 0, "m.int", "", "x", 0, &s_map[0]),
		AERIE_MEMBER(AERIE_T_MAP_F64, AERIE_T_F64, 0, "m.f64", "", "x", 0, &s_map[1]),
		AERIE_MEMBER(AERIE_T_MAP_STR, AERIE_T_I64, 0, "m.str", "", "x", 0, &s_map[2]),
		AERIE_MEMBER(AERIE_T_MAP_MAC, AERIE_T_KEY, 0, "m.mac", "", "x", 0, &s_map[3]),
		AERIE_MEMBER(AERIE_T_MAP_UUID, AERIE_T_U64, 0, "m.uuid", "", "x", 0, &s_map[4]),
		AERIE_MEMBER(AERIE_T_MAP_KEY, AERIE_T_U64, 0, "m.key", "", "x", 0, &s_map[5]),
		AERIE_MEMBER(AERIE_T_MAP_STR, AERIE_T_RECORD, 0, "m.records", "", "x", 0, &s_records),
		AERIE_MEMBER(AERIE_T_MAP_INT, AERIE_T_STR, 0, "m.strs", "", "x", 0, &s_strs),
		AERIE_MEMBER(AERIE_T_MAP_INT, AERIE_T_STR, 0, "m.small", "", "x", 0, &s_small),
		AERIE_MEMBER(AERIE_T_VEC, AERIE_T_U64, 0, "v.u64", "", "x", 0, &s_vec),
		AERIE_MEMBER(AERIE_T_VEC, AERIE_T_STR, 0, "v.str", "", "x", 0, &s_vec_str),
		AERIE_MEMBER(AERIE_T_VEC, AERIE_T_RECORD, 0, "v.rec", "", "x", 0, &s_vec_rec),
		AERIE_MEMBER(AERIE_T_VEC, AERIE_T_F64, 0, "v.f64", "", "x", 0, &s_vec_f64),
	};
	size_t i, n = sizeof members / sizeof *members;

	core = testcore_new();
	h = testcore_host(core);
	cr_assert_eq(F->define_record(h, "leaf", 0, leaf_members, 1, &leaf), 0);
	for (i = 0; i < n; i++) {
		if (members[i].def.value == AERIE_T_RECORD)
			members[i].record = leaf;
		members[i].def.limit = members[i].ret_slot == &s_small ? 3 : MAX;
	}
	cr_assert_eq(F->define_record(h, "maps", 0, members, (uint32_t)n, &type), 0, "%s", testcore_fail_text(core));
}

static void teardown(void)
{
	testcore_free(core);
}

TestSuite(collections, .init = setup, .fini = teardown);

/* Key number i of a kind. Texts are interned, UUIDs static. */
static uint64_t make_key(unsigned kind, uint32_t i)
{
	static struct aerie_uuid uuids[MAX + 1];
	char text[16];

	switch (kind) {
	case 1:
		return aerie_f64_key(i * 0.5);
	case 2:
		return aerie_ptr_key(F->intern(h, text, (uint32_t)snprintf(text, sizeof text, "key %u", i)));
	case 4:
		memset(&uuids[i], 0x55, sizeof uuids[i]);
		memcpy(&uuids[i].b[i % 2 ? 12 : 2], &i, sizeof i);
		return aerie_ptr_key(&uuids[i]);
	case 5:
		return (uint64_t)(i + 1) << 48 | 5;
	default:
		return (uint64_t)i * 4096;
	}
}

struct walk {
	unsigned kind;
	uint32_t at, step; /* expected: values at, at + step, ... */
	uint32_t n;
};

static int check_entry(void *user, uint64_t key, uint64_t cell)
{
	struct walk *w = user;
	uint64_t want = make_key(w->kind, w->at);

	cr_assert_eq(cell, w->at + 7, "entries keep the order of insertion");
	if (w->kind == 4)
		cr_assert_arr_eq((const void *)key, (const void *)want, 16);
	else
		cr_assert_eq(key, want);
	w->at += w->step;
	w->n++;
	return 0;
}

static void fill(struct aerie_rec *r, unsigned kind, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		uint64_t *cell = F->map_cell(r, s_map[kind], make_key(kind, i));

		cr_assert_not_null(cell);
		cr_assert_eq(*cell, 0, "a new cell is 0");
		*cell = i + 7;
	}
}

static void check_map(const struct aerie_rec *r, unsigned kind, uint32_t first, uint32_t step, uint32_t n)
{
	struct walk w = { kind, first, step, 0 };
	uint32_t i;

	cr_assert_eq(F->count(r, s_map[kind]), n);
	cr_assert_eq(F->iterate(r, s_map[kind], check_entry, &w), 0);
	cr_assert_eq(w.n, n);
	for (i = 0; i < n; i++) {
		const uint64_t *cell = F->map_find(r, s_map[kind], make_key(kind, first + i * step));

		cr_assert_not_null(cell, "kind %u entry %u of %u", kind, i, n);
		cr_assert_eq(*cell, first + i * step + 7);
	}
	cr_assert_null(F->map_find(r, s_map[kind], make_key(kind, MAX)));
}

Test(collections, maps_find_what_they_hold_at_every_size)
{
	static const uint32_t counts[] = { 1, 2, 7, 8, 9, 16, 17, 1000 };
	unsigned kind, c;

	for (kind = 0; kind < KINDS; kind++)
		for (c = 0; c < sizeof counts / sizeof *counts; c++) {
			struct aerie_rec *r = F->new_record(h, type);

			cr_assert_null(F->map_find(r, s_map[kind], make_key(kind, 0)));
			fill(r, kind, counts[c]);
			check_map(r, kind, 0, 1, counts[c]);
			cr_assert_eq(*F->map_cell(r, s_map[kind], make_key(kind, 0)), 7, "found, not made again");
			cr_assert_eq(F->count(r, s_map[kind]), counts[c]);
			F->free_record(r);
		}
}

Test(collections, removal_keeps_order_and_the_rest)
{
	static const uint32_t counts[] = { 2, 8, 10, 1000 };
	unsigned kind, c;
	uint32_t i;

	for (kind = 0; kind < KINDS; kind++)
		for (c = 0; c < sizeof counts / sizeof *counts; c++) {
			struct aerie_rec *r = F->new_record(h, type);

			fill(r, kind, counts[c]);
			for (i = 0; i < counts[c]; i += 2)
				cr_assert_eq(F->map_remove(r, s_map[kind], make_key(kind, i)), 0);
			cr_assert_eq(F->map_remove(r, s_map[kind], make_key(kind, 0)), -ENOENT);
			check_map(r, kind, 1, 2, counts[c] / 2);
			for (i = 1; i < counts[c]; i += 2)
				cr_assert_eq(F->map_remove(r, s_map[kind], make_key(kind, i)), 0);
			cr_assert_eq(F->count(r, s_map[kind]), 0);
			cr_assert_not(aerie_present(r, s_map[kind]), "an empty map is an absent one");
			fill(r, kind, 3);
			check_map(r, kind, 0, 1, 3);
			F->free_record(r);
		}
}

Test(collections, random_changes_agree_with_a_model)
{
	static bool there[200];
	struct aerie_rec *r = F->new_record(h, type);
	uint32_t seed = 3, i, k, n = 0;

	for (i = 0; i < 20000; i++) {
		seed = seed * 1664525 + 1013904223;
		k = (seed >> 8) % 200;
		if (seed >> 30) {
			uint64_t *cell = F->map_cell(r, s_map[0], k);

			cr_assert_eq(*cell, there[k] ? k + 1 : 0);
			*cell = k + 1;
			n += !there[k];
			there[k] = true;
		} else {
			cr_assert_eq(F->map_remove(r, s_map[0], k), there[k] ? 0 : -ENOENT);
			n -= there[k];
			there[k] = false;
		}
		cr_assert_eq(F->count(r, s_map[0]), n);
	}
	F->free_record(r);
}

Test(collections, maps_stop_at_their_limit_and_count_it)
{
	struct aerie_rec *r = F->new_record(h, type);
	aerie_field_id id = 0;

	fill(r, 0, MAX);
	cr_assert_null(F->map_cell(r, s_map[0], 1));
	cr_assert_null(F->map_cell(r, s_map[0], 2));
	cr_assert_not_null(F->map_cell(r, s_map[0], 0), "what is there is still found");
	cr_assert_eq(F->lookup(h, "m.int", &id), 0);
	cr_assert_eq(registry_field(core->registry, id)->limit_hits, 2);
	F->free_record(r);
}

Test(collections, equal_keys_have_one_form)
{
	struct aerie_rec *r = F->new_record(h, type);

	*F->map_cell(r, s_map[1], aerie_f64_key(0.0)) = 1;
	cr_assert_eq(*F->map_cell(r, s_map[1], aerie_f64_key(-0.0)), 1);
	*F->map_cell(r, s_map[3], 0x112233445566) = 2;
	cr_assert_eq(*F->map_cell(r, s_map[3], 0xffff112233445566), 2, "an address is 48 bits");
	cr_assert_null(F->map_cell(r, s_map[2], 0), "no text is no key");
	cr_assert_null(F->map_cell(r, s_map[4], 0));
	cr_assert_eq(F->map_remove(r, s_map[2], 0), -EINVAL);
	F->free_record(r);
}

Test(collections, maps_hold_records_and_texts)
{
	const struct aerie_str *a = F->intern(h, "a", 1), *b = F->intern(h, "b", 1), *x;
	struct aerie_rec *r = F->new_record(h, type), *ra, *rb;

	ra = F->map_record(r, s_records, aerie_ptr_key(a));
	F->set_text(ra, s_leaf, "of a", 4);
	rb = F->map_record(r, s_records, aerie_ptr_key(b));
	F->set_text(rb, s_leaf, "of b", 4);
	cr_assert_eq(F->map_record(r, s_records, aerie_ptr_key(a)), ra);
	cr_assert_eq(*F->map_find(r, s_records, aerie_ptr_key(b)), aerie_ptr_key(rb));
	cr_assert_null(F->map_record(r, s_map[0], 1), "its values are numbers");
	cr_assert_null(F->map_cell(r, s_records, aerie_ptr_key(F->intern(h, "c", 1))), "its values are records");
	cr_assert_eq(F->map_remove(r, s_records, aerie_ptr_key(a)), 0);
	cr_assert_eq(F->count(r, s_records), 1);

	cr_assert_eq(F->map_set_str(r, s_strs, 5, a), 0);
	cr_assert_eq(F->map_set_str(r, s_strs, 5, a), 0);
	cr_assert_eq(F->map_set_str(r, s_strs, 5, b), 0);
	cr_assert_eq(F->map_set_str(r, s_strs, 6, b), 0);
	cr_assert_eq(F->map_set_str(r, s_strs, 6, NULL), -EINVAL);
	cr_assert_eq(F->map_set_str(r, s_map[0], 6, b), -EINVAL);
	x = (const struct aerie_str *)*F->map_find(r, s_strs, 5);
	cr_assert_eq(x, b);
	for (int i = 0; i < 3; i++)
		cr_assert_eq(F->map_set_str(r, s_small, (uint64_t)i, a), 0);
	cr_assert_eq(F->map_set_str(r, s_small, 3, a), -ENOSPC);
	F->clear(r, s_strs);
	cr_assert_eq(F->count(r, s_strs), 0);
	F->free_record(r);
}

static int sum(void *user, uint64_t key, uint64_t cell)
{
	*(uint64_t *)user += cell;
	return key ? -1 : cell == 500 ? 5 : 0;
}

Test(collections, vectors_grow_in_order_up_to_their_limit)
{
	struct aerie_rec *r = F->new_record(h, type), *e;
	const struct aerie_str *s = F->intern(h, "s", 1);
	uint64_t i, total = 0;

	for (i = 0; i < MAX; i++)
		cr_assert_eq(F->vec_push(r, s_vec, i), 0);
	cr_assert_eq(F->vec_push(r, s_vec, i), -ENOSPC);
	cr_assert_eq(F->count(r, s_vec), MAX);
	cr_assert_eq(F->iterate(r, s_vec, sum, &total), 5, "stops at what fn returns");
	cr_assert_eq(total, 500 * 501 / 2);
	for (i = 0; i < MAX; i++) {
		cr_assert_eq(F->vec_push_str(r, s_vec_str, s), 0);
		e = F->vec_push_record(r, s_vec_rec);
		cr_assert_eq(e->type, leaf);
		F->set_str(e, s_leaf, s);
	}
	cr_assert_eq(F->vec_push_str(r, s_vec_str, s), -ENOSPC);
	cr_assert_null(F->vec_push_record(r, s_vec_rec));
	cr_assert_eq(F->vec_push_str(r, s_vec, s), -EINVAL);
	cr_assert_eq(F->vec_push_str(r, s_vec_str, NULL), -EINVAL);
	cr_assert_null(F->vec_push_record(r, s_vec));
	F->clear(r, s_vec_rec);
	cr_assert_eq(F->count(r, s_vec_rec), 0);
	F->free_record(r);
}

#ifndef __SANITIZE_ADDRESS__
Test(collections, out_of_memory_leaves_collections_as_they_were)
{
	const struct aerie_str *name = F->intern(h, "name", 4);
	struct aerie_rec *r = F->new_record(h, type);
	struct rlimit none = { 0, 0 };
	uint64_t i, *cell;
	uint32_t n_map = 0, n_vec = 0, n_rec = 0;

	cr_assert_eq(setrlimit(RLIMIT_AS, &none), 0);
	for (i = 0; i < MAX; i++) {
		struct aerie_rec *e = F->vec_push_record(r, s_vec_rec);

		n_rec += e != NULL;
		cr_assert_eq(F->count(r, s_vec_rec), n_rec);
		if (e)
			F->set_str(e, s_leaf, name);
		cell = F->map_cell(r, s_map[4], make_key(4, (uint32_t)i));
		if (cell)
			*cell = ++n_map;
		cr_assert_eq(F->count(r, s_map[4]), n_map);
		n_vec += F->vec_push(r, s_vec, i) == 0;
		cr_assert_eq(F->count(r, s_vec), n_vec);
	}
	cr_assert_lt(n_map, MAX);
	cr_assert_lt(n_rec, MAX);
	cr_assert_geq(registry_refusals(core->registry), MAX - n_map, "each is counted");
	for (i = 0; i < MAX; i++) {
		const uint64_t *found = F->map_find(r, s_map[4], make_key(4, (uint32_t)i));

		cr_assert_eq(found != NULL, i < n_map);
	}
	cr_assert_eq(F->set_text(r, s_leaf, "x", 1), -EINVAL);
	F->free_record(r);
}
#endif
