/* SPDX-License-Identifier: MIT */
/* The device store: shards, and the service "aerie.devices/1". */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <core/config.h>
#include <core/loop.h>
#include <core/module.h>
#include <core/record.h>
#include <core/registry.h>
#include <core/store.h>
#include <core/strings.h>

#define TABLE_FIRST 16u
#define RECORD_LINES 6u  /* cache lines of a record, and of what was made with it, that track() writes */

/* Whether this thread holds a device: the rule "one device at a time" is per thread. */
static __thread bool holding;

int store_lock(struct shard *s)
{
	if (holding)
		return -EDEADLK;
	pthread_mutex_lock(&s->lock);
	holding = true;
	return 0;
}

void store_unlock(struct shard *s)
{
	holding = false;
	pthread_mutex_unlock(&s->lock);
}

/* ---- shards ---- */

static struct table *table_new(uint32_t n)
{
	struct table *t = calloc(1, sizeof *t + n * sizeof t->heads[0]);

	if (t)
		t->mask = n - 1;
	return t;
}

/* Without memory the chains just get longer. */
static void table_grow(struct devices *d, struct shard *s)
{
	struct table *old = s->table, *t = table_new((old->mask + 1) * 2);
	uint32_t i, *head;

	if (!t)
		return;
	for (i = 1; i <= s->n_nodes; i++) {
		struct node *n = shard_node(s, i);

		if (!n->key)
			continue;
		head = &t->heads[(uint32_t)key_hash(d, n->key) & t->mask];
		n->next = *head;
		*head = i;
	}
	t->outgrown = old;
	__atomic_store_n(&s->table, t, __ATOMIC_RELEASE);
}

static struct node *node_new(struct shard *s, uint32_t *ret_number)
{
	uint32_t at = s->n_nodes + (1u << CHUNK_BITS);
	unsigned top = 31u - (unsigned)__builtin_clz(at), chunk = top - CHUNK_BITS;
	struct node *nodes;

	if (s->unused) {
		*ret_number = s->unused;
		nodes = shard_node(s, s->unused);
		s->unused = nodes->next;
		return nodes;
	}
	if (chunk >= CHUNKS)
		return NULL;
	if (!s->chunks[chunk]) {
		nodes = calloc((size_t)1 << top, sizeof *nodes);
		if (!nodes)
			return NULL;
		__atomic_store_n(&s->chunks[chunk], nodes, __ATOMIC_RELEASE);
	}
	*ret_number = ++s->n_nodes;
	return &s->chunks[chunk][at - (1u << top)];
}

struct node *store_find(const struct shard *s, uint64_t hash, uint64_t key)
{
	uint32_t number = s->table->heads[(uint32_t)hash & s->table->mask];

	while (number) {
		struct node *n = shard_node(s, number);

		if (n->key == key)
			return n;
		number = n->next;
	}
	return NULL;
}

static void append(struct shard *s, struct node *n, uint32_t number)
{
	n->older = s->newest;
	n->newer = 0;
	if (s->newest)
		shard_node(s, s->newest)->newer = number;
	else
		s->oldest = number;
	s->newest = number;
}

static void take_off(struct shard *s, const struct node *n)
{
	if (s->judged && n == shard_node(s, s->judged))
		s->judged = n->older;
	if (n->newer)
		shard_node(s, n->newer)->older = n->older;
	else
		s->newest = n->older;
	if (n->older)
		shard_node(s, n->older)->newer = n->newer;
	else
		s->oldest = n->newer;
}

static uint32_t number_of(const struct shard *s, const struct node *n)
{
	if (n->newer)
		return shard_node(s, n->newer)->older;
	return s->newest;
}

int store_create(struct devices *d, struct shard *s, uint64_t hash, uint64_t key, struct node **ret_node)
{
	uint16_t phy = aerie_key_phy(key);
	const struct record_type *type;
	struct aerie_rec *rec;
	uint32_t number, *head;
	struct node *n;

	if (!phy || phy > devices_phy_last(d))
		return -EINVAL;
	type = registry_type(d->core->registry, __atomic_load_n(&d->phys[phy].type, __ATOMIC_RELAXED));
	if (s->count > s->table->mask)
		table_grow(d, s);
	rec = record_new(s->heap, type);
	if (!rec)
		return -ENOMEM;
	n = node_new(s, &number);
	if (!n) {
		record_free(rec);
		record_refused(d->core);
		return -ENOMEM;
	}
	n->key = key;
	__atomic_store_n(&n->rec, rec, __ATOMIC_RELAXED);
	head = &s->table->heads[(uint32_t)hash & s->table->mask];
	n->next = *head;
	__atomic_store_n(head, number, __ATOMIC_RELEASE);
	n->mod_time_s = s->newest ? shard_node(s, s->newest)->mod_time_s : 0;
	append(s, n, number);
	aerie_set_key(rec, d->slots.key, key);
	aerie_set_time(rec, d->slots.mod_time, n->mod_time_s);
	s->count++;
	__atomic_fetch_add(&d->count, 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&d->phys[phy].devices, 1, __ATOMIC_RELAXED);
	*ret_node = n;
	return 0;
}

