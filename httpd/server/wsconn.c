/* SPDX-License-Identifier: MIT */
/* One WebSocket connection. libwslay frames and unframes; what it buffers is bounded here: it gets at most a batch to send, reads only
 * while the route takes messages and the client takes answers, and incoming messages are put together in a buffer of
 * ours. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "wsconn.h"

/* Which code tells a client of a route's error. */
static const struct {
	int err;
	uint16_t code;
} codes[] = {
	{ -EBADMSG, 1002 }, { -EPROTO, 1002 }, { -EINVAL, 1002 }, { -EMSGSIZE, 1009 }, { -EACCES, 1008 },
	{ -EPERM, 1008 },   { -EAGAIN, 1013 }, { -EBUSY, 1013 },  { -ENOMEM, 1013 },
};

static uint16_t code_of(int err)
{
	size_t i;

	for (i = 0; i < sizeof codes / sizeof codes[0]; i++)
		if (codes[i].err == err)
			return codes[i].code;
	return 1011;
}

static uint64_t cost(uint64_t len)
{
	return len + sizeof(struct wsmsg);
}

static struct wsmsg *wsmsg_new(uint32_t kind, const void *data, uint64_t len)
{
	struct wsmsg *m = malloc(sizeof *m + len);

	if (!m)
		return NULL;
	m->next = NULL;
	m->kind = kind;
	m->len = (uint32_t)len;
	if (len)
		memcpy(m->data, data, len);
	return m;
}

void wsqueue_init(struct wsqueue *q)
{
	q->head = NULL;
	q->tail = &q->head;
}

static void wsqueue_push(struct wsqueue *q, struct wsmsg *m)
{
	*q->tail = m;
	q->tail = &m->next;
}

static struct wsmsg *wsqueue_pop(struct wsqueue *q)
{
	struct wsmsg *m = q->head;

	if (!m)
		return NULL;
	q->head = m->next;
	if (!q->head)
		q->tail = &q->head;
	return m;
}

void wsqueue_free(struct wsqueue *q)
{
	struct wsmsg *m;

	while ((m = wsqueue_pop(q)))
		free(m);
}

/* ---- what routes ask, on any thread ---- */

static struct wsconn *conn_of(struct aerie_ws *ws)
{
	return (struct wsconn *)ws;
}

static int ops_send(struct aerie_ws *ws, uint32_t kind, const void *data, uint64_t len)
{
	struct wsconn *c = conn_of(ws);
	struct wsmsg *m;
	int err = 0;

	(void)pthread_mutex_lock(&c->w->lock);
	if (!atomic_load(&c->closed) && c->queued + cost(len) > AERIE_WS_QUEUE_MAX)
		err = -EAGAIN;
	(void)pthread_mutex_unlock(&c->w->lock);
	if (err || atomic_load(&c->closed))
		return err ? err : -EPIPE;
	m = wsmsg_new(kind, data, len);
	if (!m)
		return -EAGAIN;
	(void)pthread_mutex_lock(&c->w->lock);
	if (atomic_load(&c->closed)) {
		err = -EPIPE;
	} else if (c->queued + cost(len) > AERIE_WS_QUEUE_MAX) {
		err = -EAGAIN;
	} else {
		wsqueue_push(&c->out, m);
		c->queued += cost(len);
		websocket_wake(c->w, c);
	}
	(void)pthread_mutex_unlock(&c->w->lock);
	if (err)
		free(m);
	return err;
}

static void ops_resume(struct aerie_ws *ws)
{
	struct wsconn *c = conn_of(ws);

	(void)pthread_mutex_lock(&c->w->lock);
	c->resume_asked = true;
	websocket_wake(c->w, c);
	(void)pthread_mutex_unlock(&c->w->lock);
}

/* As much of a text as there is room for, without cutting a character. */
static void copy_reason(char *dst, const char *reason)
{
	size_t n = strlen(reason);

	if (n > WS_REASON_OCTETS)
		for (n = WS_REASON_OCTETS; n && ((uint8_t)reason[n] & 0xc0) == 0x80;)
			n--;
	memcpy(dst, reason, n);
	dst[n] = '\0';
}

/* The first one to close says why. */
static void ops_close(struct aerie_ws *ws, uint16_t code, const char *reason)
{
	struct wsconn *c = conn_of(ws);

	(void)pthread_mutex_lock(&c->w->lock);
	if (!atomic_exchange(&c->closed, true)) {
		c->close_asked = true;
		c->code = code;
		copy_reason(c->reason, reason ? reason : "");
		websocket_wake(c->w, c);
	}
	(void)pthread_mutex_unlock(&c->w->lock);
}

