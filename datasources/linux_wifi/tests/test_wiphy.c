/* SPDX-License-Identifier: MIT */
/* nl80211's answers, recorded from mac80211_hwsim radios of Linux 6.1 (data/: per message a little-endian length and
 * its attributes). Expected values: what iw 5.19 printed of the same radios at the same moment. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <netlink/attr.h>
#include <netlink/msg.h>

#include "../channels.h"
#include "../wiphy.h"

typedef int message_fn(void *user, const void *attrs, int len);

/* Gives each recorded message to fn: how many there were. */
static int replay(const char *name, message_fn *fn, void *user)
{
	const char *top = getenv("AERIE_SOURCE");
	char path[4096];
	uint8_t head[4];
	FILE *f;
	int n = 0;

	snprintf(path, sizeof path, "%s/datasources/linux_wifi/tests/data/%s", top ? top : ".", name);
	f = fopen(path, "rb");
	cr_assert(f, "%s", path);
	while (fread(head, 1, 4, f) == 4) {
		uint32_t len = head[0] | (uint32_t)head[1] << 8 | (uint32_t)head[2] << 16;
		void *attrs = malloc(len);

		cr_assert_eq(fread(attrs, 1, len, f), len);
		cr_assert_eq(fn(user, attrs, (int)len), 0);
		free(attrs);
		n++;
	}
	fclose(f);
	return n;
}

static int add_to_wiphy(void *user, const void *attrs, int len)
{
	return wiphy_parse(user, attrs, len);
}

static uint32_t count(const struct wiphy *w, enum wiphy_band_id band, uint32_t flags)
{
	uint32_t i, n = 0;

	for (i = 0; i < w->n_freqs; i++)
		n += w->freqs[i].band == band && (w->freqs[i].flags & flags) == flags;
	return n;
}

Test(wiphy, a_split_dump_gives_bands_frequencies_and_modes)
{
	static struct wiphy w;

	cr_assert_eq(replay("hwsim_us.wiphy", add_to_wiphy, &w), 189);
	cr_expect_eq(w.index, 0);
	cr_expect_str_eq(w.name, "phy0");
	cr_expect(wiphy_has_mode(&w, NL80211_IFTYPE_MONITOR));
	cr_expect(wiphy_has_mode(&w, NL80211_IFTYPE_STATION));
	cr_expect_not(wiphy_has_mode(&w, NL80211_IFTYPE_WDS));
	cr_expect_not(wiphy_has_mode(&w, 64));
	cr_expect_eq(count(&w, BAND_2GHZ, 0), 14);
	cr_expect_eq(count(&w, BAND_2GHZ, FREQ_DISABLED), 3);
	cr_expect_eq(count(&w, BAND_5GHZ, 0), 40);
	cr_expect_eq(count(&w, BAND_5GHZ, FREQ_DISABLED), 8);
	cr_expect_eq(count(&w, BAND_6GHZ, 0), 59);
	cr_expect_eq(count(&w, BAND_6GHZ, FREQ_NO_IR), 59);
	cr_expect_eq(count(&w, BAND_6GHZ, FREQ_DISABLED), 0);
	cr_expect_eq(w.widths[BAND_2GHZ] & (WIDTH_HT | WIDTH_40 | WIDTH_80), WIDTH_HT | WIDTH_40);
	cr_expect_eq(w.widths[BAND_5GHZ], WIDTH_HT | WIDTH_40 | WIDTH_80 | WIDTH_160);
	cr_expect_eq(w.widths[BAND_6GHZ], WIDTH_40 | WIDTH_80 | WIDTH_160 | WIDTH_320);
	cr_expect_gt(w.ignored, 0); /* the band below 1 GHz */
}

Test(wiphy, flags_of_a_frequency_are_the_regulatory_domains)
{
	static struct wiphy us, world;

	replay("hwsim_us.wiphy", add_to_wiphy, &us);
	replay("hwsim_world.wiphy", add_to_wiphy, &world);
	cr_expect(wiphy_find(&us, 2412)->flags & FREQ_NO_HT40_MINUS);
	cr_expect_not(wiphy_find(&us, 2412)->flags & FREQ_NO_HT40_PLUS);
	cr_expect(wiphy_find(&us, 2467)->flags & FREQ_DISABLED);
	cr_expect_not(wiphy_find(&world, 2467)->flags & FREQ_DISABLED);
	cr_expect(wiphy_find(&us, 5845)->flags & FREQ_NO_IR);
	cr_expect_null(wiphy_find(&us, 5720));
	cr_expect_null(wiphy_find(&us, 906));
}

