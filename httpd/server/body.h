/* SPDX-License-Identifier: MIT */
/* The body of a reply on its way to libmicrohttpd: made by handler threads, BODY_CHUNKS pieces ahead of the client at most, and
 * compressed there when the client takes that. A client that reads slowly holds these pieces and no thread. */
#ifndef SERVER_BODY_H
#define SERVER_BODY_H

#include <pthread.h>
#include <stdbool.h>
#include <sys/types.h>

#include "gzip.h"
#include "handlers.h"

#define BODY_CHUNKS 2u
#define BODY_CHUNK_OCTETS (32u * 1024u)

struct MHD_Connection;

struct body {
	/* Set before the first call. */
	struct handlers *handlers;
	struct MHD_Connection *c;
	gzip_source_fn *source;
	void *user;
	void (*ref)(void *user), (*unref)(void *user); /* held while a piece is made */

	struct job job;
	struct gzip *gzip; /* or NULL */
	char *plain;       /* what was read already, in front of what the source has */
	size_t plain_at, plain_len;
	char *data;        /* BODY_CHUNKS pieces */
	pthread_mutex_t lock; /* guards the rest */
	struct {
		size_t at, len;
	} chunk[BODY_CHUNKS];
	unsigned first, n;    /* pieces that are ready */
	bool filling;         /* a handler thread has the job */
	bool suspended;       /* the connection waits for a piece */
	bool ended;
	int err;              /* how: 0 or a negative errno */
};

/* 0 or -ENOMEM. */
int body_init(struct body *b);
void body_free(struct body *b);
/* Reads a whole body of so many octets, to be looked at in plain. 0, or a negative errno. */
int body_hold(struct body *b, size_t len);
/* Makes the first piece, on this thread. */
void body_prefill(struct body *b);
/* The body's whole length when it is known already, or -1. */
int64_t body_length(struct body *b);
/* Compresses what is there and what comes; after body_prefill(), before body_read(). -ENOMEM: it stays plain. */
int body_compress(struct body *b, int level);
/* libmicrohttpd's MHD_ContentReaderCallback; cls: the struct body. */
ssize_t body_read(void *cls, uint64_t pos, char *buf, size_t max);

#endif
