/* SPDX-License-Identifier: MIT */
/* Records: their life, their single values, and the service table through which modules reach all of it. */
#include <core/record.h>

#include <errno.h>

#include <core/bus.h>
#include <core/loop.h>
#include <core/module.h>
#include <core/rrd.h>
#include <core/strings.h>

static const struct member *owning_of_type(const struct aerie_rec *rec, aerie_slot s, uint32_t type)
{
	return aerie_slot_type(s) == type ? record_owning(rec, s) : NULL;
}

/* ---- What did not fit ---- */

/* [main] Without any lock. */
static void tell(void *user)
{
	struct core *core = user;
	uint32_t i, n = registry_n_fields(core->registry);

	(void)registry_telling(core->registry, false);
	for (i = 1; i <= n; i++) {
		struct field *f = (struct field *)(uintptr_t)registry_field(core->registry, i);
		bool text = f->type == AERIE_T_STR || f->type == AERIE_T_BYTES;

		if (!__atomic_load_n(&f->limit_hits, __ATOMIC_RELAXED) || __atomic_exchange_n(&f->limit_told, true, __ATOMIC_RELAXED))
			continue;
		bus_printf(core->bus, AERIE_LOG_INFO, "field %s of a record reached its limit of %u %s; more are ignored", f->name.text,
			   f->limit, text ? "octets" : "entries");
	}
	if (registry_refusals(core->registry) && !registry_refusals_told(core->registry, true))
		bus_printf(core->bus, AERIE_LOG_ERROR,
			   "memory is out: values of devices are lost from now on; stop other programs or watch fewer devices");
}

/* A message calls modules, and here the lock of the record is held, often that of a device: the main thread tells. When even
 * that cannot be asked for, the next loss asks again. */
static void tell_later(struct core *core)
{
	if (!core->loop || registry_telling(core->registry, true))
		return;
	if (loop_post(core->loop, tell, core) < 0)
		(void)registry_telling(core->registry, false);
}

void record_limit_hit(const struct aerie_rec *rec, const struct field *f)
{
	(void)__atomic_fetch_add((uint64_t *)&f->limit_hits, 1, __ATOMIC_RELAXED);
	if (!__atomic_load_n(&f->limit_told, __ATOMIC_RELAXED))
		tell_later(record_core(rec));
}

/* Counts what found no memory. */
void record_refused(void *owner)
{
	struct core *core = owner;

	(void)registry_count_refusal(core->registry);
	if (!registry_refusals_told(core->registry, false))
		tell_later(core);
}

/* ---- Life ---- */

struct aerie_rec *record_new(struct heap *heap, const struct record_type *type)
{
	struct aerie_rec *rec = heap_alloc(heap, type->size);

	if (rec)
		rec->type = type->id;
	return rec;
}

static void member_clear(struct aerie_rec *rec, const struct member *m)
{
	uint64_t *cell = record_cell(rec, m->slot);
	void *p;

	if (!*cell)
		return;
	p = (void *)(uintptr_t)*cell;
	switch (m->field->type) {
	case AERIE_T_STR:
		strings_put(p);
		break;
	case AERIE_T_UUID:
		heap_release(p, sizeof(struct aerie_uuid));
		break;
	case AERIE_T_BYTES:
		heap_release(p, sizeof(struct octets) + ((struct octets *)p)->len);
		break;
	case AERIE_T_RECORD:
		record_free(p);
		break;
	case AERIE_T_RRD:
	case AERIE_T_RRD_MINUTE:
		rrd_clear(cell);
		break;
	default:
		collection_free(cell, m->field);
	}
	*cell = 0;
}

void record_free(struct aerie_rec *rec)
{
	const struct record_type *t;
	uint32_t i;

	if (!rec)
		return;
	t = record_type_of(rec);
	for (i = 0; i < t->n_owning; i++)
		member_clear(rec, &t->members[t->owning[i]]);
	heap_release(rec, t->size);
}

static int block_copy(struct heap *heap, uint64_t *cell, size_t size)
{
	void *p = heap_alloc(heap, size);

	if (!p)
		return -ENOMEM;
	memcpy(p, (const void *)(uintptr_t)*cell, size);
	*cell = aerie_ptr_key(p);
	return 0;
}

