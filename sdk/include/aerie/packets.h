/* SPDX-License-Identifier: MIT */
/* "aerie.packets/1": packets on their way through decode, dissect, track and observers. Since ABI 1.0.
 *
 * Packets travel in batches on one worker; a source's packets stay in order. A stage runs for all packets of a batch
 * before the next stage starts. A packet, its octets and its arena live until the batch is done. */
#ifndef AERIE_PACKETS_H
#define AERIE_PACKETS_H

#include <aerie/plugin.h>
#include <aerie/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define AERIE_PACKETS_SERVICE "aerie.packets/1"

/* Memory for parsed pieces; freed as a whole with the batch. */
struct aerie_arena {
	uint8_t *cur, *end;
	void *(*more)(struct aerie_arena *a, size_t size); /* slow path: a new block; NULL when the limit is reached */
};

/* size octets, 8-aligned, not zeroed; NULL when the batch's limit is reached. */
static inline void *aerie_arena_alloc(struct aerie_arena *a, size_t size)
{
	void *p = a->cur;

	size = (size + 7) & ~(size_t)7;
	if (size > (size_t)(a->end - a->cur))
		return a->more(a, size);
	a->cur += size;
	return p;
}

/* packet flags */
#define AERIE_PKT_BAD_FCS (1u << 0)   /* the frame check sequence is wrong, or the radio said so */
#define AERIE_PKT_TRUNCATED (1u << 1) /* the frame ends before what its headers promise */
#define AERIE_PKT_MALFORMED (1u << 2) /* the frame or its radio header contradicts itself */
#define AERIE_PKT_ERROR (AERIE_PKT_BAD_FCS | AERIE_PKT_TRUNCATED | AERIE_PKT_MALFORMED)
#define AERIE_PKT_DUPLICATE (1u << 3) /* heard before by another radio: mark_duplicate() */
#define AERIE_PKT_UNKNOWN_LINK (1u << 4) /* nobody decodes its link type */
#define AERIE_PKT_NO_MEMORY (1u << 5) /* the arena's limit was reached: not fully parsed */

/* which members of struct aerie_radio are known */
#define AERIE_RADIO_SIGNAL (1u << 0)
#define AERIE_RADIO_NOISE (1u << 1)
#define AERIE_RADIO_FREQ (1u << 2)
#define AERIE_RADIO_RATE (1u << 3)
#define AERIE_RADIO_RSSI (1u << 4) /* signal and noise are vendor units, not dBm */
#define AERIE_RADIO_TSF (1u << 5)

/* flags of struct aerie_radio */
#define AERIE_RADIO_DATAPAD (1u << 0) /* the frame's body begins at a multiple of 4 octets: padding follows the MAC header */

#define AERIE_ENCODING_UNKNOWN 0u
#define AERIE_ENCODING_CCK 1u
#define AERIE_ENCODING_PBCC 2u
#define AERIE_ENCODING_OFDM 3u
#define AERIE_ENCODING_DYNAMIC 4u
#define AERIE_ENCODING_GFSK 5u

#define AERIE_CARRIER_UNKNOWN 0u
#define AERIE_CARRIER_80211B 1u
#define AERIE_CARRIER_80211BPLUS 2u
#define AERIE_CARRIER_80211A 3u
#define AERIE_CARRIER_80211G 4u
#define AERIE_CARRIER_80211FHSS 5u
#define AERIE_CARRIER_80211DSSS 6u
#define AERIE_CARRIER_80211N20 7u
#define AERIE_CARRIER_80211N40 8u

/* What the radio said about a frame. */
struct aerie_radio {
	uint32_t known; /* AERIE_RADIO_... */
	int32_t signal; /* dBm, or vendor units with AERIE_RADIO_RSSI */
	int32_t noise;  /* likewise */
	uint32_t freq_khz;
	uint32_t rate_100k; /* units of 100 kbit/s */
	uint8_t encoding;   /* AERIE_ENCODING_... */
	uint8_t carrier;    /* AERIE_CARRIER_... */
	uint8_t fcs_len;    /* octets of FCS at the end of the frame: 0 or 4 */
	uint8_t flags;      /* AERIE_RADIO_DATAPAD */
	uint64_t tsf_us; /* the radio's own clock */
};

