/* SPDX-License-Identifier: MIT */
/* Interned text. */
#include <criterion/criterion.h>

#include <pthread.h>
#include <stdio.h>

#include <xxhash.h>

#include <core/strings.h>

Test(strings, equal_texts_are_one_object)
{
	struct strings *t = strings_new();
	const struct aerie_str *a = strings_get(t, "linksys", 7), *b = strings_get(t, "linksys", 7);
	const struct aerie_str *c = strings_get(t, "linksyt", 7);

	cr_assert_eq(a, b);
	cr_assert_neq(a, c);
	cr_assert_eq(a->len, 7);
	cr_assert_str_eq(a->text, "linksys");
	cr_assert_eq(strings_count(t), 2);
	strings_put(a);
	strings_put(b);
	strings_put(c);
	cr_assert_eq(strings_count(t), 0);
	strings_free(t);
}

Test(strings, text_lives_until_its_last_reference_goes)
{
	struct strings *t = strings_new();
	const struct aerie_str *a = strings_get(t, "x", 1);

	cr_assert_eq(strings_ref(a), a);
	strings_put(a);
	cr_assert_eq(strings_count(t), 1);
	cr_assert_str_eq(a->text, "x");
	strings_put(a);
	cr_assert_eq(strings_count(t), 0);
	strings_put(NULL);
	strings_free(t);
}

Test(strings, octets_of_any_value_and_no_octets_are_texts)
{
	struct strings *t = strings_new();
	const struct aerie_str *nul = strings_get(t, "a\0b", 3), *a = strings_get(t, "a", 1), *none = strings_get(t, NULL, 0);

	cr_assert_neq(nul, a);
	cr_assert_eq(nul->len, 3);
	cr_assert_arr_eq(nul->text, "a\0b", 4);
	cr_assert_eq(none->len, 0);
	cr_assert_eq(none->text[0], 0);
	cr_assert_eq(strings_get(t, "", 0), none);
	strings_put(none);
	strings_put(none);
	strings_put(a);
	strings_put(nul);
	strings_free(t);
}

#define MANY 20000

Test(strings, tables_grow_and_keep_every_text)
{
	static const struct aerie_str *s[MANY];
	struct strings *t = strings_new();
	char text[16];
	int i, n;

	for (i = 0; i < MANY; i++) {
		n = snprintf(text, sizeof text, "ssid %d", i);
		s[i] = strings_get(t, text, (uint32_t)n);
	}
	cr_assert_eq(strings_count(t), MANY);
	for (i = 0; i < MANY; i++) {
		n = snprintf(text, sizeof text, "ssid %d", i);
		cr_assert_eq(strings_get(t, text, (uint32_t)n), s[i]);
		strings_put(s[i]);
	}
	for (i = MANY; i--;)
		strings_put(s[i]);
	cr_assert_eq(strings_count(t), 0);
	strings_free(t);
}

#define THREADS 4
#define ROUNDS 20000

/* Few texts and short lives: threads meet at the moment when a count falls to zero. */
static void *churn(void *user)
{
	struct strings *t = user;
	unsigned seed = (unsigned)(uintptr_t)pthread_self(), i;

	for (i = 0; i < ROUNDS; i++) {
		const struct aerie_str *s;
		char text[8];
		int n;

		seed = seed * 1103515245 + 12345;
		n = snprintf(text, sizeof text, "t%u", seed >> 16 & 7);
		s = strings_get(t, text, (uint32_t)n);
		strings_ref(s);
		if (s->len != (uint32_t)n || memcmp(s->text, text, (size_t)n + 1) != 0)
			return user;
		strings_put(s);
		strings_put(s);
	}
	return NULL;
}

Test(strings, threads_share_texts)
{
	struct strings *t = strings_new();
	pthread_t threads[THREADS];
	void *bad;
	int i;

	for (i = 0; i < THREADS; i++)
		cr_assert_eq(pthread_create(&threads[i], NULL, churn, t), 0);
	for (i = 0; i < THREADS; i++) {
		pthread_join(threads[i], &bad);
		cr_assert_null(bad);
	}
	cr_assert_eq(strings_count(t), 0);
	strings_free(t);
}

#define AIMED 400

/* Texts whose hash without a seed puts them into one bucket: of 64 shards and 512 buckets. */
Test(strings, texts_cannot_be_aimed_at_one_bucket)
{
	static const struct aerie_str *held[AIMED];
	struct strings *t = strings_new();
	uint32_t i, n = 0;
	char text[16];

	for (i = 0; n < AIMED; i++) {
		int len = snprintf(text, sizeof text, "ssid %x", i);

		if (!(XXH3_64bits(text, (size_t)len) & (64 * 512 - 1)))
			held[n++] = strings_get(t, text, (uint32_t)len);
	}
	cr_assert_eq(strings_count(t), AIMED);
	cr_expect_lt(strings_longest(t), 20, "%u of %u", strings_longest(t), AIMED);
	while (n)
		strings_put(held[--n]);
	strings_free(t);
}
