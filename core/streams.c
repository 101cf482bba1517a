/* SPDX-License-Identifier: MIT */
/* Exports that are under way: a list under one lock, which stop() holds while it asks, so that nobody is asked who has closed.
 * Counting takes no lock. The service is <aerie/stream.h>. */
#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <core/bus.h>
#include <core/loop.h>
#include <core/module.h>
#include <core/streams.h>

#define STREAM_MAGIC 0x5354524du /* "STRM" */

struct streams {
	struct core *core;
	pthread_mutex_t lock; /* guards the rest, and the list's links */
	struct aerie_stream *first, **last;
	uint64_t last_id;
	uint32_t n;
};

struct aerie_stream {
	uint32_t magic;
	struct streams *all;
	struct aerie_stream *next;
	struct module *owner;
	uint64_t id, time_s, max_packets, max_size;
	atomic_uint_fast64_t packets, octets;
	atomic_uint paused;
	void (*stop)(void *user);
	void *user;
	const char *name, *type, *path, *description; /* in text */
	char text[];
};

struct streams *streams_new(struct core *core)
{
	struct streams *all = calloc(1, sizeof *all);

	if (!all)
		return NULL;
	all->core = core;
	all->last = &all->first;
	(void)pthread_mutex_init(&all->lock, NULL);
	return all;
}

void streams_free(struct streams *all)
{
	struct aerie_stream *s;

	if (!all)
		return;
	while ((s = all->first)) {
		all->first = s->next;
		free(s);
	}
	(void)pthread_mutex_destroy(&all->lock);
	free(all);
}

static const char *keep(char **at, const char *text)
{
	size_t len = strlen(text) + 1;
	char *kept = memcpy(*at, text, len);

	*at += len;
	return kept;
}

static struct aerie_stream *stream_new(const struct aerie_stream_def *def)
{
	const char *path = def->path ? def->path : "";
	size_t octets = strlen(def->name) + strlen(def->type) + strlen(path) + strlen(def->description) + 4;
	struct aerie_stream *s = calloc(1, sizeof *s + octets);
	char *at;

	if (!s)
		return NULL;
	at = s->text;
	s->magic = STREAM_MAGIC;
	s->name = keep(&at, def->name);
	s->type = keep(&at, def->type);
	s->path = keep(&at, path);
	s->description = keep(&at, def->description);
	s->max_packets = def->max_packets;
	s->max_size = def->max_size;
	s->stop = def->stop;
	s->user = def->user;
	return s;
}

static int stream_open(const struct aerie_host *h, const struct aerie_stream_def *given, struct aerie_stream **ret_stream)
{
	struct module *m = module_of(h);
	struct streams *all = m->core->streams;
	struct aerie_stream_def def = { 0 };
	struct aerie_stream *s;
	bool full;

	memcpy(&def, given, given->size < sizeof def ? given->size : sizeof def);
	if (!def.name || !*def.name || !def.type || !*def.type || !def.description || !*def.description)
		return -EINVAL;
	s = stream_new(&def);
	if (!s)
		return -ENOMEM;
	s->all = all;
	s->owner = m;
	s->time_s = loop_now_us(m->core->loop) / 1000000;
	(void)pthread_mutex_lock(&all->lock);
	full = all->n == STREAMS_MAX;
	if (!full) {
		s->id = ++all->last_id;
		*all->last = s;
		all->last = &s->next;
		all->n++;
	}
	(void)pthread_mutex_unlock(&all->lock);
	if (full) {
		free(s);
		return -ENOSPC;
	}
	*ret_stream = s;
	return 0;
}

static void stream_count(struct aerie_stream *s, uint64_t packets, uint64_t octets)
{
	atomic_fetch_add_explicit(&s->packets, packets, memory_order_relaxed);
	atomic_fetch_add_explicit(&s->octets, octets, memory_order_relaxed);
}

static void stream_pause(struct aerie_stream *s, uint32_t paused)
{
	atomic_store_explicit(&s->paused, paused ? 1 : 0, memory_order_relaxed);
}

/* Takes *link off the list, whose lock is held. */
static struct aerie_stream *unlink_stream(struct streams *all, struct aerie_stream **link)
{
	struct aerie_stream *s = *link;

	*link = s->next;
	if (all->last == &s->next)
		all->last = link;
	all->n--;
	return s;
}

static void stream_close(struct aerie_stream *s)
{
	struct aerie_stream **link;
	struct streams *all;

	if (!s)
		return;
	assert(s->magic == STREAM_MAGIC);
	all = s->all;
	(void)pthread_mutex_lock(&all->lock);
	for (link = &all->first; *link != s; link = &(*link)->next)
		;
	(void)unlink_stream(all, link);
	(void)pthread_mutex_unlock(&all->lock);
	s->magic = 0;
	free(s);
}

static int stream_each(const struct aerie_host *h, int (*fn)(void *user, const struct aerie_stream_info *info), void *user)
{
	struct streams *all = module_of(h)->core->streams;
	const struct aerie_stream *s;
	int r = 0;

	(void)pthread_mutex_lock(&all->lock);
	for (s = all->first; !r && s; s = s->next) {
		const struct aerie_stream_info info = {
			.size = sizeof info, .paused = atomic_load_explicit(&s->paused, memory_order_relaxed), .id = s->id,
			.time_s = s->time_s, .packets = atomic_load_explicit(&s->packets, memory_order_relaxed),
			.octets = atomic_load_explicit(&s->octets, memory_order_relaxed), .max_packets = s->max_packets,
			.max_size = s->max_size, .name = s->name, .type = s->type, .path = s->path, .description = s->description,
		};

		r = fn(user, &info);
	}
	(void)pthread_mutex_unlock(&all->lock);
	return r;
}

static int stream_stop(const struct aerie_host *h, uint64_t id)
{
	struct streams *all = module_of(h)->core->streams;
	const struct aerie_stream *s;
	int err = -ENOENT;

	(void)pthread_mutex_lock(&all->lock);
	for (s = all->first; s && s->id != id; s = s->next)
		;
	if (s)
		err = s->stop ? 0 : -ENOTSUP;
	if (!err)
		s->stop(s->user);
	(void)pthread_mutex_unlock(&all->lock);
	return err;
}

void streams_sweep(struct streams *all, struct module *m)
{
	struct aerie_stream **link;
	unsigned left = 0;

	(void)pthread_mutex_lock(&all->lock);
	for (link = &all->first; *link;) {
		if ((*link)->owner != m) {
			link = &(*link)->next;
			continue;
		}
		free(unlink_stream(all, link));
		left++;
	}
	(void)pthread_mutex_unlock(&all->lock);
	if (left && m != m->core->self)
		bus_printf(m->core->bus, AERIE_LOG_DEBUG, "%s left %u streams open: closed", m->id, left);
}

const struct aerie_streams streams_service = {
	.size = sizeof streams_service,
	.open = stream_open,
	.count = stream_count,
	.pause = stream_pause,
	.close = stream_close,
	.each = stream_each,
	.stop = stream_stop,
};
