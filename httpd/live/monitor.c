/* SPDX-License-Identifier: MIT */
/* Monitors: devices as they change. Every so often a monitor walks over the devices that changed since its last walk and sends each.
 * A walk goes on where it stopped, turn by turn, as long as the client takes what it is sent; the next one begins when it
 * is through. So a client that is too slow gets fewer looks, each complete, and nothing piles up; it is told of those left
 * out. The first walk only notes what there is: "changed" means since the client asked. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "live.h"
#include "seen.h"

#define WALK_KEYS 64
#define WALK_TURN 256u /* devices looked at before others have their turn */
#define OVERLAP_S 2u   /* a batch of packets that takes long leaves times of change this much behind the clock */

_Static_assert(LIVE_MONITORS_MAX == 16, "a sentence below says so");

struct monitor {
	struct monitor *next; /* this and the next ones: under the lock of struct live */
	bool ended;           /* the thread frees it */
	int64_t request;

	/* Set once. */
	enum ask_target target;
	uint64_t key, mac, mask, rate_us;
	struct spec *spec;

	/* The thread's own. */
	uint64_t due_us; /* CLOCK_MONOTONIC; when the walk under way was due */
	uint64_t since_s, begun_s;
	bool walking, noting; /* noting: nothing is sent */
	struct aerie_cursor *cursor;
	uint64_t keys[WALK_KEYS];
	int n_keys;
	struct seen before, now;
};

static void monitor_free(struct live *l, struct monitor *m)
{
	if (m->cursor)
		l->devices->cursor_close(m->cursor);
	seen_free(&m->before);
	seen_free(&m->now);
	spec_unref(m->spec);
	free(m);
}

void monitors_free(struct client *c)
{
	struct monitor *m;

	while ((m = c->monitor)) {
		c->monitor = m->next;
		monitor_free(c->l, m);
	}
}

/* ---- messages; under the lock ---- */

static struct monitor *find(const struct client *c, int64_t request)
{
	struct monitor *m;

	for (m = c->monitor; m && (m->ended || m->request != request); m = m->next)
		;
	return m;
}

static void end(struct client *c, struct monitor *m)
{
	m->ended = true;
	c->n_monitors--;
	c->specs_octets -= m->spec->octets;
}

static struct monitor *monitor_new(const struct ask_monitor *asked)
{
	struct monitor *m = calloc(1, sizeof *m);

	if (!m)
		return NULL;
	m->request = asked->request;
	m->target = asked->target;
	m->key = asked->key;
	m->mac = asked->mac;
	m->mask = asked->mask;
	m->rate_us = asked->rate_us;
	m->spec = spec_ref(asked->spec);
	m->noting = true;
	m->due_us = monotonic_us();
	return m;
}

static const char *begin(struct client *c, const struct ask_monitor *asked)
{
	struct monitor *m = find(c, asked->request);

	if (m)
		end(c, m); /* the new one takes its place */
	if (c->n_monitors == LIVE_MONITORS_MAX)
		return "`monitor`: a connection can have 16 monitors; cancel one or use another connection";
	m = monitor_new(asked);
	if (!m)
		return "memory is out; try again later";
	if (client_take_spec(c, asked->spec)) {
		monitor_free(c->l, m);
		return "`monitor`: the monitors of this connection are too long; send shorter lists of fields";
	}
	m->next = c->monitor;
	c->monitor = m;
	c->n_monitors++;
	return NULL;
}

static const char *cancel(struct client *c, const struct ask_monitor *asked)
{
	struct monitor *m = find(c, asked->request);

	if (!m)
		return "`cancel`: there is no monitor of this number";
	end(c, m);
	return NULL;
}

int monitor_message(void *conn, uint32_t kind, const uint8_t *data, uint64_t len)
{
	struct client *c = conn;
	struct ask_monitor asked;
	char why[ASK_WHY];
	const char *error;

	if (kind != AERIE_WS_TEXT)
		return client_error(c, "a message is JSON text, not binary", NULL);
	if (ask_monitor_read(&c->l->ask, data, len, &asked, why))
		return client_error(c, why, asked.has_request ? &asked.request : NULL);
	(void)pthread_mutex_lock(&c->l->lock);
	error = asked.cancel ? cancel(c, &asked) : begin(c, &asked);
	(void)pthread_mutex_unlock(&c->l->lock);
	spec_unref(asked.spec);
	hub_wake(c->l->hub);
	return error ? client_error(c, error, &asked.request) : 0;
}

/* ---- one device ---- */

struct look {
	struct client *c;
	struct monitor *m;
	const struct aerie_visitor *vt; /* NULL: nothing is written */
	void *v;
	bool skipped;
};

static int on_device(void *user, struct aerie_device *dev)
{
	struct look *k = user;
	struct live *l = k->c->l;
	int err = 0;

	k->skipped = (k->c->view && !l->views->match(k->c->view, dev->rec)) ||
	             seen_has(&k->m->before, dev->key, dev->rec->changes);
	seen_put(&k->m->now, dev->key, dev->rec->changes);
	if (k->vt && !k->skipped)
		err = l->select->visit(l->h, k->m->spec->selection, dev->rec, k->vt, k->v);
	return err < 0 ? err : AERIE_DEVICE_UNCHANGED;
}

