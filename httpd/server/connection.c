/* SPDX-License-Identifier: MIT */
/* One request at a time on a connection: collects the URI as sent and the body, asks the router, and lets
 * libmicrohttpd pull the reply. */
#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "auth.h"
#include "server.h"
#include "upgrade.h"

#define AUTHENTICATE "Basic realm=\"Aerie\", charset=\"UTF-8\""
#define BLOCK_OCTETS (32u * 1024u) /* what libmicrohttpd asks for at a time */

struct exchange {
	unsigned refs; /* libmicrohttpd's request, and its response; both on the connection's thread */
	struct server *s;
	char *path, *query; /* query lies in path's memory */
	uint8_t *body;
	uint64_t body_len, body_room;
	bool begun, too_large;
	char peer[64], content_type[128];
	struct aerie_reply *reply;
	struct wsconn *ws; /* answered 101, not upgraded yet */
	struct MHD_Connection *c;
	struct auth_result auth;
};

static void exchange_unref(struct exchange *x)
{
	if (!x || --x->refs)
		return;
	free(x->path);
	free(x->body);
	free(x);
}

void *connection_uri(void *cls, const char *uri, struct MHD_Connection *c)
{
	struct exchange *x = calloc(1, sizeof *x);
	const char *scheme = strstr(uri, "://"), *path = uri;
	char *mark;

	if (!x)
		return NULL;
	x->refs = 1;
	x->s = cls;
	if (*uri != '/' && scheme) { /* absolute form (RFC 9112 3.2.2): the authority is ours */
		path = strchr(scheme + 3, '/');
		path = path ? path : "/";
	}
	x->path = strdup(path);
	mark = x->path ? strchr(x->path, '?') : NULL;
	if (mark) {
		*mark = '\0';
		x->query = mark + 1;
	}
	return x;
}

void connection_completed(void *cls, struct MHD_Connection *c, void **exchange, enum MHD_RequestTerminationCode code)
{
	struct exchange *x = *exchange;

	if (x && x->ws)
		websocket_conn_drop(x->ws);
	exchange_unref(x);
	*exchange = NULL;
}

/* Percent-decoding is the router's. */
size_t connection_unescape(void *cls, struct MHD_Connection *c, char *text)
{
	return strlen(text);
}

static ssize_t read_reply(void *cls, uint64_t pos, char *buf, size_t max)
{
	struct exchange *x = cls;
	int64_t n = x->s->http->read(x->reply, buf, max);

	if (n > 0)
		return (ssize_t)n;
	return n == 0 ? MHD_CONTENT_READER_END_OF_STREAM : MHD_CONTENT_READER_END_WITH_ERROR;
}

static void free_reply(void *cls)
{
	struct exchange *x = cls;

	x->s->http->reply_free(x->reply);
	x->reply = NULL;
	exchange_unref(x);
}

static void common_headers(struct MHD_Response *r)
{
	static const char *const headers[][2] = {
		{ "Server", "Aerie" },
		{ "Cache-Control", "no-cache" },
		{ "Pragma", "no-cache" },
		{ "Expires", "Sat, 01 Jan 2000 00:00:00 GMT" },
		{ "X-Content-Type-Options", "nosniff" },
		{ "X-Frame-Options", "SAMEORIGIN" },
	};
	time_t now = time(NULL);
	char text[64];
	struct tm tm;
	size_t i;

	for (i = 0; i < sizeof headers / sizeof headers[0]; i++)
		(void)MHD_add_response_header(r, headers[i][0], headers[i][1]);
	if (gmtime_r(&now, &tm) && strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &tm))
		(void)MHD_add_response_header(r, "Last-Modified", text);
}

static enum MHD_Result queue(struct MHD_Connection *c, unsigned status, struct MHD_Response *r)
{
	enum MHD_Result ok;

	if (!r)
		return MHD_NO;
	common_headers(r);
	ok = MHD_queue_response(c, status, r);
	MHD_destroy_response(r);
	return ok;
}

/* A refusal that the router has no part in. */
static enum MHD_Result refuse_later(struct MHD_Connection *c, unsigned status, const char *text, unsigned retry_after_s)
{
	struct MHD_Response *r = MHD_create_response_from_buffer(strlen(text), (void *)text, MHD_RESPMEM_PERSISTENT);
	char seconds[16];

