/* SPDX-License-Identifier: MIT */
/* track(): what a packet changes in the common fields of a device. Runs several times per packet: one lock, no text
 * made, no memory taken once a device is known. */
#include <config.h>

#include <errno.h>
#include <string.h>

#include <core/bus.h>
#include <core/loop.h>
#include <core/module.h>
#include <core/pipeline.h>
#include <core/registry.h>
#include <core/rrd.h>
#include <core/store.h>
#include <core/strings.h>
#include <core/views.h>

struct update {
	const struct devices *d;
	struct heap *heap;
	struct aerie_rec *rec;
	const struct aerie_packet *p;
	uint32_t time_s; /* of the packet */
};

/* Octets of frames, up to; the last bin has the rest. */
static const uint32_t bin_limits[SIZE_BINS - 1] = { 250, 500, 1000, 1500 };

/* The common members are always present: no bits to mark. */
static inline uint64_t *u64_at(struct aerie_rec *rec, aerie_slot s)
{
	return aerie_slot_ptr(rec, s);
}

static inline uint32_t *time_at(struct aerie_rec *rec, aerie_slot s)
{
	return aerie_slot_ptr(rec, s);
}

static inline int32_t *i32_at(struct aerie_rec *rec, aerie_slot s)
{
	return aerie_slot_ptr(rec, s);
}

static inline double *f64_at(struct aerie_rec *rec, aerie_slot s)
{
	return aerie_slot_ptr(rec, s);
}

/* A sample that is too old is no error, and one for which memory is out is missed by the chart only. */
static void sample(const struct update *u, struct aerie_rec *rec, aerie_slot s, uint32_t aggregator, double value)
{
	(void)rrd_add(u->heap, aerie_slot_ptr(rec, s), aerie_slot_type(s) == AERIE_T_RRD, aggregator, u->time_s, value);
}

static void update_times(const struct update *u, bool created)
{
	const struct aerie_device_slots *s = &u->d->slots;

	uint32_t *first = time_at(u->rec, s->first_time), *last = time_at(u->rec, s->last_time);

	/* Files are read side by side, and not every file is in order. */
	if (created || u->time_s < *first)
		*first = u->time_s;
	if (u->time_s > *last)
		*last = u->time_s;
}

static void update_counters(const struct update *u, const struct aerie_track *t)
{
	const struct aerie_device_slots *s = &u->d->slots;
	uint32_t f = t->flags;

	++*u64_at(u->rec, s->packets_total);
	if (f & AERIE_TRACK_TX)
		++*u64_at(u->rec, s->packets_tx);
	else if (f & AERIE_TRACK_RX)
		++*u64_at(u->rec, s->packets_rx);
	if (f & AERIE_TRACK_LLC)
		++*u64_at(u->rec, s->packets_llc);
	if (f & AERIE_TRACK_DATA) {
		++*u64_at(u->rec, s->packets_data);
		*u64_at(u->rec, s->datasize) += t->datasize;
	}
	if (f & AERIE_TRACK_CRYPT)
		++*u64_at(u->rec, s->packets_crypt);
}

static unsigned size_bin(const struct aerie_packet *p)
{
	uint32_t octets = p->frame_len + (p->origlen - p->caplen);
	unsigned bin = 0;

	while (bin < SIZE_BINS - 1 && octets > bin_limits[bin])
		bin++;
	return bin;
}

static void update_rrds(const struct update *u, const struct aerie_track *t)
{
	const struct aerie_device_slots *s = &u->d->slots;

	sample(u, u->rec, s->packets_rrd, AERIE_FIELD_RRD_SUM, 1);
	if (t->flags & AERIE_TRACK_TX)
		sample(u, u->rec, s->tx_rrd, AERIE_FIELD_RRD_SUM, 1);
	else if (t->flags & AERIE_TRACK_RX)
		sample(u, u->rec, s->rx_rrd, AERIE_FIELD_RRD_SUM, 1);
	if (t->flags & AERIE_TRACK_DATA)
		sample(u, u->rec, s->datasize_rrd, AERIE_FIELD_RRD_SUM, t->datasize);
	sample(u, u->rec, u->d->size_bins[size_bin(u->p)], AERIE_FIELD_RRD_SUM, 1);
}

