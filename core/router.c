/* SPDX-License-Identifier: MIT */
/* Routes and serializers: registration, and the way of a request from its path to a handler's reply. */
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <core/bus.h>
#include <core/command.h>
#include <core/router.h>
#include <core/routes.h>
#include <core/value.h>

struct router *router_new(struct core *core)
{
	struct router *r = calloc(1, sizeof *r);

	if (!r)
		return NULL;
	value_note_memory();
	r->core = core;
	epochs_set_builder(core->epochs, REG_ROUTE, route_table_build, free, r);
	epochs_set_builder(core->epochs, REG_WS, ws_table_build, free, r);
	epochs_set_builder(core->epochs, REG_SERIALIZER, serializer_table_build, free, r);
	return r;
}

void router_free(struct router *r)
{
	free(r);
}

/* ---- registration ---- */

struct conflict {
	struct module *m;
	const struct route *route;
};

static int find_conflict(void *user, const struct reg *reg)
{
	const struct conflict *c = user;
	const struct route *other = reg->item;

	if (!route_conflicts(c->route, other))
		return 0;
	return module_fail(c->m, -EEXIST, "route %s: %s has a route for the same path, method and format (%s)",
			   c->route->r.path, other->owner, other->r.path);
}

static int register_route(const struct aerie_host *h, const struct aerie_route *r)
{
	struct module *m = module_of(h);
	struct aerie_route full = { 0 };
	struct conflict c = { .m = m };
	struct route *route;
	const char *error;
	int err;

	memcpy(&full, r, r->size < sizeof full ? r->size : sizeof full);
	if (!full.handle)
		return module_fail(m, -EINVAL, "route %s: it has no handler", full.path ? full.path : "(none)");
	err = route_new(&full, m->id, &route, &error);
	if (err)
		return module_fail(m, err, "route %s: %s", full.path ? full.path : "(none)", error);
	c.route = route;
	err = module_each_reg(m, REG_ROUTE, find_conflict, &c);
	if (!err)
		err = module_register(m, REG_ROUTE, route, route_free);
	if (err) {
		route_free(route);
		return err;
	}
	route->r.destroy = full.destroy; /* until here `user` was the module's own */
	return 0;
}

struct each_route {
	int (*fn)(void *user, const struct aerie_route *r, const char *owner);
	void *user;
};

static int each_route(const struct aerie_host *h, int (*fn)(void *user, const struct aerie_route *r, const char *owner),
		      void *user)
{
	struct epoch *ep = epoch_pin(module_of(h)->core->epochs);
	size_t i;
	int r = 0;

	for (i = 0; !r && i < ep->n_regs[REG_ROUTE]; i++) {
		const struct route *route = ep->regs[REG_ROUTE][i]->item;

		r = fn(user, &route->r, route->owner);
	}
	for (i = 0; !r && i < ep->n_regs[REG_WS]; i++) {
		const struct route *route = ep->regs[REG_WS][i]->item;
		struct aerie_route told = route->r;

		told.methods = 0;
		r = fn(user, &told, route->owner);
	}
	epoch_unpin(ep);
	return r;
}

static void serializer_free(void *item)
{
	struct serializer *s = item;

	if (!s)
		return;
	if (s->s.destroy)
		s->s.destroy(s->s.user);
	free((char *)s->s.suffix);
	free((char *)s->s.content_type);
	free((char *)s->s.help);
	free(s);
}

static bool visitor_complete(const struct aerie_visitor *v)
{
	return v->begin_map && v->key && v->key_text && v->end_map && v->begin_list && v->end_list && v->null && v->u64 &&
	       v->i64 && v->f64 && v->str && v->ascii && v->bytes && v->f64s;
}

struct wanted_suffix {
	struct module *module;
	const char *suffix;
};

static int suffix_taken(void *user, const struct reg *reg)
{
	const struct wanted_suffix *w = user;
	const struct serializer *other = reg->item;

	if (strcmp(other->s.suffix, w->suffix))
		return 0;
	return module_fail(w->module, -EEXIST, "serializer .%s: %s has this suffix; use another", w->suffix, reg->owner->id);
}

