/* SPDX-License-Identifier: MIT */
/* The pipeline: batches, back-pressure, stages, counters. The test is the main thread: it waits by running the loop.
 *
 * Frames of the test's own PHY (link type 1000): one octet that says what to do, then a 32-bit number, which is also
 * the device's address. Decoders of link types 2000 to 2005 each strip one octet and pass on to the next lower one. */
#include <pthread.h>

#include <uv.h>

#include <core/caplink.h>
#include <core/link.h>
#include <core/transport.h>

#include "flow.h"

#define LINK 1000u
#define RADIO 2000u   /* one header before LINK */
#define SIX_DEEP 2005u /* six headers: more than are taken off */
#define STUCK 3000u   /* a decoder that strips nothing */
#define BAD_RADIO 3001u /* a decoder that finds its header broken */
#define HIGH_LINK 4000000000u

enum what { PLAIN, BAD_FCS, HUNGRY, DATA, NOT_PARSED, ON_AIR };

static struct {
	pthread_mutex_t lock;
	uint32_t dissected, tracked, observed, max_batch;
	uint64_t first_bad_order; /* packets that were not in order */
	uint32_t next[8];         /* per source: the number expected */
	uint64_t arena_octets;
	bool no_memory;
	struct aerie_packet last; /* as the observer saw it */
	char channel[16];
	bool gate_closed;
	pthread_cond_t gate;
	uint32_t destroyed;
} seen;

static uint16_t test_phy;

static uint32_t number_in(const uint8_t *f)
{
	return (uint32_t)f[1] << 24 | (uint32_t)f[2] << 16 | (uint32_t)f[3] << 8 | f[4];
}

static void eat_arena(struct aerie_packet *p, struct aerie_arena *a)
{
	while (aerie_arena_alloc(a, 1000))
		seen.arena_octets += 1000;
	seen.no_memory = true;
	p->flags |= AERIE_PKT_NO_MEMORY;
}

static void dissect(void *user, struct aerie_packet *p, struct aerie_arena *a)
{
	uint32_t *number;

	pthread_mutex_lock(&seen.lock);
	seen.dissected++;
	pthread_mutex_unlock(&seen.lock);
	cr_assert_eq(p->phy, test_phy, "set before dissect");
	if (p->frame_len < 5 || p->frame[0] == NOT_PARSED)
		return;
	if (p->frame[0] == ON_AIR)
		packets_service.mark_duplicate(host, p, p->frame, p->frame_len);
	if (p->frame[0] == BAD_FCS)
		p->flags |= AERIE_PKT_BAD_FCS;
	number = aerie_arena_alloc(a, sizeof *number);
	cr_assert_not_null(number);
	*number = number_in(p->frame);
	p->parsed = number;
	p->keys[p->n_keys++] = (uint64_t)test_phy << 48 | *number;
	if (p->frame[0] == HUNGRY)
		eat_arena(p, a);
}

static void track(void *user, struct aerie_packet *p, struct aerie_arena *a)
{
	uint32_t number = *(uint32_t *)p->parsed;
	struct aerie_track t = { .size = sizeof t, .flags = AERIE_TRACK_CREATE, .key = p->keys[0] };

	if (p->frame[0] == DATA)
		t.flags |= AERIE_TRACK_DATA;
	cr_assert_eq(devices_service.track(host, p, &t, NULL, NULL), 0);
	pthread_mutex_lock(&seen.lock);
	while (seen.gate_closed)
		pthread_cond_wait(&seen.gate, &seen.lock);
	seen.tracked++;
	if (seen.next[p->source % 8]++ != number)
		seen.first_bad_order++;
	pthread_mutex_unlock(&seen.lock);
}

static void observe(void *user, const struct aerie_packet *const *p, uint32_t n)
{
	pthread_mutex_lock(&seen.lock);
	seen.observed += n;
	if (n > seen.max_batch)
		seen.max_batch = n;
	seen.last = *p[n - 1];
	snprintf(seen.channel, sizeof seen.channel, "%s", seen.last.channel ? seen.last.channel : "(none)");
	pthread_mutex_unlock(&seen.lock);
}

static void strip(void *user, struct aerie_packet *p, struct aerie_arena *a)
{
	p->frame++;
	p->frame_len--;
	p->link = p->link == RADIO ? LINK : p->link - 1;
	p->radio.known |= AERIE_RADIO_FREQ;
	p->radio.freq_khz = 2412000;
}

static void strip_nothing(void *user, struct aerie_packet *p, struct aerie_arena *a)
{
}

static void find_broken(void *user, struct aerie_packet *p, struct aerie_arena *a)
{
	p->flags |= AERIE_PKT_MALFORMED;
	p->link = LINK;
}

static void count_destroy(void *user)
{
	seen.destroyed++;
}

