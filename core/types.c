/* SPDX-License-Identifier: MIT */
/* Field types, and the layout of record types.
 *
 * Members lie by size behind the record's head, the greatest last, so that alignment wastes nothing:
 *
 *     head | presence bits and spare | 1 | 6 | 2 | 4 | 8 octets
 *
 * What is left over before the members is room for presence bits of types that have this one as their base: their own
 * members are appended in the same order, but presence bits must lie right behind the head. A type of 64 octets and
 * more has room for at least 8 such bits. */
#include <core/registry.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <core/module.h>

_Static_assert(sizeof(void *) == 8, "slots of pointer types are 8 octets");

#define LARGE 64u

static const struct {
	const char *name, *key; /* for people; key: of a map */
	uint8_t size;           /* octets in a record; 0: no such type */
	bool integer, pointer, value;
} types[] = {
	[AERIE_T_U8] = { "uint8_t", NULL, 1, true, false, false },
	[AERIE_T_U16] = { "uint16_t", NULL, 2, true, false, false },
	[AERIE_T_U32] = { "uint32_t", NULL, 4, true, false, false },
	[AERIE_T_U64] = { "uint64_t", NULL, 8, true, false, true },
	[AERIE_T_I8] = { "int8_t", NULL, 1, true, false, false },
	[AERIE_T_I16] = { "int16_t", NULL, 2, true, false, false },
	[AERIE_T_I32] = { "int32_t", NULL, 4, true, false, false },
	[AERIE_T_I64] = { "int64_t", NULL, 8, true, false, true },
	[AERIE_T_F32] = { "float", NULL, 4, false, false, false },
	[AERIE_T_F64] = { "double", NULL, 8, false, false, true },
	[AERIE_T_TIME] = { "uint64_t", NULL, 4, true, false, false },
	[AERIE_T_MAC] = { "mac_addr", NULL, 6, false, false, false },
	[AERIE_T_UUID] = { "uuid", NULL, 8, false, true, false },
	[AERIE_T_KEY] = { "devicekey", NULL, 8, false, false, true },
	[AERIE_T_STR] = { "string", NULL, 8, false, true, true },
	[AERIE_T_BYTES] = { "bytearray", NULL, 8, false, true, false },
	[AERIE_T_RECORD] = { "map[field, x]", NULL, 8, false, true, true },
	[AERIE_T_VEC] = { "vector", NULL, 8, false, true, false },
	[AERIE_T_MAP_INT] = { "map", "int", 8, false, true, false },
	[AERIE_T_MAP_F64] = { "map", "double", 8, false, true, false },
	[AERIE_T_MAP_STR] = { "map", "string", 8, false, true, false },
	[AERIE_T_MAP_MAC] = { "map", "macaddr", 8, false, true, false },
	[AERIE_T_MAP_UUID] = { "map", "uuid", 8, false, true, false },
	[AERIE_T_MAP_KEY] = { "map", "key", 8, false, true, false },
	[AERIE_T_RRD] = { "map[field, x]", NULL, 8, false, true, false },
	[AERIE_T_RRD_MINUTE] = { "map[field, x]", NULL, 8, false, true, false },
};
#define N_TYPES (sizeof types / sizeof *types)

bool type_is_known(uint32_t type)
{
	return type < N_TYPES && types[type].size;
}

bool type_is_map(uint32_t type)
{
	return type < N_TYPES && types[type].key;
}

bool type_is_integer(uint32_t type)
{
	return type < N_TYPES && types[type].integer;
}

bool type_is_pointer(uint32_t type)
{
	return type < N_TYPES && types[type].pointer;
}

bool type_is_value(uint32_t type)
{
	return type < N_TYPES && types[type].value;
}

bool type_has_records(const struct field *f)
{
	return f->type == AERIE_T_RECORD || f->value == AERIE_T_RECORD;
}

const char *type_name(uint32_t type)
{
	return type_is_known(type) ? types[type].name : "?";
}

void type_describe(uint32_t type, uint32_t value, char dst[64])
{
	bool records = value == AERIE_T_RECORD;

	if (type_is_map(type))
		snprintf(dst, 64, records ? "map[%s, x]" : "map[%s,%s]", types[type].key, type_name(value));
	else if (type == AERIE_T_VEC)
		snprintf(dst, 64, "vector[%s]", records ? "x" : type_name(value));
	else
		snprintf(dst, 64, "%s", type_name(type));
}

int fail(struct module *m, int err, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	if (!m)
		return err;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	return module_fail(m, err, "%s", text);
}

static uint32_t size_of(const struct member *m)
{
	return m->rule == AERIE_MEMBER_STORED ? types[m->field->type].size : 0;
}

static bool has_bit(const struct member *m)
{
	return m->rule == AERIE_MEMBER_STORED && m->field->flags & AERIE_FIELD_DYNAMIC && !type_is_pointer(m->field->type);
}

static bool is_owning(const struct member *m)
{
	return m->rule == AERIE_MEMBER_STORED && type_is_pointer(m->field->type);
}

static bool is_optional(const struct member *m)
{
	uint32_t type = m->field->type;

	return m->field->flags & AERIE_FIELD_DYNAMIC ||
	       (is_owning(m) && (type == AERIE_T_RECORD || type == AERIE_T_RRD || type == AERIE_T_RRD_MINUTE));
}

