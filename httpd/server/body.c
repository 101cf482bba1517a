/* SPDX-License-Identifier: MIT */
/* See body.h. Lock order: the body's, then the handlers' and libmicrohttpd's. */
#include <errno.h>
#include <microhttpd.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "body.h"

#define PREFILL_READS 2 /* a short reply, and its end */

int body_init(struct body *b)
{
	b->data = malloc((size_t)BODY_CHUNKS * BODY_CHUNK_OCTETS);
	if (!b->data)
		return -ENOMEM;
	(void)pthread_mutex_init(&b->lock, NULL);
	return 0;
}

void body_free(struct body *b)
{
	if (!b->data)
		return;
	(void)pthread_mutex_destroy(&b->lock);
	gzip_free(b->gzip);
	free(b->plain);
	free(b->data);
	b->data = NULL;
}

static char *chunk_data(struct body *b, unsigned i)
{
	return b->data + (size_t)i * BODY_CHUNK_OCTETS;
}

static int64_t read_plain(void *user, char *buf, uint64_t max)
{
	struct body *b = user;
	size_t n = b->plain_len - b->plain_at;

	if (!n)
		return b->source(b->user, buf, max);
	n = n < max ? n : (size_t)max;
	memcpy(buf, b->plain + b->plain_at, n);
	b->plain_at += n;
	if (b->plain_at == b->plain_len) {
		free(b->plain);
		b->plain = NULL;
		b->plain_at = b->plain_len = 0;
	}
	return (int64_t)n;
}

static int64_t make_piece(struct body *b, char *buf)
{
	return b->gzip ? gzip_read(b->gzip, read_plain, b, buf, BODY_CHUNK_OCTETS) : read_plain(b, buf, BODY_CHUNK_OCTETS);
}

int body_hold(struct body *b, size_t len)
{
	int64_t n;

	b->plain = malloc(len + 1);
	if (!b->plain)
		return -ENOMEM;
	for (; b->plain_len < len; b->plain_len += (size_t)n) {
		n = b->source(b->user, b->plain + b->plain_len, len - b->plain_len);
		if (n <= 0)
			return n < 0 ? (int)n : -EIO;
	}
	return 0;
}

void body_prefill(struct body *b)
{
	int64_t n = 1;
	int i;

	for (i = 0; i < PREFILL_READS && n > 0 && b->chunk[0].len < BODY_CHUNK_OCTETS; i++) {
		n = read_plain(b, b->data + b->chunk[0].len, BODY_CHUNK_OCTETS - b->chunk[0].len);
		if (n > 0)
			b->chunk[0].len += (size_t)n;
	}
	b->n = b->chunk[0].len ? 1 : 0;
	b->ended = n <= 0;
	b->err = n < 0 ? (int)n : 0;
}

int64_t body_length(struct body *b)
{
	return b->ended && !b->err ? (int64_t)b->chunk[0].len : -1;
}

/* Puts the first piece back in front of what is still to be read. */
static int put_back(struct body *b)
{
	size_t len = b->chunk[0].len, rest = b->plain_len - b->plain_at;
	char *plain = malloc(len + rest + 1);

	if (!plain)
		return -ENOMEM;
	memcpy(plain, b->data, len);
	if (rest)
		memcpy(plain + len, b->plain + b->plain_at, rest);
	free(b->plain);
	b->plain = plain;
	b->plain_at = 0;
	b->plain_len = len + rest;
	return 0;
}

int body_compress(struct body *b, int level)
{
	struct gzip *g = b->err ? NULL : gzip_new(level);
	int64_t n;

	if (!g || put_back(b)) {
		gzip_free(g);
		return -ENOMEM;
	}
	b->gzip = g;
	n = make_piece(b, b->data);
	b->chunk[0].len = n > 0 ? (size_t)n : 0;
	b->n = n > 0;
	b->ended = n <= 0;
	b->err = n < 0 ? (int)n : 0;
	return 0;
}

/* A job: makes one piece, and queues itself for the next one behind those of others. */
static void fill(struct job *j, bool cancelled)
{
	struct body *b = (struct body *)((char *)j - offsetof(struct body, job));
	unsigned at;
	int64_t n;

	(void)pthread_mutex_lock(&b->lock);
	at = (b->first + b->n) % BODY_CHUNKS;
	(void)pthread_mutex_unlock(&b->lock);
	n = cancelled ? -ECANCELED : make_piece(b, chunk_data(b, at));
	(void)pthread_mutex_lock(&b->lock);
	b->ended = n <= 0;
	b->err = n < 0 ? (int)n : 0;
	b->chunk[at].at = 0;
	b->chunk[at].len = n > 0 ? (size_t)n : 0;
	b->n += n > 0;
	b->filling = !b->ended && b->n < BODY_CHUNKS && handlers_submit(b->handlers, &b->job, NULL);
	cancelled = !b->filling;
	if (b->suspended) {
		b->suspended = false;
		MHD_resume_connection(b->c);
	}
	(void)pthread_mutex_unlock(&b->lock);
	if (cancelled)
		b->unref(b->user);
}

/* Under the lock. */
static void start_filling(struct body *b)
{
	if (b->ended || b->filling || b->n == BODY_CHUNKS)
		return;
	b->ref(b->user);
	b->job.run = fill;
	b->filling = handlers_submit(b->handlers, &b->job, NULL);
	if (b->filling)
		return;
	b->ended = true;
	b->err = -ECANCELED;
	b->unref(b->user); /* not the last one: libmicrohttpd has one */
}

static ssize_t take(struct body *b, char *buf, size_t max)
{
	size_t n = b->chunk[b->first].len - b->chunk[b->first].at;

	n = n < max ? n : max;
	memcpy(buf, chunk_data(b, b->first) + b->chunk[b->first].at, n);
	b->chunk[b->first].at += n;
	if (b->chunk[b->first].at == b->chunk[b->first].len) {
		b->first = (b->first + 1) % BODY_CHUNKS;
		b->n--;
	}
	return (ssize_t)n;
}

ssize_t body_read(void *cls, uint64_t pos, char *buf, size_t max)
{
	struct body *b = cls;
	ssize_t r = 0;

	(void)pthread_mutex_lock(&b->lock);
	if (b->n)
		r = take(b, buf, max);
	start_filling(b);
	if (!r && b->ended)
		r = b->err ? MHD_CONTENT_READER_END_WITH_ERROR : MHD_CONTENT_READER_END_OF_STREAM;
	if (!r) {
		b->suspended = true;
		MHD_suspend_connection(b->c);
	}
	(void)pthread_mutex_unlock(&b->lock);
	return r;
}
