/* SPDX-License-Identifier: MIT */
/* libaeriecap for radios: channels, hopping, utilities. Octets and orders of channels expected are worked out by hand from
 * the tables of the protocol and the rules at the top of hop.c. */
#define _GNU_SOURCE /* setresuid() */
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "aeriecap.h"

#ifdef __linux__
#include <sys/prctl.h>
#include <sys/wait.h>
#endif

/* --- A radio: knows the channels "1" to "99", tells the order in which it was tuned through a pipe, cannot tune to some. */

struct radio {
	int order[2];
	unsigned freed, closed;
	bool broken;
	const char *cannot; /* channels, each with a comma behind */
};

static void *translate(struct aeriecap *cap, const char *channel, char *msg)
{
	int *own;

	if (atoi(channel) < 1 || atoi(channel) > 99)
		return NULL;
	own = malloc(sizeof *own);
	*own = atoi(channel);
	return own;
}

static int tune(struct aeriecap *cap, uint32_t seqno, void *channel, char *msg)
{
	struct radio *r = aeriecap_user(cap);
	uint8_t octet = (uint8_t)*(int *)channel;
	char name[8];

	snprintf(name, sizeof name, "%d,", octet);
	if (write(r->order[1], &octet, 1) != 1)
		return -1;
	if (r->broken) {
		strcpy(msg, "unplugged");
		return -1;
	}
	if (r->cannot && strstr(r->cannot, name)) {
		strcpy(msg, "invalid argument");
		return 0;
	}
	return 1;
}

static int open_it(struct aeriecap *cap, uint32_t seqno, const char *definition, struct aeriecap_info *info, char *msg)
{
	return 0;
}

static void close_it(struct aeriecap *cap)
{
	struct radio *r = aeriecap_user(cap);

	r->closed++;
}

static int capture(struct aeriecap *cap, char *msg)
{
	while (aeriecap_sleep(cap, 1000000) == 0)
		;
	return 0;
}

struct running {
	struct host h;
	struct radio radio;
	pthread_t thread;
	int status;
};

static void *run_loop(void *data)
{
	struct running *r = data;

	r->status = aeriecap_loop(r->h.cap);
	return NULL;
}

static const uint8_t definition[] = { 0x81, 1, 0xa1, 'r' };
static struct frame f;

static void begin(struct running *r)
{
	memset(r, 0, sizeof *r);
	r->h = start();
	cr_assert_eq(pipe(r->radio.order), 0);
	aeriecap_set_user(r->h.cap, &r->radio);
	aeriecap_on_open(r->h.cap, open_it);
	aeriecap_on_close(r->h.cap, close_it);
	aeriecap_on_capture(r->h.cap, capture);
	aeriecap_on_translate(r->h.cap, translate);
	aeriecap_on_channel(r->h.cap, tune);
}

static void run(struct running *r)
{
	cr_assert_eq(pthread_create(&r->thread, NULL, run_loop, r), 0);
	request(&r->h, 12, 1, definition, sizeof definition);
	read_frame(&r->h, &f);
	cr_assert(f.command == 13 && f.code == 1);
}

static void end(struct running *r, int status)
{
	if (r->h.to >= 0)
		close(r->h.to);
	r->h.to = -1;
	cr_assert_eq(pthread_join(r->thread, NULL), 0);
	cr_assert_eq(r->status, status);
	cr_assert_eq(r->radio.closed, 1u);
	finish(&r->h);
	close(r->radio.order[0]);
	close(r->radio.order[1]);
}

static void tuned(struct running *r, const char *channels)
{
	uint8_t octet;
	char *next = (char *)(uintptr_t)channels;
	unsigned long want;

	for (; *next; next += *next == ' ') {
		want = strtoul(next, &next, 10);
		cr_assert_eq(read(r->radio.order[0], &octet, 1), 1);
		cr_assert_eq(octet, want, "tuned to %u, not %lu, before '%s' of '%s'", octet, want, next, channels);
	}
}

