/* SPDX-License-Identifier: MIT */
/* Memory of records: size classes in aligned pages, so that a small object costs its size and no more, and any object
 * finds its heap by masking its address. A heap has no lock: whoever owns it locks (a shard of the device store,
 * a source). */
#ifndef CORE_HEAP_H
#define CORE_HEAP_H

#include <stddef.h>
#include <stdint.h>

struct heap;

#define HEAP_PAGE ((uintptr_t)64 * 1024) /* pages lie at multiples of it and begin with a pointer to their heap */

struct heap *heap_new(void *owner);
void heap_free(struct heap *h); /* with everything in it */
void *heap_alloc(struct heap *h, size_t size); /* 8-aligned, zeroed; NULL when memory is out */
void heap_release(void *p, size_t size);       /* size as allocated; NULL is fine */
/* Grows or shrinks, keeps the octets, zeroes what is new; on failure NULL and p stays. */
void *heap_resize(void *p, size_t old_size, size_t new_size, struct heap *h);
/* refused(owner) is called for each allocation that fails. */
void heap_on_refusal(struct heap *h, void (*refused)(void *owner));
size_t heap_bytes(const struct heap *h); /* taken from the system */
size_t heap_idle(const struct heap *h);  /* of these, what was released and not used again */
size_t heap_live(const struct heap *h);  /* and what is in use, with what it costs to keep it */

/* A heap begins with its owner. */
static inline void *heap_owner(const struct heap *h)
{
	return *(void *const *)(const void *)h;
}

/* p: the start of an object. */
static inline struct heap *heap_of(const void *p)
{
	return *(struct heap *const *)((uintptr_t)p & ~(HEAP_PAGE - 1));
}

#endif
