/* SPDX-License-Identifier: MIT */
/* The one way from a request to its login: what role it has, and what the reply says about it. */
#ifndef SERVER_AUTH_H
#define SERVER_AUTH_H

#include <pthread.h>

#include "apikeys.h"
#include "login.h"
#include "server.h"
#include "sessions.h"
#include "throttle.h"

#define AUTH_COOKIE_OCTETS 512u
#define AUTH_TELL_EVERY_S 10u /* wrong logins, on the message bus */

/* Fields of the list of API keys. */
enum auth_name { AUTH_NAME, AUTH_ROLE, AUTH_EXPIRATION, AUTH_CREATED, AUTH_ACCESSED, AUTH_TOKEN, AUTH_NAMES };

struct auth {
	const struct server *s;
	bool require_login, generate_login, create_keys, show_keys;
	uint64_t session_timeout_s;
	const char *keys_path; /* the host's; as configured */
	const struct aerie_name *name[AUTH_NAMES];

	struct login *login;
	struct sessions *sessions;
	struct apikeys *keys;
	struct throttle *throttle;

	pthread_mutex_t lock;     /* guards the rest */
	uint64_t told_s;          /* when wrong logins were last told */
	unsigned wrong, unlooked; /* wrong ones, and ones that came too soon, since */
	char wrong_peer[64];      /* who had the last one */
};

/* What a request's password was worth. */
enum auth_password { AUTH_NO_PASSWORD, AUTH_RIGHT, AUTH_WRONG };

/* What a login stands on, for a connection that outlives its request. */
struct auth_grant {
	bool login;               /* false: there is none, and none can end */
	char token[TOKEN_OCTETS]; /* of a session or an API key; "": it was the password */
	uint64_t generation;      /* of the sessions: with another one since, the password is another one */
};

struct auth_result {
	char role[APIKEY_ROLE_OCTETS];   /* "": not logged in */
	char login[CREDENTIAL_OCTETS];   /* name of the login or API key */
	char cookie[AUTH_COOKIE_OCTETS]; /* value of a Set-Cookie header, or "" */
	uint32_t flags;                  /* AERIE_REQUEST_... */
	enum auth_password password;
	struct auth_grant grant;
	unsigned status;        /* other than 0: refused before anything else is looked at, with text */
	unsigned retry_after_s; /* with 429: of a Retry-After header */
	const char *text;
};

#define AUTH_SECURE (1u << 0)  /* the client speaks TLS, to us or to a trusted proxy */
#define AUTH_UPGRADE (1u << 1) /* for a WebSocket: a cookie would reach nobody */

/* The module's life cycle. On failure the reason was given to host->fail(). [main] */
int auth_load(struct server *s);
int auth_configure(struct server *s, const struct aerie_config *c);
int auth_start(struct server *s);
void auth_stop(struct server *s);
void auth_unload(struct server *s);

/* Looks at method, path, query, peer and headers of req. [http] */
void auth_request(const struct server *s, const struct aerie_http_request *req, uint32_t flags, struct auth_result *ret_result);
/* The password of a request, whatever else logs it in. 0: it is right; -EACCES: wrong, or there is none; -EAGAIN: come again in
 * *ret_wait_s seconds. [http] */
int auth_check_password(const struct server *s, const struct aerie_http_request *req, unsigned *ret_wait_s);
/* Is the login still good? That it is asked counts as use of its session or API key. [http] */
bool auth_holds(const struct server *s, const struct auth_grant *g);
/* Does a browser say that the request comes from a page that is neither ours nor of an allowed site? */
bool auth_is_foreign(const struct server *s, const struct aerie_http_request *req);
uint64_t auth_now_s(void); /* of a clock that goes on while the machine sleeps, and never back */

/* session_routes.c */
int session_routes_register(struct server *s);

#endif
