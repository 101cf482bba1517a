/* SPDX-License-Identifier: MIT */
/* Drives a visitor over a record.
 *
 * Clients of the ecosystem expect numbers and texts to be there: an absent member is shown as "", 0, all zeros, or as an
 * empty map or list, unless it was defined AERIE_FIELD_DYNAMIC. Absent sub-records and series are always left out. */
#include <core/visit.h>

/* ---- Text forms of scalars ---- */

union number {
	uint64_t u;
	int64_t i;
	double d;
};

enum kind { UNSIGNED, SIGNED, FLOATING };

/* The value of a number member, wherever it comes from. */
static enum kind load_number(uint32_t type, const void *p, union number *ret)
{
	switch (type) {
#define CASE(T, ctype, member, kind)                \
	case T: {                                   \
		ctype value;                        \
		memcpy(&value, p, sizeof value);    \
		ret->member = value;                \
		return kind;                        \
	}
	CASE(AERIE_T_U8, uint8_t, u, UNSIGNED)
	CASE(AERIE_T_U16, uint16_t, u, UNSIGNED)
	CASE(AERIE_T_U32, uint32_t, u, UNSIGNED)
	CASE(AERIE_T_TIME, uint32_t, u, UNSIGNED)
	CASE(AERIE_T_I8, int8_t, i, SIGNED)
	CASE(AERIE_T_I16, int16_t, i, SIGNED)
	CASE(AERIE_T_I32, int32_t, i, SIGNED)
	CASE(AERIE_T_I64, int64_t, i, SIGNED)
	CASE(AERIE_T_F32, float, d, FLOATING)
	CASE(AERIE_T_F64, double, d, FLOATING)
	CASE(AERIE_T_U64, uint64_t, u, UNSIGNED)
	CASE(AERIE_T_KEY, uint64_t, u, UNSIGNED)
#undef CASE
	}
	ret->u = 0;
	return UNSIGNED;
}

static int visit_key(const struct visit *c, uint64_t key)
{
	char text[41];

	return c->vt->ascii(c->v, text, registry_key_text(c->registry, key, text));
}

static int visit_mac(const struct visit *c, const uint8_t *octets)
{
	char text[18];

	return c->vt->ascii(c->v, text, format_mac(text, octets));
}

static int visit_uuid(const struct visit *c, const uint8_t *octets)
{
	static const uint8_t zero[16];
	char text[37];

	return c->vt->ascii(c->v, text, format_uuid(text, octets ? octets : zero));
}

static int visit_text(const struct visit *c, const struct aerie_str *s)
{
	return s ? c->vt->str(c->v, s->text, s->len) : c->vt->ascii(c->v, "", 0);
}

static int visit_number(const struct visit *c, uint32_t type, const void *p)
{
	union number n;

	if (type == AERIE_T_KEY) {
		memcpy(&n.u, p, sizeof n.u);
		return visit_key(c, n.u);
	}
	switch (load_number(type, p, &n)) {
	case UNSIGNED:
		return c->vt->u64(c->v, n.u);
	case SIGNED:
		return c->vt->i64(c->v, n.i);
	default:
		return c->vt->f64(c->v, n.d);
	}
}

static uint32_t number_text(uint32_t type, const void *p, char dst[KEY_TEXT_MAX])
{
	union number n;

	switch (load_number(type, p, &n)) {
	case UNSIGNED:
		return format_u64(dst, n.u);
	case SIGNED:
		return format_i64(dst, n.i);
	default:
		return format_f64(dst, n.d, false);
	}
}

/* ---- Collections ---- */

