/* SPDX-License-Identifier: MIT */
/* Events that wait for one client. A full queue loses its oldest, because whoever watches wants what is, not what was; in their
 * place stays a gap with their numbers, so that a loss is told where it happened. */
#ifndef LIVE_QUEUE_H
#define LIVE_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

struct event;
struct spec;

/* Numbers of events that are missing; empty when last is less than first. */
struct gap {
	uint64_t first, last;
	const char *reason;
};

struct entry {
	struct event *event; /* NULL: a gap */
	struct spec *spec;
	struct gap at; /* of an event, first is last */
};

struct queue {
	struct entry *ring;
	uint32_t room, n, head, limit;
};

int queue_init(struct queue *q, uint32_t limit); /* -ENOMEM */
/* Takes over a reference to both. What had to go is left in ret_dropped, for the caller to release: event may be NULL. */
void queue_push(struct queue *q, const struct entry *e, struct entry ret_dropped[2]);
/* n events with these numbers are lost. */
void queue_push_gap(struct queue *q, const struct gap *g, struct entry ret_dropped[2]);
bool queue_pop(struct queue *q, struct entry *ret);
void queue_free(struct queue *q); /* it must be empty */

static inline bool gap_empty(const struct gap *g)
{
	return !g->first;
}

/* Adds what follows a gap directly. */
static inline void gap_add(struct gap *g, const struct gap *more)
{
	if (gap_empty(g))
		*g = *more;
	g->last = more->last;
	g->reason = more->reason;
}

#endif
