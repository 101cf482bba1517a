/* SPDX-License-Identifier: MIT */
/* The endpoints about logins: sessions, the password, API keys. */
#include <arpa/inet.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "auth.h"

static int say(const struct server *s, struct aerie_reply *rep, const char *text)
{
	return s->http->reply_octets(rep, "text/plain; charset=utf-8", text, strlen(text));
}

/* ---- sessions ---- */

static int check_session(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	return say(user, rep, "Session valid\n");
}

static int check_login(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	const struct server *s = user;
	unsigned wait_s = 0;
	char text[128];
	int err = auth_check_password(s, s->http->raw(req), &wait_s);

	if (!err)
		return say(s, rep, "Login valid\n");
	if (err == -EACCES)
		return s->http->reply_error(rep, 403, "the login is not valid");
	if (err != -EAGAIN)
		return err;
	(void)snprintf(text, sizeof text, "too many logins; come again in %u s", wait_s);
	return s->http->reply_error(rep, 429, text);
}

static int check_setup(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	const struct server *s = user;

	switch (login_state(s->auth->login)) {
	case LOGIN_FILE:
		return say(s, rep, "Login configured in the home directory\n");
	case LOGIN_CONFIGURED:
		return s->http->reply_error(rep, 406, "the login is in the configuration (httpd_username, httpd_password)");
	case LOGIN_NONE:
		break;
	}
	return s->http->reply_error(rep, 500, "no login is configured; set one with a POST to /session/set_password");
}

/* ---- the password ---- */

static bool is_loopback(const char *address)
{
	struct throttle_peer p = throttle_peer(address); /* ::1 is cut to its /64 there */

	return !strcmp(address, "::1") || (p.octets[10] == 0xff && p.octets[12] == 127);
}

/* Is the host that the client asked for this machine by its own name? Of a name that only leads here, anybody may be the owner. */
static bool is_own_name(const char *host)
{
	static const char *const names[] = { "localhost", "127.0.0.1", "[::1]" };
	size_t i, len;

	for (i = 0; host && i < sizeof names / sizeof names[0]; i++) {
		len = strlen(names[i]);
		if (!strncasecmp(host, names[i], len) && (!host[len] || host[len] == ':'))
			return true;
	}
	return false;
}

/* Without a login, only somebody on this machine, not by way of a proxy nor of another site's page, may set the first one. */
static bool may_set_first(const struct server *s, const struct aerie_http_request *raw)
{
	static const char *const proxies[] = { "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Forwarded", "Via" };
	size_t i;

	for (i = 0; i < sizeof proxies / sizeof proxies[0]; i++)
		if (raw->header(raw, proxies[i]))
			return false;
	return is_loopback(raw->peer) && is_own_name(raw->header(raw, "Host")) && !auth_is_foreign(s, raw);
}

/* The whole text of a key of a command; NULL: it is none, or has a NUL. */
static const char *text_of(const struct server *s, const struct aerie_value *command, const char *key)
{
	uint32_t len = 0;
	const char *text = s->http->value_str(s->http->value_get(command, key), &len);

	return text && strlen(text) == len ? text : NULL;
}

/* A text of the form or of the command; NULL: neither has it. */
static int find_text(const struct server *s, const struct aerie_request *req, const char *name, const char **ret_text)
{
	const struct aerie_value *command = NULL;
	const char *text = s->http->form(req, name);
	int err = text ? 0 : s->http->command(req, &command);

	if (err && err != -ENODATA)
		return err;
	*ret_text = text ? text : text_of(s, command, name);
	return 0;
}

static bool has_controls(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return true;
	return false;
}

/* NULL, or what is wrong. */
static const char *judge(const char *user, const char *password)
{
	if (!user || !*user)
		return "`username` is missing or empty";
	if (!password || !*password)
		return "`password` is missing or empty";
	if (strlen(user) >= CREDENTIAL_OCTETS || strchr(user, ':') || has_controls(user))
		return "`username` is longer than 255 octets, or has a colon or control characters";
	if (strlen(password) < LOGIN_PASSWORD_MIN)
		return "`password` is too short: 8 octets or more";
	if (strlen(password) >= CREDENTIAL_OCTETS || has_controls(password))
		return "`password` is longer than 255 octets or has control characters";
	return NULL;
}