/* A CONFIGREQ to hop at 100 per second, which is lowered to 20. */
static void hop(struct running *r, const char *channels, bool shuffle, uint8_t offset)
{
	uint8_t body[512] = { 0x81, 2, 0x84, 1, 0xca, 0x42, 0xc8, 0, 0, 2, shuffle ? 0xc3 : 0xc2, 4, offset, 5, 0xdc, 0, 0 };
	size_t len = 17;

	while (*channels) {
		size_t n = strcspn(channels, " ");

		body[len++] = (uint8_t)(0xa0 | n);
		memcpy(body + len, channels, n);
		len += n;
		body[16]++;
		channels += n + (channels[n] == ' ');
	}
	request(&r->h, 17, 5, body, len);
}

/* --- Requests and reports. */

Test(aeriecap_radio, fixed_channel_report_is_golden, .timeout = 60)
{
	static const uint8_t set[] = { 0x81, 1, 0xa1, '6' }, none[] = { 0x81, 1, 0xa2, '6', 'x' },
			     empty[] = { 0x80 }, expected[] = { 0x82, 1, 0xce, 0, 0, 0, 9, 2, 0xa1, '6' };
	struct running r;
	char current[3];

	begin(&r);
	r.radio.cannot = "7,";
	run(&r);
	request(&r.h, 17, 9, set, sizeof set);
	read_frame(&r.h, &f);
	cr_assert(f.command == 18 && f.code == 1 && f.seqno == 9 && f.len == sizeof expected);
	cr_assert_arr_eq(f.body, expected, sizeof expected);
	tuned(&r, "6");
	cr_assert_eq(aeriecap_current_channel(r.h.cap, current, sizeof current), 1u);
	cr_assert_str_eq(current, "6");

	request(&r.h, 17, 10, (const uint8_t[]){ 0x81, 1, 0xa1, '0' }, 4);
	read_frame(&r.h, &f);
	cr_assert(f.command == 18 && f.code == 0 && f.seqno == 10 && contains(&f, "there is no channel '0'"));
	request(&r.h, 17, 11, (const uint8_t[]){ 0x81, 1, 0xa1, '7' }, 4);
	read_frame(&r.h, &f);
	cr_assert(f.command == 18 && f.code == 0 && f.seqno == 11 && contains(&f, "invalid argument"));
	cr_assert_eq(aeriecap_current_channel(r.h.cap, current, sizeof current), 1u); /* still 6 */
	request(&r.h, 17, 12, empty, sizeof empty);
	read_frame(&r.h, &f);
	cr_assert(f.command == 18 && f.code == 0 && f.seqno == 12 && contains(&f, "neither a channel nor a list"));
	request(&r.h, 17, 13, none, sizeof none);
	read_frame(&r.h, &f);
	cr_assert(f.command == 18 && f.code == 1); /* atoi("6x") */
	end(&r, 0);
}

Test(aeriecap_radio, hop_report_is_golden_and_rate_has_a_ceiling, .timeout = 60)
{
	/* 1: 5 hops per second, 2: true, 3: 2 (of 5: n / 1 = 5 divides 5; 5 / 2 = 2 does not), 4: 1, 6: 1 */
	static const uint8_t expected[] = {
		0x82, 1, 0xce, 0, 0, 0, 5, 3, 0x86, 1, 0xca, 0x40, 0xa0, 0, 0, 2, 0xc3, 3, 0xcd, 0, 2, 4, 0xcd, 0, 1,
		6, 0xcc, 1, 5, 0x95, 0xa1, '1', 0xa1, '2', 0xa1, '3', 0xa1, '4', 0xa1, '5'
	};
	struct running r;

	begin(&r);
	aeriecap_set_max_hop_rate(r.h.cap, 5);
	run(&r);
	hop(&r, "1 2 3 4 5", true, 1);
	read_frame(&r.h, &f);
	cr_assert(f.command == 18 && f.code == 1 && f.seqno == 5);
	cr_assert_eq(f.len, sizeof expected);
	cr_assert_arr_eq(f.body, expected, sizeof expected);
	tuned(&r, "2 4 1");
	end(&r, 0);
}

