/* SPDX-License-Identifier: MIT */
/* Texts and lists of channels. Where a wide channel lies follows from its primary: the standards leave one place for
 * each (320 MHz: two, which overlap); a text may name another centre, and then the radio decides. */
#include "channels.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define MHZ_MAX 99999u

/* Numbers of the centres, IEEE 802.11-2020 table E-4 and 802.11ax-2021; each row ends with 0. */
static const uint8_t centers_5_40[] = { 38, 46, 54, 62, 102, 110, 118, 126, 134, 142, 151, 159, 167, 175, 0 };
static const uint8_t centers_5_80[] = { 42, 58, 106, 122, 138, 155, 171, 0 };
static const uint8_t centers_5_160[] = { 50, 114, 163, 0 };
static const uint8_t centers_6_320[] = { 31, 95, 159, 63, 127, 191, 0 }; /* 320-1 before 320-2 */

struct width_row {
	uint32_t width; /* NL80211_CHAN_WIDTH_... */
	uint32_t mhz;
	uint32_t capability; /* WIDTH_... */
	uint32_t forbidden;  /* FREQ_..., of any of its 20 MHz channels */
	const char *suffix_5, *suffix_6;
	const uint8_t *centers_5, *centers_6;
	uint32_t first_6, step_6; /* centres of 6 GHz where they are regular */
};

static const struct width_row wide[] = {
	{ NL80211_CHAN_WIDTH_40, 40, WIDTH_40, 0, NULL, "HE40", centers_5_40, NULL, 3, 8 },
	{ NL80211_CHAN_WIDTH_80, 80, WIDTH_80, FREQ_NO_80, "VHT80", "HE80", centers_5_80, NULL, 7, 16 },
	{ NL80211_CHAN_WIDTH_160, 160, WIDTH_160, FREQ_NO_160, "VHT160", "HE160", centers_5_160, NULL, 15, 32 },
	{ NL80211_CHAN_WIDTH_320, 320, WIDTH_320, FREQ_NO_320, NULL, "EHT320", NULL, centers_6_320, 0, 0 },
};
#define N_WIDE (sizeof wide / sizeof *wide)

/* --- Numbers. */

uint32_t channel_mhz(enum wiphy_band_id band, uint32_t number)
{
	switch (band) {
	case BAND_2GHZ:
		if (number == 14)
			return 2484;
		return number >= 1 && number <= 13 ? 2407 + 5 * number : 0;
	case BAND_5GHZ:
		if (number >= 182 && number <= 196)
			return 4000 + 5 * number;
		return number >= 32 && number <= 181 ? 5000 + 5 * number : 0;
	case BAND_6GHZ:
		if (number == 2)
			return 5935;
		return number >= 1 && number <= 233 && number % 4 == 1 ? 5950 + 5 * number : 0;
	default:
		return 0;
	}
}

static enum wiphy_band_id band_of_mhz(uint32_t mhz)
{
	if (mhz < 3000)
		return BAND_2GHZ;
	return mhz == 5935 || mhz >= 5950 ? BAND_6GHZ : BAND_5GHZ;
}

/* 0: it has none. */
static uint32_t number_of(uint32_t mhz)
{
	enum wiphy_band_id band = band_of_mhz(mhz);
	uint32_t n = 0;

	if (band == BAND_2GHZ)
		n = mhz == 2484 ? 14 : mhz > 2407 ? (mhz - 2407) / 5 : 0;
	else if (band == BAND_6GHZ)
		n = mhz == 5935 ? 2 : (mhz - 5950) / 5;
	else if (mhz >= 4000)
		n = mhz < 5000 ? (mhz - 4000) / 5 : (mhz - 5000) / 5;
	return channel_mhz(band, n) == mhz ? n : 0;
}

static uint32_t center_mhz(enum wiphy_band_id band, uint32_t number)
{
	return (band == BAND_6GHZ ? 5950 : 5000) + 5 * number;
}

/* Is the primary one of the 20 MHz channels of which the wide channel consists? */
static bool fits(uint32_t mhz, uint32_t center, uint32_t width_mhz)
{
	uint32_t apart = mhz > center ? mhz - center : center - mhz;

	return apart < width_mhz / 2 && apart % 20 == 10;
}