struct found {
	struct wiphy_interface list[16];
	size_t n;
};

static int add_interface(void *user, const void *attrs, int len)
{
	struct found *f = user;
	int r = wiphy_interface_parse(&f->list[f->n], attrs, len);

	f->n += r == 0;
	return r;
}

Test(wiphy, interfaces_have_radio_mode_address_and_channel)
{
	static const uint8_t mac[] = {2, 0, 0, 0, 1, 0};
	static struct found f;

	cr_assert_eq(replay("hwsim.interfaces", add_interface, &f), 6);
	cr_assert_eq(f.n, 6);
	cr_expect_str_eq(f.list[0].name, "wlan3");
	cr_expect_eq(f.list[0].index, 5);
	cr_expect_eq(f.list[0].wiphy, 3);
	cr_expect_eq(f.list[0].mode, NL80211_IFTYPE_STATION);
	cr_expect_eq(f.list[0].mhz, 0);
	cr_expect_str_eq(f.list[2].name, "ib");
	cr_expect_eq(f.list[2].mode, NL80211_IFTYPE_ADHOC);
	cr_expect_str_eq(f.list[3].name, "mon1");
	cr_expect_eq(f.list[3].wiphy, 1);
	cr_expect_eq(f.list[3].mode, NL80211_IFTYPE_MONITOR);
	cr_expect_arr_eq(f.list[3].mac, mac, 6);
	cr_expect_eq(f.list[3].mhz, 5180);
	cr_expect_eq(f.list[3].center, 5210);
	cr_expect_eq(f.list[3].width, NL80211_CHAN_WIDTH_80);
	cr_expect_str_eq(f.list[5].name, "wlan0");
}

static int expect_radio(void *user, const void *attrs, int len)
{
	struct wiphy_interface radio = {.index = 9};

	cr_expect_eq(wiphy_radio_parse(&radio, attrs, len), 0);
	cr_expect_str_eq(radio.name, "phy0");
	cr_expect(radio.index == 0 && radio.wiphy == 0 && radio.mode == 0 && radio.mhz == 0);
	return 0;
}

Test(wiphy, a_radio_is_known_from_each_of_its_messages)
{
	cr_assert_gt(replay("hwsim_us.wiphy", expect_radio, NULL), 1);
}

static int parse_radio(uint32_t wiphy, const char *name)
{
	struct nl_msg *msg = nlmsg_alloc();
	struct wiphy_interface radio;
	int r;

	cr_assert(msg && nlmsg_put(msg, 0, 0, 0, 0, 0));
	nla_put_u32(msg, NL80211_ATTR_WIPHY, wiphy);
	nla_put_string(msg, NL80211_ATTR_WIPHY_NAME, name);
	r = wiphy_radio_parse(&radio, nlmsg_data(nlmsg_hdr(msg)), nlmsg_datalen(nlmsg_hdr(msg)));
	nlmsg_free(msg);
	return r;
}

Test(wiphy, a_radio_whose_name_is_too_long_for_a_definition_is_none)
{
	cr_expect_eq(parse_radio(1, "radio-on-the-ro"), 0);
	cr_expect_eq(parse_radio(1, "radio-on-the-roo"), -ENOENT);
	cr_expect_eq(parse_radio(1, ""), -ENOENT);
}

struct tally {
	size_t n, n80, n160, n320, n_6;
	char first[CHANNEL_TEXT_ROOM], last[CHANNEL_TEXT_ROOM];
};

static int add_to_tally(void *user, const struct channel *c)
{
	struct tally *t = user;
	struct channel back;
	char why[200];

	channel_format(c, t->last, sizeof t->last);
	if (t->n++ == 0)
		memcpy(t->first, t->last, sizeof t->first);
	t->n80 += c->width == NL80211_CHAN_WIDTH_80;
	t->n160 += c->width == NL80211_CHAN_WIDTH_160;
	t->n320 += c->width == NL80211_CHAN_WIDTH_320;
	t->n_6 += c->mhz >= 5950;
	cr_expect_eq(channel_parse(t->last, &back, why, sizeof why), 0, "%s", t->last);
	cr_expect(back.mhz == c->mhz && back.center == c->center && back.width == c->width, "%s", t->last);
	return 0;
}