static int register_serializer(const struct aerie_host *h, const struct aerie_serializer *given)
{
	struct module *m = module_of(h);
	struct aerie_serializer s = { 0 };
	struct serializer *ser;
	int err;

	memcpy(&s, given, given->size < sizeof s ? given->size : sizeof s);
	if (!suffix_valid(s.suffix))
		return module_fail(m, -EINVAL, "serializer: its suffix is not [a-z0-9]{1,16}");
	if (!s.content_type || !s.help || !s.open || !s.close || !s.visitor)
		return module_fail(m, -EINVAL, "serializer .%s: content type, help, visitor, open or close is missing", s.suffix);
	err = module_each_reg(m, REG_SERIALIZER, suffix_taken, &(struct wanted_suffix){ m, s.suffix });
	if (err)
		return err;
	ser = calloc(1, sizeof *ser);
	if (!ser)
		return module_fail(m, -ENOMEM, "serializer .%s: memory is out", s.suffix);
	memcpy(&ser->visitor, s.visitor, s.visitor->size < sizeof ser->visitor ? s.visitor->size : sizeof ser->visitor);
	ser->s = s;
	ser->s.visitor = &ser->visitor;
	ser->s.destroy = NULL;
	ser->s.suffix = strdup(s.suffix);
	ser->s.content_type = strdup(s.content_type);
	ser->s.help = strdup(s.help);
	if (!ser->s.suffix || !ser->s.content_type || !ser->s.help)
		err = module_fail(m, -ENOMEM, "serializer .%s: memory is out", s.suffix);
	else if (!visitor_complete(&ser->visitor))
		err = module_fail(m, -EINVAL, "serializer .%s: its visitor lacks a function", s.suffix);
	else
		err = module_register(m, REG_SERIALIZER, ser, serializer_free);
	if (err) {
		serializer_free(ser);
		return err;
	}
	ser->s.destroy = s.destroy;
	return 0;
}

static int each_serializer(const struct aerie_host *h, int (*fn)(void *user, const char *suffix, const char *content_type,
								 const char *help), void *user)
{
	struct epoch *ep = epoch_pin(module_of(h)->core->epochs);
	const struct serializer_table *t = ep->index[REG_SERIALIZER];
	size_t i;
	int r = 0;

	for (i = 0; !r && t && i < t->n; i++)
		r = fn(user, t->serializer[i]->s.suffix, t->serializer[i]->s.content_type, t->serializer[i]->s.help);
	epoch_unpin(ep);
	return r;
}

static int document(const struct aerie_host *h, const char *wanted, int (*emit)(void *user, const struct aerie_visitor *vt, void *v),
		    int (*done)(void *user, const char *data, uint64_t len), void *user, uint64_t max)
{
	struct epoch *ep = epoch_pin(module_of(h)->core->epochs);
	const struct serializer *s = serializer_find(ep->index[REG_SERIALIZER], wanted);
	int err = s ? serializer_document(s, emit, done, user, max) : -ENOENT;

	epoch_unpin(ep);
	return err;
}

/* ---- what a handler asks ---- */

static const char *param(const struct aerie_request *req, const char *name)
{
	uint32_t i;

	for (i = 0; i < req->route->n; i++)
		if (req->route->seg[i].param && !strcmp(req->route->seg[i].text, name))
			return req->route->rest && i + 1 == req->route->n ? req->rest : req->path.seg[i];
	return NULL;
}

static const char *rest(const struct aerie_request *req, uint32_t i)
{
	uint32_t first = req->route->n - 1;

	return req->route->rest && i < req->path.n - first ? req->path.seg[first + i] : NULL;
}

static const char *query(const struct aerie_request *req, const char *name)
{
	uint32_t i;

	for (i = 0; i < req->query.n; i++)
		if (!strcmp(req->query.var[i].name, name))
			return req->query.var[i].value;
	return NULL;
}

static const char *suffix(const struct aerie_request *req)
{
	return req->suffix;
}

static const struct aerie_http_request *raw(const struct aerie_request *req)
{
	return &req->raw;
}

/* ---- dispatch ---- */

static void methods_text(uint32_t methods, char *dst, size_t room)
{
	(void)snprintf(dst, room, "%s%s%s%s", methods & AERIE_HTTP_GET ? ", GET, HEAD" : "",
		       methods & AERIE_HTTP_POST ? ", POST" : "", methods & AERIE_HTTP_PUT ? ", PUT" : "",
		       methods & AERIE_HTTP_DELETE ? ", DELETE" : "");
	memmove(dst, dst + 2, strlen(dst + 2) + 1);
}

