/* SPDX-License-Identifier: MIT */
/* Replies: what a handler answered, and its body as a transport pulls it. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <core/bus.h>
#include <core/command.h>
#include <core/reply.h>
#include <core/routes.h>

#define REPLY_MAGIC 0x5245504cu /* "REPL" */
#define SINK_FIRST 4096u

static size_t sink_used(const struct sink *s)
{
	return s->buf ? (size_t)(s->s.cur - s->taken) : 0;
}

static int sink_more(struct aerie_sink *base, size_t n)
{
	struct sink *s = (struct sink *)base;
	size_t taken = (size_t)(s->taken - s->buf), end = (size_t)(s->s.cur - s->buf), size = s->size;
	char *buf;

	if (n > s->max || end + n > s->max) {
		s->over = true;
		return -ENOMEM;
	}
	size = size ? size * 2 : SINK_FIRST;
	if (size > s->max)
		size = s->max;
	if (size < end + n)
		size = end + n;
	buf = realloc(s->buf, size);
	if (!buf)
		return -ENOMEM;
	s->buf = buf;
	s->size = size;
	s->taken = buf + taken;
	s->s.cur = buf + end;
	s->s.end = buf + size;
	return 0;
}

struct aerie_reply *reply_new(void)
{
	struct aerie_reply *rep = calloc(1, sizeof *rep);

	if (!rep)
		return NULL;
	rep->magic = REPLY_MAGIC;
	rep->sink.s.more = sink_more;
	rep->sink.max = REPLY_VALUE_MAX + REPLY_CHUNK;
	rep->status = 200;
	return rep;
}

static void forget_headers(struct aerie_reply *rep)
{
	while (rep->n_headers)
		free((char *)rep->headers[--rep->n_headers].name);
	free(rep->headers);
	rep->headers = NULL;
}

void reply_reset(struct aerie_reply *rep)
{
	forget_headers(rep);
	if (rep->document)
		(void)rep->serializer->s.close(rep->document);
	if (rep->destroy)
		rep->destroy(rep->user);
	free(rep->wrapper);
	rep->wrapper = NULL;
	rep->is_map = rep->is_pieces = false;
	rep->document = NULL;
	rep->destroy = NULL;
	rep->user = NULL;
	rep->kind = REPLY_NONE;
	rep->begun = rep->ended = false;
	rep->error = 0;
	rep->is_error = false;
	rep->status = 200;
	rep->sink.taken = rep->sink.s.cur = rep->sink.buf;
}

void reply_free(struct aerie_reply *rep)
{
	if (!rep)
		return;
	assert(rep->magic == REPLY_MAGIC);
	reply_reset(rep);
	rep->magic = 0;
	free(rep->sink.buf);
	command_free(rep->request.command);
	free(rep->request.query.var);
	free(rep->request.text);
	if (rep->epoch)
		epoch_unpin(rep->epoch);
	free(rep);
}

static int reply_take(struct aerie_reply *rep, enum reply_kind kind, void *user, void (*destroy)(void *user))
{
	int err = rep->kind != REPLY_NONE ? -EALREADY : !rep->serializer ? -ENOTSUP : 0;

	if (err) {
		if (destroy)
			destroy(user);
		return err;
	}
	rep->kind = kind;
	rep->user = user;
	rep->destroy = destroy;
	(void)snprintf(rep->content_type, sizeof rep->content_type, "%s", rep->serializer->s.content_type);
	return 0;
}

int reply_value(struct aerie_reply *rep, aerie_emit_fn *emit, void *user, void (*destroy)(void *user))
{
	int err = reply_take(rep, REPLY_VALUE, user, destroy);

	if (!err)
		rep->emit = emit;
	return err;
}

int reply_list(struct aerie_reply *rep, aerie_next_fn *next, int64_t (*count)(void *user), void *user,
	       void (*destroy)(void *user))
{
	int err = reply_take(rep, REPLY_LIST, user, destroy);

	if (err)
		return err;
	rep->next = next;
	rep->count = count;
	return 0;
}

int reply_wrapped(struct aerie_reply *rep, const char *name, aerie_next_fn *next, int64_t (*count)(void *user), void *user,
		  void (*destroy)(void *user))
{
	char *copy = strlen(name) > AERIE_WRAPPER_MAX ? NULL : strdup(name);
	int err;

	if (!copy) {
		if (destroy)
			destroy(user);
		return strlen(name) > AERIE_WRAPPER_MAX ? -EINVAL : -ENOMEM;
	}
	err = reply_list(rep, next, count, user, destroy);
	if (err) {
		free(copy);
		return err;
	}
	rep->wrapper = copy;
	return 0;
}

