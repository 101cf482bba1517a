/* SPDX-License-Identifier: MIT */
/* Forgetting devices: those that did not change for a while, and the oldest when there are too many. Options:
 * tracker_device_timeout, tracker_device_packets, tracker_max_devices.
 *
 * The order of change of each shard begins with those to forget, so a look costs what it forgets. The main thread does it, a
 * little in each turn of the loop. Whoever walks over devices holds keys, and with() says that one is gone.
 *
 * How long ago a change was cannot be told by its time alone: the wall clock of a machine that has just started may jump by
 * years. So the store's time is noted now and then beside a clock that never jumps, and a device is idle when it changed
 * before the note that is old enough. When the wall clock is set back, the store's time waits for it, and so does
 * forgetting. */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include <core/bus.h>
#include <core/config.h>
#include <core/loop.h>
#include <core/module.h>
#include <core/record.h>
#include <core/store.h>
#include <core/views.h>

#define TICK_MS 1000u
#define TURN_DEVICES 1000u /* in one turn of the loop, some hundred microseconds */
#define HOLD_DEVICES 32u   /* with a shard locked */
#define MOVE_MIN (128u * 1024u) /* octets that are worth it */
#define MOVE_COST 50u      /* of a shard, in devices */
#define SLACK 64u          /* over the maximum, so many more are forgotten at once: one in SLACK */
#define NO_DEVICE UINT32_MAX

static const struct aerie_option options[] = {
	AERIE_OPTION(AERIE_OPT_INT, 0, "tracker_device_timeout", "0", "0..1000000000",
		     "Seconds after which a device that did not change is forgotten; 0: never."),
	AERIE_OPTION(AERIE_OPT_INT, 0, "tracker_device_packets", "0", "0..1000000000",
		     "Only devices with fewer packets are forgotten after tracker_device_timeout; 0: all."),
	AERIE_OPTION(AERIE_OPT_INT, 0, "tracker_max_devices", "0", "0..1000000000",
		     "Most devices that are kept; beyond, those that did not change for the longest time are forgotten. 0: no limit."),
	AERIE_OPTION_END,
};

/* ---- one device ---- */

struct heard_before {
	const struct devices *d;
	const struct aerie_uuid *uuid;
	uint64_t before; /* number of the source whose entry this is */
};

static const struct aerie_uuid *entry_uuid(const struct devices *d, uint64_t cell)
{
	const struct aerie_rec *by = (const struct aerie_rec *)(uintptr_t)cell;

	return *(struct aerie_uuid *const *)aerie_slot_cptr(by, d->seenby.uuid);
}

/* 1: an earlier entry has the UUID; 2: none has. */
static int is_before(void *user, uint64_t key, uint64_t cell)
{
	const struct heard_before *h = user;
	const struct aerie_uuid *uuid = entry_uuid(h->d, cell);

	if (key == h->before)
		return 2;
	return uuid && !memcmp(uuid, h->uuid, sizeof *uuid);
}

struct unheard {
	const struct devices *d;
	const struct aerie_rec *rec;
};

/* Takes back what count_heard() in track.c counted: the device once for each UUID. */
static int discount(void *user, uint64_t key, uint64_t cell)
{
	const struct unheard *u = user;
	struct heard_before h = { u->d, entry_uuid(u->d, cell), key };

	if (h.uuid && fields_service.iterate(u->rec, u->d->slots.seenby, is_before, &h) == 2)
		views_discount(u->d->core->views, h.uuid);
	return 0;
}

static void forget(struct devices *d, struct shard *s, uint32_t number)
{
	struct node *n = shard_node(s, number);
	struct unheard u = { d, n->rec };

	(void)fields_service.iterate(n->rec, d->slots.seenby, discount, &u);
	__atomic_fetch_sub(&d->phys[aerie_key_phy(n->key)].devices, 1, __ATOMIC_RELAXED);
	__atomic_fetch_sub(&d->count, 1, __ATOMIC_RELAXED);
	store_remove(d, s, number);
}

/* ---- those that are idle ---- */

static bool is_kept(const struct devices *d, const struct node *n)
{
	return d->forget.packets && aerie_get_u64(n->rec, d->slots.packets_total) >= d->forget.packets;
}

/* Looks at up to HOLD_DEVICES of a shard that changed before `before_s`, and returns at how many. Those that stay because of
 * their packets are looked at once, until they change. */