static uint64_t ops_queued(struct aerie_ws *ws)
{
	struct wsconn *c = conn_of(ws);
	uint64_t queued;

	(void)pthread_mutex_lock(&c->w->lock);
	queued = atomic_load(&c->closed) ? 0 : c->queued;
	(void)pthread_mutex_unlock(&c->w->lock);
	return queued;
}

const struct aerie_ws_ops wsconn_ops = {
	.size = sizeof wsconn_ops,
	.send = ops_send,
	.resume = ops_resume,
	.close = ops_close,
	.queued = ops_queued,
};

void wsconn_close(struct wsconn *c, uint16_t code, const char *reason)
{
	ops_close(&c->ws, code, reason);
}

void wsconn_revoke(struct wsconn *c)
{
	wsconn_close(c, code_of(-EACCES), "the login has ended"); /* first, so that nothing more is queued */
	(void)pthread_mutex_lock(&c->w->lock);
	wsqueue_free(&c->out);
	c->queued = c->inflight;
	(void)pthread_mutex_unlock(&c->w->lock);
}

/* ---- leaving ---- */

void wsconn_detach(struct wsconn *c)
{
	(void)pthread_mutex_lock(&c->w->lock);
	atomic_store(&c->closed, true);
	(void)pthread_mutex_unlock(&c->w->lock);
	wsqueue_free(&c->waiting);
	if (c->attached)
		c->route->close(c->user);
	c->attached = false;
}

static void die(struct wsconn *c)
{
	wsconn_detach(c);
	c->state = WS_DEAD;
}

static void set_deadline(struct wsconn *c, uint64_t in_us)
{
	c->deadline_us = c->w->now_us + in_us;
}

/* Registers for what would do something; not at all for nothing, because epoll tells hang-ups unasked. */
static void watch(struct wsconn *c, uint32_t events)
{
	struct epoll_event e = { .events = events, .data.ptr = c };
	int op = !events ? EPOLL_CTL_DEL : c->events ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;

	if (events == c->events)
		return;
	if (epoll_ctl(c->w->epoll_fd, op, c->fd, &e) < 0)
		die(c);
	c->events = events;
}

/* No message comes any more. The route leaves as soon as it has those that came. */
static void end_of_messages(struct wsconn *c)
{
	if (!c->waiting.head)
		wsconn_detach(c);
}

/* The socket is of no more use. */
static void leave(struct wsconn *c)
{
	end_of_messages(c);
	if (!c->attached) {
		c->state = WS_DEAD;
		return;
	}
	c->gone = true;
	c->state = WS_LINGER;
	set_deadline(c, WS_WAIT_US);
	watch(c, 0);
}

/* Both sides have said what they had to say. */
static void linger(struct wsconn *c)
{
	end_of_messages(c);
	if (shutdown(c->fd, SHUT_WR) < 0) {
		leave(c);
		return;
	}
	c->state = WS_LINGER;
	set_deadline(c, WS_LINGER_US);
}

/* ---- sending ---- */

static ssize_t on_send(wslay_event_context_ptr framing, const uint8_t *data, size_t len, int flags, void *user)
{
	struct wsconn *c = user;
	ssize_t n = send(c->fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT | (flags & WSLAY_MSG_MORE ? MSG_MORE : 0));

	if (n >= 0) {
		if (c->state == WS_CLOSING && !wslay_event_get_close_sent(framing))
			set_deadline(c, WS_FLUSH_US);
		return n;
	}
	wslay_event_set_error(framing, errno == EAGAIN || errno == EINTR ? WSLAY_ERR_WOULDBLOCK : WSLAY_ERR_CALLBACK_FAILURE);
	return -1;
}

/* Hands a batch of the queue to the framing. False: there is nothing, or memory is out (then the connection ends). */
static bool next_batch(struct wsconn *c)
{
	struct wsqueue batch;
	struct wsmsg *m;
	bool any = false, failed = false;
	unsigned n = 0;

	wsqueue_init(&batch);
	(void)pthread_mutex_lock(&c->w->lock);
	while (n++ < WS_BATCH && c->inflight < WS_BATCH_OCTETS && (m = wsqueue_pop(&c->out))) {
		m->next = NULL;
		wsqueue_push(&batch, m);
		c->inflight += cost(m->len);
	}
	(void)pthread_mutex_unlock(&c->w->lock);
	while ((m = wsqueue_pop(&batch))) {
		struct wslay_event_msg framed = {
			.opcode = m->kind == AERIE_WS_TEXT ? WSLAY_TEXT_FRAME : WSLAY_BINARY_FRAME, .msg = m->data, .msg_length = m->len,
		};

		failed = failed || wslay_event_queue_msg(c->framing, &framed);
		free(m);
		any = true;
	}
	if (failed)
		die(c);
	return any && !failed;
}

