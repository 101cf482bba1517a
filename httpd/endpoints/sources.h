/* SPDX-License-Identifier: MIT */
/* What the routes of datasources share: sources.c has the lists and the table, control.c the commands, interfaces.c the
 * asking of drivers, feed.c what is fed. */
#ifndef ENDPOINTS_SOURCES_H
#define ENDPOINTS_SOURCES_H

#include "endpoints.h"

/* The source that the path names: 1; 0: an error was replied; or a negative errno. */
int sources_find(const struct endpoints *e, const struct aerie_request *req, struct aerie_reply *rep,
		 struct aerie_uuid *ret_uuid);
/* Replies with a source's record, or the part of it that the request selects. */
int sources_reply(const struct endpoints *e, const struct aerie_request *req, struct aerie_reply *rep,
		  const struct aerie_uuid *uuid);
/* Is `fields` of the request, if there is one, in order? Asked before anything is done: 1; 0: an error was replied; or
 * a negative errno. */
int sources_check_fields(const struct endpoints *e, const struct aerie_request *req, struct aerie_reply *rep);
/* Replies with why waiting came to nothing: `what` and the reason; or gives the errno to the router. */
int sources_reply_errno(const struct endpoints *e, struct aerie_reply *rep, int err, const char *what);

int feed_source(const struct endpoints *e, const struct aerie_uuid *uuid, const struct aerie_request *req,
		struct aerie_reply *rep);

/* control.c */
aerie_handler_fn add_source, set_channel, set_hop, close_source, open_source, pause_source, resume_source;
aerie_handler_fn list_interfaces; /* interfaces.c */

#endif
