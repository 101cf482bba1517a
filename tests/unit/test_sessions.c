/* SPDX-License-Identifier: MIT */
/* Sessions and the slowing down of guesses, with a clock of the test's. */
#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "httpd/server/sessions.h"

#define TIMEOUT_S 100u
#define LONG_S 3600u

static char login[CREDENTIAL_OCTETS];

static struct throttle_peer peer(unsigned i)
{
	char text[64];

	(void)snprintf(text, sizeof text, "10.0.%u.%u", i / 256, i % 256);
	return throttle_peer(text);
}

static struct sessions *start(uint64_t timeout_s)
{
	cr_assert(sodium_init() >= 0);
	return sessions_new(timeout_s);
}

static void open_for(struct sessions *s, const char *user, unsigned i, uint64_t now_s, char *ret_token)
{
	struct throttle_peer p = peer(i);

	cr_assert_eq(sessions_open(s, sessions_generation(s), user, &p, now_s, ret_token), 0);
}

Test(sessions, a_token_stands_for_its_login_until_nobody_has_used_it_for_the_timeout)
{
	struct sessions *s = start(TIMEOUT_S);
	char token[SESSION_TOKEN_OCTETS];

	open_for(s, "anna", 1, 1000, token);
	cr_expect_eq(strlen(token), 32);
	cr_expect_eq(strspn(token, "0123456789abcdef"), 32);
	cr_assert_eq(sessions_use(s, token, 1000 + TIMEOUT_S - 1, login), 0);
	cr_expect_str_eq(login, "anna");
	cr_expect_eq(sessions_use(s, token, 1000 + 2 * TIMEOUT_S - 2, login), 0); /* counted from the last use */
	cr_expect_eq(sessions_use(s, token, 1000 + 3 * TIMEOUT_S - 2, login), -ENOENT);
	sessions_free(s);
}

Test(sessions, no_other_text_is_a_token)
{
	struct sessions *s = start(TIMEOUT_S);
	char token[SESSION_TOKEN_OCTETS], other[SESSION_TOKEN_OCTETS];

	cr_expect_eq(sessions_use(s, "", 0, login), -ENOENT);
	open_for(s, "anna", 1, 1000, token);
	memcpy(other, token, sizeof other);
	other[31] = other[31] == '0' ? '1' : '0';
	cr_expect_eq(sessions_use(s, other, 1000, login), -ENOENT);
	other[31] = '\0';
	cr_expect_eq(sessions_use(s, other, 1000, login), -ENOENT);
	cr_expect_eq(sessions_use(s, "", 1000, login), -ENOENT);
	sessions_free(s);
}

Test(sessions, ten_thousand_passwords_from_one_address_have_one_session)
{
	struct sessions *s = start(TIMEOUT_S);
	char first[SESSION_TOKEN_OCTETS], token[SESSION_TOKEN_OCTETS];
	unsigned i;

	open_for(s, "anna", 1, 1000, first);
	for (i = 0; i < 10000; i++) {
		open_for(s, "anna", 1, 1000 + i / 100, token);
		cr_assert_str_eq(token, first);
	}
	cr_expect_eq(sessions_count(s, 1100), 1);
	open_for(s, "anna", 2, 1100, token);
	cr_expect_str_neq(token, first, "another address has its own");
	open_for(s, "bert", 1, 1100, token);
	cr_expect_str_neq(token, first, "another login has its own");
	open_for(s, "anna", 1, 1100 + TIMEOUT_S, token);
	cr_expect_str_neq(token, first, "what has ended does not come back");
	sessions_free(s);
}

Test(sessions, of_too_many_of_one_login_the_one_unused_longest_ends)
{
	struct sessions *s = start(LONG_S);
	char token[SESSIONS_PER_LOGIN + 1][SESSION_TOKEN_OCTETS], bert[SESSION_TOKEN_OCTETS];
	unsigned i;

	open_for(s, "bert", 1, 999, bert);
	for (i = 0; i < SESSIONS_PER_LOGIN; i++)
		open_for(s, "anna", i, 1000, token[i]); /* within one second: what counts is their order */
	cr_expect_eq(sessions_use(s, token[0], 2000, login), 0);
	open_for(s, "anna", i, 2001, token[i]);
	cr_expect_eq(sessions_count(s, 2001), SESSIONS_PER_LOGIN + 1);
	cr_expect_eq(sessions_use(s, token[0], 2001, login), 0);
	cr_expect_eq(sessions_use(s, token[1], 2001, login), -ENOENT);
	cr_expect_eq(sessions_use(s, token[2], 2001, login), 0);
	cr_expect_eq(sessions_use(s, bert, 2001, login), 0, "another login's is older, and stays");
	sessions_free(s);
}