Test(aeriecap_radio, values_that_a_request_leaves_out_stay, .timeout = 60)
{
	/* 2: { 3: 3, 5: ["1", "2", "3", "4", "5", "6", "7"] }; then 2: { 1: 20 (an integer), 5: [...] } */
	static const uint8_t first[] = { 0x81, 2, 0x84, 1, 20, 2, 1, 3, 3, 5, 0x97, 0xa1, '1', 0xa1, '2', 0xa1, '3', 0xa1, '4', 0xa1,
					 '5', 0xa1, '6', 0xa1, '7' },
			     then[] = { 0x81, 2, 0x81, 5, 0x97, 0xa1, '1', 0xa1, '2', 0xa1, '3', 0xa1, '4', 0xa1, '5', 0xa1, '6',
					0xa1, '7' };
	struct running r;

	begin(&r);
	run(&r);
	request(&r.h, 17, 5, first, sizeof first);
	read_frame(&r.h, &f);
	cr_assert_eq(f.code, 1);
	tuned(&r, "1 4 7 3");
	request(&r.h, 17, 6, then, sizeof then);
	read_frame(&r.h, &f);
	cr_assert_eq(f.code, 1);
	/* 20 per second, shuffled by 3 */
	cr_assert_arr_eq(f.body + 8, ((const uint8_t[]){ 0x86, 1, 0xca, 0x41, 0xa0, 0, 0, 2, 0xc3, 3, 0xcd, 0, 3 }), 13);
	end(&r, 0);
}

Test(aeriecap_radio, bad_hop_requests_are_refused_with_the_reason, .timeout = 60)
{
	static const struct {
		const char *octets;
		size_t len;
		const char *why;
	} rows[] = {
		{ "\x81\2\x81\1\5", 5, "without a list" },
		{ "\x81\2\x81\5\x90", 5, "without a list" },
		{ "\x81\2\x82\1\0\5\x91\xa1" "1", 9, "not above 0" },
		{ "\x81\2\x82\1\xca\x7f\xc0\0\0\5\x91\xa1" "1", 13, "not above 0" }, /* NaN */
		{ "\x81\2\x82\1\xca\x7f\x80\0\0\5\x91\xa1" "1", 13, "not above 0" }, /* infinite */
		{ "\x81\2\x81\5\x92\xa1" "1\7", 8, "no text" },
		{ "\x81\2\x81\5\x92\xa1x\xa0", 8, "none of the channels" },
	};
	struct running r;
	size_t i;

	begin(&r);
	run(&r);
	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		request(&r.h, 17, 20, rows[i].octets, rows[i].len);
		read_frame(&r.h, &f);
		cr_assert(f.command == 18 && f.code == 0 && f.seqno == 20, "row %zu", i);
		cr_assert(contains(&f, rows[i].why), "row %zu: %.*s", i, (int)f.len, (const char *)f.body);
	}
	end(&r, 0);
}

Test(aeriecap_radio, channels_that_are_none_are_left_out_and_named, .timeout = 60)
{
	struct running r;

	begin(&r);
	run(&r);
	hop(&r, "6 149x0 x 11", false, 0);
	read_frame(&r.h, &f);
	cr_assert(f.command == 18 && f.code == 1);
	cr_assert(contains(&f, "left out 2 of 4 channels that this source does not have, the first '149x0'"));
	tuned(&r, "6 11 6");
	end(&r, 0);
}

Test(aeriecap_radio, request_that_is_no_msgpack_ends_the_link, .timeout = 60)
{
	struct running r;

	begin(&r);
	run(&r);
	request(&r.h, 17, 5, "\x81\2\x81\5\x92\xa1", 6);
	read_frame(&r.h, &f);
	cr_assert(f.command == 6 && contains(&f, "command 17"));
	end(&r, 1);
}