Test(wiphy, every_channel_of_a_real_list_can_be_translated_back)
{
	const struct channel_wish wish = {.ht = true, .vht = true, .he = true, .band = {true, true, true}};
	static struct wiphy w;
	struct tally t;

	memset(&t, 0, sizeof t);
	replay("hwsim_us.wiphy", add_to_wiphy, &w);
	cr_assert_eq(channels_list(&w, &wish, add_to_tally, &t), 0);
	cr_expect_str_eq(t.first, "1");
	cr_expect_str_eq(t.last, "233W6e");
	/* 80 MHz: 36-64, 100-128, 149-161, 165-177 (28 primaries; 132-144 lacks 144), and 14 blocks of four in 6 GHz */
	cr_expect_eq(t.n80, 8 + 8 + 4 + 4 + 14 * 4);
	/* 160 MHz: 36-64, 100-128, 149-177, and 7 blocks of eight in 6 GHz */
	cr_expect_eq(t.n160, 3 * 8 + 7 * 8);
	/* 320 MHz: 1-61, 65-125, 129-189 by 320-1, and what is left of 320-2, 193-221 */
	cr_expect_eq(t.n320, 3 * 16 + 8);
	/* 59 of 20 MHz, and 29 pairs */
	cr_expect_eq(t.n_6, 59 + 29 * 2 + 14 * 4 + 7 * 8 + 56);
}

/* --- What a kernel would not send. */

static struct nl_msg *message(void)
{
	struct nl_msg *msg = nlmsg_alloc();

	cr_assert(msg && nlmsg_put(msg, 0, 0, 0, 0, 0));
	return msg;
}

static int parse_wiphy(struct nl_msg *msg, struct wiphy *w)
{
	struct nlmsghdr *h = nlmsg_hdr(msg);
	int r = wiphy_parse(w, nlmsg_data(h), nlmsg_datalen(h));

	nlmsg_free(msg);
	return r;
}

Test(wiphy, a_message_without_a_wiphy_is_not_one)
{
	struct nl_msg *msg = message();
	struct wiphy w = {.index = 7};

	nla_put_string(msg, NL80211_ATTR_WIPHY_NAME, "phy9");
	cr_expect_eq(parse_wiphy(msg, &w), -ENOENT);
	cr_expect_str_eq(w.name, "");
}

Test(wiphy, attributes_that_are_too_short_are_refused)
{
	struct nl_msg *msg = message();
	struct wiphy w = {.index = 7};

	nla_put_u16(msg, NL80211_ATTR_WIPHY, 3);
	cr_expect_eq(parse_wiphy(msg, &w), -EINVAL);
	cr_expect_eq(w.index, 7);
}

Test(wiphy, more_frequencies_than_the_limit_are_counted)
{
	static struct wiphy w;
	uint32_t i;

	for (i = 0; i < WIPHY_FREQS_MAX + 10; i++) {
		struct nl_msg *msg = message();
		struct nlattr *bands, *band, *freqs, *freq;

		nla_put_u32(msg, NL80211_ATTR_WIPHY, 1);
		bands = nla_nest_start(msg, NL80211_ATTR_WIPHY_BANDS);
		band = nla_nest_start(msg, NL80211_BAND_5GHZ);
		freqs = nla_nest_start(msg, NL80211_BAND_ATTR_FREQS);
		freq = nla_nest_start(msg, (int)i);
		nla_put_u32(msg, NL80211_FREQUENCY_ATTR_FREQ, 5000 + i);
		nla_nest_end(msg, freq);
		nla_nest_end(msg, freqs);
		nla_nest_end(msg, band);
		nla_nest_end(msg, bands);
		cr_assert_eq(parse_wiphy(msg, &w), 0);
	}
	cr_expect_eq(w.n_freqs, WIPHY_FREQS_MAX);
	cr_expect_eq(w.ignored, 10);
}

