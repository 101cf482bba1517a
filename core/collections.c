/* SPDX-License-Identifier: MIT */
/* Vectors and maps of records.
 *
 * Most maps of a device have one entry, so a map is one block of {count, cap, entries in order of insertion} that starts
 * with room for one and doubles. Up to 8 entries are searched one by one. A map with room for more carries, behind its
 * entries, an index: open addressing with linear probing over 2 * cap numbers of 32 bits, which are positions + 1. */
#include <core/record.h>

#include <errno.h>

#include <core/strings.h>

#define LINEAR_MAX 8u
#define VEC_FIRST 2u

/* ---- Cells ---- */

void cell_release(uint32_t value_type, uint64_t cell)
{
	if (value_type == AERIE_T_STR)
		strings_put((const struct aerie_str *)(uintptr_t)cell);
	else if (value_type == AERIE_T_RECORD)
		record_free((struct aerie_rec *)(uintptr_t)cell);
}

static bool is_number(uint32_t value_type)
{
	return value_type != AERIE_T_STR && value_type != AERIE_T_RECORD;
}

/* ---- Maps ---- */

static struct map *map_of(const struct aerie_rec *rec, aerie_slot s)
{
	return (struct map *)(uintptr_t)record_cell_value(rec, s);
}

static size_t map_size(uint32_t cap, uint32_t words)
{
	return sizeof(struct map) + (size_t)cap * words * 8 + (cap > LINEAR_MAX ? (size_t)cap * 2 * sizeof(uint32_t) : 0);
}

static uint32_t *index_of(const struct map *m, uint32_t words)
{
	return (uint32_t *)(uintptr_t)&m->words[(size_t)m->cap * words];
}

static uint32_t hash(const uint64_t *key, uint32_t words)
{
	uint64_t h = key[0];

	if (words == 3)
		h = (h ^ h >> 32) * 0x9e3779b97f4a7c15ull + key[1];
	h *= 0x9e3779b97f4a7c15ull;
	return (uint32_t)(h >> 32);
}

static bool key_equal(const uint64_t *a, const uint64_t *b, uint32_t words)
{
	return a[0] == b[0] && (words == 2 || a[1] == b[1]);
}

/* One form for each address and each zero. */
static inline uint64_t plain_key(uint32_t type, uint64_t key)
{
	if (type == AERIE_T_MAP_MAC)
		return key & AERIE_KEY_MAC_MASK;
	return type == AERIE_T_MAP_F64 && key == 1ull << 63 ? 0 : key;
}

/* A key as it is stored: two words for a UUID. */
static void load_key(uint32_t type, uint64_t key, uint64_t ret[2])
{
	if (type == AERIE_T_MAP_UUID)
		memcpy(ret, (const void *)(uintptr_t)key, sizeof(struct aerie_uuid));
	else
		ret[0] = plain_key(type, key);
}

static uint64_t *find_indexed(const struct map *m, const uint64_t *key, uint32_t words)
{
	const uint32_t *idx = index_of(m, words);
	uint32_t mask = m->cap * 2 - 1, i = hash(key, words) & mask;

	for (; idx[i]; i = (i + 1) & mask) {
		const uint64_t *e = &m->words[(size_t)(idx[i] - 1) * words];

		if (key_equal(e, key, words))
			return (uint64_t *)(uintptr_t)e;
	}
	return NULL;
}

static inline uint64_t *find_entry(const struct map *m, const uint64_t *key, uint32_t words)
{
	const uint64_t *e, *end;

	if (m->cap > LINEAR_MAX)
		return find_indexed(m, key, words);
	end = &m->words[(size_t)m->count * words];
	for (e = m->words; e < end; e += words)
		if (key_equal(e, key, words))
			return (uint64_t *)(uintptr_t)e;
	return NULL;
}

static void index_add(struct map *m, uint32_t pos, uint32_t words)
{
	uint32_t *idx = index_of(m, words), mask = m->cap * 2 - 1;
	uint32_t i = hash(&m->words[(size_t)pos * words], words) & mask;

	while (idx[i])
		i = (i + 1) & mask;
	idx[i] = pos + 1;
}

static void index_rebuild(struct map *m, uint32_t words)
{
	uint32_t i;

	memset(index_of(m, words), 0, (size_t)m->cap * 2 * sizeof(uint32_t));
	for (i = 0; i < m->count; i++)
		index_add(m, i, words);
}