	if (r) {
		(void)MHD_add_response_header(r, "Content-Type", "text/plain; charset=utf-8");
		(void)MHD_add_response_header(r, "Connection", "close");
		if (status == MHD_HTTP_UNAUTHORIZED)
			(void)MHD_add_response_header(r, "WWW-Authenticate", AUTHENTICATE);
		(void)snprintf(seconds, sizeof seconds, "%u", retry_after_s);
		if (retry_after_s)
			(void)MHD_add_response_header(r, "Retry-After", seconds);
		if (status == MHD_HTTP_UPGRADE_REQUIRED) {
			(void)MHD_add_response_header(r, "Upgrade", "websocket");
			(void)MHD_add_response_header(r, "Sec-WebSocket-Version", "13");
		}
	}
	return queue(c, status, r);
}

static enum MHD_Result refuse(struct MHD_Connection *c, unsigned status, const char *text)
{
	return refuse_later(c, status, text, 0);
}

static enum MHD_Result refuse_login(struct exchange *x, struct MHD_Connection *c)
{
	return refuse_later(c, x->auth.status, x->auth.text, x->auth.retry_after_s);
}

static enum MHD_Result refuse_size(struct MHD_Connection *c)
{
	return refuse(c, MHD_HTTP_CONTENT_TOO_LARGE, "ERROR: the request's body is too large (httpd_body_limit)\n");
}

static void note_peer(struct exchange *x, struct MHD_Connection *c)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const struct sockaddr *a = info ? info->client_addr : NULL;
	socklen_t len = a && a->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);

	if (!a || getnameinfo(a, len, x->peer, sizeof x->peer, NULL, 0, NI_NUMERICHOST))
		(void)snprintf(x->peer, sizeof x->peer, "unknown");
}

static enum MHD_Result begin(struct exchange *x, struct MHD_Connection *c)
{
	const char *length = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Content-Length");
	const char *type = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Content-Type");

	x->begun = true;
	x->c = c;
	note_peer(x, c);
	if (type)
		(void)snprintf(x->content_type, sizeof x->content_type, "%s", type);
	if (length && strtoull(length, NULL, 10) > x->s->body_limit)
		return refuse_size(c);
	return MHD_YES;
}

/* Collects a piece of the body. One without announced length that becomes too large is swallowed up to the same size again, so that
 * the client reads the refusal; then it is cut. */
static enum MHD_Result collect(struct exchange *x, const char *upload, size_t *size)
{
	uint64_t room = x->body_room ? x->body_room : 4096;
	uint8_t *body;

	if (x->body_len + *size > x->s->body_limit) {
		x->too_large = true;
		x->body_len += *size;
		*size = 0;
		return x->body_len <= 2 * x->s->body_limit + BLOCK_OCTETS ? MHD_YES : MHD_NO;
	}
	while (room < x->body_len + *size)
		room *= 2;
	if (room > x->body_room) {
		body = realloc(x->body, room);
		if (!body)
			return MHD_NO;
		x->body = body;
		x->body_room = room;
	}
	memcpy(x->body + x->body_len, upload, *size);
	x->body_len += *size;
	*size = 0;
	return MHD_YES;
}

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

static const char *connection_header(const struct aerie_http_request *req, const char *name)
{
	const struct exchange *x = req->transport;

	return MHD_lookup_connection_value(x->c, MHD_HEADER_KIND, name);
}

const struct auth_result *connection_auth(const struct aerie_http_request *req)
{
	return &((const struct exchange *)req->transport)->auth;
}

/* Finds the request's login. False: it is refused. */
static bool log_in(struct exchange *x, uint32_t flags, struct aerie_http_request *req)
{
	if (x->s->tls)
		flags |= AUTH_SECURE;
	auth_request(x->s, req, flags, &x->auth);
	req->role = x->auth.role[0] ? x->auth.role : NULL;
	req->login = x->auth.login[0] ? x->auth.login : NULL;
	req->flags |= x->auth.flags;
	return !x->auth.status;
}

/* From here on the connection is the WebSocket thread's. */
static void upgraded(void *cls, struct MHD_Connection *c, void *exchange, const char *extra, size_t n_extra, MHD_socket fd,
		     struct MHD_UpgradeResponseHandle *urh)
{
	((struct exchange *)exchange)->ws = NULL;
	websocket_upgraded(cls, extra, n_extra, fd, urh);
}

