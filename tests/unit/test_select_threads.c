/* SPDX-License-Identifier: MIT */
/* One selection, one filter and one recording, used by several threads at once, each with records of its own, while types are
 * met for the first time. Meant for TSan, too. */
#include <criterion/criterion.h>

#include <pthread.h>

#include <core/recording.h>

#include "selectworld.h"

#define THREADS 4u
#define TYPES 40u /* more than the buckets of plans */
#define ROUNDS 20u

struct shared {
	struct core *core;
	struct aerie_selection *selection;
	struct aerie_filter *filter;
	struct aerie_recording *recording;
	aerie_record_id types[TYPES];
	const char *want; /* what the selection shows of world_record() */
	pthread_barrier_t begin;
};

static bool shows(const struct shared *s, const struct aerie_rec *rec, const char *want)
{
	struct recorder r;
	bool same;

	recorder_init(&r);
	same = !S->visit(testcore_host(s->core), s->selection, rec, &recorder_visitor, &r) && !r.wrong && !strcmp(r.text, want);
	recorder_reset(&r);
	return same;
}

static bool plays(const struct shared *s)
{
	struct recorder r;
	uint64_t at = 0;
	bool same;

	recorder_init(&r);
	same = !S->recording_play(testcore_host(s->core), s->recording, &at, s->selection, &recorder_visitor, &r) &&
	       !strcmp(r.text, s->want);
	recorder_reset(&r);
	return same;
}

/* NULL when all was right. */
static void *use(void *user)
{
	struct shared *s = user;
	const struct aerie_host *h = testcore_host(s->core);
	struct aerie_rec *full = world_record(s->core), *small[TYPES];
	bool right = true;
	uint32_t i, k;

	for (i = 0; i < TYPES; i++)
		small[i] = F->new_record(h, s->types[i]);
	pthread_barrier_wait(&s->begin);
	for (k = 0; k < ROUNDS; k++) {
		for (i = 0; i < TYPES; i++) {
			right = right && shows(s, small[i], "{\"w.name\":0,\"leaf.ssid\":0,\"w.u8\":0}");
			right = right && S->filter_matches(h, s->filter, small[i]) == 0;
		}
		right = right && shows(s, full, s->want) && plays(s) && S->filter_matches(h, s->filter, full) == 1;
	}
	for (i = 0; i < TYPES; i++)
		F->free_record(small[i]);
	F->free_record(full);
	return right ? NULL : user;
}

static void make_specifications(struct shared *s)
{
	const struct aerie_host *h = testcore_host(s->core);
	const struct aerie_value *fields = value_make("[\"w.name\",\"w.list/leaf.ssid\",\"w.u8\"]");
	const struct aerie_value *regex = value_make("[[\"w.name\",\"(a+)+$\"],[\"w.list/leaf.ssid\",\"^ho\"]]");
	char why[256];

	cr_assert_eq(S->selection_new(h, fields, &s->selection, why, sizeof why), 0);
	cr_assert_eq(S->filter_new(h, regex, &s->filter, why, sizeof why), 0);
	value_drop(fields);
	value_drop(regex);
}

Test(select_threads, selections_filters_and_recordings_are_shared)
{
	struct shared s = { .core = testcore_new(), .want = "{\"w.name\":\"Kitchen AP\",\"leaf.ssid\":[\"home\",\"caf\xc3\xa9\"],\"w.u8\":200}" };
	pthread_t threads[THREADS];
	struct aerie_rec *rec;
	char name[32];
	uint32_t i;
	void *wrong;

	testcore_set_time(s.core, 1000000);
	world_define_all(s.core);
	for (i = 0; i < TYPES; i++) {
		const struct aerie_member member[] = { AERIE_MEMBER(AERIE_T_U32, 0, 0, "small.n", "", "x", 0, NULL) };

		snprintf(name, sizeof name, "small%u", i);
		s.types[i] = WORLD_DEFINE(s.core, name, member);
	}
	make_specifications(&s);
	rec = world_record(s.core);
	s.recording = S->recording_new(testcore_host(s.core), 1 << 20);
	cr_assert_eq(S->visit(testcore_host(s.core), NULL, rec, S->recording_visitor, s.recording), 0);
	F->free_record(rec);
	pthread_barrier_init(&s.begin, NULL, THREADS);
	for (i = 0; i < THREADS; i++)
		cr_assert_eq(pthread_create(&threads[i], NULL, use, &s), 0);
	for (i = 0; i < THREADS; i++) {
		cr_assert_eq(pthread_join(threads[i], &wrong), 0);
		cr_expect_null(wrong);
	}
	pthread_barrier_destroy(&s.begin);
	S->recording_free(s.recording);
	S->filter_free(s.filter);
	S->selection_free(s.selection);
	testcore_free(s.core);
}
