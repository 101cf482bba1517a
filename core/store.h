/* SPDX-License-Identifier: MIT */
/* Inside of the device store, for devices.c, devkeys.c, devfields.c, track.c, cursor.c, forget.c and views.c only.
 *
 * Nodes are numbered from 1 within their shard and lie in chunks that double in size and never move, so links are 32 bits
 * wide and a worker may follow them without the lock to prefetch memory. Hash tables that were outgrown are kept until
 * the end for the same reason; together they are smaller than the one in use. Nodes of forgotten devices are used again. */
#ifndef CORE_STORE_H
#define CORE_STORE_H

#include <pthread.h>

#include <core/devices.h>
#include <core/heap.h>

#define SHARD_BITS 8
#define SHARDS (1u << SHARD_BITS)
#define CHUNK_BITS 4 /* the first chunk of a shard has 16 nodes */
#define CHUNKS 27
#define SIZE_BINS 5

/* A device. */
struct node {
	uint64_t key; /* 0: it was forgotten */
	struct aerie_rec *rec;
	uint32_t next;         /* with the same hash; forgotten: with the same fate */
	uint32_t older, newer; /* in order of last change */
	uint32_t mod_time_s;   /* server clock; never falls from older to newer */
};

struct table {
	struct table *outgrown;
	uint32_t mask;
	uint32_t heads[];
};

/* The devices of one shard that a walk has fixed: a bit for each node. A device that is removed loses its bit. */
struct fixed {
	struct fixed *next;
	uint32_t n_nodes;
	uint64_t bits[];
};

struct shard {
	pthread_mutex_t lock; /* guards everything here and the records of its devices */
	struct heap *heap;
	struct table *table;
	struct node *chunks[CHUNKS];
	uint32_t n_nodes; /* nodes made so far */
	uint32_t unused;  /* the first of those whose device was forgotten */
	uint32_t count;
	uint32_t oldest, newest;
	struct fixed *fixed; /* of walks that have not come here yet */
	uint32_t judged;  /* forget.c: all from the oldest to this one stay; 0: none */
} __attribute__((aligned(64)));

struct phy_number {
	const struct aerie_str *name;
	aerie_record_id type; /* relaxed atomic: a new generation of a PHY may bring a new type */
	uint32_t name_hash;
	uint64_t devices; /* relaxed atomic */
};

/* Slots of the records below a device. */
struct signal_slots {
	aerie_slot type, last_signal, last_noise, min_signal, min_noise, max_signal, max_noise;
	aerie_slot max_rate, encodings, carriers, rrd;
};

struct seenby_slots {
	aerie_slot uuid, first_time, last_time, packets;
};

#define NOTES 64u

/* The store's time, beside a clock that never jumps. */
struct note_of_time {
	uint32_t steady_s, time_s;
};

/* What forget.c knows. [main] but for what is said to be atomic. */
struct forgetting {
	uint32_t timeout;      /* s; 0: never */
	uint64_t packets, max; /* 0: any, no limit */
	bool running;          /* atomic: a turn is asked for */
	uint32_t shard;        /* the next one to look for idle devices in; SHARDS: none */
	uint64_t excess;       /* still to be forgotten, because there are too many */
	bool told;             /* that there are too many */
	uint32_t moved;        /* the next shard to look for memory in */
	uint32_t now_s;        /* the clock that never jumps */
	uint32_t noted_s, n_notes, next_note;
	struct note_of_time notes[NOTES];
};

struct devices {
	struct core *core;
	uint64_t seed;
	uint64_t count; /* relaxed atomic */
	uint32_t time_s; /* relaxed atomic: no change is told to be older, see store_time_reached() */
	bool rrds;      /* option track_device_rrds */
	aerie_record_id base_type;
	struct aerie_device_slots slots;
	struct signal_slots signal;
	struct seenby_slots seenby;
	aerie_slot size_bins[SIZE_BINS];
	const struct aerie_str *text_none, *text_dbm, *text_rssi;
	struct forgetting forget;
	uint16_t n_phys; /* release-stored after the entry */
	struct phy_number phys[PHY_MAX + 1];
	struct shard shards[SHARDS];
};