/* Clocks of workers differ by the age of their batches, and the wall clock may be set back: the order must hold anyway. */
void store_changed(const struct devices *d, struct shard *s, struct node *n, uint32_t now_s)
{
	uint32_t number, newest_s = shard_node(s, s->newest)->mod_time_s, reached_s = store_time(d);

	n->rec->changes++;
	if (now_s < newest_s)
		now_s = newest_s;
	if (now_s < reached_s)
		now_s = reached_s;
	if (n->mod_time_s == now_s)
		return;
	n->mod_time_s = now_s;
	aerie_set_time(n->rec, d->slots.mod_time, now_s);
	if (!n->newer)
		return;
	number = number_of(s, n);
	take_off(s, n);
	append(s, n, number);
}

/* A device is held for a few microseconds: who waits for it had better spin than sleep. */
static void lock_init(pthread_mutex_t *lock)
{
	pthread_mutexattr_t a;

	pthread_mutexattr_init(&a);
	pthread_mutexattr_settype(&a, PTHREAD_MUTEX_ADAPTIVE_NP);
	pthread_mutex_init(lock, &a);
	pthread_mutexattr_destroy(&a);
}

void store_remove(struct devices *d, struct shard *s, uint32_t number)
{
	struct node *n = shard_node(s, number);
	uint32_t *link = &s->table->heads[(uint32_t)key_hash(d, n->key) & s->table->mask];
	struct aerie_rec *rec = n->rec;
	struct fixed *f;

	for (f = s->fixed; f; f = f->next)
		if (number <= f->n_nodes)
			*fixed_word(f, number) &= ~fixed_bit(number);
	while (*link != number)
		link = &shard_node(s, *link)->next;
	__atomic_store_n(link, n->next, __ATOMIC_RELEASE);
	take_off(s, n);
	__atomic_store_n(&n->rec, NULL, __ATOMIC_RELAXED);
	record_free(rec);
	n->key = 0;
	n->next = s->unused;
	s->unused = number;
	s->count--;
}

static int shard_init(struct shard *s, struct core *core)
{
	lock_init(&s->lock);
	s->table = table_new(TABLE_FIRST);
	s->heap = heap_new(core);
	if (s->heap)
		heap_on_refusal(s->heap, record_refused);
	return s->table && s->heap ? 0 : -ENOMEM;
}

static void shard_done(struct shard *s)
{
	struct table *t, *outgrown;
	uint32_t i;

	for (i = 1; i <= s->n_nodes; i++)
		record_free(shard_node(s, i)->rec);
	for (i = 0; i < CHUNKS; i++)
		free(s->chunks[i]);
	for (t = s->table; t; t = outgrown) {
		outgrown = t->outgrown;
		free(t);
	}
	if (s->heap)
		heap_free(s->heap);
	pthread_mutex_destroy(&s->lock);
}

/* ---- the store ---- */

struct devices *devices_new(struct core *core)
{
	struct devices *d;
	unsigned i;

	if (posix_memalign((void **)&d, _Alignof(struct devices), sizeof *d))
		return NULL;
	memset(d, 0, sizeof *d);
	d->core = core;
	d->rrds = !core->config || config_bool(core->config, "track_device_rrds", true);
	if (getrandom(&d->seed, sizeof d->seed, 0) != sizeof d->seed)
		d->seed = (uint64_t)(uintptr_t)d;
	d->text_none = strings_get(core->strings, "none", 4);
	d->text_dbm = strings_get(core->strings, "dbm", 3);
	d->text_rssi = strings_get(core->strings, "rssi", 4);
	for (i = 0; i < SHARDS; i++)
		if (shard_init(&d->shards[i], core) < 0)
			break;
	if (i < SHARDS || !d->text_none || !d->text_dbm || !d->text_rssi || store_define(d) < 0 || store_forget_init(d) < 0) {
		for (; i < SHARDS; i++)
			lock_init(&d->shards[i].lock);
		devices_free(d);
		return NULL;
	}
	registry_set_key_format(core->registry, store_key_text);
	registry_set_phy_name(core->registry, store_phy_name);
	return d;
}