static int explain_set(const struct server *s, struct aerie_reply *rep, int err)
{
	char text[256];

	switch (err) {
	case -ENOTSUP:
		return s->http->reply_error(rep, 403, "the configuration fixes the login (httpd_username, httpd_password)");
	case -EALREADY:
		return s->http->reply_error(rep, 401, "there is a login now; changing it needs that login");
	case -ENOMEM:
		return s->http->reply_error(rep, 503, "hashing a password needs 64 MiB of memory, try again later");
	}
	(void)snprintf(text, sizeof text, "the login could not be written to the home directory: %s; the old one is still valid", strerror(-err));
	return s->http->reply_error(rep, 500, text);
}

static int set_password(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	const struct server *s = user;
	const struct aerie_http_request *raw = s->http->raw(req);
	enum login_state state = login_state(s->auth->login);
	const char *name, *password, *wrong;
	int err;

	if (state == LOGIN_CONFIGURED)
		return explain_set(s, rep, -ENOTSUP);
	if (state == LOGIN_FILE && !raw->role)
		return s->http->reply_error(rep, 401, "this needs a login; there was none, or not a valid one");
	if (state == LOGIN_FILE && strcmp(raw->role, "admin"))
		return s->http->reply_error(rep, 403, "this needs a login with the role admin");
	if (state == LOGIN_NONE && !(raw->role && !strcmp(raw->role, "admin")) && !may_set_first(s, raw))
		return s->http->reply_error(rep, 403, "the first login is set on the server's own machine, as http://localhost and without a proxy");
	err = find_text(s, req, "username", &name);
	if (!err)
		err = find_text(s, req, "password", &password);
	if (err)
		return err;
	wrong = judge(name, password);
	if (wrong)
		return s->http->reply_error(rep, 400, wrong);
	err = login_set(s->auth->login, name, password, state == LOGIN_NONE);
	if (err)
		return explain_set(s, rep, err);
	sessions_end(s->auth->sessions);
	throttle_clear(s->auth->throttle);
	s->bus->message(s->h, AERIE_LOG_INFO, "HTTP login: it was set anew; all sessions have ended");
	return say(s, rep, "Login configured\n");
}

/* ---- API keys ---- */

static uint64_t wall_s(void)
{
	return (uint64_t)time(NULL);
}

static int explain_keys(const struct server *s, struct aerie_reply *rep, int err)
{
	char text[256];

	switch (err) {
	case -EALREADY:
		return s->http->reply_error(rep, 409, "there is an API key of that `name`; revoke it first, or choose another");
	case -ENOKEY:
		return s->http->reply_error(rep, 404, "there is no API key of that `name`");
	case -EUSERS:
		return s->http->reply_error(rep, 507, "there are 256 API keys; revoke one");
	case -ENOMEM:
		return s->http->reply_error(rep, 503, "out of memory, try again later");
	}
	(void)snprintf(text, sizeof text, "the file of API keys (httpd_session_db) could not be written: %s; nothing was changed", strerror(-err));
	return s->http->reply_error(rep, 500, text);
}

static int generate_key(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	const struct server *s = user;
	const struct aerie_value *command = NULL;
	char token[APIKEY_TOKEN_OCTETS];
	const struct aerie_value *duration;
	const char *name, *role;
	int64_t duration_s;
	int err;

	if (!s->auth->create_keys)
		return s->http->reply_error(rep, 403, "API keys may not be made (httpd_allow_auth_creation)");
	err = s->http->command(req, &command);
	if (err)
		return err;
	name = text_of(s, command, "name");
	role = text_of(s, command, "role");
	duration = s->http->value_get(command, "duration");
	duration_s = s->http->value_kind(duration) == AERIE_VALUE_BOOL ? -1 : s->http->value_int(duration, -1);
	if (!name || !apikey_name_valid(name))
		return s->http->reply_error(rep, 400, "`name` must be a text of 1 to 64 octets without control characters");
	if (!role || !apikey_role_valid(role))
		return s->http->reply_error(rep, 400, "`role` must be admin, readonly, datasource, or another of 1 to 32 letters, digits, "
					    "- and _ (but not any)");
	if (duration_s < 0 || (uint64_t)duration_s > APIKEY_DURATION_MAX_S)
		return s->http->reply_error(rep, 400, "`duration` must be a whole number of seconds, 0 for a key without end");
	err = apikeys_add(s->auth->keys, name, role, (uint64_t)duration_s, wall_s(), token);
	if (err)
		return explain_keys(s, rep, err);
	err = say(s, rep, token);
	sodium_memzero(token, sizeof token);
	return err;
}

static int revoke_key(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	const struct server *s = user;
	const struct aerie_value *command = NULL;
	const char *name;
	int err = s->http->command(req, &command);

	if (err)
		return err;
	name = text_of(s, command, "name");
	if (!name || !*name)
		return s->http->reply_error(rep, 400, "`name` is missing or no text");
	err = apikeys_revoke(s->auth->keys, name, wall_s());
	return err ? explain_keys(s, rep, err) : say(s, rep, "revoked\n");
}

