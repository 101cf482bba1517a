/* SPDX-License-Identifier: MIT */
/* Workers, and the way of batches between a source's link on the main thread and its worker. */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <core/bus.h>
#include <core/config.h>
#include <core/loop.h>
#include <core/stages.h>

#define WORKERS_MAX 256u
#define BATCHES_ENOUGH 2u /* one that the worker is at, and the next */

static void on_main(void *user);

/* ---- workers ---- */

static struct batch *worker_next(struct worker *w)
{
	struct batch *b;

	pthread_mutex_lock(&w->lock);
	while (!w->first && !w->stop)
		pthread_cond_wait(&w->wake, &w->lock);
	b = w->first;
	if (b) {
		w->first = b->next;
		if (!w->first)
			w->last = &w->first;
		__atomic_fetch_sub(&w->pipeline->waiting, 1, __ATOMIC_RELAXED);
	}
	pthread_mutex_unlock(&w->lock);
	return b;
}

/* With the source locked: the main thread has something to do for it. */
static void call_main(struct pipe_source *s)
{
	struct pipe_source_priv *v = s->priv;
	bool due = (v->wants_resume && v->free) || (v->draining && v->processed >= v->drain_at) ||
		   (v->closed && v->processed == v->submitted);

	if (!due || v->posted)
		return;
	v->posted = loop_post(s->pipeline->core->loop, on_main, s) == 0;
	if (!v->posted)
		bus_printf(s->pipeline->core->bus, AERIE_LOG_ERROR,
			   "Memory is out: source %u may pause until its next batch. Stop other programs.", s->number);
}

static void give_back(struct batch *b, bool processed)
{
	struct pipe_source *s = b->source;
	struct pipe_source_priv *v = s->priv;

	pthread_mutex_lock(&v->lock);
	b->next = v->free;
	v->free = b;
	v->processed += processed;
	call_main(s);
	pthread_mutex_unlock(&v->lock);
}

static void *worker_main(void *user)
{
	struct worker *w = user;
	struct batch *b;

	thread_role_set(THREAD_WORKER);
	while ((b = worker_next(w))) {
		stages_run(w, b);
		give_back(b, true);
	}
	return NULL;
}

static void worker_free(struct worker *w)
{
	if (!w)
		return;
	pthread_cond_destroy(&w->wake);
	pthread_mutex_destroy(&w->lock);
	free(w->arena_start);
	free(w);
}

static struct worker *worker_new(struct pipeline *p)
{
	struct worker *w = calloc(1, sizeof *w);
	unsigned i;

	if (!w)
		return NULL;
	w->pipeline = p;
	w->last = &w->first;
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->wake, NULL);
	for (i = 0; i < CHUNK_PACKETS; i++)
		w->list[i] = &w->packets[i].p;
	if (arena_init(w) < 0) {
		worker_free(w);
		return NULL;
	}
	return w;
}

/* Tests have cores without a configuration, and options without a range. */
static uint32_t option(const struct core *core, const char *key, uint32_t dflt, uint32_t least, uint32_t most)
{
	int64_t n = core->config ? config_int(core->config, key, dflt) : dflt;

	return n < least ? dflt : n > most ? most : (uint32_t)n;
}

struct pipeline *pipeline_new(struct core *core, unsigned workers)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	struct pipeline *p;

	if (!workers)
		workers = cores > 0 ? (unsigned)cores : 1;
	if (workers > WORKERS_MAX)
		workers = WORKERS_MAX;
	p = calloc(1, sizeof *p + workers * sizeof p->workers[0]);
	if (!p)
		return NULL;
	p->core = core;
	p->backlog = option(core, "packet_backlog_limit", BACKLOG_DEFAULT, 1, BACKLOG_MAX);
	p->heard = duplicates_new(option(core, "packet_dedup_size", DUPLICATES_DEFAULT, 0, DUPLICATES_MAX));
	if (!p->heard) {
		pipeline_free(p);
		return NULL;
	}
	for (; p->n_workers < workers; p->n_workers++) {
		p->workers[p->n_workers] = worker_new(p);
		if (!p->workers[p->n_workers]) {
			pipeline_free(p);
			return NULL;
		}
	}
	pipereg_set_builders(core->epochs);
	return p;
}

