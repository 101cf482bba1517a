/* SPDX-License-Identifier: MIT */
/* Lists of channels, and how fast a radio hops over them: the texts of definitions and options. Names are compared without regard
 * to case. */
#ifndef CORE_CHANNELS_H
#define CORE_CHANNELS_H

#include <stdbool.h>
#include <stdint.h>

#include <core/link.h>

struct channels {
	uint32_t n;
	char (*names)[LINK_CHANNEL_TEXT];
};

void channels_free(struct channels *c);
/* Each: 0, -ENOMEM, -E2BIG (more than LINK_CHANNELS) or -EINVAL (empty, or longer than LINK_CHANNEL_TEXT - 1 octets). */
int channels_add(struct channels *c, const char *name);                  /* unless it is there */
int channels_add_text(struct channels *c, const char *text);             /* "1,6, 11" */
int channels_add_all(struct channels *c, const struct channels *from);
int channels_set(struct channels *c, const char *const *names, uint32_t n); /* instead of what is there */
int channels_remove_text(struct channels *c, const char *text);
/* The index of a name, or -1. */
int channels_find(const struct channels *c, const char *name);
/* Of the names, in any order: lists of the same channels have the same key, others almost certainly another. */
uint64_t channels_key(const struct channels *c);

/* "5/sec", "10/min" (hops), "2/dwell" (seconds per channel); "5" is per second. 0 and hops per second, or -EINVAL. */
int hop_rate_parse(const char *text, double *ret_rate);
/* Where source i of n equal ones begins in a list of so many channels. */
uint32_t hop_offset(uint32_t channels, uint32_t n, uint32_t i);

#endif
