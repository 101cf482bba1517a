/* SPDX-License-Identifier: MIT */
/* Channel texts. Frequencies and centres: IEEE 802.11-2020 tables E-1 to E-4 and 15.4.4.3, 802.11ax-2021 27.3.23.2, and
 * for 320 MHz 802.11be table 36-77; by hand from there. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "../channels.h"

struct row {
	const char *text;
	uint32_t mhz, center, width;
	const char *back; /* NULL: the same text */
};

static void check_row(const struct row *row)
{
	struct channel c = {0, 0, 99};
	char why[200] = "", text[CHANNEL_TEXT_ROOM];

	cr_assert_eq(channel_parse(row->text, &c, why, sizeof why), 0, "%s: %s", row->text, why);
	cr_expect_eq(c.mhz, row->mhz, "%s: %u MHz", row->text, c.mhz);
	cr_expect_eq(c.center, row->center, "%s: centre %u", row->text, c.center);
	cr_expect_eq(c.width, row->width, "%s: width %u", row->text, c.width);
	channel_format(&c, text, sizeof text);
	cr_expect_str_eq(text, row->back ? row->back : row->text);
}

#define CHECK_ROWS(rows)                                                                                               \
	do {                                                                                                           \
		size_t row_i;                                                                                          \
		for (row_i = 0; row_i < sizeof(rows) / sizeof *(rows); row_i++)                                        \
			check_row(&(rows)[row_i]);                                                                     \
	} while (0)

#define NOHT NL80211_CHAN_WIDTH_20_NOHT
#define W20  NL80211_CHAN_WIDTH_20
#define W40  NL80211_CHAN_WIDTH_40
#define W80  NL80211_CHAN_WIDTH_80
#define W160 NL80211_CHAN_WIDTH_160
#define W320 NL80211_CHAN_WIDTH_320

Test(channel_text, channels_of_2_4_ghz)
{
	static const struct row rows[] = {
	    {"1", 2412, 2412, NOHT, NULL},
	    {"6", 2437, 2437, NOHT, NULL},
	    {"13", 2472, 2472, NOHT, NULL},
	    {"14", 2484, 2484, NOHT, NULL},
	    {"6HT20", 2437, 2437, W20, NULL},
	    {"6HT40+", 2437, 2447, W40, NULL},
	    {"6HT40-", 2437, 2427, W40, NULL},
	    {"1HT40+", 2412, 2422, W40, NULL},
	    {"13HT40-", 2472, 2462, W40, NULL},
	    {"5W5", 2432, 2432, NL80211_CHAN_WIDTH_5, NULL},
	    {"5W10", 2432, 2432, NL80211_CHAN_WIDTH_10, NULL},
	};

	CHECK_ROWS(rows);
}

Test(channel_text, channels_of_5_ghz)
{
	static const struct row rows[] = {
	    {"36", 5180, 5180, NOHT, NULL},
	    {"64", 5320, 5320, NOHT, NULL},
	    {"144", 5720, 5720, NOHT, NULL},
	    {"165", 5825, 5825, NOHT, NULL},
	    {"177", 5885, 5885, NOHT, NULL},
	    {"184", 4920, 4920, NOHT, NULL}, /* starting frequency 4 GHz */
	    {"36HT20", 5180, 5180, W20, NULL},
	    {"36HT40+", 5180, 5190, W40, NULL},
	    {"40HT40-", 5200, 5190, W40, NULL},
	    {"157HT40+", 5785, 5795, W40, NULL},
	    {"36VHT80", 5180, 5210, W80, NULL},
	    {"48VHT80", 5240, 5210, W80, NULL},
	    {"52VHT80", 5260, 5290, W80, NULL},
	    {"112VHT80", 5560, 5530, W80, NULL},
	    {"116VHT80", 5580, 5610, W80, NULL},
	    {"144VHT80", 5720, 5690, W80, NULL},
	    {"161VHT80", 5805, 5775, W80, NULL},
	    {"165VHT80", 5825, 5855, W80, NULL},
	    {"36VHT160", 5180, 5250, W160, NULL},
	    {"64VHT160", 5320, 5250, W160, NULL},
	    {"128VHT160", 5640, 5570, W160, NULL},
	    {"149VHT160", 5745, 5815, W160, NULL},
	    {"36W10", 5180, 5180, NL80211_CHAN_WIDTH_10, NULL},
	};

	CHECK_ROWS(rows);
}