Test(sessions, the_table_is_bounded_and_ended_sessions_make_room)
{
	struct sessions *s = start(LONG_S);
	char token[SESSION_TOKEN_OCTETS], user[16];
	unsigned i;

	for (i = 0; i < 2 * SESSIONS_MAX; i++) {
		(void)snprintf(user, sizeof user, "user%u", i);
		open_for(s, user, 1, 1000 + i, token);
	}
	cr_expect_eq(sessions_count(s, 1000 + i), SESSIONS_MAX);
	cr_expect_eq(sessions_use(s, token, 1000 + i, login), 0);
	cr_expect_eq(sessions_count(s, 1000 + i + LONG_S), 0);
	sessions_free(s);
}

Test(sessions, all_end_at_once)
{
	struct sessions *s = start(TIMEOUT_S);
	char token[SESSION_TOKEN_OCTETS];

	uint64_t before = sessions_generation(s);
	struct throttle_peer p = peer(1);

	open_for(s, "anna", 1, 1000, token);
	sessions_end(s);
	cr_expect_eq(sessions_open(s, before, "anna", &p, 1000, token), -ESTALE, "the password was looked at before");
	cr_expect_eq(sessions_use(s, token, 1000, login), -ENOENT);
	cr_expect_eq(sessions_count(s, 1000), 0);
	sessions_free(s);
}

static void *open_and_use(void *user)
{
	struct sessions *s = user;
	char token[SESSION_TOKEN_OCTETS], whose[CREDENTIAL_OCTETS];
	unsigned i, lost = 0;

	for (i = 0; i < 2000; i++) {
		open_for(s, "anna", i % 40, 1000, token); /* fewer than a login may have: nobody's ends */
		lost += sessions_use(s, token, 1000, whose) || strcmp(whose, "anna");
	}
	return (void *)(uintptr_t)lost;
}

Test(sessions, threads_share_them)
{
	struct sessions *s = start(TIMEOUT_S);
	pthread_t thread[4];
	void *lost;
	size_t i;

	for (i = 0; i < 4; i++)
		cr_assert_eq(pthread_create(&thread[i], NULL, open_and_use, s), 0);
	for (i = 0; i < 4; i++) {
		cr_assert_eq(pthread_join(thread[i], &lost), 0);
		cr_expect_null(lost);
	}
	cr_expect_eq(sessions_count(s, 1000), 40);
	sessions_free(s);
}

/* ---- throttle ---- */

static const uint8_t *guess(unsigned i)
{
	static uint8_t digest[THROTTLE_DIGEST];

	memcpy(digest, &i, sizeof i);
	return digest;
}

Test(throttle, an_address_waits_after_its_free_guesses_and_ever_longer)
{
	static const unsigned waits[] = { 0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60 };
	struct throttle *t = throttle_new();
	struct throttle_peer p = throttle_peer("192.0.2.1");
	uint64_t now_s = 1000;
	unsigned i;

	for (i = 0; i < sizeof waits / sizeof waits[0]; i++) {
		cr_expect_eq(throttle_wait(t, &p, "anna", now_s), 0, "guess %u is looked at", i);
		throttle_wrong(t, &p, "anna", guess(i), now_s);
		cr_expect_eq(throttle_wait(t, &p, "anna", now_s), waits[i], "after guess %u: %u", i, throttle_wait(t, &p, "anna", now_s));
		now_s += waits[i];
	}
	throttle_free(t);
}

Test(throttle, other_addresses_are_not_affected)
{
	struct throttle *t = throttle_new();
	struct throttle_peer bad = throttle_peer("192.0.2.1"), good = throttle_peer("192.0.2.2");
	unsigned i;

	for (i = 0; i < 20; i++)
		throttle_wrong(t, &bad, "anna", guess(i), 1000);
	cr_expect_eq(throttle_wait(t, &bad, "anna", 1000), THROTTLE_WAIT_MAX_S);
	cr_expect_eq(throttle_wait(t, &good, "anna", 1000), 0);
	cr_expect_not(throttle_is_repeat(t, &good, "anna", guess(19), 1000));
	throttle_free(t);
}

Test(throttle, another_name_from_the_same_address_is_not_affected)
{
	struct throttle *t = throttle_new();
	struct throttle_peer p = throttle_peer("192.0.2.1");
	unsigned i;

	for (i = 0; i < THROTTLE_FREE_ALL; i++)
		throttle_wrong(t, &p, "admin", guess(i), 1000);
	cr_expect_eq(throttle_wait(t, &p, "admin", 1000), THROTTLE_WAIT_MAX_S);
	cr_expect_eq(throttle_wait(t, &p, "anna", 1000), 0);
	cr_expect_not(throttle_is_repeat(t, &p, "anna", guess(i - 1), 1000));
	throttle_free(t);
}

