/* SPDX-License-Identifier: MIT */
/* Channels: their texts, their numbers, and the list of those that a radio has. Touches no device.
 *
 *	6  14  36  165      20 MHz without HT; 182 to 196 are those of 4.9 GHz
 *	5935MHz             the same by frequency, for those that have no number
 *	6HT20               20 MHz with HT
 *	6HT40+  6HT40-      40 MHz, the second half above or below
 *	36VHT80  36VHT160   80 and 160 MHz of 5 GHz; 36VHT80-42 with the centre's number, 36VHT80-5210 with its MHz
 *	6W5  6W10           5 and 10 MHz
 *	37W6e  37-W6e       20 MHz of 6 GHz
 *	37W6eHE40  37W6eHE80  37W6eHE160  37W6eEHT320     wider ones, each also with -CENTRE
 *
 * Upper and lower case are the same. Numbers, centres and pairs are those of IEEE 802.11-2020, annex E, tables E-1 to
 *E-4, of 802.11ax-2021 27.3.23 for 6 GHz, and of 802.11be 36.3.24 for 320 MHz. */
#ifndef LINUX_WIFI_CHANNELS_H
#define LINUX_WIFI_CHANNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/nl80211.h>

#include "wiphy.h"

#define CHANNEL_TEXT_ROOM 32u
#define CHANNEL_LIST_MAX  1000u /* libaeriecap hops over 1,024 at most, aeried keeps 512 and warns of more */

struct channel {
	uint32_t mhz;    /* the middle of the primary channel */
	uint32_t center; /* the middle of it all */
	uint32_t width;  /* NL80211_CHAN_WIDTH_... */
};

/* 0, or -EINVAL: there is no such channel, and why says which part is wrong. */
int channel_parse(const char *text, struct channel *ret_channel, char *why, size_t room);
/* The text of a channel; of one that channel_parse() cannot make, as close as it gets. room: CHANNEL_TEXT_ROOM. */
void channel_format(const struct channel *c, char *text, size_t room);
/* 0: not a band of ours. */
uint32_t channel_mhz(enum wiphy_band_id band, uint32_t number);

struct channel_wish {
	bool ht;           /* 40 MHz of 2.4 and 5 GHz */
	bool vht;          /* 80 and 160 MHz of 5 GHz */
	bool he;           /* more than 20 MHz of 6 GHz */
	bool default_ht20; /* 6HT20 in the place of 6 */
	bool expand_ht20;  /* 6HT20 beside 6 */
	bool band[N_BANDS];
};

/* Calls fn for each channel that the radio has and the wish includes, by frequency and then width, until it returns
 * other than 0; gives that, or 0. */
int channels_list(const struct wiphy *w, const struct channel_wish *wish,
                  int (*fn)(void *user, const struct channel *c), void *user);

#endif