/* Where the wide channel of this primary lies by the standard, in MHz; 0: there is none. */
static uint32_t standard_center(const struct width_row *row, enum wiphy_band_id band, uint32_t mhz)
{
	const uint8_t *c = band == BAND_5GHZ ? row->centers_5 : band == BAND_6GHZ ? row->centers_6 : NULL;
	uint32_t n;

	for (; c && *c; c++)
		if (fits(mhz, center_mhz(band, *c), row->mhz))
			return center_mhz(band, *c);
	if (band == BAND_6GHZ && row->step_6)
		for (n = row->first_6; n + row->mhz / 10 <= 235; n += row->step_6)
			if (fits(mhz, center_mhz(band, n), row->mhz))
				return center_mhz(band, n);
	return 0;
}

static const struct width_row *wide_row(uint32_t width)
{
	size_t i;

	for (i = 0; i < N_WIDE; i++)
		if (wide[i].width == width)
			return &wide[i];
	return NULL;
}

/* --- Texts. */

static bool eat(const char **p, const char *word)
{
	size_t len = strlen(word);

	if (strncasecmp(*p, word, len) != 0)
		return false;
	*p += len;
	return true;
}

static bool eat_number(const char **p, uint32_t *ret_n)
{
	uint32_t n = 0;

	if (!isdigit((unsigned char)**p) || **p == '0')
		return false;
	for (; isdigit((unsigned char)**p); ++*p) {
		n = n * 10 + (uint32_t)(**p - '0');
		if (n > MHZ_MAX)
			return false;
	}
	*ret_n = n;
	return true;
}

/* What follows the suffix of a wide channel: nothing, or -CENTRE. */
static int parse_center(const struct width_row *row, enum wiphy_band_id band, const char *p, struct channel *c,
                        char *why, size_t room)
{
	uint32_t n;

	c->width = row->width;
	if (!*p) {
		c->center = standard_center(row, band, c->mhz);
		if (c->center)
			return 0;
		snprintf(why, room, "there is no %u MHz channel around %u MHz", row->mhz, c->mhz);
		return -EINVAL;
	}
	if (!eat(&p, "-") || !eat_number(&p, &n) || *p) {
		snprintf(why, room, "after the width there may be only -CENTRE");
		return -EINVAL;
	}
	c->center = n < 1000 ? center_mhz(band, n) : n;
	if (fits(c->mhz, c->center, row->mhz))
		return 0;
	snprintf(why, room, "%u MHz is not in a channel of %u MHz around %u MHz", c->mhz, row->mhz, c->center);
	return -EINVAL;
}

static int parse_6ghz(const char *p, uint32_t number, struct channel *c, char *why, size_t room)
{
	size_t i;

	c->mhz = c->center = channel_mhz(BAND_6GHZ, number);
	c->width = NL80211_CHAN_WIDTH_20;
	if (!c->mhz) {
		snprintf(why, room, "6 GHz has no channel %u (it has 1, 5, 9, ... 233, and 2)", number);
		return -EINVAL;
	}
	if (!*p || strcasecmp(p, "HE20") == 0)
		return 0;
	for (i = 0; i < N_WIDE; i++)
		if (eat(&p, wide[i].suffix_6))
			return parse_center(&wide[i], BAND_6GHZ, p, c, why, room);
	snprintf(why, room, "widths of 6 GHz are HE40, HE80, HE160 and EHT320");
	return -EINVAL;
}

static int parse_width(const char *p, struct channel *c, char *why, size_t room)
{
	static const struct {
		const char *suffix;
		uint32_t width;
		int32_t offset;
	} narrow[] = {
		{ "", NL80211_CHAN_WIDTH_20_NOHT, 0 },  { "HT20", NL80211_CHAN_WIDTH_20, 0 },
		{ "HT40+", NL80211_CHAN_WIDTH_40, 10 }, { "HT40-", NL80211_CHAN_WIDTH_40, -10 },
		{ "W5", NL80211_CHAN_WIDTH_5, 0 },      { "W10", NL80211_CHAN_WIDTH_10, 0 },
	};
	enum wiphy_band_id band = band_of_mhz(c->mhz);
	size_t i;

	for (i = 0; i < sizeof narrow / sizeof *narrow; i++)
		if (strcasecmp(p, narrow[i].suffix) == 0) {
			c->width = narrow[i].width;
			c->center = (uint32_t)((int32_t)c->mhz + narrow[i].offset);
			if (narrow[i].offset == 0 || band == BAND_5GHZ ||
			    (c->mhz != 2484 && c->center >= 2422 && c->center <= 2462))
				return 0;
			snprintf(why, room, "2.4 GHz has no 40 MHz channel there");
			return -EINVAL;
		}
	for (i = 0; i < N_WIDE; i++)
		if (wide[i].suffix_5 && eat(&p, wide[i].suffix_5)) {
			if (band == BAND_5GHZ)
				return parse_center(&wide[i], band, p, c, why, room);
			snprintf(why, room, "VHT is of 5 GHz only");
			return -EINVAL;
		}
	snprintf(why, room, "'%.20s' is no width (HT20, HT40+, HT40-, VHT80, VHT160, W5, W10, W6e)", p);
	return -EINVAL;
}

