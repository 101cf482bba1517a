/* SPDX-License-Identifier: MIT */
/* "aerie.fields/1": the registry of tracked fields, record types, and access to records. Since ABI 1.0.
 *
 * A field is a name, a type, a unit and a description. The same name with the same type gives the same id, whoever
 * asks and however often; the same name with another type is an error that names the owner. Fields are never
 * removed, so ids and records survive a module's reload.
 *
 * A record type is an ordered list of fields. The host computes its layout and returns a slot per field; inline
 * accessors turn a slot into an address with one add. A record belongs to the host. Whoever holds a record holds
 * the lock of what it is part of (the device, the source): no accessor locks.
 *
 * Allocating accessors (strings, maps, ...) return -ENOMEM or NULL when memory is out, and -ENOSPC or NULL when
 * the field's limit is reached; both are counted by the host, so callers on the packet path may ignore them. */
#ifndef AERIE_FIELDS_H
#define AERIE_FIELDS_H

#include <errno.h>
#include <string.h>

#include <aerie/plugin.h>
#include <aerie/types.h>
#include <aerie/visitor.h>

#ifdef __cplusplus
extern "C" {
#endif

#define AERIE_FIELDS_SERVICE "aerie.fields/1"

typedef uint32_t aerie_field_id;   /* 0 is invalid; never reused */
typedef uint32_t aerie_record_id;  /* a record type; 0 is invalid; never reused */
/* Where a field lies in a record: bits 0..15 offset, 16..23 type, 24..31 presence bit + 1, or 0: always present. */
typedef uint32_t aerie_slot;

/* A record: `type` is its aerie_record_id, the rest is the host's layout. */
struct aerie_rec {
	uint32_t type;
	uint32_t changes; /* of a device: the host counts them, for whoever asks whether it changed again; wraps */
};

/* Interned text. Two equal texts are one object while anybody holds it, so pointers compare. */
struct aerie_str {
	uint32_t len;
	char text[1]; /* len octets and a NUL */
};

#define AERIE_FIELD_DYNAMIC (1u << 0)  /* a number that is absent until first set (pointers always are) */
#define AERIE_FIELD_AS_LIST (1u << 1)  /* a map shown as the list of its values */
#define AERIE_FIELD_AS_KEYS (1u << 2)  /* a map shown as the list of its keys */
#define AERIE_FIELD_BITS (1u << 3)     /* a set of bits, for people who read the field list */
/* Aggregation of a series: how samples of one second combine. */
#define AERIE_FIELD_RRD_SUM 0u               /* they add up */
#define AERIE_FIELD_RRD_EXTREME (1u << 8)    /* the one farthest from zero stays */
#define AERIE_FIELD_RRD_SIGNAL (2u << 8)     /* the strongest (greatest) stays; 0 is no sample */
#define AERIE_FIELD_RRD_MASK (15u << 8)

/* Limit of a collection or text when its definition says 0. */
#define AERIE_LIMIT_DEFAULT 4096u

struct aerie_field_def {
	uint32_t size;  /* sizeof (struct aerie_field_def) */
	uint32_t type;  /* AERIE_T_... */
	uint32_t value; /* of AERIE_T_VEC and AERIE_T_MAP_...: AERIE_T_U64, _I64, _F64, _KEY, _STR or _RECORD; else 0 */
	uint32_t flags; /* AERIE_FIELD_... */
	uint32_t limit; /* entries of a collection, octets of text or bytes; 0: AERIE_LIMIT_DEFAULT */
	uint32_t reserved;
	const char *name; /* [A-Za-z0-9_.-]{1,255}, as in "kismet.device.base.macaddr"; required */
	const char *unit; /* "dBm", "kHz", "s", "octets"; "" for none; required */
	const char *help; /* one sentence; required */
};

/* How a member of a record type gets its value. */
#define AERIE_MEMBER_STORED 0u
#define AERIE_MEMBER_COUNT 1u    /* entries of the collection `of[0]`, 0 when absent; nothing is stored */
#define AERIE_MEMBER_FIRST_OF 2u /* the first of the members `of[]` that is present and not empty, as text; nothing is stored */
#define AERIE_MEMBER_SHARED 3u   /* one value for all records of the type, set with set_shared(); nothing is stored per record */
#define AERIE_MEMBER_KEY_PHY 4u  /* the PHY's name of the device key `of[0]`, as text; nothing is stored */
#define AERIE_MEMBER_KEY_MAC 5u  /* the address of the device key `of[0]`; nothing is stored */

struct aerie_member {
	uint32_t size; /* sizeof (struct aerie_member) */
	uint32_t rule; /* AERIE_MEMBER_... */
	struct aerie_field_def def;
	aerie_record_id record; /* type of sub-records, for AERIE_T_RECORD and collections of them; else 0 */
	uint32_t reserved;
	const char *of[4];    /* names of other members of the same type, for rules that need them */
	aerie_slot *ret_slot; /* where to put the slot of a stored member; may be NULL */
};

/* Rows for static tables: AERIE_MEMBER(type, value, flags, name, unit, help, record, slot pointer). */
#define AERIE_FIELD_DEF(type, value, flags, name, unit, help) \
	{ (uint32_t)sizeof(struct aerie_field_def), type, value, flags, 0, 0, name, unit, help }
#define AERIE_MEMBER(type, value, flags, name, unit, help, record, slot)                                         \
	{ (uint32_t)sizeof(struct aerie_member), AERIE_MEMBER_STORED,                                            \
	  AERIE_FIELD_DEF(type, value, flags, name, unit, help), record, 0, { NULL, NULL, NULL, NULL }, slot }
#define AERIE_MEMBER_RULE(rule, type, name, unit, help, of0, of1, of2)                                 \
	{ (uint32_t)sizeof(struct aerie_member), rule, AERIE_FIELD_DEF(type, 0, 0, name, unit, help),  \
	  0, 0, { of0, of1, of2, NULL }, NULL }

/* What enumeration tells of a field. Strings live as long as the host. */
struct aerie_field_info {
	uint32_t size;
	aerie_field_id id;
	uint32_t type, value, flags, limit;
	uint64_t limit_hits; /* how often a record wanted to pass the limit */
	const struct aerie_name *name;
	const char *unit;
	const char *owner; /* id of the module that defined it first, "core" for the host */
};

struct aerie_fields {
	uint32_t size;
	uint32_t reserved;

	/* [main, load] Defines a field, or finds it again. -EEXIST: the name has another type (told with the owner);
	 * -EINVAL: the definition is malformed (told). */
	int (*define)(const struct aerie_host *h, const struct aerie_field_def *def, aerie_field_id *ret_id);
	/* [any] -ENOENT when nobody defined it. */
	int (*lookup)(const struct aerie_host *h, const char *name, aerie_field_id *ret_id);
	/* [any] The name with its escaped forms; NULL for an unknown id. */
	const struct aerie_name *(*name)(const struct aerie_host *h, aerie_field_id id);
	/* [any] Calls fn for every field in the order of ids, until it returns other than 0; returns that. */
	int (*each)(const struct aerie_host *h, int (*fn)(void *user, const struct aerie_field_info *info), void *user);

	/* [main, load] Defines a record type from n members, and writes their slots. `base` is 0 or a type whose members
	 * come first, at the same slots. The same name with the same members returns the same id; with other members
	 * a new generation of the type is made and old records keep theirs, unless another module defined the name: -EEXIST (told).
	 * -EEXIST, -EINVAL as define(); -ENOSPC: too many members or types. */
	int (*define_record)(const struct aerie_host *h, const char *name, aerie_record_id base,
			     const struct aerie_member *members, uint32_t n, aerie_record_id *ret_id);
	/* [any] Slot of a stored field in a type; -ENOENT. */
	int (*slot)(const struct aerie_host *h, aerie_record_id type, aerie_field_id field, aerie_slot *ret_slot);
	/* [main, load] Value of an AERIE_MEMBER_SHARED member: text, or the text form of a number or UUID. */
	int (*set_shared)(const struct aerie_host *h, aerie_record_id type, const char *field, const char *text);

	/* [any] A record on its own, zeroed; NULL when memory is out. Freed with free_record(). The caller locks. */
	struct aerie_rec *(*new_record)(const struct aerie_host *h, aerie_record_id type);
	void (*free_record)(struct aerie_rec *rec);

	/* [any] Interned text, held by the module until release() or unload. NULL when memory is out. */
	const struct aerie_str *(*intern)(const struct aerie_host *h, const char *text, uint32_t len);
	void (*release)(const struct aerie_host *h, const struct aerie_str *s);

	/* The rest: legal for whoever holds the record. */

	/* Text of len octets; longer than the field's limit is cut (at a UTF-8 boundary) and counted. Cheap when equal. */
	int (*set_text)(struct aerie_rec *rec, aerie_slot s, const char *text, uint32_t len);
	/* The record takes its own reference. NULL makes the field absent. */
	int (*set_str)(struct aerie_rec *rec, aerie_slot s, const struct aerie_str *str);
	int (*set_bytes)(struct aerie_rec *rec, aerie_slot s, const uint8_t *data, uint32_t len);
	int (*set_uuid)(struct aerie_rec *rec, aerie_slot s, const struct aerie_uuid *u);
	/* The sub-record, made when absent; NULL when memory is out. */
	struct aerie_rec *(*sub)(struct aerie_rec *rec, aerie_slot s);
	/* Makes a pointer field absent and frees what it held. */
	void (*clear)(struct aerie_rec *rec, aerie_slot s);

	/* Maps. `key` is the number (INT, KEY), the bits of the double (F64: aerie_f64_key), aerie_mac_u64() (MAC), a
	 * const struct aerie_str * (STR) or a const struct aerie_uuid * (UUID) cast with aerie_ptr_key(). Entries keep the
	 * order of insertion. The 8-byte cell holds the value in the member's C type (double as bits: aerie_f64_key; STR
	 * and RECORD as pointer: read only). */
	uint64_t *(*map_cell)(struct aerie_rec *rec, aerie_slot s, uint64_t key);      /* number values: found or made 0 */
	struct aerie_rec *(*map_record)(struct aerie_rec *rec, aerie_slot s, uint64_t key); /* found or made */
	int (*map_set_str)(struct aerie_rec *rec, aerie_slot s, uint64_t key, const struct aerie_str *str);
	const uint64_t *(*map_find)(const struct aerie_rec *rec, aerie_slot s, uint64_t key); /* or NULL */
	int (*map_remove)(struct aerie_rec *rec, aerie_slot s, uint64_t key); /* -ENOENT */

	/* Vectors. */
	int (*vec_push)(struct aerie_rec *rec, aerie_slot s, uint64_t cell); /* numbers; double as bits */
	int (*vec_push_str)(struct aerie_rec *rec, aerie_slot s, const struct aerie_str *str);
	struct aerie_rec *(*vec_push_record)(struct aerie_rec *rec, aerie_slot s);

	/* Entries of a vector or map; 0 when absent. */
	uint32_t (*count)(const struct aerie_rec *rec, aerie_slot s);
	/* Calls fn for each entry (key is 0 for vectors) until it returns other than 0; returns that. fn must not change
	 * the collection. */
	int (*iterate)(const struct aerie_rec *rec, aerie_slot s,
		       int (*fn)(void *user, uint64_t key, uint64_t cell), void *user);

	/* One sample at time_s (seconds since 1970). -ERANGE: it is older than a minute before the newest, and ignored. */
	int (*rrd_add)(struct aerie_rec *rec, aerie_slot s, uint32_t time_s, double value);

	/* Drives a visitor over a whole record: begin_map, members in definition order, end_map. */
	int (*visit)(const struct aerie_host *h, const struct aerie_rec *rec, const struct aerie_visitor *vt, void *v);

	/* [any] Calls fn for every record type (its newest generation) until it returns other than 0; returns that. */
	int (*each_record)(const struct aerie_host *h, int (*fn)(void *user, const char *name, aerie_record_id type), void *user);
	/* [any] Calls fn for the members of a record type in the order in which they are shown; record: name of the type of sub-records,
	 * or NULL; optional: 1 when the member can be left out. -ENOENT: no such type. */
	int (*each_member)(const struct aerie_host *h, const char *name,
			   int (*fn)(void *user, const struct aerie_field_info *info, const char *record, uint32_t optional), void *user);
	/* [any] Texts that are interned now. */
	uint64_t (*interned)(const struct aerie_host *h);
};

/* ---- Inline accessors: numbers, and reads. One add; no call. ---- */

static inline uint32_t aerie_slot_type(aerie_slot s)
{
	return s >> 16 & 0xff;
}

static inline void *aerie_slot_ptr(struct aerie_rec *rec, aerie_slot s)
{
	return (char *)rec + (s & 0xffff);
}

static inline const void *aerie_slot_cptr(const struct aerie_rec *rec, aerie_slot s)
{
	return (const char *)rec + (s & 0xffff);
}

/* Presence bits lie behind the record's 8-byte head. */
static inline void aerie_mark(struct aerie_rec *rec, aerie_slot s)
{
	uint32_t bit = s >> 24;

	if (bit)
		((uint8_t *)(rec + 1))[(bit - 1) >> 3] |= (uint8_t)(1u << ((bit - 1) & 7));
}

static inline int aerie_present(const struct aerie_rec *rec, aerie_slot s)
{
	uint32_t bit = s >> 24;

	if (bit)
		return ((const uint8_t *)(rec + 1))[(bit - 1) >> 3] >> ((bit - 1) & 7) & 1;
	if (aerie_slot_type(s) >= AERIE_T_STR || aerie_slot_type(s) == AERIE_T_UUID)
		return *(void *const *)aerie_slot_cptr(rec, s) != NULL;
	return 1;
}

#define AERIE_ACCESSORS(name, ctype)                                                          \
	static inline void aerie_set_##name(struct aerie_rec *rec, aerie_slot s, ctype value) \
	{                                                                                     \
		memcpy(aerie_slot_ptr(rec, s), &value, sizeof value);                         \
		aerie_mark(rec, s);                                                           \
	}                                                                                     \
	static inline ctype aerie_get_##name(const struct aerie_rec *rec, aerie_slot s)       \
	{                                                                                     \
		ctype value;                                                                  \
		memcpy(&value, aerie_slot_cptr(rec, s), sizeof value);                        \
		return value;                                                                 \
	}
AERIE_ACCESSORS(u8, uint8_t)
AERIE_ACCESSORS(u16, uint16_t)
AERIE_ACCESSORS(u32, uint32_t)
AERIE_ACCESSORS(u64, uint64_t)
AERIE_ACCESSORS(i8, int8_t)
AERIE_ACCESSORS(i16, int16_t)
AERIE_ACCESSORS(i32, int32_t)
AERIE_ACCESSORS(i64, int64_t)
AERIE_ACCESSORS(f32, float)
AERIE_ACCESSORS(f64, double)
AERIE_ACCESSORS(time, uint32_t)
AERIE_ACCESSORS(mac, struct aerie_mac)
AERIE_ACCESSORS(key, uint64_t)
#undef AERIE_ACCESSORS

static inline void aerie_add_u64(struct aerie_rec *rec, aerie_slot s, uint64_t n)
{
	aerie_set_u64(rec, s, aerie_get_u64(rec, s) + n);
}

/* The text of a string member, or NULL when absent. */
static inline const struct aerie_str *aerie_get_str(const struct aerie_rec *rec, aerie_slot s)
{
	return *(const struct aerie_str *const *)aerie_slot_cptr(rec, s);
}

/* The sub-record, or NULL when absent. */
static inline struct aerie_rec *aerie_get_rec(const struct aerie_rec *rec, aerie_slot s)
{
	return *(struct aerie_rec *const *)aerie_slot_cptr(rec, s);
}

/* The sub-record, made when absent. */
static inline struct aerie_rec *aerie_sub(const struct aerie_fields *f, struct aerie_rec *rec, aerie_slot s)
{
	struct aerie_rec *r = aerie_get_rec(rec, s);

	return r ? r : f->sub(rec, s);
}

/* Interned text; does nothing when it is there already. */
static inline void aerie_set_str(const struct aerie_fields *f, struct aerie_rec *rec, aerie_slot s,
				 const struct aerie_str *str)
{
	if (aerie_get_str(rec, s) != str)
		(void)f->set_str(rec, s, str);
}

/* A sample of this moment by the wall clock, now_s. When that was set back by more than a minute, the series begins anew: rrd_add()
 * would take nothing until the time has passed again. As rrd_add(). */
static inline int aerie_rrd_now(const struct aerie_fields *f, struct aerie_rec *rec, aerie_slot s, uint32_t now_s, double value)
{
	int err = f->rrd_add(rec, s, now_s, value);

	if (err != -ERANGE)
		return err;
	f->clear(rec, s);
	return f->rrd_add(rec, s, now_s, value);
}

static inline uint64_t aerie_f64_key(double d)
{
	uint64_t u;

	memcpy(&u, &d, sizeof u);
	return u;
}

static inline double aerie_key_f64(uint64_t u)
{
	double d;

	memcpy(&d, &u, sizeof d);
	return d;
}

static inline uint64_t aerie_ptr_key(const void *p)
{
	return (uint64_t)(uintptr_t)p;
}

#ifdef __cplusplus
}
#endif
#endif
