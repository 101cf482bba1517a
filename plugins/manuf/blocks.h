/* SPDX-License-Identifier: MIT */
/* A table of address blocks and their owners, as the IEEE Registration Authority publishes them. */
#ifndef MANUF_BLOCKS_H
#define MANUF_BLOCKS_H

#include <stddef.h>
#include <stdint.h>

#define BLOCK_SIZES 3u       /* 36, 28 and 24 bits, in the order of looking */
#define BLOCKS_MAX 1000000u  /* of one size */
#define NAMES_MAX (64u << 20) /* octets of all names */
#define NAME_MAX_LEN 255u

struct block {
	uint64_t prefix;
	uint32_t name; /* where in names */
	uint32_t order; /* which came first wins */
	const void *cache; /* the caller's, for a ready-made text; NULL at first. Atomic. */
};

struct blocks {
	struct {
		struct block *items;
		uint32_t n, cap;
	} sizes[BLOCK_SIZES];
	char *names;
	uint32_t names_len, names_cap, added;
};

/* Adds the blocks of a text: IEEE .csv ("MA-L,002272,Name,..."), IEEE .txt ("00-22-72   (hex)  Name"), or lines
 * "00:22:72<tab>Name" with an optional "/28" or "/36", as Wireshark and the ecosystem's oui files have. Lines that are none of these
 * are skipped. Returns how many were added, or -ENOMEM, -ENOSPC. */
int blocks_add_text(struct blocks *b, const char *text, size_t len);
/* One block; prefix_hex: 6, 7 or 9 hex digits, separators ':' and '-' allowed. -EINVAL. */
int blocks_add(struct blocks *b, const char *prefix_hex, size_t prefix_len, const char *name, size_t name_len);
void blocks_sort(struct blocks *b); /* after the last addition */
/* The longest block that holds the address, or NULL. */
struct block *blocks_find(struct blocks *b, const uint8_t mac[6]);
const char *blocks_name(const struct blocks *b, const struct block *block);
void blocks_done(struct blocks *b);

#endif