static enum MHD_Result answer_upgrade(struct exchange *x, struct MHD_Connection *c, const char *version)
{
	struct aerie_http_request req = {
		.size = sizeof req, .method = AERIE_HTTP_GET, .path = x->path, .query = x->query, .peer = x->peer, .body_len = x->body_len,
		.header = connection_header, .transport = x,
	};
	struct MHD_Response *r;
	enum MHD_Result ok;
	const char *text;
	unsigned status = upgrade_check(x->s, c, version, &req, &text);

	if (status)
		return refuse(c, status, text);
	if (!log_in(x, AUTH_UPGRADE, &req))
		return refuse_login(x, c);
	status = upgrade_accept(x->s, c, &req, upgraded, &x->ws, &r, &text);
	if (status)
		return refuse(c, status, text);
	ok = MHD_queue_response(c, MHD_HTTP_SWITCHING_PROTOCOLS, r);
	MHD_destroy_response(r);
	return ok;
}

static bool is_websocket(struct exchange *x)
{
	struct aerie_http_request req = { .size = sizeof req, .method = AERIE_HTTP_GET, .path = x->path, .peer = x->peer };

	return !upgrade_exists(x->s, &req);
}

static enum MHD_Result answer(struct exchange *x, struct MHD_Connection *c, const char *method)
{
	struct aerie_http_request req = {
		.size = sizeof req,
		.method = method_bit(method),
		.path = x->path,
		.query = x->query,
		.peer = x->peer,
		.content_type = x->content_type[0] ? x->content_type : NULL,
		.body = x->body,
		.body_len = x->body_len,
		.header = connection_header,
		.transport = x,
	};
	struct aerie_http_response res = { .size = sizeof res };
	struct MHD_Response *r;

	if (!log_in(x, 0, &req))
		return refuse_login(x, c);
	x->reply = x->s->http->dispatch(x->s->h, &req, &res);
	if (!x->reply)
		return refuse(c, MHD_HTTP_SERVICE_UNAVAILABLE, "ERROR: out of memory, try again later\n");
	if (res.status == MHD_HTTP_NOT_FOUND && req.method == AERIE_HTTP_GET && is_websocket(x)) {
		x->s->http->reply_free(x->reply);
		x->reply = NULL;
		return refuse(c, MHD_HTTP_UPGRADE_REQUIRED, "ERROR: this is a WebSocket; ask for an upgrade to it\n");
	}
	x->refs++;
	r = MHD_create_response_from_callback(res.length < 0 ? MHD_SIZE_UNKNOWN : (uint64_t)res.length, BLOCK_OCTETS, read_reply, x,
					      free_reply);
	if (!r) {
		free_reply(x);
		return MHD_NO;
	}
	/* To HEAD, libmicrohttpd (0.9.75) answers the last chunk of a body that must not be there; so: not chunked, and closed. */
	if (res.length < 0 && !strcmp(method, "HEAD"))
		(void)MHD_set_response_options(r, MHD_RF_HTTP_VERSION_1_0_ONLY, MHD_RO_END);
	(void)MHD_add_response_header(r, "Content-Type", res.content_type);
	if (res.allow)
		(void)MHD_add_response_header(r, "Allow", res.allow);
	if (x->auth.cookie[0])
		(void)MHD_add_response_header(r, "Set-Cookie", x->auth.cookie);
	if (res.status == MHD_HTTP_UNAUTHORIZED)
		(void)MHD_add_response_header(r, "WWW-Authenticate", AUTHENTICATE);
	return queue(c, res.status, r);
}

enum MHD_Result connection_request(void *cls, struct MHD_Connection *c, const char *url, const char *method,
				   const char *version, const char *upload, size_t *upload_size, void **exchange)
{
	struct exchange *x = *exchange;

	if (!x || !x->path)
		return MHD_NO;
	if (!x->begun)
		return begin(x, c);
	if (*upload_size)
		return collect(x, upload, upload_size);
	if (x->too_large)
		return refuse_size(c);
	if (!strcmp(method, "GET") && upgrade_asked(c) && is_websocket(x))
		return answer_upgrade(x, c, version);
	return answer(x, c, method);
}