Test(aeriecap_radio, source_without_channels_or_not_open_refuses, .timeout = 60)
{
	static const uint8_t set[] = { 0x81, 1, 0xa1, '6' };
	struct running r;

	begin(&r);
	aeriecap_on_channel(r.h.cap, NULL);
	request(&r.h, 17, 3, set, sizeof set);
	cr_assert_eq(pthread_create(&r.thread, NULL, run_loop, &r), 0);
	read_frame(&r.h, &f);
	cr_assert(f.command == 18 && f.code == 0 && contains(&f, "no source is open"));
	request(&r.h, 12, 1, definition, sizeof definition);
	read_frame(&r.h, &f);
	request(&r.h, 17, 3, set, sizeof set);
	read_frame(&r.h, &f);
	cr_assert(f.command == 18 && f.code == 0 && contains(&f, "this source has none"));
	end(&r, 0);
}

static int open_hopping(struct aeriecap *cap, uint32_t seqno, const char *text, struct aeriecap_info *info, char *msg)
{
	aeriecap_info_add_channel(info, "37");
	aeriecap_info_set_hop(info, 0.5, 0, 1, 2);
	return 0;
}

Test(aeriecap_radio, radio_that_hops_by_itself_says_so_when_opened, .timeout = 60)
{
	static const uint8_t expected[] = {
		0x85, 1, 0xce, 0, 0, 0, 1, 2, 0xce, 0, 0, 0, 0, 4, 0x91, 0xa2, '3', '7',
		6, 0x86, 1, 0xca, 0x3f, 0, 0, 0, 2, 0xc2, 3, 0xcd, 0, 1, 4, 0xcd, 0, 2, 6, 0xcc, 1, 5, 0x91, 0xa2, '3', '7',
		10, 0xa9, '1', '.', '2', '.', '3', '-', 'a', 'b', 'c'
	};
	struct running r;

	begin(&r);
	aeriecap_on_open(r.h.cap, open_hopping);
	run(&r);
	cr_assert_eq(f.len, sizeof expected);
	cr_assert_arr_eq(f.body, expected, sizeof expected);
	end(&r, 0);
}

/* --- Orders. */

Test(aeriecap_radio, channels_are_hopped_in_order_from_the_offset, .timeout = 60)
{
	struct running r;

	begin(&r);
	run(&r);
	hop(&r, "1 6 11", false, 1);
	read_frame(&r.h, &f);
	tuned(&r, "6 11 1 6 11 1 6");
	end(&r, 0);
}

Test(aeriecap_radio, shuffled_hops_visit_every_channel, .timeout = 60)
{
	struct running r;

	begin(&r);
	run(&r);
	/* 11 channels: 11 / 1 divides 11, 11 / 2 = 5 does not: steps of 2. */
	hop(&r, "1 2 3 4 5 6 7 8 9 10 11", true, 3);
	read_frame(&r.h, &f);
	tuned(&r, "4 6 8 10 1 3 5 7 9 11 2 4 6");
	end(&r, 0);
}

Test(aeriecap_radio, steps_follow_the_rule)
{
	/* n, spacing, step: worked out with n mod (n / s) == 0 -> s + 1, n - 1 -> 1, by hand; for 18 that gives 4, which leaves
	 * out every other channel, so that 5 is next. */
	static const uint32_t rows[][3] = {
		{ 1, 1, 1 },  { 2, 1, 1 },  { 3, 1, 1 },  { 5, 1, 2 },  { 9, 1, 2 },   { 10, 1, 3 }, { 11, 1, 2 },
		{ 12, 1, 1 }, { 13, 1, 2 }, { 14, 1, 3 }, { 16, 1, 3 }, { 25, 1, 2 },  { 11, 4, 4 }, { 11, 12, 2 },
		{ 20, 1, 3 }, { 18, 1, 5 }, { 39, 1, 2 },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct hop h = { 1, true, rows[i][1], 0, 0, NULL, rows[i][0] };

		hop_fit_step(&h);
		cr_assert_eq(h.step, rows[i][2], "%u channels: %u", rows[i][0], h.step);
	}
	for (i = 1; i < 300; i++) { /* whatever the rule finds, it leaves no channel out */
		struct hop h = { 1, true, 1, 0, 0, NULL, (uint32_t)i };
		size_t at = 0, k;

		hop_fit_step(&h);
		for (k = 1; k < i; k++) {
			at = (at + h.step) % i;
			cr_assert_neq(at, 0u, "%zu channels: back after %zu", i, k);
		}
	}
}

