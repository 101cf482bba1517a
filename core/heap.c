/* SPDX-License-Identifier: MIT */
/* Memory of records. Objects are cut one after the other from pages of 64 KiB that lie at multiples of 64 KiB and begin
 * with a pointer to their heap. Since whoever releases an object knows its size, neither object nor page stores one:
 * a page holds objects of all sizes, a freed one goes to the free list of its size class.
 *
 * Pages are mapped in runs that double from one page to a megabyte. What is not yet used of a run is not resident, so
 * an idle heap costs 4 KiB. An object above the largest class has a run of its own with the same head. */
#include <core/heap.h>

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#if defined(__SANITIZE_ADDRESS__)
#define HEAP_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HEAP_ASAN 1
#endif
#endif
#ifdef HEAP_ASAN
#include <sanitizer/asan_interface.h>
#define POISON(p, n) __asan_poison_memory_region(p, n)
#define UNPOISON(p, n) __asan_unpoison_memory_region(p, n)
#else
#define POISON(p, n) ((void)(p), (void)(n))
#define UNPOISON(p, n) ((void)(p), (void)(n))
#endif

#define PAGE ((size_t)HEAP_PAGE)
#define RUN_MAX ((size_t)16) /* pages */
#define FINE_MAX ((size_t)512)  /* classes of 8 octets up to here, */
#define CLASS_MAX ((size_t)8192) /* then four per doubling up to here */
#define FINE_CLASSES (FINE_MAX / 8)
#define CLASSES (FINE_CLASSES + 16)
#define OBJECT_MAX ((size_t)1 << 32) /* no limit of a field leads to more */

/* At the start of every page; the rest only at the first page of a run. */
struct page {
	struct heap *heap;
	struct page *next, *prev; /* runs of the heap */
	size_t size;              /* octets of the run */
};

struct heap {
	void *owner;
	void (*refused)(void *owner);
	char *at, *end;     /* the rest of the page in use */
	char *more, *more_end; /* unused pages of the newest run */
	size_t run;         /* pages of the next run */
	size_t bytes, idle; /* idle: of free objects */
	struct page *runs;
	void *free[CLASSES];
};

_Static_assert(offsetof(struct page, heap) == 0 && offsetof(struct heap, owner) == 0, "as heap_of() and heap_owner() expect");

static unsigned class_of(size_t size)
{
	unsigned shift;

	if (size <= FINE_MAX)
		return (unsigned)((size + 7) / 8 - 1);
	shift = 63u - (unsigned)__builtin_clzl(size - 1) - 2; /* size - 1 has its top three bits at shift */
	return (unsigned)(FINE_CLASSES + (shift - 7) * 4 + ((size - 1) >> shift) - 4);
}

static size_t class_size(unsigned c)
{
	unsigned n;

	if (c < FINE_CLASSES)
		return (size_t)(c + 1) * 8;
	n = c - FINE_CLASSES;
	return (size_t)(5 + n % 4) << (7 + n / 4);
}

