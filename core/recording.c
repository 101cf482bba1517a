/* SPDX-License-Identifier: MIT */
/* A recording is a row of notes: one for each call of the visitor, with the text or octets that came with it. A map or
 * list knows where it ends, so that whoever looks for a name steps over it. A value that did not get through is taken
 * back.
 *
 * Names of registered fields live as long as the host, so their address is enough; other names (those that a selection
 * gives) are copied, because the recording may outlive them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <core/module.h>
#include <core/recording.h>
#include <core/registry.h>

#define RECORDING_MAGIC 0x52454344u /* "RECD" */
#define FIRST_ROOM 1024u

/* A name that was copied: lengths without the NUL that follows each text. */
struct name_copy {
	uint32_t text, json, under, type, help, reserved;
};

static uint64_t padded(uint64_t n)
{
	return (n + 7) & ~(uint64_t)7;
}

struct aerie_recording *recording_new(const struct aerie_host *h, uint64_t limit)
{
	struct aerie_recording *r = calloc(1, sizeof *r);

	if (!r)
		return NULL;
	r->magic = RECORDING_MAGIC;
	r->registry = module_of(h)->core->registry;
	r->limit = limit < RECORDING_LIMIT_MAX ? limit : RECORDING_LIMIT_MAX;
	return r;
}

void recording_free(struct aerie_recording *r)
{
	if (!r)
		return;
	r->magic = 0;
	free(r->data);
	free(r);
}

/* ---- Writing ---- */

static int take_back(struct aerie_recording *r, int err)
{
	r->len = r->whole;
	r->open = 0;
	return err;
}

