/* SPDX-License-Identifier: MIT */
/* The stages that packets go through on a worker: decode, dissect, track, observe. */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <core/bus.h>
#include <core/loop.h>
#include <core/stages.h>

/* Packets between the steps of fetching a device's memory: each step's memory arrives while others are tracked. */
#define PREFETCH_AHEAD 4u

/* What a chunk adds to the counters. */
struct tally {
	uint64_t errors, unknown_link, duplicates, octets;
};

/* One run over a batch. */
struct run {
	struct worker *w;
	struct core *core;
	struct pipe_source *source;
	const struct epoch *epoch;
	const struct link_table *decoders, *phys;
	uint64_t now_us;
};

/* ---- arena: one block of the limit's size; pages that were never needed are never touched ---- */

static void *arena_more(struct aerie_arena *a, size_t size)
{
	return NULL;
}

int arena_init(struct worker *w)
{
	w->arena_start = malloc(ARENA_MAX);
	if (!w->arena_start)
		return -ENOMEM;
	w->arena.end = w->arena_start + ARENA_MAX;
	w->arena.more = arena_more;
	return 0;
}

/* ---- decode ---- */

static void tell_unknown_link(const struct run *r, uint32_t link)
{
	struct pipe_source_priv *s = r->source->priv;
	uint32_t i;

	for (i = 0; i < s->n_told; i++)
		if (s->told[i] == link)
			return;
	if (s->n_told == TOLD_LINKS)
		return;
	s->told[s->n_told++] = link;
	bus_printf(r->core->bus, AERIE_LOG_ERROR,
		   "source number %u sends packets of link type %u, which no loaded module decodes: they are counted, and make no devices; "
		   "load a module for this link type",
		   r->source->number, link);
}

static void tell_malformed(const struct run *r)
{
	struct pipe_source_priv *s = r->source->priv;

	if (s->told_malformed)
		return;
	s->told_malformed = true;
	bus_printf(r->core->bus, AERIE_LOG_ERROR,
		   "source number %u sends packet reports that are malformed: they are counted as errors; check that its capture "
		   "program speaks protocol version 3",
		   r->source->number);
}

/* Strips radio headers until a PHY knows the link type. */
static void decode(const struct run *r, struct packet *pk)
{
	struct aerie_packet *p = &pk->p;
	const struct decoder *d;
	unsigned n;

	for (n = 0;; n++) {
		pk->phy = link_table_find(r->phys, p->link);
		if (pk->phy || p->flags & AERIE_PKT_ERROR)
			return;
		d = link_table_find(r->decoders, p->link);
		if (!d) {
			p->flags |= AERIE_PKT_UNKNOWN_LINK;
			tell_unknown_link(r, p->link);
			return;
		}
		if (n == DECODERS_MAX) {
			p->flags |= AERIE_PKT_MALFORMED;
			return;
		}
		d->fn(d->user, p, &r->w->arena);
	}
}

/* The report's signal block counts for what the radio header did not say. */
static void merge_radio(struct aerie_radio *to, const struct aerie_radio *from)
{
	const uint32_t levels = AERIE_RADIO_SIGNAL | AERIE_RADIO_NOISE | AERIE_RADIO_RSSI;
	uint32_t missing = from->known & ~to->known;

	if (!(to->known & levels)) {
		to->signal = from->signal;
		to->noise = from->noise;
		to->known |= from->known & levels;
	}
	if (missing & AERIE_RADIO_FREQ)
		to->freq_khz = from->freq_khz;
	if (missing & AERIE_RADIO_RATE)
		to->rate_100k = from->rate_100k;
	if (missing & AERIE_RADIO_TSF)
		to->tsf_us = from->tsf_us;
	to->known |= missing & (AERIE_RADIO_FREQ | AERIE_RADIO_RATE | AERIE_RADIO_TSF);
	if (!to->encoding)
		to->encoding = from->encoding;
	if (!to->carrier)
		to->carrier = from->carrier;
}

/* NUL-terminated in the arena; NULL, and the packet flagged, when that is full. */
static const char *keep_text(const struct run *r, struct aerie_packet *p, const char *text, uint32_t len)
{
	char *t = aerie_arena_alloc(&r->w->arena, len + 1);

	if (!t) {
		p->flags |= AERIE_PKT_NO_MEMORY;
		return NULL;
	}
	memcpy(t, text, len);
	t[len] = '\0';
	return t;
}

static void take_frame(const struct run *r, struct packet *pk, const struct link_packet *lp)
{
	struct aerie_packet *p = &pk->p;

	p->data = p->frame = lp->data;
	p->caplen = p->frame_len = lp->len;
	p->origlen = lp->origlen < lp->len ? lp->len : lp->origlen;
	p->dlt = p->link = r->source->dlt_override ? r->source->dlt_override : lp->dlt;
	decode(r, pk);
	if (pk->phy) {
		p->phy = pk->phy->id;
		if (lp->radio.known)
			merge_radio(&p->radio, &lp->radio);
	}
}