int reply_map(struct aerie_reply *rep, aerie_next_fn *next, int64_t (*count)(void *user), void *user, void (*destroy)(void *user))
{
	int err = reply_list(rep, next, count, user, destroy);

	rep->is_map = !err;
	return err;
}

int reply_pieces(struct aerie_reply *rep, aerie_next_fn *next, void *user, void (*destroy)(void *user))
{
	int err = reply_list(rep, next, NULL, user, destroy);

	rep->is_pieces = !err;
	return err;
}

int reply_octets(struct aerie_reply *rep, const char *content_type, const void *data, uint64_t len)
{
	int err;

	if (rep->kind != REPLY_NONE)
		return -EALREADY;
	if (len > REPLY_VALUE_MAX)
		return -EMSGSIZE;
	err = aerie_sink_need(&rep->sink.s, len);
	if (err)
		return err;
	if (len)
		memcpy(rep->sink.s.cur, data, len);
	rep->sink.s.cur += len;
	rep->kind = REPLY_OCTETS;
	rep->ended = true;
	(void)snprintf(rep->content_type, sizeof rep->content_type, "%s", content_type);
	return 0;
}

int reply_error(struct aerie_reply *rep, uint32_t status, const char *text)
{
	char line[1024];
	int len = snprintf(line, sizeof line, "ERROR: %s", text), err;

	if (len > (int)sizeof line - 2)
		len = (int)sizeof line - 2;
	line[len++] = '\n';
	err = reply_octets(rep, "text/plain; charset=utf-8", line, (uint64_t)len);
	if (err)
		return err;
	forget_headers(rep);
	rep->status = status;
	rep->is_error = true;
	return 0;
}

void reply_status(struct aerie_reply *rep, uint32_t status)
{
	if (!rep->is_error && status >= 200 && status <= 599)
		rep->status = status;
}

