/* SPDX-License-Identifier: MIT */
/* Remote captures by WebSocket: messages come on HTTP threads, and go through a ring to the main thread.
 *
 * A connection belongs to two sides: the HTTP side, from open() to close(), and the main thread's, from open() to the end of
 * its link. Each holds a reference. The ring always has room for one more message; when it would not, the HTTP side is told to
 * pause until the main thread has read on. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <aerie/websocket.h>
#include <core/bus.h>
#include <core/loop.h>
#include <core/module.h>
#include <core/remote.h>
#include <core/source.h>

#define RING (2u * AERIE_WS_MESSAGE_MAX)
#define CODE_NORMAL 1000u

struct conn {
	struct transport base;
	struct remote_peer peer;
	char name[REMOTE_ADDRESS + 8];
	struct remote *remote;
	const struct aerie_websocket *service;
	atomic_uint refs;

	pthread_mutex_t ws_lock; /* guards ws: no call into the connection after close() */
	struct aerie_ws *ws;

	pthread_mutex_t lock; /* guards the ring and flags */
	uint32_t head, len;
	bool posted, paused, closed, ended;

	/* The main thread's; next to neither the flags above nor the ring, so that the compiler does not read both at once. */
	void (*gone)(void *user);
	void *gone_user;
	bool greeted, reading, told_eof;

	_Alignas(8) uint8_t ring[RING];
};

static void conn_unref(struct conn *c)
{
	if (atomic_fetch_sub(&c->refs, 1) != 1)
		return;
	pthread_mutex_destroy(&c->lock);
	pthread_mutex_destroy(&c->ws_lock);
	free(c);
}

/* ---- The main thread's side ---- */

static void call_resume(struct conn *c)
{
	pthread_mutex_lock(&c->ws_lock);
	if (c->ws)
		c->service->resume(c->ws);
	pthread_mutex_unlock(&c->ws_lock);
}

/* Octets that lie together at the head of the ring. */
static uint32_t look(struct conn *c, bool *ret_end)
{
	uint32_t n;

	pthread_mutex_lock(&c->lock);
	n = c->len < RING - c->head ? c->len : RING - c->head;
	*ret_end = c->closed && c->len == 0;
	pthread_mutex_unlock(&c->lock);
	return n;
}

static void took(struct conn *c, uint32_t n)
{
	bool resume;

	pthread_mutex_lock(&c->lock);
	c->len -= n;
	c->head = c->len ? (c->head + n) % RING : 0;
	resume = c->paused && RING - c->len >= AERIE_WS_MESSAGE_MAX;
	if (resume)
		c->paused = false;
	pthread_mutex_unlock(&c->lock);
	if (resume)
		call_resume(c);
}

static void drain(struct conn *c)
{
	while (c->reading && !c->ended) {
		bool end;
		uint32_t n = look(c, &end);
		uint8_t *to;
		size_t room;

		if (end) {
			c->reading = false;
			c->told_eof = true;
			c->base.ev->eof(c->base.user, 0);
			return;
		}
		if (n == 0)
			return;
		room = c->base.ev->room(c->base.user, &to);
		c->reading = room > 0;
		if (room == 0)
			return;
		if (n > room)
			n = (uint32_t)room;
		memcpy(to, c->ring + c->head, n);
		took(c, n);
		c->base.ev->data(c->base.user, n);
	}
}

/* Something came, or the client went. */
static void on_news(void *user)
{
	struct conn *c = user;

	pthread_mutex_lock(&c->lock);
	c->posted = false;
	pthread_mutex_unlock(&c->lock);
	if (!c->greeted) {
		c->greeted = true;
		remote_greet(c->remote, &c->base, &c->peer, c->name);
	}
	drain(c);
}

/* With the lock: makes sure that the main thread looks. */
static int post_news(struct conn *c)
{
	int r = c->posted || c->ended ? 0 : loop_post(c->remote->core->loop, on_news, c);

	if (r == 0)
		c->posted = true;
	return r;
}

static int conn_send(struct transport *t, const void *data, size_t len)
{
	struct conn *c = (struct conn *)t;
	int r = -EPIPE;

	pthread_mutex_lock(&c->ws_lock);
	if (c->ws)
		r = c->service->send(c->ws, AERIE_WS_BINARY, data, len);
	pthread_mutex_unlock(&c->ws_lock);
	return r == -EAGAIN ? -ENOBUFS : r;
}

/* The reader has room again; it is called from within its own functions, so the octets come in a moment. */
static void conn_resume(struct transport *t)
{
	struct conn *c = (struct conn *)t;

	if (c->reading || c->told_eof)
		return;
	pthread_mutex_lock(&c->lock);
	c->reading = !c->ended && !post_news(c); /* no memory: the silence is told */
	pthread_mutex_unlock(&c->lock);
}