static int map_grow(struct heap *heap, uint64_t *cell, uint32_t words)
{
	struct map *old = (struct map *)(uintptr_t)*cell, *m;
	uint32_t cap = old ? old->cap * 2 : 1;

	m = heap_alloc(heap, map_size(cap, words));
	if (!m)
		return -ENOMEM;
	m->cap = cap;
	if (old) {
		m->count = old->count;
		memcpy(m->words, old->words, (size_t)old->count * words * 8);
		heap_release(old, map_size(old->cap, words));
	}
	if (cap > LINEAR_MAX)
		index_rebuild(m, words);
	*cell = aerie_ptr_key(m);
	return 0;
}

/* A new entry with a cell of 0; NULL at the limit or out of memory. */
static uint64_t *map_insert(struct aerie_rec *rec, const struct member *mb, const uint64_t *key)
{
	uint32_t words = map_entry_words(mb->field->type);
	uint64_t *cell = record_cell(rec, mb->slot), *e;
	struct map *m = (struct map *)(uintptr_t)*cell;

	if (m && m->count >= mb->field->limit) {
		record_limit_hit(rec, mb->field);
		return NULL;
	}
	if ((!m || m->count == m->cap) && map_grow(heap_of(rec), cell, words) < 0)
		return NULL;
	m = (struct map *)(uintptr_t)*cell;
	e = &m->words[(size_t)m->count * words];
	memcpy(e, key, (words - 1) * 8);
	e[words - 1] = 0;
	if (m->cap > LINEAR_MAX)
		index_add(m, m->count, words);
	m->count++;
	if (mb->field->type == AERIE_T_MAP_STR)
		strings_ref((const struct aerie_str *)(uintptr_t)key[0]);
	return e;
}

/* The map's member when its values are of the wanted kind. */
static const struct member *map_member(const struct aerie_rec *rec, aerie_slot s)
{
	const struct member *mb = record_owning(rec, s);

	return mb && type_is_map(mb->field->type) ? mb : NULL;
}

static uint64_t *cell_find(const struct aerie_rec *rec, aerie_slot s, const uint64_t *key)
{
	uint32_t words = map_entry_words(aerie_slot_type(s));
	const struct map *m = map_of(rec, s);
	uint64_t *e = m ? find_entry(m, key, words) : NULL;

	return e ? e + words - 1 : NULL;
}

static bool slot_is_map(aerie_slot s)
{
	uint32_t type = aerie_slot_type(s);

	return type >= AERIE_T_MAP_INT && type <= AERIE_T_MAP_KEY;
}

static bool key_is_usable(aerie_slot s, uint64_t key)
{
	uint32_t type = aerie_slot_type(s);

	return key || (type != AERIE_T_MAP_STR && type != AERIE_T_MAP_UUID);
}

static __attribute__((noinline)) uint64_t *find_or_make_cell(struct aerie_rec *rec, aerie_slot s, uint64_t key)
{
	const struct member *mb;
	uint64_t k[2], *cell;

	if (!slot_is_map(s) || !key_is_usable(s, key))
		return NULL;
	load_key(aerie_slot_type(s), key, k);
	cell = cell_find(rec, s, k);
	if (cell)
		return cell;
	mb = map_member(rec, s);
	if (!mb || !is_number(mb->field->value))
		return NULL;
	cell = map_insert(rec, mb, k);
	return cell ? cell + map_entry_words(mb->field->type) - 1 : NULL;
}

/* Finds what is among few entries by itself: the case that occurs with every packet. */
uint64_t *collection_map_cell(struct aerie_rec *rec, aerie_slot s, uint64_t key)
{
	uint32_t type = aerie_slot_type(s), i;
	struct map *m;
	uint64_t plain;

	if (!slot_is_map(s) || type == AERIE_T_MAP_UUID)
		return find_or_make_cell(rec, s, key);
	m = map_of(rec, s);
	if (!m || m->cap > LINEAR_MAX)
		return find_or_make_cell(rec, s, key);
	plain = plain_key(type, key);
	for (i = 0; i < m->count; i++)
		if (m->words[2 * i] == plain)
			return &m->words[2 * i + 1];
	return find_or_make_cell(rec, s, key);
}

struct aerie_rec *collection_map_record(struct aerie_rec *rec, aerie_slot s, uint64_t key)
{
	const struct member *mb;
	struct aerie_rec *r;
	uint64_t k[2], *cell;

