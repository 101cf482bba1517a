/* SPDX-License-Identifier: MIT */
/* The thread that owns all WebSocket connections: one epoll set, one list. Other threads put connections and requests on
 * lists of their own and wake it. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "wsconn.h"

#define EVENTS 64
#define TICK_MIN_US 20000u
#define TICK_MAX_US 500000u

static uint64_t now_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

static void wake(struct websocket *w)
{
	const uint64_t one = 1;
	ssize_t n = write(w->event_fd, &one, sizeof one);

	(void)n; /* full: it is awake */
}

void websocket_wake(struct websocket *w, struct wsconn *c)
{
	if (c->dirty)
		return;
	c->dirty = true;
	c->next_dirty = w->dirty;
	w->dirty = c;
	if (!c->next_dirty)
		wake(w);
}

/* ---- connections come, on threads of libmicrohttpd ---- */

static char *place(char **at, const char *text)
{
	char *p = *at;

	if (!text)
		return NULL;
	*at = stpcpy(p, text) + 1;
	return p;
}

static size_t room_of(const char *text)
{
	return text ? strlen(text) + 1 : 0;
}

static struct wsconn *conn_alloc(struct websocket *w, const struct aerie_ws_route *route, void *pin,
				 const struct aerie_http_request *req)
{
	struct wsconn *c = calloc(1, sizeof *c + room_of(req->path) + room_of(req->query) + room_of(req->role) + room_of(req->peer) + room_of(req->login));
	char *at;

	if (!c)
		return NULL;
	at = (char *)(c + 1);
	c->ws.ops = &wsconn_ops;
	c->w = w;
	c->route = route;
	c->pin = pin;
	c->req = (struct aerie_http_request){ .size = sizeof c->req, .method = req->method };
	c->req.path = place(&at, req->path);
	c->req.query = place(&at, req->query);
	c->req.role = place(&at, req->role);
	c->req.peer = place(&at, req->peer);
	c->req.login = place(&at, req->login);
	c->fd = -1;
	wsqueue_init(&c->out);
	wsqueue_init(&c->waiting);
	return c;
}

/* Counts a connection in. */
static int enter(struct websocket *w)
{
	int err = 0;

	(void)pthread_mutex_lock(&w->lock);
	if (w->quiescing)
		err = -ESHUTDOWN;
	else if (w->n >= w->s->ws_limit)
		err = -EBUSY;
	else
		w->n++;
	(void)pthread_mutex_unlock(&w->lock);
	return err;
}

static void leave(struct websocket *w)
{
	(void)pthread_mutex_lock(&w->lock);
	w->n--;
	(void)pthread_cond_broadcast(&w->changed);
	(void)pthread_mutex_unlock(&w->lock);
}

int websocket_conn_new(struct websocket *w, const struct aerie_ws_route *route, void *pin, const struct aerie_http_request *req,
		       const struct auth_grant *grant, struct wsconn **ret_conn)
{
	struct wsconn *c;
	int err = enter(w);

	if (err) {
		w->s->websocket->unpin(pin);
		return err;
	}
	c = conn_alloc(w, route, pin, req);
	if (!c) {
		w->s->websocket->unpin(pin);
		leave(w);
		return -ENOMEM;
	}
	c->grant = *grant;
	*ret_conn = c;
	return 0;
}

void websocket_conn_drop(struct wsconn *c)
{
	struct websocket *w = c->w;

	wsconn_free(c);
	leave(w);
}

/* What the socket needs before the thread has it. */
static int prepare(struct wsconn *c, const char *extra, size_t n_extra)
{
	int flags = fcntl(c->fd, F_GETFL), one = 1;

	if (flags < 0 || fcntl(c->fd, F_SETFL, flags | O_NONBLOCK) < 0 || fcntl(c->fd, F_SETFD, FD_CLOEXEC) < 0)
		return -errno;
	(void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one); /* not with TLS: there it is a pair */
	if (!n_extra)
		return 0;
	c->rest = malloc(n_extra);
	if (!c->rest)
		return -ENOMEM;
	memcpy(c->rest, extra, n_extra);
	c->rest_len = n_extra;
	return 0;
}

