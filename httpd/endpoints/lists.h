/* SPDX-License-Identifier: MIT */
/* Short lists that the host enumerates under its own locks: the n-th element is found by enumerating again, so that
 * nothing is held between two elements and nothing is copied. */
#ifndef ENDPOINTS_LISTS_H
#define ENDPOINTS_LISTS_H

#include "endpoints.h"

struct nth {
	const struct endpoints *e;
	int (*each)(struct nth *n); /* enumerates, and calls nth_hit() for every element */
	uint32_t want, at;
	const struct aerie_visitor *vt; /* NULL: only count */
	void *v;
	int result;
	uint32_t states; /* bits of plugin states */
	struct aerie_selection *selection; /* or NULL: the whole */
};

/* Is this the element to write? */
static inline int nth_hit(struct nth *n)
{
	return n->at++ == n->want && n->vt;
}

/* Ends an enumeration with what writing the element gave. */
static inline int nth_done(struct nth *n, int err)
{
	n->result = err < 0 ? err : 1;
	return 1;
}

/* A list, in parts when the request says so (fields.h): of maps that each() computes, */
int reply_each(const struct endpoints *e, const struct aerie_request *req, struct aerie_reply *rep, int (*each)(struct nth *n),
	       uint32_t states);
/* or of records, with nth_record() for every one of them. */
int reply_each_record(const struct endpoints *e, const struct aerie_request *req, struct aerie_reply *rep, int (*each)(struct nth *n));
int nth_record(struct nth *n, const struct aerie_rec *rec); /* its result ends the enumeration */

#endif