uint32_t record_key_text(struct core *core, const struct field *map, uint64_t key, char *dst, const char **ret_text)
{
	const struct aerie_str *s;
	struct aerie_mac mac;

	*ret_text = dst;
	switch (map->type) {
	case AERIE_T_MAP_F64:
		return format_f64(dst, aerie_key_f64(key), map->value == AERIE_T_RECORD);
	case AERIE_T_MAP_STR:
		s = (const struct aerie_str *)(uintptr_t)key;
		*ret_text = s->text;
		return s->len;
	case AERIE_T_MAP_MAC:
		mac = aerie_mac_from_u64(key);
		return format_mac(dst, mac.b);
	case AERIE_T_MAP_UUID:
		return format_uuid(dst, (const uint8_t *)(uintptr_t)key);
	case AERIE_T_MAP_KEY:
		return registry_key_text(core->registry, key, dst);
	default:
		return format_u64(dst, key);
	}
}

/* An entry on its way to the visitor. */
struct entry_ctx {
	const struct visit *c;
	const struct field *f;
};

int visit_cell(const struct visit *c, const struct field *f, uint64_t cell)
{
	if (f->value == AERIE_T_RECORD)
		return visit_record(c, (const struct aerie_rec *)(uintptr_t)cell);
	if (f->value == AERIE_T_STR)
		return visit_text(c, (const struct aerie_str *)(uintptr_t)cell);
	return visit_number(c, f->value, &cell);
}

static int visit_entry_value(void *user, uint64_t key, uint64_t cell)
{
	const struct entry_ctx *e = user;

	return visit_cell(e->c, e->f, cell);
}

int visit_key_value(const struct visit *c, const struct field *f, uint64_t key)
{
	char buf[KEY_TEXT_MAX];
	const char *text;
	uint32_t len;

	if (f->type == AERIE_T_MAP_INT)
		return c->vt->u64(c->v, key);
	if (f->type == AERIE_T_MAP_F64)
		return c->vt->f64(c->v, aerie_key_f64(key));
	len = record_key_text(c->core, f, key, buf, &text);
	return f->type == AERIE_T_MAP_STR ? c->vt->str(c->v, text, len) : c->vt->ascii(c->v, text, len);
}

static int visit_entry_key(void *user, uint64_t key, uint64_t cell)
{
	const struct entry_ctx *e = user;

	return visit_key_value(e->c, e->f, key);
}

int visit_key_text(const struct visit *c, const struct field *f, uint64_t key)
{
	char buf[KEY_TEXT_MAX];
	const char *text;
	uint32_t len = record_key_text(c->core, f, key, buf, &text);

	return c->vt->key_text(c->v, text, len);
}

static int visit_entry(void *user, uint64_t key, uint64_t cell)
{
	const struct entry_ctx *e = user;

	CALL(visit_key_text(e->c, e->f, key));
	return visit_cell(e->c, e->f, cell);
}

int visit_f64s(const struct visit *c, const double *values, uint32_t n)
{
	uint32_t i;

	CALL(c->vt->begin_list(c->v, n));
	if (AERIE_HAS(struct aerie_visitor, c->vt, f64s)) {
		if (n)
			CALL(c->vt->f64s(c->v, values, n));
	} else {
		for (i = 0; i < n; i++)
			CALL(c->vt->f64(c->v, values[i]));
	}
	return c->vt->end_list(c->v);
}

static int visit_collection(const struct visit *c, const struct aerie_rec *rec, const struct member *m)
{
	const struct field *f = m->field;
	uint32_t n = collection_count(rec, m->slot);
	struct entry_ctx e = { c, f };

	if (f->type == AERIE_T_VEC && f->value == AERIE_T_F64 && n) {
		const struct vec *v = (const struct vec *)(uintptr_t)record_cell_value(rec, m->slot);

		return visit_f64s(c, (const double *)v->cells, n);
	}
	if (!visit_is_list(f)) {
		CALL(c->vt->begin_map(c->v, n));
		CALL(collection_iterate(rec, m->slot, visit_entry, &e));
		return c->vt->end_map(c->v);
	}
	CALL(c->vt->begin_list(c->v, n));
	CALL(collection_iterate(rec, m->slot, f->flags & AERIE_FIELD_AS_KEYS ? visit_entry_key : visit_entry_value, &e));
	return c->vt->end_list(c->v);
}

