/* SPDX-License-Identifier: MIT */
/* The threads of the HTTP server: how clients share them, and how much of a core those take that give way to more important work. Lower
 * limits of time are exact; the upper ones are far above what a slow machine needs. */
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "httpd/server/handlers.h"

#define BURN_MS 4u

struct work {
	struct job job;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned done, wanted, given_up;
	struct handlers *handlers;
};

static atomic_bool busy;

static bool is_busy(void *user)
{
	return atomic_load(&busy);
}

static uint64_t ms(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* Takes BURN_MS of a core, and queues itself again until it is done. */
static void burn(struct job *j, bool cancelled)
{
	struct work *w = (struct work *)j;
	uint64_t until = ms(CLOCK_THREAD_CPUTIME_ID) + BURN_MS;

	while (!cancelled && ms(CLOCK_THREAD_CPUTIME_ID) < until)
		;
	pthread_mutex_lock(&w->lock);
	w->given_up += cancelled;
	w->done++;
	pthread_cond_broadcast(&w->changed);
	if (!cancelled && w->done < w->wanted)
		w->given_up += !handlers_submit(w->handlers, j, NULL);
	pthread_mutex_unlock(&w->lock);
}

static void begin(struct work *w, unsigned wanted, bool is)
{
	*w = (struct work){ .job.run = burn, .wanted = wanted };
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->changed, NULL);
	atomic_store(&busy, is);
	cr_assert_eq(handlers_new(2, "test", 0, is_busy, NULL, &w->handlers), 0);
	cr_assert(handlers_submit(w->handlers, &w->job, NULL));
}

static void wait_for(struct work *w, unsigned n)
{
	pthread_mutex_lock(&w->lock);
	while (w->done < n)
		pthread_cond_wait(&w->changed, &w->lock);
	pthread_mutex_unlock(&w->lock);
}

static void end(struct work *w)
{
	handlers_stop(w->handlers);
	handlers_free(w->handlers);
	pthread_cond_destroy(&w->changed);
	pthread_mutex_destroy(&w->lock);
}

Test(handlers, take_a_share_of_a_core_while_others_wait)
{
	const unsigned jobs = 8;
	uint64_t begun = ms(CLOCK_MONOTONIC);
	struct work w;

	begin(&w, jobs, true);
	wait_for(&w, jobs);
	/* Before each but the first all others had their turn. (Two clocks, each cut to milliseconds: one less per job.) */
	cr_assert_geq(ms(CLOCK_MONOTONIC) - begun, (uint64_t)(jobs - 1) * (BURN_MS - 1) * (HANDLERS_SHARE - 1));
	end(&w);
}

Test(handlers, run_without_a_pause_when_nobody_waits)
{
	const unsigned jobs = 100;
	uint64_t begun = ms(CLOCK_MONOTONIC);
	struct work w;

	begin(&w, jobs, false);
	wait_for(&w, jobs);
	cr_assert_lt(ms(CLOCK_MONOTONIC) - begun, (uint64_t)jobs * BURN_MS * (HANDLERS_SHARE - 1));
	end(&w);
}

Test(handlers, go_on_as_soon_as_nobody_waits)
{
	const unsigned first = 5, jobs = 200;
	struct work w;
	uint64_t since;

	begin(&w, jobs, true);
	wait_for(&w, first);
	atomic_store(&busy, false);
	since = ms(CLOCK_MONOTONIC);
	wait_for(&w, jobs);
	cr_assert_lt(ms(CLOCK_MONOTONIC) - since, (uint64_t)(jobs - first) * BURN_MS * (HANDLERS_SHARE - 1));
	end(&w);
}

Test(handlers, end_without_waiting_for_their_turn)
{
	struct work w;
	uint64_t since;

	begin(&w, 1000, true);
	wait_for(&w, 2);
	since = ms(CLOCK_MONOTONIC);
	end(&w);
	cr_assert_lt(ms(CLOCK_MONOTONIC) - since, 1000u * BURN_MS);
	cr_assert_eq(w.given_up, 1);
}

