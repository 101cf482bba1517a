/* SPDX-License-Identifier: MIT */
/* A copy of a record in another heap, with which the first one's heap goes away as a whole: a record with a value in every kind of
 * member shows the same afterwards, and can be changed, and no text is lost or left. */
#include <criterion/criterion.h>

#include <core/record.h>
#include <core/strings.h>

#include "selectsuite.h"

TestSuite(copy, .init = setup, .fini = teardown);

static char *shown(const struct aerie_rec *rec)
{
	struct recorder r;

	recorder_init(&r);
	cr_assert_eq(S->visit(h, NULL, rec, &recorder_visitor, &r), 0);
	return r.text;
}

/* The record moves; its memory from before is no longer there. */
static struct aerie_rec *move(struct aerie_rec *rec)
{
	struct heap *from = heap_of(rec), *to = heap_new(core);
	struct aerie_rec *copy = record_copy(to, rec);

	cr_assert_not_null(copy);
	cr_assert_eq(heap_of(copy), to);
	heap_free(from);
	return copy;
}

/* So many that the map has an index, and the list was moved some times. */
static void add_many(struct aerie_rec *rec)
{
	char name[8];
	uint32_t i;

	for (i = 0; i < 100; i++) {
		struct aerie_uuid uuid = { { 5, (uint8_t)i } };
		const struct aerie_str *text = F->intern(h, name, (uint32_t)snprintf(name, sizeof name, "t%u", i));

		world_leaf_fill(F->map_record(rec, world_slot[S_INT], 100 + i), name, (int32_t)i);
		world_leaf_fill(F->map_record(rec, world_slot[S_UUIDMAP], aerie_ptr_key(&uuid)), name, 0);
		world_leaf_fill(F->map_record(rec, world_slot[S_STR], aerie_ptr_key(text)), name, 0);
		cr_assert_eq(F->vec_push_str(rec, world_slot[S_TEXTS], text), 0);
		cr_assert_not_null(F->vec_push_record(rec, world_slot[S_VEC]));
		F->rrd_add(rec, world_slot[S_RRD], 999990 + i % 9, i);
		F->release(h, text);
	}
}

Test(copy, every_member_is_there)
{
	char *before = shown(full), *after;

	full = move(full);
	after = shown(full);
	cr_expect_str_eq(after, before);
	free(before);
	free(after);
}

Test(copy, large_collections_are_there_and_go_on)
{
	uint64_t texts = strings_count(core->strings), with_many;
	char *before, *after;

	add_many(full);
	before = shown(full); /* takes a text itself, the first time */
	with_many = strings_count(core->strings);
	cr_assert_geq(with_many, texts + 100);
	full = move(full);
	after = shown(full);
	cr_expect_str_eq(after, before);
	free(before);
	free(after);
	cr_expect_eq(strings_count(core->strings), with_many);
	cr_expect_not_null(F->map_find(full, world_slot[S_INT], 150));
	cr_expect_null(F->map_find(full, world_slot[S_INT], 200));
	world_leaf_fill(F->map_record(full, world_slot[S_INT], 200), "more", 1);
	cr_expect_eq(F->count(full, world_slot[S_INT]), 103);
	cr_expect_eq(F->map_remove(full, world_slot[S_INT], 150), 0);
	cr_expect_not_null(F->map_find(full, world_slot[S_INT], 200));
	F->clear(full, world_slot[S_TEXTS]);
	F->clear(full, world_slot[S_STR]);
	F->clear(full, world_slot[S_UUIDMAP]);
	F->clear(full, world_slot[S_INT]);
	cr_expect_leq(strings_count(core->strings), with_many - 100, "nobody holds them any more");
}

Test(copy, a_record_without_values_is_one)
{
	char *before = shown(bare), *after;

	bare = move(bare);
	after = shown(bare);
	cr_expect_str_eq(after, before);
	free(before);
	free(after);
}
