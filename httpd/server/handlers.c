/* SPDX-License-Identifier: MIT */
/* See handlers.h. */
#include <errno.h>
#include <microhttpd.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "handlers.h"

struct handlers {
	const char *name;
	int nice;

	pthread_mutex_t lock; /* guards the rest */
	pthread_cond_t changed;
	struct job *head, **tail;
	bool ending;

	uint32_t n_threads; /* the main thread's own */
	pthread_t thread[];
};

/* On Linux a thread has a priority of its own. */
static void be_nice(int nice)
{
	id_t self = (id_t)syscall(SYS_gettid);

	if (nice)
		(void)setpriority(PRIO_PROCESS, self, getpriority(PRIO_PROCESS, self) + nice);
}

static void *run(void *arg)
{
	struct handlers *p = arg;
	struct job *j;
	bool cancelled;

	(void)prctl(PR_SET_NAME, p->name);
	be_nice(p->nice);
	(void)pthread_mutex_lock(&p->lock);
	for (;;) {
		j = p->head;
		if (!j && p->ending)
			break;
		if (!j) {
			(void)pthread_cond_wait(&p->changed, &p->lock);
			continue;
		}
		p->head = j->next;
		if (!p->head)
			p->tail = &p->head;
		cancelled = p->ending;
		(void)pthread_mutex_unlock(&p->lock);
		j->run(j, cancelled);
		(void)pthread_mutex_lock(&p->lock);
	}
	(void)pthread_mutex_unlock(&p->lock);
	return NULL;
}

bool handlers_submit(struct handlers *p, struct job *j, struct MHD_Connection *c)
{
	bool taken;

	(void)pthread_mutex_lock(&p->lock);
	taken = !p->ending;
	if (taken) {
		if (c)
			MHD_suspend_connection(c);
		j->next = NULL;
		*p->tail = j;
		p->tail = &j->next;
		(void)pthread_cond_signal(&p->changed);
	}
	(void)pthread_mutex_unlock(&p->lock);
	return taken;
}

int handlers_new(uint32_t n_threads, const char *name, int nice, struct handlers **ret_handlers)
{
	struct handlers *p = calloc(1, sizeof *p + n_threads * sizeof p->thread[0]);
	sigset_t all, before;
	int err = 0;

	if (!p)
		return -ENOMEM;
	(void)pthread_mutex_init(&p->lock, NULL);
	(void)pthread_cond_init(&p->changed, NULL);
	p->tail = &p->head;
	p->name = name;
	p->nice = nice;
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
