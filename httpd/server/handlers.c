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
#include <time.h>
#include <unistd.h>

#include "handlers.h"

#define GIVE_WAY_NS 1000000000u /* at most, for one job */
#define HOLD_NS 10000000u       /* after so long, see whether there is still somebody to give way to */
#define LANES 64u

/* The jobs of one kind of a client, or of a few: those that have the same remainder. */
struct lane {
	struct job *head, **tail;
	uint64_t used_ns; /* of the threads' time; see handlers.now_ns */
};

struct handlers {
	const char *name;
	int nice;
	bool (*busy)(void *user);
	void *user;

	pthread_mutex_t lock; /* guards the rest */
	pthread_cond_t changed;
	struct lane lane[2 * LANES]; /* LANES with short jobs, and as many with long ones */
	uint32_t n_long;             /* long ones that run */
	uint64_t now_ns; /* what the lane of the last job had used: who comes anew begins there, and has saved nothing up */
	uint64_t next_ns; /* CLOCK_MONOTONIC: no job begins before; 0: at once */
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

static uint64_t now_ns(clockid_t clock)
{
	struct timespec t;

	(void)clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Under the lock: whether it is too early for a job. Waits a little, then. */
static bool hold(struct handlers *p)
{
	uint64_t now = p->next_ns ? now_ns(CLOCK_MONOTONIC) : 0, until = now + HOLD_NS;
	struct timespec t;

	if (p->next_ns <= now || !p->busy(p->user)) {
		p->next_ns = 0;
		return false;
	}
	until = p->next_ns < until ? p->next_ns : until;
	t = (struct timespec){ (time_t)(until / 1000000000u), (long)(until % 1000000000u) };
	(void)pthread_cond_timedwait(&p->changed, &p->lock, &t);
	return true;
}

static bool is_long(const struct handlers *p, const struct lane *l)
{
	return l >= p->lane + LANES;
}

/* Under the lock: the lane that has jobs and used least; NULL: none that may run now. */
static struct lane *next_lane(struct handlers *p)
{
	bool may_be_long = p->n_long == 0 || p->n_long + 1 < p->n_threads;
	struct lane *l, *end = p->lane + (may_be_long ? 2 * LANES : LANES), *found = NULL;

	for (l = p->lane; l < end; l++)
		if (l->head && (!found || l->used_ns < found->used_ns))
			found = l;
	return found;
}

/* Under the lock: waits for a job, and for the time to begin it. NULL: there will be none. */
static struct job *next_job(struct handlers *p, struct lane **ret_lane)
{
	struct lane *l;
	struct job *j;

	while (!p->ending) {
		if (!next_lane(p))
			(void)pthread_cond_wait(&p->changed, &p->lock);
		else if (!hold(p)) /* which may let go of the lock */
			break;
	}
	l = next_lane(p);
	if (!l)
		return NULL;
	j = l->head;
	l->head = j->next;
	if (!l->head)
		l->tail = &l->head;
	p->now_ns = l->used_ns;
	p->n_long += is_long(p, l);
	if (next_lane(p))
		(void)pthread_cond_signal(&p->changed); /* one that held a job may have been told of the next */
	*ret_lane = l;
	return j;
}

/* Under the lock, after a job that took so much of a core: who waits has the rest of it. */
static void give_way(struct handlers *p, uint64_t spent_ns)
{
	uint64_t now = now_ns(CLOCK_MONOTONIC);

	if (p->next_ns < now)
		p->next_ns = now;
	spent_ns *= HANDLERS_SHARE - 1;
	p->next_ns += spent_ns < GIVE_WAY_NS ? spent_ns : GIVE_WAY_NS;
}

static void *run(void *arg)
{
	struct handlers *p = arg;
	uint64_t before, spent;
	struct lane *l;
	struct job *j;
	bool cancelled;

	(void)prctl(PR_SET_NAME, p->name);
	be_nice(p->nice);
	(void)pthread_mutex_lock(&p->lock);
	while ((j = next_job(p, &l))) {
		cancelled = p->ending;
		(void)pthread_mutex_unlock(&p->lock);
		before = now_ns(CLOCK_THREAD_CPUTIME_ID);
		j->run(j, cancelled);
		spent = now_ns(CLOCK_THREAD_CPUTIME_ID) - before;
		(void)pthread_mutex_lock(&p->lock);
		p->n_long -= is_long(p, l);
		l->used_ns += spent;
		if (p->busy && p->busy(p->user))
			give_way(p, spent);
	}
	(void)pthread_mutex_unlock(&p->lock);
	return NULL;
}

bool handlers_submit(struct handlers *p, struct job *j, struct MHD_Connection *c)
{
	struct lane *l = &p->lane[j->client % LANES + (j->is_long ? LANES : 0)];
	bool taken;

	(void)pthread_mutex_lock(&p->lock);
	taken = !p->ending;
	if (taken) {
		if (c)
			MHD_suspend_connection(c);
		if (!l->head && l->used_ns < p->now_ns)
			l->used_ns = p->now_ns;
		j->next = NULL;
		*l->tail = j;
		l->tail = &j->next;
		(void)pthread_cond_signal(&p->changed);
	}
	(void)pthread_mutex_unlock(&p->lock);
	return taken;
}

int handlers_new(uint32_t n_threads, const char *name, int nice, bool (*busy)(void *user), void *user, struct handlers **ret_handlers)
{
	pthread_condattr_t monotonic;
	struct handlers *p = calloc(1, sizeof *p + n_threads * sizeof p->thread[0]);
	sigset_t all, before;
	uint32_t i;
	int err = 0;

	if (!p)
		return -ENOMEM;
	(void)pthread_mutex_init(&p->lock, NULL);
	(void)pthread_condattr_init(&monotonic);
	(void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&p->changed, &monotonic);
	(void)pthread_condattr_destroy(&monotonic);
	for (i = 0; i < 2 * LANES; i++)
		p->lane[i].tail = &p->lane[i].head;
	p->name = name;
	p->nice = nice;
	p->busy = busy;
	p->user = user;
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
