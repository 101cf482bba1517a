/* SPDX-License-Identifier: MIT */
/* The msgpack serializer (github.com/msgpack/msgpack/blob/master/spec.md): the structure of the JSON document, in the
 * smallest encoding of each value. Field names keep their dots; octets are hex text, and ill-formed UTF-8 becomes U+FFFD, as in JSON. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <aerie/plugin.h>
#include <aerie/serializer.h>
#include <aerie/utf8.h>

#define PACK_DEPTH 64u /* nested maps and lists; deeper is -E2BIG */

struct pack {
	struct aerie_sink *sink;
	uint32_t depth;
};

static void put_be(char *p, uint64_t value, unsigned octets)
{
	while (octets--) {
		p[octets] = (char)value;
		value >>= 8;
	}
}

/* A tag and a big-endian number of 0, 1, 2, 4 or 8 octets. */
static int head(struct pack *p, uint8_t tag, uint64_t value, unsigned octets)
{
	int err = aerie_sink_need(p->sink, 9);

	if (err)
		return err;
	*p->sink->cur = (char)tag;
	put_be(p->sink->cur + 1, value, octets);
	p->sink->cur += 1 + octets;
	return 0;
}

static int begin(struct pack *p, uint32_t count, uint8_t small, uint8_t large)
{
	if (p->depth == PACK_DEPTH)
		return -E2BIG;
	p->depth++;
	if (count < 16)
		return head(p, (uint8_t)(small | count), 0, 0);
	return count <= UINT16_MAX ? head(p, large, count, 2) : head(p, (uint8_t)(large + 1), count, 4);
}

static int begin_map(void *v, uint32_t count)
{
	return begin(v, count, 0x80, 0xde);
}

static int begin_list(void *v, uint32_t count)
{
	return begin(v, count, 0x90, 0xdc);
}

static int end(void *v)
{
	struct pack *p = v;

	if (!p->depth)
		return -EPROTO;
	p->depth--;
	return 0;
}

static int str_head(struct pack *p, uint32_t len)
{
	if (len < 32)
		return head(p, (uint8_t)(0xa0 | len), 0, 0);
	if (len <= UINT8_MAX)
		return head(p, 0xd9, len, 1);
	return len <= UINT16_MAX ? head(p, 0xda, len, 2) : head(p, 0xdb, len, 4);
}

static int ascii(void *v, const char *text, uint32_t len)
{
	struct pack *p = v;
	int err = str_head(p, len);

	if (!err)
		err = aerie_sink_need(p->sink, len);
	if (err || !len)
		return err;
	memcpy(p->sink->cur, text, len);
	p->sink->cur += len;
	return 0;
}

static int key(void *v, const struct aerie_name *name)
{
	return ascii(v, name->text, name->len);
}

/* Octets of text once every ill-formed part is a U+FFFD; ret_clean: there was none. */
static uint64_t replaced_len(const uint8_t *text, uint32_t len, int *ret_clean)
{
	uint64_t n = 0;
	uint32_t i = 0;
	int c;

	*ret_clean = 1;
	while (i < len) {
		c = aerie_utf8_next(text + i, len - i);
		if (c < 0)
			*ret_clean = 0;
		n += c < 0 ? 3 : (unsigned)c;
		i += (uint32_t)(c < 0 ? -c : c);
	}
	return n;
}

static int str(void *v, const char *text, uint32_t len)
{
	const uint8_t *in = (const uint8_t *)text;
	struct pack *p = v;
	int clean, c, err;
	uint64_t n = replaced_len(in, len, &clean);
	uint32_t i;
	char *out;

	if (clean)
		return ascii(v, text, len);
	if (n > UINT32_MAX)
		return -EMSGSIZE;
	err = str_head(p, (uint32_t)n);
	if (!err)
		err = aerie_sink_need(p->sink, n);
	if (err)
		return err;
	out = p->sink->cur;
	for (i = 0; i < len; i += (uint32_t)(c < 0 ? -c : c)) {
		c = aerie_utf8_next(in + i, len - i);
		memcpy(out, c < 0 ? AERIE_UTF8_REPLACEMENT : (const char *)in + i, c < 0 ? 3 : (size_t)c);
		out += c < 0 ? 3 : c;
	}
	p->sink->cur = out;
	return 0;
}

