/* SPDX-License-Identifier: MIT */
/* Which state of which devices a monitor has sent: times of change are whole seconds, so two looks at the store overlap. */
#ifndef LIVE_SEEN_H
#define LIVE_SEEN_H

#include <stdbool.h>
#include <stdint.h>

#define SEEN_MAX 8192u /* devices that are remembered; one beyond may be sent once more without having changed */

struct seen_slot {
	uint64_t key; /* 0: empty */
	uint32_t changes;
};

struct seen {
	struct seen_slot *slots;
	uint32_t room, n; /* room is a power of two */
};

void seen_put(struct seen *s, uint64_t key,
              uint32_t changes); /* forgets it when memory is out or there is no more room */
bool seen_has(const struct seen *s, uint64_t key, uint32_t changes);
void seen_free(struct seen *s);

#endif
