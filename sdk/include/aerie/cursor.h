/* SPDX-License-Identifier: MIT */
/* The bounds-checked cursor: the only way to read octets from outside. Since ABI 1.0.
 *
 * A read past the end returns 0 (or NULL), sets `bad` and stays there, so a parser may read a whole group of values and
 * check once. Nothing here calls the host. [any] */
#ifndef AERIE_CURSOR_H
#define AERIE_CURSOR_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct aerie_cur {
	const uint8_t *p, *end;
	int bad;
};

static inline struct aerie_cur aerie_cur_make(const void *data, size_t len)
{
	struct aerie_cur c;

	c.p = (const uint8_t *)data;
	c.end = c.p + len;
	c.bad = 0;
	return c;
}

static inline size_t aerie_cur_left(const struct aerie_cur *c)
{
	return (size_t)(c->end - c->p);
}

/* n octets, or NULL with `bad` set. */
static inline const uint8_t *aerie_cur_take(struct aerie_cur *c, size_t n)
{
	const uint8_t *p = c->p;

	if (n > (size_t)(c->end - c->p)) {
		c->bad = 1;
		c->p = c->end;
		return NULL;
	}
	c->p += n;
	return p;
}

static inline void aerie_cur_skip(struct aerie_cur *c, size_t n)
{
	(void)aerie_cur_take(c, n);
}

/* A cursor over the next n octets; bad and empty when there are fewer. */
static inline struct aerie_cur aerie_cur_sub(struct aerie_cur *c, size_t n)
{
	const uint8_t *p = aerie_cur_take(c, n);
	struct aerie_cur s = aerie_cur_make(p ? p : c->end, p ? n : 0);

	s.bad = !p;
	return s;
}

static inline uint8_t aerie_cur_u8(struct aerie_cur *c)
{
	const uint8_t *p = aerie_cur_take(c, 1);

	return p ? p[0] : 0;
}

static inline uint16_t aerie_cur_le16(struct aerie_cur *c)
{
	const uint8_t *p = aerie_cur_take(c, 2);

	return p ? (uint16_t)(p[0] | p[1] << 8) : 0;
}

static inline uint16_t aerie_cur_be16(struct aerie_cur *c)
{
	const uint8_t *p = aerie_cur_take(c, 2);

	return p ? (uint16_t)(p[0] << 8 | p[1]) : 0;
}

static inline uint32_t aerie_cur_le32(struct aerie_cur *c)
{
	const uint8_t *p = aerie_cur_take(c, 4);

	return p ? (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24 : 0;
}

static inline uint32_t aerie_cur_be32(struct aerie_cur *c)
{
	const uint8_t *p = aerie_cur_take(c, 4);

	return p ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | (uint32_t)p[3] : 0;
}

static inline uint64_t aerie_cur_le64(struct aerie_cur *c)
{
	const uint8_t *p = aerie_cur_take(c, 8);
	uint64_t v = 0;
	int i;

	if (p)
		for (i = 7; i >= 0; i--)
			v = v << 8 | p[i];
	return v;
}

static inline uint64_t aerie_cur_be64(struct aerie_cur *c)
{
	const uint8_t *p = aerie_cur_take(c, 8);
	uint64_t v = 0;
	int i;

	if (p)
		for (i = 0; i < 8; i++)
			v = v << 8 | p[i];
	return v;
}

#ifdef __cplusplus
}
#endif
#endif
