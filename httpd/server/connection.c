/* SPDX-License-Identifier: MIT */
/* A connection of libmicrohttpd, on its thread: takes a request as it comes in, answers it when that takes no time and otherwise hands it to a
 * handler thread, and sends the answer. What no honest client sends is refused here, before anybody else sees it. */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "clients.h"
#include "layout.h"
#include "proxy.h"
#include "response.h"
#include "websocket.h"

#define SWALLOW_OCTETS (32u * 1024u) /* of a body that is too large anyway */

/* The text is the connection's own memory. Next, libmicrohttpd would make a list there of the query's variables, which nobody asks it for, and it
 * has no room left for an answer when there are a thousand: so it gets to see an empty query. */
void *connection_uri(void *cls, const char *uri, struct MHD_Connection *c)
{
	void *x = exchange_new(cls, uri);
	char *query = strchr((char *)uri, '?');

	if (query)
		query[1] = '\0';
	return x;
}

void connection_completed(void *cls, struct MHD_Connection *c, void **exchange, enum MHD_RequestTerminationCode code)
{
	struct exchange *x = *exchange;

	if (x && x->ws)
		websocket_conn_drop(x->ws);
	if (x && x->response)
		MHD_destroy_response(x->response);
	if (!x || x->status != MHD_HTTP_SWITCHING_PROTOCOLS)
		clients_answered(c);
	if (x)
		x->response = NULL;
	exchange_unref(x);
	*exchange = NULL;
}

/* Percent-decoding is the router's. */
size_t connection_unescape(void *cls, struct MHD_Connection *c, char *text)
{
	return strlen(text);
}

static enum MHD_Result send_answer(struct exchange *x)
{
	enum MHD_Result ok;

	if (!x->response)
		return MHD_NO;
	if (x->status == MHD_HTTP_SWITCHING_PROTOCOLS)
		clients_upgraded(x->c);
	ok = MHD_queue_response(x->c, x->status, x->response);
	MHD_destroy_response(x->response);
	x->response = NULL;
	return ok;
}

static enum MHD_Result refuse(struct exchange *x, unsigned status, const char *text)
{
	response_refuse(x, status, text);
	return send_answer(x);
}

static enum MHD_Result refuse_size(struct exchange *x)
{
	return refuse(x, MHD_HTTP_CONTENT_TOO_LARGE, "ERROR: the request's body is too large (httpd_body_limit)\n");
}

/* RFC 9110 5.6.2. */
static bool is_token(const char *text)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~";

	return *text && !text[strspn(text, letters)];
}

static bool has_controls(const char *text)
{
	for (; text && *text; text++)
		if (((unsigned char)*text < 0x20 && *text != '\t') || *text == 0x7f)
			return true;
	return false;
}

/* What is ambiguous to the servers and proxies on the way could be read by each as another request (RFC 9112 3.2, 6.3): NULL, or what
 * is wrong. */
static const char *ambiguous(const struct exchange *x)
{
	const char *coding = exchange_header(x, "Transfer-Encoding"), *length = exchange_header(x, "Content-Length");
	unsigned codings = exchange_count_header(x, "Transfer-Encoding"), lengths = exchange_count_header(x, "Content-Length");
	uint32_t i;

	if (!layout_is_plain(x))
		return "ERROR: a line that does not end with CRLF, continues the one before, has no name or has a NUL\n";
	if (exchange_count_header(x, "Host") > 1)
		return "ERROR: more than one Host\n";
	if (codings && lengths)
		return "ERROR: both Transfer-Encoding and Content-Length\n";
	if (codings && !strcmp(x->version, "HTTP/1.0"))
		return "ERROR: HTTP/1.0 has no Transfer-Encoding\n";
	if (codings > 1 || (codings && (!coding || strcasecmp(coding, "chunked"))))
		return "ERROR: the only transfer coding that is understood is chunked\n";
	if (lengths > 1 || (lengths && (!length || !*length || length[strspn(length, "0123456789")])))
		return "ERROR: Content-Length is not one number\n";
	for (i = 0; i < x->n_headers; i++)
		if (!is_token(x->headers[i].name) || has_controls(x->headers[i].value))
			return "ERROR: a header whose name is none, or with control characters\n";
	return has_controls(x->target) || has_controls(x->query) ? "ERROR: control characters in the path\n" : NULL;
}