/* ---- clients ---- */

#define SEARCHES 5u
#define PIECES 8u

struct crowd {
	struct handlers *handlers;
	pthread_mutex_t gate; /* held until all jobs are queued */
	atomic_uint searches, pieces, searches_before; /* ... the list's last piece */
};

struct turn {
	struct job job; /* first */
	struct crowd *crowd;
};

static void take_cpu(unsigned wanted_ms)
{
	uint64_t until = ms(CLOCK_THREAD_CPUTIME_ID) + wanted_ms;

	while (ms(CLOCK_THREAD_CPUTIME_ID) < until)
		;
}

static void wait_at_gate(struct job *j, bool cancelled)
{
	struct crowd *c = ((struct turn *)j)->crowd;

	pthread_mutex_lock(&c->gate);
	pthread_mutex_unlock(&c->gate);
}

static void search(struct job *j, bool cancelled)
{
	struct crowd *c = ((struct turn *)j)->crowd;

	take_cpu(10 * PIECES);
	atomic_fetch_add(&c->searches, 1);
}

static void list(struct job *j, bool cancelled)
{
	struct crowd *c = ((struct turn *)j)->crowd;

	take_cpu(2);
	atomic_store(&c->searches_before, atomic_load(&c->searches));
	if (atomic_fetch_add(&c->pieces, 1) < PIECES - 1)
		cr_expect(handlers_submit(c->handlers, j, NULL));
}

Test(handlers, a_client_with_many_searches_delays_the_list_of_another_by_one)
{
	struct crowd c = { .gate = PTHREAD_MUTEX_INITIALIZER };
	struct turn gate = { { .run = wait_at_gate, .client = 3 }, &c }, one = { { .run = list, .client = 2 }, &c }, many[SEARCHES];
	const struct timespec a_while = { 0, 1000000 };
	size_t i;

	cr_assert_eq(handlers_new(1, "test", 0, NULL, NULL, &c.handlers), 0);
	pthread_mutex_lock(&c.gate);
	cr_assert(handlers_submit(c.handlers, &gate.job, NULL));
	for (i = 0; i < SEARCHES; i++) {
		many[i] = (struct turn){ { .run = search, .client = 1 }, &c };
		cr_assert(handlers_submit(c.handlers, &many[i].job, NULL));
	}
	cr_assert(handlers_submit(c.handlers, &one.job, NULL));
	pthread_mutex_unlock(&c.gate);
	while (atomic_load(&c.searches) < SEARCHES || atomic_load(&c.pieces) < PIECES)
		nanosleep(&a_while, NULL);
	cr_expect_leq(atomic_load(&c.searches_before), 1);
	handlers_stop(c.handlers);
	handlers_free(c.handlers);
}

Test(handlers, long_jobs_leave_a_thread_to_others, .timeout = 60)
{
	struct crowd c = { .gate = PTHREAD_MUTEX_INITIALIZER };
	struct turn one = { { .run = list }, &c }, many[SEARCHES];
	const struct timespec a_while = { 0, 1000000 };
	size_t i;

	cr_assert_eq(handlers_new(2, "test", 0, NULL, NULL, &c.handlers), 0);
	pthread_mutex_lock(&c.gate);
	for (i = 0; i < SEARCHES; i++) {
		many[i] = (struct turn){ { .run = wait_at_gate, .is_long = true }, &c };
		cr_assert(handlers_submit(c.handlers, &many[i].job, NULL));
	}
	cr_assert(handlers_submit(c.handlers, &one.job, NULL));
	while (atomic_load(&c.pieces) < PIECES)
		nanosleep(&a_while, NULL);
	pthread_mutex_unlock(&c.gate);
	handlers_stop(c.handlers);
	handlers_free(c.handlers);
}
