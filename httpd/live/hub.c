/* SPDX-License-Identifier: MIT */
/* Events from whoever publishes them to the module's thread. A publisher may be the pipeline, with a device locked: it looks at one
 * counter when nobody wants its topic, and otherwise puts a small struct into a list. When the list is full it only counts. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "live.h"

struct hub {
	struct live *l;
	atomic_uint wanted[LIVE_WANTED]; /* by the hash of the topic */
	atomic_uint wanted_all;
	atomic_uint recordings; /* that are not freed yet */

	pthread_mutex_t lock; /* guards the rest; whoever has it takes no other */
	pthread_cond_t something;
	bool woken, ending;
	struct event *first, **last;
	uint32_t n;
	struct loss losses[LIVE_LOSSES_MAX + 1];
	uint32_t n_losses;
};

/* FNV-1a. */
static uint32_t group_of(const char *topic)
{
	uint32_t h = 2166136261u;

	for (; *topic; topic++)
		h = (h ^ (uint8_t)*topic) * 16777619u;
	return (h ^ h >> 16) % LIVE_WANTED;
}

void hub_want(struct hub *hub, const char *topic, bool want)
{
	atomic_uint *n = strcmp(topic, "*") ? &hub->wanted[group_of(topic)] : &hub->wanted_all;

	if (want)
		(void)atomic_fetch_add(n, 1);
	else
		(void)atomic_fetch_sub(n, 1);
}

bool hub_wanted(const struct hub *hub, const char *topic)
{
	return atomic_load_explicit(&hub->wanted_all, memory_order_relaxed) ||
	       atomic_load_explicit(&hub->wanted[group_of(topic)], memory_order_relaxed);
}

/* ---- events ---- */

static struct event *event_new(struct hub *hub, enum event_kind kind, const char *topic, const char *text)
{
	size_t n_topic = strlen(topic) + 1, n_text = text ? strlen(text) + 1 : 0;
	struct event *e = malloc(sizeof *e + n_topic + n_text);

	if (!e)
		return NULL;
	*e = (struct event){ .hub = hub, .kind = kind };
	atomic_init(&e->refs, 1);
	memcpy(e->topic, topic, n_topic);
	if (text)
		e->text = memcpy(e->topic + n_topic, text, n_text);
	return e;
}

struct event *event_ref(struct event *e)
{
	(void)atomic_fetch_add(&e->refs, 1);
	return e;
}

void event_unref(struct event *e)
{
	if (!e || atomic_fetch_sub(&e->refs, 1) != 1)
		return;
	if (e->recording) {
		e->hub->l->select->recording_free(e->recording);
		(void)atomic_fetch_sub(&e->hub->recordings, 1);
	}
	free(e);
}

/* ---- putting in ---- */

/* Under the lock. */
static void lose(struct hub *hub, const char *topic)
{
	uint32_t i;

	for (i = 0; i < hub->n_losses && strcmp(hub->losses[i].topic, topic); i++)
		;
	if (i == hub->n_losses && i < LIVE_LOSSES_MAX) {
		(void)strcpy(hub->losses[i].topic, topic);
		hub->losses[i].n = 0;
		hub->n_losses++;
	} else if (i == LIVE_LOSSES_MAX &&
	           hub->n_losses == LIVE_LOSSES_MAX) { /* too many topics: the last row is for all of them */
		hub->losses[i].topic[0] = '\0';
		hub->losses[i].n = 0;
		hub->n_losses++;
	} else if (i > LIVE_LOSSES_MAX) {
		i = LIVE_LOSSES_MAX;
	}
	hub->losses[i].n++;
}

static void put(struct hub *hub, struct event *e, const char *topic)
{
	(void)pthread_mutex_lock(&hub->lock);
	if (e && hub->n < LIVE_INBOX_MAX) {
		*hub->last = e;
		hub->last = &e->next;
		hub->n++;
		e = NULL;
	} else {
		lose(hub, topic);
	}
	if (!hub->woken)
		(void)pthread_cond_signal(&hub->something);
	hub->woken = true;
	(void)pthread_mutex_unlock(&hub->lock);
	event_unref(e);
}

void hub_publish(struct hub *hub, enum event_kind kind, const char *topic, uint64_t key, uint64_t time_us)
{
	struct event *e = event_new(hub, kind, topic, NULL);

	if (e) {
		e->key = key;
		e->time_us = time_us;
	}
	put(hub, e, topic);
}