struct listing {
	const struct server *s;
	struct apikey *key;
	uint32_t n, i;
};

static void listing_free(void *user)
{
	struct listing *l = user;

	sodium_memzero(l->key, l->n * sizeof *l->key);
	free(l->key);
	free(l);
}

static int put_text(const struct listing *l, const struct aerie_visitor *vt, void *v, enum auth_name name, const char *text)
{
	int err = vt->key(v, l->s->auth->name[name]);

	return err ? err : vt->str(v, text, (uint32_t)strlen(text));
}

static int put_time(const struct listing *l, const struct aerie_visitor *vt, void *v, enum auth_name name, uint64_t time_s)
{
	int err = vt->key(v, l->s->auth->name[name]);

	return err ? err : vt->u64(v, time_s);
}

static int next_key(void *user, const struct aerie_visitor *vt, void *v)
{
	struct listing *l = user;
	const struct apikey *key = &l->key[l->i];
	bool shown = l->s->auth->show_keys && l->i < l->n && key->token[0];
	int err;

	if (l->i == l->n)
		return 0;
	l->i++;
	err = vt->begin_map(v, 5 + shown);
	err = err ? err : put_text(l, vt, v, AUTH_NAME, key->name);
	err = err ? err : put_text(l, vt, v, AUTH_ROLE, key->role);
	err = err ? err : put_time(l, vt, v, AUTH_EXPIRATION, key->expires_s);
	err = err ? err : put_time(l, vt, v, AUTH_CREATED, key->created_s);
	err = err ? err : put_time(l, vt, v, AUTH_ACCESSED, key->accessed_s);
	if (shown)
		err = err ? err : put_text(l, vt, v, AUTH_TOKEN, key->token);
	err = err ? err : vt->end_map(v);
	return err ? err : 1;
}

static int64_t count_keys(void *user)
{
	return ((const struct listing *)user)->n;
}

static int list_keys(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	const struct server *s = user;
	struct listing *l = calloc(1, sizeof *l);
	int err = l ? apikeys_copy(s->auth->keys, wall_s(), &l->key, &l->n) : -ENOMEM;

	if (err) {
		free(l);
		return err;
	}
	l->s = s;
	return s->http->reply_list(rep, next_key, count_keys, l, listing_free);
}

/* ---- registration ---- */

static const struct aerie_param password_params[] = {
	AERIE_PARAM(AERIE_IN_QUERY, 0, "username", "string", "User of the new login, without a colon; a form variable, or a key of the command.",
		    "\"admin\""),
	AERIE_PARAM(AERIE_IN_QUERY, 0, "password", "string", "Its password, 8 to 255 octets; a form variable, or a key of the command.",
		    "\"correct horse\""),
	AERIE_PARAM(AERIE_IN_COMMAND, 0, "username", "string", "The same, with a command.", "\"admin\""),
	AERIE_PARAM(AERIE_IN_COMMAND, 0, "password", "string", "The same, with a command.", "\"correct horse\""),
};
static const struct aerie_param generate_params[] = {
	AERIE_PARAM(AERIE_IN_COMMAND, AERIE_PARAM_REQUIRED, "name", "string", "Name of the key, 1 to 64 octets; not one that is taken.", "\"roof\""),
	AERIE_PARAM(AERIE_IN_COMMAND, AERIE_PARAM_REQUIRED, "role", "string",
		    "What it may do: admin, readonly, datasource, or another role that a route asks for.", "\"datasource\""),
	AERIE_PARAM(AERIE_IN_COMMAND, AERIE_PARAM_REQUIRED, "duration", "integer", "Seconds until it ends; 0: never.", "86400"),
};
static const struct aerie_param revoke_params[] = {
	AERIE_PARAM(AERIE_IN_COMMAND, AERIE_PARAM_REQUIRED, "name", "string", "Name of the key.", "\"roof\""),
};

