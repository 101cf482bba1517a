/* SPDX-License-Identifier: MIT */
/* The registry: fields by name and id, record types by id (recdef.c makes them).
 *
 * Only the main thread adds; nothing is moved or removed. Readers on any thread follow pointers that are published
 * with release and read with acquire: chunks of ids, and hash chains whose heads are replaced. */
#include <config.h>

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include <xxhash.h>

#include <core/loop.h>
#include <core/module.h>
#include <core/record.h>
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
	uint64_t refusals; /* atomic: allocations for records that failed */
	bool refusals_told; /* atomic: a message said so */
	bool telling;       /* atomic: the main thread was asked to tell */
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

uint64_t registry_count_refusal(struct registry *r)
{
	return __atomic_add_fetch(&r->refusals, 1, __ATOMIC_RELAXED);
}

uint64_t registry_refusals(const struct registry *r)
{
	return __atomic_load_n(&r->refusals, __ATOMIC_RELAXED);
}

bool registry_refusals_told(struct registry *r, bool told)
{
	return told ? __atomic_exchange_n(&r->refusals_told, true, __ATOMIC_RELAXED) : __atomic_load_n(&r->refusals_told, __ATOMIC_RELAXED);
}

bool registry_telling(struct registry *r, bool telling)
{
	return __atomic_exchange_n(&r->telling, telling, __ATOMIC_ACQ_REL);
}

/* ---- Fields ---- */

static struct field_entry **bucket_of(const struct registry *r, const char *name)
{
	return (struct field_entry **)&r->buckets[XXH3_64bits(name, strlen(name)) % BUCKETS];
}

const struct field *registry_find_field(const struct registry *r, const char *name)
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

int registry_check_name(struct module *m, const char *what, const char *name)
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
	r = registry_check_name(m, "field", d->name);
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

int registry_define_field(struct registry *r, struct module *m, const struct aerie_field_def *def,
			  aerie_field_id *ret_id)
{
	const struct field *f;
	int err = check_def(m, def);

	if (err < 0)
		return err;
	f = registry_find_field(r, def->name);
	if (!f)
		return add_field(r, m, def, ret_id);
	err = check_same(m, def, f);
	if (err < 0)
		return err;
	*ret_id = f->id;
	return 0;
}

int registry_check_loading(struct module *m, const char *what, const char *name)
{
	THREAD_ASSERT(THREAD_MAIN);
	if (m->loading)
		return 0;
	return fail(m, -EPERM, "%s %.64s: definitions are legal only while load() runs", what, name ? name : "");
}

int registry_define(const struct aerie_host *h, const struct aerie_field_def *def, aerie_field_id *ret_id)
{
	struct module *m = module_of(h);
	int err = registry_check_loading(m, "field", def ? def->name : NULL);

	return err < 0 ? err : registry_define_field(m->core->registry, m, def, ret_id);
}

int registry_lookup(const struct aerie_host *h, const char *name, aerie_field_id *ret_id)
{
	const struct field *f = registry_find_field(module_of(h)->core->registry, name);

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

void registry_field_info(const struct field *f, struct aerie_field_info *ret_info)
{
	*ret_info = (struct aerie_field_info){
		.size = sizeof *ret_info,
		.id = f->id,
		.type = f->type,
		.value = f->value,
		.flags = f->flags,
		.limit = f->limit,
		.limit_hits = __atomic_load_n(&f->limit_hits, __ATOMIC_RELAXED),
		.name = &f->name,
		.unit = f->unit,
		.owner = f->owner,
	};
}

int registry_each(const struct aerie_host *h, int (*fn)(void *user, const struct aerie_field_info *info), void *user)
{
	const struct registry *r = module_of(h)->core->registry;
	struct aerie_field_info info;
	const struct field *f;
	aerie_field_id id;
	int ret;

	for (id = 1; (f = registry_field(r, id)); id++) {
		registry_field_info(f, &info);
		ret = fn(user, &info);
		if (ret)
			return ret;
	}
	return 0;
}

/* ---- Record types ---- */

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

int registry_add_type(struct registry *r, struct record_type *t)
{
	uint32_t n = r->n_types;
	struct record_type ***chunk = &r->types[n / CHUNK];
	const struct record_type *base = registry_type(r, t->base);

	if (n >= TYPES_MAX)
		return -ENOSPC;
	if (!*chunk)
		*chunk = calloc(CHUNK, sizeof **chunk);
	if (!*chunk || add_cells(r, t, base ? base->n_members : 0) < 0)
		return -ENOMEM;
	t->id = n + 1;
	(*chunk)[n % CHUNK] = t;
	PUBLISH(r->n_types, n + 1);
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
		if (registry_define_field(r, NULL, &rrd_fields[i], &id) < 0) {
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
