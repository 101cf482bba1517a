/* SPDX-License-Identifier: MIT */
/* Reading the registries. Names stay in one buffer and are looked up by a search in sorted arrays, so that 50,000 makers cost two
 * megabytes and no allocation each. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "blocks.h"

static const uint8_t block_bits[BLOCK_SIZES] = { 36, 28, 24 };

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int grow(void **items, uint32_t *cap, uint32_t need, size_t size, uint32_t max)
{
	uint32_t n = *cap ? *cap : 1024;
	void *p;

	if (need <= *cap)
		return 0;
	if (need > max)
		return -ENOSPC;
	while (n < need)
		n *= 2;
	p = realloc(*items, n * size);
	if (!p)
		return -ENOMEM;
	*items = p;
	*cap = n;
	return 0;
}

static int add(struct blocks *b, unsigned size, uint64_t prefix, const char *name, size_t len)
{
	struct block *item;
	int r;

	while (len && (name[0] == ' ' || name[0] == '\t')) {
		name++;
		len--;
	}
	while (len && (uint8_t)name[len - 1] <= ' ')
		len--;
	if (len > NAME_MAX_LEN)
		len = NAME_MAX_LEN;
	if (!len)
		return -EINVAL;
	r = grow((void **)&b->sizes[size].items, &b->sizes[size].cap, b->sizes[size].n + 1, sizeof *item, BLOCKS_MAX);
	if (r >= 0)
		r = grow((void **)&b->names, &b->names_cap, b->names_len + (uint32_t)len + 1, 1, NAMES_MAX);
	if (r < 0)
		return r;
	item = &b->sizes[size].items[b->sizes[size].n++];
	*item = (struct block){ .prefix = prefix, .name = b->names_len, .order = b->added++ };
	memcpy(b->names + b->names_len, name, len);
	b->names[b->names_len + len] = '\0';
	b->names_len += (uint32_t)len + 1;
	return 0;
}

/* bits: how many of the digits count (the "/28" of a text); 0: all. */
static int add_prefix(struct blocks *b, const char *hex, size_t hex_len, unsigned bits, const char *name, size_t len)
{
	uint64_t v = 0;
	unsigned digits = 0, i;
	size_t k;

	for (k = 0; k < hex_len; k++) {
		int d = hex_digit(hex[k]);

		if (d < 0 && hex[k] != ':' && hex[k] != '-')
			return -EINVAL;
		if (d < 0)
			continue;
		if (++digits > 12)
			return -EINVAL;
		v = v << 4 | (unsigned)d;
	}
	if (!bits)
		bits = digits * 4;
	if (bits > digits * 4)
		return -EINVAL;
	v >>= digits * 4 - bits;
	for (i = 0; i < BLOCK_SIZES; i++)
		if (bits == block_bits[i])
			return add(b, i, v, name, len);
	return -EINVAL;
}

int blocks_add(struct blocks *b, const char *prefix_hex, size_t prefix_len, const char *name, size_t name_len)
{
	return add_prefix(b, prefix_hex, prefix_len, 0, name, name_len);
}

/* One field of a CSV record (RFC 4180); quotes are undone into dst. Returns what follows the field's separator. */
static const char *csv_field(const char *p, const char *end, char *dst, size_t room, size_t *ret_len, bool *ret_last)
{
	bool quoted = p < end && *p == '"';
	size_t n = 0;

	for (p += quoted; p < end; p++) {
		if (quoted && *p == '"') {
			if (p + 1 < end && p[1] == '"')
				p++;
			else {
				quoted = false;
				continue;
			}
		} else if (!quoted && (*p == ',' || *p == '\n' || *p == '\r')) {
			break;
		}
		if (n < room)
			dst[n++] = *p;
	}
	*ret_len = n;
	*ret_last = p == end || *p != ',';
	while (p < end && *p == '\r')
		p++;
	return p < end ? p + 1 : p;
}