static void take_report(const struct run *r, struct packet *pk, const struct link_packet *lp)
{
	struct aerie_packet *p = &pk->p;

	memset(pk, 0, sizeof *pk);
	pk->source = r->source;
	pk->now_s = (uint32_t)(r->now_us / 1000000);
	p->source = r->source->number;
	p->ts_us = lp->ts_us ? lp->ts_us : lp->json_ts_us ? lp->json_ts_us : r->now_us;
	if (r->source->host_clock)
		p->ts_us = r->now_us;
	if (lp->channel_len)
		p->channel = keep_text(r, p, lp->channel, lp->channel_len);
	if (lp->has_json) {
		p->json_type = keep_text(r, p, lp->json_type, lp->json_type_len);
		p->json = lp->json;
		p->json_len = lp->json_len;
	}
	if (lp->has_packet)
		take_frame(r, pk, lp);
	else
		p->radio = lp->radio;
}

/* Returns how many packets the reports held. */
static uint32_t decode_chunk(const struct run *r, const struct batch *b, uint32_t first, uint32_t end, struct tally *t)
{
	struct link_packet lp;
	uint32_t i, n = 0;

	for (i = first; i < end; i++) {
		if (link_parse_packet(b->buf + b->frames[i].off, b->frames[i].len, &lp) < 0) {
			t->errors++;
			tell_malformed(r);
		} else if (lp.has_packet || lp.has_json) {
			take_report(r, &r->w->packets[n++], &lp);
		}
	}
	return n;
}

/* ---- dissect, track, observe ---- */

static void dissect_chunk(const struct run *r, uint32_t n)
{
	struct packet *pk = r->w->packets, *end = pk + n;

	for (; pk < end; pk++)
		if (pk->phy && !(pk->p.flags & AERIE_PKT_ERROR))
			pk->phy->def.dissect(pk->phy->def.user, &pk->p, &r->w->arena);
}

static void prefetch(const struct run *r, uint32_t n, uint32_t i, enum prefetch_step step)
{
	const struct aerie_packet *p;
	uint32_t k;

	if (i >= n)
		return;
	p = &r->w->packets[i].p;
	for (k = 0; k < p->n_keys && k < AERIE_PKT_KEYS; k++)
		devices_prefetch(r->core->devices, p->keys[k], step);
}

static void track_chunk(const struct run *r, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		struct packet *pk = &r->w->packets[i];

		prefetch(r, n, i + 3 * PREFETCH_AHEAD, PREFETCH_HEAD);
		prefetch(r, n, i + 2 * PREFETCH_AHEAD, PREFETCH_NODE);
		prefetch(r, n, i + PREFETCH_AHEAD, PREFETCH_RECORD);
		if (pk->p.parsed && !(pk->p.flags & AERIE_PKT_ERROR))
			pk->phy->def.track(pk->phy->def.user, &pk->p, &r->w->arena);
	}
}

static void observe_chunk(const struct run *r, uint32_t n)
{
	const struct epoch *ep = r->epoch;
	size_t i;

	for (i = 0; i < ep->n_regs[REG_OBSERVER]; i++) {
		const struct observer *o = ep->regs[REG_OBSERVER][i]->item;

		o->fn(o->user, r->w->list, n);
	}
}

static void count_chunk(const struct run *r, uint32_t n, struct tally *t)
{
	const struct packet *pk = r->w->packets, *end = pk + n;

	for (; pk < end; pk++) {
		struct phy_counters *c = &r->w->phys[pk->p.phy];
		bool error = pk->p.flags & AERIE_PKT_ERROR;

		t->octets += pk->p.caplen;
		t->errors += error;
		t->unknown_link += !!(pk->p.flags & AERIE_PKT_UNKNOWN_LINK);
		t->duplicates += !!(pk->p.flags & AERIE_PKT_DUPLICATE);
		if (!pk->phy)
			continue;
		counter_add(&c->packets, 1);
		counter_add(&c->data, pk->data);
		counter_add(&c->errors, error);
	}
}

static void run_chunk(struct run *r, const struct batch *b, uint32_t first, uint32_t end)
{
	struct worker_counters *c = &r->w->counters;
	struct tally t = { 0 };
	uint32_t n;

	r->now_us = loop_now_us(r->core->loop);
	r->w->arena.cur = r->w->arena_start;
	n = decode_chunk(r, b, first, end, &t);
	dissect_chunk(r, n);
	track_chunk(r, n);
	if (n)
		observe_chunk(r, n);
	count_chunk(r, n, &t);
	counter_add(&c->processed, end - first);
	counter_add(&c->errors, t.errors);
	counter_add(&c->unknown_link, t.unknown_link);
	counter_add(&c->duplicates, t.duplicates);
	counter_add(&c->octets, t.octets);
	counter_add(&r->source->packets, end - first);
	counter_add(&r->source->errors, t.errors);
	counter_add(&r->source->octets, t.octets);
}

void stages_run(struct worker *w, struct batch *b)
{
	struct core *core = w->pipeline->core;
	struct epoch *ep = epoch_pin(core->epochs);
	struct run r = { w, core, b->source, ep, ep->index[REG_DECODER], ep->index[REG_PHY], 0 };
	uint32_t first;

	for (first = 0; first < b->n; first += CHUNK_PACKETS)
		run_chunk(&r, b, first, b->n - first > CHUNK_PACKETS ? first + CHUNK_PACKETS : b->n);
	epoch_unpin(ep);
}