/* RFC 9110 5.1 and 5.5: a name is a token, a value has no control characters but the tab. */
static bool header_valid(const char *name, const char *value)
{
	static const char token[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~";
	static const char *const framing[] = { "Content-Length", "Content-Type", "Transfer-Encoding", "Connection" };
	size_t i;

	if (!name || !value || !*name || name[strspn(name, token)])
		return false;
	for (i = 0; i < sizeof framing / sizeof framing[0]; i++)
		if (!strcasecmp(name, framing[i]))
			return false;
	for (; *value; value++)
		if ((unsigned char)*value == 0x7f || ((unsigned char)*value < 0x20 && *value != '\t'))
			return false;
	return true;
}

int reply_header(struct aerie_reply *rep, const char *name, const char *value)
{
	struct aerie_header *headers;
	size_t name_len, value_len;
	char *text;

	if (!header_valid(name, value) || rep->n_headers == REPLY_HEADERS)
		return -EINVAL;
	name_len = strlen(name) + 1;
	value_len = strlen(value) + 1;
	if (name_len > REPLY_HEADER_OCTETS || value_len > REPLY_HEADER_OCTETS - name_len)
		return -EINVAL;
	headers = realloc(rep->headers, (rep->n_headers + 1) * sizeof *headers);
	if (!headers)
		return -ENOMEM;
	rep->headers = headers;
	text = malloc(name_len + value_len);
	if (!text)
		return -ENOMEM;
	memcpy(text, name, name_len);
	memcpy(text + name_len, value, value_len);
	headers[rep->n_headers++] = (struct aerie_header){ text, text + name_len };
	return 0;
}

static int list_begin(struct aerie_reply *rep)
{
	const struct serializer *ser = rep->serializer;
	int64_t n = 0;
	int err;

	rep->expected = -1;
	if (!rep->is_pieces && ser->s.flags & AERIE_SERIALIZER_COUNTS) {
		n = rep->count ? rep->count(rep->user) : -ENOTSUP;
		if (n < 0)
			return (int)n;
		if (n > UINT32_MAX)
			return -EOVERFLOW;
		rep->expected = n;
	}
	rep->document = ser->s.open(ser->s.user, &rep->sink.s);
	if (!rep->document)
		return -ENOMEM;
	if (rep->is_pieces)
		return 0;
	if (rep->wrapper) {
		err = ser->visitor.begin_map(rep->document, 1);
		if (!err)
			err = ser->visitor.key_text(rep->document, rep->wrapper, (uint32_t)strlen(rep->wrapper));
		if (err)
			return err;
	}
	return rep->is_map ? ser->visitor.begin_map(rep->document, (uint32_t)n) : ser->visitor.begin_list(rep->document, (uint32_t)n);
}

static int document_close(struct aerie_reply *rep)
{
	void *document = rep->document;

	rep->document = NULL;
	rep->ended = true;
	return rep->serializer->s.close(document);
}

static int list_end(struct aerie_reply *rep)
{
	const struct aerie_visitor *vt = &rep->serializer->visitor;
	int err = rep->is_pieces ? 0 : rep->is_map ? vt->end_map(rep->document) : vt->end_list(rep->document);

	if (!err && rep->wrapper)
		err = vt->end_map(rep->document);
	return err ? err : document_close(rep);
}

/* The elements that were counted and then went away; entries of a map have no names that could stand for them. */
static int list_pad(struct aerie_reply *rep)
{
	if (rep->is_map && rep->expected > 0)
		return -EPROTO;
	for (; rep->expected > 0 && sink_used(&rep->sink) < REPLY_CHUNK; rep->expected--) {
		int err = rep->serializer->visitor.null(rep->document);

		if (err)
			return err;
	}
	return rep->expected > 0 ? 0 : list_end(rep);
}

static int list_fill(struct aerie_reply *rep)
{
	int r;

	if (!rep->begun) {
		rep->begun = true;
		r = list_begin(rep);
		if (r < 0)
			return r;
	}
	while (rep->next && sink_used(&rep->sink) < REPLY_CHUNK) {
		if (rep->expected == 0)
			break;
		r = rep->next(rep->user, &rep->serializer->visitor, rep->document);
		if (r < 0)
			return r;
		if (r == 0)
			rep->next = NULL;
		else if (rep->expected > 0)
			rep->expected--;
	}
	if (rep->next && rep->expected != 0)
		return 0;
	return rep->expected > 0 ? list_pad(rep) : list_end(rep);
}

static int value_fill(struct aerie_reply *rep)
{
	const struct serializer *ser = rep->serializer;
	int err;

	rep->document = ser->s.open(ser->s.user, &rep->sink.s);
	if (!rep->document)
		return -ENOMEM;
	err = rep->emit(rep->user, &ser->visitor, rep->document);
	return err < 0 ? err : document_close(rep);
}

/* The client gets a cut connection, or a bare 500: whoever wrote the route has only this. */
static void tell_failure(const struct aerie_reply *rep)
{
	const struct route *route = rep->request.route;
	const char *why = strerror(-rep->error);

	if (!rep->core || !rep->core->bus || !route || rep->error == -EDQUOT)
		return;
	if (rep->sink.over)
		why = "a value of more than 64 MiB";
	bus_printf(rep->core->bus, AERIE_LOG_ERROR, "http: the reply of %s of %s failed: %s; please report it to its author", route->r.path,
		   route->owner, why);
}

/* Makes what comes next, in a sink from which everything was taken. */
static int fill(struct aerie_reply *rep)
{
	struct sink *s = &rep->sink;

	s->taken = s->s.cur = s->buf;
	rep->error = rep->kind == REPLY_LIST ? list_fill(rep) : value_fill(rep);
	if (rep->error)
		s->taken = s->s.cur = s->buf; /* a part of an element helps nobody */
	return rep->error;
}

bool reply_fits(struct aerie_reply *rep, size_t max)
{
	size_t all = rep->sink.max;

	if (rep->kind != REPLY_VALUE)
		return true;
	rep->sink.max = max;
	(void)fill(rep);
	rep->sink.max = all;
	if (rep->error && !rep->sink.over)
		tell_failure(rep);
	return !rep->sink.over;
}

int64_t reply_read(struct aerie_reply *rep, char *buf, uint64_t max)
{
	struct sink *s = &rep->sink;
	size_t n;

	while (!sink_used(s)) {
		if (rep->error)
			return rep->error;
		if (rep->ended || rep->kind == REPLY_NONE)
			return 0;
		if (fill(rep)) {
			tell_failure(rep);
			return rep->error;
		}
	}
	n = sink_used(s) < max ? sink_used(s) : (size_t)max;
	memcpy(buf, s->taken, n);
	s->taken += n;
	return (int64_t)n;
}

int serializer_document(const struct serializer *s, aerie_emit_fn *emit,
			int (*done)(void *user, const char *data, uint64_t len), void *user, uint64_t max)
{
	/* A serializer asks for the room of a text whose every octet were escaped. */
	struct sink sink = { .s.more = sink_more, .max = max < REPLY_VALUE_MAX / 6 ? (size_t)max * 6 + SINK_FIRST : REPLY_VALUE_MAX };
	void *state = s->s.open(s->s.user, &sink.s);
	int err, closed;

	if (!state)
		return -ENOMEM;
	err = emit(user, &s->visitor, state);
	closed = s->s.close(state);
	if (err >= 0)
		err = closed;
	if (sink.over || (uint64_t)(sink.s.cur - sink.buf) > max)
		err = -EMSGSIZE;
	if (!err)
		err = done(user, sink.buf, (uint64_t)(sink.s.cur - sink.buf));
	free(sink.buf);
	return err;
}
