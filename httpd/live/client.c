/* SPDX-License-Identifier: MIT */
/* A connection: its place in the list, what goes into it, and how it ends. The thread of the module works for one client at a time
 * without the lock; a connection that ends waits for it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "live.h"

#define CODE_NORMAL 1000u
#define CODE_FAILED 1011u

static const char never_told[] = "the server cannot tell what was lost";

/* ---- life ---- */

/* [any] Somebody closes the stream. */
static void on_stop(void *user)
{
	struct client *c = user;

	c->l->websocket->close(c->ws, CODE_NORMAL, "the stream was closed");
}

static int open_stream(struct client *c, const struct aerie_http_request *req)
{
	char description[256];
	const struct aerie_stream_def def = {
		.size = sizeof def,
		.name = c->monitors ? "devices" : "events",
		.type = "websocket",
		.path = req->path,
		.description = description,
		.stop = on_stop,
		.user = c,
	};

	(void)snprintf(description, sizeof description, "%s for %s at %s",
	               c->monitors ? "Devices as they change," : "Events", req->login ? req->login : "somebody",
	               req->peer ? req->peer : "an unknown address");
	return c->l->streams->open(c->l->h, &def, &c->stream);
}

static int enter(struct client *c)
{
	struct live *l = c->l;
	int err = 0;

	(void)pthread_mutex_lock(&l->lock);
	if (l->quiescing)
		err = -EAGAIN;
	c->next = l->clients;
	if (!err && c->next)
		c->next->prev = c;
	if (!err)
		l->clients = c;
	(void)pthread_mutex_unlock(&l->lock);
	return err;
}

static void client_free(struct client *c)
{
	struct live *l = c->l;

	l->streams->close(c->stream);
	events_free(c);
	monitors_free(c);
	queue_free(&c->queue);
	spec_unref(c->last);
	l->views->release(c->view);
	free(c);
}

int client_new(struct live *l, struct aerie_ws *ws, const struct aerie_http_request *req, bool monitors,
               struct aerie_view_ref *view, const struct aerie_device_query *query, void **ret_conn)
{
	struct client *c = calloc(1, sizeof *c);
	int err;

	if (!c) {
		l->views->release(view);
		return -ENOMEM;
	}
	c->l = l;
	c->ws = ws;
	c->monitors = monitors;
	c->view = view;
	c->query = *query;
	c->last = spec_ref(l->json);
	err = monitors ? 0 : queue_init(&c->queue, l->queue_max);
	if (!err)
		err = open_stream(c, req);
	if (!err)
		err = enter(c);
	if (err) {
		client_free(c);
		return err;
	}
	*ret_conn = c;
	return 0;
}

void client_close(void *conn)
{
	struct client *c = conn;
	struct live *l = c->l;

	(void)pthread_mutex_lock(&l->lock);
	c->gone = true;
	while (l->busy == c)
		(void)pthread_cond_wait(&l->free, &l->lock);
	if (c->prev)
		c->prev->next = c->next;
	else
		l->clients = c->next;
	if (c->next)
		c->next->prev = c->prev;
	(void)pthread_mutex_unlock(&l->lock);
	client_free(c);
}

/* ---- what goes into the connection ---- */

void client_drained(void *conn)
{
	struct client *c = conn;
	struct live *l = c->l;
	bool was;

	(void)pthread_mutex_lock(&l->lock);
	was = c->blocked;
	c->blocked = false;
	(void)pthread_mutex_unlock(&l->lock);
	if (was)
		hub_wake(l->hub);
	if (c->paused)
		l->websocket->resume(c->ws);
	c->paused = false;
}

static void set_blocked(struct client *c, bool blocked)
{
	(void)pthread_mutex_lock(&c->l->lock);
	c->blocked = blocked;
	(void)pthread_mutex_unlock(&c->l->lock);
}

bool client_room(struct client *c)
{
	const struct aerie_websocket *ws = c->l->websocket;

	if (ws->queued(c->ws) <= LIVE_AHEAD_OCTETS)
		return true;
	set_blocked(c, true);
	if (ws->queued(c->ws))
		return false; /* drained() comes */
	set_blocked(c, false);
	return true;
}

