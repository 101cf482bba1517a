/* SPDX-License-Identifier: MIT */
/* UTF-8 as serializers must take it: text from the air is often not UTF-8, and every format has to show it alike. Each
 * maximal part of an ill-formed sequence is shown as one U+FFFD (Unicode 15, 3.9, "U+FFFD Substitution of Maximal
 * Subparts"; the same as errors="replace" in Python). Nothing here calls the host. [any] Since ABI 1.0. */
#ifndef AERIE_UTF8_H
#define AERIE_UTF8_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define AERIE_UTF8_REPLACEMENT "\xef\xbf\xbd"

/* What n octets (at least 1) at p begin with: a positive number is the length of a well-formed character, a negative
 * one that of an ill-formed part (Unicode 15, table 3-7). */
static inline int aerie_utf8_next(const uint8_t *p, size_t n)
{
	uint8_t c = p[0], low = 0x80, high = 0xbf;
	int want, have;

	if (c < 0x80)
		return 1;
	if (c < 0xc2 || c > 0xf4)
		return -1;
	want = c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
	if (c == 0xe0)
		low = 0xa0;
	else if (c == 0xed)
		high = 0x9f;
	else if (c == 0xf0)
		low = 0x90;
	else if (c == 0xf4)
		high = 0x8f;
	for (have = 1; have < want; have++) {
		if ((size_t)have == n || p[have] < low || p[have] > high)
			return -have;
		low = 0x80;
		high = 0xbf;
	}
	return want;
}

#ifdef __cplusplus
}
#endif
#endif
