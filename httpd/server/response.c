/* SPDX-License-Identifier: MIT */
/* See response.h. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cors.h"
#include "csp.h"
#include "response.h"

#define AUTHENTICATE "Basic realm=\"Aerie\", charset=\"UTF-8\""
#define BLOCK_OCTETS (16u * 1024u) /* libmicrohttpd's buffer for a body that is not chunked */

void response_header(struct exchange *x, const char *name, const char *value)
{
	if (x->response && value)
		(void)MHD_add_response_header(x->response, name, value);
}

void response_drop(struct exchange *x, const char *name)
{
	const char *value = x->response ? MHD_get_response_header(x->response, name) : NULL;

	if (value)
		(void)MHD_del_response_header(x->response, name, value);
}

static void put_last_modified(struct exchange *x)
{
	time_t now = time(NULL);
	char text[64];
	struct tm tm;

	if (gmtime_r(&now, &tm) && strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &tm))
		response_header(x, "Last-Modified", text);
}

static void put_retry_after(struct exchange *x)
{
	char seconds[16];

	if (!x->auth.retry_after_s)
		return;
	(void)snprintf(seconds, sizeof seconds, "%u", x->auth.retry_after_s);
	response_header(x, "Retry-After", seconds);
}

static void put_vary(struct exchange *x)
{
	bool origin = x->s->allow_cors;

	if (origin || x->varies)
		response_header(x, "Vary", !origin ? "Accept-Encoding" : x->varies ? "Accept-Encoding, Origin" : "Origin");
}

void response_finish(struct exchange *x, unsigned status, bool cached)
{
	static const char *const always[][2] = {
		{ "Cache-Control", "no-cache" },
		{ "X-Content-Type-Options", "nosniff" },
		{ "X-Frame-Options", "SAMEORIGIN" },
		{ "Referrer-Policy", "same-origin" },
	};
	static const char *const dynamic[][2] = {
		{ "Pragma", "no-cache" },
		{ "Expires", "Sat, 01 Jan 2000 00:00:00 GMT" },
	};
	size_t i;

	x->status = status;
	response_header(x, "Server", x->s->name);
	for (i = 0; i < sizeof always / sizeof always[0]; i++)
		if (x->response && !MHD_get_response_header(x->response, always[i][0])) /* a route may have its own */
			response_header(x, always[i][0], always[i][1]);
	for (i = 0; !cached && i < sizeof dynamic / sizeof dynamic[0]; i++)
		response_header(x, dynamic[i][0], dynamic[i][1]);
	if (!cached)
		put_last_modified(x);
	if (x->auth.cookie[0])
		response_header(x, "Set-Cookie", x->auth.cookie);
	if (status == MHD_HTTP_UNAUTHORIZED)
		response_header(x, "WWW-Authenticate", AUTHENTICATE);
	put_retry_after(x);
	put_vary(x);
	cors_headers(x);
	if (status == MHD_HTTP_UPGRADE_REQUIRED) {
		response_header(x, "Upgrade", "websocket");
		response_header(x, "Sec-WebSocket-Version", "13");
	}
}

void response_text(struct exchange *x, unsigned status, const char *content_type, const char *text)
{
	x->response = MHD_create_response_from_buffer(strlen(text), (void *)text, MHD_RESPMEM_PERSISTENT);
	response_header(x, "Content-Type", content_type);
	response_finish(x, status, false);
}

void response_refuse(struct exchange *x, unsigned status, const char *text)
{
	x->response = MHD_create_response_from_buffer(strlen(text), (void *)text, MHD_RESPMEM_PERSISTENT);
	response_header(x, "Content-Type", ERROR_TYPE);
	response_header(x, "Connection", "close");
	response_finish(x, status, false);
}

static ssize_t read_body(void *cls, uint64_t pos, char *buf, size_t max)
{
	return body_read(&((struct exchange *)cls)->out, pos, buf, max);
}

static void free_body(void *cls)
{
	exchange_unref(cls);
}

/* Whether the body goes out compressed; it is, then. */
static bool compress(struct exchange *x, const char *content_type, int64_t length)
{
	if (!x->s->gzip || !gzip_worthwhile(content_type, length))
		return false;
	x->varies = true;
	return gzip_accepted(exchange_header(x, "Accept-Encoding")) && !body_compress(&x->out, (int)x->s->gzip);
}

static int64_t read_nothing(void *user, char *buf, uint64_t max)
{
	return 0;
}

/* A page gets a policy; for that it is read whole. */
static int put_policy(struct exchange *x, const char *content_type, int64_t length, char text[CSP_OCTETS])
{
	int err = 0;

	text[0] = '\0';
	if (strncmp(content_type, "text/html", 9))
		return 0;
	if (length >= 0 && length <= (int64_t)CSP_PAGE_OCTETS) {
		err = body_hold(&x->out, (size_t)length);
		x->out.source = read_nothing;
	}
	if (!err)
		csp_make(x->out.plain ? x->out.plain : "", x->out.plain_len, text);
	return err;
}

int response_body(struct exchange *x, const char *content_type, int64_t length, bool may_compress, bool *ret_compressed)
{
	char policy[CSP_OCTETS];
	bool gzip;
	int err;

	x->out.handlers = x->s->writers;
	x->out.c = x->c;
	x->out.user = x;
	x->out.ref = exchange_ref;
	x->out.unref = exchange_unref;
	if (body_init(&x->out))
		return -ENOMEM;
	err = put_policy(x, content_type, length, policy);
	if (err)
		return err;
	body_prefill(&x->out);
	if (x->out.err && !x->out.n) /* better told than cut */
		return x->out.err;
	length = length < 0 ? body_length(&x->out) : length;
	gzip = may_compress && compress(x, content_type, length);
	length = gzip ? -1 : length;
	exchange_ref(x);
	x->response = MHD_create_response_from_callback(length < 0 ? MHD_SIZE_UNKNOWN : (uint64_t)length, BLOCK_OCTETS, read_body, x,
							free_body);
	if (!x->response) {
		exchange_unref(x);
		return -ENOMEM;
	}
	/* To HEAD, libmicrohttpd (0.9.75) answers the last chunk of a body that must not be there; so: not chunked. Without a length it then closes
	 * the connection, whatever else is set. */
	if (length < 0 && !strcmp(x->method, "HEAD"))
		(void)MHD_set_response_options(x->response, MHD_RF_HTTP_VERSION_1_0_ONLY, MHD_RO_END);
	response_header(x, "Content-Type", content_type);
	if (gzip)
		response_header(x, "Content-Encoding", "gzip");
	if (policy[0])
		response_header(x, "Content-Security-Policy", policy);
	*ret_compressed = gzip;
	return 0;
}
