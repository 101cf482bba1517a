/* SPDX-License-Identifier: MIT */
/* Lists of channels, hop rates, and where radios that share a list begin. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <core/channels.h>

static void expect_list(const struct channels *c, const char *text)
{
	char got[2048] = "";
	uint32_t i;

	for (i = 0; i < c->n; i++)
		strcat(strcat(got, c->names[i]), "|");
	cr_expect_str_eq(got, text);
}

Test(channels, names_are_taken_apart_and_kept_once_whatever_their_case)
{
	struct channels c = { 0 };

	cr_expect_eq(channels_add_text(&c, "1, 6HT40+ ,36vht80,6ht40+,1"), 0);
	expect_list(&c, "1|6HT40+|36vht80|");
	cr_expect_eq(channels_find(&c, "36VHT80"), 2);
	cr_expect_eq(channels_find(&c, "36"), -1);
	cr_expect_eq(channels_remove_text(&c, "6ht40+,7"), 0);
	expect_list(&c, "1|36vht80|");
	channels_free(&c);
}

Test(channels, empty_and_long_names_are_refused)
{
	static const char *const bad[] = { "", ",", "1,", ",1", "1,,2", " ", "1\n2", "1234567890123456789012345678901234567890123456789012345678901234" };
	struct channels c = { 0 };
	size_t i;

	for (i = 0; i < sizeof bad / sizeof bad[0]; i++)
		cr_expect_eq(channels_add_text(&c, bad[i]), -EINVAL, "'%s'", bad[i]);
	cr_expect_eq(channels_add_text(&c, "123456789012345678901234567890123456789012345678901234567890123"), 0);
	channels_free(&c);
}

Test(channels, there_is_a_limit)
{
	struct channels c = { 0 };
	char name[8];
	unsigned i;

	for (i = 0; i < LINK_CHANNELS; i++) {
		snprintf(name, sizeof name, "%u", i);
		cr_assert_eq(channels_add(&c, name), 0);
	}
	cr_expect_eq(channels_add(&c, "more"), -E2BIG);
	cr_expect_eq(channels_add(&c, "5"), 0, "it is there");
	channels_free(&c);
}

Test(channels, rates_have_units)
{
	static const struct {
		const char *text;
		double rate;
	} good[] = { { "5/sec", 5 }, { "5", 5 }, { "30/min", 0.5 }, { "4/dwell", 0.25 }, { "0.5/SEC", 0.5 }, { "1e2/sec", 100 } };
	static const char *const bad[] = { "", "x", "-1/sec", "0/sec", "5/hour", "5 /sec", "/sec", "inf", "nan", "1e99", "0/dwell", "5/sec " };
	double rate = 0;
	size_t i;

	for (i = 0; i < sizeof good / sizeof good[0]; i++) {
		cr_expect_eq(hop_rate_parse(good[i].text, &rate), 0, "%s", good[i].text);
		cr_expect_float_eq(rate, good[i].rate, 1e-9, "%s", good[i].text);
	}
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++)
		cr_expect_eq(hop_rate_parse(bad[i], &rate), -EINVAL, "%s", bad[i]);
}

/* (channels / n) * i */
Test(channels, equal_radios_begin_apart)
{
	cr_expect_eq(hop_offset(13, 1, 0), 0);
	cr_expect_eq(hop_offset(13, 2, 1), 6);
	cr_expect_eq(hop_offset(13, 3, 2), 8);
	cr_expect_eq(hop_offset(3, 5, 4), 0);
	cr_expect_eq(hop_offset(0, 2, 1), 0);
	cr_expect_eq(hop_offset(40, 4, 3), 30);
}

static uint64_t key_of(const char *text)
{
	struct channels c = { 0 };
	uint64_t key;

	cr_assert_eq(channels_add_text(&c, text), 0);
	key = channels_key(&c);
	channels_free(&c);
	return key;
}

Test(channels, a_key_tells_lists_apart_but_not_their_order)
{
	static const char *const others[] = { "1", "6", "1,6,11,13", "1,6,12", "16,11", "11,1", "36,1,6", "1HT40,6,11" };
	size_t i;

	cr_expect_eq(key_of("1,6HT40+,11"), key_of("11,1,6ht40+"));
	for (i = 0; i < sizeof others / sizeof others[0]; i++)
		cr_expect_neq(key_of("1,6,11"), key_of(others[i]), "%s", others[i]);
}
