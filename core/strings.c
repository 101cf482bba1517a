/* SPDX-License-Identifier: MIT */
/* Interned text: a hash table in shards, so that workers that learn new texts seldom meet at a lock.
 *
 * Many texts come from the air, so the hash has a seed: nobody there can aim them at one chain.
 *
 * A text's count falls to zero only under its shard's lock, and a text is found only under that lock, so a text that
 * was found is alive. References of texts already held are counted without the lock. */
#include <core/strings.h>

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <xxhash.h>

#define SHARDS 64u
#define FIRST_BUCKETS 16u

struct text {
	struct text *next;
	struct shard *shard;
	uint32_t hash;
	uint32_t refs; /* atomic; to and from zero only under the shard's lock */
	struct aerie_str str;
};

struct shard {
	pthread_mutex_t lock;
	struct text **buckets;
	uint32_t n_buckets; /* a power of two */
	uint32_t count;     /* atomic for strings_count() */
} __attribute__((aligned(64)));

struct strings {
	uint64_t seed;
	struct shard shards[SHARDS];
};

static struct text *text_of(const struct aerie_str *s)
{
	return (struct text *)((char *)(uintptr_t)s - offsetof(struct text, str));
}

/* The shard takes the low bits of the hash. */
static struct text **bucket_of(const struct shard *sh, uint32_t hash)
{
	return &sh->buckets[hash / SHARDS & (sh->n_buckets - 1)];
}

struct strings *strings_new(void)
{
	struct strings *t;
	unsigned i;

	if (posix_memalign((void **)&t, 64, sizeof *t))
		return NULL;
	if (getrandom(&t->seed, sizeof t->seed, 0) != sizeof t->seed)
		t->seed = (uint64_t)(uintptr_t)t;
	for (i = 0; i < SHARDS; i++) {
		struct shard *sh = &t->shards[i];

		memset(sh, 0, sizeof *sh);
		pthread_mutex_init(&sh->lock, NULL);
		sh->n_buckets = FIRST_BUCKETS;
		sh->buckets = calloc(FIRST_BUCKETS, sizeof *sh->buckets);
		if (!sh->buckets) {
			while (i--)
				free(t->shards[i].buckets);
			free(t);
			return NULL;
		}
	}
	return t;
}

void strings_free(struct strings *t)
{
	unsigned i;

	if (!t)
		return;
	for (i = 0; i < SHARDS; i++) {
		pthread_mutex_destroy(&t->shards[i].lock);
		free(t->shards[i].buckets);
	}
	free(t);
}

/* Twice the buckets. Without memory the chains just get longer. */
static void grow(struct shard *sh)
{
	struct text **old = sh->buckets;
	uint32_t n_old = sh->n_buckets, i;
	struct text **buckets = calloc((size_t)n_old * 2, sizeof *buckets);

	if (!buckets)
		return;
	sh->buckets = buckets;
	sh->n_buckets = n_old * 2;
	for (i = 0; i < n_old; i++) {
		struct text *t = old[i], *next;

		for (; t; t = next) {
			struct text **b = bucket_of(sh, t->hash);

			next = t->next;
			t->next = *b;
			*b = t;
		}
	}
	free(old);
}

static struct text *find(const struct shard *sh, uint32_t hash, const char *text, uint32_t len)
{
	struct text *t;

	for (t = *bucket_of(sh, hash); t; t = t->next)
		if (t->hash == hash && t->str.len == len && memcmp(t->str.text, text, len) == 0)
			return t;
	return NULL;
}

static struct text *add(struct shard *sh, uint32_t hash, const char *text, uint32_t len)
{
	struct text **b, *t = malloc(offsetof(struct text, str.text) + (size_t)len + 1);

	if (!t)
		return NULL;
	if (sh->count >= sh->n_buckets)
		grow(sh);
	t->shard = sh;
	t->hash = hash;
	t->refs = 1;
	t->str.len = len;
	memcpy(t->str.text, text, len);
	t->str.text[len] = 0;
	b = bucket_of(sh, hash);
	t->next = *b;
	*b = t;
	__atomic_store_n(&sh->count, sh->count + 1, __ATOMIC_RELAXED);
	return t;
}

const struct aerie_str *strings_get(struct strings *table, const char *text, uint32_t len)
{
	uint32_t hash;
	struct shard *sh;
	struct text *t;

	if (!len)
		text = "";
	hash = (uint32_t)XXH3_64bits_withSeed(text, len, table->seed);
	sh = &table->shards[hash % SHARDS];
	pthread_mutex_lock(&sh->lock);
	t = find(sh, hash, text, len);
	if (t)
		__atomic_add_fetch(&t->refs, 1, __ATOMIC_RELAXED);
	else
		t = add(sh, hash, text, len);
	pthread_mutex_unlock(&sh->lock);
	return t ? &t->str : NULL;
}

const struct aerie_str *strings_ref(const struct aerie_str *s)
{
	if (s)
		__atomic_add_fetch(&text_of(s)->refs, 1, __ATOMIC_RELAXED);
	return s;
}

static void unlink_text(struct shard *sh, struct text *t)
{
	struct text **p = bucket_of(sh, t->hash);

	while (*p != t)
		p = &(*p)->next;
	*p = t->next;
	__atomic_store_n(&sh->count, sh->count - 1, __ATOMIC_RELAXED);
}

void strings_put(const struct aerie_str *s)
{
	struct text *t;
	struct shard *sh;
	uint32_t refs;

	if (!s)
		return;
	t = text_of(s);
	refs = __atomic_load_n(&t->refs, __ATOMIC_RELAXED);
	while (refs > 1)
		if (__atomic_compare_exchange_n(&t->refs, &refs, refs - 1, true, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
			return;
	sh = t->shard;
	pthread_mutex_lock(&sh->lock);
	refs = __atomic_sub_fetch(&t->refs, 1, __ATOMIC_ACQ_REL);
	if (!refs)
		unlink_text(sh, t);
	pthread_mutex_unlock(&sh->lock);
	if (!refs)
		free(t);
}

uint64_t strings_count(const struct strings *t)
{
	uint64_t n = 0;
	unsigned i;

	for (i = 0; i < SHARDS; i++)
		n += __atomic_load_n(&t->shards[i].count, __ATOMIC_RELAXED);
	return n;
}

uint32_t strings_longest(const struct strings *t)
{
	uint32_t longest = 0, i, k, n;
	const struct text *text;

	for (i = 0; i < SHARDS; i++)
		for (k = 0; k < t->shards[i].n_buckets; k++) {
			for (n = 0, text = t->shards[i].buckets[k]; text; text = text->next)
				n++;
			longest = n > longest ? n : longest;
		}
	return longest;
}