static int add_csv(struct blocks *b, const char *p, const char *end)
{
	char prefix[16], name[NAME_MAX_LEN], rest[1];
	size_t prefix_len, name_len, len;
	int added = 0, r;
	bool last;

	while (p < end) {
		p = csv_field(p, end, rest, 0, &len, &last);
		prefix_len = name_len = 0;
		if (!last)
			p = csv_field(p, end, prefix, sizeof prefix, &prefix_len, &last);
		if (!last)
			p = csv_field(p, end, name, sizeof name, &name_len, &last);
		while (!last)
			p = csv_field(p, end, rest, 0, &len, &last);
		r = blocks_add(b, prefix, prefix_len, name, name_len);
		if (r == -ENOMEM || r == -ENOSPC)
			return r;
		added += r == 0;
	}
	return added;
}

/* "00-22-72   (hex)\t\tName", or "00:22:72[/bits]<blank>Name[<tab>long name]". */
static int add_line(struct blocks *b, const char *p, const char *end)
{
	const char *hex = p, *hex_end, *tab;
	unsigned bits = 0;

	while (p < end && (hex_digit(*p) >= 0 || *p == ':' || *p == '-'))
		p++;
	hex_end = p;
	if (hex_end == hex)
		return -EINVAL;
	if (p < end && *p == '/')
		for (p++; p < end && *p >= '0' && *p <= '9' && bits < 100; p++)
			bits = bits * 10 + (unsigned)(*p - '0');
	if (p == end || (*p != ' ' && *p != '\t'))
		return -EINVAL;
	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	if (end - p > 5 && memcmp(p, "(hex)", 5) == 0)
		return add_prefix(b, hex, (size_t)(hex_end - hex), bits, p + 5, (size_t)(end - p - 5));
	tab = memchr(p, '\t', (size_t)(end - p));
	if (tab) /* short name, long name: the long one */
		p = tab + 1;
	return add_prefix(b, hex, (size_t)(hex_end - hex), bits, p, (size_t)(end - p));
}

int blocks_add_text(struct blocks *b, const char *text, size_t len)
{
	const char *p = text, *end = text + len;
	int added = 0, r;

	if (len > 9 && memcmp(text, "Registry,", 9) == 0)
		return add_csv(b, p, end);
	while (p < end) {
		const char *eol = memchr(p, '\n', (size_t)(end - p));

		if (!eol)
			eol = end;
		r = add_line(b, p, eol);
		if (r == -ENOMEM || r == -ENOSPC)
			return r;
		added += r == 0;
		p = eol + (eol < end);
	}
	return added;
}

static int by_prefix(const void *x, const void *y)
{
	const struct block *a = x, *c = y;

	if (a->prefix != c->prefix)
		return a->prefix < c->prefix ? -1 : 1;
	return a->order < c->order ? -1 : 1;
}

void blocks_sort(struct blocks *b)
{
	unsigned i;

	for (i = 0; i < BLOCK_SIZES; i++)
		if (b->sizes[i].n)
			qsort(b->sizes[i].items, b->sizes[i].n, sizeof(struct block), by_prefix);
}

struct block *blocks_find(struct blocks *b, const uint8_t mac[6])
{
	uint64_t address = 0;
	unsigned i;

	for (i = 0; i < 6; i++)
		address = address << 8 | mac[i];
	for (i = 0; i < BLOCK_SIZES; i++) {
		uint64_t prefix = address >> (48 - block_bits[i]);
		struct block *items = b->sizes[i].items;
		uint32_t lo = 0, hi = b->sizes[i].n;

		while (lo < hi) {
			uint32_t mid = lo + (hi - lo) / 2;

			if (items[mid].prefix < prefix)
				lo = mid + 1;
			else
				hi = mid;
		}
		if (lo < b->sizes[i].n && items[lo].prefix == prefix)
			return &items[lo];
	}
	return NULL;
}

const char *blocks_name(const struct blocks *b, const struct block *block)
{
	return b->names + block->name;
}

void blocks_done(struct blocks *b)
{
	unsigned i;

	for (i = 0; i < BLOCK_SIZES; i++)
		free(b->sizes[i].items);
	free(b->names);
	memset(b, 0, sizeof *b);
}
