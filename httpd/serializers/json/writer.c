/* SPDX-License-Identifier: MIT */
/* Writes JSON (RFC 8259) as it is visited.
 *
 * There is no stack: after a value a comma is due, after a key, '{' or '[' it is not, and that is all JSON needs to know. Names
 * of fields arrive escaped and are copied. Text from the air may be no UTF-8 at all; what is ill-formed becomes U+FFFD
 * (<aerie/utf8.h>), so the document is always valid. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <aerie/utf8.h>

#include "number.h"
#include "writer.h"

#define LIKELY(x) __builtin_expect(!!(x), 1)

static const char hex_lower[] = "0123456789abcdef";
static const char hex_upper[] = "0123456789ABCDEF";

/* Room for n octets of a value and what surrounds it: a comma before, a line's end behind. */
static inline int value_begin(struct writer *w, size_t n)
{
	int err = aerie_sink_need(w->sink, n + 2);

	if (!LIKELY(!err))
		return err;
	if (w->comma)
		*w->sink->cur++ = ',';
	return 0;
}

static inline int value_end(struct writer *w, char *cur)
{
	w->comma = 1;
	if ((int32_t)w->depth == w->line_depth) {
		*cur++ = '\n';
		w->comma = 0;
	}
	w->sink->cur = cur;
	return 0;
}

static int deeper(struct writer *w, char bracket)
{
	int err;

	if (w->depth == WRITER_DEPTH)
		return -E2BIG;
	err = value_begin(w, 1);
	if (err)
		return err;
	*w->sink->cur++ = bracket;
	w->depth++;
	w->comma = 0;
	return 0;
}

static int shallower(struct writer *w, char bracket)
{
	int err = aerie_sink_need(w->sink, 2);

	if (err)
		return err;
	if (!w->depth)
		return -EPROTO;
	*w->sink->cur = bracket;
	w->depth--;
	return value_end(w, w->sink->cur + 1);
}

static int begin_map(void *v, uint32_t count)
{
	return deeper(v, '{');
}

static int end_map(void *v)
{
	return shallower(v, '}');
}

static int begin_list(void *v, uint32_t count)
{
	struct writer *w = v;

	if (w->flags & WRITER_LINES && !w->depth && !w->bare_list) {
		w->bare_list = 1;
		w->line_depth = 1;
		w->depth = 1;
		return 0;
	}
	return deeper(w, '[');
}

static int end_list(void *v)
{
	struct writer *w = v;

	if (w->bare_list && w->depth == 1) {
		w->depth = 0;
		return 0;
	}
	return shallower(w, ']');
}

static int key(void *v, const struct aerie_name *name)
{
	struct writer *w = v;
	int err = value_begin(w, name->json_len);

	if (!LIKELY(!err))
		return err;
	memcpy(w->sink->cur, w->flags & WRITER_UNDERSCORES ? name->json_under : name->json, name->json_len);
	w->sink->cur += name->json_len;
	w->comma = 0;
	return 0;
}

static int null(void *v)
{
	struct writer *w = v;
	int err = value_begin(w, 4);

	if (err)
		return err;
	memcpy(w->sink->cur, "null", 4);
	return value_end(w, w->sink->cur + 4);
}

static int u64(void *v, uint64_t value)
{
	struct writer *w = v;
	int err = value_begin(w, NUMBER_U64);

	return LIKELY(!err) ? value_end(w, number_u64(w->sink->cur, value)) : err;
}

static int i64(void *v, int64_t value)
{
	struct writer *w = v;
	int err = value_begin(w, NUMBER_I64);

	return LIKELY(!err) ? value_end(w, number_i64(w->sink->cur, value)) : err;
}

static int f64(void *v, double value)
{
	struct writer *w = v;
	int err = value_begin(w, NUMBER_F64);

	return LIKELY(!err) ? value_end(w, number_f64(w->sink->cur, value)) : err;
}

static int f64s(void *v, const double *values, uint32_t len)
{
	uint32_t i;
	int err = 0;

	for (i = 0; !err && i < len; i++)
		err = f64(v, values[i]);
	return err;
}

static int ascii(void *v, const char *text, uint32_t len)
{
	struct writer *w = v;
	int err = value_begin(w, (size_t)len + 2);
	char *cur;

	if (!LIKELY(!err))
		return err;
	cur = w->sink->cur;
	*cur++ = '"';
	if (len)
		memcpy(cur, text, len);
	cur += len;
	*cur++ = '"';
	return value_end(w, cur);
}

