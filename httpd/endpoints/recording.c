/* SPDX-License-Identifier: MIT */
/* A recording is a row of notes: a head, and the text or octets that the call came with. Names are kept as
 * pointers, since they live as long as the host. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "recording.h"

enum note_kind {
	NOTE_BEGIN_MAP, NOTE_KEY, NOTE_KEY_TEXT, NOTE_END_MAP, NOTE_BEGIN_LIST, NOTE_END_LIST, NOTE_NULL, NOTE_U64,
	NOTE_I64, NOTE_F64, NOTE_STR, NOTE_ASCII, NOTE_BYTES, NOTE_F64S
};

struct note {
	uint32_t kind, len; /* len: octets that follow, filled up to 8 */
	union {
		uint64_t u64;
		int64_t i64;
		double f64;
		const struct aerie_name *name;
	} value;
};

static size_t padded(size_t n)
{
	return (n + 7) & ~(size_t)7;
}

static int grow(struct recording *r, size_t n)
{
	size_t room = r->room ? r->room : 1024;
	uint8_t *data;

	if (n > RECORDING_MAX - r->len)
		return -EMSGSIZE;
	while (room < r->len + n)
		room *= 2;
	if (room == r->room)
		return 0;
	data = realloc(r->data, room);
	if (!data)
		return -ENOMEM;
	r->data = data;
	r->room = room;
	return 0;
}

static int note(struct recording *r, struct note head, const void *octets, size_t len)
{
	int err = len > RECORDING_MAX ? -EMSGSIZE : grow(r, sizeof head + padded(len));

	if (err)
		return err;
	head.len = (uint32_t)len;
	memcpy(r->data + r->len, &head, sizeof head);
	if (len)
		memcpy(r->data + r->len + sizeof head, octets, len);
	r->len += sizeof head + padded(len);
	return 0;
}

static int note_number(void *v, uint32_t kind, uint64_t value)
{
	return note(v, (struct note){ .kind = kind, .value.u64 = value }, NULL, 0);
}

static int on_begin_map(void *v, uint32_t count)
{
	return note_number(v, NOTE_BEGIN_MAP, count);
}

static int on_key(void *v, const struct aerie_name *name)
{
	return note(v, (struct note){ .kind = NOTE_KEY, .value.name = name }, NULL, 0);
}

static int on_key_text(void *v, const char *text, uint32_t len)
{
	return note(v, (struct note){ .kind = NOTE_KEY_TEXT }, text, len);
}

static int on_end_map(void *v)
{
	return note_number(v, NOTE_END_MAP, 0);
}

static int on_begin_list(void *v, uint32_t count)
{
	return note_number(v, NOTE_BEGIN_LIST, count);
}

static int on_end_list(void *v)
{
	return note_number(v, NOTE_END_LIST, 0);
}

static int on_null(void *v)
{
	return note_number(v, NOTE_NULL, 0);
}

static int on_u64(void *v, uint64_t value)
{
	return note_number(v, NOTE_U64, value);
}

static int on_i64(void *v, int64_t value)
{
	return note(v, (struct note){ .kind = NOTE_I64, .value.i64 = value }, NULL, 0);
}

static int on_f64(void *v, double value)
{
	return note(v, (struct note){ .kind = NOTE_F64, .value.f64 = value }, NULL, 0);
}

static int on_str(void *v, const char *text, uint32_t len)
{
	return note(v, (struct note){ .kind = NOTE_STR }, text, len);
}

static int on_ascii(void *v, const char *text, uint32_t len)
{
	return note(v, (struct note){ .kind = NOTE_ASCII }, text, len);
}

static int on_bytes(void *v, const uint8_t *data, uint32_t len)
{
	return note(v, (struct note){ .kind = NOTE_BYTES }, data, len);
}

static int on_f64s(void *v, const double *values, uint32_t len)
{
	return note(v, (struct note){ .kind = NOTE_F64S }, values, len * sizeof *values);
}

const struct aerie_visitor recording_visitor = {
	.size = sizeof recording_visitor,
	.begin_map = on_begin_map,
	.key = on_key,
	.key_text = on_key_text,
	.end_map = on_end_map,
	.begin_list = on_begin_list,
	.end_list = on_end_list,
	.null = on_null,
	.u64 = on_u64,
	.i64 = on_i64,
	.f64 = on_f64,
	.str = on_str,
	.ascii = on_ascii,
	.bytes = on_bytes,
	.f64s = on_f64s,
};

static int play_note(const struct note *n, const void *octets, const struct aerie_visitor *vt, void *v)
{
	switch (n->kind) {
	case NOTE_BEGIN_MAP:
		return vt->begin_map(v, (uint32_t)n->value.u64);
	case NOTE_KEY:
		return vt->key(v, n->value.name);
	case NOTE_KEY_TEXT:
		return vt->key_text(v, octets, n->len);
	case NOTE_END_MAP:
		return vt->end_map(v);
	case NOTE_BEGIN_LIST:
		return vt->begin_list(v, (uint32_t)n->value.u64);
	case NOTE_END_LIST:
		return vt->end_list(v);
	case NOTE_U64:
		return vt->u64(v, n->value.u64);
	case NOTE_I64:
		return vt->i64(v, n->value.i64);
	case NOTE_F64:
		return vt->f64(v, n->value.f64);
	case NOTE_STR:
		return vt->str(v, octets, n->len);
	case NOTE_ASCII:
		return vt->ascii(v, octets, n->len);
	case NOTE_BYTES:
		return vt->bytes(v, octets, n->len);
	case NOTE_F64S:
		return vt->f64s(v, octets, n->len / sizeof(double));
	}
	return vt->null(v);
}

/* The note at *at, its octets; moves *at behind both. */
static struct note next(const struct recording *r, size_t *at, const void **ret_octets)
{
	struct note n;

	memcpy(&n, r->data + *at, sizeof n);
	*ret_octets = r->data + *at + sizeof n;
	*at += sizeof n + padded(n.len);
	return n;
}

int recording_play(const struct recording *r, size_t *at, const struct aerie_visitor *vt, void *v)
{
	unsigned depth = 0;
	int err = 0;

	while (!err && *at < r->len) {
		const void *octets;
		struct note n = next(r, at, &octets);

		err = play_note(&n, octets, vt, v);
		depth += n.kind == NOTE_BEGIN_MAP || n.kind == NOTE_BEGIN_LIST;
		depth -= n.kind == NOTE_END_MAP || n.kind == NOTE_END_LIST;
		if (!depth && n.kind != NOTE_KEY && n.kind != NOTE_KEY_TEXT)
			break;
	}
	return err;
}

uint64_t recording_u64(const struct recording *r, const char *name, uint64_t dflt)
{
	size_t at = 0;
	int hit = 0;

	while (at < r->len) {
		const void *octets;
		struct note n = next(r, &at, &octets);

		if (hit)
			return n.kind == NOTE_U64 || n.kind == NOTE_I64 ? n.value.u64 : dflt;
		hit = n.kind == NOTE_KEY && !strcmp(n.value.name->text, name);
	}
	return dflt;
}

void recording_free(struct recording *r)
{
	free(r->data);
	*r = (struct recording){ 0 };
}
