/* SPDX-License-Identifier: MIT */
/* The ring buffers between the threads of a capture program and its link. */
#include "ring.h"

#include <stdlib.h>
#include <string.h>

int ring_init(struct ring *r, size_t size)
{
	r->buf = malloc(size);
	r->size = r->buf ? size : 0;
	r->start = r->used = 0;
	return r->buf ? 0 : -1;
}

void ring_free(struct ring *r)
{
	free(r->buf);
	r->buf = NULL;
	r->size = r->start = r->used = 0;
}

void ring_put(struct ring *r, const void *data, size_t len)
{
	const uint8_t *from = data;

	while (len > 0) {
		size_t room;
		uint8_t *to = ring_space(r, &room);
		size_t n = len < room ? len : room;

		memcpy(to, from, n);
		ring_filled(r, n);
		from += n;
		len -= n;
	}
}

void ring_peek(const struct ring *r, void *data, size_t len)
{
	size_t first = r->size - r->start;

	if (first > len)
		first = len;
	memcpy(data, r->buf + r->start, first);
	memcpy((uint8_t *)data + first, r->buf, len - first);
}

void ring_drop(struct ring *r, size_t len)
{
	r->used -= len;
	r->start = r->used ? (r->start + len) % r->size : 0;
}

const uint8_t *ring_data(const struct ring *r, size_t *ret_len)
{
	size_t first = r->size - r->start;

	*ret_len = r->used < first ? r->used : first;
	return r->buf + r->start;
}

uint8_t *ring_space(struct ring *r, size_t *ret_len)
{
	size_t end = r->start + r->used;

	if (end >= r->size) {
		end -= r->size;
		*ret_len = r->start - end;
	} else {
		*ret_len = r->size - end;
	}
	return r->buf + end;
}

void ring_filled(struct ring *r, size_t len)
{
	r->used += len;
}
