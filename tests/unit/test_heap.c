/* SPDX-License-Identifier: MIT */
/* Memory of records. */
#include <criterion/criterion.h>

#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <core/heap.h>

#define OBJECTS 3000
#define STEPS 60000

struct object {
	uint8_t *p;
	size_t size;
	uint8_t fill;
};

static uint32_t next(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

/* Mostly small ones, as in records; now and then one with pages of its own. */
static size_t some_size(uint32_t *seed)
{
	uint32_t r = next(seed) % 100;

	if (r < 70)
		return 1 + next(seed) % 128;
	if (r < 95)
		return 1 + next(seed) % 4096;
	return 1 + next(seed) % 100000;
}

static bool all(const uint8_t *p, size_t from, size_t to, uint8_t value)
{
	for (; from < to; from++)
		if (p[from] != value)
			return false;
	return true;
}

static void check_object(const struct object *o, const struct heap *h)
{
	cr_assert(all(o->p, 0, o->size, o->fill), "object of %zu octets was overwritten", o->size);
	cr_assert_eq((uintptr_t)o->p % 8, 0);
	cr_assert_eq(heap_of(o->p), h);
}

Test(heap, objects_keep_their_octets_against_a_model)
{
	static struct object objects[OBJECTS];
	int owner;
	struct heap *h = heap_new(&owner);
	uint32_t seed = 1, step;
	size_t size;

	cr_assert_eq(heap_owner(h), &owner);
	for (step = 0; step < STEPS; step++) {
		struct object *o = &objects[next(&seed) % OBJECTS];

		if (!o->p) {
			o->size = some_size(&seed);
			o->p = heap_alloc(h, o->size);
			cr_assert(all(o->p, 0, o->size, 0), "a new object is zeroed");
		} else if (next(&seed) % 2) {
			check_object(o, h);
			heap_release(o->p, o->size);
			o->p = NULL;
			continue;
		} else {
			check_object(o, h);
			size = some_size(&seed);
			o->p = heap_resize(o->p, o->size, size, h);
			cr_assert(all(o->p, 0, size < o->size ? size : o->size, o->fill), "resizing keeps octets");
			if (size > o->size)
				cr_assert(all(o->p, o->size, size, 0), "what is new is zeroed");
			o->size = size;
		}
		o->fill = (uint8_t)next(&seed);
		memset(o->p, o->fill, o->size);
	}
	for (step = 0; step < OBJECTS; step++)
		if (objects[step].p)
			check_object(&objects[step], h);
	heap_free(h);
}

Test(heap, every_size_from_1_to_9000_fits_beside_its_neighbour)
{
	struct heap *h = heap_new(NULL);
	uint8_t *before = NULL;
	size_t size;

	for (size = 1; size <= 9000; size++) {
		uint8_t *p = heap_alloc(h, size);

		memset(p, (int)(size & 0xff), size);
		if (before)
			cr_assert(all(before, 0, size - 1, (uint8_t)((size - 1) & 0xff)));
		before = p;
	}
	heap_free(h);
}

Test(heap, released_objects_are_used_again)
{
	struct heap *h = heap_new(NULL);
	static void *p[1000];
	size_t bytes;
	int round, i;

	for (i = 0; i < 1000; i++)
		p[i] = heap_alloc(h, 200);
	bytes = heap_bytes(h);
	for (round = 0; round < 50; round++) {
		for (i = 0; i < 1000; i++)
			heap_release(p[i], 200);
		for (i = 0; i < 1000; i++)
			p[i] = heap_alloc(h, 200);
	}
	cr_assert_eq(heap_bytes(h), bytes);
	for (i = 0; i < 1000; i++)
		heap_release(p[i], 200);
	for (i = 0; i < 3000; i++) /* 200 octets make three of 64 */
		heap_alloc(h, 64);
	cr_assert_leq(heap_bytes(h), bytes + 128 * 1024, "freed objects are cut for smaller ones when a page is full");
	heap_free(h);
}

Test(heap, small_objects_cost_their_size)
{
	struct heap *h = heap_new(NULL);
	int i;

	for (i = 0; i < 100000; i++)
		heap_alloc(h, 24);
	/* 2.4 MB in pages with 32 octets of head, in runs of 1 MiB */
	cr_assert_leq(heap_bytes(h), 2400000 + 1024 * 1024 + 64 * 1024);
	heap_free(h);
}

Test(heap, large_objects_go_back_to_the_system)
{
	struct heap *h = heap_new(NULL);
	size_t bytes = heap_bytes(h);
	void *a = heap_alloc(h, 100000), *b = heap_alloc(h, 9000), *c = heap_alloc(h, 70000);

	cr_assert_eq(heap_of(b), h);
	cr_assert_geq(heap_bytes(h), bytes + 179000);
	heap_release(b, 9000);
	heap_release(c, 70000);
	heap_release(a, 100000);
	heap_release(NULL, 10);
	cr_assert_eq(heap_bytes(h), bytes);
	heap_free(h);
	heap_free(NULL);
}

Test(heap, impossible_sizes_are_null_and_change_nothing)
{
	struct heap *h = heap_new(NULL);
	uint8_t *p = heap_alloc(h, 100);

	memset(p, 7, 100);
	cr_assert_null(heap_alloc(h, SIZE_MAX - 100));
	cr_assert_null(heap_resize(p, 100, (size_t)1 << 62, h));
	cr_assert(all(p, 0, 100, 7));
	heap_free(h);
}

#ifndef __SANITIZE_ADDRESS__
Test(heap, out_of_memory_is_null_and_the_heap_goes_on)
{
	struct rlimit none = { 0, 0 };
	struct heap *h = heap_new(NULL);
	uint8_t *p, *last = NULL;
	size_t n = 0;

	cr_assert_eq(setrlimit(RLIMIT_AS, &none), 0);
	while ((p = heap_alloc(h, 100))) {
		memset(p, 7, 100);
		last = p;
		n++;
	}
	cr_assert_geq(n, 500, "the first page was there");
	cr_assert_null(heap_resize(last, 100, 1000, h));
	cr_assert(all(last, 0, 100, 7));
	heap_release(last, 100);
	cr_assert_not_null(heap_alloc(h, 100));
	cr_assert_null(heap_alloc(h, 20000));
	cr_assert_null(heap_new(NULL));
	heap_free(h);
}
#endif
