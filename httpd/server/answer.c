/* SPDX-License-Identifier: MIT */
/* From a request that is there to its answer: who asks, what the router says, or else a WebSocket or a
 * file. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "cors.h"
#include "multipart.h"
#include "response.h"
#include "static.h"
#include "upgrade.h"

#define ALLOW_OCTETS 64u
#define QUICK_BODY_OCTETS 1024u /* of a command that may be read while other connections wait; the worst takes some 2 ms */

static const char out_of_memory[] = "ERROR: out of memory, try again later\n";

static uint32_t method_bit(const char *method)
{
	static const struct {
		const char *name;
		uint32_t bit;
	} methods[] = {
		{ "GET", AERIE_HTTP_GET },   { "HEAD", AERIE_HTTP_GET },      { "POST", AERIE_HTTP_POST },
		{ "PUT", AERIE_HTTP_PUT },   { "DELETE", AERIE_HTTP_DELETE },
	};
	size_t i;

	for (i = 0; i < sizeof methods / sizeof methods[0]; i++)
		if (!strcmp(method, methods[i].name))
			return methods[i].bit;
	return 0;
}

static const char *request_header(const struct aerie_http_request *req, const char *name)
{
	return exchange_header(req->transport, name);
}

const struct auth_result *connection_auth(const struct aerie_http_request *req)
{
	return &((const struct exchange *)req->transport)->auth;
}

static struct aerie_http_request request_of(struct exchange *x)
{
	return (struct aerie_http_request){
		.size = sizeof(struct aerie_http_request),
		.method = method_bit(x->method),
		.path = x->path,
		.query = x->query,
		.peer = x->peer,
		.content_type = x->content_type,
		.body = x->body,
		.body_len = x->body_len,
		.header = request_header,
		.transport = x,
	};
}

static void take_login(const struct exchange *x, struct aerie_http_request *req)
{
	req->flags |= x->auth.flags;
	req->role = x->auth.role[0] ? x->auth.role : NULL;
	req->login = x->auth.login[0] ? x->auth.login : NULL;
}

/* Finds the request's login, once. False: it was refused. */
static bool log_in(struct exchange *x, uint32_t flags, struct aerie_http_request *req)
{
	if (x->has_auth) {
		take_login(x, req);
		return true;
	}
	if (x->secure)
		flags |= AUTH_SECURE;
	auth_request(x->s, req, flags, &x->auth);
	if (x->auth.status) {
		response_refuse(x, x->auth.status, x->auth.text);
		return false;
	}
	x->has_auth = true;
	take_login(x, req);
	return true;
}

/* From here on the connection is the WebSocket thread's. */
static void upgraded(void *cls, struct MHD_Connection *c, void *exchange, const char *extra, size_t n_extra, MHD_socket fd,
		     struct MHD_UpgradeResponseHandle *urh)
{
	((struct exchange *)exchange)->ws = NULL;
	websocket_upgraded(cls, extra, n_extra, fd, urh);
}

static void answer_upgrade(struct exchange *x, struct aerie_http_request *req)
{
	const char *text;
	unsigned status = upgrade_check(x->s, x->c, x->version, req, &text);

	if (status) {
		response_refuse(x, status, text);
		return;
	}
	if (!log_in(x, AUTH_UPGRADE, req))
		return;
	x->status = MHD_HTTP_SWITCHING_PROTOCOLS;
	status = upgrade_accept(x->s, x->c, req, &x->auth.grant, upgraded, &x->ws, &x->response, &text);
	if (status)
		response_refuse(x, status, text);
}

static bool is_websocket(struct exchange *x)
{
	struct aerie_http_request req = { .size = sizeof req, .method = AERIE_HTTP_GET, .path = x->path, .peer = x->peer };

	return !upgrade_exists(x->s, &req);
}

static int64_t read_reply(void *user, char *buf, uint64_t max)
{
	struct exchange *x = user;

	return x->s->http->read(x->reply, buf, max);
}

static void drop_reply(struct exchange *x)
{
	x->s->http->reply_free(x->reply);
	x->reply = NULL;
}

/* The headers that the route added. False: among them is one that keeps the body as it is. */
static bool may_compress(const struct aerie_http_response *res)
{
	uint32_t i;

	for (i = 0; i < res->n_headers; i++)
		if (!strcasecmp(res->headers[i].name, "Content-Encoding"))
			return false;
	return res->status == MHD_HTTP_OK;
}

/* The first block of a reply could not be made. */
static void refuse_reply(struct exchange *x, int err)
{
	switch (err) {
	case -ENOMEM:
		response_refuse(x, MHD_HTTP_SERVICE_UNAVAILABLE, out_of_memory);
		return;
	case -EDQUOT:
		response_refuse(x, MHD_HTTP_BAD_REQUEST,
				"ERROR: this takes more work than a request may; use simpler patterns, or ask for less\n");
		return;
	default:
		response_refuse(x, MHD_HTTP_INTERNAL_SERVER_ERROR, "ERROR: the server failed to make this reply\n");
	}
}