static int null(void *v)
{
	return head(v, 0xc0, 0, 0);
}

static int u64(void *v, uint64_t value)
{
	if (value < 128)
		return head(v, (uint8_t)value, 0, 0);
	if (value <= UINT8_MAX)
		return head(v, 0xcc, value, 1);
	if (value <= UINT16_MAX)
		return head(v, 0xcd, value, 2);
	return value <= UINT32_MAX ? head(v, 0xce, value, 4) : head(v, 0xcf, value, 8);
}

static int i64(void *v, int64_t value)
{
	if (value >= 0)
		return u64(v, (uint64_t)value);
	if (value >= -32)
		return head(v, (uint8_t)value, 0, 0);
	if (value >= INT8_MIN)
		return head(v, 0xd0, (uint64_t)value, 1);
	if (value >= INT16_MIN)
		return head(v, 0xd1, (uint64_t)value, 2);
	return value >= INT32_MIN ? head(v, 0xd2, (uint64_t)value, 4) : head(v, 0xd3, (uint64_t)value, 8);
}

static int f64(void *v, double value)
{
	uint64_t bits;

	if (!isfinite(value))
		value = 0;
	memcpy(&bits, &value, sizeof bits);
	return head(v, 0xcb, bits, 8);
}

static int f64s(void *v, const double *values, uint32_t len)
{
	uint32_t i;
	int err = 0;

	for (i = 0; !err && i < len; i++)
		err = f64(v, values[i]);
	return err;
}

static int bytes(void *v, const uint8_t *data, uint32_t len)
{
	static const char hex[] = "0123456789ABCDEF";
	struct pack *p = v;
	uint32_t i;
	int err;

	if (len > UINT32_MAX / 2)
		return -EMSGSIZE;
	err = str_head(p, len * 2);
	if (!err)
		err = aerie_sink_need(p->sink, (size_t)len * 2);
	if (err)
		return err;
	for (i = 0; i < len; i++) {
		*p->sink->cur++ = hex[data[i] >> 4];
		*p->sink->cur++ = hex[data[i] & 15];
	}
	return 0;
}

static const struct aerie_visitor visitor = {
	.size = sizeof visitor,
	.begin_map = begin_map,
	.key = key,
	.key_text = str,
	.end_map = end,
	.begin_list = begin_list,
	.end_list = end,
	.null = null,
	.u64 = u64,
	.i64 = i64,
	.f64 = f64,
	.str = str,
	.ascii = ascii,
	.bytes = bytes,
	.f64s = f64s,
};

static void *pack_open(void *user, struct aerie_sink *sink)
{
	struct pack *p = calloc(1, sizeof *p);

	if (p)
		p->sink = sink;
	return p;
}

static int pack_close(void *state)
{
	struct pack *p = state;
	int err = p && p->depth ? -EPROTO : 0;

	free(p);
	return err;
}

static int load(const struct aerie_host *h, void **ret_state)
{
	const struct aerie_serializers *s = h->get_service(h, AERIE_SERIALIZER_SERVICE);
	struct aerie_serializer msgpack = {
		.size = sizeof msgpack,
		.flags = AERIE_SERIALIZER_COUNTS,
		.suffix = "msgpack",
		.content_type = "application/msgpack",
		.help = "The JSON document as msgpack.",
		.visitor = &visitor,
		.open = pack_open,
		.close = pack_close,
	};

	*ret_state = NULL;
	return s->register_serializer(h, &msgpack);
}

static const char *const needs[] = { AERIE_SERIALIZER_SERVICE, NULL };

static const struct aerie_plugin plugin = {
	.abi = AERIE_ABI_INIT,
	.id = "aerie.msgpack",
	.version = "1.0",
	.summary = "msgpack serializer",
	.license = "MIT",
	.requires_ = needs,
	.load = load,
};
AERIE_PLUGIN_EXPORT(plugin);