/* Finalizer of splitmix64 over the seeded key: every bit of the address moves every bit of the hash, and nobody on
 * the air can aim addresses at one chain. */
static inline uint64_t key_hash(const struct devices *d, uint64_t key)
{
	key ^= d->seed;
	key = (key ^ key >> 30) * 0xbf58476d1ce4e5b9ull;
	key = (key ^ key >> 27) * 0x94d049bb133111ebull;
	return key ^ key >> 31;
}

static inline struct shard *shard_of(const struct devices *d, uint64_t hash)
{
	return (struct shard *)(uintptr_t)&d->shards[hash >> (64 - SHARD_BITS)];
}

static inline struct node *shard_node(const struct shard *s, uint32_t number)
{
	uint32_t at = number - 1 + (1u << CHUNK_BITS);
	unsigned top = 31u - (unsigned)__builtin_clz(at);

	return __atomic_load_n(&s->chunks[top - CHUNK_BITS], __ATOMIC_ACQUIRE) + (at - (1u << top));
}

/* store_lock() refuses a second device on the same thread with -EDEADLK. */
int store_lock(struct shard *s);
void store_unlock(struct shard *s);

/* With the shard locked. */
struct node *store_find(const struct shard *s, uint64_t hash, uint64_t key);
int store_create(struct devices *d, struct shard *s, uint64_t hash, uint64_t key, struct node **ret_node);
/* The device changed at now_s: moves it to the end of the change order, at most once per second. */
void store_changed(const struct devices *d, struct shard *s, struct node *n, uint32_t now_s);
/* cursor.c: a node's bit in it; numbers count from 1. */
static inline uint64_t *fixed_word(struct fixed *f, uint32_t number)
{
	return &f->bits[(number - 1) / 64];
}

static inline uint64_t fixed_bit(uint32_t number)
{
	return (uint64_t)1 << (number - 1) % 64;
}

/* Takes a device out, and frees its record. */
void store_remove(struct devices *d, struct shard *s, uint32_t number);

/* Changes from now on count as after this second, whatever older time a worker has for them. */
static inline void store_time_reached(struct devices *d, uint32_t now_s)
{
	uint32_t at = __atomic_load_n(&d->time_s, __ATOMIC_RELAXED);

	while (at < now_s && !__atomic_compare_exchange_n(&d->time_s, &at, now_s, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
}

static inline uint32_t store_time(const struct devices *d)
{
	return __atomic_load_n(&d->time_s, __ATOMIC_RELAXED);
}

/* forget.c */
int store_forget_init(struct devices *d); /* reads the options */
void store_crowded(struct devices *d);    /* a device was made. No device is held. [any] */

/* devfields.c: defines the common members and fills in their slots. */
int store_define(struct devices *d);

/* devkeys.c: for the registry, which shows keys. */
int store_key_text(struct core *core, uint64_t key, char *dst);
const struct aerie_str *store_phy_name(struct core *core, uint16_t phy);

/* The service's functions that live in the other files. */
int devices_track(const struct aerie_host *h, const struct aerie_packet *p, const struct aerie_track *t,
		  aerie_device_fn *fn, void *user);
struct aerie_cursor *devices_cursor_open(const struct aerie_host *h, const struct aerie_device_query *q);
int devices_cursor_next(struct aerie_cursor *c, uint64_t *ret_keys, uint32_t n);
int64_t devices_cursor_fix(struct aerie_cursor *c, int (*keep)(void *user, uint64_t key), void *user);
void devices_cursor_close(struct aerie_cursor *c);
int devices_key_text(const struct aerie_host *h, uint64_t key, char ret_text[41]);
int devices_key_parse(const struct aerie_host *h, const char *text, uint64_t *ret_key);

#endif