/* The widths that one band has by these capabilities: HT (-1: none), VHT (-1: none), the first octets of HE and EHT. */
static uint32_t widths(enum nl80211_band nl80211_band, enum wiphy_band_id band, int ht, int64_t vht, uint8_t he, uint8_t eht)
{
	struct nl_msg *msg = message();
	struct nlattr *bands, *one, *modes, *mode;
	static struct wiphy w;

	memset(&w, 0, sizeof w);
	nla_put_u32(msg, NL80211_ATTR_WIPHY, 1);
	bands = nla_nest_start(msg, NL80211_ATTR_WIPHY_BANDS);
	one = nla_nest_start(msg, nl80211_band);
	if (ht >= 0)
		nla_put_u16(msg, NL80211_BAND_ATTR_HT_CAPA, (uint16_t)ht);
	if (vht >= 0)
		nla_put_u32(msg, NL80211_BAND_ATTR_VHT_CAPA, (uint32_t)vht);
	modes = nla_nest_start(msg, NL80211_BAND_ATTR_IFTYPE_DATA);
	mode = nla_nest_start(msg, 1);
	nla_put(msg, NL80211_BAND_IFTYPE_ATTR_HE_CAP_PHY, 1, &he);
	nla_put(msg, NL80211_BAND_IFTYPE_ATTR_EHT_CAP_PHY, 1, &eht);
	nla_nest_end(msg, mode);
	nla_nest_end(msg, modes);
	nla_nest_end(msg, one);
	nla_nest_end(msg, bands);
	cr_assert_eq(parse_wiphy(msg, &w), 0);
	return w.widths[band];
}

Test(wiphy, widths_are_those_of_each_capability)
{
	cr_expect_eq(widths(NL80211_BAND_2GHZ, BAND_2GHZ, -1, -1, 0, 0), 0);
	cr_expect_eq(widths(NL80211_BAND_2GHZ, BAND_2GHZ, 0, -1, 0, 0), WIDTH_HT);
	cr_expect_eq(widths(NL80211_BAND_2GHZ, BAND_2GHZ, 2, 0xc, 0xfd, 0xff), WIDTH_HT | WIDTH_40);
	cr_expect_eq(widths(NL80211_BAND_2GHZ, BAND_2GHZ, 0, -1, 0x02, 0), WIDTH_HT | WIDTH_40);
	cr_expect_eq(widths(NL80211_BAND_5GHZ, BAND_5GHZ, 2, 0, 0, 0xff), WIDTH_HT | WIDTH_40 | WIDTH_80);
	cr_expect_eq(widths(NL80211_BAND_5GHZ, BAND_5GHZ, 2, 4, 0, 0), WIDTH_HT | WIDTH_40 | WIDTH_80 | WIDTH_160);
	cr_expect_eq(widths(NL80211_BAND_5GHZ, BAND_5GHZ, -1, -1, 0x04, 0), WIDTH_40 | WIDTH_80);
	cr_expect_eq(widths(NL80211_BAND_5GHZ, BAND_5GHZ, -1, -1, 0x08, 0), WIDTH_160);
	cr_expect_eq(widths(NL80211_BAND_6GHZ, BAND_6GHZ, 2, 0xc, 0x04, 0xfd), WIDTH_40 | WIDTH_80);
	cr_expect_eq(widths(NL80211_BAND_6GHZ, BAND_6GHZ, -1, -1, 0x0c, 0x02), WIDTH_40 | WIDTH_80 | WIDTH_160 | WIDTH_320);
}

Test(wiphy, modes_that_the_driver_leaves_to_software_count)
{
	struct nl_msg *msg = message();
	struct nlattr *modes;
	static struct wiphy w;

	nla_put_u32(msg, NL80211_ATTR_WIPHY, 1);
	modes = nla_nest_start(msg, NL80211_ATTR_SUPPORTED_IFTYPES);
	nla_put_flag(msg, NL80211_IFTYPE_STATION);
	nla_nest_end(msg, modes);
	modes = nla_nest_start(msg, NL80211_ATTR_SOFTWARE_IFTYPES);
	nla_put_flag(msg, NL80211_IFTYPE_MONITOR);
	nla_nest_end(msg, modes);
	cr_assert_eq(parse_wiphy(msg, &w), 0);
	cr_expect(wiphy_has_mode(&w, NL80211_IFTYPE_STATION) && wiphy_has_mode(&w, NL80211_IFTYPE_MONITOR));
	cr_expect_not(wiphy_has_mode(&w, NL80211_IFTYPE_AP));
}

Test(wiphy, an_interface_without_a_name_or_index_is_none)
{
	struct nl_msg *msg = message();
	struct wiphy_interface f = {.index = 7};
	struct nlmsghdr *h = nlmsg_hdr(msg);

	nla_put_u32(msg, NL80211_ATTR_WIPHY, 1);
	nla_put_u32(msg, NL80211_ATTR_IFTYPE, NL80211_IFTYPE_P2P_DEVICE);
	cr_expect_eq(wiphy_interface_parse(&f, nlmsg_data(h), nlmsg_datalen(h)), -ENOENT);
	cr_expect_eq(f.index, 7);
	nlmsg_free(msg);
}