	if (!slot_is_map(s) || !key_is_usable(s, key))
		return NULL;
	mb = map_member(rec, s);
	if (!mb || mb->field->value != AERIE_T_RECORD)
		return NULL;
	load_key(mb->field->type, key, k);
	cell = cell_find(rec, s, k);
	if (cell)
		return (struct aerie_rec *)(uintptr_t)*cell;
	r = record_new(heap_of(rec), registry_type(record_core(rec)->registry, mb->record));
	if (!r)
		return NULL;
	cell = map_insert(rec, mb, k);
	if (!cell) {
		record_free(r);
		return NULL;
	}
	cell[map_entry_words(mb->field->type) - 1] = aerie_ptr_key(r);
	return r;
}

int collection_map_set_str(struct aerie_rec *rec, aerie_slot s, uint64_t key, const struct aerie_str *str)
{
	const struct member *mb = slot_is_map(s) && key_is_usable(s, key) ? map_member(rec, s) : NULL;
	const struct aerie_str *old;
	uint64_t k[2], *cell;

	if (!mb || mb->field->value != AERIE_T_STR || !str)
		return -EINVAL;
	load_key(mb->field->type, key, k);
	cell = cell_find(rec, s, k);
	if (!cell) {
		uint32_t hits = map_of(rec, s) ? map_of(rec, s)->count : 0;

		cell = map_insert(rec, mb, k);
		if (!cell)
			return hits >= mb->field->limit ? -ENOSPC : -ENOMEM;
		cell += map_entry_words(mb->field->type) - 1;
	}
	old = (const struct aerie_str *)(uintptr_t)*cell;
	*cell = aerie_ptr_key(strings_ref(str));
	strings_put(old);
	return 0;
}

const uint64_t *collection_map_find(const struct aerie_rec *rec, aerie_slot s, uint64_t key)
{
	uint64_t k[2];

	if (!slot_is_map(s) || !key_is_usable(s, key))
		return NULL;
	load_key(aerie_slot_type(s), key, k);
	return cell_find(rec, s, k);
}

/* Frees what an entry holds. */
static void entry_release(const struct field *f, const uint64_t *e)
{
	if (f->type == AERIE_T_MAP_STR)
		strings_put((const struct aerie_str *)(uintptr_t)e[0]);
	cell_release(f->value, e[map_entry_words(f->type) - 1]);
}

/* The last entry takes the map with it: an empty map is an absent one. */
int collection_map_remove(struct aerie_rec *rec, aerie_slot s, uint64_t key)
{
	const struct member *mb = slot_is_map(s) && key_is_usable(s, key) ? map_member(rec, s) : NULL;
	uint32_t words, pos;
	uint64_t k[2], *e;
	struct map *m;

	if (!mb)
		return -EINVAL;
	words = map_entry_words(mb->field->type);
	m = map_of(rec, s);
	load_key(mb->field->type, key, k);
	e = m ? find_entry(m, k, words) : NULL;
	if (!e)
		return -ENOENT;
	entry_release(mb->field, e);
	pos = (uint32_t)((e - m->words) / words);
	m->count--;
	memmove(e, e + words, (size_t)(m->count - pos) * words * 8);
	if (!m->count) {
		heap_release(m, map_size(m->cap, words));
		*record_cell(rec, s) = 0;
	} else if (m->cap > LINEAR_MAX) {
		index_rebuild(m, words);
	}
	return 0;
}

/* ---- Vectors ---- */

static size_t vec_size(uint32_t cap)
{
	return sizeof(struct vec) + (size_t)cap * 8;
}

static int push(struct aerie_rec *rec, const struct member *mb, uint64_t value)
{
	uint64_t *cell = record_cell(rec, mb->slot);
	struct vec *v = (struct vec *)(uintptr_t)*cell;
	uint32_t cap;

	if (v && v->count >= mb->field->limit) {
		record_limit_hit(rec, mb->field);
		return -ENOSPC;
	}
	if (!v || v->count == v->cap) {
		cap = v ? v->cap * 2 : VEC_FIRST;
		v = heap_resize(v, v ? vec_size(v->cap) : 0, vec_size(cap), heap_of(rec));
		if (!v)
			return -ENOMEM;
		v->cap = cap;
		*cell = aerie_ptr_key(v);
	}
	v->cells[v->count++] = value;
	return 0;
}

static const struct member *vec_member(const struct aerie_rec *rec, aerie_slot s)
{
	return aerie_slot_type(s) == AERIE_T_VEC ? record_owning(rec, s) : NULL;
}

int collection_vec_push(struct aerie_rec *rec, aerie_slot s, uint64_t cell)
{
	const struct member *mb = vec_member(rec, s);

	return mb && is_number(mb->field->value) ? push(rec, mb, cell) : -EINVAL;
}