static void batch_sent(struct wsconn *c)
{
	bool drained;

	(void)pthread_mutex_lock(&c->w->lock);
	c->queued -= c->inflight;
	drained = !c->queued && !atomic_load(&c->closed);
	(void)pthread_mutex_unlock(&c->w->lock);
	c->inflight = 0;
	if (drained && c->attached && c->route->drained)
		c->route->drained(c->user);
}

static bool close_frame_due(struct wsconn *c)
{
	bool due;

	if (c->state != WS_CLOSING)
		return false;
	(void)pthread_mutex_lock(&c->w->lock);
	due = c->close_asked && !c->out.head;
	if (due)
		c->close_asked = false;
	(void)pthread_mutex_unlock(&c->w->lock);
	return due;
}

static void close_sent(struct wsconn *c)
{
	if (wslay_event_get_close_received(c->framing) || !wslay_event_want_read(c->framing)) {
		linger(c);
	} else if (!c->answer_awaited) {
		c->answer_awaited = true;
		wsconn_detach(c);
		set_deadline(c, WS_ANSWER_US);
	}
}

/* Sends until nothing is left, the client takes no more, or it is the others' turn. */
static void flush(struct wsconn *c)
{
	unsigned batches = 0;

	while (c->state == WS_OPEN || c->state == WS_CLOSING) {
		if (wslay_event_send(c->framing)) {
			die(c);
			return;
		}
		if (wslay_event_get_close_sent(c->framing)) {
			close_sent(c);
			return;
		}
		if (wslay_event_want_write(c->framing))
			return;
		if (c->inflight)
			batch_sent(c);
		if (++batches > WS_BATCHES) {
			(void)pthread_mutex_lock(&c->w->lock);
			websocket_wake(c->w, c);
			(void)pthread_mutex_unlock(&c->w->lock);
			return;
		}
		if (next_batch(c))
			continue;
		if (!close_frame_due(c))
			return;
		if (wslay_event_queue_close(c->framing, c->code, (const uint8_t *)c->reason, strlen(c->reason)))
			die(c);
	}
}

/* ---- receiving ---- */

static void deliver(struct wsconn *c, uint32_t kind, const uint8_t *data, uint64_t len)
{
	struct wsmsg *m;
	int r;

	if (atomic_load(&c->closed) || !c->attached)
		return;
	if (c->paused) { /* the framing had it already: bounded by its own buffer */
		m = wsmsg_new(kind, data, len);
		if (m)
			wsqueue_push(&c->waiting, m);
		else
			wsconn_close(c, code_of(-ENOMEM), "out of memory");
		return;
	}
	r = c->route->message(c->user, kind, data, len);
	if (r == AERIE_WS_PAUSE)
		c->paused = true;
	else if (r < 0)
		wsconn_close(c, code_of(r), strerror(-r));
}

static bool may_read(const struct wsconn *c)
{
	return (c->state == WS_OPEN || c->state == WS_CLOSING) && !c->paused && wslay_event_want_read(c->framing) &&
	       wslay_event_get_queued_msg_count(c->framing) < WS_BACKLOG;
}

static ssize_t on_recv(wslay_event_context_ptr framing, uint8_t *buf, size_t len, int flags, void *user)
{
	struct wsconn *c = user;

	if (!c->in_len || !may_read(c)) {
		wslay_event_set_error(framing, WSLAY_ERR_WOULDBLOCK);
		return -1;
	}
	if (len > c->in_len)
		len = c->in_len;
	memcpy(buf, c->in, len);
	c->in += len;
	c->in_len -= len;
	return (ssize_t)len;
}

/* Ends the connection for something that the framing does not see as wrong. */
static void refuse(struct wsconn *c, uint16_t code)
{
	(void)wslay_event_queue_close(c->framing, code, NULL, 0);
	wslay_event_shutdown_read(c->framing);
}

