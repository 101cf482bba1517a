/* SPDX-License-Identifier: MIT */
/* Writes recordings out, whole or in part: a selection from what was written down gives what visit() gives from the
 * record. */
#include <core/select.h>

#include <errno.h>

#include <core/recording.h>

struct play {
	const struct aerie_recording *r;
	const struct aerie_visitor *vt;
	void *v;
};

/* The value behind a name of the map that begins at `at`; 0: the name is not there. */
static uint64_t find_name(const struct aerie_recording *r, uint64_t at, const char *name)
{
	uint32_t len, want = (uint32_t)strlen(name);
	const void *octets;
	const char *text;
	struct note n = recording_note(r, at, &octets);
	uint64_t end = recording_behind(&n, at);

	for (at += sizeof n; at < end; at = recording_behind(&n, at)) {
		n = recording_note(r, at, &octets);
		if (!recording_is_key(&n))
			continue;
		text = recording_key_text(&n, octets, &len);
		if (len == want && !memcmp(text, name, len))
			return recording_behind(&n, at);
	}
	return 0;
}

/* The same for a part of a path, which may be a name that the field had once. */
static uint64_t find_value(const struct aerie_recording *r, uint64_t at, const char *part)
{
	uint64_t found = find_name(r, at, part);
	const struct field *f = found ? NULL : path_field(r->registry, part);

	return f ? find_name(r, at, f->name.text) : found;
}

/* Is the map that begins at `at` one with keys of its own, rather than a record? An empty one tells by its field. */
static bool has_own_keys(const struct aerie_recording *r, uint64_t at, const char *field)
{
	const void *octets;
	const struct field *f;
	struct note n = recording_note(r, at, &octets);

	n = recording_note(r, at + sizeof n, &octets);
	if (n.kind != NOTE_END_MAP)
		return n.kind == NOTE_KEY_TEXT;
	f = path_field(r->registry, field);
	return !f || type_is_map(f->type);
}

static int play_path(const struct play *p, const struct path_spec *path, uint32_t i, uint64_t at);

static int play_zeros(const struct play *p, uint32_t n)
{
	while (n--)
		CALL(p->vt->u64(p->v, 0));
	return 0;
}

/* The rest of a path in each entry of the map or list that begins at `at`. */
static int play_each(const struct play *p, const struct path_spec *path, uint32_t i, uint64_t at)
{
	const void *octets;
	struct note n = recording_note(p->r, at, &octets);
	uint64_t end = recording_behind(&n, at) - sizeof n; /* before its last note */

	CALL(recording_play_note(&n, octets, p->vt, p->v));
	for (at += sizeof n; at < end; at = recording_behind(&n, at)) {
		n = recording_note(p->r, at, &octets);
		if (recording_is_key(&n))
			CALL(recording_play_note(&n, octets, p->vt, p->v));
		else if (n.kind == NOTE_F64S)
			CALL(play_zeros(p, n.len / (uint32_t)sizeof(double)));
		else
			CALL(play_path(p, path, i, at));
	}
	n = recording_note(p->r, end, &octets);
	return recording_play_note(&n, octets, p->vt, p->v);
}

/* What the parts of a path from the i-th on lead to, from the value that begins at `at`. */
static int play_path(const struct play *p, const struct path_spec *path, uint32_t i, uint64_t at)
{
	const void *octets;
	struct note n;

	for (; i < path->n; i++) {
		n = recording_note(p->r, at, &octets);
		if (n.kind == NOTE_BEGIN_LIST)
			return play_each(p, path, i, at);
		if (n.kind != NOTE_BEGIN_MAP)
			return play_zeros(p, 1);
		if (i && has_own_keys(p->r, at, path->part[i - 1]))
			return play_each(p, path, i, at);
		at = find_value(p->r, at, path->part[i]);
		if (!at)
			return play_zeros(p, 1);
	}
	return recording_play_value(p->r, &at, p->vt, p->v);
}

static int play_map(const struct play *p, const struct aerie_selection *s, uint64_t at)
{
	uint32_t i;

	CALL(p->vt->begin_map(p->v, s->n_shown));
	for (i = 0; i < s->n_shown; i++) {
		CALL(p->vt->key(p->v, s->name[s->shown[i]]));
		CALL(play_path(p, &s->paths.path[s->shown[i]], 0, at));
	}
	return p->vt->end_map(p->v);
}

static int play_list(const struct play *p, const struct aerie_selection *s, uint64_t at)
{
	const void *octets;
	struct note n = recording_note(p->r, at, &octets);
	uint64_t end = recording_behind(&n, at) - sizeof n, next;

	CALL(recording_play_note(&n, octets, p->vt, p->v));
	for (at += sizeof n; at < end; at = next) {
		n = recording_note(p->r, at, &octets);
		next = recording_behind(&n, at);
		if (n.kind == NOTE_BEGIN_MAP)
			CALL(play_map(p, s, at));
		else
			CALL(recording_play_value(p->r, &at, p->vt, p->v));
	}
	n = recording_note(p->r, end, &octets);
	return recording_play_note(&n, octets, p->vt, p->v);
}

int recording_play(const struct aerie_host *h, const struct aerie_recording *r, uint64_t *at,
		   const struct aerie_selection *selection, const struct aerie_visitor *vt, void *v)
{
	const struct play p = { r, vt, v };
	const struct aerie_selection *s;
	const void *octets;
	struct note n;
	uint64_t begin = *at;

	if (begin >= r->whole)
		return -ENODATA;
	n = recording_note(r, begin, &octets);
	if (!selection || (n.kind != NOTE_BEGIN_MAP && n.kind != NOTE_BEGIN_LIST))
		return recording_play_value(r, at, vt, v);
	s = selection_check(selection);
	*at = recording_behind(&n, begin);
	return n.kind == NOTE_BEGIN_MAP ? play_map(&p, s, begin) : play_list(&p, s, begin);
}
