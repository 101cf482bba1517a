/* SPDX-License-Identifier: MIT */
/* /eventbus/events.ws: subscriptions, the queue of each client, and its turn. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "live.h"

_Static_assert(LIVE_SUBSCRIPTIONS_MAX == 64, "a sentence below says so");
static const char host_full[] = "more happened at once than the server could take in";

/* ---- subscriptions; under the lock ---- */

static struct subscription *find(const struct client *c, const char *topic)
{
	uint32_t i;

	for (i = 0; i < c->n_subs; i++)
		if (!strcmp(c->subs[i].topic, topic))
			return &c->subs[i];
	return NULL;
}

/* The subscription that an event falls under: one of its name comes before that to all. */
static const struct subscription *match(const struct client *c, const char *topic)
{
	const struct subscription *s = find(c, topic);

	return s ? s : find(c, "*");
}

static void end(struct client *c, struct subscription *s)
{
	hub_want(c->l->hub, s->topic, false);
	client_drop_spec(c, s->spec);
	*s = c->subs[--c->n_subs];
}

static const char *unsubscribe(struct client *c, const char *topic)
{
	struct subscription *s = find(c, topic);

	if (!s)
		return "`UNSUBSCRIBE`: there is no subscription to this event";
	end(c, s);
	return NULL;
}

static const char *subscribe(struct client *c, const struct ask_events *asked)
{
	struct subscription *s = find(c, asked->subscribe), *subs;

	if (s) {
		c->specs_octets -= s->spec->octets; /* it makes room for the new one */
		if (client_take_spec(c, asked->spec)) {
			c->specs_octets += s->spec->octets;
			return "`SUBSCRIBE`: the subscriptions of this connection are too long; send shorter lists of "
			       "fields";
		}
		spec_unref(s->spec);
		s->spec = spec_ref(asked->spec);
		return NULL;
	}
	if (c->n_subs == LIVE_SUBSCRIPTIONS_MAX)
		return "`SUBSCRIBE`: a connection can have 64 subscriptions; use \"*\" or another connection";
	subs = realloc(c->subs, (c->n_subs + 1) * sizeof *subs);
	if (!subs)
		return "memory is out; try again later";
	c->subs = subs;
	if (client_take_spec(c, asked->spec))
		return "`SUBSCRIBE`: the subscriptions of this connection are too long; send shorter lists of fields";
	s = &subs[c->n_subs++];
	(void)strcpy(s->topic, asked->subscribe);
	s->spec = spec_ref(asked->spec);
	hub_want(c->l->hub, s->topic, true);
	return NULL;
}

void events_free(struct client *c)
{
	struct entry e;

	while (c->n_subs)
		end(c, &c->subs[c->n_subs - 1]);
	free(c->subs);
	while (c->queue.n && queue_pop(&c->queue, &e)) {
		event_unref(e.event);
		spec_unref(e.spec);
	}
}

int events_message(void *conn, uint32_t kind, const uint8_t *data, uint64_t len)
{
	struct client *c = conn;
	struct ask_events asked;
	char why[ASK_WHY];
	const char *error = NULL;

	if (kind != AERIE_WS_TEXT)
		return client_error(c, "a message is JSON text, not binary", NULL);
	if (ask_events_read(&c->l->ask, data, len, &asked, why))
		return client_error(c, why, NULL);
	(void)pthread_mutex_lock(&c->l->lock);
	if (asked.unsubscribe[0])
		error = unsubscribe(c, asked.unsubscribe);
	if (!error && asked.subscribe[0])
		error = subscribe(c, &asked);
	(void)pthread_mutex_unlock(&c->l->lock);
	spec_unref(asked.spec);
	return error ? client_error(c, error, NULL) : 0;
}

/* ---- from the hub to the queues ---- */

static void release(struct entry e[2])
{
	int i;

	for (i = 0; i < 2; i++) {
		event_unref(e[i].event);
		spec_unref(e[i].spec);
	}
}

