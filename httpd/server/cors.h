/* SPDX-License-Identifier: MIT */
/* Which pages of other sites may read replies (Fetch Standard, 3.2 "CORS protocol"). That none sends commands in the name of a user
 * who is logged in here: auth.c. */
#ifndef SERVER_CORS_H
#define SERVER_CORS_H

#include "exchange.h"

#define CORS_MAX_AGE "600" /* seconds that a browser may keep the answer to a preflight */

/* Does httpd_allowed_origin name it? "*" is a name, too. */
bool cors_listed(const struct server *s, const char *origin);
/* Sets x->origin. Its headers and host must be known. */
void cors_origin(struct exchange *x);
/* Is it a browser's question whether a page may send a request? */
bool cors_preflight(const struct exchange *x);
/* Headers for the page into x->response. */
void cors_headers(struct exchange *x);
/* and for a preflight; allow: "GET, HEAD, ...". */
void cors_preflight_headers(struct exchange *x, const char *allow);

#endif
