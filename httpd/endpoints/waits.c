/* SPDX-License-Identifier: MIT */
/* One lock and one condition for all: there are few. Whoever comes last, the thread that waits or the end of the
 * operation, frees. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "waits.h"

struct waits {
	const struct aerie_select *select;
	pthread_mutex_t lock; /* guards what follows, and done and gone of each */
	pthread_cond_t changed;
	struct wait *first;
	unsigned waiting;
	int ending;
};

struct waits *waits_new(const struct aerie_select *select)
{
	struct waits *all = calloc(1, sizeof *all);
	pthread_condattr_t attr;

	if (!all)
		return NULL;
	all->select = select;
	(void)pthread_mutex_init(&all->lock, NULL);
	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&all->changed, &attr);
	(void)pthread_condattr_destroy(&attr);
	return all;
}

void waits_end(struct waits *all)
{
	(void)pthread_mutex_lock(&all->lock);
	all->ending = 1;
	(void)pthread_cond_broadcast(&all->changed);
	(void)pthread_mutex_unlock(&all->lock);
}

static void free_wait(struct wait *w)
{
	w->all->select->recording_free(w->list);
	free(w);
}

void waits_free(struct waits *all)
{
	struct wait *w;

	if (!all)
		return;
	while ((w = all->first)) {
		all->first = w->next;
		free_wait(w);
	}
	(void)pthread_cond_destroy(&all->changed);
	(void)pthread_mutex_destroy(&all->lock);
	free(all);
}

int wait_begin(struct waits *all, struct wait **ret)
{
	struct wait *w = calloc(1, sizeof *w);
	int err = w ? 0 : -ENOMEM;

	(void)pthread_mutex_lock(&all->lock);
	if (all->ending)
		err = -ESHUTDOWN;
	else if (all->waiting >= WAITS_MAX)
		err = -EAGAIN;
	if (!err) {
		w->all = all;
		w->next = all->first;
		all->first = w;
		all->waiting++;
	}
	(void)pthread_mutex_unlock(&all->lock);
	if (err)
		free(w);
	else
		*ret = w;
	return err;
}

int wait_for_end(struct wait *w)
{
	struct waits *all = w->all;
	struct timespec until;
	int err = 0, done;

	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += WAIT_LIMIT_S;
	(void)pthread_mutex_lock(&all->lock);
	while (!w->done && !all->ending && err != ETIMEDOUT)
		err = pthread_cond_timedwait(&all->changed, &all->lock, &until);
	done = w->done;
	err = done ? 0 : all->ending ? -ESHUTDOWN : -ETIMEDOUT;
	(void)pthread_mutex_unlock(&all->lock);
	return err;
}

/* Under the lock. */
static void remove_wait(struct wait *w)
{
	struct wait **at = &w->all->first;

	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
	free_wait(w);
}

void wait_end(struct wait *w, int started)
{
	struct waits *all = w->all;

	(void)pthread_mutex_lock(&all->lock);
	all->waiting--;
	w->gone = 1;
	if (!started || w->done)
		remove_wait(w);
	(void)pthread_mutex_unlock(&all->lock);
}

void wait_done(void *user, int err, const char *text, const struct aerie_uuid *uuid)
{
	struct wait *w = user;
	struct waits *all = w->all;

	(void)pthread_mutex_lock(&all->lock);
	w->done = 1;
	w->err = err;
	(void)snprintf(w->text, sizeof w->text, "%s", text ? text : "");
	w->has_uuid = uuid != NULL;
	if (uuid)
		w->uuid = *uuid;
	if (w->gone)
		remove_wait(w);
	(void)pthread_cond_broadcast(&all->changed);
	(void)pthread_mutex_unlock(&all->lock);
}
