/* SPDX-License-Identifier: MIT */
/* Threads of HTTP that wait for the end of something that the main thread does: at most WAITS_MAX at once, each
 * with a limit. */
#ifndef ENDPOINTS_WAITS_H
#define ENDPOINTS_WAITS_H

#include "endpoints.h"

#define WAITS_MAX 3u       /* less than the threads that serve HTTP, so that one always answers */
#define WAIT_LIMIT_S 25u   /* a source takes 10 s to probe and 10 s to open, at most */
#define WAIT_TEXT 512u
#define INTERFACES_MAX (4u * 1024u * 1024u) /* octets of a list of interfaces; what does not fit: -EMSGSIZE */

struct wait {
	struct wait *next;
	struct waits *all;
	int done, gone; /* gone: nobody waits any more; the end of the operation frees it */
	int err;
	char text[WAIT_TEXT];
	int has_uuid;
	struct aerie_uuid uuid;
	struct aerie_recording *list; /* of interfaces, or NULL; touched by the main thread until done */
	uint32_t n;
};

struct waits *waits_new(const struct aerie_select *select);
/* [main] Wakes all and refuses new ones. */
void waits_end(struct waits *all);
void waits_free(struct waits *all);

/* [http] -EAGAIN: too many wait; -ESHUTDOWN; -ENOMEM. */
int wait_begin(struct waits *all, struct wait **ret);
/* [http] Until wait_done(): 0, -ETIMEDOUT, -ESHUTDOWN. After 0 its members are the caller's to read until wait_end(). */
int wait_for_end(struct wait *w);
/* [http] started: the operation runs, wait_done() comes or came. */
void wait_end(struct wait *w, int started);
/* [main] An aerie_source_done_fn; user: the wait, which may be freed by it. */
void wait_done(void *user, int err, const char *text, const struct aerie_uuid *uuid);

#endif
