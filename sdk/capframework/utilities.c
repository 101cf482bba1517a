/* SPDX-License-Identifier: MIT */
/* What capture programs need beside the link: lists of channels, frequencies, text for JSON. */
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <aerie/utf8.h>
#include <aeriecap.h>

void aeriecap_texts_free(char **texts, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		free(texts[i]);
	free(texts);
}

static char *copy(const char *text, size_t len)
{
	char *to = malloc(len + 1);

	if (!to)
		return NULL;
	memcpy(to, text, len);
	to[len] = 0;
	return to;
}

int aeriecap_split(const char *text, size_t len, char separator, char ***ret_texts, size_t *ret_n)
{
	const char *p = text, *end = text + len;
	size_t n = 0, room = 1;
	char **texts;

	for (p = text; p < end; p++)
		room += *p == separator;
	texts = calloc(room, sizeof *texts);
	if (!texts)
		return -1;
	for (p = text; p < end; p++) {
		const char *stop = memchr(p, separator, (size_t)(end - p)), *last;

		if (!stop)
			stop = end;
		while (p < stop && *p == ' ')
			p++;
		for (last = stop; last > p && last[-1] == ' ';)
			last--;
		if (last > p) {
			texts[n] = copy(p, (size_t)(last - p));
			if (!texts[n]) {
				aeriecap_texts_free(texts, n);
				return -1;
			}
			n++;
		}
		p = stop;
	}
	*ret_texts = texts;
	*ret_n = n;
	return 0;
}

static bool is_in(char *const *texts, size_t n, const char *text)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strcasecmp(texts[i], text) == 0)
			return true;
	return false;
}

int aeriecap_merge_channels(char *const *a, size_t n_a, char *const *b, size_t n_b, char ***ret_texts, size_t *ret_n)
{
	char **texts = calloc(n_a + n_b ? n_a + n_b : 1, sizeof *texts);
	size_t n = 0, i;

	if (!texts)
		return -1;
	for (i = 0; i < n_a + n_b; i++) {
		const char *from = i < n_a ? a[i] : b[i - n_a];

		if (is_in(texts, n, from))
			continue;
		texts[n] = copy(from, strlen(from));
		if (!texts[n]) {
			aeriecap_texts_free(texts, n);
			return -1;
		}
		n++;
	}
	*ret_texts = texts;
	*ret_n = n;
	return 0;
}

int aeriecap_parse_frequency(const char *text, double *ret_khz)
{
	static const struct {
		const char *unit;
		double khz;
	} units[] = { { "", 1e-3 }, { "Hz", 1e-3 }, { "KHz", 1 }, { "MHz", 1e3 }, { "GHz", 1e6 } };
	char *end;
	double v;
	size_t i;

	if (*text < '0' || *text > '9' || ((text[1] | 32) == 'x')) /* strtod() also takes inf, nan and 0x1p3 */
		return -1;
	errno = 0;
	v = strtod(text, &end);
	while (*end == ' ')
		end++;
	for (i = 0; i < sizeof units / sizeof *units; i++)
		if (strcasecmp(end, units[i].unit) == 0) {
			v *= units[i].khz;
			if (errno || isinf(v))
				return -1;
			*ret_khz = v;
			return 0;
		}
	return -1;
}

/* What stands for a character in a string of JSON (RFC 8259 7): its length, 0: itself. */
static size_t escaped(const uint8_t *p, int len, char *to)
{
	static const char plain[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
	const char *found;

	if (len < 0) {
		memcpy(to, AERIE_UTF8_REPLACEMENT, 3);
		return 3;
	}
	found = strchr(plain, *p);
	if (found) {
		to[0] = '\\';
		to[1] = letters[found - plain];
		return 2;
	}
	return *p < 0x20 ? (size_t)sprintf(to, "\\u%04x", *p) : 0;
}

int aeriecap_json_escape(const char *text, char *to, size_t room)
{
	const uint8_t *p = (const uint8_t *)text, *end = p + strlen(text);
	char buf[8];
	size_t n = 0;

	while (p < end) {
		int len = aerie_utf8_next(p, (size_t)(end - p));
		size_t octets = len < 0 ? (size_t)-len : (size_t)len, k = escaped(p, len, buf);

		if (n + (k ? k : octets) >= room)
			return -1;
		memcpy(to + n, k ? (const void *)buf : p, k ? k : octets);
		n += k ? k : octets;
		p += octets;
	}
	if (n >= room)
		return -1;
	to[n] = 0;
	return (int)n;
}
