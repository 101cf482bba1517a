/* SPDX-License-Identifier: MIT */
/* JSON for people: a line for each value, indented, and before each field a sibling "description.FIELD" with its type and what it
 * says. The values themselves are the writer's; this puts lines between them. */
#include <errno.h>
#include <string.h>

#include "writer.h"

#define INDENT 2u

static void new_line(struct writer *w)
{
	size_t n = (size_t)w->depth * INDENT;

	memcpy(w->sink->cur, "\r\n", 2);
	memset(w->sink->cur + 2, ' ', n);
	w->sink->cur += 2 + n;
}

/* What stands before a key or value; room for 4 octets is left. */
static int before(struct writer *w)
{
	int err = aerie_sink_need(w->sink, 8 + WRITER_DEPTH * INDENT);

	if (err)
		return err;
	if (w->after_key) {
		*w->sink->cur++ = ' ';
		w->after_key = 0;
		return 0;
	}
	if (w->comma)
		*w->sink->cur++ = ',';
	w->comma = 0;
	if (w->depth)
		new_line(w);
	return 0;
}

/* Before a closing bracket; an empty map or list stays on its line. */
static int before_end(struct writer *w)
{
	int err = aerie_sink_need(w->sink, 8 + WRITER_DEPTH * INDENT);

	if (err || !w->comma || !w->depth)
		return err;
	w->depth--;
	new_line(w);
	w->depth++;
	return 0;
}

static int put(struct writer *w, const char *text, size_t len)
{
	int err = aerie_sink_need(w->sink, len);

	if (err)
		return err;
	memcpy(w->sink->cur, text, len);
	w->sink->cur += len;
	return 0;
}

static int describe(struct writer *w, const struct aerie_name *name)
{
	int err = before(w);

	if (!err)
		err = put(w, "\"description.", 13);
	if (!err)
		err = writer_escaped(w, name->text, name->len);
	if (!err)
		err = put(w, "\": \"", 4);
	if (!err && name->type && *name->type) {
		err = writer_escaped(w, name->type, (uint32_t)strlen(name->type));
		if (!err)
			err = put(w, ", ", 2);
	}
	if (!err)
		err = writer_escaped(w, name->help, (uint32_t)strlen(name->help));
	if (!err)
		err = put(w, "\"", 1);
	w->comma = 1;
	return err;
}

static int key(void *v, const struct aerie_name *name)
{
	struct writer *w = v;
	int err = name->help && *name->help ? describe(w, name) : 0;

	if (!err)
		err = before(w);
	if (!err)
		err = writer_visitor.key(w, name);
	w->after_key = 1;
	return err;
}

static int key_text(void *v, const char *text, uint32_t len)
{
	struct writer *w = v;
	int err = before(w);

	if (!err)
		err = writer_visitor.key_text(w, text, len);
	w->after_key = 1;
	return err;
}

static int begin_map(void *v, uint32_t count)
{
	int err = before(v);

	return err ? err : writer_visitor.begin_map(v, count);
}

static int begin_list(void *v, uint32_t count)
{
	int err = before(v);

	return err ? err : writer_visitor.begin_list(v, count);
}

static int end_map(void *v)
{
	int err = before_end(v);

	return err ? err : writer_visitor.end_map(v);
}

static int end_list(void *v)
{
	int err = before_end(v);

	return err ? err : writer_visitor.end_list(v);
}

static int null(void *v)
{
	int err = before(v);

	return err ? err : writer_visitor.null(v);
}

static int u64(void *v, uint64_t value)
{
	int err = before(v);

	return err ? err : writer_visitor.u64(v, value);
}

static int i64(void *v, int64_t value)
{
	int err = before(v);

	return err ? err : writer_visitor.i64(v, value);
}

static int f64(void *v, double value)
{
	int err = before(v);

	return err ? err : writer_visitor.f64(v, value);
}

static int f64s(void *v, const double *values, uint32_t len)
{
	uint32_t i;
	int err = 0;

	for (i = 0; !err && i < len; i++)
		err = f64(v, values[i]);
	return err;
}

static int str(void *v, const char *text, uint32_t len)
{
	int err = before(v);

	return err ? err : writer_visitor.str(v, text, len);
}

static int ascii(void *v, const char *text, uint32_t len)
{
	int err = before(v);

	return err ? err : writer_visitor.ascii(v, text, len);
}

static int bytes(void *v, const uint8_t *data, uint32_t len)
{
	int err = before(v);

	return err ? err : writer_visitor.bytes(v, data, len);
}

const struct aerie_visitor pretty_visitor = {
	.size = sizeof pretty_visitor,
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

int pretty_close(void *state)
{
	struct writer *w = state;
	int err = w ? put(w, "\r\n", 2) : 0, closed = writer_close(w);

	return closed ? closed : err;
}
