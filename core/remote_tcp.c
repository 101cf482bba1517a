/* SPDX-License-Identifier: MIT */
/* Remote captures by TCP, on libuv. [main] */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <core/bus.h>
#include <core/loop.h>
#include <core/remote.h>
#include <core/source.h>

#define BACKLOG 128
#define KEEPALIVE_S 30u

struct remote_tcp {
	uv_tcp_t listener;
	struct remote *remote;
};

struct conn {
	struct transport base;
	struct remote_peer peer;
	struct remote *remote;
	uv_tcp_t tcp;
	void (*gone)(void *user);
	void *gone_user;
	size_t unread;
	bool counted, reading, ending;
};

struct write_req {
	uv_write_t req;
	struct conn *c;
	size_t len;
	uint8_t data[];
};

/* ---- A connection ---- */

static void on_alloc(uv_handle_t *h, size_t suggested, uv_buf_t *buf)
{
	struct conn *c = h->data;
	uint8_t *at = NULL;
	size_t n = c->ending ? 0 : c->base.ev->room(c->base.user, &at);

	*buf = uv_buf_init((char *)at, (unsigned)n);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct conn *c = stream->data;

	if (c->ending || n == 0)
		return;
	if (n > 0) {
		c->base.ev->data(c->base.user, (size_t)n);
		return;
	}
	uv_read_stop(stream);
	c->reading = false;
	if (n != UV_ENOBUFS) /* ENOBUFS: there was no room; goes on with resume() */
		c->base.ev->eof(c->base.user, n == UV_EOF ? 0 : (int)n);
}

static void on_written(uv_write_t *req, int status)
{
	struct write_req *w = (struct write_req *)req;

	w->c->unread -= w->len;
	free(w);
}

static int conn_send(struct transport *t, const void *data, size_t len)
{
	struct conn *c = (struct conn *)t;
	struct write_req *w;
	uv_buf_t buf;
	int r;

	if (c->unread + len > TRANSPORT_UNREAD_MAX)
		return -ENOBUFS;
	w = malloc(sizeof *w + len);
	if (!w)
		return -ENOMEM;
	w->c = c;
	w->len = len;
	memcpy(w->data, data, len);
	buf = uv_buf_init((char *)w->data, (unsigned)len);
	r = uv_write(&w->req, (uv_stream_t *)&c->tcp, &buf, 1, on_written);
	if (r < 0) {
		free(w);
		return r;
	}
	c->unread += len;
	return 0;
}

static void conn_resume(struct transport *t)
{
	struct conn *c = (struct conn *)t;

	if (!c->reading && !c->ending)
		c->reading = uv_read_start((uv_stream_t *)&c->tcp, on_alloc, on_read) == 0;
}

static void on_closed(uv_handle_t *h)
{
	struct conn *c = h->data;

	if (c->counted)
		remote_peer_remove(c->remote, &c->peer);
	if (c->gone)
		c->gone(c->gone_user);
	free(c);
}

static void conn_end(struct transport *t, void (*gone)(void *user), void *user)
{
	struct conn *c = (struct conn *)t;

	if (c->ending)
		return;
	c->ending = true;
	c->gone = gone;
	c->gone_user = user;
	uv_close((uv_handle_t *)&c->tcp, on_closed);
}

static const struct transport_ops conn_ops = { conn_send, conn_resume, conn_end };

/* ---- Accepting ---- */

/* "127.0.0.1" and "127.0.0.1:1234" */
static void name_peer(struct conn *c, char *peer, size_t room)
{
	struct sockaddr_storage a;
	int len = sizeof a;
	unsigned port = 0;

	snprintf(c->peer.address, sizeof c->peer.address, "unknown");
	if (uv_tcp_getpeername(&c->tcp, (struct sockaddr *)&a, &len) == 0) {
		(void)uv_ip_name((struct sockaddr *)&a, c->peer.address, sizeof c->peer.address);
		port = ntohs(a.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&a)->sin6_port : ((struct sockaddr_in *)&a)->sin_port);
	}
	snprintf(peer, room, "%s:%u", c->peer.address, port);
}

