/* SPDX-License-Identifier: MIT */
/* The main thread's event loop: libuv, a queue of calls posted from other threads, and the modules' timers. */
#include <config.h>

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include <core/bus.h>
#include <core/loop.h>
#include <core/module.h>

#define TIMER_MAGIC 0x74696d65u

struct post {
	struct post *next;
	struct module *owner; /* NULL: the core */
	void (*fn)(void *user);
	void *user;
};

struct loop {
	struct core *core;
	uv_loop_t uv;
	uv_async_t wake;
	atomic_bool stop;
	pthread_mutex_t lock; /* guards first, last */
	struct post *first, **last;
	uint64_t (*clock)(void *user);
	void *clock_user;
};

struct aerie_timer {
	uint32_t magic;
	uv_timer_t uv;
	struct module *owner; /* NULL: stopped, being closed */
	struct aerie_timer *next, **link;
	void (*fn)(void *user);
	void *user;
};

static _Thread_local enum thread_role own_role;

void thread_role_set(enum thread_role role)
{
	own_role = role;
}

bool thread_role_is(enum thread_role role)
{
	return own_role == THREAD_OTHER || own_role == role;
}

static struct post *take_post(struct loop *l)
{
	struct post *p;

	pthread_mutex_lock(&l->lock);
	p = l->first;
	if (p) {
		l->first = p->next;
		if (!l->first)
			l->last = &l->first;
	}
	pthread_mutex_unlock(&l->lock);
	return p;
}

/* Runs what was posted before the call, no more: a call that posts itself again must not keep the loop from its other work. */
static void run_posts(struct loop *l)
{
	struct post *p;
	size_t n = 0;

	pthread_mutex_lock(&l->lock);
	for (p = l->first; p; p = p->next)
		n++;
	pthread_mutex_unlock(&l->lock);
	while (n-- && (p = take_post(l))) {
		p->fn(p->user);
		free(p);
	}
	pthread_mutex_lock(&l->lock);
	p = l->first;
	pthread_mutex_unlock(&l->lock);
	if (p)
		uv_async_send(&l->wake);
}

static void on_wake(uv_async_t *a)
{
	struct loop *l = a->data;

	run_posts(l);
	if (atomic_load(&l->stop))
		uv_stop(&l->uv);
}

static int post(struct loop *l, struct module *owner, void (*fn)(void *user), void *user)
{
	struct post *p = malloc(sizeof *p);

	if (!p)
		return -ENOMEM;
	*p = (struct post){ NULL, owner, fn, user };
	pthread_mutex_lock(&l->lock);
	*l->last = p;
	l->last = &p->next;
	pthread_mutex_unlock(&l->lock);
	uv_async_send(&l->wake);
	return 0;
}

int loop_post(struct loop *l, void (*fn)(void *user), void *user)
{
	return post(l, NULL, fn, user);
}

struct loop *loop_new(struct core *core)
{
	struct loop *l = calloc(1, sizeof *l);

	if (!l)
		return NULL;
	if (uv_loop_init(&l->uv) < 0) {
		free(l);
		return NULL;
	}
	if (uv_async_init(&l->uv, &l->wake, on_wake) < 0) {
		uv_loop_close(&l->uv);
		free(l);
		return NULL;
	}
	l->core = core;
	l->wake.data = l;
	l->last = &l->first;
	pthread_mutex_init(&l->lock, NULL);
	return l;
}

static void close_handle(uv_handle_t *h, void *user)
{
	if (!uv_is_closing(h))
		uv_close(h, NULL);
}

void loop_free(struct loop *l)
{
	struct post *p;

	if (!l)
		return;
	uv_walk(&l->uv, close_handle, NULL);
	uv_run(&l->uv, UV_RUN_DEFAULT);
	uv_loop_close(&l->uv);
	while ((p = take_post(l)))
		free(p);
	pthread_mutex_destroy(&l->lock);
	free(l);
}

