/* SPDX-License-Identifier: MIT */
/* See queue.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "queue.h"

#define FIRST_ROOM 16u
#define LIMIT_MIN  4u

static const char too_slow[] = "the client was too slow";
static const char no_memory[] = "memory is out";

int queue_init(struct queue *q, uint32_t limit)
{
	memset(q, 0, sizeof *q);
	q->limit = limit < LIMIT_MIN ? LIMIT_MIN : limit;
	q->room = q->limit < FIRST_ROOM ? q->limit : FIRST_ROOM;
	q->ring = calloc(q->room, sizeof *q->ring);
	return q->ring ? 0 : -ENOMEM;
}

static struct entry *nth(const struct queue *q, uint32_t i)
{
	return &q->ring[(q->head + i) % q->room];
}

/* Doubles the ring. False: it stays as it is. */
static bool grow(struct queue *q)
{
	uint32_t room = q->room * 2, i;
	struct entry *ring;

	if (room > q->limit)
		room = q->limit;
	ring = room > q->room ? calloc(room, sizeof *ring) : NULL;
	if (!ring)
		return false;
	for (i = 0; i < q->n; i++)
		ring[i] = *nth(q, i);
	free(q->ring);
	q->ring = ring;
	q->room = room;
	q->head = 0;
	return true;
}

/* Makes one gap of the two oldest. */
static void merge_oldest(struct queue *q, struct entry ret_dropped[2])
{
	struct entry *first = nth(q, 0), *second = nth(q, 1);
	struct gap gap = first->at;

	ret_dropped[0] = *first;
	ret_dropped[1] = *second;
	gap_add(&gap, &second->at);
	if (first->event || second->event)
		gap.reason = q->room < q->limit ? no_memory : too_slow;
	*second = (struct entry){ .at = gap };
	q->head = (q->head + 1) % q->room;
	q->n--;
}

void queue_push(struct queue *q, const struct entry *e, struct entry ret_dropped[2])
{
	memset(ret_dropped, 0, 2 * sizeof *ret_dropped);
	if (q->n == q->room && !grow(q))
		merge_oldest(q, ret_dropped);
	*nth(q, q->n++) = *e;
}

void queue_push_gap(struct queue *q, const struct gap *g, struct entry ret_dropped[2])
{
	const struct entry e = { .at = *g };

	memset(ret_dropped, 0, 2 * sizeof *ret_dropped);
	if (q->n && !nth(q, q->n - 1)->event)
		gap_add(&nth(q, q->n - 1)->at, g);
	else
		queue_push(q, &e, ret_dropped);
}

bool queue_pop(struct queue *q, struct entry *ret)
{
	if (!q->n)
		return false;
	*ret = *nth(q, 0);
	q->head = (q->head + 1) % q->room;
	q->n--;
	return true;
}

void queue_free(struct queue *q)
{
	free(q->ring);
	memset(q, 0, sizeof *q);
}