/* Copies and splits path and query. 0, or the status of the error and its text. */
static uint32_t parse_request(struct aerie_request *req, const char **ret_text)
{
	size_t path_len = strlen(req->raw.path) + 1, query_len = req->raw.query ? strlen(req->raw.query) + 1 : 1;
	int err;

	if (path_len > PATH_OCTETS)
		return *ret_text = "the path is too long", 414;
	if (query_len > QUERY_OCTETS)
		return *ret_text = "the query is too long", 414;
	req->text = calloc(1, 2 * path_len + query_len);
	if (!req->text)
		return *ret_text = "memory is out, try again later", 503;
	memcpy(req->text, req->raw.path, path_len);
	req->rest = req->text + path_len + query_len;
	if (req->raw.query)
		memcpy(req->text + path_len, req->raw.query, query_len);
	err = path_split(req->text, &req->path);
	if (err)
		return *ret_text = "malformed path: a bad escape, or too many segments", 400;
	err = query_split(req->text + path_len, &req->query);
	if (err == -ENOMEM)
		return *ret_text = "memory is out, try again later", 503;
	return err ? *ret_text = "malformed query: a bad escape, or too many variables", 400 : 0;
}

static void explain_no_match(struct aerie_reply *rep, const struct route_match *m)
{
	const struct epoch *ep = rep->epoch;
	char formats[512], text[640];

	if (m->format_known) {
		methods_text(m->methods, rep->allow, sizeof rep->allow);
		(void)snprintf(text, sizeof text, "method not allowed; allowed here: %s", rep->allow);
		(void)reply_error(rep, 405, text);
	} else if (m->path_known) {
		route_table_formats(ep->index[REG_ROUTE], ep->index[REG_SERIALIZER], &rep->request.path, formats, sizeof formats);
		(void)snprintf(text, sizeof text, "no such format; this path ends in one of: %s", formats);
		(void)reply_error(rep, 404, text);
	} else {
		(void)reply_error(rep, 404, "no such path");
	}
}

static void explain_failure(struct aerie_reply *rep, struct core *core, const struct route *route, int err)
{
	const char *text;
	uint32_t status;

	reply_reset(rep);
	switch (err) {
	case -EBADMSG:
	case -ENODATA:
		status = command_explain(&rep->request, err, &text);
		(void)reply_error(rep, status, text);
		return;
	case -ENOENT:
		(void)reply_error(rep, 404, "not found");
		return;
	case -EINVAL:
		(void)reply_error(rep, 400, "malformed request");
		return;
	case -EDQUOT:
		(void)reply_error(rep, 400, "this takes more work than a request may; use simpler patterns, or ask for less");
		return;
	case -ENOMEM:
	case -EAGAIN:
		(void)reply_error(rep, 503, "out of resources, try again later");
		return;
	}
	if (core->bus)
		bus_printf(core->bus, AERIE_LOG_ERROR, "http: %s of %s failed: %s; please report it to its author",
			   route->r.path, route->owner, err ? strerror(-err) : "it gave no reply");
	(void)reply_error(rep, 500, "the server failed to answer this request");
}

/* The segments that '*' matched, joined. Decoding only shrinks, so they are no longer than the path. */
static void join_rest(struct aerie_request *req)
{
	char *at = req->rest;
	uint32_t i;

	for (i = req->route->n - 1; i < req->path.n; i++) {
		size_t len = strlen(req->path.seg[i]);

		if (at > req->rest)
			*at++ = '/';
		memcpy(at, req->path.seg[i], len);
		at += len;
	}
	*at = '\0';
}

static void refuse(struct aerie_reply *rep, const char *needed, int err)
{
	char text[256];

	if (err == -EACCES) {
		(void)reply_error(rep, 401, "this needs a login; there was none, or not a valid one");
		return;
	}
	(void)snprintf(text, sizeof text, "this needs a login with the role %s; this one has the role %s", needed ? needed : "readonly",
		       rep->request.raw.role);
	(void)reply_error(rep, 403, text);
}

/* Would it change something for a page of another site (cross-site request forgery)? */
static bool is_forged(const struct aerie_http_request *raw, const struct route_match *m)
{
	return raw->flags & AERIE_REQUEST_FOREIGN &&
	       (raw->method != AERIE_HTTP_GET || (m->suffix && (!strcmp(m->suffix, "cmd") || !strcmp(m->suffix, "jcmd"))));
}

/* Is the transport's thread one for a request like this? NULL: it has no route. */
static bool runs_here(const struct aerie_http_request *raw, const struct route *route)
{
	if (raw->flags & AERIE_REQUEST_ONLY_QUICK)
		return route && route->r.flags & AERIE_ROUTE_QUICK;
	return !route || !(route->r.flags & AERIE_ROUTE_LONG) || !(raw->flags & AERIE_REQUEST_NOT_LONG);
}