static void add_test_phy(void)
{
	static const uint32_t links[] = { LINK, HIGH_LINK };
	struct aerie_phy phy = { .size = sizeof phy, .n_links = 2, .name = "Test", .help = "A test's.", .links = links,
				 .device_type = devices_service.base_type(host), .dissect = dissect, .track = track,
				 .destroy = count_destroy };
	uint32_t dlt;

	cr_assert_eq(phys_service.register_phy(host, &phy, &test_phy), 0);
	for (dlt = RADIO; dlt <= SIX_DEEP; dlt++)
		cr_assert_eq(packets_service.register_decoder(host, dlt, strip, NULL, count_destroy), 0);
	cr_assert_eq(packets_service.register_decoder(host, STUCK, strip_nothing, NULL, NULL), 0);
	cr_assert_eq(packets_service.register_decoder(host, BAD_RADIO, find_broken, NULL, NULL), 0);
	cr_assert_eq(packets_service.register_observer(host, observe, NULL, count_destroy), 0);
}

static void up_with(const char *const *settings, unsigned workers)
{
	memset(&seen, 0, sizeof seen);
	pthread_mutex_init(&seen.lock, NULL);
	pthread_cond_init(&seen.gate, NULL);
	core_up(settings);
	core.pipeline = pipeline_new(&core, workers);
	cr_assert_not_null(core.pipeline);
	add_test_phy();
	cr_assert_eq(epochs_commit(core.epochs, core.self), 0);
	cr_assert_eq(pipeline_start(core.pipeline), 0);
}

static void up(void)
{
	up_with(NULL, 2);
}

static void down(void)
{
	pipeline_stop(core.pipeline);
	core_down();
	cr_assert_eq(seen.destroyed, 8, "the PHY, six decoders and the observer");
}

TestSuite(pipeline, .init = up, .fini = down, .timeout = 60);

/* ---- packet reports (reference: the capture protocol's table of keys) ---- */

static uint8_t *put32(uint8_t *o, uint32_t v)
{
	*o++ = 0xce;
	*o++ = (uint8_t)(v >> 24);
	*o++ = (uint8_t)(v >> 16);
	*o++ = (uint8_t)(v >> 8);
	*o++ = (uint8_t)v;
	return o;
}

static uint8_t *put_packet(uint8_t *o, uint32_t dlt, uint32_t time_s, uint32_t origlen, const uint8_t *data, uint8_t len)
{
	*o++ = 4;
	*o++ = 0x84;
	*o++ = 1;
	o = put32(o, dlt);
	*o++ = 2;
	o = put32(o, time_s);
	*o++ = 4;
	o = put32(o, origlen);
	*o++ = 6;
	*o++ = 0xc4;
	*o++ = len;
	memcpy(o, data, len);
	return o + len;
}

static void add_frame(struct batch *b, uint8_t *end)
{
	b->frames[b->n].off = b->len;
	b->frames[b->n++].len = (uint32_t)(end - (b->buf + b->len));
	b->len = (uint32_t)(end - b->buf);
}

/* headers: octets before the frame. */
static void add_packet_of(struct batch *b, uint32_t dlt, unsigned headers, enum what what, uint32_t number)
{
	uint8_t frame[16] = { 0 }, *o = b->buf + b->len;

	frame[headers] = (uint8_t)what;
	frame[headers + 1] = (uint8_t)(number >> 24);
	frame[headers + 2] = (uint8_t)(number >> 16);
	frame[headers + 3] = (uint8_t)(number >> 8);
	frame[headers + 4] = (uint8_t)number;
	*o++ = 0x81;
	add_frame(b, put_packet(o, dlt, 1000, 60, frame, (uint8_t)(headers + 5)));
}

static void add_packet(struct batch *b, uint32_t number)
{
	add_packet_of(b, LINK, 0, PLAIN, number);
}

/* ---- waiting ---- */

static void stop_loop(void *user)
{
	if (user)
		++*(unsigned *)user;
	loop_stop(core.loop);
}

static struct pipe_source *source(uint32_t number, bool lossless)
{
	struct pipe_source *s = pipe_source_new(core.pipeline, number, lossless, stop_loop, NULL);

	cr_assert_not_null(s);
	return s;
}

static void drain(struct pipe_source *s)
{
	unsigned done = 0;

	pipe_source_drain(s, stop_loop, &done);
	while (!done)
		loop_run(core.loop);
}

/* As a link does that must lose nothing: stops reading until a batch is back. */
static struct batch *wait_batch(struct pipe_source *s)
{
	struct batch *b;

	while (!(b = pipe_batch_get(s)))
		loop_run(core.loop);
	return b;
}

static void send_numbers(struct pipe_source *s, uint32_t first, uint32_t end)
{
	while (first < end) {
		struct batch *b = wait_batch(s);

		while (first < end && b->n < s->max_packets)
			add_packet(b, first++);
		pipe_batch_submit(b);
	}
}

static struct aerie_packet_stats stats(void)
{
	struct aerie_packet_stats st = { .size = sizeof st };