Test(channel_text, channels_of_6_ghz)
{
	static const struct row rows[] = {
	    {"1W6e", 5955, 5955, W20, NULL},
	    {"2W6e", 5935, 5935, W20, NULL},
	    {"5W6e", 5975, 5975, W20, NULL},
	    {"233W6e", 7115, 7115, W20, NULL},
	    {"37-W6e", 6135, 6135, W20, "37W6e"},
	    {"37W6eHE20", 6135, 6135, W20, "37W6e"},
	    {"1W6eHE40", 5955, 5965, W40, NULL},
	    {"5W6eHE40", 5975, 5965, W40, NULL},
	    {"229W6eHE40", 7095, 7085, W40, NULL},
	    {"1W6eHE80", 5955, 5985, W80, NULL},
	    {"221W6eHE80", 7055, 7025, W80, NULL},
	    {"37W6eHE160", 6135, 6185, W160, NULL},
	    {"221W6eHE160", 7055, 6985, W160, NULL},
	    {"1W6eEHT320", 5955, 6105, W320, NULL},   /* 320-1, centre 31 */
	    {"221W6eEHT320", 7055, 6905, W320, NULL}, /* only 320-2 has it: centre 191 */
	    {"37W6eEHT320-63", 6135, 6265, W320, "37W6eEHT320-6265"},
	};

	CHECK_ROWS(rows);
}

Test(channel_text, a_centre_may_be_given_by_number_or_mhz)
{
	static const struct row rows[] = {
	    {"36VHT80-42", 5180, 5210, W80, "36VHT80"},
	    {"36VHT80-5210", 5180, 5210, W80, "36VHT80"},
	    {"44VHT160-50", 5220, 5250, W160, "44VHT160"},
	    {"40VHT80-46", 5200, 5230, W80, "40VHT80-5230"}, /* not one of the standard's, but 40 is in it */
	    {"37W6eHE160-47", 6135, 6185, W160, "37W6eHE160"},
	};

	CHECK_ROWS(rows);
}

Test(channel_text, case_does_not_matter)
{
	static const struct row rows[] = {
	    {"6ht40+", 2437, 2447, W40, "6HT40+"},
	    {"36vht80", 5180, 5210, W80, "36VHT80"},
	    {"37w6E", 6135, 6135, W20, "37W6e"},
	    {"6w10", 2437, 2437, NL80211_CHAN_WIDTH_10, "6W10"},
	};

	CHECK_ROWS(rows);
}

Test(channel_text, what_has_no_number_goes_by_frequency)
{
	static const struct row rows[] = {
	    {"5925MHz", 5925, 5925, NOHT, NULL}, /* 185 is 4925 MHz */
	    {"5910MHz", 5910, 5910, NOHT, NULL}, /* 182 is 4910 MHz */
	    {"2437MHz", 2437, 2437, NOHT, "6"},
	    {"6135mhz", 6135, 6135, W20, "37W6e"},
	};

	CHECK_ROWS(rows);
}

Test(channel_text, every_text_of_the_table_of_numbers_comes_back)
{
	static const enum wiphy_band_id bands[] = {BAND_2GHZ, BAND_5GHZ, BAND_6GHZ};
	uint32_t n, found = 0;
	size_t i;

	for (i = 0; i < 3; i++)
		for (n = 0; n < 300; n++) {
			struct channel c, back;
			char text[CHANNEL_TEXT_ROOM], why[200];

			c.mhz = c.center = channel_mhz(bands[i], n);
			c.width = bands[i] == BAND_6GHZ ? W20 : NOHT;
			if (!c.mhz)
				continue;
			found++;
			channel_format(&c, text, sizeof text);
			cr_assert_eq(channel_parse(text, &back, why, sizeof why), 0, "%s", text);
			cr_expect(back.mhz == c.mhz && back.center == c.center && back.width == c.width, "%s", text);
		}
	cr_expect_eq(found, 14 + 165 + 60); /* 1-14; 32-196; 1, 5, ... 233 and 2 */
}