static void accepted(struct remote *r, struct conn *c)
{
	char peer[REMOTE_ADDRESS + 8];

	name_peer(c, peer, sizeof peer);
	(void)uv_tcp_nodelay(&c->tcp, 1);
	(void)uv_tcp_keepalive(&c->tcp, 1, KEEPALIVE_S);
	c->counted = remote_peer_add(r, &c->peer) == 0;
	if (c->counted) {
		remote_greet(r, &c->base, &c->peer, peer);
		return;
	}
	remote_log(r, AERIE_LOG_ERROR, "remote capture %s is refused: there are %u connections in all or %u from its address; raise "
		   "remote_capture_connections or remote_capture_connections_per_address", peer, r->max_peers,
		   r->max_peers_per_address);
	conn_end(&c->base, NULL, NULL);
}

static void on_connection(uv_stream_t *listener, int status)
{
	struct remote_tcp *l = listener->data;
	struct remote *r = l->remote;
	struct conn *c;

	if (status < 0) {
		remote_log(r, AERIE_LOG_ERROR, "a remote capture cannot be accepted: %s", uv_strerror(status));
		return;
	}
	c = calloc(1, sizeof *c);
	if (!c) {
		remote_log(r, AERIE_LOG_ERROR, "a remote capture cannot be accepted: memory is out; stop other programs");
		return;
	}
	c->base.ops = &conn_ops;
	c->base.pid = -1;
	c->remote = r;
	uv_tcp_init(loop_uv(r->core->loop), &c->tcp);
	c->tcp.data = c;
	if (uv_accept(listener, (uv_stream_t *)&c->tcp) == 0)
		accepted(r, c);
	else
		conn_end(&c->base, NULL, NULL);
}

static int read_address(const char *text, uint32_t port, struct sockaddr_storage *ret)
{
	if (strcmp(text, "*") == 0)
		text = "0.0.0.0";
	if (uv_ip4_addr(text, (int)port, (struct sockaddr_in *)ret) == 0 || uv_ip6_addr(text, (int)port, (struct sockaddr_in6 *)ret) == 0)
		return 0;
	return -EADDRNOTAVAIL;
}

static void on_listener_closed(uv_handle_t *h)
{
	struct remote_tcp *l = h->data;

	l->remote->core->sources->handles--;
	free(l);
}

static uint32_t port_of(const uv_tcp_t *tcp)
{
	struct sockaddr_storage a;
	int len = sizeof a;

	if (uv_tcp_getsockname(tcp, (struct sockaddr *)&a, &len) < 0)
		return 0;
	return ntohs(a.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&a)->sin6_port : ((struct sockaddr_in *)&a)->sin_port);
}

int remote_tcp_listen(struct remote *r, const char *address, uint32_t port, uint32_t *ret_port)
{
	struct sockaddr_storage a = { 0 };
	struct remote_tcp *l;
	int err = read_address(address, port, &a);

	if (err < 0)
		return err;
	l = calloc(1, sizeof *l);
	if (!l)
		return -ENOMEM;
	l->remote = r;
	uv_tcp_init(loop_uv(r->core->loop), &l->listener);
	l->listener.data = l;
	r->core->sources->handles++;
	err = uv_tcp_bind(&l->listener, (struct sockaddr *)&a, 0);
	if (err == 0)
		err = uv_listen((uv_stream_t *)&l->listener, BACKLOG, on_connection);
	if (err < 0) {
		uv_close((uv_handle_t *)&l->listener, on_listener_closed);
		return err;
	}
	*ret_port = port_of(&l->listener);
	r->tcp = l;
	return 0;
}

void remote_tcp_stop(struct remote *r)
{
	if (r->tcp)
		uv_close((uv_handle_t *)&r->tcp->listener, on_listener_closed);
	r->tcp = NULL;
}