static int bytes(void *v, const uint8_t *data, uint32_t len)
{
	struct writer *w = v;
	int err = value_begin(w, (size_t)len * 2 + 2);
	uint32_t i;
	char *cur;

	if (err)
		return err;
	cur = w->sink->cur;
	*cur++ = '"';
	for (i = 0; i < len; i++) {
		*cur++ = hex_upper[data[i] >> 4];
		*cur++ = hex_upper[data[i] & 15];
	}
	*cur++ = '"';
	return value_end(w, cur);
}

#define ONES 0x0101010101010101ull
#define HIGHS 0x8080808080808080ull

/* Are these eight octets all printable ASCII other than '"' and '\\'? */
static inline int clean8(uint64_t x)
{
	uint64_t quote = x ^ ONES * '"', backslash = x ^ ONES * '\\';

	return !(((x - ONES * 0x20) | (quote - ONES) | (backslash - ONES) | x) & HIGHS);
}

/* The octet at p and, when it begins a longer character, that whole character: escaped at cur (at most 6 octets). */
static char *escape_one(char *cur, const uint8_t **p, const uint8_t *end)
{
	static const char shorts[] = "\bb\ff\nn\rr\tt\"\"\\\\";
	uint8_t c = **p;
	const char *s;
	int n;

	if (c >= 0x80) {
		n = aerie_utf8_next(*p, (size_t)(end - *p));
		memcpy(cur, n > 0 ? (const char *)*p : AERIE_UTF8_REPLACEMENT, n > 0 ? (size_t)n : 3);
		*p += n > 0 ? n : -n;
		return cur + (n > 0 ? n : 3);
	}
	++*p;
	if (c >= 0x20 && c != '"' && c != '\\') {
		*cur = (char)c;
		return cur + 1;
	}
	*cur++ = '\\';
	for (s = shorts; *s; s += 2)
		if ((uint8_t)s[0] == c) {
			*cur = s[1];
			return cur + 1;
		}
	memcpy(cur, "u00", 3);
	cur[3] = hex_lower[c >> 4];
	cur[4] = hex_lower[c & 15];
	return cur + 5;
}

static inline int escaped(struct writer *w, const char *text, uint32_t len)
{
	const uint8_t *p = (const uint8_t *)text, *end = p + len;
	char *cur = w->sink->cur;
	uint64_t x;
	int err;

	while (p < end) {
		w->sink->cur = cur;
		err = aerie_sink_need(w->sink, 64);
		if (!LIKELY(!err))
			return err;
		cur = w->sink->cur;
		if (end - p >= 8) {
			memcpy(&x, p, 8);
			if (LIKELY(clean8(x))) {
				memcpy(cur, p, 8);
				cur += 8;
				p += 8;
				continue;
			}
		}
		cur = escape_one(cur, &p, end);
	}
	w->sink->cur = cur;
	return aerie_sink_need(w->sink, 4);
}

int writer_escaped(struct writer *w, const char *text, uint32_t len)
{
	return escaped(w, text, len);
}

/* Text between quotes; the sink has room for 2 octets behind it. */
static int quoted(struct writer *w, const char *text, uint32_t len)
{
	int err;

	*w->sink->cur++ = '"';
	err = escaped(w, text, len);
	if (!err)
		*w->sink->cur++ = '"';
	return err;
}

static int str(void *v, const char *text, uint32_t len)
{
	struct writer *w = v;
	int err = value_begin(w, 1);

	if (!err)
		err = quoted(w, text, len);
	return LIKELY(!err) ? value_end(w, w->sink->cur) : err;
}

static int key_text(void *v, const char *text, uint32_t len)
{
	struct writer *w = v;
	int err = value_begin(w, 1);

	if (!err)
		err = quoted(w, text, len);
	if (err)
		return err;
	*w->sink->cur++ = ':';
	w->comma = 0;
	return 0;
}

const struct aerie_visitor writer_visitor = {
	.size = sizeof writer_visitor,
	.begin_map = begin_map,
	.key = key,
	.key_text = key_text,
	.end_map = end_map,
	.begin_list = begin_list,
	.end_list = end_list,
	.null = null,
	.u64 = u64,
	.i64 = i64,
	.f64 = f64,
	.str = str,
	.ascii = ascii,
	.bytes = bytes,
	.f64s = f64s,
};

void *writer_open(void *user, struct aerie_sink *sink)
{
	struct writer *w = calloc(1, sizeof *w);

	if (!w)
		return NULL;
	w->sink = sink;
	w->flags = *(const uint32_t *)user;
	w->line_depth = w->flags & WRITER_LINES ? 0 : -1;
	return w;
}

int writer_close(void *state)
{
	struct writer *w = state;
	int err = w && w->depth ? -EPROTO : 0;

	free(w);
	return err;
}
