/* SPDX-License-Identifier: MIT */
/* Numbers as text. Two digits at a time from a table; doubles by exact scaling, where fma() yields the error of the
 * multiplication so that a tie is known for one. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "number.h"

static const char pairs[201] =
	"0001020304050607080910111213141516171819"
	"2021222324252627282930313233343536373839"
	"4041424344454647484950515253545556575859"
	"6061626364656667686970717273747576777879"
	"8081828384858687888990919293949596979899";

static unsigned digits(uint64_t v)
{
	unsigned n = 1;

	for (; v >= 10000; v /= 10000)
		n += 4;
	return v >= 1000 ? n + 3 : v >= 100 ? n + 2 : v >= 10 ? n + 1 : n;
}

char *number_u64(char *dst, uint64_t v)
{
	char *end, *p;

	if (v < 10) {
		*dst = (char)('0' + v);
		return dst + 1;
	}
	end = p = dst + digits(v);
	for (; v >= 100; v /= 100) {
		p -= 2;
		memcpy(p, pairs + v % 100 * 2, 2);
	}
	if (v >= 10)
		memcpy(p - 2, pairs + v * 2, 2);
	else
		p[-1] = (char)('0' + v);
	return end;
}

char *number_i64(char *dst, int64_t v)
{
	if (v >= 0)
		return number_u64(dst, (uint64_t)v);
	*dst++ = '-';
	return number_u64(dst, 0 - (uint64_t)v);
}

/* printf's digits, with '.' whatever the locale says. */
static char *by_printf(char *dst, double v, int decimals)
{
	int n = snprintf(dst, NUMBER_F64, "%.*f", decimals, v), i;

	for (i = 0; i < n; i++)
		if ((dst[i] < '0' || dst[i] > '9') && dst[i] != '-')
			dst[i] = '.';
	return dst + n;
}

static char *fraction(char *dst, uint64_t micros)
{
	uint32_t part = (uint32_t)(micros % 1000000);

	dst = number_u64(dst, micros / 1000000);
	*dst++ = '.';
	memcpy(dst, pairs + part / 10000 * 2, 2);
	memcpy(dst + 2, pairs + part / 100 % 100 * 2, 2);
	memcpy(dst + 4, pairs + part % 100 * 2, 2);
	return dst + 6;
}

char *number_f64(char *dst, double v)
{
	double scaled, error, above;
	uint64_t micros;

	if (!isfinite(v))
		v = 0;
	if (v > -9e18 && v < 9e18 && (double)(int64_t)v == v)
		return number_i64(dst, (int64_t)v);
	if (fabs(v) >= 9e18)
		return by_printf(dst, v, 0);
	if (fabs(v) >= 4e9) /* from here scaled would have less than half a unit of resolution */
		return by_printf(dst, v, 6);
	if (v < 0) {
		*dst++ = '-';
		v = -v;
	}
	scaled = v * 1e6;
	error = fma(v, 1e6, -scaled);
	micros = (uint64_t)scaled;
	above = scaled - (double)micros - 0.5;
	if (above > 0 || (above == 0 && (error > 0 || (error == 0 && (micros & 1)))))
		micros++;
	return fraction(dst, micros);
}
