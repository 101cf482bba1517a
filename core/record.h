/* SPDX-License-Identifier: MIT */
/* What record.c, collections.c and visit.c share: the way from a record to its type, and the memory behind a cell. */
#ifndef CORE_RECORD_H
#define CORE_RECORD_H

#include <core/heap.h>
#include <core/registry.h>

/* Octets, behind a member of AERIE_T_BYTES. */
struct octets {
	uint32_t len, reserved;
	uint8_t data[];
};

/* A vector: cells in order. */
struct vec {
	uint32_t count, cap;
	uint64_t cells[];
};

/* A map: see collections.c. Entries are key, cell; a UUID as key takes two words. */
struct map {
	uint32_t count, cap; /* cap is a power of two */
	uint64_t words[];
};

static inline struct core *record_core(const struct aerie_rec *rec)
{
	return (struct core *)heap_owner(heap_of(rec));
}

/* Types lie in chunks, and the registry begins with the table of these; whoever has a record has seen its type. */
#define TYPES_CHUNK 256u

/* heap_on_refusal() of every heap with records. */
void record_refused(void *owner);

static inline const struct record_type *record_type_of(const struct aerie_rec *rec)
{
	struct record_type **const *chunks = (struct record_type **const *)(const void *)record_core(rec)->registry;

	return chunks[(rec->type - 1) / TYPES_CHUNK][(rec->type - 1) % TYPES_CHUNK];
}

/* The member that owns the memory behind a slot; NULL when the slot is not one of the record's pointers. */
static inline const struct member *record_owning(const struct aerie_rec *rec, aerie_slot s)
{
	const struct record_type *t = record_type_of(rec);
	uint32_t at = s & 0xffff, i = at < t->size ? t->by_offset[at / 8] : 0;

	return i && t->members[i - 1].slot == s ? &t->members[i - 1] : NULL;
}

static inline uint64_t *record_cell(struct aerie_rec *rec, aerie_slot s)
{
	return (uint64_t *)aerie_slot_ptr(rec, s);
}

static inline uint64_t record_cell_value(const struct aerie_rec *rec, aerie_slot s)
{
	return *(const uint64_t *)aerie_slot_cptr(rec, s);
}

static inline uint32_t map_entry_words(uint32_t type)
{
	return type == AERIE_T_MAP_UUID ? 3 : 2;
}

/* A field wanted to pass its limit: counts it, and says so once. */
void record_limit_hit(const struct aerie_rec *rec, const struct field *f);

/* A copy of a record in another heap, which takes the place of the first: texts have no further reference, and the heap of
 * whichever is given up is freed as a whole. NULL: memory is out, and parts of a copy may lie in the heap. */
struct aerie_rec *record_copy(struct heap *heap, const struct aerie_rec *rec);
int collection_copy(struct heap *heap, uint64_t *cell, const struct field *f);

/* Frees what a cell of a vector or map holds. */
void cell_release(uint32_t value_type, uint64_t cell);
void collection_free(uint64_t *cell, const struct field *f);

/* collections.c: the rows of fields_service. */
uint64_t *collection_map_cell(struct aerie_rec *rec, aerie_slot s, uint64_t key);
struct aerie_rec *collection_map_record(struct aerie_rec *rec, aerie_slot s, uint64_t key);
int collection_map_set_str(struct aerie_rec *rec, aerie_slot s, uint64_t key, const struct aerie_str *str);
const uint64_t *collection_map_find(const struct aerie_rec *rec, aerie_slot s, uint64_t key);
int collection_map_remove(struct aerie_rec *rec, aerie_slot s, uint64_t key);
int collection_vec_push(struct aerie_rec *rec, aerie_slot s, uint64_t cell);
int collection_vec_push_str(struct aerie_rec *rec, aerie_slot s, const struct aerie_str *str);
struct aerie_rec *collection_vec_push_record(struct aerie_rec *rec, aerie_slot s);
uint32_t collection_count(const struct aerie_rec *rec, aerie_slot s);
int collection_iterate(const struct aerie_rec *rec, aerie_slot s, int (*fn)(void *user, uint64_t key, uint64_t cell),
		       void *user);

#endif