Test(channel_text, malformed_texts_are_refused_with_a_reason)
{
	static const char *const texts[] = {
	    "",
	    " 6",
	    "6 ",
	    "x",
	    "-6",
	    "06",
	    "0",
	    "+6",
	    "15",
	    "31",
	    "197",
	    "255",
	    "4294967302",
	    "99999999999999999999",
	    "6HT",
	    "6HT40",
	    "6HT40*",
	    "6HT40+x",
	    "6HT80",
	    "14HT40-",
	    "14HT40+",
	    "1HT40-",
	    "13HT40+",
	    "6VHT80",
	    "6VHT160",
	    "36VHT40",
	    "36VHT80+",
	    "36VHT80-",
	    "36VHT80-x",
	    "36VHT80-58",
	    "36VHT80-43",
	    "36VHT80-5200",
	    "36VHT80-42x",
	    "36VHT160-56",
	    "144VHT160",
	    "36VHT320",
	    "32VHT80",
	    "3W6e",
	    "237W6e",
	    "6W6e",
	    "2W6eHE40",
	    "37W6eHT40+",
	    "37W6eVHT80",
	    "233W6eHE40",
	    "225W6eHE80",
	    "1W6eEHT320-63",
	    "37--W6e",
	    "37W6",
	    "W6e",
	    "5W20",
	    "6W",
	    "36HE80",
	    "2399MHz",
	    "7126MHz",
	    "5925MHzHT20",
	    "2437GHz",
	};
	size_t i;

	for (i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct channel c = {1, 2, 3};
		char why[200] = "";

		cr_expect_eq(channel_parse(texts[i], &c, why, sizeof why), -EINVAL, "'%s' was taken", texts[i]);
		cr_expect(c.mhz == 1 && c.center == 2 && c.width == 3, "'%s' changed the result", texts[i]);
		cr_expect_neq(why[0], 0, "'%s': no reason", texts[i]);
	}
}

/* --- Lists. */

struct texts {
	char all[8192];
	size_t n;
};

static int collect(void *user, const struct channel *c)
{
	struct texts *t = user;
	char text[CHANNEL_TEXT_ROOM];

	channel_format(c, text, sizeof text);
	if (t->n++)
		strcat(t->all, " ");
	strcat(t->all, text);
	return 0;
}

static const struct channel_wish everything = {.ht = true, .vht = true, .he = true, .band = {true, true, true}};

static void add(struct wiphy *w, enum wiphy_band_id band, uint32_t mhz, uint32_t flags)
{
	w->freqs[w->n_freqs++] = (struct wiphy_freq){mhz, flags, band};
}

static void expect_list(const struct wiphy *w, const struct channel_wish *wish, const char *expected)
{
	struct texts t = {"", 0};

	cr_assert_eq(channels_list(w, wish, collect, &t), 0);
	cr_expect_str_eq(t.all, expected);
}

Test(channel_list, a_radio_of_2_4_ghz_lists_what_its_regulatory_flags_allow)
{
	struct wiphy w = {.widths = {[BAND_2GHZ] = WIDTH_HT | WIDTH_40}};
	struct channel_wish wish = everything;
	uint32_t n;

	for (n = 1; n <= 7; n++)
		add(&w, BAND_2GHZ, channel_mhz(BAND_2GHZ, n),
		    n == 7   ? FREQ_DISABLED
		    : n == 6 ? FREQ_NO_HT40_MINUS
		    : n == 2 ? FREQ_NO_HT40_PLUS
			     : FREQ_NO_IR);
	expect_list(&w, &wish, "1 1HT40+ 2 3 4 5 5HT40- 6");
	w.freqs[5].flags = 0;
	expect_list(&w, &wish, "1 1HT40+ 2 3 4 5 5HT40- 6 6HT40-");
	wish.default_ht20 = true;
	wish.ht = false;
	expect_list(&w, &wish, "1HT20 2HT20 3HT20 4HT20 5HT20 6HT20");
	wish.default_ht20 = false;
	wish.expand_ht20 = true;
	expect_list(&w, &wish, "1 1HT20 2 2HT20 3 3HT20 4 4HT20 5 5HT20 6 6HT20");
}

Test(channel_list, a_radio_without_ht_lists_plain_channels_whatever_is_wished)
{
	struct wiphy w = {.n_freqs = 0};
	struct channel_wish wish = everything;

	add(&w, BAND_2GHZ, 2412, 0);
	add(&w, BAND_2GHZ, 2432, 0);
	wish.default_ht20 = true;
	expect_list(&w, &wish, "1 5");
}

Test(channel_list, pairs_and_blocks_of_5_ghz_are_those_of_the_standard)
{
	struct wiphy w = {.widths = {[BAND_5GHZ] = WIDTH_HT | WIDTH_40 | WIDTH_80}};
	struct channel_wish wish = everything;

	add(&w, BAND_5GHZ, 5180, 0);
	add(&w, BAND_5GHZ, 5200, 0);
	add(&w, BAND_5GHZ, 5220, 0);
	add(&w, BAND_5GHZ, 5240, 0);
	add(&w, BAND_5GHZ, 5260, FREQ_NO_80);
	expect_list(&w, &wish, "36 36HT40+ 36VHT80 40 40HT40- 40VHT80 44 44HT40+ 44VHT80 48 48HT40- 48VHT80 52");
	w.freqs[3].flags = FREQ_NO_80; /* then none of the four has it */
	expect_list(&w, &wish, "36 36HT40+ 40 40HT40- 44 44HT40+ 48 48HT40- 52");
	wish.ht = false;
	wish.band[BAND_5GHZ] = false;
	expect_list(&w, &wish, "");
}

