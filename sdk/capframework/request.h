/* SPDX-License-Identifier: MIT */
/* A request of the host, as the functions that answer it get it. */
#ifndef CAP_REQUEST_H
#define CAP_REQUEST_H

#include "handler.h"

struct request {
	uint16_t command;
	uint32_t seqno;
	const uint8_t *body;
	size_t len;
};

/* Each gives 0, or -1: the link is broken, and msg says how. */
typedef int request_fn(struct aeriecap *cap, const struct request *rq, char *msg, size_t room);

/* What a request's function returns after a report. A report that finds no room in its reserve: the host asks and does
 * not read. */
int reported(int r, char *msg, size_t room);

request_fn request_config; /* config.c */

#endif