Test(aeriecap_radio, interval_follows_the_rate_and_has_a_floor)
{
	struct hop h = { 5, false, 1, 1, 0, NULL, 0 };

	cr_assert_eq(hop_interval_us(&h), 200000u);
	h.rate = 20.1;
	cr_assert_eq(hop_interval_us(&h), 50000u);
	h.rate = 1e30;
	cr_assert_eq(hop_interval_us(&h), 50000u);
	h.rate = 1.0 / 64; /* a hop a minute is as good */
	cr_assert_eq(hop_interval_us(&h), 64000000u);
}

Test(aeriecap_radio, fixed_channel_ends_the_hopping, .timeout = 60)
{
	struct running r;

	begin(&r);
	run(&r);
	hop(&r, "1 6 11", false, 0);
	read_frame(&r.h, &f);
	tuned(&r, "1 6");
	request(&r.h, 17, 9, (const uint8_t[]){ 0x81, 1, 0xa2, '1', '3' }, 5);
	read_frame(&r.h, &f);
	cr_assert(f.command == 18 && f.code == 1 && f.seqno == 9);
	cr_assert_eq(r.h.cap->hop_running, false);
	end(&r, 0);
}

/* --- Channels that fail. */

Test(aeriecap_radio, failing_channels_are_removed_after_the_round_and_told, .timeout = 60)
{
	static const uint8_t expected[] = { 0x83, 1, 0xce, 0, 0, 0, 0, 3, 0x86, 1, 0xca, 0x42, 0xc8, 0, 0, 2, 0xc2, 3,
					    0xcd, 0, 1, 4, 0xcd, 0, 0, 6, 0xcc, 1, 5, 0x92, 0xa1, '1', 0xa2, '1', '1', 4 };
	struct running r;

	begin(&r);
	r.radio.cannot = "12,13,";
	run(&r);
	hop(&r, "1 12 11 13", false, 0);
	read_frame(&r.h, &f);
	cr_assert_eq(f.seqno, 5u);
	tuned(&r, "1 12 11 13");
	read_frame(&r.h, &f);
	cr_assert(f.command == 18 && f.code == 1 && f.seqno == 0);
	cr_assert_arr_eq(f.body, expected, sizeof expected);
	cr_assert(contains(&f, "Removed 2 channels"));
	cr_assert(contains(&f, "invalid argument"));
	tuned(&r, "1 11 1 11");
	end(&r, 0);
}

Test(aeriecap_radio, source_ends_when_no_channel_is_left, .timeout = 60)
{
	struct running r;

	begin(&r);
	r.radio.cannot = "12,13,";
	run(&r);
	hop(&r, "12 13", false, 1);
	read_frame(&r.h, &f);
	tuned(&r, "13"); /* the round that began at the offset is over: 12 is left */
	read_frame(&r.h, &f);
	cr_assert(f.command == 18 && contains(&f, "Removed 1 channels"));
	tuned(&r, "12");
	read_frame(&r.h, &f);
	cr_assert(f.command == 6 && f.code == 1 && f.seqno == 0 && contains(&f, "cannot tune to any of 1 channels"));
	end(&r, 1);
}

Test(aeriecap_radio, radio_that_is_gone_while_hopping_is_an_error, .timeout = 60)
{
	struct running r;

	begin(&r);
	r.radio.broken = true;
	run(&r);
	hop(&r, "1 6", false, 0);
	read_frame(&r.h, &f);
	tuned(&r, "1");
	read_frame(&r.h, &f);
	cr_assert(f.command == 6 && f.seqno == 0 && contains(&f, "cannot tune to channel 1: unplugged"));
	end(&r, 1);
}

