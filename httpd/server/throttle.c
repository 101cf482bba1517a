/* SPDX-License-Identifier: MIT */
/* See throttle.h. */
#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "throttle.h"

#define ALL 0u /* names */

/* An address with one name, or with all. */
struct key {
	struct throttle_peer peer;
	uint64_t user; /* hash of the name, or ALL */
};

struct entry {
	struct key key;
	uint8_t last[THROTTLE_LAST][THROTTLE_DIGEST]; /* the last wrong logins */
	uint32_t wrong;                               /* 0: free */
	uint64_t next_s, last_s; /* when the next login is looked at; when the last one was wrong */
};

struct throttle {
	uint8_t secret[crypto_shorthash_KEYBYTES]; /* of names' hashes */
	pthread_mutex_t lock; /* guards the rest */
	struct entry entry[THROTTLE_ENTRIES];
};

struct throttle_peer throttle_peer(const char *address)
{
	struct throttle_peer p = { { 0 } };
	struct network n;
	char text[64];
	size_t len = strcspn(address, "%");

	if (len >= sizeof text)
		return p;
	memcpy(text, address, len);
	text[len] = '\0';
	if (network_parse(text, &n) < 0)
		return p;
	address_client(&n.address);
	memcpy(p.octets, n.address.octet, sizeof p.octets);
	return p;
}

struct throttle *throttle_new(void)
{
	struct throttle *t = calloc(1, sizeof *t);

	if (!t)
		return NULL;
	randombytes_buf(t->secret, sizeof t->secret);
	(void)pthread_mutex_init(&t->lock, NULL);
	return t;
}

void throttle_free(struct throttle *t)
{
	if (!t)
		return;
	(void)pthread_mutex_destroy(&t->lock);
	free(t);
}

static struct key key_of(const struct throttle *t, const struct throttle_peer *p, const char *user)
{
	uint8_t hash[crypto_shorthash_BYTES];
	struct key k = { .peer = *p, .user = ALL };

	_Static_assert(sizeof hash == sizeof k.user, "the hash is the user");
	if (!user)
		return k;
	(void)crypto_shorthash(hash, (const uint8_t *)user, strlen(user), t->secret);
	memcpy(&k.user, hash, sizeof hash);
	k.user |= k.user == ALL;
	return k;
}

static bool is_key(const struct entry *e, const struct key *k)
{
	return e->wrong && e->key.user == k->user && !memcmp(&e->key.peer, &k->peer, sizeof k->peer);
}

/* With the lock held: the key's entry, or NULL. */
static struct entry *find(struct throttle *t, const struct key *k, uint64_t now_s)
{
	size_t i;

	for (i = 0; i < THROTTLE_ENTRIES; i++)
		if (is_key(&t->entry[i], k))
			return now_s < t->entry[i].last_s + THROTTLE_FORGET_S ? &t->entry[i] : NULL;
	return NULL;
}

/* With the lock held: where the key's entry goes. */
static struct entry *place(struct throttle *t, const struct key *k)
{
	struct entry *oldest = &t->entry[0];
	size_t i;

	for (i = 0; i < THROTTLE_ENTRIES; i++)
		if (is_key(&t->entry[i], k))
			return &t->entry[i];
	for (i = 0; i < THROTTLE_ENTRIES; i++) {
		if (!t->entry[i].wrong)
			return &t->entry[i];
		if (t->entry[i].last_s < oldest->last_s)
			oldest = &t->entry[i];
	}
	return oldest;
}

bool throttle_is_repeat(struct throttle *t, const struct throttle_peer *p, const char *user, const uint8_t digest[THROTTLE_DIGEST],
			uint64_t now_s)
{
	const struct key k = key_of(t, p, user);
	const struct entry *e;
	bool repeat = false;
	size_t i;

	(void)pthread_mutex_lock(&t->lock);
	e = find(t, &k, now_s);
	for (i = 0; e && i < THROTTLE_LAST && i < e->wrong; i++)
		repeat |= !sodium_memcmp(e->last[i], digest, THROTTLE_DIGEST);
	(void)pthread_mutex_unlock(&t->lock);
	return repeat;
}

/* With the lock held. */
static uint64_t wait_of(struct throttle *t, const struct key *k, uint64_t now_s)
{
	const struct entry *e = find(t, k, now_s);

	return e && now_s < e->next_s ? e->next_s - now_s : 0;
}

unsigned throttle_wait(struct throttle *t, const struct throttle_peer *p, const char *user, uint64_t now_s)
{
	const struct key k = key_of(t, p, user), all = key_of(t, p, NULL);
	uint64_t wait, wait_all;

	(void)pthread_mutex_lock(&t->lock);
	wait = wait_of(t, &k, now_s);
	wait_all = wait_of(t, &all, now_s);
	(void)pthread_mutex_unlock(&t->lock);
	return (unsigned)(wait > wait_all ? wait : wait_all);
}

static uint64_t wait_after(uint32_t wrong, uint32_t n_free)
{
	uint32_t over = wrong > n_free ? wrong - n_free : 0;

	if (!over)
		return 0;
	return over > 6 ? THROTTLE_WAIT_MAX_S : UINT64_C(1) << (over - 1);
}

/* With the lock held. */
static void count_wrong(struct throttle *t, const struct key *k, const uint8_t digest[THROTTLE_DIGEST], uint64_t now_s)
{
	struct entry *e = find(t, k, now_s);

	if (!e) {
		e = place(t, k);
		*e = (struct entry){ .key = *k };
	}
	memcpy(e->last[e->wrong % THROTTLE_LAST], digest, THROTTLE_DIGEST);
	e->wrong += e->wrong < UINT32_MAX;
	e->last_s = now_s;
	e->next_s = now_s + wait_after(e->wrong, k->user == ALL ? THROTTLE_FREE_ALL : THROTTLE_FREE);
}

void throttle_wrong(struct throttle *t, const struct throttle_peer *p, const char *user, const uint8_t digest[THROTTLE_DIGEST],
		    uint64_t now_s)
{
	const struct key k = key_of(t, p, user), all = key_of(t, p, NULL);

	(void)pthread_mutex_lock(&t->lock);
	count_wrong(t, &k, digest, now_s);
	count_wrong(t, &all, digest, now_s);
	(void)pthread_mutex_unlock(&t->lock);
}

void throttle_clear(struct throttle *t)
{
	(void)pthread_mutex_lock(&t->lock);
	memset(t->entry, 0, sizeof t->entry);
	(void)pthread_mutex_unlock(&t->lock);
}