/* The cell is that of a copy; what it leads to is still the old one's. */
static int member_copy(struct heap *heap, uint64_t *cell, const struct field *f)
{
	struct aerie_rec *sub;

	if (!*cell)
		return 0;
	switch (f->type) {
	case AERIE_T_STR:
		return 0;
	case AERIE_T_UUID:
		return block_copy(heap, cell, sizeof(struct aerie_uuid));
	case AERIE_T_BYTES:
		return block_copy(heap, cell, sizeof(struct octets) + ((const struct octets *)(uintptr_t)*cell)->len);
	case AERIE_T_RECORD:
		sub = record_copy(heap, (const struct aerie_rec *)(uintptr_t)*cell);
		if (!sub)
			return -ENOMEM;
		*cell = aerie_ptr_key(sub);
		return 0;
	case AERIE_T_RRD:
	case AERIE_T_RRD_MINUTE:
		return rrd_copy(heap, cell);
	default:
		return collection_copy(heap, cell, f);
	}
}

struct aerie_rec *record_copy(struct heap *heap, const struct aerie_rec *rec)
{
	const struct record_type *t = record_type_of(rec);
	struct aerie_rec *copy = heap_alloc(heap, t->size);
	uint32_t i;

	if (!copy)
		return NULL;
	memcpy(copy, rec, t->size);
	for (i = 0; i < t->n_owning; i++) {
		const struct member *m = &t->members[t->owning[i]];

		if (member_copy(heap, record_cell(copy, m->slot), m->field) < 0)
			return NULL;
	}
	return copy;
}

/* A record on its own has a heap of its own: freeing it touches nobody else's memory. */
static struct aerie_rec *new_record(const struct aerie_host *h, aerie_record_id type)
{
	struct core *core = module_of(h)->core;
	const struct record_type *t = registry_type(core->registry, type);
	struct heap *heap = t ? heap_new(core) : NULL;
	struct aerie_rec *rec;

	if (!heap) {
		if (t)
			record_refused(core);
		return NULL;
	}
	heap_on_refusal(heap, record_refused);
	rec = record_new(heap, t);
	if (!rec)
		heap_free(heap);
	return rec;
}

static void free_record(struct aerie_rec *rec)
{
	struct heap *heap;

	if (!rec)
		return;
	heap = heap_of(rec);
	record_free(rec);
	heap_free(heap);
}

/* ---- Single values ---- */

/* Text longer than max is cut between characters, if it is UTF-8 at all. */
static uint32_t cut_utf8(const char *text, uint32_t max)
{
	uint32_t n = max;

	while (n && max - n < 4 && ((uint8_t)text[n] & 0xc0) == 0x80)
		n--;
	return max - n < 4 ? n : max;
}

static bool str_equals(const struct aerie_str *s, const char *text, uint32_t len)
{
	return s && s->len == len && (!len || memcmp(s->text, text, len) == 0);
}

static __attribute__((noinline)) int change_text(struct aerie_rec *rec, aerie_slot s, const char *text, uint32_t len)
{
	const struct aerie_str *old = aerie_get_str(rec, s), *str;
	const struct member *m = record_owning(rec, s);

	if (!m)
		return -EINVAL;
	if (len > m->field->limit) {
		record_limit_hit(rec, m->field);
		len = cut_utf8(text, m->field->limit);
		if (str_equals(old, text, len))
			return 0;
	}
	str = strings_get(record_core(rec)->strings, text, len);
	if (!str)
		return -ENOMEM;
	*record_cell(rec, s) = aerie_ptr_key(str);
	strings_put(old);
	return 0;
}

static int set_text(struct aerie_rec *rec, aerie_slot s, const char *text, uint32_t len)
{
	if (aerie_slot_type(s) != AERIE_T_STR)
		return -EINVAL;
	if (str_equals(aerie_get_str(rec, s), text, len))
		return 0;
	return change_text(rec, s, text, len);
}

static int set_str(struct aerie_rec *rec, aerie_slot s, const struct aerie_str *str)
{
	const struct aerie_str *old;
	const struct member *m = owning_of_type(rec, s, AERIE_T_STR);

	if (!m)
		return -EINVAL;
	old = aerie_get_str(rec, s);
	if (old == str)
		return 0;
	if (str && str->len > m->field->limit)
		return set_text(rec, s, str->text, str->len);
	*record_cell(rec, s) = aerie_ptr_key(strings_ref(str));
	strings_put(old);
	return 0;
}

