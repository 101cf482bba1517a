/* SPDX-License-Identifier: MIT */
/* The packet pipeline: batches from links to workers, and the stages decode, dissect, track, observe.
 *
 * A link reads from its capture process straight into a batch's buffer, notes where the bodies of packet reports lie, and
 * submits the batch; nothing is copied after that. Each source has a fixed set of batches, as many as packet_backlog_limit
 * asks for: when all are under way, a lossless source stops reading until one comes back, another kind reads on into a
 * scratch batch whose packets are counted as dropped. */
#ifndef CORE_PIPELINE_H
#define CORE_PIPELINE_H

#include <stdbool.h>

#include <core/core.h>

#define BATCH_OCTETS (256u * 1024u) /* buffer of a batch; larger than any frame of a link */
#define BATCH_PACKETS 1024u         /* packets in a batch, at most */
#define BATCHES_LOSSLESS 4u         /* of a source that waits: under way at once, at most */
#define BACKLOG_DEFAULT 8192u       /* option packet_backlog_limit: packets of one source that are under way, at most */
#define BACKLOG_MAX 1048576u
#define ARENA_MAX (4u * 1024u * 1024u) /* parsed pieces of one batch */

struct batch_frame {
	uint32_t off, len; /* msgpack body of a packet report within buf */
};

struct batch {
	struct batch *next;
	struct pipe_source *source;
	uint8_t *buf; /* BATCH_OCTETS */
	uint32_t len; /* octets in use */
	uint32_t n;   /* packets */
	struct batch_frame frames[BATCH_PACKETS];
};

/* A source as the pipeline sees it. The counters are relaxed atomics that workers add to. */
struct pipe_source {
	struct pipeline *pipeline;
	uint32_t number;        /* kismet.datasource.source_number */
	struct aerie_uuid uuid; /* set before the first submit */
	struct heard *heard;    /* views.h: counts the devices it heard; NULL: nobody counts */
	bool lossless;
	bool paused;     /* [main] packets are counted as dropped, whatever else */
	bool host_clock; /* set before the first submit: packets get this host's time */
	bool radio;      /* pipe_source_is_radio() */
	uint32_t dlt_override;  /* 0: as reported */
	uint32_t max_packets;   /* packets per batch: BATCH_PACKETS, or less when packet_backlog_limit is small */
	uint64_t packets, errors, dropped, octets; /* relaxed atomics */
	struct pipe_source_priv *priv;
};

/* A packet with what only the core needs to know. Every aerie_packet that a callback gets lies in one. */
struct packet {
	struct aerie_packet p;
	const struct pipe_source *source;
	const struct phy *phy; /* that dissects it */
	uint32_t now_s;        /* server clock, read once for many packets */
	bool data;             /* tracked as a data frame */
};

static inline struct packet *packet_of(const struct aerie_packet *p)
{
	return (struct packet *)(uintptr_t)p;
}

struct pipeline *pipeline_new(struct core *core, unsigned workers); /* 0: one per core */
int pipeline_start(struct pipeline *p);  /* makes the threads */
void pipeline_stop(struct pipeline *p);  /* finishes what was submitted, joins the threads */
void pipeline_free(struct pipeline *p);

/* [main] resume(user) is called on the main thread when pipe_batch_get() gave NULL and a batch is free again. */
struct pipe_source *pipe_source_new(struct pipeline *p, uint32_t number, bool lossless, void (*resume)(void *user),
				    void *user);
/* [main] Before the first submit: what it hears, another radio may hear, too. */
void pipe_source_is_radio(struct pipe_source *s);
/* [main] A batch to read into, or NULL: all are under way (lossless: stop reading; otherwise pipe_batch_scratch()). */
struct batch *pipe_batch_get(struct pipe_source *s);
/* [main] A batch whose packets will be counted as dropped when it is submitted; never NULL. */
struct batch *pipe_batch_scratch(struct pipe_source *s);
void pipe_batch_submit(struct batch *b); /* [main] also an empty one, to give it back */
/* [main] Is the worker late, so that this batch had better take more packets than be submitted? */
bool pipe_batch_may_wait(struct batch *b);
/* [main] done(user) on the main thread when all that was submitted so far has been processed. */
void pipe_source_drain(struct pipe_source *s, void (*done)(void *user), void *user);
/* [main] Drains and frees it later; no callback is called any more. */
void pipe_source_free(struct pipe_source *s);

/* link.c: the body of a packet report. Pointers lead into body. */
struct link_packet {
	bool has_packet, has_json;
	uint32_t dlt;
	uint64_t ts_us; /* 0: not given */
	const uint8_t *data;
	uint32_t len, origlen;
	struct aerie_radio radio; /* from the report's signal block */
	const char *channel; uint32_t channel_len;
	const char *json_type; uint32_t json_type_len;
	const char *json; uint32_t json_len;
	uint64_t json_ts_us;
};
/* 0, or -EBADMSG: not a packet report. [any] */
int link_parse_packet(const uint8_t *body, uint32_t len, struct link_packet *ret);

extern const struct aerie_packets packets_service;
extern const struct aerie_phys phys_service;

/* Publishes NEW_PHY for each PHY of a module that has become visible. [main] */
void pipereg_announce(struct core *core, const struct module *m);

#endif
