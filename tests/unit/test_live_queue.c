/* SPDX-License-Identifier: MIT */
/* The queue of a client: what a full one drops, and that every number is either there or in a gap; and what monitors remember. */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "../../httpd/live/queue.h"
#include "../../httpd/live/seen.h"

static struct event *event(uint64_t n)
{
	return (struct event *)(uintptr_t)(n * 16);
}

static unsigned dropped_events;

static void push(struct queue *q, uint64_t n)
{
	struct entry e = { event(n), (struct spec *)(uintptr_t)8, { n, n, NULL } }, dropped[2];
	int i;

	queue_push(q, &e, dropped);
	for (i = 0; i < 2; i++)
		dropped_events += dropped[i].event != NULL;
}

static void push_gap(struct queue *q, uint64_t first, uint64_t last, const char *reason)
{
	struct gap g = { first, last, reason };
	struct entry dropped[2];
	int i;

	queue_push_gap(q, &g, dropped);
	for (i = 0; i < 2; i++)
		dropped_events += dropped[i].event != NULL;
}

/* Pops everything: numbers go up without a break; returns the last. */
static uint64_t drain(struct queue *q, uint64_t at, unsigned *ret_events)
{
	struct entry e;

	*ret_events = 0;
	while (queue_pop(q, &e)) {
		cr_assert_eq(e.at.first, at + 1, "%lu after %lu", (unsigned long)e.at.first, (unsigned long)at);
		cr_assert_geq(e.at.last, e.at.first);
		if (e.event) {
			cr_assert_eq(e.event, event(e.at.first));
			cr_assert_eq(e.at.first, e.at.last);
			++*ret_events;
		} else {
			cr_assert_not_null(e.at.reason);
		}
		at = e.at.last;
	}
	return at;
}

Test(live_queue, what_fits_comes_out_in_order)
{
	struct queue q;
	unsigned n;
	uint64_t i;

	cr_assert_eq(queue_init(&q, 1000), 0);
	for (i = 1; i <= 1000; i++)
		push(&q, i);
	cr_assert_eq(drain(&q, 0, &n), 1000);
	cr_assert_eq(n, 1000);
	cr_assert_eq(dropped_events, 0);
	queue_free(&q);
}

Test(live_queue, a_full_one_drops_the_oldest_and_keeps_their_numbers)
{
	struct queue q;
	struct entry e;
	unsigned n;
	uint64_t i;

	cr_assert_eq(queue_init(&q, 16), 0);
	for (i = 1; i <= 100; i++)
		push(&q, i);
	cr_assert(queue_pop(&q, &e));
	cr_assert_null(e.event);
	cr_assert_eq(e.at.first, 1);
	cr_assert_eq(e.at.last, 85, "15 events and the gap: 86 to 100 are the newest");
	cr_assert_str_eq(e.at.reason, "the client was too slow");
	cr_assert_eq(drain(&q, 85, &n), 100);
	cr_assert_eq(n, 15);
	cr_assert_eq(dropped_events, 85, "each is handed back to be released");
	queue_free(&q);
}

Test(live_queue, gaps_lie_where_the_events_were)
{
	struct queue q;
	struct entry e;
	unsigned n;
	uint64_t i;

	cr_assert_eq(queue_init(&q, 64), 0);
	push(&q, 1);
	push_gap(&q, 2, 5, "one");
	push_gap(&q, 6, 9, "two");
	push(&q, 10);
	cr_assert_eq(q.n, 3, "two gaps in a row are one");
	cr_assert(queue_pop(&q, &e) && e.event == event(1));
	cr_assert(queue_pop(&q, &e) && !e.event);
	cr_assert_eq(e.at.first, 2);
	cr_assert_eq(e.at.last, 9);
	cr_assert_str_eq(e.at.reason, "two");
	cr_assert_eq(drain(&q, 9, &n), 10);

	push_gap(&q, 11, 20, "one");
	for (i = 21; i <= 200; i++) {
		push(&q, i);
		if (i % 7 == 0) {
			push_gap(&q, i + 1, i + 3, "one");
			i += 3;
		}
	}
	cr_assert_geq(drain(&q, 10, &n), 200);
	cr_assert_leq(n, 64);
	queue_free(&q);
}

Test(live_queue, chance_never_makes_a_hole)
{
	struct queue q;
	struct entry e;
	uint64_t next = 1, at = 0, n;
	unsigned seed = 1, i;

	cr_assert_eq(queue_init(&q, 20), 0);
	for (i = 0; i < 100000; i++) {
		seed = seed * 1103515245u + 12345u;
		switch (seed >> 16 & 7) {
		case 0:
			n = 1 + (seed >> 20 & 15);
			push_gap(&q, next, next + n - 1, "one");
			next += n;
			break;
		case 1:
		case 2:
		case 3:
			if (queue_pop(&q, &e)) {
				cr_assert_eq(e.at.first, at + 1);
				at = e.at.last;
			}
			break;
		default:
			push(&q, next);
			next++;
		}
		cr_assert_leq(q.n, 20);
	}
	cr_assert_eq(drain(&q, at, &i), next - 1);
	queue_free(&q);
}

Test(live_seen, the_state_of_a_device_is_remembered)
{
	struct seen s = { 0 };
	uint64_t i;

	cr_assert(!seen_has(&s, 1, 1));
	for (i = 1; i <= 5000; i++)
		seen_put(&s, i << 20, (uint32_t)i);
	for (i = 1; i <= 5000; i++) {
		cr_assert(seen_has(&s, i << 20, (uint32_t)i));
		cr_assert(!seen_has(&s, i << 20, (uint32_t)i + 1));
		cr_assert(!seen_has(&s, (i << 20) + 1, (uint32_t)i));
	}
	seen_put(&s, 7 << 20, 99);
	cr_assert(seen_has(&s, 7 << 20, 99));
	cr_assert(!seen_has(&s, 7 << 20, 7));
	cr_assert_eq(s.n, 5000);
	seen_free(&s);
	cr_assert(!seen_has(&s, 1 << 20, 1));
}

Test(live_seen, there_is_a_limit)
{
	struct seen s = { 0 };
	uint64_t i;

	for (i = 1; i <= 4 * SEEN_MAX; i++)
		seen_put(&s, i, 1);
	cr_assert_eq(s.n, SEEN_MAX);
	cr_assert_leq(s.room, 2 * SEEN_MAX);
	cr_assert(seen_has(&s, SEEN_MAX, 1));
	cr_assert(!seen_has(&s, SEEN_MAX + 1, 1), "forgotten, at worst sent twice");
	seen_free(&s);
}