static void update_channel(const struct update *u)
{
	const struct aerie_device_slots *s = &u->d->slots;
	const struct aerie_str *channel;
	uint32_t khz = u->p->radio.freq_khz;
	uint64_t *cell;

	if (u->p->channel && *u->p->channel) {
		channel = aerie_get_str(u->rec, s->channel);
		if (!channel || strcmp(channel->text, u->p->channel) != 0)
			(void)fields_service.set_text(u->rec, s->channel, u->p->channel,
						      (uint32_t)strlen(u->p->channel));
	}
	if (!(u->p->radio.known & AERIE_RADIO_FREQ) || !khz)
		return;
	*f64_at(u->rec, s->frequency) = khz;
	cell = fields_service.map_cell(u->rec, s->freq_khz_map, aerie_f64_key(khz));
	if (cell)
		++*cell;
}

/* 0 is no sample. */
static void update_level(int32_t *last, int32_t *least, int32_t *most, int32_t value)
{
	if (!value)
		return;
	*last = value;
	if (!*least || value < *least)
		*least = value;
	if (!*most || value > *most)
		*most = value;
}

static void update_levels(const struct update *u, struct aerie_rec *rec)
{
	const struct signal_slots *s = &u->d->signal;
	const struct aerie_radio *r = &u->p->radio;
	const struct aerie_str *unit = r->known & AERIE_RADIO_RSSI ? u->d->text_rssi : u->d->text_dbm;
	const struct aerie_str *type = aerie_get_str(rec, s->type);
	int32_t signal = r->known & AERIE_RADIO_SIGNAL ? r->signal : 0;
	int32_t noise = r->known & AERIE_RADIO_NOISE ? r->noise : 0;

	if (!signal && !noise)
		return;
	if (type == u->d->text_none || !type)
		(void)fields_service.set_str(rec, s->type, unit);
	else if (type != unit)
		return; /* the first sample fixed the unit; others do not compare */
	update_level(i32_at(rec, s->last_signal), i32_at(rec, s->min_signal), i32_at(rec, s->max_signal), signal);
	update_level(i32_at(rec, s->last_noise), i32_at(rec, s->min_noise), i32_at(rec, s->max_noise), noise);
	if (signal && u->d->rrds)
		sample(u, rec, s->rrd, AERIE_FIELD_RRD_SIGNAL, signal);
}

static void update_signal(const struct update *u)
{
	const struct signal_slots *s = &u->d->signal;
	const struct aerie_radio *r = &u->p->radio;
	struct aerie_rec *rec;

	if (!(r->known & (AERIE_RADIO_SIGNAL | AERIE_RADIO_NOISE | AERIE_RADIO_RATE)) && !r->encoding && !r->carrier)
		return;
	rec = aerie_get_rec(u->rec, u->d->slots.signal);
	if (!rec) {
		rec = fields_service.sub(u->rec, u->d->slots.signal);
		if (!rec)
			return;
		(void)fields_service.set_str(rec, s->type, u->d->text_none);
	}
	update_levels(u, rec);
	if (r->known & AERIE_RADIO_RATE && r->rate_100k > *f64_at(rec, s->max_rate))
		*f64_at(rec, s->max_rate) = r->rate_100k;
	*u64_at(rec, s->encodings) |= r->encoding;
	*u64_at(rec, s->carriers) |= r->carrier;
}

static int is_source(void *user, uint64_t key, uint64_t cell)
{
	const struct update *u = user;
	const struct aerie_rec *by = (const struct aerie_rec *)(uintptr_t)cell;
	const struct aerie_uuid *uuid = *(struct aerie_uuid *const *)aerie_slot_cptr(by, u->d->seenby.uuid);

	return uuid && !memcmp(uuid, &packet_of(u->p)->source->uuid, sizeof *uuid);
}

/* For the views of devices by datasource. Two sources, one after the other, can have the same UUID. */
static void count_heard(struct update *u)
{
	struct heard *by = packet_of(u->p)->source->heard;

	if (by && !fields_service.iterate(u->rec, u->d->slots.seenby, is_source, u))
		heard_count(by);
}