Test(throttle, an_address_that_tries_many_names_waits_with_all)
{
	struct throttle *t = throttle_new();
	struct throttle_peer p = throttle_peer("192.0.2.1"), other = throttle_peer("192.0.2.2");
	uint64_t now_s = 1000;
	char name[16];
	unsigned i;

	for (i = 0; i < 1000; i++) {
		(void)snprintf(name, sizeof name, "user%u", i);
		now_s += throttle_wait(t, &p, name, now_s);
		throttle_wrong(t, &p, name, guess(i), now_s);
	}
	cr_expect_eq(now_s, 1000 + 1 + 2 + 4 + 8 + 16 + 32 + 60 * (1000 - THROTTLE_FREE_ALL - 7));
	cr_expect_eq(throttle_wait(t, &p, "anna", now_s), THROTTLE_WAIT_MAX_S);
	cr_expect_eq(throttle_wait(t, &other, "anna", now_s), 0);
	throttle_free(t);
}

Test(throttle, several_programs_with_old_passwords_are_known)
{
	struct throttle *t = throttle_new();
	struct throttle_peer p = throttle_peer("192.0.2.1");
	unsigned i, j;

	for (i = 0; i < THROTTLE_LAST; i++)
		throttle_wrong(t, &p, "anna", guess(i), 1000);
	for (j = 0; j < THROTTLE_LAST; j++)
		cr_expect(throttle_is_repeat(t, &p, "anna", guess(j), 1000), "%u", j);
	throttle_wrong(t, &p, "anna", guess(i), 1000);
	cr_expect_not(throttle_is_repeat(t, &p, "anna", guess(0), 1000), "the oldest is forgotten");
	cr_expect(throttle_is_repeat(t, &p, "anna", guess(1), 1000));
	cr_expect(throttle_is_repeat(t, &p, "anna", guess(i), 1000));
	throttle_free(t);
}

Test(throttle, the_same_wrong_login_again_is_known_and_another_is_not)
{
	struct throttle *t = throttle_new();
	struct throttle_peer p = throttle_peer("192.0.2.1");

	cr_expect_not(throttle_is_repeat(t, &p, "anna", guess(1), 1000));
	throttle_wrong(t, &p, "anna", guess(1), 1000);
	cr_expect(throttle_is_repeat(t, &p, "anna", guess(1), 1000));
	cr_expect_not(throttle_is_repeat(t, &p, "anna", guess(2), 1000));
	cr_expect_not(throttle_is_repeat(t, &p, "anna", guess(1), 1000 + THROTTLE_FORGET_S), "forgotten by then");
	throttle_clear(t);
	cr_expect_not(throttle_is_repeat(t, &p, "anna", guess(1), 1000));
	throttle_free(t);
}

Test(throttle, a_quiet_address_is_forgotten)
{
	struct throttle *t = throttle_new();
	struct throttle_peer p = throttle_peer("192.0.2.1");
	unsigned i;

	for (i = 0; i < 20; i++)
		throttle_wrong(t, &p, "anna", guess(i), 1000);
	throttle_wrong(t, &p, "anna", guess(i), 1000 + THROTTLE_FORGET_S);
	cr_expect_eq(throttle_wait(t, &p, "anna", 1000 + THROTTLE_FORGET_S), 0, "this is its first again");
	throttle_free(t);
}

Test(throttle, of_too_many_addresses_the_one_quiet_longest_is_forgotten)
{
	struct throttle *t = throttle_new();
	struct throttle_peer p;
	unsigned i, j;

	for (i = 0; i <= THROTTLE_ENTRIES / 2; i++) { /* each has two: with its name, and with all */
		p = peer(i);
		for (j = 0; j < 20; j++)
			throttle_wrong(t, &p, "anna", guess(j), 1000 + (i ? i / 100 : 9));
	}
	p = peer(0);
	cr_expect_neq(throttle_wait(t, &p, "anna", 1010), 0, "not the first in the table, but the oldest");
	p = peer(1);
	cr_expect_eq(throttle_wait(t, &p, "anna", 1010), 0);
	p = peer(THROTTLE_ENTRIES / 2);
	cr_expect_neq(throttle_wait(t, &p, "anna", 1010), 0);
	throttle_free(t);
}

Test(throttle, addresses_are_ipv4_whole_and_ipv6_by_64_bits)
{
	static const struct {
		const char *a, *b;
		bool same;
	} rows[] = {
		{ "192.0.2.1", "192.0.2.1", true },
		{ "192.0.2.1", "192.0.2.2", false },
		{ "192.0.2.1", "::ffff:192.0.2.1", true },
		{ "::ffff:192.0.2.1", "::ffff:192.0.2.2", false },
		{ "2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", true },
		{ "2001:db8:1:2::1", "2001:db8:1:3::1", false },
		{ "fe80::1%eth0", "fe80::2%wlan0", true },
		{ "unknown", "also unknown", true },
		{ "unknown", "192.0.2.1", false },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct throttle_peer a = throttle_peer(rows[i].a), b = throttle_peer(rows[i].b);

		cr_expect_eq(!memcmp(&a, &b, sizeof a), rows[i].same, "%s and %s", rows[i].a, rows[i].b);
	}
}