static void handle(struct aerie_reply *rep, struct core *core, const struct route_match *m)
{
	struct aerie_request *req = &rep->request;
	int err;

	req->route = m->route;
	req->suffix = m->suffix;
	rep->serializer = m->serializer;
	if (m->route->rest)
		join_rest(req);
	err = m->route->r.handle(m->route->r.user, req, rep);
	if (err < 0 || rep->kind == REPLY_NONE)
		explain_failure(rep, core, m->route, err < 0 ? err : 0);
	/* It may be a hundred times as large as the body, and the reply's reader slow. */
	command_free(req->command);
	req->command = NULL;
}

static struct aerie_reply *dispatch(const struct aerie_host *h, const struct aerie_http_request *request,
				    struct aerie_http_response *ret_response)
{
	struct core *core = module_of(h)->core;
	struct aerie_reply *rep = reply_new();
	struct aerie_http_response response = { .size = sizeof response };
	struct route_match m = { 0 };
	const char *text = NULL;
	uint32_t status, size = ret_response->size;
	int err;

	if (!rep)
		return NULL;
	memcpy(&rep->request.raw, request, request->size < sizeof rep->request.raw ? request->size : sizeof rep->request.raw);
	rep->epoch = epoch_pin(core->epochs);
	rep->core = core;
	status = parse_request(&rep->request, &text);
	if (!status)
		route_table_match(rep->epoch->index[REG_ROUTE], rep->epoch->index[REG_SERIALIZER], &rep->request.path,
				  rep->request.raw.method, &m);
	if (status)
		(void)reply_error(rep, status, text);
	else if (!m.route && !runs_here(&rep->request.raw, NULL))
		rep->status = 0;
	else if (!m.route)
		explain_no_match(rep, &m);
	else if (is_forged(&rep->request.raw, &m))
		(void)reply_error(rep, 403, "a page of another site may not do this with the user's login, unless the server is told to trust that site");
	else if ((err = role_check(m.route->r.role, &rep->request.raw)) != 0)
		refuse(rep, m.route->r.role, err);
	else if (!runs_here(&rep->request.raw, m.route))
		rep->status = 0;
	else {
		rep->request.raw.flags &= ~(AERIE_REQUEST_NOT_LONG | AERIE_REQUEST_ONLY_QUICK); /* the transport's, for us */
		handle(rep, core, &m);
		if (request->flags & AERIE_REQUEST_ONLY_QUICK && !reply_fits(rep, REPLY_CHUNK)) {
			reply_reset(rep);
			rep->status = 0;
		}
	}
	if (rep->kind == REPLY_NONE && rep->status) { /* not even an error message found room */
		reply_free(rep);
		return NULL;
	}
	response.status = rep->status;
	response.content_type = rep->content_type;
	response.allow = rep->allow[0] ? rep->allow : NULL;
	response.headers = rep->headers;
	response.n_headers = rep->n_headers;
	response.methods = m.methods;
	response.length = rep->kind == REPLY_OCTETS ? (int64_t)(rep->sink.s.cur - rep->sink.buf) : -1;
	if (size > sizeof response)
		size = sizeof response;
	memcpy(ret_response, &response, size);
	ret_response->size = size;
	return rep;
}

static void connection(const struct aerie_host *h, int32_t change)
{
	(void)atomic_fetch_add_explicit(&module_of(h)->core->router->connections, change, memory_order_relaxed);
}

static uint64_t connections(const struct aerie_host *h)
{
	int64_t n = atomic_load_explicit(&module_of(h)->core->router->connections, memory_order_relaxed);

	return n < 0 ? 0 : (uint64_t)n;
}

const struct aerie_http http_service = {
	.size = sizeof http_service,
	.register_route = register_route,
	.each_route = each_route,
	.param = param,
	.query = query,
	.suffix = suffix,
	.raw = raw,
	.reply_value = reply_value,
	.reply_list = reply_list,
	.reply_wrapped = reply_wrapped,
	.reply_map = reply_map,
	.reply_octets = reply_octets,
	.reply_error = reply_error,
	.dispatch = dispatch,
	.read = reply_read,
	.reply_free = reply_free,
	.command = command_get,
	.form = command_form,
	.value_kind = value_kind,
	.value_get = value_get,
	.value_at = value_at,
	.value_count = value_count,
	.value_str = value_str,
	.value_int = value_int,
	.value_real = value_real,
	.value_json = command_json,
	.rest = rest,
	.reply_status = reply_status,
	.reply_header = reply_header,
	.value_parse = value_parse,
	.value_free = value_free,
	.value_key = value_key,
	.connection = connection,
	.connections = connections,
	.reply_pieces = reply_pieces,
};

const struct aerie_serializers serializers_service = {
	.size = sizeof serializers_service,
	.register_serializer = register_serializer,
	.each = each_serializer,
	.document = document,
};