static void on_frame(wslay_event_context_ptr framing, const struct wslay_event_on_frame_recv_start_arg *arg, void *user)
{
	struct wsconn *c = user;

	c->control = wslay_is_ctrl_frame(arg->opcode);
	if (c->control)
		return;
	if (arg->opcode != WSLAY_CONTINUATION_FRAME) {
		c->kind = arg->opcode == WSLAY_TEXT_FRAME ? AERIE_WS_TEXT : AERIE_WS_BINARY;
		c->msg_len = 0;
	}
	c->whole = NULL;
	c->only_frame = arg->fin && arg->opcode != WSLAY_CONTINUATION_FRAME;
	c->frame_len = arg->payload_length;
	if (c->msg_len + c->frame_len > AERIE_WS_MESSAGE_MAX) /* of several frames: the framing looks at each alone */
		refuse(c, WSLAY_CODE_MESSAGE_TOO_BIG);
}

static int make_room(struct wsconn *c, uint64_t len)
{
	uint64_t room = c->msg_room ? c->msg_room : 4096;
	uint8_t *msg;

	while (room < len)
		room *= 2;
	if (room == c->msg_room)
		return 0;
	msg = realloc(c->msg, room);
	if (!msg)
		return -ENOMEM;
	c->msg = msg;
	c->msg_room = room;
	return 0;
}

/* A message that lies there in one piece stays there until it is told; others are put together. */
static void on_chunk(wslay_event_context_ptr framing, const struct wslay_event_on_frame_recv_chunk_arg *arg, void *user)
{
	struct wsconn *c = user;

	if (c->control || !arg->data_length || !wslay_event_want_read(framing))
		return;
	if (c->only_frame && arg->data_length == c->frame_len) {
		c->whole = arg->data;
		c->msg_len = c->frame_len;
	} else if (make_room(c, c->msg_len + arg->data_length)) {
		refuse(c, code_of(-ENOMEM));
	} else {
		memcpy(c->msg + c->msg_len, arg->data, arg->data_length);
		c->msg_len += arg->data_length;
	}
}

static void on_message(wslay_event_context_ptr framing, const struct wslay_event_on_msg_recv_arg *arg, void *user)
{
	struct wsconn *c = user;

	if (wslay_is_ctrl_frame(arg->opcode) || !wslay_event_want_read(framing))
		return;
	deliver(c, c->kind, c->whole ? c->whole : c->msg_len ? c->msg : (const uint8_t *)"", c->msg_len);
	c->msg_len = 0;
	if (c->msg_room > WS_KEEP_OCTETS) {
		free(c->msg);
		c->msg = NULL;
		c->msg_room = 0;
	}
}

/* The framing has no code for a frame that it cannot even read, and asks for an empty close frame. Ours goes out instead, unless
 * others are under way. */
static void malformed(struct wsconn *c)
{
	static const uint8_t frame[] = { 0x88, 0x02, 1002 >> 8, 1002 & 0xff };

	if (wslay_event_get_queued_msg_count(c->framing) != 1 || wslay_event_get_close_sent(c->framing))
		return;
	wslay_event_shutdown_write(c->framing);
	(void)send(c->fd, frame, sizeof frame, MSG_NOSIGNAL | MSG_DONTWAIT);
	linger(c);
}

/* Gives the framing octets; what it does not take now is kept. */
static void take(struct wsconn *c, const uint8_t *data, size_t len)
{
	int err;

	c->in = data;
	c->in_len = len;
	err = wslay_event_recv(c->framing);
	if (err == WSLAY_ERR_NOMEM)
		refuse(c, code_of(-ENOMEM));
	if (wslay_event_want_read(c->framing))
		return;
	c->in_len = 0;
	end_of_messages(c);
	if (c->state == WS_OPEN) {
		c->state = WS_CLOSING;
		set_deadline(c, WS_FLUSH_US);
	}
	if (err == WSLAY_ERR_CALLBACK_FAILURE)
		malformed(c);
}

static void take_rest(struct wsconn *c)
{
	take(c, c->rest + c->rest_at, c->rest_len - c->rest_at);
	c->rest_at = c->rest_len - c->in_len;
	c->in_len = 0;
	if (c->rest_at < c->rest_len)
		return;
	free(c->rest);
	c->rest = NULL;
	c->rest_at = c->rest_len = 0;
}

static void heard(struct wsconn *c)
{
	c->quiet_us = c->w->now_us;
	c->pings = 0;
}

static void read_socket(struct wsconn *c)
{
	ssize_t n = recv(c->fd, c->w->buf, WS_READ_OCTETS, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		leave(c);
		return;
	}
	heard(c);
	take(c, c->w->buf, (size_t)n);
	if (!c->in_len)
		return;
	c->rest = malloc(c->in_len);
	if (!c->rest) {
		die(c);
		return;
	}
	memcpy(c->rest, c->in, c->in_len);
	c->rest_len = c->in_len;
	c->in_len = 0;
}

