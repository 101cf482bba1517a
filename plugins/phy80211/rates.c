/* SPDX-License-Identifier: MIT */
/* Data rates, computed from subcarriers, bits per subcarrier, streams and symbol time instead of kept in tables. */
#include "radio.h"

/* Data bits per subcarrier, symbol and stream, times 12, by MCS (modulation times code rate). */
static const uint8_t bits_x12[] = { 6, 12, 18, 24, 36, 48, 54, 60, 72, 80, 90, 100 };

/* 100 kbit/s: bits per 100 ns times 100. */
static uint32_t rate(uint32_t subcarriers, uint32_t mcs, uint32_t nss, uint32_t symbol_100ns)
{
	return subcarriers * bits_x12[mcs] * nss * 100 / (12 * symbol_100ns);
}

uint32_t rate_ht(bool wide, uint32_t mcs, bool short_gi)
{
	if (mcs > 31) /* 32 and above: unequal modulation, not in use */
		return 0;
	return rate(wide ? 108 : 52, mcs & 7, (mcs >> 3) + 1, short_gi ? 36 : 40);
}

uint32_t rate_vht(uint32_t mhz, uint32_t mcs, uint32_t nss, bool short_gi)
{
	uint32_t subcarriers = mhz == 20 ? 52 : mhz == 40 ? 108 : mhz == 80 ? 234 : mhz == 160 ? 468 : 0;

	if (mcs > 11 || nss < 1 || nss > 8)
		return 0;
	return rate(subcarriers, mcs, nss, short_gi ? 36 : 40);
}

uint32_t rate_he(uint32_t mhz, uint32_t mcs, uint32_t nss, uint32_t gi_100ns)
{
	uint32_t subcarriers = mhz == 20 ? 234 : mhz == 40 ? 468 : mhz == 80 ? 980 : mhz == 160 ? 1960 : 0;

	if (mcs > 11 || nss < 1 || nss > 8)
		return 0;
	return rate(subcarriers, mcs, nss, 128 + gi_100ns);
}

void radio_set_channel_flags(struct aerie_radio *r, uint32_t flags)
{
	bool five = flags & 0x0100;

	if (flags & 0x0020) {
		r->encoding = AERIE_ENCODING_CCK;
		r->carrier = AERIE_CARRIER_80211B;
	} else if (flags & 0x0040) {
		r->encoding = AERIE_ENCODING_OFDM;
		r->carrier = five ? AERIE_CARRIER_80211A : AERIE_CARRIER_80211G;
	} else if (flags & 0x0400) {
		r->encoding = AERIE_ENCODING_DYNAMIC;
		r->carrier = AERIE_CARRIER_80211G;
	} else if (flags & 0x0800) {
		r->encoding = AERIE_ENCODING_GFSK;
		r->carrier = AERIE_CARRIER_80211FHSS;
	}
}