struct sending {
	struct client *c;
	const struct spec *spec;
};

static int on_document(void *user, const char *data, uint64_t len)
{
	const struct sending *s = user;
	struct live *l = s->c->l;
	int err = l->websocket->send(s->c->ws, s->spec->kind, data, len);

	if (!err)
		l->streams->count(s->c->stream, 1, len);
	return err;
}

struct emitting {
	struct sending sending; /* first: done() and emit() get the same pointer */
	int (*emit)(void *user, const struct aerie_visitor *vt, void *v);
	void *user;
};

static int on_emit(void *user, const struct aerie_visitor *vt, void *v)
{
	const struct emitting *e = user;

	return e->emit(e->user, vt, v);
}

int client_send(struct client *c, const struct spec *spec,
                int (*emit)(void *user, const struct aerie_visitor *vt, void *v), void *user)
{
	struct emitting e = { { c, spec }, emit, user };

	return c->l->serializers->document(c->l->h, spec->format, on_emit, on_document, &e, AERIE_WS_MESSAGE_MAX);
}

/* ---- losses and errors ---- */

struct telling {
	struct client *c;
	const struct gap *gap;
	const int64_t *request;
	const char *text;
};

static int emit_lost(void *user, const struct aerie_visitor *vt, void *v)
{
	const struct telling *t = user;

	return content_lost(t->c->l, t->gap, t->request, vt, v);
}

static struct spec *last_spec(struct client *c)
{
	struct spec *spec;

	(void)pthread_mutex_lock(&c->l->lock);
	spec = spec_ref(c->last);
	(void)pthread_mutex_unlock(&c->l->lock);
	return spec;
}

/* In the client's format, or, when that is gone, as JSON. */
static int tell(struct client *c, int (*emit)(void *user, const struct aerie_visitor *vt, void *v), struct telling *t)
{
	struct spec *spec = last_spec(c);
	int err = client_send(c, spec, emit, t);

	if (err == -ENOENT)
		err = client_send(c, c->l->json, emit, t);
	spec_unref(spec);
	return err;
}

bool client_tell_lost(struct client *c, const struct gap *g, const int64_t *request)
{
	struct telling t = { c, g, request, NULL };

	if (!tell(c, emit_lost, &t))
		return true;
	c->l->websocket->close(c->ws, CODE_FAILED, never_told);
	set_blocked(c, true);
	return false;
}

static int emit_error(void *user, const struct aerie_visitor *vt, void *v)
{
	const struct telling *t = user;
	int err = vt->begin_map(v, t->request ? 2 : 1);

	if (!err)
		err = vt->key_text(v, "error", 5);
	if (!err)
		err = vt->str(v, t->text, (uint32_t)strlen(t->text));
	if (!err && t->request)
		err = vt->key_text(v, "request", 7);
	if (!err && t->request)
		err = vt->i64(v, *t->request);
	return err ? err : vt->end_map(v);
}

int client_error(struct client *c, const char *text, const int64_t *request)
{
	struct telling t = { c, NULL, request, text };
	int err = tell(c, emit_error, &t);

	if (err)
		return err == -EPIPE ? 0 : err; /* it cannot be told, so the connection ends */
	if (c->l->websocket->queued(c->ws) <= LIVE_AHEAD_OCTETS)
		return 0;
	c->paused = true;
	return AERIE_WS_PAUSE;
}

/* ---- specs ---- */

int client_take_spec(struct client *c, struct spec *spec)
{
	if (spec->octets > LIVE_SPECS_OCTETS - c->specs_octets)
		return -ENOSPC;
	c->specs_octets += spec->octets;
	spec_unref(c->last);
	c->last = spec_ref(spec);
	return 0;
}

void client_drop_spec(struct client *c, struct spec *spec)
{
	c->specs_octets -= spec->octets;
	spec_unref(spec);
}