#define AERIE_PKT_KEYS 4

struct aerie_packet {
	uint64_t ts_us;       /* when it was captured, microseconds since 1970 */
	const uint8_t *data;  /* as captured */
	uint32_t caplen;      /* octets at data */
	uint32_t origlen;     /* octets on the air, at least caplen */
	uint32_t dlt;         /* link type as captured */
	uint32_t link;        /* link type of `frame`: changes as decoders strip radio headers */
	const uint8_t *frame; /* what the next stage reads; starts as data */
	uint32_t frame_len;
	uint32_t flags; /* AERIE_PKT_... */
	struct aerie_radio radio;
	uint16_t phy;     /* number of the PHY that dissected it; 0: none */
	uint16_t n_keys;  /* devices in keys[] */
	uint32_t source;  /* number of the source, as in "kismet.datasource.source_number" */
	uint64_t keys[AERIE_PKT_KEYS]; /* devices that the PHY is about to track: the host fetches their memory early */
	void *parsed;         /* the PHY's result of dissect, in the arena; NULL: nothing to track */
	const char *channel;  /* logical channel text of the PHY, or NULL; lives as long as the batch */
	const char *json_type; /* of a report without frame: its type and text; else NULL */
	const char *json;
	uint32_t json_len;
	uint32_t reserved;
};

/* Strips one radio header: reads p->frame (p->link is its own dlt), fills p->radio, moves p->frame, sets p->link. On a
 * header that makes no sense it sets AERIE_PKT_MALFORMED or AERIE_PKT_TRUNCATED in p->flags; the packet is then counted
 * as an error and goes no further. [worker] */
typedef void aerie_decode_fn(void *user, struct aerie_packet *p, struct aerie_arena *a);

/* Sees every packet of a batch after track. Must not block. [worker] */
typedef void aerie_observe_fn(void *user, const struct aerie_packet *const *p, uint32_t n);

/* Counters of the pipeline, all packets since the start. */
struct aerie_packet_stats {
	uint32_t size;
	uint32_t workers;
	uint64_t packets;   /* taken from sources */
	uint64_t processed; /* that went through all stages; packets - processed are queued */
	uint64_t dropped;   /* from radios, because the queue was full */
	uint64_t errors;    /* with any of AERIE_PKT_ERROR */
	uint64_t unknown_link;
	uint64_t duplicates;
	uint64_t octets;
	uint64_t waiting; /* batches that no worker has come to yet; while there are several, packets come faster than they are worked off */
};

struct aerie_packets {
	uint32_t size;
	uint32_t reserved;
	/* [main, load] Decoder of one link type; -EEXIST when another module has it (told). */
	int (*register_decoder)(const struct aerie_host *h, uint32_t dlt, aerie_decode_fn *fn, void *user,
				void (*destroy)(void *user));
	/* [main, load] An observer. */
	int (*register_observer)(const struct aerie_host *h, aerie_observe_fn *fn, void *user,
				 void (*destroy)(void *user));
	/* [any] */
	int (*stats)(const struct aerie_host *h, struct aerie_packet_stats *ret_stats);
	/* [worker] For a PHY to call from its dissect. Flags p as AERIE_PKT_DUPLICATE when another radio has brought the same octets
	 * less than two seconds ago, by this host's clock. octets: what was on the air, without what each receiver adds; of frames
	 * that differ from any other frame, for example by a number in them. A PHY tracks a duplicate as seen by its source, with its
	 * signal (AERIE_TRACK_SEEN, AERIE_TRACK_SIGNAL), and counts it no second time. Packets of files are never duplicates. How
	 * many frames are remembered is the option packet_dedup_size. */
	void (*mark_duplicate)(const struct aerie_host *h, struct aerie_packet *p, const void *octets, uint32_t len);
};

#ifdef __cplusplus
}
#endif
#endif