static uint32_t round8(uint32_t n)
{
	return (n + 7) & ~7u;
}

/* Decides the size of a type and where its own members begin; 0 or -ENOSPC with a message. */
static int measure(struct module *m, struct record_type *t, const struct record_type *base, uint32_t *ret_begin)
{
	uint32_t i, first = base ? base->n_members : 0, sum = 0, bits = 0, start, area;

	for (i = first; i < t->n_members; i++) {
		sum += size_of(&t->members[i]);
		bits += has_bit(&t->members[i]);
	}
	t->n_presence = (base ? base->n_presence : 0) + bits;
	start = base ? base->size : (uint32_t)sizeof(struct aerie_rec);
	area = base ? 0 : (bits + 7) / 8 + (sum >= LARGE);
	t->size = round8(start + area + sum);
	if (t->size > RECORD_MAX)
		return fail(m, -ENOSPC, "record type %s: its members need %u octets, a record has room for %u; move some "
			    "into a sub-record", t->name, t->size, RECORD_MAX);
	*ret_begin = t->size - sum;
	t->room = base ? base->room : (*ret_begin - start) * 8;
	if (t->room > PRESENCE_MAX)
		t->room = PRESENCE_MAX;
	if (t->n_presence > t->room)
		return fail(m, -ENOSPC, "record type %s: %u numbers are AERIE_FIELD_DYNAMIC, %s%s has room for %u; move some "
			    "into a sub-record", t->name, t->n_presence, base ? "its base " : "a record",
			    base ? base->name : "", t->room);
	return 0;
}

static void place(struct record_type *t, const struct record_type *base, uint32_t at)
{
	static const uint8_t sizes[] = { 1, 6, 2, 4, 8 };
	uint32_t i, k, bit = base ? base->n_presence : 0, first = base ? base->n_members : 0;

	for (k = 0; k < sizeof sizes; k++)
		for (i = first; i < t->n_members; i++) {
			if (size_of(&t->members[i]) != sizes[k])
				continue;
			t->members[i].slot = at | t->members[i].field->type << 16;
			at += sizes[k];
		}
	for (i = first; i < t->n_members; i++)
		if (has_bit(&t->members[i]))
			t->members[i].slot |= ++bit << 24;
}

/* The lists of members that are walked for one purpose. */
static int make_lists(struct record_type *t)
{
	uint32_t i;

	t->owning = calloc(t->n_members + 1, sizeof *t->owning);
	t->optional = calloc(t->n_members + 1, sizeof *t->optional);
	t->by_offset = calloc(t->size / 8, sizeof *t->by_offset);
	if (!t->owning || !t->optional || !t->by_offset)
		return -ENOMEM;
	for (i = 0; i < t->n_members; i++) {
		struct member *m = &t->members[i];

		m->optional = is_optional(m);
		if (m->optional)
			t->optional[t->n_optional++] = (uint16_t)i;
		if (!is_owning(m))
			continue;
		t->owning[t->n_owning++] = (uint16_t)i;
		t->by_offset[(m->slot & 0xffff) / 8] = (uint16_t)(i + 1);
	}
	return 0;
}

static int measure_depth(struct module *m, struct record_type *t)
{
	uint32_t i;

	t->depth = 1;
	for (i = 0; i < t->n_members; i++) {
		const struct record_type *sub = registry_type(t->registry, t->members[i].record);

		if (sub && sub->depth >= t->depth)
			t->depth = sub->depth + 1;
	}
	if (t->depth > RECORD_DEPTH_MAX)
		return fail(m, -ENOSPC, "record type %s: its sub-records are nested %u deep, the limit is %u", t->name, t->depth,
			    RECORD_DEPTH_MAX);
	return 0;
}

int record_type_new(struct module *m, const char *name, const struct record_type *base, const struct member *members,
		    uint32_t n, struct registry *r, struct record_type **ret)
{
	struct record_type *t = calloc(1, sizeof *t);
	uint32_t begin = 0;
	int err = -ENOMEM;

	if (!t)
		return fail(m, -ENOMEM, "record type %s: out of memory", name);
	t->registry = r;
	t->base = base ? base->id : 0;
	t->n_members = n;
	t->name = strdup(name);
	t->owner = strdup(m->id);
	t->members = calloc(n + 1, sizeof *t->members);
	if (!t->name || !t->owner || !t->members)
		goto out;
	memcpy(t->members, members, n * sizeof *members);
	err = measure_depth(m, t);
	if (err < 0)
		goto out;
	err = measure(m, t, base, &begin);
	if (err < 0)
		goto out;
	place(t, base, begin);
	err = make_lists(t);
	if (err < 0)
		goto out;
	*ret = t;
	return 0;
out:
	if (err == -ENOMEM)
		fail(m, err, "record type %s: out of memory", name);
	record_type_free(t);
	return err;
}

void record_type_free(struct record_type *t)
{
	if (!t)
		return;
	free((char *)(uintptr_t)t->name);
	free((char *)(uintptr_t)t->owner);
	free(t->members);
	free(t->owning);
	free(t->optional);
	free(t->by_offset);
	free(t);
}