Test(aeriecap_radio, radio_that_is_gone_when_tuned_is_an_error_and_a_failed_report, .timeout = 60)
{
	struct running r;

	begin(&r);
	r.radio.broken = true;
	run(&r);
	request(&r.h, 17, 9, (const uint8_t[]){ 0x81, 1, 0xa1, '6' }, 4);
	read_frame(&r.h, &f);
	cr_assert(f.command == 6 && f.seqno == 9 && contains(&f, "unplugged"));
	read_frame(&r.h, &f);
	cr_assert(f.command == 18 && f.code == 0 && f.seqno == 9 && contains(&f, "unplugged"));
	end(&r, 1);
}

/* --- warn and error. */

static int capture_giving_up(struct aeriecap *cap, char *msg)
{
	aeriecap_warn(cap, "hot: %d", 90);
	aeriecap_error(cap, "too hot: %d", 100);
	return capture(cap, msg);
}

Test(aeriecap_radio, warning_goes_on_and_error_ends, .timeout = 60)
{
	struct running r;

	begin(&r);
	aeriecap_on_capture(r.h.cap, capture_giving_up);
	run(&r);
	read_frame(&r.h, &f);
	cr_assert(f.command == 5 && contains(&f, "hot: 90"));
	cr_assert_eq(f.body[3], 4);
	read_frame(&r.h, &f);
	cr_assert(f.command == 6 && f.seqno == 0 && contains(&f, "too hot: 100"));
	end(&r, 1);
}

/* --- Utilities. */

Test(aeriecap_radio, lists_are_split_and_merged_whatever_the_case)
{
	char **a, **b, **c;
	size_t n_a, n_b, n_c;

	cr_assert_eq(aeriecap_split("1, 6HT40+ ,,11,", 15, ',', &a, &n_a), 0);
	cr_assert_eq(n_a, 3u);
	cr_assert_str_eq(a[1], "6HT40+");
	cr_assert_eq(aeriecap_split("6ht40+,36,1,36", 14, ',', &b, &n_b), 0);
	cr_assert_eq(aeriecap_merge_channels(a, n_a, b, n_b, &c, &n_c), 0);
	cr_assert_eq(n_c, 4u);
	cr_assert_str_eq(c[0], "1");
	cr_assert_str_eq(c[1], "6HT40+");
	cr_assert_str_eq(c[2], "11");
	cr_assert_str_eq(c[3], "36");
	aeriecap_texts_free(a, n_a);
	aeriecap_texts_free(b, n_b);
	aeriecap_texts_free(c, n_c);
	cr_assert_eq(aeriecap_split("", 0, ',', &a, &n_a), 0);
	cr_assert_eq(n_a, 0u);
	aeriecap_texts_free(a, n_a);
}

Test(aeriecap_radio, frequencies_are_read_in_every_unit)
{
	static const struct {
		const char *text;
		double khz; /* 0: none */
	} rows[] = {
		{ "2437MHz", 2437000 }, { "2.437 GHz", 2437000 }, { "433.92e6", 433920 }, { "433920000hz", 433920 },
		{ "5khz", 5 },	 { "0", 0.0 },	     { "", -1 },	       { "MHz", -1 },
		{ "5 m", -1 },	 { "nan", -1 },	     { "-5", -1 },	       { "0x10", -1 },
		{ "1e999", -1 }, { "5MHzz", -1 },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		double khz = -2;

		cr_assert_eq(aeriecap_parse_frequency(rows[i].text, &khz), rows[i].khz < 0 ? -1 : 0, "'%s'", rows[i].text);
		cr_assert_lt(fabs(khz - (rows[i].khz < 0 ? -2 : rows[i].khz)), 1e-6, "'%s': %g", rows[i].text, khz);
	}
}

Test(aeriecap_radio, json_text_is_escaped)
{
	char to[64];

	cr_assert_eq(aeriecap_json_escape("a\"\\\n\x01\xc3\xa9\xff", to, sizeof to), 1 + 2 + 2 + 2 + 6 + 2 + 3);
	cr_assert_str_eq(to, "a\\\"\\\\\\n\\u0001\xc3\xa9\xef\xbf\xbd");
	cr_assert_eq(aeriecap_json_escape("abc", to, 4), 3);
	cr_assert_eq(aeriecap_json_escape("abcd", to, 4), -1);
	cr_assert_eq(aeriecap_json_escape("ab\n", to, 4), -1);
}