static void update_seenby(struct update *u)
{
	const struct seenby_slots *s = &u->d->seenby;
	const struct pipe_source *source = packet_of(u->p)->source;
	struct aerie_rec *rec;
	uint64_t *packets;
	uint32_t *first, *last;

	if (!source)
		return;
	rec = fields_service.map_record(u->rec, u->d->slots.seenby, source->number);
	if (!rec)
		return;
	packets = u64_at(rec, s->packets);
	first = time_at(rec, s->first_time);
	last = time_at(rec, s->last_time);
	if (!*packets) {
		count_heard(u);
		(void)fields_service.set_uuid(rec, s->uuid, &source->uuid);
		*first = u->time_s;
	}
	if (u->time_s < *first)
		*first = u->time_s;
	if (u->time_s > *last)
		*last = u->time_s;
	++*packets;
}

/* The series lie apart from the record: their memory arrives while the rest is updated. (A series of one sample is
 * no address, which does no harm.) */
static void prefetch_series(const struct update *u, const struct aerie_track *t)
{
	const struct aerie_device_slots *s = &u->d->slots;
	struct aerie_rec *rec = u->rec;

	__builtin_prefetch((const void *)(uintptr_t)*u64_at(rec, s->packets_rrd), 1);
	__builtin_prefetch((const void *)(uintptr_t)*u64_at(rec, t->flags & AERIE_TRACK_TX ? s->tx_rrd : s->rx_rrd), 1);
	__builtin_prefetch((const void *)(uintptr_t)*u64_at(rec, u->d->size_bins[size_bin(u->p)]), 1);
	rec = aerie_get_rec(rec, s->signal);
	if (rec)
		__builtin_prefetch((const void *)(uintptr_t)*u64_at(rec, u->d->signal.rrd), 1);
}

static void update(struct update *u, const struct aerie_track *t, bool created)
{
	bool whole = !(t->flags & AERIE_TRACK_SEEN), series = whole && u->d->rrds;

	if (series)
		prefetch_series(u, t);
	if (created || whole)
		update_times(u, created);
	if (whole)
		update_counters(u, t);
	if (t->flags & AERIE_TRACK_CHANNEL)
		update_channel(u);
	update_seenby(u);
	if (t->flags & AERIE_TRACK_SIGNAL)
		update_signal(u);
	if (series)
		update_rrds(u, t);
}

int devices_track(const struct aerie_host *h, const struct aerie_packet *p, const struct aerie_track *t,
		  aerie_device_fn *fn, void *user)
{
	struct core *core = module_of(h)->core;
	struct devices *d = core->devices;
	uint64_t hash = key_hash(d, t->key);
	struct shard *s = shard_of(d, hash);
	struct update u = { d, NULL, NULL, p, (uint32_t)(p->ts_us / 1000000) };
	struct aerie_device dev = { t->key, NULL, 0, 0 };
	struct node *n;
	int err;

	THREAD_ASSERT(THREAD_WORKER);
	err = store_lock(s);
	if (err < 0)
		return err;
	n = store_find(s, hash, t->key);
	if (!n) {
		err = t->flags & AERIE_TRACK_CREATE ? store_create(d, s, hash, t->key, &n) : -ENOENT;
		if (err < 0) {
			store_unlock(s);
			return err;
		}
		dev.created = 1;
	}
	u.heap = s->heap;
	u.rec = dev.rec = n->rec;
	if (n->newer && n->mod_time_s != packet_of(p)->now_s)
		__builtin_prefetch(shard_node(s, n->newer), 1); /* store_changed() will take it off the list */
	update(&u, t, dev.created);
	if (fn)
		err = fn(user, &dev);
	store_changed(d, s, n, packet_of(p)->now_s);
	store_unlock(s);
	if (t->flags & AERIE_TRACK_DATA)
		packet_of(p)->data = true;
	if (dev.created && core->bus)
		bus_publish(core->bus, "NEW_DEVICE", t->key, NULL);
	if (dev.created)
		store_crowded(d);
	return err < 0 ? err : 0;
}
