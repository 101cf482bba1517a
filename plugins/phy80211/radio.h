/* SPDX-License-Identifier: MIT */
/* What the decoders of radio headers share: setting members of struct aerie_radio, and data rates. */
#ifndef PHY80211_RADIO_H
#define PHY80211_RADIO_H

#include "dot11.h"

/* A value that the capture report or an earlier field gave stays. */
static inline void radio_set_signal(struct aerie_radio *r, int32_t v, bool dbm)
{
	if (r->known & AERIE_RADIO_SIGNAL || v == 0)
		return;
	r->signal = v;
	r->known |= AERIE_RADIO_SIGNAL | (dbm ? 0 : AERIE_RADIO_RSSI);
}

static inline void radio_set_noise(struct aerie_radio *r, int32_t v, bool dbm)
{
	bool is_dbm = !(r->known & AERIE_RADIO_RSSI);

	/* Signal and noise share one unit. */
	if (r->known & AERIE_RADIO_NOISE || v == 0 || (r->known & AERIE_RADIO_SIGNAL && dbm != is_dbm))
		return;
	r->noise = v;
	r->known |= AERIE_RADIO_NOISE | (dbm ? 0 : AERIE_RADIO_RSSI);
}

static inline void radio_set_freq(struct aerie_radio *r, uint32_t khz)
{
	if (khz == 0)
		return;
	r->freq_khz = khz;
	r->known |= AERIE_RADIO_FREQ;
}

static inline void radio_set_rate(struct aerie_radio *r, uint32_t rate_100k)
{
	if (rate_100k == 0)
		return;
	r->rate_100k = rate_100k;
	r->known |= AERIE_RADIO_RATE;
}

/* rates.c: in units of 100 kbit/s; 0 for a combination that does not exist. */
uint32_t rate_ht(bool wide, uint32_t mcs, bool short_gi);                       /* IEEE 802.11-2020 19.5 */
uint32_t rate_vht(uint32_t mhz, uint32_t mcs, uint32_t nss, bool short_gi);     /* 21.5 */
uint32_t rate_he(uint32_t mhz, uint32_t mcs, uint32_t nss, uint32_t gi_100ns);  /* IEEE 802.11ax-2021 27.5 */
/* Channel flags as radiotap and PPI have them. */
void radio_set_channel_flags(struct aerie_radio *r, uint32_t flags);

#endif