Test(aeriecap_radio, options_of_one_name_are_counted)
{
	cr_assert_eq(aeriecap_count_options("x:a=1,b=\"a=2,\",A=3", "a"), 2);
	cr_assert_eq(aeriecap_count_options("x", "a"), 0);
	cr_assert_eq(aeriecap_count_options("x:a", "a"), -1);
}

#ifdef __linux__
static unsigned long long status_value(const char *name)
{
	FILE *file = fopen("/proc/thread-self/status", "r");
	char line[256];
	unsigned long long v = ~0ull;

	cr_assert_not_null(file);
	while (fgets(line, sizeof line, file))
		if (strncmp(line, name, strlen(name)) == 0)
			v = strtoull(line + strlen(name), NULL, 16);
	fclose(file);
	return v;
}

Test(aeriecap_radio, only_the_named_capabilities_are_left)
{
	uint64_t keep = AERIECAP_CAPABILITY(12) | AERIECAP_CAPABILITY(40), had = status_value("CapPrm:");

	cr_assert_eq(aeriecap_drop_capabilities(keep), 0);
	cr_assert_eq(status_value("CapPrm:"), had & keep); /* nothing is gained either */
	cr_assert_eq(status_value("CapEff:"), had & keep);
	cr_assert_eq(status_value("CapInh:"), 0u);
	cr_assert_eq(status_value("CapAmb:"), 0u);
	cr_assert_eq(status_value("NoNewPrivs:"), 1u);
	cr_assert_eq(aeriecap_drop_capabilities(~UINT64_C(0)), 0);
	cr_assert_eq(status_value("CapPrm:"), had & keep);
}

static pthread_barrier_t barrier;

static void *see_users(void *data)
{
	uid_t *uids = data;

	pthread_barrier_wait(&barrier); /* it is there */
	pthread_barrier_wait(&barrier); /* the user has changed */
	return (void *)(intptr_t)(getresuid(&uids[0], &uids[1], &uids[2]) == 0 && uids[0] == uids[1] && uids[1] == uids[2]);
}

/* As a set-user-ID program is started: the user is another one, root is the effective and the saved user. */
Test(aeriecap_radio, set_user_id_program_becomes_its_user_and_keeps_what_it_needs)
{
	const uint64_t keep = AERIECAP_CAPABILITY(12);
	uid_t uids[3], theirs[3];
	pthread_t other;
	void *same;
	int sig = 0;

	if (!(status_value("CapEff:") & AERIECAP_CAPABILITY(7)) || geteuid() != 0)
		return; /* without CAP_SETUID nobody can be another user */
	cr_assert_eq(setresuid(65534, 0, 0), 0);
	cr_assert_eq(prctl(PR_SET_PDEATHSIG, SIGTERM), 0);
	cr_assert_eq(pthread_barrier_init(&barrier, NULL, 2), 0);
	cr_assert_eq(pthread_create(&other, NULL, see_users, theirs), 0);
	pthread_barrier_wait(&barrier);
	cr_assert_eq(aeriecap_drop_capabilities(keep), 0);
	pthread_barrier_wait(&barrier);
	cr_assert_eq(pthread_join(other, &same), 0);
	cr_assert_eq(getresuid(&uids[0], &uids[1], &uids[2]), 0);
	cr_expect(uids[0] == 65534 && uids[1] == 65534 && uids[2] == 65534);
	cr_expect(same && theirs[0] == 65534);
	cr_expect_eq(status_value("CapPrm:"), keep);
	cr_expect_eq(status_value("CapEff:"), keep);
	cr_expect_eq(setuid(0), -1);
	cr_expect_eq(prctl(PR_GET_PDEATHSIG, &sig), 0);
	cr_expect_eq(sig, SIGTERM, "it still ends with its parent");
}
#endif
