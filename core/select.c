/* SPDX-License-Identifier: MIT */
/* Parts of records: field and filter specifications, paths, searching, ordering, recordings. The service is
 * <aerie/select.h>; here are its table and its selections. */
#include <core/select.h>

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <core/module.h>
#include <core/recording.h>
#include <core/value.h>

#define SELECTION_MAGIC 0x53454c45u /* "SELE" */

/* Where a problem is told. */
struct why {
	char *text;
	uint32_t room;
};

static int explain(const struct why *why, uint32_t i, const char *what)
{
	snprintf(why->text, why->room, "`fields`, element %u: %s", i + 1, what);
	return -EINVAL;
}

/* ---- Making ---- */

static struct aerie_selection *selection_alloc(uint32_t n)
{
	struct aerie_selection *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	s->magic = SELECTION_MAGIC;
	s->paths.path = calloc(n, sizeof *s->paths.path);
	s->shown = calloc(n, sizeof *s->shown);
	s->name = calloc(n, sizeof *s->name);
	s->made = calloc(n, sizeof *s->made);
	if (s->paths.path && s->shown && s->name && s->made)
		return s;
	select_service.selection_free(s);
	return NULL;
}

static void selection_free(struct aerie_selection *s)
{
	uint32_t i;

	if (!s)
		return;
	assert(s->magic == SELECTION_MAGIC);
	s->magic = 0;
	for (i = 0; s->made && i < s->paths.n; i++)
		free(s->made[i]);
	paths_free(&s->paths);
	free(s->made);
	free(s->name);
	free(s->shown);
	free(s);
}

struct aerie_selection *selection_check(const struct aerie_selection *s)
{
	assert(s->magic == SELECTION_MAGIC);
	return (struct aerie_selection *)(uintptr_t)s;
}

/* The path is in place; its name is the given one, or that of its last part. */
static int add_name(struct aerie_selection *s, const struct registry *r, const char *name, uint32_t len)
{
	uint32_t i = s->paths.n;
	const struct path_spec *p = &s->paths.path[i];
	const char *last = p->part[p->n - 1];
	const struct field *f = path_field(r, last);

	if (f && !name && !strcmp(f->name.text, last))
		s->name[i] = &f->name;
	else
		s->name[i] = s->made[i] = name ? name_make(name, len, f) : name_make(last, (uint32_t)strlen(last), f);
	if (!s->name[i]) {
		path_spec_free(&s->paths.path[i]);
		return -ENOMEM;
	}
	s->paths.n++;
	return 0;
}

static int add_text(struct aerie_selection *s, const struct registry *r, const char *path, uint32_t path_len,
		    const char *name, uint32_t name_len, const struct why *why)
{
	char what[64];
	int err;

	snprintf(what, sizeof what, "`fields`, element %u", s->paths.n + 1);
	err = path_spec_init(&s->paths.path[s->paths.n], what, path, path_len, why->text, why->room);
	return err ? err : add_name(s, r, name, name_len);
}

/* An element of "fields": a path, or a pair of path and name. */
static int add_element(struct aerie_selection *s, const struct registry *r, const struct aerie_value *v,
		       const struct why *why)
{
	uint32_t i = s->paths.n, path_len, name_len;
	const char *path, *name;

	if (value_kind(v) == AERIE_VALUE_STR) {
		path = value_str(v, &path_len);
		return strlen(path) == path_len ? add_text(s, r, path, path_len, NULL, 0, why)
						: explain(why, i, "a path may not hold an octet 0");
	}
	if (value_kind(v) != AERIE_VALUE_LIST)
		return explain(why, i, "it must be a path, or a pair [path, name]");
	path = value_str(value_at(v, 0), &path_len);
	name = value_str(value_at(v, 1), &name_len);
	if (value_count(v) != 2 || !path || !name)
		return explain(why, i, "a list in it must be a pair of texts: [path, name]");
	if (strlen(path) != path_len || strlen(name) != name_len)
		return explain(why, i, "a path or name may not hold an octet 0");
	if (!name_len || name_len > AERIE_SELECT_TEXT_MAX)
		return explain(why, i, name_len ? "its name is longer than 4096 octets" : "its name is empty");
	return add_text(s, r, path, path_len, name, name_len, why);
}