uv_loop_t *loop_uv(struct loop *l)
{
	return &l->uv;
}

void loop_run(struct loop *l)
{
	while (!atomic_load(&l->stop))
		uv_run(&l->uv, UV_RUN_DEFAULT);
	atomic_store(&l->stop, false);
}

void loop_stop(struct loop *l)
{
	atomic_store(&l->stop, true);
	uv_async_send(&l->wake);
}

uint64_t loop_now_us(const struct loop *l)
{
	struct timespec ts;

	if (l->clock)
		return l->clock(l->clock_user);
	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000000u + (uint64_t)ts.tv_nsec / 1000u;
}

void loop_set_clock(struct loop *l, uint64_t (*now_us)(void *user), void *user)
{
	l->clock_user = user;
	l->clock = now_us;
}

static void timer_closed(uv_handle_t *h)
{
	free(h->data);
}

static void timer_stop(struct aerie_timer *t)
{
	THREAD_ASSERT(THREAD_MAIN);
	if (!t || t->magic != TIMER_MAGIC || !t->owner)
		return;
	*t->link = t->next;
	if (t->next)
		t->next->link = t->link;
	t->owner = NULL;
	uv_close((uv_handle_t *)&t->uv, timer_closed);
}

static void on_timer(uv_timer_t *uv)
{
	struct aerie_timer *t = uv->data;

	t->fn(t->user);
	if (!uv_timer_get_repeat(uv))
		timer_stop(t);
}

static int timer_start(const struct aerie_host *h, uint64_t delay_ms, uint64_t repeat_ms, void (*fn)(void *user), void *user,
		       struct aerie_timer **ret_timer)
{
	struct module *m = module_of(h);
	struct loop *l = m->core->loop;
	struct aerie_timer *t;

	THREAD_ASSERT(THREAD_MAIN);
	if (!fn)
		return module_fail(m, -EINVAL, "timer_start: no function given");
	t = calloc(1, sizeof *t);
	if (!t)
		return -ENOMEM;
	t->magic = TIMER_MAGIC;
	t->fn = fn;
	t->user = user;
	t->owner = m;
	t->next = m->timers;
	t->link = &m->timers;
	if (t->next)
		t->next->link = &t->next;
	m->timers = t;
	uv_timer_init(&l->uv, &t->uv);
	t->uv.data = t;
	uv_update_time(&l->uv);
	uv_timer_start(&t->uv, on_timer, delay_ms, repeat_ms);
	if (ret_timer)
		*ret_timer = t;
	return 0;
}

static int service_post(const struct aerie_host *h, void (*fn)(void *user), void *user)
{
	return post(module_of(h)->core->loop, module_of(h), fn, user);
}

static uint64_t service_now_us(const struct aerie_host *h)
{
	return loop_now_us(module_of(h)->core->loop);
}

void loop_sweep(struct loop *l, struct module *m)
{
	struct post **link, *p, *dead = NULL;
	unsigned timers = 0, posts = 0;

	for (; m->timers; timers++)
		timer_stop(m->timers);
	pthread_mutex_lock(&l->lock);
	for (link = &l->first; (p = *link);) {
		if (p->owner != m) {
			link = &p->next;
			continue;
		}
		*link = p->next;
		p->next = dead;
		dead = p;
	}
	l->last = link;
	pthread_mutex_unlock(&l->lock);
	while ((p = dead)) {
		dead = p->next;
		free(p);
		posts++;
	}
	if ((timers || posts) && m != m->core->self)
		bus_printf(m->core->bus, AERIE_LOG_DEBUG, "%s left %u timers and %u posted calls behind: removed", m->id, timers,
			   posts);
}

const struct aerie_loop loop_service = {
	.size = sizeof(struct aerie_loop),
	.timer_start = timer_start,
	.timer_stop = timer_stop,
	.post = service_post,
	.now_us = service_now_us,
};