	cr_assert_eq(packets_service.stats(host, &st), 0);
	return st;
}

static void close_gate(bool closed)
{
	pthread_mutex_lock(&seen.lock);
	seen.gate_closed = closed;
	pthread_cond_broadcast(&seen.gate);
	pthread_mutex_unlock(&seen.lock);
}

/* One packet through the pipeline; what the observer saw. */
static struct aerie_packet one(struct pipe_source *s, uint32_t dlt, unsigned headers, enum what what)
{
	struct batch *b = wait_batch(s);

	add_packet_of(b, dlt, headers, what, 1);
	pipe_batch_submit(b);
	drain(s);
	return seen.last;
}

/* ---- order, counts, back-pressure ---- */

static void lose_nothing(const char *limit, uint32_t max_packets, uint32_t n)
{
	const char *const settings[] = { limit, NULL };
	struct aerie_packet_stats st;
	struct pipe_source *a, *b;
	uint32_t i;

	up_with(settings, 2);
	a = source(1, true);
	b = source(2, true);
	cr_assert_eq(a->max_packets, max_packets);
	for (i = 0; i < n; i += n / 4) {
		send_numbers(a, i, i + n / 4);
		send_numbers(b, i, i + n / 4);
	}
	drain(a);
	drain(b);
	st = stats();
	cr_expect_eq(st.packets, 2 * n);
	cr_expect_eq(st.processed, 2 * n);
	cr_expect_eq(st.dropped, 0);
	cr_expect_eq(st.errors, 0);
	cr_expect_eq(st.octets, 2ull * n * 5);
	cr_expect_eq(seen.dissected, 2 * n);
	cr_expect_eq(seen.tracked, 2 * n);
	cr_expect_eq(seen.observed, 2 * n);
	cr_expect_eq(seen.first_bad_order, 0);
	cr_expect_eq(a->packets, n);
	cr_expect_eq(b->packets, n);
	cr_expect_eq(devices_service.count(host), n);
	pipe_source_free(a);
	pipe_source_free(b);
}

Test(pipeline_limits, a_backlog_of_1_loses_nothing, .fini = down, .timeout = 60)
{
	lose_nothing("packet_backlog_limit=1", 1, 2000);
}

Test(pipeline_limits, a_backlog_of_7_loses_nothing, .fini = down, .timeout = 60)
{
	lose_nothing("packet_backlog_limit=7", 1, 2000);
}

Test(pipeline_limits, a_backlog_of_1000_loses_nothing, .fini = down, .timeout = 60)
{
	lose_nothing("packet_backlog_limit=1000", 250, 20000);
}

Test(pipeline_limits, the_default_backlog_loses_nothing, .fini = down, .timeout = 60)
{
	lose_nothing("packet_backlog_limit=8192", 1024, 20000);
}

Test(pipeline_limits, a_backlog_of_1_holds_one_packet, .fini = down, .timeout = 60)
{
	static const char *const settings[] = { "packet_backlog_limit=1", NULL };
	struct pipe_source *s;
	struct batch *b;

	up_with(settings, 1);
	s = source(1, true);
	close_gate(true);
	b = pipe_batch_get(s);
	add_packet(b, 0);
	pipe_batch_submit(b);
	cr_assert_null(pipe_batch_get(s), "the one batch is under way");
	close_gate(false);
	pipe_batch_submit(wait_batch(s));
	pipe_source_free(s);
}

Test(pipeline, batches_under_way_are_limited)
{
	struct pipe_source *s = source(1, true);
	struct batch *b;
	unsigned i;

	close_gate(true);
	for (i = 0; i < BATCHES_LOSSLESS; i++) {
		b = pipe_batch_get(s);
		cr_assert_not_null(b);
		add_packet(b, i);
		pipe_batch_submit(b);
	}
	cr_assert_null(pipe_batch_get(s));
	cr_assert_eq(stats().packets, BATCHES_LOSSLESS);
	cr_assert_eq(stats().processed, 0);
	cr_assert_geq(stats().waiting, BATCHES_LOSSLESS - 1); /* the worker is at one, or about to be */
	cr_assert_leq(stats().waiting, BATCHES_LOSSLESS);
	close_gate(false);
	b = wait_batch(s);
	cr_assert_eq(b->n, 0);
	cr_assert_eq(b->len, 0);
	pipe_batch_submit(b);
	drain(s);
	cr_assert_eq(stats().waiting, 0);
	pipe_source_free(s);
}

Test(pipeline, an_empty_batch_comes_back_at_once)
{
	struct pipe_source *s = source(1, true);
	unsigned i;

	for (i = 0; i < 100; i++) {
		struct batch *b = pipe_batch_get(s);

		cr_assert_not_null(b);
		pipe_batch_submit(b);
	}
	cr_assert_eq(stats().packets, 0);
	pipe_source_free(s);
}

