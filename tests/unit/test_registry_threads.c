/* SPDX-License-Identifier: MIT */
/* Readers on other threads while the main thread defines: what they find is whole. Meant for TSan, too. */
#include <criterion/criterion.h>

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include <core/heap.h>
#include <core/module.h>
#include <core/registry.h>

#include "testcore.h"

#define F (&fields_service)
#define THREADS 3
#define FIELDS 600 /* more than a chunk of ids */

struct shared {
	struct core *core;
	const struct aerie_host *h;
	aerie_record_id type;
	aerie_slot text, map;
};

static int whole(void *user, const struct aerie_field_info *info)
{
	unsigned *n = user;

	if (info->id != ++*n || strlen(info->name->text) != info->name->len || !info->owner[0])
		return -1;
	return 0;
}

/* Looks names up until they appear. */
static void *read_registry(void *user)
{
	struct shared *s = user;
	aerie_field_id id;
	char name[24];
	unsigned i, n;

	for (i = 0; i < FIELDS; i++) {
		snprintf(name, sizeof name, "thread.field%u", i);
		while (F->lookup(s->h, name, &id) == -ENOENT) {
			n = 0;
			if (F->each(s->h, whole, &n) != 0)
				return user;
		}
		if (strcmp(F->name(s->h, id)->text, name) != 0)
			return user;
	}
	return NULL;
}

/* A worker with a heap of its own: records meet others' at the type, the texts and the count of limit hits. */
static void *fill_records(void *user)
{
	struct shared *s = user;
	struct heap *heap = heap_new(s->core);
	struct recorder rec;
	char text[16];
	unsigned i, k;

	for (i = 0; i < 300; i++) {
		struct aerie_rec *r = record_new(heap, registry_type(s->core->registry, s->type));

		for (k = 0; k < 6; k++)
			F->map_cell(r, s->map, k);
		F->set_text(r, s->text, text, (uint32_t)snprintf(text, sizeof text, "text %u", i % 10));
		recorder_init(&rec);
		if (F->count(r, s->map) != 4 || F->visit(s->h, r, &recorder_visitor, &rec) < 0 || rec.wrong)
			return user;
		recorder_reset(&rec);
		record_free(r);
		F->release(s->h, F->intern(s->h, text, 4));
	}
	heap_free(heap);
	return NULL;
}

Test(registry_threads, readers_see_whole_definitions_while_the_main_thread_adds)
{
	struct shared s = { 0 };
	struct aerie_member members[] = {
		AERIE_MEMBER(AERIE_T_STR, 0, 0, "thread.text", "", "x", 0, &s.text),
		AERIE_MEMBER(AERIE_T_MAP_INT, AERIE_T_U64, 0, "thread.map", "", "x", 0, &s.map),
		AERIE_MEMBER_RULE(AERIE_MEMBER_SHARED, AERIE_T_STR, "thread.shared", "", "x", NULL, NULL, NULL),
	};
	pthread_t readers[THREADS], workers[THREADS];
	aerie_record_id type = 0;
	aerie_field_id id = 0;
	char name[24];
	void *bad;
	unsigned i;

	s.core = testcore_new();
	s.h = testcore_host(s.core);
	members[1].def.limit = 4;
	cr_assert_eq(F->define_record(s.h, "threads", 0, members, 3, &s.type), 0);
	for (i = 0; i < THREADS; i++) {
		cr_assert_eq(pthread_create(&readers[i], NULL, read_registry, &s), 0);
		cr_assert_eq(pthread_create(&workers[i], NULL, fill_records, &s), 0);
	}
	for (i = 0; i < FIELDS; i++) {
		const struct aerie_member m = AERIE_MEMBER(AERIE_T_U64, 0, 0, name, "", "x", 0, NULL);

		snprintf(name, sizeof name, "thread.field%u", i);
		cr_assert_eq(F->define_record(s.h, name, s.type, &m, 1, &type), 0);
		if (i % 100 == 0)
			cr_assert_eq(F->set_shared(s.h, s.type, "thread.shared", name), 0);
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(readers[i], &bad);
		cr_assert_null(bad);
		pthread_join(workers[i], &bad);
		cr_assert_null(bad);
	}
	cr_assert_eq(F->lookup(s.h, "thread.map", &id), 0);
	cr_assert_eq(registry_field(s.core->registry, id)->limit_hits, THREADS * 300 * 2);
	testcore_free(s.core);
}
