/* SPDX-License-Identifier: MIT */
/* See multipart.h. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "multipart.h"

#define MEDIA_TYPE "multipart/form-data"
#define PART_HEADERS 8192u /* octets of a part's headers, at most */

struct form {
	uint8_t *text;
	uint64_t len, limit;
	unsigned status; /* of the refusal, or 0 */
	const char *why;
};

static enum MHD_Result fail(struct form *f, unsigned status, const char *why)
{
	f->status = status;
	f->why = why;
	return MHD_NO;
}

/* Escapes what a form gives a meaning, and no more: nobody but the router reads it. */
static bool put(struct form *f, const char *data, size_t n)
{
	static const char digits[] = "0123456789ABCDEF";
	unsigned char c;
	size_t i;

	for (i = 0; i < n; i++) {
		c = (unsigned char)data[i];
		if (f->limit - f->len < 3)
			return false;
		if (c != '%' && c != '&' && c != '=' && c != '+') {
			f->text[f->len++] = c;
			continue;
		}
		f->text[f->len++] = '%';
		f->text[f->len++] = (uint8_t)digits[c >> 4];
		f->text[f->len++] = (uint8_t)digits[c & 15];
	}
	return true;
}

/* A piece of a value; the first one of each begins at 0, also when it is empty. */
static enum MHD_Result on_value(void *user, enum MHD_ValueKind kind, const char *name, const char *filename, const char *type,
				const char *encoding, const char *data, uint64_t at, size_t n)
{
	static const char too_long[] = "ERROR: the form is too large (httpd_body_limit, where each of % & = + counts as three octets)\n";
	struct form *f = user;

	if (!name)
		return fail(f, MHD_HTTP_BAD_REQUEST, "ERROR: a part of the form has no name\n");
	if (n && memchr(data, 0, n))
		return fail(f, MHD_HTTP_BAD_REQUEST, "ERROR: the form has an octet 0\n");
	if (at)
		return put(f, data, n) ? MHD_YES : fail(f, MHD_HTTP_CONTENT_TOO_LARGE, too_long);
	if (f->limit - f->len < 2)
		return fail(f, MHD_HTTP_CONTENT_TOO_LARGE, too_long);
	if (f->len)
		f->text[f->len++] = '&';
	if (!put(f, name, strlen(name)) || f->len == f->limit)
		return fail(f, MHD_HTTP_CONTENT_TOO_LARGE, too_long);
	f->text[f->len++] = '=';
	return put(f, data, n) ? MHD_YES : fail(f, MHD_HTTP_CONTENT_TOO_LARGE, too_long);
}

static void take_apart(const struct exchange *x, struct form *f)
{
	static const char malformed[] = "ERROR: the body is not the multipart/form-data that its Content-Type says it is\n";
	struct MHD_PostProcessor *pp = MHD_create_post_processor(x->c, PART_HEADERS, on_value, f);
	enum MHD_Result read;

	if (!pp) {
		(void)fail(f, MHD_HTTP_BAD_REQUEST, "ERROR: the Content-Type has no boundary, or a malformed one\n");
		return;
	}
	read = MHD_post_process(pp, (const char *)x->body, (size_t)x->body_len);
	if ((MHD_destroy_post_processor(pp) != MHD_YES || read != MHD_YES) && !f->status)
		(void)fail(f, MHD_HTTP_BAD_REQUEST, malformed);
	else if (!f->len && !f->status) /* whatever comes before the first one is passed over */
		(void)fail(f, MHD_HTTP_BAD_REQUEST, "ERROR: the form has no parts between the boundaries that its Content-Type names\n");
}

unsigned multipart_to_form(struct exchange *x, const char **ret_text)
{
	const char *type = x->content_type;
	struct form f = { .limit = x->s->body_limit };
	uint8_t *text;

	if (!x->body_len || !type || strncasecmp(type, MEDIA_TYPE, sizeof MEDIA_TYPE - 1) || !strchr("; \t", type[sizeof MEDIA_TYPE - 1]))
		return 0;
	if (f.limit > 3 * x->body_len) /* it cannot become longer */
		f.limit = 3 * x->body_len;
	f.text = malloc((size_t)f.limit);
	if (!f.text) {
		*ret_text = "ERROR: out of memory, try again later\n";
		return MHD_HTTP_SERVICE_UNAVAILABLE;
	}
	take_apart(x, &f);
	if (f.status) {
		free(f.text);
		*ret_text = f.why;
		return f.status;
	}
	text = realloc(f.text, (size_t)f.len + 1);
	free(x->body);
	x->body = text ? text : f.text;
	x->body_len = f.len;
	x->content_type = "application/x-www-form-urlencoded";
	return 0;
}
