/* SPDX-License-Identifier: MIT */
/* What the packet pipeline did, second by second: one record of series (kismet.packetchain.*), sampled once a second. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "fields.h"

struct chain {
	pthread_mutex_t lock; /* guards rec */
	struct aerie_rec *rec;
	struct aerie_packet_stats last; /* main thread */
	aerie_slot peak, packets, error, dupe, queued, dropped, processed;
};

static const char *const series[] = { "kismet.packetchain.peak_packets_rrd",   "kismet.packetchain.packets_rrd",
				      "kismet.packetchain.error_packets_rrd",  "kismet.packetchain.dupe_packets_rrd",
				      "kismet.packetchain.dropped_packets_rrd", "kismet.packetchain.processed_packets_rrd" };
enum { PEAK, PACKETS, ERRORS, DUPES, DROPPED, PROCESSED };

#define RRD(name, help, slot) \
	AERIE_MEMBER(AERIE_T_RRD, 0, 0, "kismet.packetchain." name, "packets", help, 0, &c->slot)
#define EXTREME(name, help, slot) \
	AERIE_MEMBER(AERIE_T_RRD, 0, AERIE_FIELD_RRD_EXTREME, "kismet.packetchain." name, "packets", help, 0, &c->slot)

int chain_new(struct endpoints *e)
{
	struct chain *c = calloc(1, sizeof *c);
	aerie_record_id type;
	int err;

	if (!c)
		return e->h->fail(e->h, -ENOMEM, "out of memory");
	const struct aerie_member members[] = {
		EXTREME("peak_packets_rrd", "Most packets that came in one second, over time.", peak),
		RRD("packets_rrd", "Packets that came per second, over time.", packets),
		RRD("error_packets_rrd", "Packets per second that were malformed, truncated or failed their check, over time.", error),
		RRD("dupe_packets_rrd", "Packets per second that another source had brought, over time.", dupe),
		EXTREME("queued_packets_rrd", "Most packets that waited to be processed, over time.", queued),
		RRD("dropped_packets_rrd", "Packets per second that were dropped because a queue was full, over time.", dropped),
		RRD("processed_packets_rrd", "Packets per second that went through the whole pipeline, over time.", processed),
	};

	(void)pthread_mutex_init(&c->lock, NULL);
	e->chain = c; /* chain_free() follows a failure */
	err = e->fields->define_record(e->h, "kismet.packetchain", 0, members, sizeof members / sizeof members[0], &type);
	if (err)
		return err;
	c->rec = e->fields->new_record(e->h, type);
	return c->rec ? 0 : e->h->fail(e->h, -ENOMEM, "out of memory");
}

void chain_free(struct endpoints *e)
{
	struct chain *c = e->chain;

	if (!c)
		return;
	if (c->rec)
		e->fields->free_record(c->rec);
	(void)pthread_mutex_destroy(&c->lock);
	free(c);
	e->chain = NULL;
}

void chain_sample(const struct endpoints *e, uint32_t now_s, const struct aerie_packet_stats *stats)
{
	struct chain *c = e->chain;
	const struct aerie_packet_stats *last = &c->last;
	const struct {
		aerie_slot slot;
		uint64_t value;
	} samples[] = {
		{ c->peak, stats->packets - last->packets },	  { c->packets, stats->packets - last->packets },
		{ c->error, stats->errors - last->errors },	  { c->dupe, stats->duplicates - last->duplicates },
		{ c->queued, stats->packets - stats->processed }, { c->dropped, stats->dropped - last->dropped },
		{ c->processed, stats->processed - last->processed },
	};
	size_t i;

	(void)pthread_mutex_lock(&c->lock);
	for (i = 0; i < sizeof samples / sizeof samples[0]; i++)
		(void)aerie_rrd_now(e->fields, c->rec, samples[i].slot, now_s, (double)samples[i].value);
	(void)pthread_mutex_unlock(&c->lock);
	c->last = *stats;
}

