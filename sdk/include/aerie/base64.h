/* SPDX-License-Identifier: MIT */
/* Base64 (RFC 4648) from outside: the standard and the URL alphabet (4, 5), also mixed; padding is optional.
 * Nothing here calls the host. [any] Since ABI 1.0. */
#ifndef AERIE_BASE64_H
#define AERIE_BASE64_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Room that n characters need at most when decoded. */
#define AERIE_BASE64_ROOM(n) ((size_t)(n) / 4 * 3 + 3)

static inline int aerie_base64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || c == '-')
		return 62;
	return c == '/' || c == '_' ? 63 : -1;
}

/* Decodes n characters to dst, which has AERIE_BASE64_ROOM(n) octets: how many it made, or -1 - i when the character at i
 * is none of the alphabet, or at n when the text ends within an octet. */
static inline int64_t aerie_base64_decode(const char *text, size_t n, uint8_t *dst)
{
	uint8_t *out = dst;
	uint32_t bits = 0;
	size_t i, end = n;
	int digit;

	if (end && n % 4 == 0 && text[end - 1] == '=')
		end--;
	if (end && n % 4 == 0 && end < n && text[end - 1] == '=')
		end--;
	for (i = 0; i < end; i++) {
		digit = aerie_base64_digit(text[i]);
		if (digit < 0)
			return -1 - (int64_t)i;
		bits = bits << 6 | (uint32_t)digit;
		if (i % 4 == 1)
			*out++ = (uint8_t)(bits >> 4);
		else if (i % 4 == 2)
			*out++ = (uint8_t)(bits >> 2);
		else if (i % 4 == 3)
			*out++ = (uint8_t)bits;
	}
	if (end % 4 == 1)
		return -1 - (int64_t)n;
	return out - dst;
}

#ifdef __cplusplus
}
#endif
#endif
