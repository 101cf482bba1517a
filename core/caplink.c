/* SPDX-License-Identifier: MIT */
/* Links: from the octets of a capture program to frames and batches.
 *
 * Octets are read straight into the buffer of a batch, where frames are found in place; a packet's body is noted and never
 * copied. A batch goes to the workers when it is full, or LINGER_MS after its first packet when the process has no more to
 * give: short enough for a live radio, long enough that a trickle does not wake a worker per packet. While the worker is late, a
 * batch waits until it is full: a radio may lose packets when many wait, not when they are few in many batches. What lies behind the
 * last whole frame then moves to `own`, and from there to the next batch; without a pipe (before the source is open, or
 * while it is probed) `own` is all there is. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <core/caplink.h>
#include <core/capproc.h>
#include <core/loop.h>
#include <core/pipeline.h>

#define LINGER_MS 1u
#define LINGER_PACKETS 256u      /* a batch with so many does not wait */
#define EXIT_WAIT_MS 10000u      /* between the end of its output and its exit, or the other way round */
#define ROOM_MIN 4096u           /* octets to read at once, at least */
#define PACKET_OCTETS_GUESS 256u /* octets of a packet's frame before any was seen */

enum scan { SCAN_MORE, SCAN_FULL, SCAN_MOVE, SCAN_STOP };

struct caplink {
	struct core *core;
	struct transport *t;
	const struct caplink_events *ev;
	void *user;
	char name[128];
	struct pipe_source *pipe;
	struct batch *batch; /* NULL: octets lie in `own` */
	uint8_t *own;        /* BATCH_OCTETS */
	uint32_t pos, len;   /* octets looked at, octets there, in the batch or in `own` */
	uint32_t need;       /* octets that the frame at pos has in all, as far as known */
	uint32_t cap;        /* octets of the batch to fill before it is submitted */
	uint32_t packet_octets; /* per packet, in the last batch */
	uint32_t seqno;
	uint64_t n_packets;
	uint64_t n_read; /* octets, to see that a link still moves */
	uint64_t heard_ms; /* loop time of the last octets, or when it was last held back */
	uint64_t n_read_before;
	uv_timer_t linger, exit_wait;
	unsigned timers; /* not closed yet */
	bool paused;     /* no batch: nothing is read */
	bool eof;        /* seen; `drained` once all that came before it is done */
	bool drained, exited, over, ended, gone;
	int read_error, signal;
	int64_t status;
	void (*gone_fn)(void *user);
	void *gone_user;
};

static uint8_t *buffer(const struct caplink *l)
{
	return l->batch ? l->batch->buf : l->own;
}

/* ---- The end ---- */

static void submit(struct caplink *l);

static void tell_over(struct caplink *l, bool clean, const char *why)
{
	if (l->over || l->ended)
		return;
	l->over = true;
	uv_timer_stop(&l->linger);
	uv_timer_stop(&l->exit_wait);
	if (l->batch)
		submit(l);
	l->ev->over(l->user, clean, why);
}

static void break_link(struct caplink *l, const char *what)
{
	char why[CAPLINK_TEXT];

	snprintf(why, sizeof why, "%s %s, after %llu packets", l->name, what, (unsigned long long)l->n_packets);
	tell_over(l, false, why);
}

static const char *frame_error(int r)
{
	switch (r) {
	case -EPROTONOSUPPORT:
		return "speaks another version of the capture protocol than 3; install one that fits this host";
	case -EMSGSIZE:
		return "sent a frame longer than 131072 octets, the limit";
	default:
		return "sent octets that are no frame of the capture protocol";
	}
}

/* Both its output and the process itself have ended. */
static void finish(struct caplink *l)
{
	uint32_t rest = l->len - l->pos;
	char what[256], tail[96] = "";

	if (l->read_error == 0 && l->signal == 0 && l->status == 0 && rest == 0) {
		tell_over(l, true, "");
		return;
	}
	if (rest)
		snprintf(tail, sizeof tail, ", in the middle of a frame (%u of %u octets)", rest, l->need);
	if (l->read_error)
		snprintf(what, sizeof what, "cannot be read from: %s%s", strerror(-l->read_error), tail);
	else if (l->t->pid < 0)
		snprintf(what, sizeof what, "closed the connection%s", tail);
	else if (l->signal)
		snprintf(what, sizeof what, "was killed by signal %d (%s)%s", l->signal, strsignal(l->signal), tail);
	else if (l->exited)
		snprintf(what, sizeof what, "exited with status %lld%s", (long long)l->status, tail);
	else
		snprintf(what, sizeof what, "closed its output but did not exit within %u s%s", EXIT_WAIT_MS / 1000, tail);
	break_link(l, what);
}

