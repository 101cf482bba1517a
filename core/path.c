/* SPDX-License-Identifier: MIT */
/* Splits and decodes paths and queries. The octets come from the network: every read stays below the given end, and
 * decoding only ever shrinks, so it happens in place. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <core/path.h>

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int percent_decode(char *text, size_t len, int plus)
{
	const char *end = text + len;
	char *in, *out = text;
	int high, low;

	for (in = text; in < end; in++, out++) {
		if (*in == '%') {
			if (end - in < 3)
				return -EINVAL;
			high = hex_digit(in[1]);
			low = hex_digit(in[2]);
			if (high < 0 || low < 0 || (high == 0 && low == 0))
				return -EINVAL;
			*out = (char)(high << 4 | low);
			in += 2;
		} else {
			*out = plus && *in == '+' ? ' ' : *in;
		}
	}
	return (int)(out - text);
}

int path_split(char *text, struct path *ret_path)
{
	struct path path = { 0 };
	char *p = text;
	size_t len;
	char last;
	int n;

	if (*p != '/')
		return -EINVAL;
	for (;;) {
		while (*p == '/')
			p++;
		if (!*p)
			break;
		if (path.n == PATH_SEGMENTS)
			return -EINVAL;
		len = strcspn(p, "/");
		last = p[len];
		n = percent_decode(p, len, 0);
		if (n < 0)
			return n;
		path.seg[path.n++] = p;
		p[n] = '\0';
		p += len;
		if (!last)
			break;
		p++;
	}
	*ret_path = path;
	return 0;
}

int query_split(char *text, struct query *ret_query)
{
	struct query query = { 0 };
	char *p, *next, *value;
	uint32_t n = 1;
	int len;

	for (p = text; *p; p++)
		n += *p == '&';
	if (n > QUERY_VARIABLES)
		return -EINVAL;
	if (!*text) {
		*ret_query = query;
		return 0;
	}
	query.var = calloc(n, sizeof *query.var);
	if (!query.var)
		return -ENOMEM;
	for (p = text; p; p = next) {
		next = strchr(p, '&');
		if (next)
			*next++ = '\0';
		if (!*p)
			continue;
		value = strchr(p, '=');
		if (value)
			*value++ = '\0';
		else
			value = p + strlen(p);
		len = percent_decode(p, strlen(p), 1);
		if (len < 0)
			goto bad;
		p[len] = '\0';
		query.var[query.n].name = p;
		len = percent_decode(value, strlen(value), 1);
		if (len < 0)
			goto bad;
		value[len] = '\0';
		query.var[query.n++].value = value;
	}
	*ret_query = query;
	return 0;
bad:
	free(query.var);
	return -EINVAL;
}

const char *path_suffix(const char *segment)
{
	const char *dot = strrchr(segment, '.');

	return dot ? dot + 1 : NULL;
}
