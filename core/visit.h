/* SPDX-License-Identifier: MIT */
/* Driving a visitor over parts of records: what visit.c does for whole records, for those who select. */
#ifndef CORE_VISIT_H
#define CORE_VISIT_H

#include <core/record.h>

#define VISIT_QUIET (1u << 0)     /* selections: what is absent is not shown as 0 */
#define VISIT_NO_SERIES (1u << 1) /* for visitors that only look: series are left out */

struct visit {
	struct core *core;
	const struct registry *registry;
	const struct aerie_visitor *vt;
	void *v;
	uint32_t flags; /* VISIT_... */
};

/* Returns what a visitor's function returned, when that is an error. */
#define CALL(expr)               \
	do {                     \
		int r_ = (expr); \
		if (r_ < 0)      \
			return r_; \
	} while (0)

int visit_record(const struct visit *c, const struct aerie_rec *rec);
/* The value of a member, which is shown; `members` are those of the record's type. */
int visit_member(const struct visit *c, const struct aerie_rec *rec, const struct member *members,
		 const struct member *m);
/* Is an optional member there? */
bool visit_is_shown(const struct visit *c, const struct aerie_rec *rec, const struct member *members,
		    const struct member *m);
/* A series that is there (visit_series.c). */
int visit_series(const struct visit *c, const struct aerie_rec *rec, const struct member *m);
/* A part of a series that is there; of a part that is a list, the value at `at`, or VISIT_ALL. -ENOENT: there is no
 * such value. */
#define VISIT_ALL UINT32_MAX
int visit_series_part(const struct visit *c, const struct aerie_rec *rec, const struct member *m, enum rrd_name part,
		      uint32_t at);
/* The value of an entry of a vector or map. */
int visit_cell(const struct visit *c, const struct field *f, uint64_t cell);
int visit_key_text(const struct visit *c, const struct field *map, uint64_t key);  /* a map's key, as a key */
int visit_key_value(const struct visit *c, const struct field *map, uint64_t key); /* and as a value: AS_KEYS */
int visit_f64s(const struct visit *c, const double *values, uint32_t n);           /* a list of them */

/* Is a collection shown as a list? */
static inline bool visit_is_list(const struct field *f)
{
	return f->type == AERIE_T_VEC || f->flags & (AERIE_FIELD_AS_LIST | AERIE_FIELD_AS_KEYS);
}

#endif