void websocket_upgraded(struct wsconn *c, const char *extra, size_t n_extra, MHD_socket fd, struct MHD_UpgradeResponseHandle *urh)
{
	struct websocket *w = c->w;
	bool late;

	c->urh = urh;
	c->fd = fd;
	late = prepare(c, extra, n_extra) < 0;
	if (!late) {
		(void)pthread_mutex_lock(&w->lock);
		late = w->ending;
		if (!late) {
			c->next = w->incoming;
			w->incoming = c;
			wake(w);
		}
		(void)pthread_mutex_unlock(&w->lock);
	}
	if (late)
		websocket_conn_drop(c);
}

/* ---- the thread ---- */

static void remove_conn(struct websocket *w, struct wsconn *c)
{
	struct wsconn **p;

	if (c->prev)
		c->prev->next = c->next;
	else
		w->conns = c->next;
	if (c->next)
		c->next->prev = c->prev;
	(void)pthread_mutex_lock(&w->lock);
	for (p = &w->dirty; *p; p = &(*p)->next_dirty)
		if (*p == c) {
			*p = c->next_dirty;
			break;
		}
	(void)pthread_mutex_unlock(&w->lock);
	websocket_conn_drop(c);
}

static void bury(struct websocket *w, struct wsconn *c)
{
	if (c->state == WS_DEAD)
		remove_conn(w, c);
}

static void adopt(struct websocket *w, struct wsconn *c)
{
	c->prev = NULL;
	c->next = w->conns;
	if (c->next)
		c->next->prev = c;
	w->conns = c;
	wsconn_open(c);
	bury(w, c);
}

static struct wsconn *take_incoming(struct websocket *w)
{
	struct wsconn *c;

	(void)pthread_mutex_lock(&w->lock);
	c = w->incoming;
	if (c)
		w->incoming = c->next;
	(void)pthread_mutex_unlock(&w->lock);
	return c;
}

static struct wsconn *take_dirty(struct websocket *w)
{
	struct wsconn *c;

	(void)pthread_mutex_lock(&w->lock);
	c = w->dirty;
	w->dirty = NULL;
	(void)pthread_mutex_unlock(&w->lock);
	return c;
}

static void tick(struct websocket *w)
{
	bool check = w->now_us >= w->check_at_us;
	struct wsconn *c, *next;

	if (check)
		w->check_at_us = w->now_us + WS_LOGIN_US;
	for (c = w->conns; c; c = next) {
		next = c->next;
		if (check && c->state == WS_OPEN && !auth_holds(w->s, &c->grant))
			wsconn_revoke(c);
		wsconn_tick(c);
		bury(w, c);
	}
}

/* Says goodbye to all, and cuts those that are left when time is up. */
static void quiesce(struct websocket *w)
{
	struct wsconn *c, *next;

	if (!w->quiesce_until_us)
		w->quiesce_until_us = w->now_us + WS_QUIESCE_US;
	for (c = w->conns; c; c = next) {
		next = c->next;
		wsconn_close(c, 1001, "the server ends");
		if (w->now_us < w->quiesce_until_us)
			continue;
		wsconn_detach(c);
		remove_conn(w, c);
	}
}

static int timeout_ms(const struct websocket *w)
{
	uint64_t us = w->s->ws_ping_us / 4;

	if (!w->conns)
		return -1;
	if (us > TICK_MAX_US)
		us = TICK_MAX_US;
	if (us < TICK_MIN_US || w->quiesce_until_us)
		us = TICK_MIN_US;
	return (int)(us / 1000);
}

static void on_event(struct websocket *w, const struct epoll_event *e)
{
	struct wsconn *c = e->data.ptr;
	uint64_t n;

	if (c) {
		wsconn_ready(c, e->events);
		bury(w, c);
	} else {
		(void)!read(w->event_fd, &n, sizeof n);
	}
}

