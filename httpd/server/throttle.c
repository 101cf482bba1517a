/* SPDX-License-Identifier: MIT */
/* See throttle.h. */
#include <arpa/inet.h>
#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "throttle.h"

struct entry {
	struct throttle_peer peer;
	uint8_t last[THROTTLE_DIGEST]; /* the last wrong login */
	uint32_t wrong;                /* 0: free */
	uint64_t next_s, last_s;       /* when the next login is looked at; when the last one was wrong */
};

struct throttle {
	pthread_mutex_t lock; /* guards the rest */
	struct entry entry[THROTTLE_PEERS];
};

struct throttle_peer throttle_peer(const char *address)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	struct throttle_peer p = { { 0 } };
	char text[64];
	size_t len = strcspn(address, "%");

	if (len >= sizeof text)
		return p;
	memcpy(text, address, len);
	text[len] = '\0';
	if (inet_pton(AF_INET, text, p.octets + 12) == 1) {
		memcpy(p.octets, mapped, sizeof mapped);
		return p;
	}
	if (inet_pton(AF_INET6, text, p.octets) == 1 && memcmp(p.octets, mapped, sizeof mapped))
		memset(p.octets + 8, 0, 8);
	return p;
}

struct throttle *throttle_new(void)
{
	struct throttle *t = calloc(1, sizeof *t);

	if (t)
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

/* With the lock held: the peer's entry, or NULL. */
static struct entry *find(struct throttle *t, const struct throttle_peer *p, uint64_t now_s)
{
	size_t i;

	for (i = 0; i < THROTTLE_PEERS; i++) {
		struct entry *e = &t->entry[i];

		if (e->wrong && !memcmp(&e->peer, p, sizeof *p))
			return now_s < e->last_s + THROTTLE_FORGET_S ? e : NULL;
	}
	return NULL;
}

/* With the lock held: where the peer's entry goes. */
static struct entry *place(struct throttle *t, const struct throttle_peer *p)
{
	struct entry *oldest = &t->entry[0];
	size_t i;

	for (i = 0; i < THROTTLE_PEERS; i++)
		if (t->entry[i].wrong && !memcmp(&t->entry[i].peer, p, sizeof *p))
			return &t->entry[i];
	for (i = 0; i < THROTTLE_PEERS; i++) {
		if (!t->entry[i].wrong)
			return &t->entry[i];
		if (t->entry[i].last_s < oldest->last_s)
			oldest = &t->entry[i];
	}
	return oldest;
}

bool throttle_is_repeat(struct throttle *t, const struct throttle_peer *p, const uint8_t digest[THROTTLE_DIGEST], uint64_t now_s)
{
	const struct entry *e;
	bool repeat;

	(void)pthread_mutex_lock(&t->lock);
	e = find(t, p, now_s);
	repeat = e && !sodium_memcmp(e->last, digest, THROTTLE_DIGEST);
	(void)pthread_mutex_unlock(&t->lock);
	return repeat;
}

unsigned throttle_wait(struct throttle *t, const struct throttle_peer *p, uint64_t now_s)
{
	const struct entry *e;
	uint64_t wait;

	(void)pthread_mutex_lock(&t->lock);
	e = find(t, p, now_s);
	wait = e && now_s < e->next_s ? e->next_s - now_s : 0;
	(void)pthread_mutex_unlock(&t->lock);
	return (unsigned)wait;
}

static uint64_t wait_after(uint32_t wrong)
{
	uint32_t over = wrong > THROTTLE_FREE ? wrong - THROTTLE_FREE : 0;

	if (!over)
		return 0;
	return over > 6 ? THROTTLE_WAIT_MAX_S : UINT64_C(1) << (over - 1);
}

void throttle_wrong(struct throttle *t, const struct throttle_peer *p, const uint8_t digest[THROTTLE_DIGEST], uint64_t now_s)
{
	struct entry *e;

	(void)pthread_mutex_lock(&t->lock);
	e = find(t, p, now_s);
	if (!e) {
		e = place(t, p);
		*e = (struct entry){ .peer = *p };
	}
	e->wrong += e->wrong < UINT32_MAX;
	e->last_s = now_s;
	e->next_s = now_s + wait_after(e->wrong);
	memcpy(e->last, digest, THROTTLE_DIGEST);
	(void)pthread_mutex_unlock(&t->lock);
}

void throttle_clear(struct throttle *t)
{
	(void)pthread_mutex_lock(&t->lock);
	memset(t->entry, 0, sizeof t->entry);
	(void)pthread_mutex_unlock(&t->lock);
}