static void spread_event(struct live *l, struct event *event)
{
	struct entry dropped[2];
	struct client *c;

	(void)pthread_mutex_lock(&l->lock);
	for (c = l->clients; c; c = c->next) {
		const struct subscription *s = match(c, event->topic);

		if (!s || c->gone)
			continue;
		c->sequence++;
		queue_push(&c->queue,
		           &(struct entry){ event_ref(event), spec_ref(s->spec), { c->sequence, c->sequence, NULL } },
		           dropped);
		release(dropped);
	}
	(void)pthread_mutex_unlock(&l->lock);
}

static void spread_loss(struct live *l, const struct loss *loss)
{
	struct entry dropped[2];
	struct client *c;

	(void)pthread_mutex_lock(&l->lock);
	for (c = l->clients; c; c = c->next) {
		const struct gap gap = { c->sequence + 1, c->sequence + loss->n, host_full };

		if (c->gone || !(loss->topic[0] ? match(c, loss->topic) != NULL : c->n_subs != 0))
			continue;
		c->sequence += loss->n;
		queue_push_gap(&c->queue, &gap, dropped);
		release(dropped);
	}
	(void)pthread_mutex_unlock(&l->lock);
}

bool events_spread(struct live *l, struct intake *in)
{
	struct event *e;
	uint32_t i;

	for (i = 0; i < LIVE_TURN && (e = in->first); i++) {
		in->first = e->next;
		spread_event(l, e);
		event_unref(e);
	}
	if (in->first)
		return true;
	for (i = 0; i < in->n_losses; i++)
		spread_loss(l, &in->losses[i]);
	return false;
}

/* ---- from a queue to its client ---- */

struct sent {
	struct live *l;
	const struct entry *entry;
};

static int emit_event(void *user, const struct aerie_visitor *vt, void *v)
{
	const struct sent *s = user;

	return content_event(s->l, s->entry->event, s->entry->spec, s->entry->at.first, vt, v);
}

static const char *reason_of(int err)
{
	switch (err) {
	case -ENOENT:
		return "what it was about is gone, or the format";
	case -EMSGSIZE:
		return "it is longer than a message may be; ask for fewer fields";
	case -ENOMEM:
		return "memory is out";
	case -EAGAIN:
		return "the client was too slow";
	}
	return "the server could not write it";
}

static void send_entry(struct client *c, struct entry *e)
{
	struct sent s = { c->l, e };
	int err;

	if (!gap_empty(&c->gap) && client_tell_lost(c, &c->gap, NULL))
		c->gap = (struct gap){ 0 };
	err = client_send(c, e->spec, emit_event, &s);
	if (err) {
		e->at.reason = reason_of(err);
		gap_add(&c->gap, &e->at);
	}
}

/* What comes next goes out. */
static void send_next(struct client *c, struct entry *e, bool found)
{
	if (!found) {
		if (client_tell_lost(c, &c->gap, NULL))
			c->gap = (struct gap){ 0 };
	} else if (!e->event) {
		gap_add(&c->gap, &e->at);
	} else {
		send_entry(c, e);
		event_unref(e->event);
		spec_unref(e->spec);
	}
}

bool events_pending(const struct client *c)
{
	return !c->gone && !c->blocked && (c->queue.n || !gap_empty(&c->gap));
}

void events_turn(struct client *c)
{
	struct live *l = c->l;
	struct entry e;
	unsigned n;
	bool found, room;

	for (n = 0; n < LIVE_TURN && events_pending(c); n++) {
		l->busy = c;
		(void)pthread_mutex_unlock(&l->lock);
		room = client_room(c);
		(void)pthread_mutex_lock(&l->lock);
		if (!room || c->gone)
			break;
		found = queue_pop(&c->queue, &e);
		(void)pthread_mutex_unlock(&l->lock);
		send_next(c, &e, found);
		(void)pthread_mutex_lock(&l->lock);
	}
	l->busy = NULL;
	(void)pthread_cond_broadcast(&l->free);
}
