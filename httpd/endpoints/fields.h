/* SPDX-License-Identifier: MIT */
/* Parts of results: every route that answers with records or maps takes the key `fields` of a command with POST. Records are
 * visited with the selection under their lock; values that an endpoint computes are written down first, and played with it. */
#ifndef ENDPOINTS_FIELDS_H
#define ENDPOINTS_FIELDS_H

#include "endpoints.h"

#define FIELDS_VALUE_MAX (16u * 1024u * 1024u) /* octets of a computed value, or of an element, that is written down */

/* The row for `fields` in a table of parameters. */
#define FIELDS_PARAM(example)                                                                                                 \
	AERIE_PARAM(AERIE_IN_COMMAND, 0, "fields", "fields",                                                                  \
		    "With POST: the fields to give, in this order, as paths or [path, name] pairs; all when it is missing.", \
		    example)

/* What `fields` of the request's command selects; NULL, the whole, without a command or `fields`. The caller frees it. 0; 1: an
 * error was replied; or a negative errno for the router. */
int fields_of(const struct endpoints *e, const struct aerie_request *req, struct aerie_reply *rep, struct aerie_selection **ret_selection);
/* select->visit() */
int fields_visit(const struct endpoints *e, const struct aerie_selection *s, const struct aerie_rec *rec, const struct aerie_visitor *vt,
		 void *v);

/* As reply_value() and reply_list() of <aerie/http.h>, in parts when the request says so. They take `user` over in every case. */
int reply_value_of(const struct endpoints *e, const struct aerie_request *req, struct aerie_reply *rep, aerie_emit_fn *emit, void *user,
		   void (*destroy)(void *user));
int reply_list_of(const struct endpoints *e, const struct aerie_request *req, struct aerie_reply *rep, aerie_next_fn *next,
		  int64_t (*count)(void *user), void *user, void (*destroy)(void *user));
int reply_wrapped_of(const struct endpoints *e, const struct aerie_request *req, struct aerie_reply *rep, const char *wrapper,
		     aerie_next_fn *next, int64_t (*count)(void *user), void *user, void (*destroy)(void *user));
/* Writes the n values of `from`, which were written down one after the other, as a list. */
int recording_list(const struct endpoints *e, const struct aerie_recording *from, uint32_t n, struct aerie_recording *to);
/* A value that was written down; the recording is taken over. */
int reply_recording_of(const struct endpoints *e, const struct aerie_request *req, struct aerie_reply *rep, struct aerie_recording *r);

/* Calls fn once with a record, locked, and returns what it returned; or a negative errno, which cuts the connection. */
typedef int with_record_fn(const struct endpoints *e, void *user, int (*fn)(void *arg, const struct aerie_rec *rec), void *arg);
/* One record. */
int reply_record_of(const struct endpoints *e, const struct aerie_request *req, struct aerie_reply *rep, with_record_fn *with, void *user,
		    void (*destroy)(void *user));

#endif