Test(pipeline, what_a_radio_loses_is_counted)
{
	struct pipe_source *s = source(1, false);
	struct batch *b;
	uint32_t sent, i;

	close_gate(true);
	for (sent = 0; (b = pipe_batch_get(s)); sent += 10) {
		for (i = 0; i < 10; i++)
			add_packet(b, sent + i);
		pipe_batch_submit(b);
	}
	cr_assert_eq(sent, 10 * (BACKLOG_DEFAULT / BATCH_PACKETS));
	for (i = 0; i < 3; i++) {
		b = pipe_batch_scratch(s);
		cr_assert_eq(b->n, 0);
		add_packet(b, 1);
		add_packet(b, 2);
		pipe_batch_submit(b);
	}
	close_gate(false);
	drain(s);
	cr_expect_eq(stats().dropped, 6);
	cr_expect_eq(s->dropped, 6);
	cr_expect_eq(stats().packets, sent);
	cr_expect_eq(stats().processed, sent);
	cr_expect_eq(seen.observed, sent);
	cr_expect_eq(s->packets, sent);
	pipe_source_free(s);
}

Test(pipeline, a_drain_waits_for_what_was_submitted)
{
	struct pipe_source *s = source(1, true);

	drain(s); /* nothing to wait for */
	send_numbers(s, 0, 5000);
	drain(s);
	cr_assert_eq(seen.observed, 5000);
	pipe_source_free(s);
}

/* One worker, and posted calls are run in order: when the second source has drained, the first one's end has passed. */
Test(pipeline_limits, a_source_freed_with_packets_under_way_is_freed_later, .fini = down, .timeout = 60)
{
	struct pipe_source *s;
	struct batch *b;
	unsigned called = 0;

	up_with(NULL, 1);
	s = source(1, true);
	close_gate(true);
	b = pipe_batch_get(s);
	add_packet(b, 0);
	pipe_batch_submit(b);
	pipe_source_drain(s, stop_loop, &called);
	pipe_source_free(s);
	s = source(2, true);
	b = pipe_batch_get(s);
	add_packet(b, 0);
	pipe_batch_submit(b);
	close_gate(false);
	drain(s);
	cr_assert_eq(called, 0, "no callback after free");
	cr_assert_eq(stats().processed, 2);
	pipe_source_free(s);
}

static struct pipe_source *to_free;

static void free_source(void *user)
{
	pipe_source_free(to_free);
	loop_stop(core.loop);
}

Test(pipeline, a_source_may_be_freed_by_its_own_callback)
{
	to_free = source(1, true);
	send_numbers(to_free, 0, 10);
	pipe_source_drain(to_free, free_source, NULL);
	loop_run(core.loop);
	cr_assert_eq(stats().processed, 10);
}

/* ---- links ---- */

/* A transport to which the test writes. */
struct hand {
	struct transport t;
	unsigned ticks;
	void (*gone)(void *user);
	void *gone_user;
};

static void hand_resume(struct transport *t)
{
}

static void hand_gone(uv_timer_t *t)
{
	struct hand *h = t->data;

	uv_close((uv_handle_t *)t, NULL);
	if (h->gone)
		h->gone(h->gone_user);
	loop_stop(core.loop);
}

static void hand_end(struct transport *t, void (*gone)(void *user), void *user)
{
	static uv_timer_t soon;
	struct hand *h = (struct hand *)t;

	h->gone = gone;
	h->gone_user = user;
	uv_timer_init(loop_uv(core.loop), &soon);
	soon.data = h;
	uv_timer_start(&soon, hand_gone, 0, 0);
}

static void hand_tick(uv_timer_t *t)
{
	loop_stop(core.loop);
}

/* A packet report as a capture program writes it. */
static void hand_write(struct hand *h, uint32_t number)
{
	struct batch scratch;
	uint8_t octets[128], *buf;

	scratch.buf = octets + LINK_HEADER;
	scratch.len = scratch.n = 0;
	add_packet(&scratch, number);
	link_put_header(octets, scratch.len, LINK_PACKET, 0);
	cr_assert_geq(h->t.ev->room(h->t.user, &buf), LINK_HEADER + scratch.len);
	memcpy(buf, octets, LINK_HEADER + scratch.len);
	h->t.ev->data(h->t.user, LINK_HEADER + scratch.len);
}

