/* SPDX-License-Identifier: MIT */
/* Walks over the keys of devices: shard by shard, each shard's keys copied under its lock, so that a walk holds no
 * lock between two calls and costs no more memory than the largest shard. */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <core/loop.h>
#include <core/module.h>
#include <core/store.h>

struct aerie_cursor {
	struct devices *devices;
	struct aerie_device_query query;
	unsigned shard; /* the next one to look at */
	uint64_t *keys;
	size_t n, cap, pos;
	uint64_t yielded;
};

struct aerie_cursor *devices_cursor_open(const struct aerie_host *h, const struct aerie_device_query *q)
{
	struct aerie_cursor *c = calloc(1, sizeof *c);

	if (!c)
		return NULL;
	c->devices = module_of(h)->core->devices;
	if (q)
		memcpy(&c->query, q, q->size < sizeof *q ? q->size : sizeof *q);
	/* Who asks again for what changed since this second must find what is not in this answer. */
	if (c->query.changed_since)
		store_time_reached(c->devices, (uint32_t)(loop_now_us(c->devices->core->loop) / 1000000));
	return c;
}

void devices_cursor_close(struct aerie_cursor *c)
{
	if (!c)
		return;
	free(c->keys);
	free(c);
}

static int reserve(struct aerie_cursor *c, size_t n)
{
	size_t cap = c->n + n;
	uint64_t *keys;

	if (cap <= c->cap)
		return 0;
	if (cap < c->cap * 2)
		cap = c->cap * 2;
	keys = realloc(c->keys, cap * sizeof *keys);
	if (!keys)
		return -ENOMEM;
	c->keys = keys;
	c->cap = cap;
	return 0;
}

static bool matches(const struct aerie_device_query *q, const struct node *n)
{
	if (q->phy && q->phy != aerie_key_phy(n->key))
		return false;
	return !((n->key ^ q->mac) & q->mac_mask & AERIE_KEY_MAC_MASK);
}

static int take_all(struct aerie_cursor *c, const struct shard *s)
{
	uint32_t i;

	if (reserve(c, s->count) < 0)
		return -ENOMEM;
	for (i = 1; i <= s->n_nodes; i++) {
		const struct node *n = shard_node(s, i);

		if (n->key && matches(&c->query, n))
			c->keys[c->n++] = n->key;
	}
	return 0;
}

/* A change within the second `changed_since` counts as after it: its time is cut to seconds, and a client that asks again
 * with the time of its last answer must miss nothing. */
static int take_changed(struct aerie_cursor *c, const struct shard *s)
{
	const struct node *n;
	uint32_t i;

	for (i = s->newest; i; i = n->older) {
		n = shard_node(s, i);
		if (n->mod_time_s < c->query.changed_since)
			break;
		if (!matches(&c->query, n))
			continue;
		if (reserve(c, 1) < 0)
			return -ENOMEM;
		c->keys[c->n++] = n->key;
	}
	return 0;
}

static int take_shard(struct aerie_cursor *c, struct shard *s)
{
	int err;

	err = store_lock(s);
	if (err < 0)
		return err;
	err = c->query.changed_since ? take_changed(c, s) : take_all(c, s);
	store_unlock(s);
	return err;
}

/* A whole address: at most one device per PHY, found by its key. */
static int take_address(struct aerie_cursor *c)
{
	const struct aerie_device_query *q = &c->query;
	uint16_t phy, last = devices_phy_last(c->devices);
	int err = 0;

	for (phy = 1; phy <= last && !err; phy++) {
		uint64_t key = (uint64_t)phy << 48 | (q->mac & AERIE_KEY_MAC_MASK);
		uint64_t hash = key_hash(c->devices, key);
		struct shard *s = shard_of(c->devices, hash);
		const struct node *n;

		if (q->phy && q->phy != phy)
			continue;
		err = store_lock(s);
		if (err < 0)
			return err;
		n = store_find(s, hash, key);
		if (n && n->mod_time_s >= q->changed_since) {
			err = reserve(c, 1);
			if (!err)
				c->keys[c->n++] = key;
		}
		store_unlock(s);
	}
	return err;
}

/* Keys of the next shard, behind those that are there. After an error the shard is the next one still. */
static int take_more(struct aerie_cursor *c)
{
	bool address = (c->query.mac_mask & AERIE_KEY_MAC_MASK) == AERIE_KEY_MAC_MASK;
	size_t n = c->n;
	int err = address ? take_address(c) : take_shard(c, &c->devices->shards[c->shard]);

	if (err < 0) {
		c->n = n;
		return err;
	}
	c->shard = address ? SHARDS : c->shard + 1;
	return 0;
}

int devices_cursor_next(struct aerie_cursor *c, uint64_t *ret_keys, uint32_t n)
{
	uint32_t got = 0;
	int err;

	while (got < n) {
		if (c->pos < c->n) {
			ret_keys[got++] = c->keys[c->pos++];
			continue;
		}
		if (c->shard == SHARDS)
			break;
		c->n = c->pos = 0;
		err = take_more(c);
		if (err < 0 && !got)
			return err;
		if (err < 0)
			break; /* what was found counts; the next call tells */
	}
	c->yielded += got;
	return (int)got;
}

int64_t devices_cursor_count(struct aerie_cursor *c)
{
	int err;

	while (c->shard < SHARDS) {
		err = take_more(c);
		if (err < 0)
			return err;
	}
	return (int64_t)(c->yielded + (c->n - c->pos));
}
