/* SPDX-License-Identifier: MIT */
/* Which frames radios have heard a moment ago, so that one that several of them hear counts once. A table of what was heard last, that
 * all workers share without a lock: a frame is found as long as no other has come to its place in it. */
#ifndef CORE_DUPLICATES_H
#define CORE_DUPLICATES_H

#include <stdbool.h>
#include <stdint.h>

#define DUPLICATES_DEFAULT 2048u /* option packet_dedup_size: frames that are remembered */
#define DUPLICATES_MAX 1048576u
#define DUPLICATES_SECONDS 1u /* between two radios that hear one frame; by a clock of whole seconds, so up to one more */

struct duplicates;

/* frames: 0: none is ever a duplicate. NULL: memory is out. */
struct duplicates *duplicates_new(uint32_t frames);
void duplicates_free(struct duplicates *d);
/* Has another source than this one (below 65536) heard these octets a moment ago? If not, this one has now. [any] */
bool duplicates_heard(struct duplicates *d, uint32_t source, uint32_t now_s, const void *octets, uint32_t len);

#endif