static uint32_t forget_idle(struct devices *d, struct shard *s, uint32_t before_s)
{
	uint32_t number, next, seen = 0;

	if (store_lock(s) < 0)
		return 0;
	for (number = s->judged ? shard_node(s, s->judged)->newer : s->oldest; number && seen < HOLD_DEVICES; number = next) {
		const struct node *n = shard_node(s, number);

		if (n->mod_time_s >= before_s)
			break;
		next = n->newer;
		seen++;
		if (is_kept(d, n))
			s->judged = number;
		else
			forget(d, s, number);
	}
	store_unlock(s);
	return seen;
}

/* The store's time of `timeout` seconds ago; 0: nobody knows. */
static uint32_t idle_since(const struct forgetting *f)
{
	uint32_t i, before_s = 0;

	for (i = 0; i < f->n_notes; i++)
		if (f->now_s - f->notes[i].steady_s >= f->timeout && f->notes[i].time_s > before_s)
			before_s = f->notes[i].time_s;
	return before_s;
}

/* Returns what is left of the turn. */
static uint32_t turn_idle(struct devices *d, uint32_t left)
{
	struct forgetting *f = &d->forget;
	uint32_t before_s = idle_since(f), seen;

	while (f->shard < SHARDS && left) {
		seen = forget_idle(d, &d->shards[f->shard], before_s);
		left -= seen < left ? seen : left;
		if (seen < HOLD_DEVICES)
			f->shard++;
	}
	return left;
}

/* ---- those that are too many ---- */

static uint32_t oldest_s(struct shard *s)
{
	uint32_t time_s = NO_DEVICE;

	if (store_lock(s) < 0)
		return NO_DEVICE;
	if (s->oldest)
		time_s = shard_node(s, s->oldest)->mod_time_s;
	store_unlock(s);
	return time_s;
}

/* Forgets up to n of a shard that changed not after last_s; returns how many. */
static uint32_t forget_oldest(struct devices *d, struct shard *s, uint32_t last_s, uint32_t n)
{
	uint32_t gone = 0;

	if (store_lock(s) < 0)
		return 0;
	while (gone < n && s->oldest && shard_node(s, s->oldest)->mod_time_s <= last_s) {
		forget(d, s, s->oldest);
		gone++;
	}
	store_unlock(s);
	return gone;
}

static void tell_crowded(struct devices *d)
{
	if (!d->forget.told && d->core->bus)
		bus_printf(d->core->bus, AERIE_LOG_INFO,
			   "there are more than %llu devices (tracker_max_devices): those that did not change for the longest time "
			   "are forgotten from now on", (unsigned long long)d->forget.max);
	d->forget.told = true;
}

static void turn_excess(struct devices *d, uint32_t left)
{
	struct forgetting *f = &d->forget;
	uint64_t count = __atomic_load_n(&d->count, __ATOMIC_RELAXED);
	uint32_t heads[SHARDS], i, first, n;

	if (f->max && count > f->max) { /* others may have come since the last turn */
		f->excess = count - f->max + f->max / SLACK;
		tell_crowded(d);
	}
	if (!f->excess || !left)
		return;
	for (i = 0; i < SHARDS; i++)
		heads[i] = oldest_s(&d->shards[i]);
	while (f->excess && left) {
		uint32_t second = NO_DEVICE - 1;

		for (first = 0, i = 1; i < SHARDS; i++)
			if (heads[i] < heads[first])
				first = i;
		if (heads[first] == NO_DEVICE) {
			f->excess = 0;
			return;
		}
		for (i = 0; i < SHARDS; i++)
			if (i != first && heads[i] < second)
				second = heads[i];
		n = left < HOLD_DEVICES ? left : HOLD_DEVICES;
		n = forget_oldest(d, &d->shards[first], second, f->excess < n ? (uint32_t)f->excess : n);
		f->excess -= n;
		left -= n;
		heads[first] = oldest_s(&d->shards[first]);
	}
}

/* ---- their memory ---- */

/* Records of devices of all ages lie between one another, so what is free is seldom a whole page, and in time holds new devices.
 * But when a crowd has gone, the few that are left move together, and the rest goes back to the system. */
static bool is_mostly_free(const struct heap *h)
{
	return heap_idle(h) >= MOVE_MIN && heap_idle(h) >= 3 * heap_live(h);
}