static int grow(struct aerie_recording *r, uint64_t n)
{
	uint64_t room = r->room ? r->room : FIRST_ROOM;
	uint8_t *data;

	if (n > r->limit - r->len)
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

/* Writes a note's head; its octets are the caller's to fill in. */
static int note_head(struct aerie_recording *r, struct note head, uint64_t len, uint8_t **ret_octets)
{
	int err = len > UINT32_MAX ? -EMSGSIZE : grow(r, sizeof head + padded(len));

	if (err)
		return take_back(r, err);
	head.len = (uint32_t)len;
	memcpy(r->data + r->len, &head, sizeof head);
	*ret_octets = r->data + r->len + sizeof head;
	memset(*ret_octets + len, 0, padded(len) - len);
	r->len += sizeof head + padded(len);
	return 0;
}

static int note_value(struct aerie_recording *r, struct note head, const void *octets, uint64_t len)
{
	uint8_t *to;
	int err = note_head(r, head, len, &to);

	if (err)
		return err;
	if (len)
		memcpy(to, octets, len);
	if (!r->open)
		r->whole = r->len;
	return 0;
}

static int begin(struct aerie_recording *r, uint32_t kind, uint32_t count)
{
	uint32_t at = (uint32_t)(r->len / 8) + 1;
	uint8_t *none;
	int err = note_head(r, (struct note){ .kind = kind, .value.span = { count, r->open } }, 0, &none);

	if (!err)
		r->open = at;
	return err;
}

static int end(struct aerie_recording *r, uint32_t kind)
{
	struct note n;
	uint64_t at = ((uint64_t)r->open - 1) * 8;
	uint8_t *none;
	int err;

	if (!r->open)
		return take_back(r, -EPROTO);
	memcpy(&n, r->data + at, sizeof n);
	if (n.kind != (kind == NOTE_END_MAP ? NOTE_BEGIN_MAP : NOTE_BEGIN_LIST))
		return take_back(r, -EPROTO);
	err = note_head(r, (struct note){ .kind = kind }, 0, &none);
	if (err)
		return err;
	r->open = n.value.span.units;
	n.value.span.units = (uint32_t)((r->len - at) / 8);
	memcpy(r->data + at, &n, sizeof n);
	if (!r->open)
		r->whole = r->len;
	return 0;
}

static int on_begin_map(void *v, uint32_t count)
{
	return begin(v, NOTE_BEGIN_MAP, count);
}

static int on_end_map(void *v)
{
	return end(v, NOTE_END_MAP);
}

static int on_begin_list(void *v, uint32_t count)
{
	return begin(v, NOTE_BEGIN_LIST, count);
}

static int on_end_list(void *v)
{
	return end(v, NOTE_END_LIST);
}

static uint32_t text_len(const char *text)
{
	return text ? (uint32_t)strlen(text) : 0;
}

static uint8_t *put_text(uint8_t *to, const char *text, uint32_t len)
{
	if (len)
		memcpy(to, text, len);
	to[len] = 0;
	return to + len + 1;
}

static int copy_name(struct aerie_recording *r, const struct aerie_name *name)
{
	const struct name_copy c = {
		name->len, name->json_len, name->under_len, text_len(name->type), text_len(name->help), 0
	};
	uint64_t len = sizeof c + (uint64_t)c.text + c.json + c.under + c.json + c.type + c.help + 6;
	uint8_t *to;
	int err = note_head(r, (struct note){ .kind = NOTE_NAME }, len, &to);

	if (err)
		return err;
	memcpy(to, &c, sizeof c);
	to = put_text(to + sizeof c, name->text, c.text);
	to = put_text(to, name->json, c.json);
	to = put_text(to, name->under, c.under);
	to = put_text(to, name->json_under, c.json);
	to = put_text(to, name->type, c.type);
	(void)put_text(to, name->help, c.help);
	return 0;
}

static int on_key(void *v, const struct aerie_name *name)
{
	struct aerie_recording *r = v;
	const struct field *f;
	uint8_t *none;

	if (!r->open)
		return take_back(r, -EPROTO);
	f = registry_find_field(r->registry, name->text);
	if (!f || &f->name != name)
		return copy_name(r, name);
	return note_head(r, (struct note){ .kind = NOTE_KEY, .value.name = name }, 0, &none);
}

static int on_key_text(void *v, const char *text, uint32_t len)
{
	struct aerie_recording *r = v;

	if (!r->open)
		return take_back(r, -EPROTO);
	return note_value(r, (struct note){ .kind = NOTE_KEY_TEXT }, text, len);
}

static int on_null(void *v)
{
	return note_value(v, (struct note){ .kind = NOTE_NULL }, NULL, 0);
}

static int on_u64(void *v, uint64_t value)
{
	return note_value(v, (struct note){ .kind = NOTE_U64, .value.u64 = value }, NULL, 0);
}

static int on_i64(void *v, int64_t value)
{
	return note_value(v, (struct note){ .kind = NOTE_I64, .value.i64 = value }, NULL, 0);
}

static int on_f64(void *v, double value)
{
	return note_value(v, (struct note){ .kind = NOTE_F64, .value.f64 = value }, NULL, 0);
}

static int on_str(void *v, const char *text, uint32_t len)
{
	return note_value(v, (struct note){ .kind = NOTE_STR }, text, len);
}

static int on_ascii(void *v, const char *text, uint32_t len)
{
	return note_value(v, (struct note){ .kind = NOTE_ASCII }, text, len);
}

static int on_bytes(void *v, const uint8_t *data, uint32_t len)
{
	return note_value(v, (struct note){ .kind = NOTE_BYTES }, data, len);
}

static int on_f64s(void *v, const double *values, uint32_t len)
{
	return note_value(v, (struct note){ .kind = NOTE_F64S }, values, (uint64_t)len * sizeof *values);
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

/* ---- Reading ---- */

struct note recording_note(const struct aerie_recording *r, uint64_t at, const void **ret_octets)
{
	struct note n;

	memcpy(&n, r->data + at, sizeof n);
	*ret_octets = r->data + at + sizeof n;
	return n;
}

uint64_t recording_behind(const struct note *n, uint64_t at)
{
	if (n->kind == NOTE_BEGIN_MAP || n->kind == NOTE_BEGIN_LIST)
		return at + (uint64_t)n->value.span.units * 8;
	return at + sizeof *n + padded(n->len);
}

bool recording_is_key(const struct note *n)
{
	return n->kind == NOTE_KEY || n->kind == NOTE_NAME || n->kind == NOTE_KEY_TEXT;
}

const char *recording_key_text(const struct note *n, const void *octets, uint32_t *ret_len)
{
	struct name_copy c;

	switch (n->kind) {
	case NOTE_KEY:
		*ret_len = n->value.name->len;
		return n->value.name->text;
	case NOTE_NAME:
		memcpy(&c, octets, sizeof c);
		*ret_len = c.text;
		return (const char *)octets + sizeof c;
	default:
		*ret_len = n->len;
		return octets;
	}
}

static int play_name(const void *octets, const struct aerie_visitor *vt, void *v)
{
	struct aerie_name name = { .size = sizeof name };
	struct name_copy c;

	memcpy(&c, octets, sizeof c);
	name.len = c.text;
	name.json_len = c.json;
	name.under_len = c.under;
	name.text = (const char *)octets + sizeof c;
	name.json = name.text + c.text + 1;
	name.under = name.json + c.json + 1;
	name.json_under = name.under + c.under + 1;
	name.type = name.json_under + c.json + 1;
	name.help = name.type + c.type + 1;
	return vt->key(v, &name);
}

static int play_f64s(const double *values, uint32_t n, const struct aerie_visitor *vt, void *v)
{
	uint32_t i;
	int err = 0;

	if (AERIE_HAS(struct aerie_visitor, vt, f64s))
		return vt->f64s(v, values, n);
	for (i = 0; !err && i < n; i++)
		err = vt->f64(v, values[i]);
	return err;
}

int recording_play_note(const struct note *n, const void *octets, const struct aerie_visitor *vt, void *v)
{
	switch (n->kind) {
	case NOTE_BEGIN_MAP:
		return vt->begin_map(v, n->value.span.count);
	case NOTE_BEGIN_LIST:
		return vt->begin_list(v, n->value.span.count);
	case NOTE_END_MAP:
		return vt->end_map(v);
	case NOTE_END_LIST:
		return vt->end_list(v);
	case NOTE_KEY:
		return vt->key(v, n->value.name);
	case NOTE_NAME:
		return play_name(octets, vt, v);
	case NOTE_KEY_TEXT:
		return vt->key_text(v, octets, n->len);
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
		return play_f64s(octets, n->len / (uint32_t)sizeof(double), vt, v);
	}
	return vt->null(v);
}

int recording_play_value(const struct aerie_recording *r, uint64_t *at, const struct aerie_visitor *vt, void *v)
{
	const void *octets;
	struct note n = recording_note(r, *at, &octets);
	uint64_t end = recording_behind(&n, *at), p = *at;
	int err = 0;

	while (!err && p < end) {
		n = recording_note(r, p, &octets);
		p += sizeof n + padded(n.len);
		err = recording_play_note(&n, octets, vt, v);
	}
	*at = end;
	return err;
}

uint64_t recording_u64(const struct aerie_recording *r, uint64_t at, const char *name, uint64_t dflt)
{
	uint32_t len, want = (uint32_t)strlen(name);
	const void *octets;
	const char *text;
	struct note n;
	uint64_t end;

	if (at >= r->whole)
		return dflt;
	n = recording_note(r, at, &octets);
	if (n.kind != NOTE_BEGIN_MAP)
		return dflt;
	end = recording_behind(&n, at);
	for (at += sizeof n; at < end; at = recording_behind(&n, at)) {
		n = recording_note(r, at, &octets);
		if (!recording_is_key(&n))
			continue;
		text = recording_key_text(&n, octets, &len);
		if (len != want || memcmp(text, name, len))
			continue;
		n = recording_note(r, recording_behind(&n, at), &octets);
		return n.kind == NOTE_U64 || n.kind == NOTE_I64 ? n.value.u64 : dflt;
	}
	return dflt;
}