static void on_exit_wait(uv_timer_t *t)
{
	struct caplink *l = t->data;

	/* An exited process's last octets may wait in the pipe as long as the source is held back. */
	if (!l->drained && (l->paused || l->n_read != l->n_read_before)) {
		l->n_read_before = l->n_read;
		uv_timer_start(&l->exit_wait, on_exit_wait, EXIT_WAIT_MS, 0);
		return;
	}
	if (!l->exited)
		l->status = -1;
	finish(l);
}

static void wait_for_both(struct caplink *l)
{
	if (l->drained && (l->exited || l->t->pid < 0)) {
		finish(l);
		return;
	}
	l->n_read_before = l->n_read;
	uv_timer_start(&l->exit_wait, on_exit_wait, EXIT_WAIT_MS, 0);
}

/* ---- Batches ---- */

static uint32_t clamp(uint64_t v, uint32_t low, uint32_t high)
{
	return v < low ? low : v > high ? high : (uint32_t)v;
}

/* Takes a batch and moves what is left in `own` to it. False: there is none, the link pauses. */
static bool take_batch(struct caplink *l)
{
	struct batch *b = pipe_batch_get(l->pipe);
	uint32_t rest = l->len - l->pos;

	if (!b && !l->pipe->lossless)
		b = pipe_batch_scratch(l->pipe);
	l->paused = !b;
	if (!b)
		return false;
	memcpy(b->buf, l->own + l->pos, rest);
	l->batch = b;
	l->pos = 0;
	l->len = rest;
	b->n = 0;
	l->cap = clamp((uint64_t)l->packet_octets * l->pipe->max_packets, ROOM_MIN, BATCH_OCTETS);
	return true;
}

/* Gives the batch to the workers; what lies behind its last whole frame goes to `own`. */
static void submit(struct caplink *l)
{
	struct batch *b = l->batch;
	uint32_t rest = l->len - l->pos;

	uv_timer_stop(&l->linger);
	memcpy(l->own, b->buf + l->pos, rest);
	if (b->n)
		l->packet_octets = l->pos / b->n + 1;
	b->len = l->pos;
	l->batch = NULL;
	l->pos = 0;
	l->len = rest;
	pipe_batch_submit(b);
}

static void on_linger(uv_timer_t *t)
{
	struct caplink *l = t->data;

	if (!l->batch || !l->batch->n)
		return;
	if (pipe_batch_may_wait(l->batch))
		uv_timer_start(t, on_linger, LINGER_MS, 0);
	else
		submit(l);
}

/* ---- Frames ---- */

static void answer_ping(struct caplink *l, uint32_t seqno)
{
	uint8_t frame[LINK_HEADER];
	int n = link_write(frame, sizeof frame, LINK_PONG, seqno, NULL);

	if (n > 0)
		(void)l->t->ops->send(l->t, frame, (size_t)n); /* a process that does not read will not miss it */
}

static enum scan take_frame(struct caplink *l, const struct link_frame *f)
{
	bool had_batch = l->batch != NULL;

	l->pos = f->off + f->len;
	switch (f->command) {
	case LINK_PACKET:
		if (!l->batch) {
			break_link(l, "sent a packet before the source was open");
			return SCAN_STOP;
		}
		l->batch->frames[l->batch->n].off = f->off;
		l->batch->frames[l->batch->n].len = f->len;
		l->n_packets++;
		return ++l->batch->n >= l->pipe->max_packets ? SCAN_FULL : SCAN_MORE;
	case LINK_PING:
		answer_ping(l, f->seqno);
		return SCAN_MORE;
	case LINK_PONG:
		return SCAN_MORE;
	default:
		l->ev->frame(l->user, f, buffer(l) + f->off);
	}
	if (l->ended || l->over)
		return SCAN_STOP;
	return l->pipe && !had_batch ? SCAN_MOVE : SCAN_MORE;
}

