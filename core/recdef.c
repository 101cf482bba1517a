/* SPDX-License-Identifier: MIT */
/* Definitions of record types: tables of members are checked, names become fields and indices, and types that are there
 * already are found again. types.c lays them out, registry.c keeps them. */
#include <errno.h>
#include <stdlib.h>

#include <core/module.h>
#include <core/registry.h>
#include <core/strings.h>

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
	int err = registry_define_field(d->r, d->m, &row->def, &id);

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

	for (id = registry_n_types(d->r); id; id--) {
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

/* A module may change its own types, from one load to the next; others rely on what the name means. */
static int check_owner(const struct draft *d)
{
	const struct record_type *t;
	aerie_record_id id;

	for (id = registry_n_types(d->r); id; id--) {
		t = registry_type(d->r, id);
		if (strcmp(t->name, d->name) == 0 && strcmp(t->owner, d->m->id) != 0)
			return fail(d->m, -EEXIST, "record type %s: %s defined it with other members; use another name", d->name, t->owner);
	}
	return 0;
}

static int add_type(struct draft *d, const struct record_type **ret)
{
	struct record_type *t = NULL;
	int err = record_type_new(d->m, d->name, d->base, d->members, d->n, d->r, &t);

	if (err < 0)
		return err;
	err = registry_add_type(d->r, t);
	if (err < 0) {
		record_type_free(t);
		if (err == -ENOSPC)
			return fail(d->m, err, "record type %s: the host has room for %u types", d->name, TYPES_MAX);
		return fail(d->m, err, "record type %s: out of memory", d->name);
	}
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
		err = check_owner(d);
		if (!err)
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
	int err = registry_check_loading(d.m, "record type", name);

	if (err < 0)
		return err;
	err = registry_check_name(d.m, "record type", name);
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
	const struct field *f = field ? registry_find_field(r, field) : NULL;
	const struct member *mb = t && f ? registry_member(t, f->id) : NULL;
	struct shared_value *v;
	int err = registry_check_loading(m, "shared value", field);

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
	__atomic_store_n(&mb->shared->value, v, __ATOMIC_RELEASE);
	return 0;
}