/* Copies of the records of a shard, in the order of nodes; NULL: memory is out. */
static struct aerie_rec **copy_all(const struct shard *s, struct heap *heap)
{
	struct aerie_rec **copies = calloc(s->n_nodes, sizeof *copies);
	uint32_t i;

	for (i = 0; copies && i < s->n_nodes; i++) {
		const struct node *n = shard_node(s, i + 1);

		if (!n->key)
			continue;
		copies[i] = record_copy(heap, n->rec);
		if (copies[i])
			continue;
		free(copies);
		return NULL;
	}
	return copies;
}

/* Memory that is out now is not in the next second. */
static void move_together(struct devices *d, struct shard *s)
{
	struct heap *heap = heap_new(d->core);
	struct aerie_rec **copies = heap ? copy_all(s, heap) : NULL;
	uint32_t i;

	if (!copies) {
		heap_free(heap);
		return;
	}
	for (i = 0; i < s->n_nodes; i++)
		if (copies[i])
			__atomic_store_n(&shard_node(s, i + 1)->rec, copies[i], __ATOMIC_RELAXED);
	free(copies);
	heap_free(s->heap);
	heap_on_refusal(heap, record_refused);
	s->heap = heap;
}

static void turn_memory(struct devices *d)
{
	uint32_t i, moved = 0;

	for (i = 0; i < SHARDS && moved < TURN_DEVICES; i++) {
		struct shard *s = &d->shards[d->forget.moved];

		d->forget.moved = (d->forget.moved + 1) % SHARDS;
		if (store_lock(s) < 0)
			return;
		if (is_mostly_free(s->heap)) {
			move_together(d, s);
			moved += s->count + MOVE_COST;
		}
		store_unlock(s);
	}
}

/* ---- turns ---- */

static void start(struct devices *d);

/* [main] */
static void turn(void *user)
{
	struct devices *d = user;

	__atomic_store_n(&d->forget.running, false, __ATOMIC_RELEASE);
	turn_excess(d, turn_idle(d, TURN_DEVICES));
	if (d->forget.shard < SHARDS || d->forget.excess)
		start(d);
}

static void start(struct devices *d)
{
	if (__atomic_exchange_n(&d->forget.running, true, __ATOMIC_ACQ_REL))
		return;
	if (loop_post(d->core->loop, turn, d) < 0) /* the next tick tries again */
		__atomic_store_n(&d->forget.running, false, __ATOMIC_RELEASE);
}

void store_crowded(struct devices *d)
{
	if (d->forget.max && __atomic_load_n(&d->count, __ATOMIC_RELAXED) > d->forget.max)
		start(d);
}

void devices_tick(struct devices *d, uint32_t steady_s)
{
	struct forgetting *f = &d->forget;
	uint32_t spacing = f->timeout / (NOTES / 2) + 1;

	f->now_s = steady_s;
	turn_memory(d);
	store_time_reached(d, (uint32_t)(loop_now_us(d->core->loop) / 1000000));
	if (!f->timeout) {
		start(d);
		return;
	}
	if (!f->n_notes || steady_s - f->noted_s >= spacing) {
		f->notes[f->next_note] = (struct note_of_time){ steady_s, store_time(d) };
		f->next_note = (f->next_note + 1) % NOTES;
		f->n_notes += f->n_notes < NOTES;
		f->noted_s = steady_s;
	}
	if (f->shard == SHARDS)
		f->shard = 0;
	start(d);
}

static void on_tick(void *user)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	devices_tick(user, (uint32_t)ts.tv_sec);
}

int store_forget_init(struct devices *d)
{
	struct core *core = d->core;
	struct forgetting *f = &d->forget;
	const char *error;

	f->shard = SHARDS;
	if (!core->config)
		return 0;
	if (config_declare(core->config, "core", options, &error) < 0) {
		bus_printf(core->bus, AERIE_LOG_ERROR, "devices: %s", error);
		return -EINVAL;
	}
	f->timeout = (uint32_t)config_int(core->config, "tracker_device_timeout", 0);
	f->packets = (uint64_t)config_int(core->config, "tracker_device_packets", 0);
	f->max = (uint64_t)config_int(core->config, "tracker_max_devices", 0);
	return 0;
}

int devices_start(struct devices *d)
{
	if (!d->forget.timeout && !d->forget.max)
		return 0;
	return loop_service.timer_start(&d->core->self->host, TICK_MS, TICK_MS, on_tick, d, NULL);
}