int channel_parse(const char *text, struct channel *ret_channel, char *why, size_t room)
{
	struct channel c = { 0, 0, NL80211_CHAN_WIDTH_20_NOHT };
	const char *p = text;
	uint32_t n;
	int r;

	if (!eat_number(&p, &n)) {
		snprintf(why, room, "a channel begins with its number");
		return -EINVAL;
	}
	if (strcasecmp(p, "MHz") == 0) {
		c.mhz = c.center = n;
		if (n >= 2400 && band_of_mhz(n) == BAND_6GHZ)
			c.width = NL80211_CHAN_WIDTH_20;
		r = n >= 2400 && n <= 7125 ? 0 : -EINVAL;
		if (r < 0)
			snprintf(why, room, "%u MHz is not a frequency of 2.4, 5 or 6 GHz", n);
	} else if (eat(&p, "W6e") || eat(&p, "-W6e")) {
		r = parse_6ghz(p, n, &c, why, room);
	} else {
		c.mhz = channel_mhz(n <= 14 ? BAND_2GHZ : BAND_5GHZ, n);
		r = c.mhz ? parse_width(p, &c, why, room) : -EINVAL;
		if (!c.mhz)
			snprintf(why, room, "neither 2.4 GHz (1 to 14) nor 5 GHz (32 to 196) has a channel %u", n);
	}
	if (r == 0)
		*ret_channel = c;
	return r;
}

static void format_wide(const struct channel *c, const struct width_row *row, char *text, size_t room)
{
	enum wiphy_band_id band = band_of_mhz(c->mhz);
	const char *suffix = band == BAND_6GHZ ? row->suffix_6 : row->suffix_5;

	if (c->center == standard_center(row, band, c->mhz))
		snprintf(text, room, "%s", suffix);
	else
		snprintf(text, room, "%s-%u", suffix, c->center);
}

void channel_format(const struct channel *c, char *text, size_t room)
{
	const struct width_row *row = wide_row(c->width);
	enum wiphy_band_id band = band_of_mhz(c->mhz);
	uint32_t number = number_of(c->mhz);
	char suffix[CHANNEL_TEXT_ROOM] = "";

	if (!number) {
		snprintf(text, room, "%uMHz", c->mhz);
		return;
	}
	if (c->width == NL80211_CHAN_WIDTH_5)
		snprintf(suffix, sizeof suffix, "W5");
	else if (c->width == NL80211_CHAN_WIDTH_10)
		snprintf(suffix, sizeof suffix, "W10");
	else if (c->width == NL80211_CHAN_WIDTH_20 && band != BAND_6GHZ)
		snprintf(suffix, sizeof suffix, "HT20");
	else if (c->width == NL80211_CHAN_WIDTH_40 && band != BAND_6GHZ)
		snprintf(suffix, sizeof suffix, "HT40%c", c->center > c->mhz ? '+' : '-');
	else if (row && (band == BAND_6GHZ ? row->suffix_6 : row->suffix_5) && band != BAND_2GHZ)
		format_wide(c, row, suffix, sizeof suffix);
	snprintf(text, room, "%u%s%s", number, band == BAND_6GHZ ? "W6e" : "", suffix);
}

/* --- Lists. */

struct lister {
	const struct wiphy *wiphy;
	const struct channel_wish *wish;
	int (*fn)(void *user, const struct channel *c);
	void *user;
	uint32_t n;
};

