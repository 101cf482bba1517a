/* SPDX-License-Identifier: MIT */
/* See seen.h. A table with open addressing, at most half full. */
#include <stdlib.h>
#include <string.h>

#include "seen.h"

#define FIRST_ROOM 64u

static struct seen_slot *slot_of(const struct seen *s, uint64_t key)
{
	uint64_t h = key * 0x9e3779b97f4a7c15ull;
	uint32_t i = (uint32_t)(h >> 32) & (s->room - 1);

	while (s->slots[i].key && s->slots[i].key != key)
		i = (i + 1) & (s->room - 1);
	return &s->slots[i];
}

static bool grow(struct seen *s)
{
	struct seen bigger = { .room = s->room ? s->room * 2 : FIRST_ROOM, .n = s->n };
	uint32_t i;

	if (s->n == SEEN_MAX)
		return false;
	bigger.slots = calloc(bigger.room, sizeof *bigger.slots);
	if (!bigger.slots)
		return false;
	for (i = 0; i < s->room; i++)
		if (s->slots[i].key)
			*slot_of(&bigger, s->slots[i].key) = s->slots[i];
	free(s->slots);
	*s = bigger;
	return true;
}

void seen_put(struct seen *s, uint64_t key, uint32_t changes)
{
	struct seen_slot *slot;

	if (s->n * 2 >= s->room && !grow(s))
		return;
	slot = slot_of(s, key);
	s->n += !slot->key;
	*slot = (struct seen_slot){ key, changes };
}

bool seen_has(const struct seen *s, uint64_t key, uint32_t changes)
{
	const struct seen_slot *slot;

	if (!s->room)
		return false;
	slot = slot_of(s, key);
	return slot->key && slot->changes == changes;
}

void seen_free(struct seen *s)
{
	free(s->slots);
	memset(s, 0, sizeof *s);
}
