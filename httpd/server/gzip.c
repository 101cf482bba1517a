/* SPDX-License-Identifier: MIT */
/* See gzip.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>

#include "gzip.h"

struct gzip {
	z_stream z;
	int flush;          /* for the octets that deflate() has */
	bool owing, ended;  /* it has more output; the source ended */
	bool done;
	uint8_t in[GZIP_INPUT_OCTETS];
};

struct gzip *gzip_new(int level)
{
	struct gzip *g = calloc(1, sizeof *g);

	if (g && deflateInit2(&g->z, level, Z_DEFLATED, GZIP_WINDOW_BITS + 16, GZIP_MEMORY, Z_DEFAULT_STRATEGY) != Z_OK) {
		free(g);
		return NULL;
	}
	return g;
}

void gzip_free(struct gzip *g)
{
	if (!g)
		return;
	(void)deflateEnd(&g->z);
	free(g);
}

/* More input, unless there is some. 0 or a negative errno. */
static int refill(struct gzip *g, gzip_source_fn *source, void *user)
{
	int64_t n;

	if (g->owing || g->ended || g->z.avail_in)
		return 0;
	n = source(user, (char *)g->in, sizeof g->in);
	if (n < 0)
		return (int)n;
	g->ended = n == 0;
	g->z.next_in = g->in;
	g->z.avail_in = (uInt)n;
	g->flush = g->ended ? Z_FINISH : n < (int64_t)sizeof g->in ? Z_SYNC_FLUSH : Z_NO_FLUSH;
	return 0;
}

int64_t gzip_read(struct gzip *g, gzip_source_fn *source, void *user, char *buf, uint64_t max)
{
	uInt room = max < UINT32_MAX / 2 ? (uInt)max : UINT32_MAX / 2;
	int err = 0, r;

	g->z.next_out = (Bytef *)buf;
	g->z.avail_out = room;
	while (!g->done && g->z.avail_out) {
		err = refill(g, source, user);
		if (err < 0)
			return err;
		r = deflate(&g->z, g->flush);
		if (r == Z_STREAM_ERROR)
			return -EIO;
		g->done = r == Z_STREAM_END;
		g->owing = !g->z.avail_out;
		if (g->flush == Z_SYNC_FLUSH && g->z.avail_out < room)
			break;
	}
	return (int64_t)(room - g->z.avail_out);
}

/* The weight of a list's element whose parameters begin at p, in thousandths (RFC 9110 12.4.2); malformed ones are 0. */
static unsigned weight(const char *p)
{
	unsigned value, digit = 100;

	p += strspn(p, " \t");
	if (*p == ',' || !*p)
		return 1000;
	if (*p != ';')
		return 0;
	p += 1 + strspn(p + 1, " \t");
	if ((*p != 'q' && *p != 'Q') || p[1] != '=' || (p[2] != '0' && p[2] != '1'))
		return 0;
	value = p[2] == '1' ? 1000 : 0;
	if (p[3] != '.')
		return value;
	for (p += 4; *p >= '0' && *p <= '9' && digit; p++, digit /= 10)
		value += (unsigned)(*p - '0') * digit;
	return value > 1000 ? 1000 : value;
}

bool gzip_accepted(const char *accept_encoding)
{
	unsigned identity = 0, any = 0, gzip = 0;
	bool named = false;
	const char *p = accept_encoding;
	size_t n;

	while (p && *p) {
		p += strspn(p, ", \t");
		n = strcspn(p, ",; \t");
		if ((n == 4 && !strncasecmp(p, "gzip", n)) || (n == 6 && !strncasecmp(p, "x-gzip", n))) {
			gzip = weight(p + n);
			named = true;
		} else if (n == 8 && !strncasecmp(p, "identity", n)) {
			identity = weight(p + n);
		} else if (n == 1 && *p == '*') {
			any = weight(p + n);
		}
		p += strcspn(p, ",");
	}
	gzip = named ? gzip : any;
	return gzip && gzip >= identity;
}

static bool type_is(const char *type, size_t len, const char *name)
{
	return strlen(name) == len && !strncasecmp(type, name, len);
}

bool gzip_worthwhile(const char *content_type, int64_t length)
{
	static const char *const types[] = {
		"application/json",      "application/msgpack", "application/javascript", "application/xml",
		"application/x-ndjson",  "application/wasm",    "application/manifest+json", "image/svg+xml", "image/bmp",
		"application/geo+json",  "application/x-msgpack",
	};
	size_t len = strcspn(content_type, "; \t"), i;

	if (length >= 0 && length < GZIP_LEAST)
		return false;
	if (!strncasecmp(content_type, "text/", 5))
		return true;
	for (i = 0; i < sizeof types / sizeof types[0]; i++)
		if (type_is(content_type, len, types[i]))
			return true;
	return false;
}
