/* SPDX-License-Identifier: MIT */
/* See cors.h. */
#include <string.h>
#include <strings.h>

#include "cors.h"
#include "handshake.h"
#include "response.h"

bool cors_listed(const struct server *s, const char *origin)
{
	uint32_t i;

	for (i = 0; i < s->n_origins; i++)
		if (!strcasecmp(s->origins[i], origin))
			return true;
	return false;
}

void cors_origin(struct exchange *x)
{
	struct handshake hs = { .origin = exchange_header(x, "Origin"), .host = exchange_header(x, "Host") };
	bool all = cors_listed(x->s, "*") || (x->s->allow_cors && !x->s->n_origins);

	if (handshake_origin_allowed(&hs, NULL, 0))
		x->origin = ORIGIN_OURS;
	else if (cors_listed(x->s, hs.origin))
		x->origin = ORIGIN_ALLOWED;
	else
		x->origin = all ? ORIGIN_ANY : ORIGIN_FOREIGN;
}

bool cors_preflight(const struct exchange *x)
{
	return !strcmp(x->method, "OPTIONS") && exchange_header(x, "Origin") && exchange_header(x, "Access-Control-Request-Method");
}

void cors_headers(struct exchange *x)
{
	if (!x->s->allow_cors || !exchange_header(x, "Origin"))
		return;
	if (x->origin == ORIGIN_ALLOWED) {
		response_header(x, "Access-Control-Allow-Origin", exchange_header(x, "Origin"));
		response_header(x, "Access-Control-Allow-Credentials", "true");
	} else if (x->origin == ORIGIN_ANY) {
		response_header(x, "Access-Control-Allow-Origin", "*");
	} else {
		return;
	}
	response_header(x, "Access-Control-Expose-Headers", "Content-Disposition, Content-Range, ETag, Retry-After");
}

void cors_preflight_headers(struct exchange *x, const char *allow)
{
	if (!x->s->allow_cors || (x->origin != ORIGIN_ALLOWED && x->origin != ORIGIN_ANY))
		return;
	response_header(x, "Access-Control-Allow-Methods", allow);
	response_header(x, "Access-Control-Allow-Headers",
			"Authorization, Content-Type, If-Modified-Since, If-None-Match, Range, X-Requested-With");
	response_header(x, "Access-Control-Max-Age", CORS_MAX_AGE);
}
