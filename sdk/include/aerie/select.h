/* SPDX-License-Identifier: MIT */
/* "aerie.select/1": parts of records. Field specifications ("fields"), filter specifications ("regex"), paths, searching and
 * ordering: the one implementation for every endpoint. Since ABI 1.0.
 *
 * A path is field names joined by '/'; empty parts are skipped. Each part names a member of the record that the part before it
 * led to. A part that leads to a collection of records goes on in each of them. Source: the REST specification, "Field
 * Specifications" and "Filter Specifications".
 *
 * Selections and filters are immutable once made; any number of threads may use one. Names are looked up when they are used for
 * the first time with a record type, so a selection costs what it selects. */
#ifndef AERIE_SELECT_H
#define AERIE_SELECT_H

#include <aerie/fields.h>
#include <aerie/http.h>

#ifdef __cplusplus
extern "C" {
#endif

#define AERIE_SELECT_SERVICE "aerie.select/1"

#define AERIE_SELECT_FIELDS_MAX 512u /* fields of a selection */
#define AERIE_SELECT_DEPTH_MAX 16u   /* parts of a path */
#define AERIE_SELECT_TERMS_MAX 256u  /* terms of a filter */
#define AERIE_SELECT_TEXT_MAX 4096u  /* octets of a path, a rename or a pattern */

struct aerie_selection; /* opaque */
struct aerie_filter;    /* opaque */
struct aerie_recording; /* opaque: a value written down */

/* What a field is ordered by. */
#define AERIE_ORDER_ABSENT 0u
#define AERIE_ORDER_NUMBER 1u
#define AERIE_ORDER_TEXT 2u
struct aerie_order {
	uint32_t kind;  /* AERIE_ORDER_...; absent comes first, numbers before texts */
	uint32_t len;   /* octets of text */
	double number;
	char text[64];  /* the beginning of a text, in lower case, followed by zeros */
};

struct aerie_select {
	uint32_t size;
	uint32_t reserved;

	/* Field specifications. */
	/* [any] From the value of "fields": a list of paths and of [path, name] pairs. NULL, null or an empty list give NULL, which
	 * everywhere stands for the whole record. -EINVAL with a sentence in ret_why, which has room octets; -ENOMEM. */
	int (*selection_new)(const struct aerie_host *h, const struct aerie_value *fields, struct aerie_selection **ret_selection,
			     char *ret_why, uint32_t room);
	/* [any] From one path, under its last part's name. */
	int (*selection_path)(const struct aerie_host *h, const char *path, struct aerie_selection **ret_selection, char *ret_why,
			      uint32_t room);
	void (*selection_free)(struct aerie_selection *s); /* NULL is fine */
	/* [any] Writes a map of the selected fields in the order of the selection: absent ones as 0, of two with the same name the
	 * last; collections element by element. The whole record when s is NULL. The caller holds the record's lock. */
	int (*visit)(const struct aerie_host *h, const struct aerie_selection *s, const struct aerie_rec *rec,
		     const struct aerie_visitor *vt, void *v);
	/* [any] The value at a path, as it would stand in the whole record: parts name members, entries of maps (by their key as it is
	 * shown) and entries of lists (by number). -ENOENT: not there. With vt NULL only looks. */
	int (*visit_path)(const struct aerie_host *h, const struct aerie_rec *rec, const char *const *parts, uint32_t n,
			  const struct aerie_visitor *vt, void *v);

	/* Filter specifications. */
	/* [any] From the value of "regex": a list of [path, pattern] pairs. NULL, null or an empty list give NULL, which matches
	 * everything. Patterns are PCRE2, searched, with the registry's limits on their work. -EINVAL with a sentence that names the
	 * pattern; -ENOMEM. */
	int (*filter_new)(const struct aerie_host *h, const struct aerie_value *regex, struct aerie_filter **ret_filter, char *ret_why,
			  uint32_t room);
	void (*filter_free)(struct aerie_filter *f); /* NULL is fine */
	/* [any] 1: any of the terms matches a text, MAC, UUID, key or octet string that its path leads to; 0: none. A pattern that needs
	 * more work for one text than the limit does not match it, and is counted. -EDQUOT: all texts so far took more work than a
	 * filter may; -ENOMEM. */
	int (*filter_matches)(const struct aerie_host *h, const struct aerie_filter *f, const struct aerie_rec *rec);

	/* Tables. */
	/* [any] 1: text occurs in the text form of any of the selected fields, whatever the case of ASCII letters. */
	int (*search)(const struct aerie_host *h, const struct aerie_selection *s, const struct aerie_rec *rec, const char *text);
	/* [any] What the i-th field of a selection is ordered by. -EINVAL: there is no such field. */
	int (*order)(const struct aerie_host *h, const struct aerie_selection *s, uint32_t i, const struct aerie_rec *rec,
		     struct aerie_order *ret_order);

	/* Recordings: values written down while a record can be seen, to be written out later, by other threads, whole or in part. */
	/* [any] An empty one; limit: octets, more is -EMSGSIZE. NULL when memory is out. */
	struct aerie_recording *(*recording_new)(const struct aerie_host *h, uint64_t limit);
	const struct aerie_visitor *recording_visitor; /* v: the recording; values one after the other */
	/* [any] Writes the value that begins at *at (0: the first), and moves *at behind it; -ENODATA at the end. With s, and when the
	 * value is a map or a list of maps, only what is selected, as visit() does. */
	int (*recording_play)(const struct aerie_host *h, const struct aerie_recording *r, uint64_t *at, const struct aerie_selection *s,
			      const struct aerie_visitor *vt, void *v);
	/* [any] The number behind a name of the map that begins at `at`; dflt when it is not there. */
	uint64_t (*recording_u64)(const struct aerie_recording *r, uint64_t at, const char *name, uint64_t dflt);
	void (*recording_free)(struct aerie_recording *r); /* NULL is fine */
};

#ifdef __cplusplus
}
#endif
#endif
