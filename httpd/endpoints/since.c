/* SPDX-License-Identifier: MIT */
/* Times from which clients ask for what is new. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "endpoints.h"

/* Microseconds of ".5", ".123456789": six digits count. */
static uint64_t fraction_us(const char *text)
{
	uint64_t us = 0;
	unsigned i;

	for (i = 0; i < 6; i++)
		us = us * 10 + (*text ? (uint64_t)(*text++ - '0') : 0);
	return us;
}

int since_parse(const char *text, uint64_t now_us, uint64_t *ret_us)
{
	bool before = *text == '-';
	const char *digits = text + before, *end = digits + strspn(digits, "0123456789");
	unsigned long long s;
	uint64_t us;

	if (end == digits || (*end && (*end != '.' || !end[1] || end[1 + strspn(end + 1, "0123456789")])))
		return -EINVAL;
	errno = 0;
	s = strtoull(digits, NULL, 10);
	if (errno || s > (unsigned long long)INT64_MAX + before)
		return -ERANGE;
	us = s > (UINT64_MAX - 999999) / 1000000 ? UINT64_MAX : s * 1000000 + (*end ? fraction_us(end + 1) : 0);
	if (before)
		us = us < now_us ? now_us - us : 0;
	*ret_us = us;
	return 0;
}