Test(pipeline, a_late_worker_costs_a_slow_radio_no_packet)
{
	static const struct transport_ops ops = { .resume = hand_resume, .end = hand_end };
	static const struct caplink_events none;
	const uint32_t n = 200; /* one at a time: far more than there are batches, far fewer than packets may wait */
	struct hand h = { .t = { .ops = &ops, .pid = -1 } };
	struct pipe_source *s = source(1, false);
	struct caplink *l;
	static uv_timer_t tick; /* closed when the loop ends */
	uint32_t i;

	uv_timer_init(loop_uv(core.loop), &tick);
	cr_assert_eq(caplink_attach(&core, &h.t, "test", &none, NULL, &l), 0);
	caplink_set_pipe(l, s);
	close_gate(true);
	for (i = 0; i < n; i++) {
		hand_write(&h, i);
		uv_timer_start(&tick, hand_tick, 3, 0); /* by then a batch goes off, if it does */
		loop_run(core.loop);
	}
	close_gate(false);
	caplink_end(l, NULL, NULL);
	loop_run(core.loop);
	drain(s);
	cr_expect_eq(stats().dropped, 0);
	cr_expect_eq(s->dropped, 0);
	cr_expect_eq(stats().processed, n);
	uv_close((uv_handle_t *)&tick, NULL);
	pipe_source_free(s);
}

Test(pipeline, stop_finishes_what_was_submitted)
{
	struct pipe_source *s = source(1, true);
	struct batch *b;
	uint32_t n = 0;

	close_gate(true);
	while ((b = pipe_batch_get(s))) {
		while (b->n < 500)
			add_packet(b, n++);
		pipe_batch_submit(b);
	}
	close_gate(false);
	pipeline_stop(core.pipeline);
	cr_assert_eq(seen.observed, 500 * BATCHES_LOSSLESS);
	cr_assert_eq(stats().processed, 500 * BATCHES_LOSSLESS);
}

/* ---- decode ---- */

Test(pipeline, decoders_strip_headers_until_the_phy_takes_it)
{
	struct pipe_source *s = source(1, true);
	struct aerie_packet p = one(s, RADIO + 3, 4, PLAIN);

	cr_expect_eq(p.dlt, RADIO + 3);
	cr_expect_eq(p.link, LINK);
	cr_expect_eq(p.frame_len, 5);
	cr_expect_eq(p.caplen, 9);
	cr_expect_eq(p.origlen, 60);
	cr_expect_eq(p.ts_us, 1000000000ull);
	cr_expect_eq(p.source, 1);
	cr_expect_eq(p.phy, test_phy);
	cr_expect_eq(p.radio.freq_khz, 2412000);
	cr_expect_eq(p.flags, 0);
	pipe_source_free(s);
}

Test(pipeline, too_many_headers_are_an_error)
{
	struct pipe_source *s = source(1, true);

	cr_expect_eq(one(s, SIX_DEEP, 6, PLAIN).flags, AERIE_PKT_MALFORMED);
	cr_expect_eq(one(s, STUCK, 0, PLAIN).flags, AERIE_PKT_MALFORMED, "a decoder that does nothing ends, too");
	cr_expect_eq(stats().errors, 2);
	cr_expect_eq(seen.dissected, 0);
	pipe_source_free(s);
}

Test(pipeline, a_broken_header_goes_no_further)
{
	struct pipe_source *s = source(1, true);
	struct aerie_packet p = one(s, BAD_RADIO, 0, PLAIN);

	cr_expect_eq(p.flags, AERIE_PKT_MALFORMED);
	cr_expect_eq(p.phy, test_phy, "and counts as an error of the PHY that it was meant for");
	cr_expect_eq(seen.dissected, 0);
	cr_expect_eq(stats().errors, 1);
	cr_expect_eq(s->errors, 1);
	pipe_source_free(s);
}

Test(pipeline, link_types_may_be_any_number)
{
	struct pipe_source *s = source(1, true);

	cr_expect_eq(one(s, HIGH_LINK, 0, PLAIN).phy, test_phy);
	cr_expect_eq(one(s, HIGH_LINK - 1, 0, PLAIN).flags, AERIE_PKT_UNKNOWN_LINK);
	cr_expect_eq(one(s, 127, 0, PLAIN).flags, AERIE_PKT_UNKNOWN_LINK);
	pipe_source_free(s);
}

Test(pipeline, a_source_can_say_what_its_link_type_is)
{
	struct pipe_source *s = source(1, true);

	s->dlt_override = LINK;
	cr_expect_eq(one(s, 127, 0, PLAIN).phy, test_phy);
	cr_expect_eq(seen.last.dlt, LINK);
	pipe_source_free(s);
}

static unsigned n_errors;

static void count_errors(void *user, const struct aerie_message *m)
{
	if (m->level == AERIE_LOG_ERROR && strstr(m->text, "link type 127"))
		n_errors++;
}

Test(pipeline, an_unknown_link_type_is_told_once_per_source)
{
	struct pipe_source *s = source(1, true), *t = source(2, true);
	unsigned i;

	for (i = 0; i < 5; i++)
		one(s, 127, 0, PLAIN);
	bus_service.recent(host, 0, count_errors, NULL);
	cr_expect_eq(n_errors, 1);
	one(t, 127, 0, PLAIN);
	n_errors = 0;
	bus_service.recent(host, 0, count_errors, NULL);
	cr_expect_eq(n_errors, 2);
	cr_expect_eq(stats().unknown_link, 6);
	cr_expect_eq(stats().errors, 0, "unknown is not broken");
	cr_expect_eq(stats().processed, 6);
	pipe_source_free(s);
	pipe_source_free(t);
}

