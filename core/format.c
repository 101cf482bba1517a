/* SPDX-License-Identifier: MIT */
/* Text forms of addresses, UUIDs and numbers, by table: they are written for every device of a list. */
#include <core/registry.h>

#include <errno.h>
#include <math.h>
#include <stdio.h>

#define ROW(h) \
	{ h, '0' }, { h, '1' }, { h, '2' }, { h, '3' }, { h, '4' }, { h, '5' }, { h, '6' }, { h, '7' }, \
	{ h, '8' }, { h, '9' }, { h, 'A' }, { h, 'B' }, { h, 'C' }, { h, 'D' }, { h, 'E' }, { h, 'F' }

static const char hex_pairs[256][2] = { ROW('0'), ROW('1'), ROW('2'), ROW('3'), ROW('4'), ROW('5'), ROW('6'), ROW('7'),
					ROW('8'), ROW('9'), ROW('A'), ROW('B'), ROW('C'), ROW('D'), ROW('E'), ROW('F') };

static char *put_hex(char *dst, uint8_t octet)
{
	memcpy(dst, hex_pairs[octet], 2);
	return dst + 2;
}

uint32_t format_mac(char *dst, const uint8_t mac[6])
{
	unsigned i;

	for (i = 0; i < 6; i++) {
		dst = put_hex(dst, mac[i]);
		*dst++ = ':';
	}
	dst[-1] = 0;
	return 17;
}

uint32_t format_uuid(char *dst, const uint8_t uuid[16])
{
	unsigned i;

	for (i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*dst++ = '-';
		dst = put_hex(dst, uuid[i]);
	}
	*dst = 0;
	return 36;
}

uint32_t format_hex64(char dst[17], uint64_t value)
{
	unsigned i;

	for (i = 0; i < 8; i++)
		dst = put_hex(dst, (uint8_t)(value >> (56 - 8 * i)));
	*dst = 0;
	return 16;
}

uint32_t format_u64(char *dst, uint64_t value)
{
	char tmp[20];
	unsigned n = 0, i;

	do
		tmp[n++] = (char)('0' + value % 10);
	while (value /= 10);
	for (i = 0; i < n; i++)
		dst[i] = tmp[n - 1 - i];
	dst[n] = 0;
	return n;
}

uint32_t format_i64(char *dst, int64_t value)
{
	if (value >= 0)
		return format_u64(dst, (uint64_t)value);
	*dst = '-';
	return 1 + format_u64(dst + 1, -(uint64_t)value);
}

uint32_t format_f64(char dst[KEY_TEXT_MAX], double value, bool decimals)
{
	uint32_t n;

	if (!isfinite(value))
		value = 0;
	if (fabs(value) < 9e15 && value == (double)(int64_t)value) {
		n = format_i64(dst, (int64_t)value);
		if (decimals) {
			memcpy(dst + n, ".000000", 8);
			n += 7;
		}
		return n;
	}
	/* At most 309 digits, sign, point and 6 decimals. */
	return (uint32_t)snprintf(dst, KEY_TEXT_MAX, !decimals && fabs(value) >= 9e15 ? "%.0f" : "%.6f", value);
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int parse_octet(const char *text, uint8_t *ret)
{
	int hi = hex_digit(text[0]), lo = hi < 0 ? -1 : hex_digit(text[1]);

	if (lo < 0)
		return -EINVAL;
	*ret = (uint8_t)(hi << 4 | lo);
	return 0;
}

int parse_mac(const char *text, uint8_t ret_mac[6])
{
	uint8_t mac[6];
	unsigned i;

	for (i = 0; i < 6; i++, text += 2) {
		if (i && *text != ':' && *text != '-')
			return -EINVAL;
		if (i)
			text++;
		if (parse_octet(text, &mac[i]) < 0)
			return -EINVAL;
	}
	if (*text)
		return -EINVAL;
	memcpy(ret_mac, mac, sizeof mac);
	return 0;
}

int parse_uuid(const char *text, uint8_t ret_uuid[16])
{
	uint8_t uuid[16];
	unsigned i;

	for (i = 0; i < 16; i++, text += 2) {
		if ((i == 4 || i == 6 || i == 8 || i == 10) && *text++ != '-')
			return -EINVAL;
		if (parse_octet(text, &uuid[i]) < 0)
			return -EINVAL;
	}
	if (*text)
		return -EINVAL;
	memcpy(ret_uuid, uuid, sizeof uuid);
	return 0;
}
