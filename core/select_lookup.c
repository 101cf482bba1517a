/* SPDX-License-Identifier: MIT */
/* One value of a record by its path, as it would stand in the whole record: members, entries of maps by key, entries of
 * lists by number. For paths of URLs, which are looked up once, so names are resolved on the way. */
#include <core/select.h>

/* The parts that are left. */
struct way {
	const char *const *part;
	uint32_t n;
};

/* Takes the next part that is not empty; NULL: none is left. */
static const char *next_part(struct way *w)
{
	while (w->n) {
		const char *part = *w->part++;

		w->n--;
		if (*part)
			return part;
	}
	return NULL;
}

/* "0", "12": the number of an entry. VISIT_ALL: it is none. */
static uint32_t entry_number(const char *text)
{
	uint32_t n = 0, digits = 0;

	if (text[0] == '0' && text[1])
		return VISIT_ALL;
	for (; *text >= '0' && *text <= '9' && digits < 9; text++, digits++)
		n = n * 10 + (uint32_t)(*text - '0');
	return *text || !digits ? VISIT_ALL : n;
}

static int find_in_record(const struct visit *c, const struct aerie_rec *rec, struct way w);

/* What an entry is looked up by, and what came of it. */
struct entry {
	const struct visit *c;
	const struct field *f;
	struct way way;
	const char *key;
	uint32_t number, at; /* of a list: the wanted one, and the one at hand */
	int result;
};

static bool is_entry(struct entry *e, uint64_t key)
{
	char buf[KEY_TEXT_MAX];
	const char *text;
	uint32_t len;

	if (visit_is_list(e->f))
		return e->at++ == e->number;
	len = record_key_text(e->c->core, e->f, key, buf, &text);
	return strlen(e->key) == len && !memcmp(e->key, text, len);
}

static int try_entry(void *user, uint64_t key, uint64_t cell)
{
	struct entry *e = user;
	bool keys = e->f->flags & AERIE_FIELD_AS_KEYS;

	if (!is_entry(e, key))
		return 0;
	if (e->f->value == AERIE_T_RECORD && !keys)
		e->result = find_in_record(e->c, (const struct aerie_rec *)(uintptr_t)cell, e->way);
	else if (next_part(&e->way))
		e->result = -ENOENT;
	else if (!e->c->vt)
		e->result = 0;
	else
		e->result = keys ? visit_key_value(e->c, e->f, key) : visit_cell(e->c, e->f, cell);
	return 1;
}

static int find_entry(const struct visit *c, const struct aerie_rec *rec, const struct member *m, const char *key,
		      struct way w)
{
	struct entry e = {
		.c = c, .f = m->field, .way = w, .key = key, .number = entry_number(key), .result = -ENOENT
	};

	(void)collection_iterate(rec, m->slot, try_entry, &e);
	return e.result;
}

static int find_in_series(const struct visit *c, const struct aerie_rec *rec, const struct member *m, const char *part,
			  struct way w)
{
	unsigned i, names = m->field->type == AERIE_T_RRD ? RRD_NAMES : RRD_HOUR_VEC;
	const char *number = next_part(&w);
	struct visit to = *c;

	for (i = 0; i < names && strcmp(registry_rrd_name(c->registry, i)->text, part); i++)
		;
	if (i == names || (number && (entry_number(number) == VISIT_ALL || next_part(&w))))
		return -ENOENT;
	if (!to.vt)
		to.vt = &look_visitor;
	return visit_series_part(&to, rec, m, i, number ? entry_number(number) : VISIT_ALL);
}

static int find_in_record(const struct visit *c, const struct aerie_rec *rec, struct way w)
{
	while (rec) {
		const struct record_type *t = registry_type(c->registry, rec->type);
		const char *part = next_part(&w);
		const struct field *f = part ? path_field(c->registry, part) : NULL;
		const struct member *m = f ? registry_member(t, f->id) : NULL;

		if (!part)
			return c->vt ? visit_record(c, rec) : 0;
		if (!m || (m->optional && !visit_is_shown(c, rec, t->members, m)))
			return -ENOENT;
		part = next_part(&w);
		if (!part)
			return c->vt ? visit_member(c, rec, t->members, m) : 0;
		if (m->rule != AERIE_MEMBER_STORED)
			return -ENOENT;
		if (f->type == AERIE_T_RRD || f->type == AERIE_T_RRD_MINUTE)
			return find_in_series(c, rec, m, part, w);
		if (f->type == AERIE_T_VEC || type_is_map(f->type))
			return find_entry(c, rec, m, part, w);
		if (f->type != AERIE_T_RECORD)
			return -ENOENT;
		rec = aerie_get_rec(rec, m->slot);
		w.part--; /* the part names a member of it */
		w.n++;
	}
	return -ENOENT;
}

int select_visit_path(const struct aerie_host *h, const struct aerie_rec *rec, const char *const *parts, uint32_t n,
		      const struct aerie_visitor *vt, void *v)
{
	const struct visit c = select_visit(h, vt, v, 0);

	return find_in_record(&c, rec, (struct way){ parts, n });
}