Test(pipeline, garbage_is_counted_as_an_error)
{
	struct pipe_source *s = source(1, true);
	struct batch *b = pipe_batch_get(s);

	add_packet(b, 0);
	memset(b->buf + b->len, 0xff, 10);
	add_frame(b, b->buf + b->len + 10);
	add_packet(b, 1);
	pipe_batch_submit(b);
	drain(s);
	cr_expect_eq(stats().errors, 1);
	cr_expect_eq(s->errors, 1);
	cr_expect_eq(stats().processed, 3);
	cr_expect_eq(seen.tracked, 2);
	cr_expect_eq(seen.first_bad_order, 0);
	pipe_source_free(s);
}

/* {2: {1: -50, 5: 5180000, 7: "36"}, 4: {...}} */
static void add_with_signal(struct batch *b, uint32_t dlt, unsigned headers)
{
	uint8_t frame[16] = { 0 }, *o = b->buf + b->len;

	*o++ = 0x82;
	*o++ = 2;
	*o++ = 0x83;
	*o++ = 1;
	o = put32(o, (uint32_t)-50);
	*o++ = 5;
	o = put32(o, 5180000);
	*o++ = 7;
	*o++ = 0xa2;
	*o++ = '3';
	*o++ = '6';
	add_frame(b, put_packet(o, dlt, 0, 3, frame, (uint8_t)(headers + 5)));
}

Test(pipeline, the_reports_signal_fills_in_for_the_radio_header)
{
	struct pipe_source *s = source(1, true);
	struct batch *b = pipe_batch_get(s);

	atomic_store(&clock_s, 777);
	add_with_signal(b, LINK, 0);
	pipe_batch_submit(b);
	drain(s);
	cr_expect_eq(seen.last.radio.known, AERIE_RADIO_SIGNAL | AERIE_RADIO_FREQ);
	cr_expect_eq(seen.last.radio.signal, -50);
	cr_expect_eq(seen.last.radio.freq_khz, 5180000);
	cr_expect_str_eq(seen.channel, "36");
	cr_expect_eq(seen.last.ts_us, 777000000ull, "no time in the report: the server's clock");
	cr_expect_eq(seen.last.origlen, 5, "never less than what was captured");
	b = wait_batch(s);
	add_with_signal(b, RADIO, 1);
	pipe_batch_submit(b);
	drain(s);
	cr_expect_eq(seen.last.radio.signal, -50);
	cr_expect_eq(seen.last.radio.freq_khz, 2412000, "the radio header knows better");
	pipe_source_free(s);
}

/* {5: {1: "T", 4: "{}"}} */
Test(pipeline, a_report_without_frame_reaches_the_observers)
{
	static const uint8_t json[] = { 0x81, 5, 0x82, 1, 0xa1, 'T', 4, 0xa2, '{', '}' };
	struct pipe_source *s = source(1, true);
	struct batch *b = pipe_batch_get(s);

	memcpy(b->buf, json, sizeof json);
	add_frame(b, b->buf + sizeof json);
	pipe_batch_submit(b);
	drain(s);
	cr_expect_eq(seen.observed, 1);
	cr_expect_eq(seen.last.flags, 0);
	cr_expect_eq(seen.last.json_len, 2);
	cr_expect_null(seen.last.data);
	pipe_source_free(s);
}

/* ---- dissect, track, observe ---- */

Test(pipeline, broken_frames_are_counted_and_make_no_device)
{
	struct pipe_source *s = source(1, true);

	one(s, LINK, 0, BAD_FCS);
	one(s, LINK, 0, NOT_PARSED);
	cr_expect_eq(seen.dissected, 2);
	cr_expect_eq(seen.tracked, 0);
	cr_expect_eq(devices_service.count(host), 0);
	cr_expect_eq(stats().errors, 1);
	pipe_source_free(s);
}

static int keep_info(void *user, const struct aerie_phy_info *info)
{
	*(struct aerie_phy_info *)user = *info;
	return 0;
}

Test(pipeline, a_phy_knows_its_packets)
{
	struct aerie_phy_info info = { 0 };
	struct pipe_source *s = source(1, true);

	one(s, LINK, 0, PLAIN);
	one(s, LINK, 0, DATA);
	one(s, LINK, 0, BAD_FCS);
	one(s, 127, 0, PLAIN);
	cr_assert_eq(phys_service.each(host, keep_info, &info), 0);
	cr_expect_str_eq(info.name, "Test");
	cr_expect_eq(info.id, test_phy);
	cr_expect_eq(info.devices, 1);
	cr_expect_eq(info.packets, 3);
	cr_expect_eq(info.packets_data, 1);
	cr_expect_eq(info.packets_error, 1);
	pipe_source_free(s);
}

/* ---- frames that several radios hear ---- */

