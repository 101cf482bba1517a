/* SPDX-License-Identifier: MIT */
/* See auth.h. In this order, and the first that is right counts: the cookie; without any Cookie header the variable KISMET of the
 * query; Basic; the variables user and password. */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "auth.h"
#include "handshake.h"

#define ADMIN "admin"
#define KEYS_FILE "session.db"

static const char text_foreign[] = "ERROR: a page of another site may not use this login (httpd_allowed_origin)\n";
static const char text_throttled[] = "ERROR: too many wrong logins from this address; come again later\n";
static const char text_busy[] = "ERROR: too many logins at the same time; come again later\n";

uint64_t auth_now_s(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec;
}

/* ---- passwords ---- */

/* What is to be told of wrong logins now; false: nothing, or it is too early. */
static bool take_news(struct auth *a, uint64_t now_s, char *dst, size_t room)
{
	bool due;

	(void)pthread_mutex_lock(&a->lock);
	due = (a->wrong || a->unlooked) && (!a->told_s || now_s >= a->told_s + AUTH_TELL_EVERY_S);
	if (due) {
		(void)snprintf(dst, room, "HTTP login: %u wrong attempt%s, and %u that came too soon to be looked at; the last one from %s",
			       a->wrong, a->wrong == 1 ? "" : "s", a->unlooked, a->wrong_peer);
		a->told_s = now_s;
		a->wrong = a->unlooked = 0;
	}
	(void)pthread_mutex_unlock(&a->lock);
	return due;
}

/* With every request, so that the last ones of many are told, too. */
static void tell_news(struct auth *a)
{
	char text[256];

	if (take_news(a, auth_now_s(), text, sizeof text))
		a->s->bus->message(a->s->h, AERIE_LOG_ERROR, text);
}

static void note_wrong(struct auth *a, const char *peer, bool looked_at)
{
	(void)pthread_mutex_lock(&a->lock);
	a->wrong += looked_at;
	a->unlooked += !looked_at;
	(void)snprintf(a->wrong_peer, sizeof a->wrong_peer, "%s", peer);
	(void)pthread_mutex_unlock(&a->lock);
}

/* 0; -EACCES; -EAGAIN with the seconds to wait, and whether that is for what the peer did. */
static int check_login(struct auth *a, const char *user, const char *password, const char *peer, unsigned *ret_wait_s,
		       const char **ret_text)
{
	struct throttle_peer p = throttle_peer(peer);
	uint8_t digest[LOGIN_DIGEST];
	uint64_t now_s = auth_now_s();
	unsigned wait_s;
	int err;

	login_digest(a->login, user, password, digest);
	if (throttle_is_repeat(a->throttle, &p, user, digest, now_s)) {
		note_wrong(a, peer, true);
		return -EACCES;
	}
	wait_s = throttle_wait(a->throttle, &p, user, now_s);
	if (wait_s) {
		note_wrong(a, peer, false);
		*ret_wait_s = wait_s;
		*ret_text = text_throttled;
		return -EAGAIN;
	}
	err = login_check(a->login, user, password);
	if (err == -EACCES) {
		throttle_wrong(a->throttle, &p, user, digest, now_s);
		note_wrong(a, peer, true);
	} else if (err) {
		*ret_wait_s = 1;
		*ret_text = text_busy;
	}
	return err;
}

static const char *header(const struct aerie_http_request *req, const char *name)
{
	return req->header ? req->header(req, name) : NULL;
}

/* Basic, or user= and password= of the query. -ENOENT: neither. */
static int find_password(const struct aerie_http_request *req, char user[CREDENTIAL_OCTETS], char password[CREDENTIAL_OCTETS],
			 bool *ret_basic)
{
	const char *authorization = header(req, "Authorization");
	int err = authorization ? credentials_basic(authorization, user, password) : -ENOENT;

	*ret_basic = err != -ENOENT;
	if (err != -ENOENT)
		return err;
	if (credentials_query(req->query, "user", user, CREDENTIAL_OCTETS) ||
	    credentials_query(req->query, "password", password, CREDENTIAL_OCTETS))
		return -ENOENT;
	return 0;
}

static void open_session(const struct server *s, const struct aerie_http_request *req, uint32_t flags, struct auth_result *r)
{
	struct throttle_peer p = throttle_peer(req->peer);
	const char *path = s->prefix[0] && !strchr(s->prefix, ';') ? s->prefix : "/";
	char token[SESSION_TOKEN_OCTETS];

	if (sessions_open(s->auth->sessions, r->grant.generation, r->login, &p, auth_now_s(), token))
		return;
	/* Lax, not Strict: who follows a link to here stays logged in. What a link could do is refused, see auth_is_foreign(). */
	(void)snprintf(r->cookie, sizeof r->cookie, "KISMET=%s; Path=%s; HttpOnly; SameSite=Lax%s", token, path,
		       flags & AUTH_SECURE ? "; Secure" : "");
}

