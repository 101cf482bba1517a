/* SPDX-License-Identifier: MIT */
/* A core for unit tests, and a visitor that writes compact JSON and checks the promises of its driver. */
#include "testcore.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <core/bus.h>
#include <core/epoch.h>
#include <core/loop.h>
#include <core/module.h>
#include <core/registry.h>
#include <core/strings.h>

struct core *testcore_new(void)
{
	struct core *core = calloc(1, sizeof *core);

	core->strings = strings_new();
	core->epochs = epochs_new();
	core->self = module_new(core, "core");
	core->bus = bus_new(core);
	core->registry = registry_new(core);
	if (!core->strings || !core->epochs || !core->self || !core->bus || !core->registry)
		abort();
	return core;
}

void testcore_free(struct core *core)
{
	module_free(core->self);
	registry_free(core->registry);
	bus_free(core->bus);
	loop_free(core->loop);
	epochs_free(core->epochs);
	if (strings_count(core->strings)) {
		fprintf(stderr, "%llu texts were not released\n", (unsigned long long)strings_count(core->strings));
		abort();
	}
	strings_free(core->strings);
	free(core);
}

static uint64_t fixed_clock(void *user)
{
	return (uint64_t)(uintptr_t)user * 1000000;
}

void testcore_set_time(struct core *core, uint64_t time_s)
{
	if (!core->loop)
		core->loop = loop_new(core);
	loop_set_clock(core->loop, fixed_clock, (void *)(uintptr_t)time_s);
}

const struct aerie_host *testcore_host(const struct core *core)
{
	return &core->self->host;
}

const char *testcore_fail_text(const struct core *core)
{
	static char text[600];

	snprintf(text, sizeof text, "%s", core->self->fail_text ? core->self->fail_text : "");
	free(core->self->fail_text);
	core->self->fail_text = NULL;
	return text;
}

/* ---- Recorder ---- */

static int wrong(struct recorder *r, const char *what)
{
	if (!r->wrong)
		r->wrong = what;
	return -EPROTO;
}

static void put(struct recorder *r, const char *text, size_t len)
{
	if (r->len + len + 1 > r->cap) {
		r->cap = (r->len + len + 1) * 2;
		r->text = realloc(r->text, r->cap);
	}
	memcpy(r->text + r->len, text, len);
	r->len += len;
	r->text[r->len] = 0;
}

static void putf(struct recorder *r, const char *fmt, ...)
{
	char buf[400];
	va_list ap;

	va_start(ap, fmt);
	put(r, buf, (size_t)vsnprintf(buf, sizeof buf, fmt, ap));
	va_end(ap);
}

/* Before a value. */
static int value(struct recorder *r)
{
	if (r->fail_after >= 0 && r->fail_after-- == 0)
		return -EIO;
	if (!r->depth)
		return r->len ? wrong(r, "a second value in one document") : 0;
	if (r->level[r->depth].map) {
		if (!r->level[r->depth].want_value)
			return wrong(r, "a value without key");
		r->level[r->depth].want_value = false;
		return 0;
	}
	if (!r->level[r->depth].left--)
		return wrong(r, "more list entries than begin_list() said");
	if (!r->level[r->depth].first)
		put(r, ",", 1);
	r->level[r->depth].first = false;
	return 0;
}

static int before_key(struct recorder *r)
{
	if (r->fail_after >= 0 && r->fail_after-- == 0)
		return -EIO;
	if (!r->depth || !r->level[r->depth].map || r->level[r->depth].want_value)
		return wrong(r, "a key where none belongs");
	if (!r->level[r->depth].left--)
		return wrong(r, "more map entries than begin_map() said");
	if (!r->level[r->depth].first)
		put(r, ",", 1);
	r->level[r->depth].first = false;
	r->level[r->depth].want_value = true;
	return 0;
}

static int begin(struct recorder *r, bool map, uint32_t count)
{
	int err = value(r);

	if (err < 0)
		return err;
	r->depth++;
	r->level[r->depth].map = map;
	r->level[r->depth].left = count;
	r->level[r->depth].first = true;
	r->level[r->depth].want_value = false;
	put(r, map ? "{" : "[", 1);
	return 0;
}

static int end(struct recorder *r, bool map)
{
	if (r->fail_after >= 0 && r->fail_after-- == 0)
		return -EIO;
	if (!r->depth || r->level[r->depth].map != map)
		return wrong(r, "an end without its begin");
	if (r->level[r->depth].left)
		return wrong(r, "fewer entries than the begin said");
	r->depth--;
	put(r, map ? "}" : "]", 1);
	return 0;
}

static int begin_map(void *v, uint32_t count)
{
	return begin(v, true, count);
}

static int end_map(void *v)
{
	return end(v, true);
}

static int begin_list(void *v, uint32_t count)
{
	return begin(v, false, count);
}

static int end_list(void *v)
{
	return end(v, false);
}

static int key(void *v, const struct aerie_name *name)
{
	int err = before_key(v);

	if (!err)
		put(v, name->json, name->json_len);
	return err;
}

static int key_text(void *v, const char *text, uint32_t len)
{
	int err = before_key(v);

	if (!err)
		putf(v, "\"%.*s\":", (int)len, text);
	return err;
}

static int null(void *v)
{
	int err = value(v);

	if (!err)
		put(v, "null", 4);
	return err;
}

static int u64(void *v, uint64_t n)
{
	int err = value(v);

	if (!err)
		putf(v, "%llu", (unsigned long long)n);
	return err;
}

static int i64(void *v, int64_t n)
{
	int err = value(v);

	if (!err)
		putf(v, "%lld", (long long)n);
	return err;
}

static int f64(void *v, double d)
{
	int err = value(v);

	if (!err)
		putf(v, "%g", d);
	return err;
}

static int str(void *v, const char *text, uint32_t len)
{
	int err = value(v);

	if (err)
		return err;
	put(v, "\"", 1);
	put(v, text, len);
	put(v, "\"", 1);
	return 0;
}

static int ascii(void *v, const char *text, uint32_t len)
{
	uint32_t i;

	for (i = 0; i < len; i++)
		if (text[i] < 0x20 || text[i] > 0x7e || text[i] == '"' || text[i] == '\\')
			return wrong(v, "ascii() with a character that is none");
	return str(v, text, len);
}

static int bytes(void *v, const uint8_t *data, uint32_t len)
{
	uint32_t i;
	int err = value(v);

	if (err)
		return err;
	put(v, "\"", 1);
	for (i = 0; i < len; i++)
		putf(v, "%02x", data[i]);
	put(v, "\"", 1);
	return 0;
}

static int f64s(void *v, const double *values, uint32_t len)
{
	uint32_t i;
	int err = 0;

	for (i = 0; i < len && !err; i++)
		err = f64(v, values[i]);
	return err;
}

const struct aerie_visitor recorder_visitor = {
	.size = sizeof recorder_visitor,
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

void recorder_init(struct recorder *r)
{
	memset(r, 0, sizeof *r);
	r->fail_after = -1;
}

void recorder_reset(struct recorder *r)
{
	free(r->text);
	recorder_init(r);
}

char *recorder_show(struct core *core, const struct aerie_rec *rec)
{
	struct recorder r;
	int err;

	recorder_init(&r);
	err = record_visit(core, rec, &recorder_visitor, &r);
	if (err || r.wrong || r.depth) {
		fprintf(stderr, "visit: %d, %s, after %s\n", err, r.wrong ? r.wrong : "-", r.text ? r.text : "");
		abort();
	}
	return r.text;
}
