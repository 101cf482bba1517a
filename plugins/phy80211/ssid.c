/* SPDX-License-Identifier: MIT */
/* SSIDs and other text from the air as printable UTF-8.
 *
 * Valid UTF-8 stays; control characters, the quote and the backslash become backslash escapes; in text that is not valid
 * UTF-8, octets outside printable ASCII become \xNN. So every SSID has one text that shows what it is, and
 * two different SSIDs never look the same. */
#include <string.h>

#include "dot11.h"

static const char hex[] = "0123456789abcdef";

/* Octets of the valid UTF-8 character at s, or 0 (Unicode 15 table 3-7). */
static uint32_t utf8_len(const uint8_t *s, uint32_t left)
{
	uint32_t n = s[0] < 0x80 ? 1 : s[0] >= 0xc2 && s[0] <= 0xdf ? 2 : (s[0] & 0xf0) == 0xe0 ? 3 :
		     s[0] >= 0xf0 && s[0] <= 0xf4 ? 4 : 0;
	uint32_t i;

	if (n == 0 || n > left)
		return 0;
	for (i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf0 && s[1] < 0x90) ||
	    (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return n;
}

static bool utf8_valid(const uint8_t *s, uint32_t len)
{
	uint32_t i, n;

	for (i = 0; i < len; i += n) {
		n = utf8_len(s + i, len - i);
		if (n == 0)
			return false;
	}
	return true;
}

static char *escape_control(char *d, uint8_t c)
{
	static const char names[] = "btn?fr"; /* of 8..13; \v has none */

	*d++ = '\\';
	if (c >= 8 && c <= 13 && c != 11) {
		*d++ = names[c - 8];
		return d;
	}
	memcpy(d, "u00", 3);
	d[3] = hex[c >> 4];
	d[4] = hex[c & 15];
	return d + 5;
}

uint32_t air_text(const uint8_t *s, uint32_t len, char *dst)
{
	bool valid = utf8_valid(s, len);
	char *d = dst;
	uint32_t i;

	for (i = 0; i < len; i++) {
		uint8_t c = s[i];

		if (c < 0x20 || c == 0x7f) {
			d = escape_control(d, c);
		} else if (c == '"' || c == '\\') {
			*d++ = '\\';
			*d++ = (char)c;
		} else if (c < 0x80 || valid) {
			*d++ = (char)c;
		} else {
			*d++ = '\\';
			*d++ = 'x';
			*d++ = hex[c >> 4];
			*d++ = hex[c & 15];
		}
	}
	*d = '\0';
	return (uint32_t)(d - dst);
}

uint32_t ssid_text(const uint8_t *ssid, uint32_t len, char dst[SSID_TEXT_MAX + 1])
{
	return air_text(ssid, len > SSID_MAX ? SSID_MAX : len, dst);
}

bool ssid_cloaked(const uint8_t *ssid, uint32_t len)
{
	uint32_t i;

	for (i = 0; i < len; i++)
		if (ssid[i])
			return false;
	return true;
}