/* ---- Members with rules ---- */

static const struct shared_value *shared_of(const struct member *m)
{
	return __atomic_load_n(&m->shared->value, __ATOMIC_ACQUIRE);
}

static int visit_shared(const struct visit *c, const struct member *m)
{
	static const struct shared_value unset;
	const struct shared_value *s = shared_of(m);
	uint32_t type = m->field->type;
	union number n;

	if (!s)
		s = &unset;
	n.u = s->bits;
	switch (type) {
	case AERIE_T_STR:
		return visit_text(c, s->text);
	case AERIE_T_UUID:
		return visit_uuid(c, s->octets);
	case AERIE_T_MAC:
		return visit_mac(c, s->octets);
	case AERIE_T_KEY:
		return visit_key(c, n.u);
	case AERIE_T_F32:
	case AERIE_T_F64:
		return c->vt->f64(c->v, n.d);
	default:
		return type >= AERIE_T_I8 && type <= AERIE_T_I64 ? c->vt->i64(c->v, n.i) : c->vt->u64(c->v, n.u);
	}
}

/* A member's value as text: the text itself, or made in dst. 0 octets: absent or empty. */
static uint32_t stored_text(const struct visit *c, const struct aerie_rec *rec, const struct member *m, char *dst,
			    const char **ret_text)
{
	const struct aerie_str *s;
	const void *p = aerie_slot_cptr(rec, m->slot);
	uint64_t key;

	*ret_text = dst;
	if (!aerie_present(rec, m->slot))
		return 0;
	switch (m->field->type) {
	case AERIE_T_STR:
		s = aerie_get_str(rec, m->slot);
		*ret_text = s->text;
		return s->len;
	case AERIE_T_UUID:
		return format_uuid(dst, (const uint8_t *)(uintptr_t)record_cell_value(rec, m->slot));
	case AERIE_T_MAC:
		return format_mac(dst, p);
	case AERIE_T_KEY:
		memcpy(&key, p, sizeof key);
		return registry_key_text(c->registry, key, dst);
	default:
		return number_text(m->field->type, p, dst);
	}
}

static uint32_t member_text(const struct visit *c, const struct aerie_rec *rec, const struct member *members,
			    const struct member *m, char *dst, const char **ret_text)
{
	const struct aerie_str *s = NULL;
	struct aerie_mac mac;
	uint64_t key = AERIE_KEY_NONE;

	if (m->rule == AERIE_MEMBER_STORED)
		return stored_text(c, rec, m, dst, ret_text);
	if (m->rule == AERIE_MEMBER_SHARED)
		s = shared_of(m) ? shared_of(m)->text : NULL;
	else
		key = aerie_get_key(rec, members[m->of[0]].slot);
	if (m->rule == AERIE_MEMBER_KEY_MAC) {
		mac = aerie_mac_from_u64(key);
		*ret_text = dst;
		return key ? format_mac(dst, mac.b) : 0;
	}
	if (m->rule == AERIE_MEMBER_KEY_PHY)
		s = registry_phy_name(c->registry, key);
	*ret_text = s ? s->text : dst;
	return s ? s->len : 0;
}

/* The first member that has a text. */
static uint32_t first_of(const struct visit *c, const struct aerie_rec *rec, const struct member *members,
			 const struct member *m, char *dst, const char **ret_text)
{
	uint32_t i, len = 0;

	*ret_text = dst;
	for (i = 0; i < m->n_of && !len; i++)
		len = member_text(c, rec, members, &members[m->of[i]], dst, ret_text);
	return len;
}

