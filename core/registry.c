/* SPDX-License-Identifier: MIT */
/* The registry: fields by name and id, record types by id.
 *
 * Only the main thread adds; nothing is moved or removed. Readers on any thread follow pointers that are published
 * with release and read with acquire: chunks of ids, and hash chains whose heads are replaced. */
#include <core/record.h>

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include <xxhash.h>

#include <core/module.h>
#include <core/strings.h>

#define CHUNK TYPES_CHUNK
#define BUCKETS 1024u

struct field_entry {
	struct field f;
	struct field_entry *next; /* of the bucket */
};

struct registry {
	struct record_type **types[TYPES_MAX / CHUNK + 1]; /* first: record_type_of() looks here */
	struct field **fields[FIELDS_MAX / CHUNK + 1];
	uint32_t n_fields, n_types; /* atomic */
	struct core *core;
	struct field_entry *buckets[BUCKETS];
	struct shared_cell **cells; /* of all types */
	size_t n_cells, cap_cells;
	int (*key_format)(struct core *core, uint64_t key, char *dst);
	const struct aerie_str *(*phy_name)(struct core *core, uint16_t phy);
	const struct aerie_name *rrd_names[RRD_NAMES];
};

_Static_assert(offsetof(struct registry, types) == 0, "as record_type_of() expects");

#define LOAD(p) __atomic_load_n(&(p), __ATOMIC_ACQUIRE)
#define PUBLISH(p, value) __atomic_store_n(&(p), value, __ATOMIC_RELEASE)

/* ---- Fields ---- */

static struct field_entry **bucket_of(const struct registry *r, const char *name)
{
	return (struct field_entry **)&r->buckets[XXH3_64bits(name, strlen(name)) % BUCKETS];
}

static const struct field *find_field(const struct registry *r, const char *name)
{
	const struct field_entry *e;

	for (e = LOAD(*bucket_of(r, name)); e; e = e->next)
		if (strcmp(e->f.name.text, name) == 0)
			return &e->f;
	return NULL;
}

const struct field *registry_field(const struct registry *r, aerie_field_id id)
{
	if (!id || id > LOAD(r->n_fields))
		return NULL;
	return r->fields[(id - 1) / CHUNK][(id - 1) % CHUNK];
}

const struct record_type *registry_type(const struct registry *r, aerie_record_id id)
{
	if (!id || id > LOAD(r->n_types))
		return NULL;
	return r->types[(id - 1) / CHUNK][(id - 1) % CHUNK];
}

uint32_t registry_n_fields(const struct registry *r)
{
	return LOAD(r->n_fields);
}

uint32_t registry_n_types(const struct registry *r)
{
	return LOAD(r->n_types);
}

static char *quoted(const char *text)
{
	size_t size = strlen(text) + 4;
	char *s = malloc(size);

	if (s)
		snprintf(s, size, "\"%s\":", text);
	return s;
}

static char *underscored(const char *text)
{
	char *s = strdup(text), *p;

	for (p = s; p && *p; p++)
		if (*p == '.')
			*p = '_';
	return s;
}

static void field_free(struct field_entry *e)
{
	const struct aerie_name *n = &e->f.name;
	const char *texts[] = { n->text, n->json, n->under, n->json_under, n->type, n->help, e->f.unit, e->f.owner };
	size_t i;

	for (i = 0; i < sizeof texts / sizeof *texts; i++)
		free((char *)(uintptr_t)texts[i]);
	free(e);
}

/* Names hold no character that JSON would escape. */
static struct field_entry *field_new(const struct aerie_field_def *def, const char *owner)
{
	struct field_entry *e = calloc(1, sizeof *e);
	struct aerie_name *n;
	char type[64];

