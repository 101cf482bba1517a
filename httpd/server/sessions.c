/* SPDX-License-Identifier: MIT */
/* See sessions.h. Tokens are found by their digests, so that how long a comparison takes says nothing about the token. */
#include <errno.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sessions.h"

#define DIGEST_OCTETS 32u

struct session {
	char token[SESSION_TOKEN_OCTETS]; /* "": free */
	uint8_t digest[DIGEST_OCTETS];
	char login[CREDENTIAL_OCTETS];
	struct throttle_peer peer; /* whose password opened it */
	uint64_t used_s, used; /* when last; and the number of that use among those of all sessions */
};

struct sessions {
	uint64_t timeout_s;
	uint8_t key[crypto_generichash_KEYBYTES];
	pthread_mutex_t lock; /* guards the rest */
	uint64_t uses; /* of all */
	uint64_t generation;
	struct session session[SESSIONS_MAX];
};

struct sessions *sessions_new(uint64_t timeout_s)
{
	struct sessions *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	s->timeout_s = timeout_s;
	randombytes_buf(s->key, sizeof s->key);
	(void)pthread_mutex_init(&s->lock, NULL);
	return s;
}

void sessions_free(struct sessions *s)
{
	if (!s)
		return;
	(void)pthread_mutex_destroy(&s->lock);
	sodium_memzero(s, sizeof *s);
	free(s);
}

static void digest(const struct sessions *s, const char *token, uint8_t ret[DIGEST_OCTETS])
{
	(void)crypto_generichash(ret, DIGEST_OCTETS, (const uint8_t *)token, strlen(token), s->key, sizeof s->key);
}

static bool alive(const struct sessions *s, const struct session *e, uint64_t now_s)
{
	return e->token[0] && now_s < e->used_s + s->timeout_s;
}

/* With the lock held. */
static void note_use(struct sessions *s, struct session *e, uint64_t now_s)
{
	e->used_s = now_s;
	e->used = ++s->uses;
}

int sessions_use(struct sessions *s, const char *token, uint64_t now_s, char ret_login[CREDENTIAL_OCTETS])
{
	uint8_t given[DIGEST_OCTETS];
	int err = -ENOENT;
	size_t i;

	digest(s, token, given);
	(void)pthread_mutex_lock(&s->lock);
	for (i = 0; i < SESSIONS_MAX; i++) {
		struct session *e = &s->session[i];

		if (!alive(s, e, now_s) || sodium_memcmp(e->digest, given, sizeof given))
			continue;
		note_use(s, e, now_s);
		memcpy(ret_login, e->login, sizeof e->login);
		err = 0;
		break;
	}
	(void)pthread_mutex_unlock(&s->lock);
	return err;
}

/* With the lock held: the session to be replaced by one more of this login. */
static struct session *place(struct sessions *s, const char *login, uint64_t now_s)
{
	struct session *mine = NULL, *oldest = NULL, *vacant = NULL, *e;
	unsigned n_mine = 0;

	for (e = s->session; e < s->session + SESSIONS_MAX; e++) {
		if (!alive(s, e, now_s)) {
			vacant = vacant ? vacant : e;
			continue;
		}
		if (!oldest || e->used < oldest->used)
			oldest = e;
		if (strcmp(e->login, login))
			continue;
		n_mine++;
		if (!mine || e->used < mine->used)
			mine = e;
	}
	if (n_mine >= SESSIONS_PER_LOGIN)
		return mine;
	return vacant ? vacant : oldest;
}

static void make(const struct sessions *s, struct session *e, const char *login, const struct throttle_peer *peer)
{
	uint8_t octets[(SESSION_TOKEN_OCTETS - 1) / 2];

	*e = (struct session){ .peer = *peer };
	randombytes_buf(octets, sizeof octets);
	(void)sodium_bin2hex(e->token, sizeof e->token, octets, sizeof octets);
	digest(s, e->token, e->digest);
	(void)snprintf(e->login, sizeof e->login, "%s", login);
}

/* With the lock held. */
static struct session *find_or_make(struct sessions *s, const char *login, const struct throttle_peer *peer, uint64_t now_s)
{
	struct session *e;

	for (e = s->session; e < s->session + SESSIONS_MAX; e++)
		if (alive(s, e, now_s) && !memcmp(&e->peer, peer, sizeof *peer) && !strcmp(e->login, login))
			return e;
	e = place(s, login, now_s);
	make(s, e, login, peer);
	return e;
}

int sessions_open(struct sessions *s, uint64_t generation, const char *login, const struct throttle_peer *peer, uint64_t now_s,
		  char ret_token[SESSION_TOKEN_OCTETS])
{
	struct session *e;
	int err = -ESTALE;

	(void)pthread_mutex_lock(&s->lock);
	if (generation == s->generation) {
		e = find_or_make(s, login, peer, now_s);
		note_use(s, e, now_s);
		memcpy(ret_token, e->token, sizeof e->token);
		err = 0;
	}
	(void)pthread_mutex_unlock(&s->lock);
	return err;
}

uint64_t sessions_generation(struct sessions *s)
{
	uint64_t generation;

	(void)pthread_mutex_lock(&s->lock);
	generation = s->generation;
	(void)pthread_mutex_unlock(&s->lock);
	return generation;
}

void sessions_end(struct sessions *s)
{
	(void)pthread_mutex_lock(&s->lock);
	sodium_memzero(s->session, sizeof s->session);
	s->generation++;
	(void)pthread_mutex_unlock(&s->lock);
}

unsigned sessions_count(struct sessions *s, uint64_t now_s)
{
	unsigned n = 0;
	size_t i;

	(void)pthread_mutex_lock(&s->lock);
	for (i = 0; i < SESSIONS_MAX; i++)
		n += alive(s, &s->session[i], now_s);
	(void)pthread_mutex_unlock(&s->lock);
	return n;
}
