/* SPDX-License-Identifier: MIT */
#include "read.h"

#include <string.h>

static void bad(struct aerie_cur *c)
{
	c->bad = 1;
	c->p = c->end;
}

uint32_t read_map(struct aerie_cur *c)
{
	uint8_t tag = aerie_cur_u8(c);

	if ((tag & 0xf0) == 0x80)
		return tag & 0x0f;
	if (tag == 0xde)
		return aerie_cur_be16(c);
	if (tag == 0xdf)
		return aerie_cur_be32(c);
	bad(c);
	return 0;
}

uint32_t read_array(struct aerie_cur *c)
{
	uint8_t tag = aerie_cur_u8(c);

	if ((tag & 0xf0) == 0x90)
		return tag & 0x0f;
	if (tag == 0xdc)
		return aerie_cur_be16(c);
	if (tag == 0xdd)
		return aerie_cur_be32(c);
	bad(c);
	return 0;
}

static uint8_t next_tag(const struct aerie_cur *c)
{
	struct aerie_cur ahead = *c;

	return aerie_cur_u8(&ahead);
}

double read_number(struct aerie_cur *c)
{
	uint32_t bits32;
	uint64_t bits64;
	float f;
	double d;

	switch (next_tag(c)) {
	case 0xca:
		aerie_cur_skip(c, 1);
		bits32 = aerie_cur_be32(c);
		memcpy(&f, &bits32, sizeof f);
		return (double)f;
	case 0xcb:
		aerie_cur_skip(c, 1);
		bits64 = aerie_cur_be64(c);
		memcpy(&d, &bits64, sizeof d);
		return d;
	default:
		return (double)read_uint(c);
	}
}

bool read_bool(struct aerie_cur *c)
{
	uint8_t tag = next_tag(c);

	if (tag != 0xc2 && tag != 0xc3)
		return read_number(c) != 0;
	aerie_cur_skip(c, 1);
	return tag == 0xc3;
}

uint64_t read_uint(struct aerie_cur *c)
{
	uint8_t tag = aerie_cur_u8(c);
	uint64_t v;

	if (tag < 0x80)
		return tag;
	switch (tag) {
	case 0xcc:
		return aerie_cur_u8(c);
	case 0xcd:
		return aerie_cur_be16(c);
	case 0xce:
		return aerie_cur_be32(c);
	case 0xcf:
		return aerie_cur_be64(c);
	case 0xd0:
		v = aerie_cur_u8(c);
		if (v < 0x80)
			return v;
		break;
	case 0xd1:
		v = aerie_cur_be16(c);
		if (v < 0x8000)
			return v;
		break;
	case 0xd2:
		v = aerie_cur_be32(c);
		if (v < 0x80000000)
			return v;
		break;
	case 0xd3:
		v = aerie_cur_be64(c);
		if (v < UINT64_C(0x8000000000000000))
			return v;
		break;
	default:
		break;
	}
	bad(c);
	return 0;
}

struct aerie_cur read_text(struct aerie_cur *c)
{
	uint8_t tag = aerie_cur_u8(c);

	if ((tag & 0xe0) == 0xa0)
		return aerie_cur_sub(c, tag & 0x1f);
	switch (tag) {
	case 0xc4:
	case 0xd9:
		return aerie_cur_sub(c, aerie_cur_u8(c));
	case 0xc5:
	case 0xda:
		return aerie_cur_sub(c, aerie_cur_be16(c));
	case 0xc6:
	case 0xdb:
		return aerie_cur_sub(c, aerie_cur_be32(c));
	default:
		bad(c);
		return aerie_cur_sub(c, 0);
	}
}

/* Passes one value's own octets and gives how many values it contains. */
static uint64_t skip_one(struct aerie_cur *c)
{
	/* 0xc0 to 0xdf: octets of the value, or of the length before it */
	static const uint8_t fixed[32] = {
		[0x0a] = 4, [0x0b] = 8, [0x0c] = 1, [0x0d] = 2, [0x0e] = 4, [0x0f] = 8, [0x10] = 1, [0x11] = 2,
		[0x12] = 4, [0x13] = 8, [0x14] = 2, [0x15] = 3, [0x16] = 5, [0x17] = 9, [0x18] = 17
	};
	uint8_t tag = aerie_cur_u8(c);

	if (tag < 0x80 || tag >= 0xe0)
		return 0;
	if (tag < 0x90)
		return 2u * (tag & 0x0fu);
	if (tag < 0xa0)
		return tag & 0x0fu;
	if (tag < 0xc0) {
		aerie_cur_skip(c, tag & 0x1f);
		return 0;
	}
	switch (tag) {
	case 0xc1: /* never used */
		bad(c);
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
	case 0xc7: /* extensions: length, type, content */
		aerie_cur_skip(c, aerie_cur_u8(c) + (size_t)1);
		return 0;
	case 0xc8:
		aerie_cur_skip(c, aerie_cur_be16(c) + (size_t)1);
		return 0;
	case 0xc9:
		aerie_cur_skip(c, aerie_cur_be32(c) + (size_t)1);
		return 0;
	case 0xdc:
		return aerie_cur_be16(c);
	case 0xdd:
		return aerie_cur_be32(c);
	case 0xde:
		return UINT64_C(2) * aerie_cur_be16(c);
	case 0xdf:
		return UINT64_C(2) * aerie_cur_be32(c);
	default:
		aerie_cur_skip(c, fixed[tag & 0x1f]);
		return 0;
	}
}

void read_skip(struct aerie_cur *c)
{
	uint64_t pending = 1;

	while (pending > 0 && !c->bad) {
		pending += skip_one(c);
		pending--;
		if (pending > aerie_cur_left(c)) /* a value has at least one octet */
			bad(c);
	}
}

int read_map_text(const void *body, size_t len, uint64_t key, char *text, size_t room, const char **ret_problem)
{
	struct aerie_cur c = aerie_cur_make(body, len), found = aerie_cur_make(body, 0);
	uint32_t n = read_map(&c);
	int have = 0;

	while (n-- > 0 && !c.bad) {
		if (read_uint(&c) == key && !c.bad) {
			found = read_text(&c);
			have = 1;
		} else {
			read_skip(&c);
		}
	}
	if (c.bad || found.bad)
		return -1;
	if (!have) {
		*ret_problem = "it is missing";
		return 0;
	}
	len = aerie_cur_left(&found);
	if (len >= room) {
		*ret_problem = "it is too long";
		return 0;
	}
	if (memchr(found.p, 0, len)) {
		*ret_problem = "it contains a NUL";
		return 0;
	}
	memcpy(text, found.p, len);
	text[len] = 0;
	return 1;
}
