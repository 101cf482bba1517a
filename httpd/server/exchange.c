/* SPDX-License-Identifier: MIT */
/* See exchange.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "clients.h"
#include "exchange.h"

struct exchange *exchange_new(struct server *s, const char *uri)
{
	struct exchange *x = calloc(1, sizeof *x);
	const char *scheme = strstr(uri, "://");
	char *mark;

	if (!x)
		return NULL;
	atomic_init(&x->refs, 1);
	x->s = s;
	x->file_fd = -1;
	x->target = strdup(uri);
	if (!x->target) {
		free(x);
		return NULL;
	}
	x->target_len = strlen(uri);
	mark = strchr(x->target, '?');
	if (mark) {
		*mark = '\0';
		x->query = mark + 1;
	}
	x->path = x->target;
	if (*uri != '/' && scheme && scheme < uri + strlen(x->target)) { /* absolute form (RFC 9112 3.2.2): the authority is ours */
		x->path = strchr(x->target + (scheme - uri) + 3, '/');
		x->path = x->path ? x->path : "/";
	}
	return x;
}

void exchange_ref(void *user)
{
	struct exchange *x = user;

	(void)atomic_fetch_add_explicit(&x->refs, 1, memory_order_relaxed);
}

void exchange_drop_body(struct exchange *x)
{
	if (x->body_room)
		clients_give_octets(x->s->clients, x->body_source, x->body_room);
	free(x->body);
	x->body = NULL;
	x->body_source = NULL;
	x->body_len = x->body_room = 0;
}

void exchange_unref(void *user)
{
	struct exchange *x = user;

	if (!x || atomic_fetch_sub_explicit(&x->refs, 1, memory_order_acq_rel) != 1)
		return;
	if (x->reply)
		x->s->http->reply_free(x->reply);
	body_free(&x->out);
	exchange_drop_body(x);
	if (x->file_fd >= 0)
		(void)close(x->file_fd);
	free(x->headers);
	free(x->header_text);
	free(x->target);
	free(x);
}

struct copy {
	struct exchange *x;
	size_t octets;
	uint32_t n;
};

static enum MHD_Result measure(void *cls, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct copy *c = cls;

	c->octets += strlen(name) + 1 + (value ? strlen(value) + 1 : 0);
	c->n++;
	return MHD_YES;
}

static char *put(struct copy *c, const char *text)
{
	size_t len = strlen(text) + 1;
	char *at = c->x->header_text + c->octets;

	memcpy(at, text, len);
	c->octets += len;
	return at;
}

static enum MHD_Result copy_header(void *cls, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct copy *c = cls;

	c->x->headers[c->n].name = put(c, name);
	c->x->headers[c->n++].value = value ? put(c, value) : NULL;
	return MHD_YES;
}

int exchange_read_headers(struct exchange *x)
{
	struct copy c = { .x = x };

	(void)MHD_get_connection_values(x->c, MHD_HEADER_KIND, measure, &c);
	x->header_text = malloc(c.octets + 1);
	x->headers = calloc(c.n + 1, sizeof *x->headers);
	if (!x->header_text || !x->headers)
		return -ENOMEM;
	x->n_headers = c.n;
	c.octets = c.n = 0;
	(void)MHD_get_connection_values(x->c, MHD_HEADER_KIND, copy_header, &c);
	return 0;
}

const char *exchange_header(const struct exchange *x, const char *name)
{
	uint32_t i;

	for (i = 0; i < x->n_headers; i++)
		if (!strcasecmp(x->headers[i].name, name))
			return x->headers[i].value;
	return NULL;
}

const char *exchange_last_header(const struct exchange *x, const char *name)
{
	uint32_t i;

	for (i = x->n_headers; i > 0; i--)
		if (!strcasecmp(x->headers[i - 1].name, name))
			return x->headers[i - 1].value;
	return NULL;
}

unsigned exchange_count_header(const struct exchange *x, const char *name)
{
	unsigned n = 0;
	uint32_t i;

	for (i = 0; i < x->n_headers; i++)
		n += !strcasecmp(x->headers[i].name, name);
	return n;
}
