/* SPDX-License-Identifier: MIT */
/* Tracked fields and record types. Definitions happen on the main thread; lookups are lock-free from any thread, because
 * definitions are never moved or removed. */
#ifndef CORE_REGISTRY_H
#define CORE_REGISTRY_H

#include <stdbool.h>

#include <core/core.h>

struct heap;
struct module;

#define FIELDS_MAX 65535u     /* fields of a host */
#define TYPES_MAX 65535u      /* record types of a host, generations included */
#define MEMBERS_MAX 4096u     /* members of a record type */
#define RECORD_MAX 65535u     /* octets of a record */
#define PRESENCE_MAX 255u     /* members of a record type that are AERIE_FIELD_DYNAMIC numbers */
#define FIELD_NAME_MAX 255u   /* octets of a field's or record type's name */
#define RECORD_DEPTH_MAX 32u  /* record types nested in one another */
#define LIMIT_MAX (1u << 24)  /* greatest limit of a field */

/* Value of an AERIE_MEMBER_SHARED member. */
struct shared_value {
	struct shared_value *older; /* kept, since a reader may still hold it */
	const struct aerie_str *text;
	uint64_t bits; /* of a number or key; a double as aerie_f64_key() */
	uint8_t octets[16]; /* of a MAC or UUID */
};

/* Where a shared value lives; a type has it in common with the types that it is the base of. */
struct shared_cell {
	struct shared_value *value; /* atomic; NULL until set */
};

/* A member of a record type, compiled. */
struct member {
	const struct field *field;
	aerie_slot slot;         /* 0 for rules that store nothing */
	uint32_t rule;           /* AERIE_MEMBER_... */
	aerie_record_id record;  /* type of sub-records */
	uint16_t of[4];          /* indices of other members */
	uint16_t n_of;
	bool optional;           /* may be absent from what a visitor sees */
	struct shared_cell *shared; /* AERIE_MEMBER_SHARED */
};

struct record_type {
	aerie_record_id id;
	aerie_record_id base; /* 0 or the type whose members come first */
	const char *name, *owner; /* owner: id of the module that defined it first */
	uint32_t size;       /* octets of an instance, a multiple of 8 */
	uint32_t n_members;
	struct member *members;
	uint32_t n_owning;   /* members that hold pointers, for freeing */
	uint16_t *owning;    /* their indices */
	uint32_t n_optional; /* members that are `optional` */
	uint16_t *optional;  /* their indices */
	uint16_t *by_offset; /* index + 1 of the owning member at offset / 8; 0: none */
	uint32_t depth;      /* 1 without sub-records */
	uint32_t n_presence; /* presence bits in use */
	uint32_t room;       /* presence bits that it, with the types on top of it, may use */
	struct registry *registry;
};

struct field {
	struct aerie_name name;
	aerie_field_id id;
	uint32_t type, value, flags, limit;
	uint64_t limit_hits; /* relaxed atomic */
	bool limit_told;     /* relaxed atomic: a message said so */
	char *unit, *owner;
};

struct registry *registry_new(struct core *core);
void registry_free(struct registry *r);
/* Allocations for records that failed, so far; counting one returns their number. [any] */
uint64_t registry_count_refusal(struct registry *r);
uint64_t registry_refusals(const struct registry *r);
/* For record.c: whether a message told of refusals; with `told`, it does from now on. [any] */
bool registry_refusals_told(struct registry *r, bool told);
/* For record.c: whether somebody has asked the main thread to tell of both; returns what it was. [any] */
bool registry_telling(struct registry *r, bool telling);
const struct field *registry_field(const struct registry *r, aerie_field_id id);
const struct record_type *registry_type(const struct registry *r, aerie_record_id id);
uint32_t registry_n_fields(const struct registry *r); /* ids are 1..n */
uint32_t registry_n_types(const struct registry *r);
/* The member that shows a field, whatever its rule; NULL when the type has none. [any] */
const struct member *registry_member(const struct record_type *type, aerie_field_id field);

/* How a device key becomes text: as key_text() of <aerie/devices.h>, dst has room for 41 octets. Without it, or when
 * it fails, 16 hex digits are shown. The device store sets both of these once, before any worker runs. */
void registry_set_key_format(struct registry *r, int (*fn)(struct core *core, uint64_t key, char *dst));
/* The name of a PHY's number, NULL when unknown. */
void registry_set_phy_name(struct registry *r, const struct aerie_str *(*fn)(struct core *core, uint16_t phy));
/* Text of a key by these rules; returns the length. A key of 0 has the empty text. */
uint32_t registry_key_text(const struct registry *r, uint64_t key, char dst[41]);
const struct aerie_str *registry_phy_name(const struct registry *r, uint64_t key);

/* Names of the parts of a series, in the order in which they are shown. */
enum rrd_name { RRD_LAST_TIME, RRD_SERIAL_TIME, RRD_LAST_VALUE, RRD_LAST_VALUE_N1, RRD_MINUTE_VEC, RRD_BLANK_VAL,
		RRD_HOUR_VEC, RRD_DAY_VEC, RRD_NAMES };