static int give(struct lister *l, uint32_t mhz, uint32_t center, uint32_t width)
{
	struct channel c = { mhz, center, width };

	if (l->n++ >= CHANNEL_LIST_MAX)
		return 0;
	return l->fn(l->user, &c);
}

static bool usable(const struct wiphy *w, uint32_t mhz, uint32_t forbidden)
{
	const struct wiphy_freq *f = wiphy_find(w, mhz);

	return f && !(f->flags & (FREQ_DISABLED | forbidden));
}

static bool all_usable(const struct wiphy *w, uint32_t center, const struct width_row *row)
{
	uint32_t mhz;

	for (mhz = center - row->mhz / 2 + 10; mhz < center + row->mhz / 2; mhz += 20)
		if (!usable(w, mhz, row->forbidden))
			return false;
	return true;
}

/* HT40+ and HT40-: on 2.4 GHz wherever the other half exists, on 5 GHz as the standard pairs them. */
static int list_ht40(struct lister *l, const struct wiphy_freq *f)
{
	uint32_t standard = f->band == BAND_5GHZ ? standard_center(&wide[0], BAND_5GHZ, f->mhz) : 0;
	int r = 0;

	if (!l->wish->ht || !(l->wiphy->widths[f->band] & WIDTH_40))
		return 0;
	if (!(f->flags & FREQ_NO_HT40_MINUS) && usable(l->wiphy, f->mhz - 20, 0) &&
	    (f->band == BAND_2GHZ || standard == f->mhz - 10))
		r = give(l, f->mhz, f->mhz - 10, NL80211_CHAN_WIDTH_40);
	if (r == 0 && !(f->flags & FREQ_NO_HT40_PLUS) && usable(l->wiphy, f->mhz + 20, 0) &&
	    (f->band == BAND_2GHZ || standard == f->mhz + 10))
		r = give(l, f->mhz, f->mhz + 10, NL80211_CHAN_WIDTH_40);
	return r;
}

static int list_wide(struct lister *l, const struct wiphy_freq *f, const struct width_row *row)
{
	uint32_t center = standard_center(row, f->band, f->mhz);

	if (!(l->wiphy->widths[f->band] & row->capability) || !center || !all_usable(l->wiphy, center, row))
		return 0;
	if (row->width == NL80211_CHAN_WIDTH_40 &&
	    (f->flags & (center > f->mhz ? FREQ_NO_HT40_PLUS : FREQ_NO_HT40_MINUS)))
		return 0;
	return give(l, f->mhz, center, row->width);
}

static int list_20(struct lister *l, const struct wiphy_freq *f)
{
	bool ht = f->band != BAND_6GHZ && (l->wiphy->widths[f->band] & WIDTH_HT);
	int r = 0;

	if (f->flags & FREQ_NO_20)
		return 0;
	if (f->band == BAND_6GHZ)
		return give(l, f->mhz, f->mhz, NL80211_CHAN_WIDTH_20);
	if (!ht || !l->wish->default_ht20)
		r = give(l, f->mhz, f->mhz, NL80211_CHAN_WIDTH_20_NOHT);
	if (r == 0 && ht && (l->wish->default_ht20 || l->wish->expand_ht20))
		r = give(l, f->mhz, f->mhz, NL80211_CHAN_WIDTH_20);
	return r;
}

static int list_freq(struct lister *l, const struct wiphy_freq *f)
{
	size_t i;
	int r;

	if ((f->flags & FREQ_DISABLED) || !l->wish->band[f->band])
		return 0;
	r = list_20(l, f);
	if (r == 0 && f->band != BAND_6GHZ)
		r = list_ht40(l, f);
	if (f->band == BAND_2GHZ || !(f->band == BAND_5GHZ ? l->wish->vht : l->wish->he))
		return r;
	if (f->band == BAND_6GHZ && (f->flags & FREQ_NO_HE))
		return r;
	for (i = f->band == BAND_5GHZ ? 1 : 0; r == 0 && i < N_WIDE; i++)
		r = list_wide(l, f, &wide[i]);
	return r;
}

int channels_list(const struct wiphy *w, const struct channel_wish *wish,
                  int (*fn)(void *user, const struct channel *c), void *user)
{
	struct lister l = { w, wish, fn, user, 0 };
	uint32_t i;
	int r = 0;

	for (i = 0; r == 0 && i < w->n_freqs; i++)
		r = list_freq(&l, &w->freqs[i]);
	return r;
}