/* Whether there was a password at all, and if a browser may have sent it by itself. */
static void try_password(const struct server *s, const struct aerie_http_request *req, struct auth_result *r, bool *ret_ambient)
{
	char user[CREDENTIAL_OCTETS], password[CREDENTIAL_OCTETS];
	int err = find_password(req, user, password, ret_ambient);

	if (err == -ENOENT)
		return;
	if (!err)
		err = check_login(s->auth, user, password, req->peer, &r->retry_after_s, &r->text);
	sodium_memzero(password, sizeof password);
	if (err == -EAGAIN)
		r->status = MHD_HTTP_TOO_MANY_REQUESTS;
	r->password = err ? AUTH_WRONG : AUTH_RIGHT;
	if (err)
		return;
	(void)snprintf(r->role, sizeof r->role, ADMIN);
	(void)snprintf(r->login, sizeof r->login, "%s", user);
}

int auth_check_password(const struct server *s, const struct aerie_http_request *req, unsigned *ret_wait_s)
{
	const struct auth_result *r = connection_auth(req);
	char user[CREDENTIAL_OCTETS], password[CREDENTIAL_OCTETS];
	const char *text;
	bool basic;
	int err;

	if (r->password != AUTH_NO_PASSWORD) /* looked at before: there is no cookie that is right */
		return r->password == AUTH_RIGHT ? 0 : -EACCES;
	if (find_password(req, user, password, &basic))
		return -EACCES;
	err = check_login(s->auth, user, password, req->peer, ret_wait_s, &text);
	sodium_memzero(password, sizeof password);
	return err;
}

/* ---- tokens ---- */

static bool take_token(const struct server *s, const char *token, struct auth_result *r)
{
	char name[APIKEY_NAME_OCTETS];

	if (!sessions_use(s->auth->sessions, token, auth_now_s(), r->login)) {
		(void)snprintf(r->role, sizeof r->role, ADMIN);
	} else if (!apikeys_use(s->auth->keys, token, (uint64_t)time(NULL), name, r->role)) {
		(void)snprintf(r->login, sizeof r->login, "%s", name);
	} else {
		return false;
	}
	(void)snprintf(r->grant.token, sizeof r->grant.token, "%s", token);
	return true;
}

static bool try_token(const struct server *s, const struct aerie_http_request *req, struct auth_result *r, bool *ret_ambient)
{
	const char *cookies = header(req, "Cookie");
	char token[TOKEN_OCTETS];
	unsigned i;

	*ret_ambient = cookies != NULL;
	for (i = 0; cookies && i < TOKENS_MAX && !credentials_cookie(cookies, i, token); i++)
		if (take_token(s, token, r))
			return true;
	return !cookies && !credentials_query(req->query, "KISMET", token, sizeof token) && credentials_is_token(token) &&
	       take_token(s, token, r);
}

/* ---- pages of other sites ---- */

static bool origin_allowed(const struct server *s, const struct aerie_http_request *req, const char *origin)
{
	struct handshake hs = { .host = header(req, "Host"), .origin = origin };

	return handshake_origin_allowed(&hs, s->origins, s->n_origins);
}

/* The origin of a page's address. */
static bool referer_allowed(const struct server *s, const struct aerie_http_request *req, const char *referer)
{
	const char *authority = strstr(referer, "://");
	size_t len = authority ? (size_t)(authority - referer) + 3 : 0;
	char origin[512];

	if (!authority)
		return false;
	len += strcspn(referer + len, "/?#");
	if (len >= sizeof origin)
		return false;
	memcpy(origin, referer, len);
	origin[len] = '\0';
	return origin_allowed(s, req, origin);
}

bool auth_is_foreign(const struct server *s, const struct aerie_http_request *req)
{
	const char *origin = header(req, "Origin"), *site = header(req, "Sec-Fetch-Site"), *referer = header(req, "Referer");

	if (origin)
		return !origin_allowed(s, req, origin);
	if (site && (!strcasecmp(site, "same-origin") || !strcasecmp(site, "none"))) /* none: the user typed it */
		return false;
	if (referer)
		return !referer_allowed(s, req, referer);
	return site != NULL;
}

/* ---- the request ---- */