const struct aerie_name *registry_rrd_name(const struct registry *r, enum rrd_name which);

/* The registry's part of fields_service; see <aerie/fields.h>. */
int registry_define(const struct aerie_host *h, const struct aerie_field_def *def, aerie_field_id *ret_id);
int registry_lookup(const struct aerie_host *h, const char *name, aerie_field_id *ret_id);
const struct aerie_name *registry_name(const struct aerie_host *h, aerie_field_id id);
int registry_each(const struct aerie_host *h, int (*fn)(void *user, const struct aerie_field_info *info), void *user);
void registry_field_info(const struct field *f, struct aerie_field_info *ret_info); /* what enumeration tells of it */
/* describe.c: the newest generation of each type, and its members. */
int registry_each_record(const struct aerie_host *h, int (*fn)(void *user, const char *name, aerie_record_id type),
			 void *user);
int registry_each_member(const struct aerie_host *h, const char *name,
			 int (*fn)(void *user, const struct aerie_field_info *info, const char *record, uint32_t optional),
			 void *user);
int registry_define_record(const struct aerie_host *h, const char *name, aerie_record_id base,
			   const struct aerie_member *members, uint32_t n, aerie_record_id *ret_id);
int registry_slot(const struct aerie_host *h, aerie_record_id type, aerie_field_id field, aerie_slot *ret_slot);
int registry_set_shared(const struct aerie_host *h, aerie_record_id type, const char *field, const char *text);
const struct aerie_str *registry_intern(const struct aerie_host *h, const char *text, uint32_t len);
void registry_release(const struct aerie_host *h, const struct aerie_str *s);

/* registry.c, for recdef.c */
const struct field *registry_find_field(const struct registry *r, const char *name);
/* registry_define() for module m, or for the host itself when m is NULL. */
int registry_define_field(struct registry *r, struct module *m, const struct aerie_field_def *def, aerie_field_id *ret_id);
int registry_check_name(struct module *m, const char *what, const char *name);
int registry_check_loading(struct module *m, const char *what, const char *name);
int registry_add_type(struct registry *r, struct record_type *t); /* -ENOSPC, -ENOMEM; takes t when it succeeds */

/* types.c: what the field types are, and the compiler of record types. */
bool type_is_known(uint32_t type);
bool type_is_map(uint32_t type);
bool type_is_integer(uint32_t type);
bool type_is_pointer(uint32_t type); /* 8 octets that lead to memory of the record's heap, or to interned text */
bool type_is_value(uint32_t type);   /* may be the value of a vector or map */
bool type_has_records(const struct field *f);
const char *type_name(uint32_t type); /* "uint64_t" */
void type_describe(uint32_t type, uint32_t value, char dst[64]); /* "map[int, x]" */
int fail(struct module *m, int err, const char *fmt, ...) __attribute__((format(printf, 3, 4))); /* m may be NULL */
/* Makes a type of members of which the first n_base are base's; fails with a message. */
int record_type_new(struct module *m, const char *name, const struct record_type *base, const struct member *members,
		    uint32_t n, struct registry *r, struct record_type **ret);
void record_type_free(struct record_type *t);

/* record.c: records in a heap. The heap's owner pointer must be a struct core *. */
struct aerie_rec *record_new(struct heap *heap, const struct record_type *type);
void record_free(struct aerie_rec *rec); /* with everything below it; NULL is fine */

/* visit.c */
int record_visit(struct core *core, const struct aerie_rec *rec, const struct aerie_visitor *vt, void *v);
/* The text of a map's key as record_visit() shows it; dst has room for KEY_TEXT_MAX octets, *ret_text leads into dst or
 * to interned text. */
#define KEY_TEXT_MAX 352u
uint32_t record_key_text(struct core *core, const struct field *map, uint64_t key, char *dst, const char **ret_text);

/* format.c. Text forms: return the length without the NUL; dst has room for 18 and 37 octets. */
uint32_t format_mac(char *dst, const uint8_t mac[6]);
uint32_t format_uuid(char *dst, const uint8_t uuid[16]);
uint32_t format_u64(char *dst, uint64_t value); /* room for 21 octets, as for the next */
uint32_t format_i64(char *dst, int64_t value);
/* Whole numbers as integer digits, else six decimals; not a number and infinite as 0. `decimals`: always six. */
uint32_t format_f64(char dst[KEY_TEXT_MAX], double value, bool decimals);
uint32_t format_hex64(char dst[17], uint64_t value);
/* 0, or -EINVAL: not exactly the text form (upper or lower case; colons or dashes in an address). */
int parse_mac(const char *text, uint8_t ret_mac[6]);
int parse_uuid(const char *text, uint8_t ret_uuid[16]);

extern const struct aerie_fields fields_service;

#endif
