/* SPDX-License-Identifier: MIT */
/* Text from the air as a JSON string: whatever the octets, the result is a JSON string in UTF-8 without raw control
 * characters, and its length is within what the escapes allow. */
/* link: httpd/serializers/json/writer.c httpd/serializers/json/number.c */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <aerie/utf8.h>

#include "httpd/serializers/json/writer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct out {
	struct aerie_sink sink;
	char *buf;
};

static int more(struct aerie_sink *s, size_t n)
{
	struct out *o = (struct out *)s;
	size_t used = (size_t)(s->cur - o->buf);
	char *buf = realloc(o->buf, used + n);

	if (!buf)
		return -ENOMEM;
	o->buf = buf;
	s->cur = buf + used;
	s->end = s->cur + n;
	return 0;
}

static size_t check_escape(const char *p, const char *end)
{
	assert(p + 1 < end);
	if (strchr("bfnrt\"\\", p[1]))
		return 2;
	assert(p[1] == 'u' && p + 5 < end && strspn(p + 2, "0123456789abcdef") >= 4);
	return 6;
}

static void check(const char *p, const char *end)
{
	int n;

	assert(end - p >= 2 && *p == '"' && end[-1] == '"');
	for (p++, end--; p < end; p += n) {
		assert((uint8_t)*p >= 0x20 && *p != '"');
		n = *p == '\\' ? (int)check_escape(p, end) : aerie_utf8_next((const uint8_t *)p, (size_t)(end - p));
		assert(n > 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct out o = { .sink = { .more = more } };
	uint32_t flags = 0;
	void *w = writer_open(&flags, &o.sink);

	if (w && !writer_visitor.str(w, (const char *)data, (uint32_t)size)) {
		assert((size_t)(o.sink.cur - o.buf) <= size * 6 + 2);
		check(o.buf, o.sink.cur);
	}
	if (w)
		assert(writer_close(w) == 0);
	free(o.buf);
	return 0;
}
