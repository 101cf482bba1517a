/* SPDX-License-Identifier: MIT */
/* A WebSocket as the handler's transport (RFC 6455; framing by wslay). Each frame of the capture protocol is one binary
 * message, in both directions.
 *
 * The handler writes a stream of octets. The ends of its frames are found by their headers here, and a frame is only begun
 * when the outgoing buffer has room for all of it, so that it never stops halfway, and answers to the server's own pings
 * find their place between two. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wslay/wslay.h>

#include "remote.h"
#include "stream.h"
#include "upgrade.h"

#define STAGE (256u * 1024u)    /* of octets for the socket */
#define GOT (4u * REQUEST_MAX)  /* of octets for the handler */
#define HEADER_MAX 14u          /* of a WebSocket frame */
#define READ_MAX 4096u          /* the most that wslay asks for at once */
#define TURN_MAX (4u * READ_MAX) /* read in one turn: a server that never pauses is not all that the main thread looks at */
#define ANSWERS_MAX 1024u       /* to a server that pings and does not read the answers */
#define MASKS 1024u

struct websocket {
	struct stream *stream;
	wslay_frame_context_ptr out;
	wslay_event_context_ptr in;
	struct ring stage, got;
	uint8_t head[PROTOCOL_PREFIX]; /* of the frame that is not begun yet */
	size_t head_len;
	uint64_t length, left; /* of the frame that is being written */
	struct early early;
	size_t early_at;
	uint8_t masks[4 * MASKS];
	size_t masks_left;
	size_t turn_left; /* may be read yet in this turn */
	bool no_random, ended;
	int read_errno;
};

/* --- Callbacks of wslay. */

static ssize_t put_stage(struct websocket *w, const uint8_t *data, size_t len)
{
	if (ring_room(&w->stage) < len)
		return -1;
	ring_put(&w->stage, data, len);
	return (ssize_t)len;
}

static ssize_t on_frame_send(const uint8_t *data, size_t len, int flags, void *user)
{
	return put_stage(user, data, len); /* there is room: see begin_frame() */
}

static ssize_t on_event_send(wslay_event_context_ptr ctx, const uint8_t *data, size_t len, int flags, void *user)
{
	ssize_t n = put_stage(user, data, len);

	if (n < 0)
		wslay_event_set_error(ctx, WSLAY_ERR_WOULDBLOCK);
	return n;
}

static int next_mask(struct websocket *w, uint8_t *mask, size_t len)
{
	if (len != 4)
		return -1;
	if (w->masks_left == 0) {
		if (random_octets(w->masks, sizeof w->masks) < 0) {
			w->no_random = true;
			return -1;
		}
		w->masks_left = MASKS;
	}
	memcpy(mask, w->masks + 4 * --w->masks_left, 4);
	return 0;
}

static int on_frame_mask(uint8_t *mask, size_t len, void *user)
{
	return next_mask(user, mask, len);
}

static int on_event_mask(wslay_event_context_ptr ctx, uint8_t *mask, size_t len, void *user)
{
	return next_mask(user, mask, len);
}

static ssize_t read_below(struct websocket *w, uint8_t *to, size_t len)
{
	size_t early = w->early.len - w->early_at;

	if (early == 0)
		return stream_read(w->stream, to, len);
	if (len > early)
		len = early;
	memcpy(to, w->early.data + w->early_at, len);
	w->early_at += len;
	return (ssize_t)len;
}

static ssize_t on_event_recv(wslay_event_context_ptr ctx, uint8_t *to, size_t len, int flags, void *user)
{
	struct websocket *w = user;
	ssize_t n;

	/* All messages that are in what is read now, and one that ends in it, must fit. */
	if (ring_room(&w->got) < REQUEST_MAX + READ_MAX || w->turn_left == 0) {
		wslay_event_set_error(ctx, WSLAY_ERR_WOULDBLOCK);
		return -1;
	}
	if (len > READ_MAX)
		len = READ_MAX;
	n = read_below(w, to, len < w->turn_left ? len : w->turn_left);
	if (n > 0) {
		w->turn_left -= (size_t)n;
		return n;
	}
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
		wslay_event_set_error(ctx, WSLAY_ERR_WOULDBLOCK);
		return -1;
	}
	w->ended = true;
	w->read_errno = n < 0 ? errno : 0;
	wslay_event_set_error(ctx, WSLAY_ERR_CALLBACK_FAILURE);
	return -1;
}