static int visit_rule(const struct visit *c, const struct aerie_rec *rec, const struct member *members,
		      const struct member *m)
{
	char buf[KEY_TEXT_MAX];
	const char *text;
	uint32_t len;
	uint64_t key;
	struct aerie_mac mac;

	switch (m->rule) {
	case AERIE_MEMBER_COUNT:
		return c->vt->u64(c->v, collection_count(rec, members[m->of[0]].slot));
	case AERIE_MEMBER_SHARED:
		return visit_shared(c, m);
	case AERIE_MEMBER_FIRST_OF:
		len = first_of(c, rec, members, m, buf, &text);
		return c->vt->str(c->v, text, len);
	}
	key = aerie_get_key(rec, members[m->of[0]].slot);
	if (m->rule == AERIE_MEMBER_KEY_PHY)
		return visit_text(c, registry_phy_name(c->registry, key));
	mac = aerie_mac_from_u64(key);
	return visit_mac(c, mac.b);
}

/* ---- Records ---- */

static int visit_bytes(const struct visit *c, const struct octets *o)
{
	return o ? c->vt->bytes(c->v, o->data, o->len) : c->vt->ascii(c->v, "", 0);
}

int visit_member(const struct visit *c, const struct aerie_rec *rec, const struct member *members,
			const struct member *m)
{
	const void *p;

	if (m->rule != AERIE_MEMBER_STORED)
		return visit_rule(c, rec, members, m);
	p = aerie_slot_cptr(rec, m->slot);
	switch (m->field->type) {
	case AERIE_T_MAC:
		return visit_mac(c, p);
	case AERIE_T_UUID:
		return visit_uuid(c, (const uint8_t *)(uintptr_t)record_cell_value(rec, m->slot));
	case AERIE_T_STR:
		return visit_text(c, aerie_get_str(rec, m->slot));
	case AERIE_T_BYTES:
		return visit_bytes(c, (const struct octets *)(uintptr_t)record_cell_value(rec, m->slot));
	case AERIE_T_RECORD:
		return visit_record(c, aerie_get_rec(rec, m->slot));
	case AERIE_T_RRD:
	case AERIE_T_RRD_MINUTE:
		return visit_series(c, rec, m);
	default:
		if (m->field->type > AERIE_T_RECORD)
			return visit_collection(c, rec, m);
		return visit_number(c, m->field->type, p);
	}
}

/* Is an optional member there? */
bool visit_is_shown(const struct visit *c, const struct aerie_rec *rec, const struct member *members,
		     const struct member *m)
{
	char buf[KEY_TEXT_MAX];
	const char *text;

	switch (m->rule) {
	case AERIE_MEMBER_STORED:
		return aerie_present(rec, m->slot);
	case AERIE_MEMBER_COUNT:
		return collection_count(rec, members[m->of[0]].slot) != 0;
	case AERIE_MEMBER_FIRST_OF:
		return first_of(c, rec, members, m, buf, &text) != 0;
	case AERIE_MEMBER_SHARED:
		return shared_of(m) != NULL;
	default:
		return aerie_get_key(rec, members[m->of[0]].slot) != AERIE_KEY_NONE;
	}
}

int visit_record(const struct visit *c, const struct aerie_rec *rec)
{
	const struct record_type *t = registry_type(c->registry, rec->type);
	uint32_t i, count = t->n_members;

	for (i = 0; i < t->n_optional; i++)
		count -= !visit_is_shown(c, rec, t->members, &t->members[t->optional[i]]);
	CALL(c->vt->begin_map(c->v, count));
	for (i = 0; i < t->n_members; i++) {
		const struct member *m = &t->members[i];

		if (m->optional && !visit_is_shown(c, rec, t->members, m))
			continue;
		CALL(c->vt->key(c->v, &m->field->name));
		CALL(visit_member(c, rec, t->members, m));
	}
	return c->vt->end_map(c->v);
}

int record_visit(struct core *core, const struct aerie_rec *rec, const struct aerie_visitor *vt, void *v)
{
	const struct visit c = { core, core->registry, vt, v, 0 };

	return visit_record(&c, rec);
}