Test(channel_list, a_160_mhz_channel_needs_all_of_its_eight)
{
	struct wiphy w = {.widths = {[BAND_5GHZ] = WIDTH_80 | WIDTH_160}};
	struct channel_wish wish = everything;
	struct texts t = {"", 0};
	uint32_t n;

	for (n = 36; n <= 64; n += 4)
		add(&w, BAND_5GHZ, 5000 + 5 * n, 0);
	cr_assert_eq(channels_list(&w, &wish, collect, &t), 0);
	cr_expect_eq(t.n, 8 * 3); /* plain, 80, 160 */
	cr_expect(strstr(t.all, "36 36VHT80 36VHT160 40"));
	w.freqs[7].flags = FREQ_DISABLED;
	memset(&t, 0, sizeof t);
	cr_assert_eq(channels_list(&w, &wish, collect, &t), 0);
	cr_expect_eq(t.n, 7 + 4);
	cr_expect_null(strstr(t.all, "VHT160"));
}

Test(channel_list, wide_channels_of_6_ghz_go_by_he)
{
	struct wiphy w = {.widths = {[BAND_6GHZ] = WIDTH_40 | WIDTH_80}};
	struct channel_wish wish = everything;

	add(&w, BAND_6GHZ, 5935, 0);
	add(&w, BAND_6GHZ, 5955, 0);
	add(&w, BAND_6GHZ, 5975, 0);
	add(&w, BAND_6GHZ, 5995, 0);
	add(&w, BAND_6GHZ, 6015, FREQ_NO_HE);
	expect_list(&w, &wish, "2W6e 1W6e 1W6eHE40 1W6eHE80 5W6e 5W6eHE40 5W6eHE80 9W6e 9W6eHE40 9W6eHE80 13W6e");
	w.freqs[1].flags = FREQ_NO_HT40_PLUS;
	w.freqs[2].flags = FREQ_NO_HT40_MINUS;
	expect_list(&w, &wish, "2W6e 1W6e 1W6eHE80 5W6e 5W6eHE80 9W6e 9W6eHE40 9W6eHE80 13W6e");
	wish.he = false;
	expect_list(&w, &wish, "2W6e 1W6e 5W6e 9W6e 13W6e");
}

/* As where a licence is for wide channels only. */
Test(channel_list, without_20_mhz_a_frequency_has_its_wider_channels)
{
	struct wiphy w = {.widths = {[BAND_2GHZ] = WIDTH_HT | WIDTH_40}};

	add(&w, BAND_2GHZ, 2412, FREQ_NO_20);
	add(&w, BAND_2GHZ, 2432, 0);
	expect_list(&w, &everything, "1HT40+ 5 5HT40-");
}

static int count_one(void *user, const struct channel *c)
{
	++*(uint32_t *)user;
	return 0;
}

Test(channel_list, has_a_limit)
{
	static struct wiphy w = {.widths = {[BAND_2GHZ] = WIDTH_HT | WIDTH_40}};
	struct channel_wish wish = everything;
	uint32_t n = 0, i;

	add(&w, BAND_2GHZ, 2412, 0);
	add(&w, BAND_2GHZ, 2452, 0);
	for (i = 2; i < WIPHY_FREQS_MAX; i++)
		add(&w, BAND_2GHZ, 2432, 0); /* four channels of each */
	wish.expand_ht20 = true;
	cr_assert_eq(channels_list(&w, &wish, count_one, &n), 0);
	cr_expect_eq(n, CHANNEL_LIST_MAX);
}

static int stop_at_second(void *user, const struct channel *c)
{
	return ++*(int *)user == 2 ? -7 : 0;
}

Test(channel_list, ends_when_told_to)
{
	struct wiphy w = {.n_freqs = 0};
	int n = 0;

	add(&w, BAND_2GHZ, 2412, 0);
	add(&w, BAND_2GHZ, 2417, 0);
	add(&w, BAND_2GHZ, 2422, 0);
	cr_expect_eq(channels_list(&w, &everything, stop_at_second, &n), -7);
	cr_expect_eq(n, 2);
}