	if (!e)
		return NULL;
	n = &e->f.name;
	n->size = sizeof *n;
	n->len = (uint32_t)strlen(def->name);
	n->text = strdup(def->name);
	n->json = quoted(def->name);
	n->json_len = n->len + 3;
	n->under_len = n->len;
	n->under = underscored(def->name);
	n->json_under = n->under ? quoted(n->under) : NULL;
	type_describe(def->type, def->value, type);
	n->type = strdup(type);
	n->help = strdup(def->help);
	e->f.type = def->type;
	e->f.value = def->value;
	e->f.flags = def->flags;
	e->f.limit = def->limit ? def->limit : AERIE_LIMIT_DEFAULT;
	e->f.unit = strdup(def->unit);
	e->f.owner = strdup(owner);
	if (n->text && n->json && n->under && n->json_under && n->type && n->help && e->f.unit && e->f.owner)
		return e;
	field_free(e);
	return NULL;
}

static int check_name(struct module *m, const char *what, const char *name)
{
	const char *p;

	if (!name || !*name)
		return fail(m, -EINVAL, "a %s has no name", what);
	for (p = name; *p; p++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-", *p))
			return fail(m, -EINVAL, "%s \"%.64s\": the name may hold letters, digits, '_', '.' and '-' only", what,
				    name);
	if (p - name > (ptrdiff_t)FIELD_NAME_MAX)
		return fail(m, -EINVAL, "%s \"%.64s...\": the name is longer than %u octets", what, name, FIELD_NAME_MAX);
	return 0;
}

static int check_flags(struct module *m, const struct aerie_field_def *d)
{
	const uint32_t lists = AERIE_FIELD_AS_LIST | AERIE_FIELD_AS_KEYS, aggregator = d->flags & AERIE_FIELD_RRD_MASK;

	if (d->flags & ~(AERIE_FIELD_DYNAMIC | AERIE_FIELD_BITS | lists | AERIE_FIELD_RRD_MASK))
		return fail(m, -EINVAL, "field %s: flags 0x%x are unknown to this host", d->name, d->flags);
	if (d->flags & lists && !type_is_map(d->type))
		return fail(m, -EINVAL, "field %s: AS_LIST and AS_KEYS are for maps, this is a %s", d->name, type_name(d->type));
	if ((d->flags & lists) == lists)
		return fail(m, -EINVAL, "field %s: AS_LIST and AS_KEYS exclude each other", d->name);
	if (d->flags & AERIE_FIELD_BITS && !type_is_integer(d->type))
		return fail(m, -EINVAL, "field %s: BITS is for integers, this is a %s", d->name, type_name(d->type));
	if (aggregator && d->type != AERIE_T_RRD && d->type != AERIE_T_RRD_MINUTE)
		return fail(m, -EINVAL, "field %s: an aggregation is for series, this is a %s", d->name, type_name(d->type));
	if (aggregator > AERIE_FIELD_RRD_SIGNAL)
		return fail(m, -EINVAL, "field %s: aggregation 0x%x is unknown to this host", d->name, aggregator);
	return 0;
}

static int check_def(struct module *m, const struct aerie_field_def *d)
{
	bool collection;
	int r;

	if (!d)
		return fail(m, -EINVAL, "a field without definition");
	if (d->size < sizeof *d)
		return fail(m, -EINVAL, "a field's definition has size %u, expected %zu: set it to sizeof (struct "
			    "aerie_field_def)", d->size, sizeof *d);
	r = check_name(m, "field", d->name);
	if (r < 0)
		return r;
	if (!type_is_known(d->type))
		return fail(m, -EINVAL, "field %s: type %u does not exist; see AERIE_T_ in <aerie/types.h>", d->name, d->type);
	collection = d->type == AERIE_T_VEC || type_is_map(d->type);
	if (collection && !type_is_value(d->value))
		return fail(m, -EINVAL, "field %s: a collection cannot hold type %u; use U64, I64, F64, KEY, STR or RECORD",
			    d->name, d->value);
	if (!collection && d->value)
		return fail(m, -EINVAL, "field %s: only collections have a type of values, this is a %s", d->name,
			    type_name(d->type));
	if (!d->unit)
		return fail(m, -EINVAL, "field %s: the unit is missing; \"\" when it has none", d->name);
	if (!d->help || !*d->help)
		return fail(m, -EINVAL, "field %s: the description (help) is missing", d->name);
	if (d->limit > LIMIT_MAX)
		return fail(m, -EINVAL, "field %s: limit %u is above %u", d->name, d->limit, LIMIT_MAX);
	return check_flags(m, d);
}

/* A field that is there already must be the same to whoever sees it. */
static int check_same(struct module *m, const struct aerie_field_def *d, const struct field *f)
{
	char type[64];

	type_describe(d->type, d->value, type);
	if (f->type != d->type || f->value != d->value)
		return fail(m, -EEXIST, "field %s: %s defined it as %s, not as %s; use another name", d->name, f->owner,
			    f->name.type, type);
	if (f->flags != d->flags)
		return fail(m, -EEXIST, "field %s: %s defined it with flags 0x%x, not 0x%x; use the same flags or another name",
			    d->name, f->owner, f->flags, d->flags);
	return 0;
}

static int add_field(struct registry *r, struct module *m, const struct aerie_field_def *def, aerie_field_id *ret_id)
{
	uint32_t n = r->n_fields;
	struct field ***chunk = &r->fields[n / CHUNK];
	struct field_entry *e, **bucket;

	if (n >= FIELDS_MAX)
		return fail(m, -ENOSPC, "field %s: the host has room for %u fields", def->name, FIELDS_MAX);
	e = field_new(def, m ? m->id : "core");
	if (e && !*chunk)
		*chunk = calloc(CHUNK, sizeof **chunk);
	if (!e || !*chunk) {
		if (e)
			field_free(e);
		return fail(m, -ENOMEM, "field %s: out of memory", def->name);
	}
	e->f.id = n + 1;
	(*chunk)[n % CHUNK] = &e->f;
	PUBLISH(r->n_fields, n + 1);
	bucket = bucket_of(r, def->name);
	e->next = *bucket;
	PUBLISH(*bucket, e);
	*ret_id = e->f.id;
	return 0;
}

static int define(struct registry *r, struct module *m, const struct aerie_field_def *def, aerie_field_id *ret_id)
{
	const struct field *f;
	int err = check_def(m, def);

	if (err < 0)
		return err;
	f = find_field(r, def->name);
	if (!f)
		return add_field(r, m, def, ret_id);
	err = check_same(m, def, f);
	if (err < 0)
		return err;
	*ret_id = f->id;
	return 0;
}

static int check_loading(struct module *m, const char *what, const char *name)
{
	if (m->loading)
		return 0;
	return fail(m, -EPERM, "%s %.64s: definitions are legal only while load() runs", what, name ? name : "");
}

int registry_define(const struct aerie_host *h, const struct aerie_field_def *def, aerie_field_id *ret_id)
{
	struct module *m = module_of(h);
	int err = check_loading(m, "field", def ? def->name : NULL);

	return err < 0 ? err : define(m->core->registry, m, def, ret_id);
}

int registry_lookup(const struct aerie_host *h, const char *name, aerie_field_id *ret_id)
{
	const struct field *f = find_field(module_of(h)->core->registry, name);

	if (!f)
		return -ENOENT;
	*ret_id = f->id;
	return 0;
}

const struct aerie_name *registry_name(const struct aerie_host *h, aerie_field_id id)
{
	const struct field *f = registry_field(module_of(h)->core->registry, id);

	return f ? &f->name : NULL;
}

int registry_each(const struct aerie_host *h, int (*fn)(void *user, const struct aerie_field_info *info), void *user)
{
	const struct registry *r = module_of(h)->core->registry;
	const struct field *f;
	aerie_field_id id;
	int ret;

	for (id = 1; (f = registry_field(r, id)); id++) {
		const struct aerie_field_info info = {
			.size = sizeof info,
			.id = id,
			.type = f->type,
			.value = f->value,
			.flags = f->flags,
			.limit = f->limit,
			.limit_hits = __atomic_load_n(&f->limit_hits, __ATOMIC_RELAXED),
			.name = &f->name,
			.unit = f->unit,
			.owner = f->owner,
		};

		ret = fn(user, &info);
		if (ret)
			return ret;
	}
	return 0;
}

/* ---- Record types ---- */

/* A record type under construction. */
struct draft {
	struct registry *r;
	struct module *m;
	const char *name;
	const struct record_type *base;
	struct member *members;
	uint32_t n;
};

static const struct aerie_member *row(const struct aerie_member *members, uint32_t i)
{
	return (const struct aerie_member *)((const char *)members + (size_t)i * members->size);
}

static int find_member(const struct draft *d, const char *name)
{
	uint32_t i;

	for (i = 0; i < d->n; i++)
		if (strcmp(d->members[i].field->name.text, name) == 0)
			return (int)i;
	return -ENOENT;
}

static int check_record_of(const struct draft *d, const struct member *mb)
{
	const char *field = mb->field->name.text;

	if (type_has_records(mb->field) && !registry_type(d->r, mb->record))
		return fail(d->m, -EINVAL, "record type %s, member %s: record type %u of its sub-records is not defined", d->name,
			    field, mb->record);
	if (!type_has_records(mb->field) && mb->record)
		return fail(d->m, -EINVAL, "record type %s, member %s: a %s has no sub-records, but names a type of them", d->name,
			    field, mb->field->name.type);
	return 0;
}

static int add_member(struct draft *d, const struct aerie_member *row)
{
	struct member *mb = &d->members[d->n];
	aerie_field_id id;
	int err = define(d->r, d->m, &row->def, &id);

	if (err < 0)
		return err;
	if (find_member(d, row->def.name) >= 0)
		return fail(d->m, -EINVAL, "record type %s: member %s occurs twice", d->name, row->def.name);
	if (row->rule > AERIE_MEMBER_KEY_MAC)
		return fail(d->m, -EINVAL, "record type %s, member %s: rule %u is unknown to this host", d->name, row->def.name,
			    row->rule);
	mb->field = registry_field(d->r, id);
	mb->rule = row->rule;
	mb->record = row->record;
	err = check_record_of(d, mb);
	if (err < 0)
		return err;
	d->n++;
	return 0;
}

/* What a rule asks of the member's own type, and of the members that it names. */
static bool rule_type_ok(uint32_t rule, uint32_t type)
{
	switch (rule) {
	case AERIE_MEMBER_COUNT:
		return type_is_integer(type) && type != AERIE_T_TIME;
	case AERIE_MEMBER_FIRST_OF:
	case AERIE_MEMBER_KEY_PHY:
		return type == AERIE_T_STR;
	case AERIE_MEMBER_KEY_MAC:
		return type == AERIE_T_MAC;
	case AERIE_MEMBER_SHARED:
		return type == AERIE_T_STR || type == AERIE_T_UUID || !type_is_pointer(type);
	default:
		return true;
	}
}

static bool rule_of_ok(uint32_t rule, const struct member *of)
{
	uint32_t type = of->field->type;

	switch (rule) {
	case AERIE_MEMBER_COUNT:
		return of->rule == AERIE_MEMBER_STORED && (type == AERIE_T_VEC || type_is_map(type));
	case AERIE_MEMBER_FIRST_OF:
		return of->rule != AERIE_MEMBER_FIRST_OF && of->rule != AERIE_MEMBER_COUNT &&
		       (type == AERIE_T_STR || type == AERIE_T_UUID || !type_is_pointer(type));
	default:
		return of->rule == AERIE_MEMBER_STORED && type == AERIE_T_KEY;
	}
}

static int resolve(struct draft *d, struct member *mb, const struct aerie_member *row)
{
	const char *field = mb->field->name.text;
	uint32_t max = mb->rule == AERIE_MEMBER_FIRST_OF ? 4 : 1;
	int i;

	if (!rule_type_ok(mb->rule, mb->field->type))
		return fail(d->m, -EINVAL, "record type %s, member %s: its rule %u does not go with type %s", d->name, field,
			    mb->rule, mb->field->name.type);
	if (mb->rule == AERIE_MEMBER_STORED || mb->rule == AERIE_MEMBER_SHARED)
		return 0;
	while (mb->n_of < max && row->of[mb->n_of]) {
		i = find_member(d, row->of[mb->n_of]);
		if (i < 0)
			return fail(d->m, -EINVAL, "record type %s, member %s: it refers to member %s, which the type does not have",
				    d->name, field, row->of[mb->n_of]);
		if (!rule_of_ok(mb->rule, &d->members[i]))
			return fail(d->m, -EINVAL, "record type %s, member %s: its rule %u cannot refer to member %s", d->name,
				    field, mb->rule, row->of[mb->n_of]);
		mb->of[mb->n_of++] = (uint16_t)i;
	}
	if (!mb->n_of)
		return fail(d->m, -EINVAL, "record type %s, member %s: its rule %u needs the name of another member", d->name,
			    field, mb->rule);
	return 0;
}

static int check_rows(const struct draft *d, const struct aerie_member *members, uint32_t n)
{
	uint32_t i, n_base = d->base ? d->base->n_members : 0;

	if (n && (!members || members->size < sizeof *members || members->size % 8))
		return fail(d->m, -EINVAL, "record type %s: a member has size %u, expected %zu: set it to sizeof (struct "
			    "aerie_member)", d->name, members ? members->size : 0, sizeof *members);
	if (n > MEMBERS_MAX || n_base + n > MEMBERS_MAX)
		return fail(d->m, -ENOSPC, "record type %s: %u members, the limit is %u", d->name, n_base + n, MEMBERS_MAX);
	if (n_base + n == 0)
		return fail(d->m, -EINVAL, "record type %s has no members", d->name);
	for (i = 0; i < n; i++)
		if (row(members, i)->size != members->size)
			return fail(d->m, -EINVAL, "record type %s: member %u has another size than the first one", d->name, i);
	return 0;
}

static int fill_draft(struct draft *d, const struct aerie_member *members, uint32_t n)
{
	uint32_t i, n_base = d->base ? d->base->n_members : 0;
	int err;

	d->members = calloc(n_base + n, sizeof *d->members);
	if (!d->members)
		return fail(d->m, -ENOMEM, "record type %s: out of memory", d->name);
	if (n_base)
		memcpy(d->members, d->base->members, n_base * sizeof *d->members);
	d->n = n_base;
	for (i = 0; i < n; i++) {
		err = add_member(d, row(members, i));
		if (err < 0)
			return err;
	}
	for (i = 0; i < n; i++) {
		err = resolve(d, &d->members[n_base + i], row(members, i));
		if (err < 0)
			return err;
	}
	return 0;
}

static bool same_member(const struct member *a, const struct member *b)
{
	return a->field == b->field && a->rule == b->rule && a->record == b->record && a->n_of == b->n_of &&
	       memcmp(a->of, b->of, sizeof a->of) == 0;
}

/* An earlier generation with just these members. */
static const struct record_type *find_same(const struct draft *d)
{
	const struct record_type *t;
	aerie_record_id id;
	uint32_t i;

	for (id = d->r->n_types; id; id--) {
		t = registry_type(d->r, id);
		if (t->n_members != d->n || t->base != (d->base ? d->base->id : 0) || strcmp(t->name, d->name) != 0)
			continue;
		for (i = 0; i < d->n && same_member(&t->members[i], &d->members[i]); i++)
			;
		if (i == d->n)
			return t;
	}
	return NULL;
}

/* Gives the type's own shared members a cell. */
static int add_cells(struct registry *r, struct record_type *t, uint32_t first)
{
	uint32_t i;

	for (i = first; i < t->n_members; i++) {
		struct shared_cell *cell;

		if (t->members[i].rule != AERIE_MEMBER_SHARED)
			continue;
		if (r->n_cells == r->cap_cells) {
			size_t cap = r->cap_cells ? r->cap_cells * 2 : 16;
			struct shared_cell **cells = realloc(r->cells, cap * sizeof *cells);

			if (!cells)
				return -ENOMEM;
			r->cells = cells;
			r->cap_cells = cap;
		}
		cell = calloc(1, sizeof *cell);
		if (!cell)
			return -ENOMEM;
		r->cells[r->n_cells++] = cell;
		t->members[i].shared = cell;
	}
	return 0;
}

static int add_type(struct draft *d, const struct record_type **ret)
{
	struct registry *r = d->r;
	uint32_t n = r->n_types;
	struct record_type *t, ***chunk = &r->types[n / CHUNK];
	int err;

	if (n >= TYPES_MAX)
		return fail(d->m, -ENOSPC, "record type %s: the host has room for %u types", d->name, TYPES_MAX);
	err = record_type_new(d->m, d->name, d->base, d->members, d->n, r, &t);
	if (err < 0)
		return err;
	if (!*chunk)
		*chunk = calloc(CHUNK, sizeof **chunk);
	if (!*chunk || add_cells(r, t, d->base ? d->base->n_members : 0) < 0) {
		record_type_free(t);
		return fail(d->m, -ENOMEM, "record type %s: out of memory", d->name);
	}
	t->id = n + 1;
	(*chunk)[n % CHUNK] = t;
	PUBLISH(r->n_types, n + 1);
	*ret = t;
	return 0;
}

static int define_record(struct draft *d, const struct aerie_member *members, uint32_t n, aerie_record_id *ret_id)
{
	const struct record_type *t;
	uint32_t i;
	int err = check_rows(d, members, n);

	if (err < 0)
		return err;
	err = fill_draft(d, members, n);
	if (err < 0)
		return err;
	t = find_same(d);
	if (!t) {
		err = add_type(d, &t);
		if (err < 0)
			return err;
	}
	for (i = 0; i < n; i++)
		if (row(members, i)->ret_slot)
			*row(members, i)->ret_slot = t->members[d->n - n + i].slot;
	*ret_id = t->id;
	return 0;
}

int registry_define_record(const struct aerie_host *h, const char *name, aerie_record_id base,
			   const struct aerie_member *members, uint32_t n, aerie_record_id *ret_id)
{
	struct draft d = { .m = module_of(h), .name = name };
	int err = check_loading(d.m, "record type", name);

	if (err < 0)
		return err;
	err = check_name(d.m, "record type", name);
	if (err < 0)
		return err;
	d.r = d.m->core->registry;
	d.base = registry_type(d.r, base);
	if (base && !d.base)
		return fail(d.m, -EINVAL, "record type %s: its base, type %u, is not defined", name, base);
	err = define_record(&d, members, n, ret_id);
	free(d.members);
	return err;
}

const struct member *registry_member(const struct record_type *type, aerie_field_id field)
{
	uint32_t i;

	for (i = 0; i < type->n_members; i++)
		if (type->members[i].field->id == field)
			return &type->members[i];
	return NULL;
}

int registry_slot(const struct aerie_host *h, aerie_record_id type, aerie_field_id field, aerie_slot *ret_slot)
{
	const struct record_type *t = registry_type(module_of(h)->core->registry, type);
	const struct member *mb = t ? registry_member(t, field) : NULL;

	if (!mb || mb->rule != AERIE_MEMBER_STORED)
		return -ENOENT;
	*ret_slot = mb->slot;
	return 0;
}

/* ---- Shared values ---- */

static int parse_shared(uint32_t type, const char *text, struct shared_value *ret)
{
	char *end;
	double d;

	errno = 0;
	switch (type) {
	case AERIE_T_STR:
		return 0;
	case AERIE_T_UUID:
		return parse_uuid(text, ret->octets);
	case AERIE_T_MAC:
		return parse_mac(text, ret->octets);
	case AERIE_T_F32:
	case AERIE_T_F64:
		d = strtod(text, &end);
		ret->bits = aerie_f64_key(d);
		break;
	case AERIE_T_I8:
	case AERIE_T_I16:
	case AERIE_T_I32:
	case AERIE_T_I64:
		ret->bits = (uint64_t)strtoll(text, &end, 0);
		break;
	default:
		if (*text == '-')
			return -EINVAL;
		ret->bits = strtoull(text, &end, 0);
	}
	return errno || end == text || *end ? -EINVAL : 0;
}

int registry_set_shared(const struct aerie_host *h, aerie_record_id type, const char *field, const char *text)
{
	struct module *m = module_of(h);
	struct registry *r = m->core->registry;
	const struct record_type *t = registry_type(r, type);
	const struct field *f = field ? find_field(r, field) : NULL;
	const struct member *mb = t && f ? registry_member(t, f->id) : NULL;
	struct shared_value *v;
	int err = check_loading(m, "shared value", field);

	if (err < 0)
		return err;
	if (!mb || mb->rule != AERIE_MEMBER_SHARED || !text)
		return fail(m, -EINVAL, "record type %s: %.64s is not a shared member of it", t ? t->name : "(none)",
			    field ? field : "(none)");
	v = calloc(1, sizeof *v);
	if (!v)
		return fail(m, -ENOMEM, "record type %s: out of memory", t->name);
	err = parse_shared(f->type, text, v);
	if (err < 0) {
		free(v);
		return fail(m, err, "record type %s, shared member %s: \"%.64s\" is not a %s", t->name, field, text,
			    f->name.type);
	}
	v->text = strings_get(m->core->strings, text, (uint32_t)strlen(text));
	v->older = mb->shared->value;
	PUBLISH(mb->shared->value, v);
	return 0;
}

/* ---- Texts that modules hold ---- */

const struct aerie_str *registry_intern(const struct aerie_host *h, const char *text, uint32_t len)
{
	struct module *m = module_of(h);
	const struct aerie_str *s = strings_get(m->core->strings, text, len);
	const struct aerie_str **strs;

	if (!s)
		return NULL;
	pthread_mutex_lock(&m->lock);
	if (m->n_strs == m->cap_strs) {
		size_t cap = m->cap_strs ? m->cap_strs * 2 : 32;

		strs = realloc(m->strs, cap * sizeof *strs);
		if (!strs) {
			pthread_mutex_unlock(&m->lock);
			strings_put(s);
			return NULL;
		}
		m->strs = strs;
		m->cap_strs = cap;
	}
	m->strs[m->n_strs++] = s;
	pthread_mutex_unlock(&m->lock);
	return s;
}

/* From the end: what was taken last is released first, as a rule. */
void registry_release(const struct aerie_host *h, const struct aerie_str *s)
{
	struct module *m = module_of(h);
	size_t i;

	if (!s)
		return;
	pthread_mutex_lock(&m->lock);
	for (i = m->n_strs; i && m->strs[i - 1] != s; i--)
		;
	if (i)
		m->strs[i - 1] = m->strs[--m->n_strs];
	pthread_mutex_unlock(&m->lock);
	if (i)
		strings_put(s);
}

/* ---- Text of keys ---- */

void registry_set_key_format(struct registry *r, int (*fn)(struct core *core, uint64_t key, char *dst))
{
	r->key_format = fn;
}

void registry_set_phy_name(struct registry *r, const struct aerie_str *(*fn)(struct core *core, uint16_t phy))
{
	r->phy_name = fn;
}

uint32_t registry_key_text(const struct registry *r, uint64_t key, char dst[41])
{
	int n = key && r->key_format ? r->key_format(r->core, key, dst) : -ENOENT;

	if (n >= 0)
		return (uint32_t)n;
	*dst = 0;
	return key ? format_hex64(dst, key) : 0;
}

const struct aerie_str *registry_phy_name(const struct registry *r, uint64_t key)
{
	return key && r->phy_name ? r->phy_name(r->core, aerie_key_phy(key)) : NULL;
}

const struct aerie_name *registry_rrd_name(const struct registry *r, enum rrd_name which)
{
	return r->rrd_names[which];
}

/* ---- Life ---- */

static const struct aerie_field_def rrd_fields[RRD_NAMES] = {
	[RRD_LAST_TIME] = AERIE_FIELD_DEF(AERIE_T_U64, 0, 0, "kismet.common.rrd.last_time", "s",
					  "Time of the newest sample, seconds since 1970."),
	[RRD_SERIAL_TIME] = AERIE_FIELD_DEF(AERIE_T_U64, 0, 0, "kismet.common.rrd.serial_time", "s",
					    "Time up to which the series is shown, seconds since 1970."),
	[RRD_LAST_VALUE] = AERIE_FIELD_DEF(AERIE_T_F64, 0, 0, "kismet.common.rrd.last_value", "",
					   "Value of the second of the newest sample."),
	[RRD_LAST_VALUE_N1] = AERIE_FIELD_DEF(AERIE_T_F64, 0, 0, "kismet.common.rrd.last_value_n1", "",
					      "Value of the second before the newest sample."),
	[RRD_MINUTE_VEC] = AERIE_FIELD_DEF(AERIE_T_VEC, AERIE_T_F64, 0, "kismet.common.rrd.minute_vec", "",
					   "Values of the last 60 seconds; second t is at t modulo 60."),
	[RRD_HOUR_VEC] = AERIE_FIELD_DEF(AERIE_T_VEC, AERIE_T_F64, 0, "kismet.common.rrd.hour_vec", "",
					 "Values of the last 60 minutes; minute m is at m modulo 60."),
	[RRD_DAY_VEC] = AERIE_FIELD_DEF(AERIE_T_VEC, AERIE_T_F64, 0, "kismet.common.rrd.day_vec", "",
					"Values of the last 24 hours; hour h is at h modulo 24."),
	[RRD_BLANK_VAL] = AERIE_FIELD_DEF(AERIE_T_F64, 0, 0, "kismet.common.rrd.blank_val", "",
					  "Value of a time without samples."),
};

struct registry *registry_new(struct core *core)
{
	struct registry *r = calloc(1, sizeof *r);
	aerie_field_id id;
	unsigned i;

	if (!r)
		return NULL;
	r->core = core;
	for (i = 0; i < RRD_NAMES; i++) {
		if (define(r, NULL, &rrd_fields[i], &id) < 0) {
			registry_free(r);
			return NULL;
		}
		r->rrd_names[i] = &registry_field(r, id)->name;
	}
	return r;
}

static void cell_free(struct shared_cell *cell)
{
	struct shared_value *v, *older;

	for (v = cell->value; v; v = older) {
		older = v->older;
		strings_put(v->text);
		free(v);
	}
	free(cell);
}

void registry_free(struct registry *r)
{
	uint32_t i;

	if (!r)
		return;
	for (i = 0; i < r->n_fields; i++)
		field_free((struct field_entry *)r->fields[i / CHUNK][i % CHUNK]);
	for (i = 0; i < r->n_types; i++)
		record_type_free(r->types[i / CHUNK][i % CHUNK]);
	for (i = 0; i < sizeof r->fields / sizeof *r->fields; i++)
		free(r->fields[i]);
	for (i = 0; i < sizeof r->types / sizeof *r->types; i++)
		free(r->types[i]);
	for (i = 0; i < r->n_cells; i++)
		cell_free(r->cells[i]);
	free(r->cells);
	free(r);
}
