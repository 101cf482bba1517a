/* SPDX-License-Identifier: MIT */
/* A ring of octets. No lock: whoever owns it has one. */
#ifndef CAP_RING_H
#define CAP_RING_H

#include <stddef.h>
#include <stdint.h>

struct ring {
	uint8_t *buf;
	size_t size, start, used;
};

int ring_init(struct ring *r, size_t size); /* 0 or -1: no memory */
void ring_free(struct ring *r);

static inline size_t ring_room(const struct ring *r)
{
	return r->size - r->used;
}

/* Appends; there must be room. */
void ring_put(struct ring *r, const void *data, size_t len);
/* Copies len octets from the start, which must be there, and leaves them. */
void ring_peek(const struct ring *r, void *data, size_t len);
void ring_drop(struct ring *r, size_t len);
/* The first piece that lies in one, and the first room that lies in one. */
const uint8_t *ring_data(const struct ring *r, size_t *ret_len);
uint8_t *ring_space(struct ring *r, size_t *ret_len);
void ring_filled(struct ring *r, size_t len);

#endif