static int emit_device(void *user, const struct aerie_visitor *vt, void *v)
{
	struct look *k = user;
	struct live *l = k->c->l;
	int err;

	k->vt = vt;
	k->v = v;
	err = l->devices->with(l->h, k->m->keys[k->m->n_keys], on_device, k);
	if (err == -ENOENT)
		k->skipped = true;
	return err < 0 ? err : k->skipped ? -ECANCELED : 0;
}

/* A device that cannot be sent is told like looks that were left out. */
static void send_device(struct client *c, struct monitor *m, unsigned *sent)
{
	struct look k = { .c = c, .m = m };
	const struct gap gap = {
		1, 1, "a device could not be written, because of its length or for want of memory; ask for fewer fields"
	};
	int err;

	if (m->noting) {
		(void)c->l->devices->with(c->l->h, m->keys[m->n_keys], on_device, &k);
		return;
	}
	err = client_send(c, m->spec, emit_device, &k);
	*sent += !err;
	if (err && err != -EPIPE && !k.skipped)
		(void)client_tell_lost(c, &gap, &m->request);
}

/* ---- walks ---- */

static int start_walk(struct client *c, struct monitor *m)
{
	struct live *l = c->l;
	struct aerie_device_query q = c->query;

	m->begun_s = l->loop->now_us(l->h) / 1000000u;
	if (!m->since_s)
		m->since_s = m->begun_s;
	m->n_keys = 0;
	if (m->target == ASK_KEY) {
		if (!q.phy || q.phy == aerie_key_phy(m->key)) /* no cursor looks at the view's PHY here */
			m->keys[m->n_keys++] = m->key;
	} else {
		q.changed_since = m->since_s > OVERLAP_S ? m->since_s - OVERLAP_S : 1;
		if (m->target == ASK_MAC) {
			q.mac = m->mac;
			q.mac_mask = m->mask;
		}
		m->cursor = l->devices->cursor_open(l->h, &q);
		if (!m->cursor)
			return -ENOMEM;
	}
	m->walking = true;
	return 0;
}

/* Says how many looks the walk took the time of, and sets the next. */
static void end_walk(struct client *c, struct monitor *m, uint64_t now_us)
{
	uint64_t late = now_us > m->due_us ? (now_us - m->due_us) / m->rate_us : 0;
	const struct gap gap = { 1, late, "the client, or the server, was too slow to look so often" };

	if (m->cursor)
		c->l->devices->cursor_close(m->cursor);
	m->cursor = NULL;
	m->walking = m->noting = false;
	m->since_s = m->begun_s;
	seen_free(&m->before);
	m->before = m->now;
	m->now = (struct seen){ 0 };
	m->due_us += (late + 1) * m->rate_us;
	if (late)
		(void)client_tell_lost(c, &gap, &m->request);
}

/* The next keys; 0 when the walk is through, which it also is when memory is out: the next one finds the rest. */
static int more_keys(struct live *l, struct monitor *m)
{
	int n = m->cursor ? l->devices->cursor_next(m->cursor, m->keys, WALK_KEYS) : 0;

	m->n_keys = n > 0 ? n : 0;
	return n;
}

static void walk(struct client *c, struct monitor *m, uint64_t now_us)
{
	unsigned looked, sent = 0;
	int err;

	if (!m->walking && start_walk(c, m) < 0) {
		m->due_us = now_us + m->rate_us; /* memory is out: later */
		return;
	}
	for (looked = 0; looked < WALK_TURN && sent < LIVE_TURN; looked++) {
		if (!m->n_keys && (err = more_keys(c->l, m)) <= 0) {
			if (err < 0)
				m->begun_s = m->since_s; /* not all were seen: once more from the same time */
			end_walk(c, m, now_us);
			return;
		}
		if (!client_room(c))
			return;
		m->n_keys--;
		send_device(c, m, &sent);
	}
}

/* ---- turns ---- */

uint64_t monitor_next_us(const struct client *c)
{
	const struct monitor *m;
	uint64_t next = UINT64_MAX;

	for (m = c->monitor; m && !c->gone && !c->blocked; m = m->next) {
		uint64_t at = m->ended || m->walking ? 0 : m->due_us;

		if (at < next)
			next = at;
	}
	return next;
}

/* Under the lock, which is let go of in between. */
static void unlink_monitor(struct client *c, struct monitor *m)
{
	struct monitor **p;

	for (p = &c->monitor; *p != m; p = &(*p)->next)
		;
	*p = m->next;
	(void)pthread_mutex_unlock(&c->l->lock);
	monitor_free(c->l, m);
	(void)pthread_mutex_lock(&c->l->lock);
}

void monitor_turn(struct client *c)
{
	struct live *l = c->l;
	struct monitor *m, *next;
	uint64_t now_us = monotonic_us();

	l->busy = c;
	for (m = c->monitor; m && !c->gone && !c->blocked; m = next) {
		next = m->next;
		if (m->ended) {
			unlink_monitor(c, m);
		} else if (m->walking || m->due_us <= now_us) {
			(void)pthread_mutex_unlock(&l->lock);
			walk(c, m, now_us);
			(void)pthread_mutex_lock(&l->lock);
		}
	}
	l->busy = NULL;
	(void)pthread_cond_broadcast(&l->free);
}
