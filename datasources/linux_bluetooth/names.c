/* SPDX-License-Identifier: MIT */
/* Whom to ask for a name. */
#include "names.h"

#include <string.h>

static struct name_device *find(struct names *n, const uint8_t address[6])
{
	unsigned i;

	for (i = 0; i < NAMES_MAX; i++)
		if (n->devices[i].used && memcmp(n->devices[i].address, address, 6) == 0)
			return &n->devices[i];
	return NULL;
}

/* A free place, or that of the device not heard for longest. */
static struct name_device *place(struct names *n)
{
	struct name_device *oldest = &n->devices[0];
	unsigned i;

	for (i = 0; i < NAMES_MAX; i++) {
		if (!n->devices[i].used)
			return &n->devices[i];
		if (n->devices[i].heard_ms < oldest->heard_ms)
			oldest = &n->devices[i];
	}
	n->evicted++;
	return oldest;
}

void names_round(struct names *n, uint64_t now_ms)
{
	n->asked = 0;
	n->round_ms = now_ms;
}

void names_heard(struct names *n, const uint8_t address[6], uint8_t page_scan_repetition_mode, uint16_t clock_offset,
                 bool known, uint64_t now_ms)
{
	struct name_device *d = find(n, address);

	if (!d) {
		d = place(n);
		memset(d, 0, sizeof *d);
		d->used = true;
		memcpy(d->address, address, 6);
	}
	d->page_scan_repetition_mode = page_scan_repetition_mode;
	d->clock_offset = clock_offset;
	d->known = d->known || known;
	d->heard_ms = now_ms;
}

struct name_device *names_next(struct names *n, uint64_t now_ms)
{
	struct name_device *best = NULL;
	unsigned i;

	if (n->asked >= NAMES_PER_ROUND)
		return NULL;
	for (i = 0; i < NAMES_MAX; i++) {
		struct name_device *d = &n->devices[i];

		if (!d->used || d->known || d->heard_ms < n->round_ms || d->not_before_ms > now_ms)
			continue;
		if (!best || d->not_before_ms < best->not_before_ms)
			best = d;
	}
	return best;
}

void names_asked(struct names *n, struct name_device *d, uint64_t now_ms)
{
	n->asked++;
	d->tries++;
	d->not_before_ms = now_ms + (d->tries < NAMES_TRIES ? NAMES_RETRY_MS : NAMES_REST_MS);
	if (d->tries >= NAMES_TRIES)
		d->tries = 0;
}

void names_known(struct names *n, const uint8_t address[6])
{
	struct name_device *d = find(n, address);

	if (d)
		d->known = true;
}