int pipeline_start(struct pipeline *p)
{
	unsigned i;
	int err;

	for (i = 0; i < p->n_workers; i++) {
		struct worker *w = p->workers[i];

		err = pthread_create(&w->thread, NULL, worker_main, w);
		if (err) {
			pipeline_stop(p);
			return -err;
		}
		w->started = true;
	}
	return 0;
}

void pipeline_stop(struct pipeline *p)
{
	unsigned i;

	for (i = 0; i < p->n_workers; i++) {
		struct worker *w = p->workers[i];

		pthread_mutex_lock(&w->lock);
		w->stop = true;
		pthread_cond_signal(&w->wake);
		pthread_mutex_unlock(&w->lock);
	}
	for (i = 0; i < p->n_workers; i++) {
		if (p->workers[i]->started)
			pthread_join(p->workers[i]->thread, NULL);
		p->workers[i]->started = false;
	}
}

/* ---- sources ---- */

static void batch_free(struct batch *b)
{
	if (!b)
		return;
	free(b->buf);
	free(b);
}

static struct batch *batch_new(struct pipe_source *s)
{
	struct batch *b = malloc(sizeof *b);

	if (!b)
		return NULL;
	b->buf = malloc(BATCH_OCTETS);
	if (!b->buf) {
		free(b);
		return NULL;
	}
	b->next = NULL;
	b->source = s;
	b->len = b->n = 0;
	return b;
}

static void source_destroy(struct pipe_source *s)
{
	struct pipe_source_priv *v = s->priv;
	struct pipe_source **link;
	unsigned i;

	for (link = &s->pipeline->sources; *link; link = &(*link)->priv->next)
		if (*link == s) {
			*link = v->next;
			v->worker->n_sources--;
			break;
		}
	__atomic_fetch_sub(&s->pipeline->radios, s->radio, __ATOMIC_RELAXED);
	for (i = 0; i < v->n_batches; i++)
		batch_free(v->batches[i]);
	batch_free(v->scratch);
	free(v->batches);
	pthread_mutex_destroy(&v->lock);
	free(v);
	free(s);
}

static struct worker *least_loaded(const struct pipeline *p)
{
	struct worker *w = p->workers[0];
	unsigned i;

	for (i = 1; i < p->n_workers; i++)
		if (p->workers[i]->n_sources < w->n_sources)
			w = p->workers[i];
	return w;
}

static int make_batches(struct pipe_source *s)
{
	struct pipe_source_priv *v = s->priv;
	uint32_t backlog = s->pipeline->backlog, n = (backlog + BATCH_PACKETS - 1) / BATCH_PACKETS;
	struct batch *b;

	if (n < BATCHES_LOSSLESS || s->lossless)
		n = backlog < BATCHES_LOSSLESS ? backlog : BATCHES_LOSSLESS;
	s->max_packets = backlog / n < BATCH_PACKETS ? backlog / n : BATCH_PACKETS;
	v->scratch = batch_new(s);
	v->batches = calloc(n, sizeof v->batches[0]);
	if (!v->scratch || !v->batches)
		return -ENOMEM;
	while (v->n_batches < n) {
		b = batch_new(s);
		if (!b)
			return -ENOMEM;
		v->batches[v->n_batches++] = b;
		b->next = v->free;
		v->free = b;
	}
	return 0;
}

struct pipe_source *pipe_source_new(struct pipeline *p, uint32_t number, bool lossless, void (*resume)(void *user),
				    void *user)
{
	struct pipe_source *s = calloc(1, sizeof *s);
	struct pipe_source_priv *v = calloc(1, sizeof *v);

	THREAD_ASSERT(THREAD_MAIN);
	if (!s || !v) {
		free(s);
		free(v);
		return NULL;
	}
	s->pipeline = p;
	s->number = number;
	s->lossless = lossless;
	s->priv = v;
	v->resume = resume;
	v->user = user;
	pthread_mutex_init(&v->lock, NULL);
	if (make_batches(s) < 0) {
		source_destroy(s);
		return NULL;
	}
	v->worker = least_loaded(p);
	v->worker->n_sources++;
	v->next = p->sources;
	p->sources = s;
	return s;
}

void pipe_source_is_radio(struct pipe_source *s)
{
	THREAD_ASSERT(THREAD_MAIN);
	__atomic_fetch_add(&s->pipeline->radios, !s->radio, __ATOMIC_RELAXED);
	s->radio = true;
}

