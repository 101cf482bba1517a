/* SPDX-License-Identifier: MIT */
/* The thread of the module: takes events from the hub, gives each client its turn, keeps the second's beat. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#include "live.h"

#define SECOND_US 1000000u

/* What is told once a second. */
static const struct {
	enum event_kind kind;
	bool system; /* needs somebody who tells of the host */
	const char *topic;
} beats[] = {
	{ EVENT_TIMESTAMP, false, "TIMESTAMP" },
	{ EVENT_BATTERY, true, "BATTERY" },
	{ EVENT_STATISTICS, true, "STATISTICS" },
	{ EVENT_PACKETS, true, "PACKETCHAIN_STATS" },
};

uint64_t monotonic_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * SECOND_US + (uint64_t)t.tv_nsec / 1000u;
}

/* When the wall clock's second ends. */
static uint64_t next_second_us(const struct live *l)
{
	return monotonic_us() + SECOND_US - l->loop->now_us(l->h) % SECOND_US;
}

static void beat(struct live *l)
{
	uint64_t now_us = l->loop->now_us(l->h);
	size_t i;

	for (i = 0; i < sizeof beats / sizeof beats[0]; i++)
		if ((l->system || !beats[i].system) && hub_wanted(l->hub, beats[i].topic))
			hub_publish(l->hub, beats[i].kind, beats[i].topic, AERIE_KEY_NONE, now_us);
}

/* Each client's turn; when the next is due. */
static uint64_t serve(struct live *l)
{
	uint64_t next = UINT64_MAX, at, now_us = monotonic_us();
	struct client *c;

	(void)pthread_mutex_lock(&l->lock);
	for (c = l->clients; c; c = c->next) {
		if (events_pending(c))
			events_turn(c);
		if (monitor_next_us(c) <= now_us)
			monitor_turn(c);
		at = events_pending(c) ? 0 : monitor_next_us(c);
		if (at < next)
			next = at;
	}
	(void)pthread_mutex_unlock(&l->lock);
	return next;
}

static void *run(void *arg)
{
	struct live *l = arg;
	struct intake in;
	uint64_t second_us = next_second_us(l), until_us = second_us;
	bool on = true;

	(void)prctl(PR_SET_NAME, "live");
	while (on) {
		on = hub_take(l->hub, until_us, &in);
		while (events_spread(l, &in))
			(void)serve(l); /* queues are smaller than what comes at once */
		if (monotonic_us() >= second_us) {
			beat(l);
			second_us = next_second_us(l);
		}
		until_us = serve(l);
		if (until_us > second_us)
			until_us = second_us;
	}
	return NULL;
}

int worker_start(struct live *l)
{
	sigset_t all, before;
	char text[128];
	int err;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are the main thread's */
	err = pthread_create(&l->thread, NULL, run, l);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	l->running = !err;
	if (!err)
		return 0;
	(void)snprintf(text, sizeof text, "no thread for live events: %s; raise the limit of threads", strerror(err));
	return l->h->fail(l->h, -err, text);
}

void worker_stop(struct live *l)
{
	if (!l->running)
		return;
	hub_stop(l->hub);
	(void)pthread_join(l->thread, NULL);
	l->running = false;
}