/* After both close frames: until the client ends, too. */
static void drain(struct wsconn *c)
{
	ssize_t n = recv(c->fd, c->w->buf, WS_READ_OCTETS, MSG_DONTWAIT);

	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		leave(c);
}

/* ---- the thread's calls ---- */

/* Does whatever can be done without waiting, and registers for the rest. */
static void settle(struct wsconn *c)
{
	uint32_t events = 0;

	do {
		if (c->rest && may_read(c))
			take_rest(c);
		flush(c);
	} while (c->rest && may_read(c));
	if (c->state == WS_DEAD || c->gone)
		return;
	if (c->state == WS_LINGER || may_read(c))
		events = EPOLLIN;
	if (c->state != WS_LINGER && wslay_event_want_write(c->framing))
		events |= EPOLLOUT;
	watch(c, events);
}

void wsconn_ready(struct wsconn *c, uint32_t events)
{
	if (c->state == WS_LINGER)
		drain(c);
	else if ((events & ~(uint32_t)EPOLLOUT) && may_read(c) && !c->rest)
		read_socket(c);
	else if (events & (EPOLLERR | EPOLLHUP))
		leave(c);
	settle(c);
}

static void deliver_waiting(struct wsconn *c)
{
	struct wsmsg *m;

	while (!c->paused && (m = wsqueue_pop(&c->waiting))) {
		deliver(c, m->kind, m->data, m->len);
		free(m);
	}
	if (!c->waiting.head && !wslay_event_want_read(c->framing)) {
		wsconn_detach(c);
		if (c->gone)
			c->state = WS_DEAD;
	}
}

void wsconn_update(struct wsconn *c)
{
	bool resume, close;

	(void)pthread_mutex_lock(&c->w->lock);
	resume = c->resume_asked;
	c->resume_asked = false;
	close = c->close_asked;
	(void)pthread_mutex_unlock(&c->w->lock);
	if (resume && c->paused) {
		c->paused = false;
		heard(c);
		deliver_waiting(c);
	}
	if (close && c->state == WS_OPEN) {
		c->state = WS_CLOSING;
		c->paused = false; /* messages are dropped until the client's close frame */
		wsqueue_free(&c->waiting);
		set_deadline(c, WS_FLUSH_US);
	} else if (close && c->gone) {
		die(c);
	}
	if (c->state != WS_DEAD)
		settle(c);
}

void wsconn_tick(struct wsconn *c)
{
	uint64_t now = c->w->now_us;
	const struct wslay_event_msg frame = { .opcode = WSLAY_PING };

	if (c->state != WS_OPEN) {
		if (now >= c->deadline_us)
			die(c);
		return;
	}
	if (c->paused || now - c->quiet_us < c->w->s->ws_ping_us)
		return;
	if (c->pings == WS_SILENT_INTERVALS - 1) {
		wsconn_close(c, 1011, "no answer to pings");
	} else {
		c->quiet_us = now;
		c->pings++;
		(void)wslay_event_queue_msg(c->framing, &frame);
		settle(c);
	}
}

void wsconn_open(struct wsconn *c)
{
	static const struct wslay_event_callbacks callbacks = {
		.recv_callback = on_recv,
		.send_callback = on_send,
		.on_frame_recv_start_callback = on_frame,
		.on_frame_recv_chunk_callback = on_chunk,
		.on_msg_recv_callback = on_message,
	};
	int err;

	if (wslay_event_context_server_init(&c->framing, &callbacks, c)) {
		c->framing = NULL;
		c->state = WS_DEAD;
		return;
	}
	wslay_event_config_set_no_buffering(c->framing, 1);
	wslay_event_config_set_max_recv_msg_length(c->framing, AERIE_WS_MESSAGE_MAX);
	heard(c);
	err = c->route->open(c->route->user, &c->req, &c->ws, &c->user);
	c->attached = !err;
	if (err)
		wsconn_close(c, code_of(err), strerror(err < 0 ? -err : EIO));
	wsconn_update(c);
}

void wsconn_free(struct wsconn *c)
{
	if (c->events)
		(void)epoll_ctl(c->w->epoll_fd, EPOLL_CTL_DEL, c->fd, NULL);
	if (c->framing)
		wslay_event_context_free(c->framing);
	if (c->urh)
		(void)MHD_upgrade_action(c->urh, MHD_UPGRADE_ACTION_CLOSE);
	wsqueue_free(&c->waiting);
	wsqueue_free(&c->out);
	c->w->s->websocket->unpin(c->pin);
	free(c->rest);
	free(c->msg);
	free(c);
}
