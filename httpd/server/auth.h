/* SPDX-License-Identifier: MIT */
/* The one way from a request to its login: what role it has, and what the reply says about it. */
#ifndef SERVER_AUTH_H
#define SERVER_AUTH_H

#include "server.h"

#define AUTH_ROLE_OCTETS 33u
#define AUTH_LOGIN_OCTETS 257u
#define AUTH_COOKIE_OCTETS 512u

struct auth_result {
	char role[AUTH_ROLE_OCTETS];     /* "": not logged in */
	char login[AUTH_LOGIN_OCTETS];   /* name of the login or API key */
	char cookie[AUTH_COOKIE_OCTETS]; /* value of a Set-Cookie header, or "" */
	uint32_t flags;                  /* AERIE_REQUEST_... */
	unsigned status;                 /* other than 0: refused before anything else is looked at, with text */
	unsigned retry_after_s;          /* with 429: of a Retry-After header */
	const char *text;
};

#define AUTH_SECURE (1u << 0)  /* the client speaks TLS, to us or to a trusted proxy */
#define AUTH_UPGRADE (1u << 1) /* for a WebSocket: a cookie would reach nobody */

/* Looks at method, path, query and peer of req, and at the connection's headers. [http] */
void auth_request(const struct server *s, struct MHD_Connection *c, const struct aerie_http_request *req, uint32_t flags,
		  struct auth_result *ret_result);

#endif
