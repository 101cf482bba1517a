/* SPDX-License-Identifier: MIT */
/* See handlers.h. */
#include <errno.h>
#include <microhttpd.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>

#include "handlers.h"

struct lane_queue {
	struct job *head, **tail;
};

struct handlers {
	pthread_mutex_t lock; /* guards the rest */
	pthread_cond_t changed;
	struct lane_queue lane[LANES];
	uint32_t since_body; /* requests taken since a body was, while one waited */
	uint32_t bodies;     /* under way */
	bool ending;

	uint32_t n_threads; /* the main thread's own */
	pthread_t thread[];
};

static struct job *take_from(struct lane_queue *q)
{
	struct job *j = q->head;

	q->head = j->next;
	if (!q->head)
		q->tail = &q->head;
	return j;
}

/* The next job, or NULL. Bodies never have all threads. Under the lock. */
static struct job *take(struct handlers *p, enum lane *ret_lane)
{
	bool request = p->lane[LANE_REQUEST].head != NULL;
	bool body = p->lane[LANE_BODY].head && (p->ending || p->bodies + 1 < p->n_threads);

	if (!request && !body)
		return NULL;
	*ret_lane = !request || (body && p->since_body >= HANDLERS_TURN) ? LANE_BODY : LANE_REQUEST;
	p->since_body = *ret_lane == LANE_REQUEST && body ? p->since_body + 1 : 0;
	return take_from(&p->lane[*ret_lane]);
}

static void *run(void *arg)
{
	struct handlers *p = arg;
	struct job *j;
	enum lane lane;
	bool cancelled;

	(void)prctl(PR_SET_NAME, "http");
	(void)pthread_mutex_lock(&p->lock);
	for (;;) {
		j = take(p, &lane);
		if (!j && p->ending)
			break;
		if (!j) {
			(void)pthread_cond_wait(&p->changed, &p->lock);
			continue;
		}
		p->bodies += lane == LANE_BODY;
		cancelled = p->ending;
		(void)pthread_mutex_unlock(&p->lock);
		j->run(j, cancelled);
		(void)pthread_mutex_lock(&p->lock);
		if (lane == LANE_BODY && p->bodies-- + 1 == p->n_threads)
			(void)pthread_cond_signal(&p->changed);
	}
	(void)pthread_mutex_unlock(&p->lock);
	return NULL;
}

bool handlers_submit(struct handlers *p, struct job *j, enum lane lane, struct MHD_Connection *c)
{
	struct lane_queue *q = &p->lane[lane];
	bool taken;

	(void)pthread_mutex_lock(&p->lock);
	taken = !p->ending;
	if (taken) {
		if (c)
			MHD_suspend_connection(c);
		j->next = NULL;
		*q->tail = j;
		q->tail = &j->next;
		(void)pthread_cond_signal(&p->changed);
	}
	(void)pthread_mutex_unlock(&p->lock);
	return taken;
}

int handlers_new(uint32_t n_threads, struct handlers **ret_handlers)
{
	struct handlers *p = calloc(1, sizeof *p + n_threads * sizeof p->thread[0]);
	sigset_t all, before;
	int err = 0, lane;

	if (!p)
		return -ENOMEM;
	(void)pthread_mutex_init(&p->lock, NULL);
	(void)pthread_cond_init(&p->changed, NULL);
	for (lane = 0; lane < LANES; lane++)
		p->lane[lane].tail = &p->lane[lane].head;
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are the main thread's */
	(void)pthread_mutex_lock(&p->lock);
	while (!err && p->n_threads < n_threads) {
		err = -pthread_create(&p->thread[p->n_threads], NULL, run, p);
		p->n_threads += !err;
	}
	(void)pthread_mutex_unlock(&p->lock);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (err) {
		handlers_stop(p);
		handlers_free(p);
		return err;
	}
	*ret_handlers = p;
	return 0;
}

void handlers_stop(struct handlers *p)
{
	uint32_t i;

	if (!p || p->ending)
		return;
	(void)pthread_mutex_lock(&p->lock);
	p->ending = true;
	(void)pthread_cond_broadcast(&p->changed);
	(void)pthread_mutex_unlock(&p->lock);
	for (i = 0; i < p->n_threads; i++)
		(void)pthread_join(p->thread[i], NULL);
}

void handlers_free(struct handlers *p)
{
	if (!p)
		return;
	(void)pthread_cond_destroy(&p->changed);
	(void)pthread_mutex_destroy(&p->lock);
	free(p);
}
