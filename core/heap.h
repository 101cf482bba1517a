/* SPDX-License-Identifier: MIT */
/* Memory of records: size classes in aligned pages, so that a small object costs its size and no more, and any object
 * finds its heap by masking its address. A heap has no lock: whoever owns it locks (a shard of the device store,
 * a source). */
#ifndef CORE_HEAP_H
#define CORE_HEAP_H

#include <stddef.h>
#include <stdint.h>

struct heap;

struct heap *heap_new(void *owner);
void heap_free(struct heap *h); /* with everything in it */
void *heap_owner(const struct heap *h);
void *heap_alloc(struct heap *h, size_t size); /* 8-aligned, zeroed; NULL when memory is out */
void heap_release(void *p, size_t size);       /* size as allocated; NULL is fine */
/* Grows or shrinks, keeps the octets, zeroes what is new; on failure NULL and p stays. */
void *heap_resize(void *p, size_t old_size, size_t new_size, struct heap *h);
struct heap *heap_of(const void *p);
size_t heap_bytes(const struct heap *h); /* taken from the system */

#endif