static void answer_reply(struct exchange *x, const struct aerie_http_response *res)
{
	bool compressed;
	uint32_t i;
	int err;

	x->out.source = read_reply;
	err = response_body(x, res->content_type, res->length, may_compress(res), &compressed);
	if (err) {
		refuse_reply(x, err);
		return;
	}
	for (i = 0; i < res->n_headers; i++) {
		if (!strcasecmp(res->headers[i].name, "Content-Security-Policy"))
			response_drop(x, res->headers[i].name); /* the route's own instead of ours */
		response_header(x, res->headers[i].name, res->headers[i].value);
	}
	response_header(x, "Allow", res->allow);
	response_finish(x, res->status, false);
}

/* What the router has nothing for. False: nor has anybody else. */
static bool answer_unknown(struct exchange *x, const struct aerie_http_request *req)
{
	if (req->method != AERIE_HTTP_GET)
		return false;
	if (is_websocket(x)) {
		response_refuse(x, MHD_HTTP_UPGRADE_REQUIRED, "ERROR: this is a WebSocket; ask for an upgrade to it\n");
		return true;
	}
	return static_answer(x, req);
}

/* False: the route takes more patience than the request says, and was not run. */
static bool ask_router(struct exchange *x, const struct aerie_http_request *req)
{
	struct aerie_http_response res = { .size = sizeof res };

	x->reply = x->s->http->dispatch(x->s->h, req, &res);
	if (x->reply && !res.status) {
		drop_reply(x);
		return false;
	}
	if (!x->reply)
		response_refuse(x, MHD_HTTP_SERVICE_UNAVAILABLE, out_of_memory);
	else if (res.status == MHD_HTTP_NOT_FOUND && !res.methods && answer_unknown(x, req))
		drop_reply(x);
	else
		answer_reply(x, &res);
	exchange_drop_body(x);
	return true;
}

static bool answer_route(struct exchange *x, struct aerie_http_request *req, enum patience patience)
{
	static const uint32_t flags[] = {
		[PATIENCE_NONE] = AERIE_REQUEST_ONLY_QUICK, [PATIENCE_SHORT] = AERIE_REQUEST_NOT_LONG, [PATIENCE_LONG] = 0,
	};
	const char *text;
	unsigned status;

	if (!log_in(x, 0, req))
		return true;
	status = multipart_to_form(x, &text);
	if (status) {
		response_refuse(x, status, text);
		return true;
	}
	req->content_type = x->content_type;
	req->body = x->body;
	req->body_len = x->body_len;
	req->flags |= flags[patience];
	return ask_router(x, req);
}

static void allow_text(uint32_t methods, char dst[ALLOW_OCTETS])
{
	(void)snprintf(dst, ALLOW_OCTETS, "%s%s%s%sOPTIONS", methods & AERIE_HTTP_GET ? "GET, HEAD, " : "",
		       methods & AERIE_HTTP_POST ? "POST, " : "", methods & AERIE_HTTP_PUT ? "PUT, " : "",
		       methods & AERIE_HTTP_DELETE ? "DELETE, " : "");
}

/* Which methods a path has needs no login: a browser asks without one. */
static void answer_options(struct exchange *x, struct aerie_http_request *req)
{
	static const uint32_t all = AERIE_HTTP_GET | AERIE_HTTP_POST | AERIE_HTTP_PUT | AERIE_HTTP_DELETE;
	struct aerie_http_response res = { .size = sizeof res };
	char allow[ALLOW_OCTETS];

	x->reply = x->s->http->dispatch(x->s->h, req, &res);
	if (!x->reply) {
		response_refuse(x, MHD_HTTP_SERVICE_UNAVAILABLE, out_of_memory);
		return;
	}
	if (!strcmp(x->path, "*"))
		res.methods = all;
	else if (!res.methods && (is_websocket(x) || static_exists(x, req)))
		res.methods = AERIE_HTTP_GET;
	if (!res.methods) {
		answer_reply(x, &res);
		return;
	}
	drop_reply(x);
	allow_text(res.methods, allow);
	x->response = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
	response_header(x, "Allow", allow);
	if (cors_preflight(x))
		cors_preflight_headers(x, allow);
	response_finish(x, MHD_HTTP_OK, false);
}

/* What needs more than a look at tables in memory can be told before there is a route: passwords that must be hashed (there may be one in the query),
 * large commands, WebSockets, OPTIONS. */
static bool may_be_quick(const struct exchange *x)
{
	return method_bit(x->method) && !x->query && x->body_len <= QUICK_BODY_OCTETS && !upgrade_asked(x->c) &&
	       (!exchange_header(x, "Authorization") || login_is_quick(x->s->auth->login));
}

bool answer(struct exchange *x, enum patience patience)
{
	struct aerie_http_request req = request_of(x);

	if (patience == PATIENCE_NONE && !may_be_quick(x))
		return false;
	cors_origin(x);
	if (!strcmp(x->method, "OPTIONS"))
		answer_options(x, &req);
	else if (!strcmp(x->method, "GET") && upgrade_asked(x->c) && is_websocket(x))
		answer_upgrade(x, &req);
	else
		return answer_route(x, &req, patience);
	return true;
}