/* The headers are there. */
static enum MHD_Result begin(struct exchange *x, struct MHD_Connection *c, const char *method, const char *version)
{
	const char *length, *wrong;

	x->begun = true;
	x->c = c;
	x->method = method;
	x->version = version;
	if (exchange_read_headers(x))
		return MHD_NO;
	x->content_type = exchange_header(x, "Content-Type");
	length = exchange_header(x, "Content-Length");
	clients_headers(c, length || exchange_header(x, "Transfer-Encoding"));
	wrong = ambiguous(x);
	if (wrong)
		return refuse(x, MHD_HTTP_BAD_REQUEST, wrong);
	if (!proxy_apply(x))
		return refuse(x, MHD_HTTP_NOT_FOUND, "ERROR: no such path; all begin with httpd_uri_prefix\n");
	if (length && strtoull(length, NULL, 10) > x->s->body_limit)
		return refuse_size(x);
	return MHD_YES;
}

/* Room for a body of so many octets; all bodies together have a limit, and those of an address. */
static bool make_room(struct exchange *x, uint64_t need)
{
	uint64_t room = x->body_room ? x->body_room : 4096, more;
	uint8_t *body;

	while (room < need)
		room *= 2;
	if (room == x->body_room)
		return true;
	more = room - x->body_room;
	if (!clients_take_octets(x->s->clients, x->c, more, &x->body_source))
		return false;
	body = realloc(x->body, room);
	if (!body) {
		clients_give_octets(x->s->clients, x->body_source, more);
		x->body_source = x->body_room ? x->body_source : NULL;
		return false;
	}
	x->body = body;
	x->body_room = room;
	return true;
}

/* Collects a piece of the body. One that finds no room is swallowed up to the same size again, so that the client reads the refusal;
 * then it is cut. */
static enum MHD_Result collect(struct exchange *x, const char *upload, size_t *size)
{
	x->too_large = x->too_large || x->body_len + *size > x->s->body_limit;
	x->no_room = x->no_room || (!x->too_large && !make_room(x, x->body_len + *size));
	if (!x->too_large && !x->no_room)
		memcpy(x->body + x->body_len, upload, *size);
	x->body_len += *size;
	*size = 0;
	return x->body_len <= 2 * x->s->body_limit + SWALLOW_OCTETS ? MHD_YES : MHD_NO;
}

static void run_long(struct job *j, bool cancelled)
{
	struct exchange *x = (struct exchange *)((char *)j - offsetof(struct exchange, job));

	if (!cancelled)
		(void)answer(x, PATIENCE_LONG);
	MHD_resume_connection(x->c);
}

static void run_answer(struct job *j, bool cancelled)
{
	struct exchange *x = (struct exchange *)((char *)j - offsetof(struct exchange, job));

	x->job.run = run_long;
	x->job.is_long = true;
	if (cancelled || answer(x, PATIENCE_SHORT) || !handlers_submit(x->s->writers, &x->job, NULL))
		MHD_resume_connection(x->c);
}

enum MHD_Result connection_request(void *cls, struct MHD_Connection *c, const char *url, const char *method,
				   const char *version, const char *upload, size_t *upload_size, void **exchange)
{
	struct exchange *x = *exchange;

	if (!x)
		return MHD_NO;
	if (!x->begun)
		return begin(x, c, method, version);
	if (*upload_size)
		return collect(x, upload, upload_size);
	if (x->asked)
		return send_answer(x);
	clients_request(c);
	if (x->too_large)
		return refuse_size(x);
	if (x->no_room)
		return refuse(x, MHD_HTTP_SERVICE_UNAVAILABLE, "ERROR: too many large requests at once (httpd_bodies_limit), try again later\n");
	x->asked = true;
	if (answer(x, PATIENCE_NONE))
		return send_answer(x);
	x->job.run = run_answer;
	return handlers_submit(x->s->handlers, &x->job, c) ? MHD_YES : MHD_NO;
}