/* Other threads' requests, those that are there now: new ones may come as fast as they are served. */
static void serve_requests(struct websocket *w)
{
	struct wsconn *c, *next;

	while ((c = take_incoming(w)))
		adopt(w, c);
	for (c = take_dirty(w); c; c = next) {
		(void)pthread_mutex_lock(&w->lock);
		next = c->next_dirty;
		c->dirty = false; /* only whoever takes it off the list may say so: it is linked until then */
		(void)pthread_mutex_unlock(&w->lock);
		wsconn_update(c);
		bury(w, c);
	}
}

static void *run(void *arg)
{
	struct websocket *w = arg;
	struct epoll_event events[EVENTS];
	uint64_t tick_at = 0;
	bool quiescing = false, ending = false;
	int n, i, wait;

	(void)prctl(PR_SET_NAME, "websocket");
	while (!ending || w->conns) {
		wait = timeout_ms(w);
		n = epoll_wait(w->epoll_fd, events, EVENTS, wait);
		w->now_us = now_us();
		for (i = 0; i < n; i++)
			on_event(w, &events[i]);
		serve_requests(w);
		(void)pthread_mutex_lock(&w->lock);
		quiescing = w->quiescing;
		ending = w->ending && !w->incoming;
		(void)pthread_mutex_unlock(&w->lock);
		if (quiescing)
			quiesce(w);
		if (w->now_us >= tick_at) {
			tick_at = w->now_us + (uint64_t)(wait < 0 ? 0 : wait) * 1000u;
			tick(w);
		}
	}
	return NULL;
}

/* ---- the module's calls, on the main thread ---- */

static int start_thread(struct websocket *w)
{
	sigset_t all, before;
	int err;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are the main thread's */
	err = pthread_create(&w->thread, NULL, run, w);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	w->running = !err;
	return -err;
}

int websocket_new(const struct server *s, struct websocket **ret_websocket)
{
	struct epoll_event e = { .events = EPOLLIN };
	struct websocket *w = calloc(1, sizeof *w);
	pthread_condattr_t attr;
	char text[256];
	int err;

	if (!w)
		return s->h->fail(s->h, -ENOMEM, "out of memory");
	w->s = s;
	(void)pthread_mutex_init(&w->lock, NULL);
	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&w->changed, &attr);
	(void)pthread_condattr_destroy(&attr);
	w->buf = malloc(WS_READ_OCTETS);
	w->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	w->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	err = !w->buf ? -ENOMEM
	      : w->epoll_fd < 0 || w->event_fd < 0 || epoll_ctl(w->epoll_fd, EPOLL_CTL_ADD, w->event_fd, &e) < 0 ? -errno
													     : start_thread(w);
	if (err) {
		websocket_free(w);
		(void)snprintf(text, sizeof text, "cannot run WebSockets: %s; raise the limits of open files or threads", strerror(-err));
		return s->h->fail(s->h, err, text);
	}
	*ret_websocket = w;
	return 0;
}

void websocket_quiesce(struct websocket *w)
{
	uint64_t until = now_us() + WS_QUIESCE_US + WS_QUIESCE_US / 4;
	const struct timespec t = { .tv_sec = (time_t)(until / 1000000u), .tv_nsec = (long)(until % 1000000u) * 1000 };

	if (!w)
		return;
	(void)pthread_mutex_lock(&w->lock);
	w->quiescing = true;
	wake(w);
	while (w->n && pthread_cond_timedwait(&w->changed, &w->lock, &t) != ETIMEDOUT)
		;
	(void)pthread_mutex_unlock(&w->lock);
}

void websocket_stop(struct websocket *w)
{
	if (!w || !w->running)
		return;
	(void)pthread_mutex_lock(&w->lock);
	w->quiescing = w->ending = true;
	wake(w);
	(void)pthread_mutex_unlock(&w->lock);
	(void)pthread_join(w->thread, NULL);
	w->running = false;
}

void websocket_free(struct websocket *w)
{
	if (!w)
		return;
	websocket_stop(w);
	if (w->epoll_fd >= 0)
		(void)close(w->epoll_fd);
	if (w->event_fd >= 0)
		(void)close(w->event_fd);
	(void)pthread_cond_destroy(&w->changed);
	(void)pthread_mutex_destroy(&w->lock);
	free(w->buf);
	free(w);
}