struct batch *pipe_batch_get(struct pipe_source *s)
{
	struct pipe_source_priv *v = s->priv;
	struct batch *b;

	THREAD_ASSERT(THREAD_MAIN);
	pthread_mutex_lock(&v->lock);
	b = v->free;
	if (b)
		v->free = b->next;
	else
		v->wants_resume = true;
	pthread_mutex_unlock(&v->lock);
	if (b)
		b->len = b->n = 0;
	return b;
}

struct batch *pipe_batch_scratch(struct pipe_source *s)
{
	s->priv->scratch->len = s->priv->scratch->n = 0;
	return s->priv->scratch;
}

void pipe_batch_submit(struct batch *b)
{
	struct pipe_source *s = b->source;
	struct worker *w = s->priv->worker;

	THREAD_ASSERT(THREAD_MAIN);
	if (b == s->priv->scratch) {
		counter_add(&s->dropped, b->n);
		counter_add(&s->pipeline->dropped, b->n);
		return;
	}
	if (s->paused && b->n) {
		counter_add(&s->dropped, b->n);
		counter_add(&s->pipeline->dropped, b->n);
	}
	if (!b->n || s->paused) {
		give_back(b, false);
		return;
	}
	counter_add(&s->pipeline->submitted, b->n);
	pthread_mutex_lock(&s->priv->lock);
	s->priv->submitted++;
	pthread_mutex_unlock(&s->priv->lock);
	b->next = NULL;
	__atomic_fetch_add(&s->pipeline->waiting, 1, __ATOMIC_RELAXED);
	pthread_mutex_lock(&w->lock);
	*w->last = b;
	w->last = &b->next;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
}

bool pipe_batch_may_wait(struct batch *b)
{
	struct pipe_source_priv *v = b->source->priv;
	uint64_t under_way;

	if (b == v->scratch)
		return false;
	pthread_mutex_lock(&v->lock);
	under_way = v->submitted - v->processed;
	pthread_mutex_unlock(&v->lock);
	return under_way >= BATCHES_ENOUGH;
}

void pipe_source_drain(struct pipe_source *s, void (*done)(void *user), void *user)
{
	struct pipe_source_priv *v = s->priv;

	THREAD_ASSERT(THREAD_MAIN);
	pthread_mutex_lock(&v->lock);
	v->draining = true;
	v->drain_at = v->submitted;
	v->done = done;
	v->done_user = user;
	call_main(s);
	pthread_mutex_unlock(&v->lock);
}

/* [main] Calls what is due. A callback may free the source: that waits until both have returned. */
static void on_main(void *user)
{
	struct pipe_source *s = user;
	struct pipe_source_priv *v = s->priv;
	bool resume, done, closed, idle;

	pthread_mutex_lock(&v->lock);
	v->posted = false;
	closed = v->closed;
	resume = !closed && v->wants_resume && v->free;
	if (resume)
		v->wants_resume = false;
	pthread_mutex_unlock(&v->lock);
	v->calling = true;
	if (resume && v->resume)
		v->resume(v->user);
	pthread_mutex_lock(&v->lock);
	done = !v->closed && v->draining && v->processed >= v->drain_at;
	if (done)
		v->draining = false;
	pthread_mutex_unlock(&v->lock);
	if (done)
		v->done(v->done_user);
	v->calling = false;
	pthread_mutex_lock(&v->lock);
	idle = v->closed && !v->posted && v->processed == v->submitted;
	pthread_mutex_unlock(&v->lock);
	if (idle)
		source_destroy(s);
}

void pipe_source_free(struct pipe_source *s)
{
	struct pipe_source_priv *v;
	bool idle;

	THREAD_ASSERT(THREAD_MAIN);
	if (!s)
		return;
	v = s->priv;
	pthread_mutex_lock(&v->lock);
	v->closed = true;
	v->draining = v->wants_resume = false;
	idle = !v->calling && !v->posted && v->processed == v->submitted;
	pthread_mutex_unlock(&v->lock);
	if (idle)
		source_destroy(s);
}

/* The loop runs no posted call any more. */
void pipeline_free(struct pipeline *p)
{
	unsigned i;

	if (!p)
		return;
	while (p->sources)
		source_destroy(p->sources);
	for (i = 0; i < p->n_workers; i++)
		worker_free(p->workers[i]);
	duplicates_free(p->heard);
	free(p);
}
