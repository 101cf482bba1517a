/* SPDX-License-Identifier: MIT */
/* Parts of records: field and filter specifications, paths, searching, ordering, recordings. The service is
 * <aerie/select.h>; below is what its files share.
 *
 * A set of paths is resolved once for each record type that it meets: a plan, which says for each part of each path
 * what to do with the record at hand. Sub-records are always of the type that their member names, and types are never
 * changed or removed, so a plan stays right and needs neither names nor checks while it is walked. */
#ifndef CORE_SELECT_H
#define CORE_SELECT_H

#include <errno.h>

#include <core/visit.h>

extern const struct aerie_select select_service;

struct aerie_recording;

/* ---- Paths (select_path.c) ---- */

struct path_spec {
	char *text; /* what the parts point into */
	uint32_t n;
	const char *part[AERIE_SELECT_DEPTH_MAX];
};

/* Takes a path apart. -EINVAL with a sentence that begins with `what`, in ret_why; -ENOMEM. */
int path_spec_init(struct path_spec *p, const char *what, const char *text, uint32_t len, char *ret_why, uint32_t room);
void path_spec_free(struct path_spec *p);

/* The field that a part of a path names, also by a name that it had once; NULL: nobody registered it. */
const struct field *path_field(const struct registry *r, const char *part);

/* What to do with a part of a path. */
enum hop_kind {
	HOP_ABSENT,    /* there is no such member */
	HOP_VALUE,     /* the last part: the member's value */
	HOP_WHOLE,     /* the last part, and what it leads to has no text: a record, records, a series */
	HOP_RECORD,    /* goes on in the sub-record */
	HOP_EACH,      /* goes on in each entry of a collection */
	HOP_PART,      /* the last part but one: a part of a series */
	HOP_PART_EACH, /* a part of a series that is a list, and there is more to the path: nothing in each */
};

struct hop {
	enum hop_kind kind;
	enum rrd_name part; /* of a series */
	const struct member *m;
	const struct member *members; /* of the record's type */
};

struct plan {
	struct plan *next;
	aerie_record_id type;
	const struct hop *path[]; /* of each path, its hops */
};

#define PLAN_BUCKETS 16u

struct paths {
	uint32_t n;
	struct path_spec *path;
	struct plan *plans[PLAN_BUCKETS]; /* atomic; plans are added, and stay until the end */
};

/* The plan for a record; NULL: memory is out. [any] */
const struct plan *paths_plan(struct paths *p, const struct registry *r, const struct aerie_rec *rec);
void paths_free(struct paths *p);
/* Writes what a path leads to: a value, or 0 for what is absent (nothing when VISIT_QUIET). */
int hops_walk(const struct visit *c, const struct hop *hop, const struct aerie_rec *rec);

/* ---- Names (select_name.c) ---- */

/* A name with its escaped forms; what is no UTF-8 becomes U+FFFD. Type and help are those of f, or empty. One
 * allocation. */
struct aerie_name *name_make(const char *text, uint32_t len, const struct field *f);

/* ---- Selections (select.c) ---- */

struct aerie_selection {
	uint32_t magic;
	uint32_t n_shown;
	uint32_t *shown;                /* paths that are shown, in order: not those whose name comes again */
	const struct aerie_name **name; /* of each path */
	struct aerie_name **made;       /* of each path: its name when it is no registered one, else NULL */
	struct paths paths;
};

/* The selection, which must be one. */
struct aerie_selection *selection_check(const struct aerie_selection *s);
struct visit select_visit(const struct aerie_host *h, const struct aerie_visitor *vt, void *v, uint32_t flags);

/* ---- Looking (select_look.c): functions of visitors that do nothing ---- */

#define LOOK_ENOUGH (-ECANCELED) /* what a visitor returns that found what it looks for */

int look_begin(void *v, uint32_t count);
int look_end(void *v);
int look_key(void *v, const struct aerie_name *name);
int look_text(void *v, const char *text, uint32_t len);
int look_bytes(void *v, const uint8_t *data, uint32_t len);
int look_u64(void *v, uint64_t value);
int look_i64(void *v, int64_t value);
int look_f64(void *v, double value);
int look_f64s(void *v, const double *values, uint32_t n);
extern const struct aerie_visitor look_visitor; /* all of them */

/* ---- The rest of the service ---- */

/* select_lookup.c */
int select_visit_path(const struct aerie_host *h, const struct aerie_rec *rec, const char *const *parts, uint32_t n,
		      const struct aerie_visitor *vt, void *v);
/* select_filter.c */
int filter_new(const struct aerie_host *h, const struct aerie_value *regex, struct aerie_filter **ret_filter,
	       char *ret_why, uint32_t room);
void filter_free(struct aerie_filter *f);
int filter_matches(const struct aerie_host *h, const struct aerie_filter *f, const struct aerie_rec *rec);
/* select_table.c */
int select_search(const struct aerie_host *h, const struct aerie_selection *s, const struct aerie_rec *rec,
		  const char *text);
int select_order(const struct aerie_host *h, const struct aerie_selection *s, uint32_t i, const struct aerie_rec *rec,
		 struct aerie_order *ret_order);
/* select_play.c */
int recording_play(const struct aerie_host *h, const struct aerie_recording *r, uint64_t *at,
		   const struct aerie_selection *s, const struct aerie_visitor *vt, void *v);

#endif
