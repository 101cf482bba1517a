/* SPDX-License-Identifier: MIT */
/* Sources without a capture program: frames and reports come from other threads, are written as packet reports into a buffer,
 * and from there go into the pipeline like those of any source. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <core/loop.h>
#include <core/module.h>
#include <core/pipeline.h>
#include <core/source.h>

struct feed {
	struct source *source;
	pthread_mutex_t lock; /* guards what follows */
	bool open, posted;
	uint32_t len, n, max_packets;
	struct batch_frame frames[BATCH_PACKETS];
	uint8_t buf[BATCH_OCTETS];
};

/* ---- The main thread's end ---- */

/* -EAGAIN: no batch is free; on_resume() comes later. */
static int move_to_batch(struct feed *f, struct pipe_source *pipe)
{
	struct batch *b = pipe_batch_get(pipe);

	if (!b)
		return -EAGAIN;
	memcpy(b->buf, f->buf, f->len);
	memcpy(b->frames, f->frames, f->n * sizeof f->frames[0]);
	b->len = f->len;
	b->n = f->n;
	f->len = f->n = 0;
	pipe_batch_submit(b);
	return 0;
}

/* No batch is free, and the source ends. */
static void drop(struct feed *f, struct pipe_source *pipe)
{
	struct batch *b = pipe_batch_scratch(pipe);

	b->n = f->n;
	f->len = f->n = 0;
	pipe_batch_submit(b);
}

void source_feed_flush(struct source *src)
{
	struct feed *f = atomic_load(&src->feed);

	if (!f || !src->pipe)
		return;
	pthread_mutex_lock(&f->lock);
	f->posted = false;
	if (f->n && move_to_batch(f, src->pipe) < 0)
		f->posted = true; /* until on_resume() */
	pthread_mutex_unlock(&f->lock);
}

static void on_fed(void *user)
{
	source_feed_flush(user);
}

/* The same for the same name, so that clients may keep it. */
static void feed_uuid(const struct source *src, char text[40])
{
	uint32_t a = 0, b = 0;
	const char *p;

	for (p = src->driver->type; *p; p++)
		a = a * 31 + (uint8_t)*p;
	for (p = src->name; *p; p++)
		b = b * 31 + (uint8_t)*p;
	snprintf(text, 40, "%08X-0000-0000-0000-0000%08X", a, b);
}

int source_feed_open(struct source *src)
{
	struct feed *f = atomic_load(&src->feed);
	const char *dlt = definition_get(src->def, "dlt"); /* of frames that name none */
	struct link_report r = { 0 };

	if (!f) {
		f = calloc(1, sizeof *f);
		if (!f)
			return -ENOMEM;
		pthread_mutex_init(&f->lock, NULL);
		f->source = src;
		atomic_store(&src->feed, f);
	}
	pthread_mutex_lock(&f->lock);
	f->max_packets = 1; /* before anybody is told that it is open, and hardly anything before there is a pipe */
	f->open = true;
	f->posted = false;
	f->len = f->n = 0;
	pthread_mutex_unlock(&f->lock);
	feed_uuid(src, r.uuid);
	r.dlt = dlt ? (uint32_t)strtoul(dlt, NULL, 10) : 0;
	source_running(src, &r, "");
	pthread_mutex_lock(&f->lock);
	f->open = src->state == SOURCE_RUNNING;
	if (f->open)
		f->max_packets = src->pipe->max_packets;
	else
		f->len = f->n = 0;
	pthread_mutex_unlock(&f->lock);
	return 0;
}

void source_feed_close(struct source *src)
{
	struct feed *f = atomic_load(&src->feed);

	if (!f)
		return;
	source_feed_flush(src);
	pthread_mutex_lock(&f->lock);
	f->open = false;
	if (f->n && src->pipe)
		drop(f, src->pipe);
	pthread_mutex_unlock(&f->lock);
}

void source_feed_free(struct source *src)
{
	struct feed *f = atomic_load(&src->feed);

	if (!f)
		return;
	pthread_mutex_destroy(&f->lock);
	free(f);
}

/* ---- [any] ---- */

static int put(struct feed *f, const struct aerie_feed *in)
{
	int len, r = 0;

	if (!f->open)
		return -ENOENT;
	if (f->n == f->max_packets)
		return -EAGAIN;
	len = link_write_packet(f->buf + f->len, BATCH_OCTETS - f->len, in);
	if (len < 0)
		return f->len ? -EAGAIN : -EINVAL;
	if (!f->posted)
		r = loop_post(f->source->all->core->loop, on_fed, f->source);
	if (r < 0)
		return r;
	f->posted = true;
	f->frames[f->n].off = f->len;
	f->frames[f->n++].len = (uint32_t)len;
	f->len += (uint32_t)len;
	return 0;
}

int sources_feed(const struct aerie_host *h, const struct aerie_uuid *uuid, const struct aerie_feed *given)
{
	struct core *core = module_of(h)->core;
	struct source *src = sources_find(core->sources, uuid);
	struct feed *f = src ? atomic_load(&src->feed) : NULL;
	struct aerie_feed in = { 0 };
	int r;

	if (!f)
		return -ENOENT;
	memcpy(&in, given, given->size < sizeof in ? given->size : sizeof in);
	if ((!in.data && !in.json) || (in.json && !in.json_type) || in.len > LINK_FRAME_MAX || in.json_len > LINK_FRAME_MAX)
		return -EINVAL;
	if (!in.ts_us)
		in.ts_us = loop_now_us(core->loop);
	pthread_mutex_lock(&f->lock);
	r = put(f, &in);
	pthread_mutex_unlock(&f->lock);
	return r;
}