#define PARAMS(p) (p), sizeof(p) / sizeof((p)[0])
static const struct {
	uint32_t methods;
	const char *path, *formats, *role, *summary, *help;
	aerie_handler_fn *handle;
	const struct aerie_param *params;
	uint32_t n_params, result;
	const char *fields;
} routes[] = {
	{ AERIE_HTTP_GET, "/session/check_session", "", "any", "Whether the request is logged in.",
	  "200 and the text `Session valid`; otherwise 401 with WWW-Authenticate. A session, an API key, and a user with password will do.",
	  check_session, NULL, 0, AERIE_RESULT_OCTETS, NULL },
	{ AERIE_HTTP_GET, "/session/check_login", "", "", "Whether a user and password are right.",
	  "Looks at Basic authorization (or the variables user and password) and at nothing else: a session does not help. 200 and the text "
	  "`Login valid`; otherwise, also without any, 403; 429 after too many wrong ones.",
	  check_login, NULL, 0, AERIE_RESULT_OCTETS, NULL },
	{ AERIE_HTTP_GET, "/session/check_setup_ok", "", "", "Whether there is a login, and where.",
	  "200: set, in the home directory; 406: fixed by the configuration; 500: none yet. The body says it in words.",
	  check_setup, NULL, 0, AERIE_RESULT_OCTETS, NULL },
	{ AERIE_HTTP_POST, "/session/set_password", "", "", "Sets the login.",
	  "Needs the role admin, except for the first login, which is set on the server's own machine. All sessions end. The text "
	  "`Login configured`; 400 for a login that will not do, 403 when the configuration fixes it.",
	  set_password, PARAMS(password_params), AERIE_RESULT_OCTETS, NULL },
	{ AERIE_HTTP_POST, "/auth/apikey/generate", "cmd|jcmd", "admin", "Makes an API key.",
	  "The answer is its token, as text, this one time: send it as cookie or as variable KISMET. 409 when the name is taken, 403 when keys "
	  "may not be made.",
	  generate_key, PARAMS(generate_params), AERIE_RESULT_OCTETS, NULL },
	{ AERIE_HTTP_POST, "/auth/apikey/revoke", "cmd|jcmd", "admin", "Ends an API key.", "The text `revoked`; 404 when there is no such key.",
	  revoke_key, PARAMS(revoke_params), AERIE_RESULT_OCTETS, NULL },
	{ AERIE_HTTP_GET, "/auth/apikey/list", NULL, "admin", "The API keys that are valid.",
	  "A list of names and roles; with httpd_allow_auth_view also the tokens of keys that were made with it.",
	  list_keys, NULL, 0, AERIE_RESULT_LIST,
	  "kismet.httpd.auth.name kismet.httpd.auth.role kismet.httpd.auth.expiration aerie.httpd.auth.created aerie.httpd.auth.accessed "
	  "kismet.httpd.auth.token" },
};

#define FIELD(type, name, unit, help) AERIE_FIELD_DEF(type, 0, 0, name, unit, help)
static const struct aerie_field_def names[AUTH_NAMES] = {
	[AUTH_NAME] = FIELD(AERIE_T_STR, "kismet.httpd.auth.name", "", "Name of an API key."),
	[AUTH_ROLE] = FIELD(AERIE_T_STR, "kismet.httpd.auth.role", "", "Role of an API key."),
	[AUTH_EXPIRATION] = FIELD(AERIE_T_U64, "kismet.httpd.auth.expiration", "s", "When an API key ends, since 1970-01-01 UTC; 0: never."),
	[AUTH_CREATED] = FIELD(AERIE_T_U64, "aerie.httpd.auth.created", "s", "When an API key was made, since 1970-01-01 UTC."),
	[AUTH_ACCESSED] = FIELD(AERIE_T_U64, "aerie.httpd.auth.accessed", "s", "When an API key was last used, since 1970-01-01 UTC; 0: never."),
	[AUTH_TOKEN] = FIELD(AERIE_T_STR, "kismet.httpd.auth.token", "", "Token of an API key; only with httpd_allow_auth_view."),
};

static int define_names(struct server *s)
{
	const struct aerie_fields *fields = s->h->get_service(s->h, AERIE_FIELDS_SERVICE);
	aerie_field_id id;
	int err, i;

	for (i = 0; i < AUTH_NAMES; i++) {
		err = fields->define(s->h, &names[i], &id);
		if (err)
			return err;
		s->auth->name[i] = fields->name(s->h, id);
	}
	return 0;
}

int session_routes_register(struct server *s)
{
	int err = define_names(s);
	size_t i;

	for (i = 0; !err && i < sizeof routes / sizeof routes[0]; i++) {
		struct aerie_route route = {
			.size = sizeof route, .methods = routes[i].methods, .path = routes[i].path, .formats = routes[i].formats,
			.role = routes[i].role, .summary = routes[i].summary, .help = routes[i].help, .handle = routes[i].handle,
			.user = s, .params = routes[i].params, .n_params = routes[i].n_params, .result = routes[i].result,
			.fields = routes[i].fields,
		};

		err = s->http->register_route(s->h, &route);
	}
	return err;
}