static struct pipe_source *radio(uint32_t number)
{
	struct pipe_source *s = source(number, false);

	pipe_source_is_radio(s);
	return s;
}

static bool is_duplicate(struct pipe_source *s, unsigned headers)
{
	return one(s, headers ? RADIO : LINK, headers, ON_AIR).flags & AERIE_PKT_DUPLICATE;
}

Test(pipeline, a_frame_that_another_radio_heard_a_moment_ago_is_a_duplicate)
{
	struct pipe_source *a = radio(1), *b = radio(2), *c = radio(3);

	cr_expect(!is_duplicate(a, 0), "the first that hears it");
	cr_expect(!is_duplicate(a, 0), "sent again");
	cr_expect(is_duplicate(b, 0));
	cr_expect(is_duplicate(c, 1), "whatever its radio says about it");
	cr_expect(is_duplicate(b, 0), "nobody knows which of the two");
	atomic_fetch_add(&clock_s, 1);
	cr_expect(is_duplicate(b, 0));
	cr_expect_eq(stats().duplicates, 4);
	atomic_fetch_add(&clock_s, 1);
	cr_expect(!is_duplicate(b, 0), "too long ago");
	cr_expect(is_duplicate(a, 0), "now b was the first");
	atomic_fetch_sub(&clock_s, 1);
	cr_expect(is_duplicate(c, 0), "the clock of its worker is a little behind");
	pipe_source_free(a);
	pipe_source_free(b);
	pipe_source_free(c);
}

Test(pipeline, files_and_lone_radios_have_no_duplicates)
{
	struct pipe_source *file = source(1, true), *a = radio(2), *b;

	cr_expect(!is_duplicate(file, 0));
	cr_expect(!is_duplicate(a, 0));
	cr_expect(!is_duplicate(file, 0));
	b = radio(3);
	cr_expect(!is_duplicate(file, 0));
	cr_expect(!is_duplicate(a, 0), "what came before there were two is not remembered");
	cr_expect(is_duplicate(b, 0));
	atomic_fetch_add(&clock_s, 60);
	cr_expect(!is_duplicate(b, 0));
	pipe_source_free(b);
	cr_expect(!is_duplicate(a, 0), "alone again");
	pipe_source_free(file);
	pipe_source_free(a);
}

Test(pipeline_limits, without_memory_for_frames_there_are_no_duplicates, .fini = down, .timeout = 60)
{
	static const char *const settings[] = { "packet_dedup_size=0", NULL };
	struct pipe_source *a, *b;

	up_with(settings, 2);
	a = radio(1);
	b = radio(2);
	cr_expect(!is_duplicate(a, 0));
	cr_expect(!is_duplicate(b, 0));
	pipe_source_free(a);
	pipe_source_free(b);
}

/* Two workers at the same frames at the same time: one of them is the first, whichever. */
Test(pipeline_limits, each_frame_of_two_radios_has_one_first, .fini = down, .timeout = 60)
{
	static const char *const settings[] = { "packet_dedup_size=1048576", NULL };
	const uint32_t n = 50000, step = 500;
	struct pipe_source *s[2];
	uint64_t duplicates;
	uint32_t i, k, first;

	up_with(settings, 2);
	s[0] = radio(1);
	s[1] = radio(2);
	for (first = 0; first < n; first += step) {
		for (i = 0; i < 2; i++) {
			struct batch *b = wait_batch(s[i]);

			for (k = first; k < first + step; k++)
				add_packet_of(b, LINK, 0, ON_AIR, k);
			pipe_batch_submit(b);
		}
		drain(s[0]);
		drain(s[1]);
	}
	duplicates = stats().duplicates;
	cr_expect(duplicates <= n && duplicates >= n - n / 100, "%lu", (unsigned long)duplicates);
	pipe_source_free(s[0]);
	pipe_source_free(s[1]);
}

Test(pipeline, the_arena_has_a_limit_and_is_empty_again_for_the_next)
{
	struct pipe_source *s = source(1, true);
	uint64_t octets;

	cr_expect_eq(one(s, LINK, 0, HUNGRY).flags, AERIE_PKT_NO_MEMORY);
	cr_assert(seen.no_memory);
	octets = seen.arena_octets;
	cr_expect_leq(octets, ARENA_MAX);
	cr_expect_gt(octets, ARENA_MAX - 2000);
	seen.arena_octets = 0;
	one(s, LINK, 0, HUNGRY);
	cr_expect_eq(seen.arena_octets, octets);
	cr_expect_eq(seen.tracked, 2, "what was parsed counts");
	pipe_source_free(s);
}

/* ---- registration ---- */

