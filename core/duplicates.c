/* SPDX-License-Identifier: MIT */
/* See duplicates.h. */
#include <config.h>

#include <stdlib.h>
#include <sys/random.h>

#include <xxhash.h>

#include <core/duplicates.h>

#define PLACES 8u /* for each frame that is to be remembered, so that few fall on one another */

/* A place: who heard it in the bits from SOURCE on, when in those from SECOND on, and as much of the frame's hash as there is room
 * for. The low bits of the hash say which place it is. 0: nothing yet. */
#define SOURCE 48u
#define SECOND 32u

struct duplicates {
	uint64_t seed, mask;
	uint64_t places[]; /* relaxed atomics */
};

struct duplicates *duplicates_new(uint32_t frames)
{
	uint64_t n = 1;
	struct duplicates *d;

	while (n < (uint64_t)frames * PLACES)
		n *= 2;
	d = calloc(1, sizeof *d + (frames ? n : 0) * sizeof d->places[0]);
	if (!d)
		return NULL;
	d->mask = frames ? n - 1 : 0;
	/* Frames come from strangers, who shall not choose their places. */
	if (getrandom(&d->seed, sizeof d->seed, 0) != sizeof d->seed)
		d->seed = (uint64_t)(uintptr_t)d;
	return d;
}

void duplicates_free(struct duplicates *d)
{
	free(d);
}

/* The clock is read once for many packets, so the other worker's may be a second ahead. */
static bool by_another(uint64_t place, uint64_t mine)
{
	uint16_t ahead = (uint16_t)((mine >> SECOND) - (place >> SECOND) + 1);

	return (uint32_t)place == (uint32_t)mine && place >> SOURCE != mine >> SOURCE && ahead <= DUPLICATES_SECONDS + 1;
}

bool duplicates_heard(struct duplicates *d, uint32_t source, uint32_t now_s, const void *octets, uint32_t len)
{
	uint64_t hash, mine, *place;

	if (!d->mask)
		return false;
	hash = XXH3_64bits_withSeed(octets, len, d->seed);
	place = &d->places[hash & d->mask];
	mine = (uint64_t)source << SOURCE | (uint64_t)(uint16_t)now_s << SECOND | hash >> 32;
	/* Two workers may be here with the same frame: the later one sees what the first has put. */
	return by_another(__atomic_load_n(place, __ATOMIC_RELAXED), mine) || by_another(__atomic_exchange_n(place, mine, __ATOMIC_RELAXED), mine);
}
