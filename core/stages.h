/* SPDX-License-Identifier: MIT */
/* Inside of the pipeline, for pipeline.c, stages.c and pipereg.c only: workers, and what modules registered for them. */
#ifndef CORE_STAGES_H
#define CORE_STAGES_H

#include <pthread.h>

#include <core/devices.h>
#include <core/duplicates.h>
#include <core/epoch.h>
#include <core/pipeline.h>

/* Packets that go through a stage together. Smaller than a batch, so that their octets and parsed pieces are still in
 * the cache at the next stage. A module sees these as its batches. */
#define CHUNK_PACKETS 128u
#define DECODERS_MAX 4u /* radio headers around one frame */
#define TOLD_LINKS 8u   /* unknown link types that a source is told about */

struct decoder {
	uint32_t dlt;
	aerie_decode_fn *fn;
	void *user;
	void (*destroy)(void *user);
};

struct phy {
	struct aerie_phy def; /* name is NULL: devices_phy_name() has it */
	uint16_t id;
	uint32_t links[];
};

struct observer {
	aerie_observe_fn *fn;
	void *user;
	void (*destroy)(void *user);
};

/* Link type -> decoder or PHY; the compiled form of an epoch's registrations. */
#define LINKS_LOW 320u /* link types below this are found with one look */
struct link_table {
	void *low[LINKS_LOW];
	uint32_t n_high;
	struct {
		uint32_t link;
		void *item;
	} high[];
};

static inline void *link_table_find(const struct link_table *t, uint32_t link)
{
	uint32_t i;

	if (link < LINKS_LOW)
		return t->low[link];
	for (i = 0; i < t->n_high; i++)
		if (t->high[i].link == link)
			return t->high[i].item;
	return NULL;
}

/* Relaxed atomics, written by their worker only, once per chunk. */
struct worker_counters {
	uint64_t processed, errors, unknown_link, duplicates, octets;
};

struct phy_counters {
	uint64_t packets, data, errors;
};

struct worker {
	struct pipeline *pipeline;
	pthread_t thread;
	bool started;
	unsigned n_sources;   /* [main] bound to it */
	pthread_mutex_t lock; /* guards first, last, stop */
	pthread_cond_t wake;
	struct batch *first, **last;
	bool stop;
	/* The worker's own. */
	struct aerie_arena arena;
	uint8_t *arena_start;
	struct worker_counters counters;
	struct phy_counters phys[PHY_MAX + 1];
	struct packet packets[CHUNK_PACKETS];
	const struct aerie_packet *list[CHUNK_PACKETS];
};

struct pipeline {
	struct core *core;
	uint64_t submitted, dropped; /* packets; relaxed atomics, written by the main thread */
	uint32_t waiting;            /* batches that no worker has come to yet; relaxed atomic */
	uint32_t backlog;            /* option packet_backlog_limit */
	uint32_t radios;             /* sources that hear the same air; relaxed atomic */
	struct duplicates *heard;
	struct pipe_source *sources; /* [main] */
	unsigned n_workers;
	struct worker *workers[];
};

struct pipe_source_priv {
	struct pipe_source *next; /* [main] in the pipeline */
	struct worker *worker;
	unsigned n_batches;
	struct batch **batches, *scratch;
	bool calling; /* [main] a callback is under way */
	void (*resume)(void *user);
	void *user;

	pthread_mutex_t lock; /* guards from here on */
	struct batch *free;
	uint64_t submitted, processed; /* batches */
	bool wants_resume, draining, posted, closed;
	uint64_t drain_at; /* when processed reaches it */
	void (*done)(void *user);
	void *done_user;

	/* The worker's own. */
	uint32_t told[TOLD_LINKS], n_told;
	bool told_malformed;
};

static inline void counter_add(uint64_t *c, uint64_t n)
{
	if (n)
		__atomic_store_n(c, __atomic_load_n(c, __ATOMIC_RELAXED) + n, __ATOMIC_RELAXED);
}

/* stages.c: all stages for one batch. [worker] */
void stages_run(struct worker *w, struct batch *b);
int arena_init(struct worker *w);

/* pipereg.c: builders of the tables. */
void pipereg_set_builders(struct epochs *e);

#endif