int chain_with(const struct endpoints *e, int (*fn)(void *user, const struct aerie_rec *rec), void *user)
{
	int r;

	(void)pthread_mutex_lock(&e->chain->lock);
	r = fn(user, e->chain->rec);
	(void)pthread_mutex_unlock(&e->chain->lock);
	return r;
}

static int with_chain(const struct endpoints *e, void *user, int (*fn)(void *arg, const struct aerie_rec *rec), void *arg)
{
	return chain_with(e, fn, arg);
}

static int stats(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	return reply_record_of(user, req, rep, with_chain, NULL, NULL);
}

struct one {
	const struct endpoints *e;
	const char *name;
};

static int emit_one(void *user, const struct aerie_visitor *vt, void *v)
{
	const struct one *o = user;
	int err;

	(void)pthread_mutex_lock(&o->e->chain->lock);
	err = o->e->select->visit_path(o->e->h, o->e->chain->rec, &o->name, 1, vt, v);
	(void)pthread_mutex_unlock(&o->e->chain->lock);
	return err;
}

static int reply_series(const struct endpoints *e, const struct aerie_request *req, struct aerie_reply *rep, const char *name)
{
	struct one *o = malloc(sizeof *o);

	if (!o)
		return -ENOMEM;
	*o = (struct one){ e, name };
	return reply_value_of(e, req, rep, emit_one, o, free);
}

#define SERIES(fn, which)                                                                         \
	static int fn(void *user, const struct aerie_request *req, struct aerie_reply *rep)       \
	{                                                                                         \
		return reply_series(user, req, rep, series[which]);                               \
	}
SERIES(peak, PEAK)
SERIES(rate, PACKETS)
SERIES(errors, ERRORS)
SERIES(dupes, DUPES)
SERIES(drops, DROPPED)
SERIES(processed, PROCESSED)

#define BOTH .methods = AERIE_HTTP_GET | AERIE_HTTP_POST, .flags = AERIE_ROUTE_QUICK, .result = AERIE_RESULT_OBJECT
#define ONE                                                                                                                         \
	BOTH, .params = one_params,                                                                                                 \
	      .fields = "kismet.common.rrd.last_time kismet.common.rrd.serial_time kismet.common.rrd.last_value "                  \
			"kismet.common.rrd.last_value_n1 kismet.common.rrd.minute_vec kismet.common.rrd.hour_vec kismet.common.rrd.day_vec " \
			"kismet.common.rrd.blank_val"

static const struct aerie_param params[] = { FIELDS_PARAM("[\"kismet.packetchain.packets_rrd\"]"), { 0 } };
static const struct aerie_param one_params[] = { FIELDS_PARAM("[\"kismet.common.rrd.last_value\"]"), { 0 } };

const struct endpoint chain_endpoints[] = {
	{ .path = "/packetchain/packet_stats", .handle = stats, BOTH, .params = params, .record = "kismet.packetchain",
	  .summary = "What the packet pipeline did, second by second.",
	  .help = "An object with a series for packets, peaks, errors, duplicates, the queue, drops and processed packets." },
	{ .path = "/packetchain/packet_peak", .handle = peak, ONE,
	  .summary = "Most packets in one second, over time.", .help = "One series (kismet.common.rrd.*)." },
	{ .path = "/packetchain/packet_rate", .handle = rate, ONE,
	  .summary = "Packets per second, over time.", .help = "One series (kismet.common.rrd.*)." },
	{ .path = "/packetchain/packet_error", .handle = errors, ONE,
	  .summary = "Broken packets per second, over time.", .help = "One series (kismet.common.rrd.*)." },
	{ .path = "/packetchain/packet_dupe", .handle = dupes, ONE,
	  .summary = "Duplicate packets per second, over time.", .help = "One series (kismet.common.rrd.*)." },
	{ .path = "/packetchain/packet_drop", .handle = drops, ONE,
	  .summary = "Dropped packets per second, over time.", .help = "One series (kismet.common.rrd.*)." },
	{ .path = "/packetchain/packet_processed", .handle = processed, ONE,
	  .summary = "Processed packets per second, over time.", .help = "One series (kismet.common.rrd.*)." },
	{ 0 },
};