/* Zeroed memory at a multiple of PAGE. */
static void *map_run(size_t size)
{
#ifdef HEAP_ASAN
	void *p; /* from malloc, so that what records point to is not taken for a leak */

	if (posix_memalign(&p, PAGE, size))
		return NULL;
	return memset(p, 0, size);
#else
	char *p = mmap(NULL, size + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	size_t before, after;

	if (p == MAP_FAILED)
		return NULL;
	before = (PAGE - ((uintptr_t)p & (PAGE - 1))) & (PAGE - 1);
	after = PAGE - before;
	if (before)
		munmap(p, before);
	if (after)
		munmap(p + before + size, after);
	return p + before;
#endif
}

static void unmap_run(void *p, size_t size)
{
#ifdef HEAP_ASAN
	UNPOISON(p, size);
	free(p);
#else
	munmap(p, size);
#endif
}

static struct page *add_run(struct heap *h, size_t size)
{
	struct page *pg = map_run(size);

	if (!pg)
		return NULL;
	pg->heap = h;
	pg->size = size;
	pg->next = h->runs;
	if (h->runs)
		h->runs->prev = pg;
	h->runs = pg;
	h->bytes += size;
	return pg;
}

/* The heap itself lies in its first page. */
struct heap *heap_new(void *owner)
{
	struct page *pg = map_run(PAGE);
	struct heap *h;

	if (!pg)
		return NULL;
	h = (struct heap *)(pg + 1);
	h->owner = owner;
	h->at = (char *)(h + 1);
	h->end = (char *)pg + PAGE;
	h->run = 2;
	h->bytes = PAGE;
	h->runs = pg;
	pg->heap = h;
	pg->size = PAGE;
	POISON(h->at, (size_t)(h->end - h->at));
	return h;
}

void heap_free(struct heap *h)
{
	struct page *pg, *next;

	if (!h)
		return;
	for (pg = h->runs; pg; pg = next) { /* the page that holds h is the oldest, hence the last */
		next = pg->next;
		unmap_run(pg, pg->size);
	}
}

size_t heap_bytes(const struct heap *h)
{
	return h->bytes;
}

size_t heap_idle(const struct heap *h)
{
	return h->idle;
}

size_t heap_live(const struct heap *h)
{
	return h->bytes - h->idle - (size_t)(h->more_end - h->more) - (size_t)(h->end - h->at);
}

static void push_free(struct heap *h, unsigned c, void *p)
{
	*(void **)p = h->free[c];
	h->free[c] = p;
	h->idle += class_size(c);
	POISON(p, class_size(c));
}

static void *pop_free(struct heap *h, unsigned c)
{
	void *p = h->free[c];

	UNPOISON(p, class_size(c));
	h->free[c] = *(void **)p;
	h->idle -= class_size(c);
	return p;
}

/* Makes free objects of a piece that is a multiple of 8. */
static void give_rest(struct heap *h, char *p, size_t size)
{
	while (size) {
		unsigned c = class_of(size < CLASS_MAX ? size : CLASS_MAX);

		if (class_size(c) > size)
			c--;
		UNPOISON(p, class_size(c));
		push_free(h, c, p);
		p += class_size(c);
		size -= class_size(c);
	}
}

/* A freed object of a greater class, cut to size. */
static void *split_free(struct heap *h, unsigned c)
{
	unsigned from;

	for (from = c + 1; from < CLASSES; from++)
		if (h->free[from]) {
			char *p = pop_free(h, from);

			give_rest(h, p + class_size(c), class_size(from) - class_size(c));
			return p;
		}
	return NULL;
}

static int next_page(struct heap *h)
{
	struct page *pg;

	if (h->more == h->more_end) {
		pg = add_run(h, h->run * PAGE);
		if (!pg && h->run > 1)
			pg = add_run(h, PAGE);
		if (!pg)
			return -ENOMEM;
		h->more = (char *)pg;
		h->more_end = (char *)pg + pg->size;
		if (h->run < RUN_MAX)
			h->run *= 2;
	}
	give_rest(h, h->at, (size_t)(h->end - h->at));
	pg = (struct page *)h->more;
	pg->heap = h;
	h->more += PAGE;
	h->at = (char *)(pg + 1);
	h->end = h->more;
	POISON(h->at, (size_t)(h->end - h->at));
	return 0;
}

static void *alloc_large(struct heap *h, size_t size)
{
	struct page *pg;

	if (size > OBJECT_MAX)
		return NULL;
	pg = add_run(h, (size + sizeof *pg + 4095) & ~(size_t)4095);
	return pg ? pg + 1 : NULL;
}

static void *alloc(struct heap *h, size_t size)
{
	unsigned c;
	void *p;

	if (size > CLASS_MAX)
		return alloc_large(h, size);
	c = class_of(size ? size : 1);
	size = class_size(c);
	if (h->free[c])
		return memset(pop_free(h, c), 0, size);
	if ((size_t)(h->end - h->at) < size) {
		p = split_free(h, c);
		if (p)
			return memset(p, 0, size);
		if (next_page(h) < 0)
			return NULL;
	}
	p = h->at;
	h->at += size;
	UNPOISON(p, size);
	return p;
}

void *heap_alloc(struct heap *h, size_t size)
{
	void *p = alloc(h, size);

	if (!p && h->refused)
		h->refused(h->owner);
	return p;
}

void heap_on_refusal(struct heap *h, void (*refused)(void *owner))
{
	h->refused = refused;
}

static void release_large(struct page *pg)
{
	struct heap *h = pg->heap;

	if (pg->prev)
		pg->prev->next = pg->next;
	else
		h->runs = pg->next;
	if (pg->next)
		pg->next->prev = pg->prev;
	h->bytes -= pg->size;
	unmap_run(pg, pg->size);
}

void heap_release(void *p, size_t size)
{
	if (!p)
		return;
	if (size > CLASS_MAX)
		release_large((struct page *)p - 1);
	else
		push_free(heap_of(p), class_of(size ? size : 1), p);
}

void *heap_resize(void *p, size_t old_size, size_t new_size, struct heap *h)
{
	size_t keep = old_size < new_size ? old_size : new_size;
	void *q;

	if (p && old_size <= CLASS_MAX && new_size <= CLASS_MAX &&
	    class_of(old_size ? old_size : 1) == class_of(new_size ? new_size : 1)) {
		memset((char *)p + keep, 0, (old_size > new_size ? old_size : new_size) - keep);
		return p;
	}
	q = heap_alloc(h, new_size);
	if (!q)
		return NULL;
	if (p) {
		memcpy(q, p, keep);
		heap_release(p, old_size);
	}
	return q;
}
