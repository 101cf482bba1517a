/* SPDX-License-Identifier: MIT */
/* SHA-1 (FIPS 180-4), for the upgrade to WebSocket in a build without a TLS library that has it. It protects nothing here:
 * RFC 6455 uses it to tell that the other side understood. */
#include <stdint.h>
#include <string.h>

#include "protocol.h"
#include "stream.h"

#define TEXT_MAX 119u /* two blocks, with the padding */

static uint32_t rotate(uint32_t v, unsigned n)
{
	return v << n | v >> (32 - n);
}

static void add_block(uint32_t *h, const uint8_t *block)
{
	static const uint32_t k[4] = { 0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6 };
	uint32_t w[80], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];
	unsigned t;

	for (t = 0; t < 16; t++)
		w[t] = get_be32(block + 4 * t);
	for (; t < 80; t++)
		w[t] = rotate(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1);
	for (t = 0; t < 80; t++) {
		uint32_t f = t < 20 ? (b & c) | (~b & d) : t >= 40 && t < 60 ? (b & c) | (b & d) | (c & d) : b ^ c ^ d;
		uint32_t sum = rotate(a, 5) + f + e + k[t / 20] + w[t];

		e = d;
		d = c;
		c = rotate(b, 30);
		b = a;
		a = sum;
	}
	h[0] += a;
	h[1] += b;
	h[2] += c;
	h[3] += d;
	h[4] += e;
}

int sha1_text(const char *text, unsigned char *digest)
{
	uint32_t h[5] = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0 };
	uint8_t blocks[128];
	size_t len = strlen(text), all, i;

	if (len > TEXT_MAX)
		return -1;
	memset(blocks, 0, sizeof blocks);
	memcpy(blocks, text, len);
	blocks[len] = 0x80;
	all = len + 9 <= 64 ? 64 : 128;
	put_be64(blocks + all - 8, len * 8);
	for (i = 0; i < all; i += 64)
		add_block(h, blocks + i);
	for (i = 0; i < 5; i++)
		put_be32(digest + 4 * i, h[i]);
	return 0;
}
