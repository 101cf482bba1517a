/* SPDX-License-Identifier: MIT */
/* A reader of msgpack (github.com/msgpack/msgpack, spec.md) on the bounds-checked cursor, without allocation. Since ABI 1.0.
 *
 * Works like the cursor itself: a value of another kind than asked for, or one that is not all there, sets `bad` and
 * yields 0, so a group of values is read first and checked once. Counts of maps and arrays are as written, so a loop over
 * them must end when `bad` is set. Nothing here calls the host. [any] */
#ifndef AERIE_MSGPACK_H
#define AERIE_MSGPACK_H

#include <string.h>

#include <aerie/cursor.h>

#ifdef __cplusplus
extern "C" {
#endif

#define AERIE_MP_DEPTH 8u /* nesting of a value that is skipped, at most */

/* Packets have a dozen values each, so integers and texts have a short way, for when a whole 64-bit number fits into what
 * is left, and a slow way that also serves the end of the buffer. The slow ones get a copy of the cursor: the
 * caller's can then stay in registers. */
#if defined(__GNUC__)
#define AERIE_MP_SLOW static __attribute__((noinline, unused))
#else
#define AERIE_MP_SLOW static inline
#endif

/* The number of n octets (1, 2, 4 or 8) behind the first octet; there are at least 9. */
static inline uint64_t aerie_mp_behind_head(struct aerie_cur *c, unsigned n)
{
	const uint8_t *p = c->p + 1;
	uint64_t v = (uint64_t)p[0] << 56 | (uint64_t)p[1] << 48 | (uint64_t)p[2] << 40 | (uint64_t)p[3] << 32 |
		     (uint64_t)p[4] << 24 | (uint64_t)p[5] << 16 | (uint64_t)p[6] << 8 | (uint64_t)p[7];

	aerie_cur_skip(c, 1 + n);
	return v >> (64 - 8 * n);
}

AERIE_MP_SLOW uint64_t aerie_mp_int_slow(struct aerie_cur *c)
{
	uint8_t b = aerie_cur_u8(c);

	switch (b) {
	case 0xcc:
		return aerie_cur_u8(c);
	case 0xcd:
		return aerie_cur_be16(c);
	case 0xce:
		return aerie_cur_be32(c);
	case 0xcf:
	case 0xd3:
		return aerie_cur_be64(c);
	case 0xd0:
		return (uint64_t)(int64_t)(int8_t)aerie_cur_u8(c);
	case 0xd1:
		return (uint64_t)(int64_t)(int16_t)aerie_cur_be16(c);
	case 0xd2:
		return (uint64_t)(int64_t)(int32_t)aerie_cur_be32(c);
	}
	if (b < 0x80 || b >= 0xe0)
		return (uint64_t)(int64_t)(int8_t)b;
	c->bad = 1;
	return 0;
}

/* An integer of any width. Negative ones come as two's complement of 64 bits. */
static inline uint64_t aerie_mp_int(struct aerie_cur *c)
{
	struct aerie_cur copy;
	uint64_t v;

	if (aerie_cur_left(c) >= 9) {
		uint8_t b = *c->p;

		if (b < 0x80) {
			aerie_cur_skip(c, 1);
			return b;
		}
		if (b >= 0xcc && b <= 0xcf)
			return aerie_mp_behind_head(c, 1u << (b - 0xcc));
	}
	copy = *c;
	v = aerie_mp_int_slow(&copy);
	*c = copy;
	return v;
}

AERIE_MP_SLOW uint32_t aerie_mp_length_slow(struct aerie_cur *c)
{
	uint8_t b = aerie_cur_u8(c);

	switch (b) {
	case 0xc4:
	case 0xd9:
		return aerie_cur_u8(c);
	case 0xc5:
	case 0xda:
		return aerie_cur_be16(c);
	case 0xc6:
	case 0xdb:
		return aerie_cur_be32(c);
	}
	if ((b & 0xe0) != 0xa0)
		c->bad = 1;
	return b & 0x1f;
}

/* A number: an integer of any width, signed, or a real one. */
AERIE_MP_SLOW double aerie_mp_real(struct aerie_cur *c)
{
	uint8_t b = aerie_cur_left(c) ? *c->p : 0xc1;
	uint64_t bits;
	uint32_t bits32;
	float f;
	double d;

	if (b == 0xcf)
		return (double)aerie_mp_int_slow(c);
	if (b != 0xca && b != 0xcb)
		return (double)(int64_t)aerie_mp_int_slow(c);
	aerie_cur_skip(c, 1);
	if (b == 0xcb) {
		bits = aerie_cur_be64(c);
		memcpy(&d, &bits, sizeof d);
		return d;
	}
	bits32 = aerie_cur_be32(c);
	memcpy(&f, &bits32, sizeof f);
	return (double)f;
}

/* 1 or 0: true and false, or an integer that is not 0. */
AERIE_MP_SLOW int aerie_mp_bool(struct aerie_cur *c)
{
	uint8_t b = aerie_cur_left(c) ? *c->p : 0xc1;

	if (b != 0xc2 && b != 0xc3)
		return aerie_mp_int_slow(c) != 0;
	aerie_cur_skip(c, 1);
	return b == 0xc3;
}

/* Text or octets: str and bin alike, because writers disagree. Leads into the buffer; NULL when bad. */
static inline const uint8_t *aerie_mp_octets(struct aerie_cur *c, uint32_t *ret_len)
{
	const uint8_t *p;
	uint32_t len;

	if (aerie_cur_left(c) >= 9 && *c->p >= 0xc4 && *c->p <= 0xc6) {
		len = (uint32_t)aerie_mp_behind_head(c, 1u << (*c->p - 0xc4));
	} else {
		struct aerie_cur copy = *c;

		len = aerie_mp_length_slow(&copy);
		*c = copy;
	}
	if (c->bad)
		return NULL;
	p = aerie_cur_take(c, len);
	if (p)
		*ret_len = len;
	return p;
}

/* Pairs of a map. */
static inline uint32_t aerie_mp_map(struct aerie_cur *c)
{
	uint8_t b = aerie_cur_u8(c);

	if ((b & 0xf0) == 0x80)
		return b & 0x0f;
	if (b == 0xde)
		return aerie_cur_be16(c);
	if (b == 0xdf)
		return aerie_cur_be32(c);
	c->bad = 1;
	return 0;
}

/* Elements of an array. */
static inline uint32_t aerie_mp_array(struct aerie_cur *c)
{
	uint8_t b = aerie_cur_u8(c);

	if ((b & 0xf0) == 0x90)
		return b & 0x0f;
	if (b == 0xdc)
		return aerie_cur_be16(c);
	if (b == 0xdd)
		return aerie_cur_be32(c);
	c->bad = 1;
	return 0;
}

/* The head of any value, with the octets of a scalar; how many values follow as its parts. */
static inline uint64_t aerie_mp_skip_head(struct aerie_cur *c)
{
	/* Octets behind 0xc0..0xdf; lengths and counts are below. 0xc1 is never used. */
	static const uint8_t fixed[32] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 8, 1, 2, 4, 8,
					   1, 2, 4, 8, 2, 3, 5, 9, 17, 0, 0, 0, 0, 0, 0, 0 };
	uint8_t b = aerie_cur_u8(c);

	if (b < 0x80 || b >= 0xe0)
		return 0;
	if (b < 0x90)
		return 2u * (b & 0x0fu);
	if (b < 0xa0)
		return b & 0x0f;
	if (b < 0xc0) {
		aerie_cur_skip(c, b & 0x1f);
		return 0;
	}
	switch (b) {
	case 0xc1:
		c->bad = 1;
		return 0;
	case 0xc4:
	case 0xd9:
		aerie_cur_skip(c, aerie_cur_u8(c));
		return 0;
	case 0xc5:
	case 0xda:
		aerie_cur_skip(c, aerie_cur_be16(c));
		return 0;
	case 0xc6:
	case 0xdb:
		aerie_cur_skip(c, aerie_cur_be32(c));
		return 0;
	case 0xc7:
		aerie_cur_skip(c, (size_t)aerie_cur_u8(c) + 1);
		return 0;
	case 0xc8:
		aerie_cur_skip(c, (size_t)aerie_cur_be16(c) + 1);
		return 0;
	case 0xc9:
		aerie_cur_skip(c, (size_t)aerie_cur_be32(c) + 1);
		return 0;
	case 0xdc:
		return aerie_cur_be16(c);
	case 0xdd:
		return aerie_cur_be32(c);
	case 0xde:
		return 2u * (uint64_t)aerie_cur_be16(c);
	case 0xdf:
		return 2u * (uint64_t)aerie_cur_be32(c);
	}
	aerie_cur_skip(c, fixed[b - 0xc0]);
	return 0;
}

AERIE_MP_SLOW void aerie_mp_skip_slow(struct aerie_cur *c)
{
	uint64_t left[AERIE_MP_DEPTH + 1] = { 1 };
	unsigned depth = 0;

	for (;;) {
		uint64_t parts;

		while (left[depth] == 0) {
			if (depth-- == 0)
				return;
		}
		left[depth]--;
		parts = aerie_mp_skip_head(c);
		if (c->bad)
			return;
		if (parts == 0)
			continue;
		if (depth == AERIE_MP_DEPTH) {
			c->bad = 1;
			return;
		}
		left[++depth] = parts;
	}
}

/* One value of any kind. Maps and arrays deeper than AERIE_MP_DEPTH set `bad`. */
static inline void aerie_mp_skip(struct aerie_cur *c)
{
	struct aerie_cur copy = *c;

	aerie_mp_skip_slow(&copy);
	*c = copy;
}

#ifdef __cplusplus
}
#endif
#endif