/* Writes the record of an event down, while it is locked. NULL: it cannot be. */
static struct aerie_recording *record(struct hub *hub, const struct aerie_rec *rec)
{
	struct live *l = hub->l;
	struct aerie_recording *r = NULL;

	if (atomic_fetch_add(&hub->recordings, 1) < LIVE_RECORDINGS_MAX)
		r = l->select->recording_new(l->h, LIVE_RECORDING_OCTETS);
	if (r && l->fields->visit(l->h, rec, l->select->recording_visitor, r) < 0) {
		l->select->recording_free(r);
		r = NULL;
	}
	if (!r)
		(void)atomic_fetch_sub(&hub->recordings, 1);
	return r;
}

static enum event_kind kind_of(const struct aerie_event *e)
{
	if (e->rec)
		return EVENT_RECORDED;
	if (e->key == AERIE_KEY_NONE)
		return EVENT_BARE;
	return strcmp(e->topic, "NEW_PHY") ? EVENT_DEVICE : EVENT_PHY;
}

/* [any] Often with the record's lock held. */
static void on_event(void *user, const struct aerie_event *e)
{
	struct hub *hub = user;
	struct event *copy;

	if (!hub_wanted(hub, e->topic) || strlen(e->topic) > ASK_NAME_MAX)
		return;
	copy = event_new(hub, kind_of(e), e->topic, NULL);
	if (copy && e->rec) {
		copy->recording = record(hub, e->rec);
		if (!copy->recording) {
			event_unref(copy);
			copy = NULL;
		}
	}
	if (copy) {
		copy->key = e->key;
		copy->time_us = e->time_us;
	}
	put(hub, copy, e->topic);
}

static void on_message(void *user, const struct aerie_message *m)
{
	struct hub *hub = user;
	struct event *e;

	if (!hub_wanted(hub, "MESSAGE"))
		return;
	e = event_new(hub, EVENT_MESSAGE, "MESSAGE", m->text);
	if (e) {
		e->level = m->level;
		e->time_us = m->time_s * 1000000u;
	}
	put(hub, e, "MESSAGE");
}

/* ---- taking out ---- */

bool hub_take(struct hub *hub, uint64_t until_us, struct intake *ret_intake)
{
	const struct timespec t = { .tv_sec = (time_t)(until_us / 1000000u),
		                    .tv_nsec = (long)(until_us % 1000000u) * 1000 };
	bool on;

	(void)pthread_mutex_lock(&hub->lock);
	while (!hub->woken && !hub->ending && pthread_cond_timedwait(&hub->something, &hub->lock, &t) != ETIMEDOUT)
		;
	hub->woken = false;
	ret_intake->first = hub->first;
	ret_intake->n_losses = hub->n_losses;
	memcpy(ret_intake->losses, hub->losses, hub->n_losses * sizeof hub->losses[0]);
	hub->first = NULL;
	hub->last = &hub->first;
	hub->n = hub->n_losses = 0;
	on = !hub->ending;
	(void)pthread_mutex_unlock(&hub->lock);
	return on;
}

void hub_wake(struct hub *hub)
{
	(void)pthread_mutex_lock(&hub->lock);
	hub->woken = true;
	(void)pthread_cond_signal(&hub->something);
	(void)pthread_mutex_unlock(&hub->lock);
}

void hub_stop(struct hub *hub)
{
	(void)pthread_mutex_lock(&hub->lock);
	hub->ending = true;
	(void)pthread_cond_signal(&hub->something);
	(void)pthread_mutex_unlock(&hub->lock);
}

/* ---- life ---- */

int hub_new(struct live *l)
{
	struct hub *hub = calloc(1, sizeof *hub);
	pthread_condattr_t attr;
	int err;

	if (!hub)
		return l->h->fail(l->h, -ENOMEM, "out of memory");
	hub->l = l;
	hub->last = &hub->first;
	(void)pthread_mutex_init(&hub->lock, NULL);
	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&hub->something, &attr);
	(void)pthread_condattr_destroy(&attr);
	l->hub = hub;
	err = l->bus->subscribe(l->h, "*", on_event, hub, NULL);
	return err ? err : l->bus->subscribe_messages(l->h, on_message, hub, NULL);
}

void hub_free(struct hub *hub)
{
	struct event *e;

	if (!hub)
		return;
	while ((e = hub->first)) {
		hub->first = e->next;
		event_unref(e);
	}
	(void)pthread_cond_destroy(&hub->something);
	(void)pthread_mutex_destroy(&hub->lock);
	free(hub);
}