static void on_message(wslay_event_context_ptr ctx, const struct wslay_event_on_msg_recv_arg *arg, void *user)
{
	struct websocket *w = user;

	if (arg->opcode == WSLAY_CONNECTION_CLOSE)
		w->ended = true;
	if (arg->opcode == WSLAY_BINARY_FRAME && arg->msg_length <= ring_room(&w->got))
		ring_put(&w->got, arg->msg, arg->msg_length);
}

/* --- Reading. */

static bool between_frames(const struct websocket *w)
{
	return w->left == 0;
}

/* Answers of wslay to what was read: PONG, close. */
static int send_answers(struct websocket *w)
{
	if (between_frames(w) && wslay_event_want_write(w->in) && wslay_event_send(w->in) != 0)
		return -1;
	return 0;
}

static int flush(void *data);

static ssize_t read_messages(void *data, void *to, size_t len)
{
	struct websocket *w = data;
	int r = 0;

	w->turn_left = TURN_MAX;
	if (w->got.used == 0 && !w->ended && wslay_event_want_read(w->in))
		r = wslay_event_recv(w->in);
	if (send_answers(w) < 0)
		r = WSLAY_ERR_CALLBACK_FAILURE;
	if (wslay_event_get_queued_msg_count(w->in) > ANSWERS_MAX) {
		w->ended = true;
		w->read_errno = ENOBUFS;
	}
	if (w->stage.used > 0 && flush(w) < 0 && w->got.used == 0 && !w->ended) { /* an end that was read is the reason */
		w->ended = true;
		w->read_errno = errno;
	}
	if (w->got.used > 0) {
		if (len > w->got.used)
			len = w->got.used;
		ring_peek(&w->got, to, len);
		ring_drop(&w->got, len);
		return (ssize_t)len;
	}
	if (w->ended || (r != 0 && r != WSLAY_ERR_WANT_READ) || !wslay_event_want_read(w->in)) {
		errno = w->ended ? w->read_errno : EPROTO; /* wslay reads no more: what came is no WebSocket */
		return errno ? -1 : 0;
	}
	errno = EAGAIN;
	return -1;
}

static bool buffered(const void *data)
{
	const struct websocket *w = data;

	return w->got.used > 0 || w->early_at < w->early.len || stream_buffered(w->stream);
}

/* --- Writing. */

static int flush(void *data)
{
	struct websocket *w = data;

	while (w->stage.used > 0) {
		size_t len;
		const uint8_t *from = ring_data(&w->stage, &len);
		ssize_t n = stream_write(w->stream, from, len);

		if (n < 0)
			return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -1;
		ring_drop(&w->stage, (size_t)n);
	}
	return 1;
}

/* Payload of the frame that was begun. 0, or -1 with errno. */
static int put_payload(struct websocket *w, const uint8_t *from, size_t len)
{
	struct wslay_frame_iocb io;

	memset(&io, 0, sizeof io);
	io.fin = 1;
	io.opcode = WSLAY_BINARY_FRAME;
	io.mask = 1;
	io.payload_length = w->length;
	while (len > 0) {
		ssize_t n;

		io.data = from;
		io.data_length = len;
		n = wslay_frame_send(w->out, &io);
		if (n <= 0) {
			errno = w->no_random ? EIO : EPROTO;
			return -1;
		}
		from += n;
		len -= (size_t)n;
		w->left -= (uint64_t)n;
	}
	return 0;
}

/* The head of the next frame is complete. 1 begun, 0 no room now, -1 with errno. */
static int begin_frame(struct websocket *w)
{
	uint64_t length = (uint64_t)PROTOCOL_HEADER + get_be32(w->head + PROTOCOL_PREFIX - 4);

	if (ring_room(&w->stage) < length + HEADER_MAX && flush(w) < 0)
		return -1;
	if (ring_room(&w->stage) < length + HEADER_MAX)
		return 0;
	w->length = w->left = length;
	w->head_len = 0;
	return put_payload(w, w->head, sizeof w->head) < 0 ? -1 : 1;
}