int collection_vec_push_str(struct aerie_rec *rec, aerie_slot s, const struct aerie_str *str)
{
	const struct member *mb = vec_member(rec, s);
	int err;

	if (!mb || mb->field->value != AERIE_T_STR || !str)
		return -EINVAL;
	err = push(rec, mb, aerie_ptr_key(str));
	if (!err)
		strings_ref(str);
	return err;
}

struct aerie_rec *collection_vec_push_record(struct aerie_rec *rec, aerie_slot s)
{
	const struct member *mb = vec_member(rec, s);
	struct aerie_rec *r;

	if (!mb || mb->field->value != AERIE_T_RECORD)
		return NULL;
	r = record_new(heap_of(rec), registry_type(record_core(rec)->registry, mb->record));
	if (r && push(rec, mb, aerie_ptr_key(r)) < 0) {
		record_free(r);
		return NULL;
	}
	return r;
}

/* ---- Both ---- */

uint32_t collection_count(const struct aerie_rec *rec, aerie_slot s)
{
	const void *p;

	if (!slot_is_map(s) && aerie_slot_type(s) != AERIE_T_VEC)
		return 0;
	p = (const void *)(uintptr_t)record_cell_value(rec, s);
	if (!p)
		return 0;
	return slot_is_map(s) ? ((const struct map *)p)->count : ((const struct vec *)p)->count;
}

int collection_iterate(const struct aerie_rec *rec, aerie_slot s, int (*fn)(void *user, uint64_t key, uint64_t cell),
		       void *user)
{
	uint32_t n = collection_count(rec, s), i, words = map_entry_words(aerie_slot_type(s));
	uint64_t cell;
	int ret = 0;

	if (!n)
		return 0;
	cell = record_cell_value(rec, s);
	for (i = 0; i < n && !ret; i++) {
		const uint64_t *e = &((const struct map *)(uintptr_t)cell)->words[(size_t)i * words];

		if (aerie_slot_type(s) == AERIE_T_VEC)
			ret = fn(user, 0, ((const struct vec *)(uintptr_t)cell)->cells[i]);
		else
			ret = fn(user, words == 3 ? aerie_ptr_key(e) : e[0], e[words - 1]);
	}
	return ret;
}

void collection_free(uint64_t *cell, const struct field *f)
{
	uint32_t words = map_entry_words(f->type), i;

	if (f->type == AERIE_T_VEC) {
		struct vec *v = (struct vec *)(uintptr_t)*cell;

		for (i = 0; i < v->count; i++)
			cell_release(f->value, v->cells[i]);
		heap_release(v, vec_size(v->cap));
	} else {
		struct map *m = (struct map *)(uintptr_t)*cell;

		for (i = 0; i < m->count; i++)
			entry_release(f, &m->words[(size_t)i * words]);
		heap_release(m, map_size(m->cap, words));
	}
	*cell = 0;
}

/* Records in the cells of a copy. */
static int copy_records(struct heap *heap, uint64_t *cell, uint32_t n, uint32_t step)
{
	struct aerie_rec *rec;

	for (; n; n--, cell += step) {
		rec = record_copy(heap, (const struct aerie_rec *)(uintptr_t)*cell);
		if (!rec)
			return -ENOMEM;
		*cell = aerie_ptr_key(rec);
	}
	return 0;
}

static int vec_copy(struct heap *heap, uint64_t *cell, const struct field *f)
{
	const struct vec *old = (const struct vec *)(uintptr_t)*cell;
	struct vec *v = heap_alloc(heap, vec_size(old->cap));

	if (!v)
		return -ENOMEM;
	memcpy(v, old, vec_size(old->cap));
	*cell = aerie_ptr_key(v);
	return f->value == AERIE_T_RECORD ? copy_records(heap, v->cells, v->count, 1) : 0;
}

static int map_copy(struct heap *heap, uint64_t *cell, const struct field *f)
{
	const struct map *old = (const struct map *)(uintptr_t)*cell;
	uint32_t words = map_entry_words(f->type);
	struct map *m = heap_alloc(heap, map_size(old->cap, words));

	if (!m)
		return -ENOMEM;
	memcpy(m, old, map_size(old->cap, words));
	*cell = aerie_ptr_key(m);
	return f->value == AERIE_T_RECORD ? copy_records(heap, m->words + words - 1, m->count, words) : 0;
}

int collection_copy(struct heap *heap, uint64_t *cell, const struct field *f)
{
	return f->type == AERIE_T_VEC ? vec_copy(heap, cell, f) : map_copy(heap, cell, f);
}