Test(pipeline, link_types_and_names_are_taken_once)
{
	static const uint32_t own[] = { 5000 }, taken[] = { 5001, LINK }, twice[] = { 5002, 5002 };
	struct aerie_phy phy = { .size = sizeof phy, .n_links = 1, .name = "Other", .links = own,
				 .device_type = devices_service.base_type(host), .dissect = dissect, .track = track };
	struct module *m = module_new(&core, "org.example.other");
	uint16_t id = 99;

	cr_expect_eq(packets_service.register_decoder(&m->host, RADIO, strip, NULL, NULL), -EEXIST);
	cr_expect_str_eq(m->fail_text, "link type 2000 is decoded by core already");
	phy.name = "Test";
	cr_expect_eq(phys_service.register_phy(&m->host, &phy, &id), -EEXIST);
	cr_expect_str_eq(m->fail_text, "the PHY Test is registered by core already");
	phy.name = "Other";
	phy.links = taken;
	phy.n_links = 2;
	cr_expect_eq(phys_service.register_phy(&m->host, &phy, &id), -EEXIST);
	cr_expect_str_eq(m->fail_text, "link type 1000 is dissected by core already");
	phy.links = twice;
	cr_expect_eq(phys_service.register_phy(&m->host, &phy, &id), -EINVAL);
	phy.links = own;
	phy.n_links = 1;
	phy.track = NULL;
	cr_expect_eq(phys_service.register_phy(&m->host, &phy, &id), -EINVAL);
	phy.track = track;
	phy.links = NULL;
	cr_expect_eq(phys_service.register_phy(&m->host, &phy, &id), -EINVAL);
	cr_expect_str_eq(m->fail_text, "the PHY Other says that it has 1 link types and names none");
	phy.links = own;
	phy.name = "No/Path";
	cr_expect_eq(phys_service.register_phy(&m->host, &phy, &id), -EINVAL);
	cr_expect_str_eq(m->fail_text, "the PHY's name \"No/Path\" is not [A-Za-z0-9_.-]{1,48}: it is part of the id of its view");
	phy.name = "a2345678901234567890123456789012345678901234567x9";
	cr_expect_eq(phys_service.register_phy(&m->host, &phy, &id), -EINVAL);
	phy.name = "Other";
	phy.device_type = 0;
	cr_expect_eq(phys_service.register_phy(&m->host, &phy, &id), -EINVAL);
	cr_expect_eq(id, 99, "untouched on failure");
	phy.device_type = devices_service.base_type(host);
	cr_expect_eq(phys_service.register_phy(&m->host, &phy, &id), 0);
	cr_expect_neq(id, test_phy);
	epochs_withdraw(core.epochs, m);
	module_free(m);
}

static void note_event(void *user, const struct aerie_event *e)
{
	struct aerie_event *told = user;

	if (strcmp(e->topic, "NEW_PHY") == 0) {
		told->key = e->key;
		told->reserved++;
	}
}

Test(pipeline, a_new_phy_is_an_event_with_its_number)
{
	struct aerie_phy phy = { .size = sizeof phy, .name = "Other", .device_type = devices_service.base_type(host), .dissect = dissect,
				 .track = track };
	struct module *m = module_new(&core, "org.example.other"), *listener = module_new(&core, "org.example.listener");
	struct aerie_event told = { 0 };
	uint16_t number;

	cr_assert_eq(bus_service.subscribe(&listener->host, "*", note_event, &told, NULL), 0);
	cr_assert_eq(epochs_commit(core.epochs, listener), 0);
	cr_assert_eq(phys_service.register_phy(&m->host, &phy, &number), 0);
	cr_assert_eq(told.reserved, 0, "it may yet fail");
	cr_assert_eq(epochs_commit(core.epochs, m), 0);
	pipereg_announce(&core, m);
	cr_expect_eq(told.reserved, 1, "only those of this module: %u", told.reserved);
	cr_expect_eq(aerie_key_phy(told.key), number);
	epochs_withdraw(core.epochs, m);
	module_free(m);
	epochs_withdraw(core.epochs, listener);
	module_free(listener);
}

Test(pipeline, a_withdrawn_phy_gets_no_packets_and_keeps_its_number)
{
	static const uint32_t links[] = { 5000 };
	struct aerie_phy phy = { .size = sizeof phy, .n_links = 1, .name = "Other", .links = links,
				 .device_type = devices_service.base_type(host), .dissect = dissect, .track = track };
	struct module *m = module_new(&core, "org.example.other");
	struct pipe_source *s = source(1, true);
	uint16_t first, again;

	cr_assert_eq(phys_service.register_phy(&m->host, &phy, &first), 0);
	cr_assert_eq(epochs_commit(core.epochs, m), 0);
	epochs_withdraw(core.epochs, m);
	cr_expect_eq(one(s, 5000, 0, PLAIN).flags, AERIE_PKT_UNKNOWN_LINK);
	m->loading = true;
	cr_assert_eq(phys_service.register_phy(&m->host, &phy, &again), 0);
	cr_expect_eq(again, first);
	epochs_withdraw(core.epochs, m);
	module_free(m);
	pipe_source_free(s);
}
