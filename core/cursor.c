/* SPDX-License-Identifier: MIT */
/* Walks over the keys of devices: shard by shard, each shard's keys copied under its lock, so that a walk holds no
 * lock between two calls and costs no more memory than the largest shard. One whose set is fixed has a bit for each device of the shards
 * that it has not come to. */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <core/loop.h>
#include <core/module.h>
#include <core/store.h>

struct found {
	uint64_t key;
	uint32_t number; /* of its node; 0: not looked up in a shard */
};

struct aerie_cursor {
	struct devices *devices;
	struct aerie_device_query query;
	unsigned shard; /* the next one to look at */
	struct found *found;
	size_t n, cap, pos;
	uint64_t yielded;
	struct fixed **fixed; /* SHARDS; NULL: the set is not fixed. Guarded by their shards' locks */
	int64_t total;        /* with it */
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

/* Ends what is fixed in a shard; NULL is fine. With the shard locked: nobody else knows it then. */
static struct fixed *take_fixed(struct aerie_cursor *c, unsigned number)
{
	struct shard *s = &c->devices->shards[number];
	struct fixed *f = c->fixed[number], **link;

	c->fixed[number] = NULL;
	for (link = &s->fixed; f && *link; link = &(*link)->next)
		if (*link == f) {
			*link = f->next;
			break;
		}
	return f;
}

static void unfix(struct aerie_cursor *c, unsigned number)
{
	struct shard *s = &c->devices->shards[number];
	struct fixed *f;

	pthread_mutex_lock(&s->lock);
	f = take_fixed(c, number);
	pthread_mutex_unlock(&s->lock);
	free(f);
}

void devices_cursor_close(struct aerie_cursor *c)
{
	unsigned i;

	if (!c)
		return;
	for (i = c->shard; c->fixed && i < SHARDS; i++)
		unfix(c, i);
	free(c->fixed);
	free(c->found);
	free(c);
}

static int reserve(struct aerie_cursor *c, size_t n)
{
	size_t cap = c->n + n;
	struct found *found;

	if (cap <= c->cap)
		return 0;
	if (cap < c->cap * 2)
		cap = c->cap * 2;
	found = realloc(c->found, cap * sizeof *found);
	if (!found)
		return -ENOMEM;
	c->found = found;
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
			c->found[c->n++] = (struct found){ n->key, i };
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
		c->found[c->n++] = (struct found){ n->key, i };
	}
	return 0;
}

static int take_matching(struct aerie_cursor *c, const struct shard *s)
{
	return c->query.changed_since ? take_changed(c, s) : take_all(c, s);
}

/* What was fixed here, and is still there. */
static int take_rest(struct aerie_cursor *c, const struct shard *s, const struct fixed *f)
{
	uint32_t i;
	uint64_t word;

	for (i = 0; f && i < (f->n_nodes + 63) / 64; i++)
		for (word = f->bits[i]; word; word &= word - 1) {
			uint32_t number = 64 * i + (uint32_t)__builtin_ctzll(word) + 1;

			if (reserve(c, 1) < 0)
				return -ENOMEM;
			c->found[c->n++] = (struct found){ shard_node(s, number)->key, number };
		}
	return 0;
}

static int take_shard(struct aerie_cursor *c, struct shard *s)
{
	struct fixed *f = NULL;
	int err;

	err = store_lock(s);
	if (err < 0)
		return err;
	err = c->fixed ? take_rest(c, s, c->fixed[c->shard]) : take_matching(c, s);
	if (c->fixed && !err)
		f = take_fixed(c, c->shard);
	store_unlock(s);
	free(f);
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
				c->found[c->n++] = (struct found){ key, 0 };
		}
		store_unlock(s);
	}
	return err;
}

static bool is_address(const struct aerie_cursor *c)
{
	return (c->query.mac_mask & AERIE_KEY_MAC_MASK) == AERIE_KEY_MAC_MASK;
}

/* Keys of the next shard, behind those that are there. After an error the shard is the next one still. */
static int take_more(struct aerie_cursor *c)
{
	bool address = is_address(c);
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
			ret_keys[got++] = c->found[c->pos++].key;
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

/* ---- fixing the set ---- */

/* Keeps those of found[first..] that are wanted, and returns how many these are. */
static int64_t keep_wanted(struct aerie_cursor *c, size_t first, int (*keep)(void *user, uint64_t key), void *user)
{
	size_t i, n = first;
	int r = 1;

	for (i = first; i < c->n; i++) {
		if (keep)
			r = keep(user, c->found[i].key);
		if (r < 0)
			return r;
		if (r)
			c->found[n++] = c->found[i];
	}
	c->n = n;
	return (int64_t)(n - first);
}

/* Bits for what was found in the shard behind found[first..]; with the shard locked. */
static int fix_found(struct aerie_cursor *c, struct shard *s, size_t first, struct fixed **ret)
{
	struct fixed *f;
	size_t i;

	if (c->n == first)
		return 0;
	f = calloc(1, sizeof *f + (s->n_nodes + 63) / 64 * sizeof f->bits[0]);
	if (!f)
		return -ENOMEM;
	f->n_nodes = s->n_nodes;
	for (i = first; i < c->n; i++)
		*fixed_word(f, c->found[i].number) |= fixed_bit(c->found[i].number);
	f->next = s->fixed;
	s->fixed = f;
	*ret = f;
	return 0;
}

/* Takes the bits of those away that are not wanted. A device that was removed has lost its bit already, whoever has its node now. */
static int64_t fix_wanted(struct aerie_cursor *c, struct shard *s, struct fixed *f, size_t first, int (*keep)(void *user, uint64_t key),
			  void *user)
{
	int64_t n = 0;
	size_t i;
	int r;

	for (i = first; i < c->n; i++) {
		r = keep(user, c->found[i].key);
		if (r < 0)
			return r;
		n += r;
		if (r)
			c->found[i].number = 0;
	}
	r = store_lock(s);
	if (r < 0)
		return r;
	for (i = first; i < c->n; i++)
		if (c->found[i].number)
			*fixed_word(f, c->found[i].number) &= ~fixed_bit(c->found[i].number);
	store_unlock(s);
	return n;
}

static int64_t fix_shard(struct aerie_cursor *c, unsigned number, int (*keep)(void *user, uint64_t key), void *user)
{
	struct shard *s = &c->devices->shards[number];
	size_t first = c->n;
	int64_t n;
	int err;

	err = store_lock(s);
	if (err < 0)
		return err;
	err = take_matching(c, s);
	if (!err)
		err = fix_found(c, s, first, &c->fixed[number]);
	store_unlock(s);
	n = err ? err : (int64_t)(c->n - first);
	if (!err && n && keep)
		n = fix_wanted(c, s, c->fixed[number], first, keep, user);
	c->n = first;
	return n;
}

int64_t devices_cursor_fix(struct aerie_cursor *c, int (*keep)(void *user, uint64_t key), void *user)
{
	int64_t n;
	int err;

	if (c->fixed)
		return c->total;
	if (is_address(c) && c->shard < SHARDS) {
		err = take_more(c);
		if (err < 0)
			return err;
	}
	n = keep_wanted(c, c->pos, keep, user);
	if (n < 0)
		return n;
	c->total = (int64_t)c->yielded + n;
	c->fixed = calloc(SHARDS, sizeof c->fixed[0]);
	for (unsigned i = c->shard; c->fixed && i < SHARDS; i++) {
		n = fix_shard(c, i, keep, user);
		if (n < 0)
			return n;
		c->total += n;
	}
	return c->fixed ? c->total : -ENOMEM;
}