/* Looks at the octets that are there, as far as whole frames go. */
static enum scan scan(struct caplink *l)
{
	for (;;) {
		struct link_frame f;
		enum scan s;
		int r = link_next(buffer(l), l->pos, l->len, &f, &l->need);

		if (r == 0)
			return SCAN_MORE;
		if (r < 0) {
			break_link(l, frame_error(r));
			return SCAN_STOP;
		}
		s = take_frame(l, &f);
		if (s != SCAN_MORE)
			return s;
	}
}

/* Makes sure that the frame at pos, and a good read, fit behind len. */
static void keep_room(struct caplink *l)
{
	uint8_t *buf = buffer(l);

	if (l->batch && l->batch->n) {
		if (l->len + ROOM_MIN > l->cap || l->pos + l->need > l->cap)
			submit(l);
		return;
	}
	if (l->pos + LINK_FRAME_MAX > BATCH_OCTETS) {
		memmove(buf, buf + l->pos, l->len - l->pos);
		l->len -= l->pos;
		l->pos = 0;
	}
}

/* Everything that can be done with what was read. */
static void pump(struct caplink *l)
{
	for (;;) {
		enum scan s = scan(l);

		if (s == SCAN_STOP)
			return;
		if (s == SCAN_MORE)
			break;
		if (s == SCAN_FULL)
			submit(l);
		if (!take_batch(l))
			return;
	}
	keep_room(l);
	if (!l->batch || !l->batch->n)
		return;
	if (l->batch->n >= LINGER_PACKETS && !pipe_batch_may_wait(l->batch))
		submit(l);
	else if (!uv_is_active((uv_handle_t *)&l->linger))
		uv_timer_start(&l->linger, on_linger, LINGER_MS, 0);
}

/* ---- Events of the transport ---- */

static size_t on_room(void *user, uint8_t **ret_buf)
{
	struct caplink *l = user;
	uint32_t end;

	if (l->over || l->ended || l->paused || (l->pipe && !l->batch && !take_batch(l)))
		return 0;
	end = l->batch ? l->cap : BATCH_OCTETS;
	if (end < l->pos + l->need)
		end = l->pos + l->need;
	if (end < l->len + ROOM_MIN)
		end = l->len + ROOM_MIN;
	if (end > BATCH_OCTETS)
		end = BATCH_OCTETS;
	*ret_buf = buffer(l) + l->len;
	return end - l->len;
}

static void on_data(void *user, size_t n)
{
	struct caplink *l = user;

	l->len += (uint32_t)n;
	l->n_read += n;
	l->heard_ms = uv_now(loop_uv(l->core->loop));
	pump(l);
}

static void drain(struct caplink *l)
{
	l->drained = true;
	if (l->batch)
		submit(l);
	wait_for_both(l);
}

static void on_eof(void *user, int err)
{
	struct caplink *l = user;

	if (l->over || l->ended)
		return;
	l->eof = true;
	l->read_error = err;
	if (!l->paused)
		drain(l);
}

static void on_exited(void *user, int64_t status, int signal)
{
	struct caplink *l = user;

	l->exited = true;
	l->status = status;
	l->signal = signal;
	if (!l->over && !l->ended)
		wait_for_both(l);
}

static const struct transport_events events = { on_room, on_data, on_eof, on_exited };

/* ---- Life ---- */

static void free_when_done(struct caplink *l)
{
	if (l->timers || !l->gone)
		return;
	if (l->gone_fn)
		l->gone_fn(l->gone_user);
	free(l->own);
	free(l);
}

static void on_timer_closed(uv_handle_t *h)
{
	struct caplink *l = h->data;

	l->timers--;
	free_when_done(l);
}

static void on_gone(void *user)
{
	struct caplink *l = user;

	l->gone = true;
	free_when_done(l);
}

static void close_timers(struct caplink *l)
{
	uv_close((uv_handle_t *)&l->linger, on_timer_closed);
	uv_close((uv_handle_t *)&l->exit_wait, on_timer_closed);
}

int caplink_attach(struct core *core, struct transport *t, const char *name, const struct caplink_events *ev, void *user,
		   struct caplink **ret)
{
	struct caplink *l = calloc(1, sizeof *l);