static void on_gone(void *user)
{
	struct conn *c = user;

	remote_peer_remove(c->remote, &c->peer);
	if (c->gone)
		c->gone(c->gone_user);
	conn_unref(c);
}

static void conn_end(struct transport *t, void (*gone)(void *user), void *user)
{
	struct conn *c = (struct conn *)t;
	int r;

	if (c->ended)
		return;
	c->gone = gone;
	c->gone_user = user;
	pthread_mutex_lock(&c->ws_lock);
	if (c->ws)
		c->service->close(c->ws, CODE_NORMAL, "the host ends this capture");
	pthread_mutex_unlock(&c->ws_lock);
	pthread_mutex_lock(&c->lock);
	c->ended = true;
	r = loop_post(c->remote->core->loop, on_gone, c); /* after what was posted before */
	pthread_mutex_unlock(&c->lock);
	if (r < 0) /* its memory stays with us: better than a call into freed memory */
		bus_printf(c->remote->core->bus, AERIE_LOG_ERROR, "memory is out; stop other programs");
}

static const struct transport_ops conn_ops = { conn_send, conn_resume, conn_end };

/* ---- [http] ---- */

/* req->peer is an address, perhaps with a port. */
static void name_peer(struct conn *c, const char *peer)
{
	const char *colon = strrchr(peer, ':');
	bool port = colon && (strchr(peer, ':') == colon || colon[-1] == ']');

	snprintf(c->peer.address, sizeof c->peer.address, "%.*s", port ? (int)(colon - peer) : 63, peer);
	snprintf(c->name, sizeof c->name, "%s", peer);
}

static int ws_open(void *user, const struct aerie_http_request *req, struct aerie_ws *ws, void **ret_conn)
{
	struct remote *r = user;
	struct conn *c;
	int err;

	c = malloc(sizeof *c);
	if (!c)
		return -ENOMEM;
	memset(c, 0, offsetof(struct conn, ring));
	c->base.ops = &conn_ops;
	c->base.pid = -1;
	c->remote = r;
	c->service = services_find(AERIE_WEBSOCKET_SERVICE);
	c->ws = ws;
	c->refs = 2;
	pthread_mutex_init(&c->lock, NULL);
	pthread_mutex_init(&c->ws_lock, NULL);
	name_peer(c, req->peer ? req->peer : "unknown");
	err = remote_peer_add(r, &c->peer);
	if (err == 0) {
		pthread_mutex_lock(&c->lock);
		err = post_news(c);
		pthread_mutex_unlock(&c->lock);
		if (err < 0)
			remote_peer_remove(r, &c->peer);
	}
	if (err < 0) {
		c->refs = 1;
		conn_unref(c);
		return err;
	}
	*ret_conn = c;
	return 0;
}

static int put(struct conn *c, const uint8_t *data, uint32_t len)
{
	uint32_t at = (c->head + c->len) % RING, first = len < RING - at ? len : RING - at;
	int r;

	if (c->ended)
		return -EPIPE;
	if (len > RING - c->len)
		return -ENOBUFS; /* it was told to pause */
	memcpy(c->ring + at, data, first);
	memcpy(c->ring, data + first, len - first);
	c->len += len;
	r = post_news(c);
	if (r < 0)
		return r;
	c->paused = RING - c->len < AERIE_WS_MESSAGE_MAX;
	return c->paused ? AERIE_WS_PAUSE : 0;
}

static int ws_message(void *conn, uint32_t kind, const uint8_t *data, uint64_t len)
{
	struct conn *c = conn;
	int r;

	if (kind != AERIE_WS_BINARY || len > AERIE_WS_MESSAGE_MAX)
		return -EINVAL;
	pthread_mutex_lock(&c->lock);
	r = put(c, data, (uint32_t)len);
	pthread_mutex_unlock(&c->lock);
	return r;
}

static void ws_close(void *conn)
{
	struct conn *c = conn;

	pthread_mutex_lock(&c->ws_lock);
	c->ws = NULL;
	pthread_mutex_unlock(&c->ws_lock);
	pthread_mutex_lock(&c->lock);
	c->closed = true;
	(void)post_news(c); /* no memory: the silence is told */
	pthread_mutex_unlock(&c->lock);
	conn_unref(c);
}

int remote_ws_register(struct remote *r)
{
	const struct aerie_websocket *service = services_find(AERIE_WEBSOCKET_SERVICE);
	const struct aerie_ws_route route = {
		.size = sizeof route,
		.path = "/datasource/remote/remotesource.ws",
		.protocol = "kismet-remote",
		.role = "datasource",
		.summary = "Connects a remote capture.",
		.help = "For capture programs: binary messages, each a frame of the capture protocol, version 3, beginning with NEWSOURCE; "
			"the host answers in the same way (doc/capture-protocol.md).",
		.open = ws_open,
		.message = ws_message,
		.close = ws_close,
		.user = r,
	};

	return service ? service->register_route(&r->core->self->host, &route) : 0;
}