/* Of several with the same name, the last is shown. Formats that write '_' for '.' cannot tell names apart that differ in nothing else, so
 * they are the same everywhere: all formats show the same. */
static void choose_shown(struct aerie_selection *s)
{
	uint32_t i, k;

	for (i = 0; i < s->paths.n; i++) {
		for (k = i + 1; k < s->paths.n; k++)
			if (s->name[i]->under_len == s->name[k]->under_len &&
			    !memcmp(s->name[i]->under, s->name[k]->under, s->name[i]->under_len))
				break;
		if (k == s->paths.n)
			s->shown[s->n_shown++] = i;
	}
}

static int selection_new(const struct aerie_host *h, const struct aerie_value *fields,
			 struct aerie_selection **ret_selection, char *ret_why, uint32_t room)
{
	const struct registry *r = module_of(h)->core->registry;
	const struct why why = { ret_why, room };
	struct aerie_selection *s;
	uint32_t i, n;
	int err = 0;

	if (value_kind(fields) != AERIE_VALUE_NULL && value_kind(fields) != AERIE_VALUE_LIST) {
		snprintf(ret_why, room, "`fields` must be a list of paths and of pairs [path, name]");
		return -EINVAL;
	}
	n = fields ? value_count(fields) : 0;
	if (!n) {
		*ret_selection = NULL;
		return 0;
	}
	if (n > AERIE_SELECT_FIELDS_MAX) {
		snprintf(ret_why, room, "`fields` may have at most %u elements, this has %u", AERIE_SELECT_FIELDS_MAX,
			 n);
		return -EINVAL;
	}
	s = selection_alloc(n);
	for (i = 0; s && !err && i < n; i++)
		err = add_element(s, r, value_at(fields, i), &why);
	if (!s || err) {
		selection_free(s);
		return err ? err : -ENOMEM;
	}
	choose_shown(s);
	*ret_selection = s;
	return 0;
}

static int selection_path(const struct aerie_host *h, const char *path, struct aerie_selection **ret_selection,
			  char *ret_why, uint32_t room)
{
	struct aerie_selection *s = selection_alloc(1);
	int err = -ENOMEM;

	if (s)
		err = path_spec_init(&s->paths.path[0], "the path of a field", path,
				     (uint32_t)strnlen(path, AERIE_SELECT_TEXT_MAX + 1), ret_why, room);
	if (!err)
		err = add_name(s, module_of(h)->core->registry, NULL, 0);
	if (err) {
		selection_free(s);
		return err;
	}
	choose_shown(s);
	*ret_selection = s;
	return 0;
}

/* ---- Using ---- */

struct visit select_visit(const struct aerie_host *h, const struct aerie_visitor *vt, void *v, uint32_t flags)
{
	struct core *core = module_of(h)->core;

	return (struct visit){ core, core->registry, vt, v, flags };
}

static int visit(const struct aerie_host *h, const struct aerie_selection *selection, const struct aerie_rec *rec,
		 const struct aerie_visitor *vt, void *v)
{
	const struct visit c = select_visit(h, vt, v, 0);
	struct aerie_selection *s;
	const struct plan *plan;
	uint32_t i;

	if (!selection)
		return visit_record(&c, rec);
	s = selection_check(selection);
	plan = paths_plan(&s->paths, c.registry, rec);
	if (!plan)
		return -ENOMEM;
	CALL(vt->begin_map(v, s->n_shown));
	for (i = 0; i < s->n_shown; i++) {
		CALL(vt->key(v, s->name[s->shown[i]]));
		CALL(hops_walk(&c, plan->path[s->shown[i]], rec));
	}
	return vt->end_map(v);
}

const struct aerie_select select_service = {
	.size = sizeof select_service,
	.selection_new = selection_new,
	.selection_path = selection_path,
	.selection_free = selection_free,
	.visit = visit,
	.visit_path = select_visit_path,
	.filter_new = filter_new,
	.filter_free = filter_free,
	.filter_matches = filter_matches,
	.search = select_search,
	.order = select_order,
	.recording_new = recording_new,
	.recording_visitor = &recording_visitor,
	.recording_play = recording_play,
	.recording_u64 = recording_u64,
	.recording_free = recording_free,
};