int devices_set_server(struct devices *d, const char *uuid)
{
	return fields_service.set_shared(&d->core->self->host, d->base_type, "kismet.server.uuid", uuid);
}

void devices_free(struct devices *d)
{
	unsigned i;

	if (!d)
		return;
	for (i = 0; i < SHARDS; i++)
		shard_done(&d->shards[i]);
	for (i = 1; i <= d->n_phys; i++)
		strings_put(d->phys[i].name);
	strings_put(d->text_none);
	strings_put(d->text_dbm);
	strings_put(d->text_rssi);
	free(d);
}

uint64_t devices_bytes(const struct devices *d)
{
	uint64_t n = sizeof *d;
	unsigned i, j;

	for (i = 0; i < SHARDS; i++) {
		struct shard *s = (struct shard *)(uintptr_t)&d->shards[i];
		const struct table *t;

		pthread_mutex_lock(&s->lock);
		n += heap_bytes(s->heap);
		for (j = 0; j < CHUNKS && s->chunks[j]; j++)
			n += sizeof(struct node) << (j + CHUNK_BITS);
		for (t = s->table; t; t = t->outgrown)
			n += sizeof *t + (t->mask + 1) * sizeof t->heads[0];
		pthread_mutex_unlock(&s->lock);
	}
	return n;
}

void devices_prefetch(const struct devices *d, uint64_t key, enum prefetch_step step)
{
	uint64_t hash = key_hash(d, key);
	const struct shard *s = shard_of(d, hash);
	const struct table *t = __atomic_load_n(&s->table, __ATOMIC_ACQUIRE);
	const uint32_t *head = &t->heads[(uint32_t)hash & t->mask];
	const struct node *n;
	const char *rec;
	uint32_t number, i;

	if (step == PREFETCH_HEAD) {
		__builtin_prefetch(head);
		return;
	}
	number = __atomic_load_n(head, __ATOMIC_ACQUIRE);
	if (!number)
		return;
	n = shard_node(s, number);
	if (step == PREFETCH_NODE) {
		__builtin_prefetch(n);
		return;
	}
	rec = (const char *)__atomic_load_n(&n->rec, __ATOMIC_RELAXED);
	for (i = 0; i < RECORD_LINES; i++)
		__builtin_prefetch(rec + (size_t)64 * i, 1);
}

/* ---- the service ---- */

static aerie_record_id base_type(const struct aerie_host *h)
{
	return module_of(h)->core->devices->base_type;
}

static int slots(const struct aerie_host *h, struct aerie_device_slots *ret_slots)
{
	const struct devices *d = module_of(h)->core->devices;
	uint32_t size = ret_slots->size;

	if (size < 2 * sizeof(uint32_t))
		return -EINVAL;
	memcpy(ret_slots, &d->slots, size < sizeof d->slots ? size : sizeof d->slots);
	ret_slots->size = size;
	return 0;
}

static int with(const struct aerie_host *h, uint64_t key, aerie_device_fn *fn, void *user)
{
	struct core *core = module_of(h)->core;
	struct devices *d = core->devices;
	uint64_t hash = key_hash(d, key);
	struct shard *s = shard_of(d, hash);
	struct aerie_device dev = { key, NULL, 0, 0 };
	struct node *n;
	int err;

	err = store_lock(s);
	if (err < 0)
		return err;
	n = store_find(s, hash, key);
	if (!n) {
		store_unlock(s);
		return -ENOENT;
	}
	dev.rec = n->rec;
	err = fn(user, &dev);
	if (err == 0)
		store_changed(d, s, n, (uint32_t)(loop_now_us(core->loop) / 1000000));
	store_unlock(s);
	return err < 0 ? err : 0;
}

static uint64_t count(const struct aerie_host *h)
{
	return __atomic_load_n(&module_of(h)->core->devices->count, __ATOMIC_RELAXED);
}

const struct aerie_devices devices_service = {
	.size = sizeof(struct aerie_devices),
	.base_type = base_type,
	.slots = slots,
	.track = devices_track,
	.with = with,
	.cursor_open = devices_cursor_open,
	.cursor_next = devices_cursor_next,
	.cursor_fix = devices_cursor_fix,
	.cursor_close = devices_cursor_close,
	.count = count,
	.key_text = devices_key_text,
	.key_parse = devices_key_parse,
};