static int set_bytes(struct aerie_rec *rec, aerie_slot s, const uint8_t *data, uint32_t len)
{
	const struct member *m = owning_of_type(rec, s, AERIE_T_BYTES);
	struct octets *o;

	if (!m)
		return -EINVAL;
	if (len > m->field->limit) {
		record_limit_hit(rec, m->field);
		len = m->field->limit;
	}
	o = (struct octets *)(uintptr_t)*record_cell(rec, s);
	if (!o || o->len != len) {
		o = heap_resize(o, o ? sizeof *o + o->len : 0, sizeof *o + len, heap_of(rec));
		if (!o)
			return -ENOMEM;
		o->len = len;
		*record_cell(rec, s) = aerie_ptr_key(o);
	}
	if (len)
		memmove(o->data, data, len);
	return 0;
}

static int set_uuid(struct aerie_rec *rec, aerie_slot s, const struct aerie_uuid *u)
{
	struct aerie_uuid *p;

	if (!owning_of_type(rec, s, AERIE_T_UUID))
		return -EINVAL;
	p = (struct aerie_uuid *)(uintptr_t)*record_cell(rec, s);
	if (!p) {
		p = heap_alloc(heap_of(rec), sizeof *p);
		if (!p)
			return -ENOMEM;
		*record_cell(rec, s) = aerie_ptr_key(p);
	}
	*p = *u;
	return 0;
}

static struct aerie_rec *sub(struct aerie_rec *rec, aerie_slot s)
{
	const struct member *m = owning_of_type(rec, s, AERIE_T_RECORD);
	struct aerie_rec *r;

	if (!m)
		return NULL;
	r = aerie_get_rec(rec, s);
	if (r)
		return r;
	r = record_new(heap_of(rec), registry_type(record_core(rec)->registry, m->record));
	if (r)
		*record_cell(rec, s) = aerie_ptr_key(r);
	return r;
}

static void clear(struct aerie_rec *rec, aerie_slot s)
{
	uint32_t bit = s >> 24;
	const struct member *m = record_owning(rec, s);

	if (m)
		member_clear(rec, m);
	else if (bit)
		((uint8_t *)(rec + 1))[(bit - 1) >> 3] &= (uint8_t)~(1u << ((bit - 1) & 7));
}

static int add_sample(struct aerie_rec *rec, aerie_slot s, uint32_t time_s, double value)
{
	const struct member *m = record_owning(rec, s);
	uint32_t type = aerie_slot_type(s);

	if (!m || (type != AERIE_T_RRD && type != AERIE_T_RRD_MINUTE))
		return -EINVAL;
	return rrd_add(heap_of(rec), record_cell(rec, s), type == AERIE_T_RRD, m->field->flags & AERIE_FIELD_RRD_MASK, time_s,
		       value);
}

static int visit(const struct aerie_host *h, const struct aerie_rec *rec, const struct aerie_visitor *vt, void *v)
{
	return record_visit(module_of(h)->core, rec, vt, v);
}

static uint64_t interned(const struct aerie_host *h)
{
	return strings_count(module_of(h)->core->strings);
}

const struct aerie_fields fields_service = {
	.size = sizeof fields_service,
	.define = registry_define,
	.lookup = registry_lookup,
	.name = registry_name,
	.each = registry_each,
	.define_record = registry_define_record,
	.slot = registry_slot,
	.set_shared = registry_set_shared,
	.new_record = new_record,
	.free_record = free_record,
	.intern = registry_intern,
	.release = registry_release,
	.set_text = set_text,
	.set_str = set_str,
	.set_bytes = set_bytes,
	.set_uuid = set_uuid,
	.sub = sub,
	.clear = clear,
	.map_cell = collection_map_cell,
	.map_record = collection_map_record,
	.map_set_str = collection_map_set_str,
	.map_find = collection_map_find,
	.map_remove = collection_map_remove,
	.vec_push = collection_vec_push,
	.vec_push_str = collection_vec_push_str,
	.vec_push_record = collection_vec_push_record,
	.count = collection_count,
	.iterate = collection_iterate,
	.rrd_add = add_sample,
	.visit = visit,
	.each_record = registry_each_record,
	.each_member = registry_each_member,
	.interned = interned,
};
