/* SPDX-License-Identifier: MIT */
/* Tracked fields and record types. Definitions happen on the main thread; lookups are lock-free from any thread, because
 * definitions are never moved or removed. */
#ifndef CORE_REGISTRY_H
#define CORE_REGISTRY_H

#include <core/core.h>

struct heap;

/* A member of a record type, compiled. */
struct member {
	const struct field *field;
	aerie_slot slot;         /* 0 for rules that store nothing */
	uint32_t rule;           /* AERIE_MEMBER_... */
	aerie_record_id record;  /* type of sub-records */
	uint16_t of[4];          /* indices of other members */
	uint16_t n_of;
	const struct aerie_str *shared; /* AERIE_MEMBER_SHARED; main thread writes before instances are visited */
};

struct record_type {
	aerie_record_id id;
	const char *name;
	uint32_t size;       /* octets of an instance */
	uint32_t n_members;
	struct member *members;
	uint32_t n_owning;   /* members that hold pointers, for freeing */
	uint16_t *owning;    /* their indices */
	struct registry *registry;
};

struct field {
	struct aerie_name name;
	aerie_field_id id;
	uint32_t type, value, flags, limit;
	uint64_t limit_hits; /* relaxed atomic */
	char *unit, *owner;
};

struct registry *registry_new(struct core *core);
void registry_free(struct registry *r);
const struct field *registry_field(const struct registry *r, aerie_field_id id);
const struct record_type *registry_type(const struct registry *r, aerie_record_id id);

/* record.c: records in a heap. The heap's owner pointer must be a struct core *. */
struct aerie_rec *record_new(struct heap *heap, const struct record_type *type);
void record_free(struct aerie_rec *rec); /* with everything below it; NULL is fine */

/* visit.c */
int record_visit(struct core *core, const struct aerie_rec *rec, const struct aerie_visitor *vt, void *v);
/* Text forms: return the length; dst has room for 18 and 37 octets. */
uint32_t format_mac(char *dst, const uint8_t mac[6]);
uint32_t format_uuid(char *dst, const uint8_t uuid[16]);
int parse_mac(const char *text, uint8_t ret_mac[6]);
int parse_uuid(const char *text, uint8_t ret_uuid[16]);

extern const struct aerie_fields fields_service;

#endif