void auth_request(const struct server *s, const struct aerie_http_request *req, uint32_t flags, struct auth_result *ret_result)
{
	struct auth_result r = { .grant.generation = sessions_generation(s->auth->sessions) };
	bool ambient = false;

	if (!try_token(s, req, &r, &ambient))
		try_password(s, req, &r, &ambient);
	tell_news(s->auth);
	if (s->auth->require_login)
		r.flags |= AERIE_REQUEST_LOGIN_FOR_ALL;
	if (r.role[0] && ambient && auth_is_foreign(s, req)) {
		r.flags |= AERIE_REQUEST_FOREIGN; /* the router knows what changes something */
		if (flags & AUTH_UPGRADE) {
			r.status = MHD_HTTP_FORBIDDEN;
			r.text = text_foreign;
		}
	}
	if (r.password == AUTH_RIGHT && !(r.flags & AERIE_REQUEST_FOREIGN) && !(flags & AUTH_UPGRADE))
		open_session(s, req, flags, &r);
	r.grant.login = r.role[0] != '\0';
	*ret_result = r;
}

bool auth_holds(const struct server *s, const struct auth_grant *g)
{
	struct auth_result r;

	if (!g->login)
		return true;
	return g->token[0] ? take_token(s, g->token, &r) : g->generation == sessions_generation(s->auth->sessions);
}

/* ---- the module ---- */

int auth_load(struct server *s)
{
	struct auth *a = calloc(1, sizeof *a);

	if (!a || sodium_init() < 0) {
		free(a);
		return s->h->fail(s->h, -ENOMEM, "cannot prepare logins: no memory or no random numbers");
	}
	a->s = s;
	(void)pthread_mutex_init(&a->lock, NULL);
	s->auth = a;
	return session_routes_register(s);
}

void auth_unload(struct server *s)
{
	if (!s->auth)
		return;
	(void)pthread_mutex_destroy(&s->auth->lock);
	free(s->auth);
	s->auth = NULL;
}

static bool get_bool(const struct server *s, const struct aerie_config *c, const char *name)
{
	uint8_t value = 0;

	(void)s->config->get_bool(c, name, &value);
	return value;
}

int auth_configure(struct server *s, const struct aerie_config *c)
{
	struct auth *a = s->auth;
	uint64_t timeout_us = 0;

	a->require_login = get_bool(s, c, "httpd_require_login");
	a->generate_login = get_bool(s, c, "httpd_generate_login");
	a->create_keys = get_bool(s, c, "httpd_allow_auth_creation");
	a->show_keys = get_bool(s, c, "httpd_allow_auth_view");
	a->keys_path = NULL;
	(void)s->config->get_str(c, "httpd_session_db", &a->keys_path);
	(void)s->config->get_duration(c, "httpd_session_timeout", &timeout_us);
	a->session_timeout_s = timeout_us / 1000000;
	if (!a->session_timeout_s || a->session_timeout_s > UINT64_C(31536000))
		return s->h->fail(s->h, -EINVAL, "httpd_session_timeout must lie between 1 s and 1 year");
	return 0;
}

static int keys_path(const struct server *s, char *dst, size_t room)
{
	const char *given = s->auth->keys_path && *s->auth->keys_path ? s->auth->keys_path : KEYS_FILE;
	int n = *given == '/' ? snprintf(dst, room, "%s", given) : snprintf(dst, room, "%s/%s", s->home, given);

	return n < 0 || (size_t)n >= room ? -ENAMETOOLONG : 0;
}

static int open_keys(struct server *s)
{
	char path[4096], damaged[9000], text[5000];
	int err = keys_path(s, path, sizeof path);

	if (err)
		return s->h->fail(s->h, err, "the path of the file of API keys is too long; choose another httpd_session_db or --home");
	err = apikeys_new(path, s->auth->show_keys, damaged, sizeof damaged, &s->auth->keys);
	if (err) {
		(void)snprintf(text, sizeof text, "file of API keys %s: %s", path, err == -EPERM ?
			       "others may read or write it, or it may not be opened; run chmod 600 on it" : strerror(-err));
		return s->h->fail(s->h, err, text);
	}
	if (damaged[0])
		s->bus->message(s->h, AERIE_LOG_ERROR, damaged);
	return 0;
}

int auth_start(struct server *s)
{
	struct auth *a = s->auth;
	int err = login_new(s, a->generate_login, &a->login);

	if (!err)
		err = open_keys(s);
	if (err)
		return err;
	a->sessions = sessions_new(a->session_timeout_s);
	a->throttle = throttle_new();
	return a->sessions && a->throttle ? 0 : s->h->fail(s->h, -ENOMEM, "cannot prepare logins: no memory");
}

void auth_stop(struct server *s)
{
	struct auth *a = s->auth;

	throttle_free(a->throttle);
	a->throttle = NULL;
	sessions_free(a->sessions);
	a->sessions = NULL;
	apikeys_free(a->keys);
	a->keys = NULL;
	login_free(a->login);
	a->login = NULL;
}