	if (!l)
		return -ENOMEM;
	l->own = malloc(BATCH_OCTETS);
	if (!l->own) {
		free(l);
		return -ENOMEM;
	}
	l->core = core;
	l->t = t;
	l->ev = ev;
	l->user = user;
	l->packet_octets = PACKET_OCTETS_GUESS;
	l->need = LINK_HEADER;
	l->heard_ms = uv_now(loop_uv(core->loop));
	snprintf(l->name, sizeof l->name, "%s", name);
	uv_timer_init(loop_uv(core->loop), &l->linger);
	uv_timer_init(loop_uv(core->loop), &l->exit_wait);
	l->linger.data = l->exit_wait.data = l;
	l->timers = 2;
	t->ev = &events;
	t->user = l;
	t->ops->resume(t);
	*ret = l;
	return 0;
}

int caplink_open(struct core *core, const char *program, const struct caplink_events *ev, void *user,
		 struct caplink **ret)
{
	const char *slash = strrchr(program, '/');
	struct transport *t;
	char name[128];
	int r = capproc_spawn(loop_uv(core->loop), program, &t);

	if (r < 0)
		return r;
	snprintf(name, sizeof name, "capture program %.64s (pid %d)", slash ? slash + 1 : program, t->pid);
	r = caplink_attach(core, t, name, ev, user, ret);
	if (r < 0)
		t->ops->end(t, NULL, NULL);
	return r;
}

void caplink_set_events(struct caplink *l, const struct caplink_events *ev, void *user)
{
	l->ev = ev;
	l->user = user;
}

int caplink_pid(const struct caplink *l)
{
	return l->t->pid;
}

uint64_t caplink_silence_ms(const struct caplink *l)
{
	return l->paused ? 0 : uv_now(loop_uv(l->core->loop)) - l->heard_ms;
}

uint64_t caplink_packets(const struct caplink *l)
{
	return l->n_packets;
}

const char *caplink_name(const struct caplink *l)
{
	return l->name;
}

void caplink_set_pipe(struct caplink *l, struct pipe_source *pipe)
{
	l->pipe = pipe;
}

static uint32_t next_seqno(struct caplink *l)
{
	return ++l->seqno ? l->seqno : ++l->seqno; /* 0 is no number */
}

/* n: octets of the frame, or why there is none. */
static int send_frame(struct caplink *l, const uint8_t *frame, int n, uint32_t seqno, uint32_t *ret_seqno)
{
	int r = n < 0 ? n : l->t->ops->send(l->t, frame, (size_t)n);

	if (r == 0 && ret_seqno)
		*ret_seqno = seqno;
	return r;
}

int caplink_send(struct caplink *l, uint16_t command, const char *text, uint32_t *ret_seqno)
{
	uint8_t frame[LINK_HEADER + 8192 + 8];
	uint32_t seqno = next_seqno(l);

	return send_frame(l, frame, link_write(frame, sizeof frame, command, seqno, text), seqno, ret_seqno);
}

int caplink_send_hop(struct caplink *l, const struct link_hop *hop, uint32_t *ret_seqno)
{
	uint8_t frame[LINK_CONFIG_MAX];
	uint32_t seqno = next_seqno(l);

	return send_frame(l, frame, link_write_hop(frame, sizeof frame, seqno, hop), seqno, ret_seqno);
}

int caplink_send_channel(struct caplink *l, const char *channel, uint32_t *ret_seqno)
{
	uint8_t frame[LINK_CONFIG_MAX];
	uint32_t seqno = next_seqno(l);

	return send_frame(l, frame, link_write(frame, sizeof frame, LINK_CONFIGREQ, seqno, channel), seqno, ret_seqno);
}

void caplink_resume(struct caplink *l)
{
	if (l->over || l->ended || !l->paused)
		return;
	if (!l->batch && !take_batch(l))
		return;
	l->heard_ms = uv_now(loop_uv(l->core->loop));
	pump(l);
	if (l->over || l->ended || l->paused)
		return;
	if (l->eof)
		drain(l);
	else
		l->t->ops->resume(l->t);
}

void caplink_end(struct caplink *l, void (*gone)(void *user), void *user)
{
	if (!l || l->ended)
		return;
	l->ended = true;
	l->gone_fn = gone;
	l->gone_user = user;
	if (l->batch)
		submit(l);
	close_timers(l);
	l->t->ops->end(l->t, on_gone, l);
}