/* Takes octets until the buffer is full. How many, or -1 with errno. */
static ssize_t take(struct websocket *w, const uint8_t *from, size_t len)
{
	size_t taken = 0;

	while (taken < len || w->head_len == sizeof w->head) {
		size_t n = len - taken;
		int r;

		if (w->left == 0 && w->head_len < sizeof w->head) {
			if (n > sizeof w->head - w->head_len)
				n = sizeof w->head - w->head_len;
			memcpy(w->head + w->head_len, from + taken, n);
			w->head_len += n;
			taken += n;
			continue;
		}
		if (w->left == 0) {
			r = begin_frame(w);
			if (r < 0)
				return -1;
			if (r == 0)
				break;
			continue;
		}
		if (n > w->left)
			n = (size_t)w->left;
		if (put_payload(w, from + taken, n) < 0)
			return -1;
		taken += n;
	}
	return (ssize_t)taken;
}

static ssize_t write_frames(void *data, const void *from, size_t len)
{
	struct websocket *w = data;
	ssize_t taken = take(w, from, len);

	if (taken < 0 || flush(w) < 0)
		return -1;
	if (taken > 0 || len == 0)
		return taken;
	errno = EAGAIN;
	return -1;
}

static int flush_all(void *data)
{
	struct websocket *w = data;

	if (take(w, NULL, 0) < 0 || send_answers(w) < 0)
		return -1;
	return flush(w);
}

static bool pending(const void *data)
{
	const struct websocket *w = data;

	return w->stage.used > 0 || w->head_len == sizeof w->head;
}

/* --- Beginning and end. */

static void end(void *data)
{
	struct websocket *w = data;

	wslay_event_queue_close(w->in, WSLAY_CODE_NORMAL_CLOSURE, NULL, 0);
	if (send_answers(w) == 0 && flush(w) == 1)
		stream_bye(w->stream);
}

static bool goodbye(const void *data)
{
	const struct websocket *w = data;

	return wslay_event_get_close_received(w->in);
}

static void websocket_free(void *data)
{
	struct websocket *w = data;

	if (w->out)
		wslay_frame_context_free(w->out);
	if (w->in)
		wslay_event_context_free(w->in);
	stream_free(w->stream);
	ring_free(&w->stage);
	ring_free(&w->got);
	free(w);
}

static struct websocket *websocket_new(int fd)
{
	static const struct wslay_frame_callbacks out = { on_frame_send, NULL, on_frame_mask };
	static const struct wslay_event_callbacks in = { on_event_recv, on_event_send, on_event_mask, NULL,
							 NULL,          NULL,          on_message };
	struct websocket *w = calloc(1, sizeof *w);

	if (!w)
		return NULL;
	w->stream = stream_new(fd);
	if (!w->stream || ring_init(&w->stage, STAGE) < 0 || ring_init(&w->got, GOT) < 0 ||
	    wslay_frame_context_init(&w->out, &out, w) != 0 || wslay_event_context_client_init(&w->in, &in, w) != 0) {
		websocket_free(w);
		return NULL;
	}
	wslay_event_config_set_max_recv_msg_length(w->in, REQUEST_MAX);
	return w;
}

static void attach(struct aeriecap *cap, struct websocket *w)
{
	static const struct transport transport = { read_messages, write_frames, flush_all, pending,
						    buffered,      end,          goodbye,   websocket_free };

	cap->transport = &transport;
	cap->transport_data = w;
}

int websocket_start(struct aeriecap *cap, int fd, const struct address *to, char *why, size_t room)
{
	const struct remote *r = &cap->remote;
	struct websocket *w = websocket_new(fd);

	if (!w) {
		snprintf(why, room, "no WebSocket: out of memory");
		return -1;
	}
	if ((r->tls && stream_start_tls(w->stream, to->host, r->ca_file, why, room) < 0) ||
	    upgrade(r, w->stream, to, &w->early, why, room) < 0) {
		websocket_free(w);
		return -1;
	}
	attach(cap, w);
	return 0;
}

int websocket_upgraded(struct aeriecap *cap, int fd, const struct early *early)
{
	struct websocket *w = websocket_new(fd);

	if (!w)
		return -1;
	w->early = *early;
	attach(cap, w);
	return 0;
}

bool websocket_available(void)
{
	return true;
}
