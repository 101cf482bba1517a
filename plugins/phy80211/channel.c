/* SPDX-License-Identifier: MIT */
/* Frequencies and channel numbers (IEEE 802.11-2020 annex E and 15.4.4.3, 802.11ax-2021 27.3.23.2, 802.11ad 21.3). */
#include <stdio.h>

#include "dot11.h"

uint32_t channel_freq_khz(uint32_t number)
{
	if (number >= 1 && number <= 13)
		return (2407 + 5 * number) * 1000;
	if (number == 14)
		return 2484000;
	if (number >= 182 && number <= 196) /* 4.9 GHz */
		return (4000 + 5 * number) * 1000;
	if (number >= 15 && number <= 181)
		return (5000 + 5 * number) * 1000;
	return 0;
}

uint32_t channel_text(uint32_t freq_khz, char dst[CHANNEL_TEXT_MAX])
{
	uint32_t f = freq_khz / 1000;
	int n;

	if (f == 0)
		return 0;
	if (f == 2484)
		n = snprintf(dst, CHANNEL_TEXT_MAX, "14");
	else if (f == 5935)
		n = snprintf(dst, CHANNEL_TEXT_MAX, "2"); /* the one 6 GHz channel outside the raster */
	else if (f >= 2412 && f < 2484)
		n = snprintf(dst, CHANNEL_TEXT_MAX, "%u", (f - 2407) / 5);
	else if (f >= 4910 && f <= 4980)
		n = snprintf(dst, CHANNEL_TEXT_MAX, "%u", (f - 4000) / 5);
	else if (f > 5000 && f < 5950)
		n = snprintf(dst, CHANNEL_TEXT_MAX, "%u", (f - 5000) / 5);
	else if (f >= 5950 && f <= 45000)
		n = snprintf(dst, CHANNEL_TEXT_MAX, "%uW6e", (f - 5950) / 5);
	else if (f >= 58320 && f <= 70200)
		n = snprintf(dst, CHANNEL_TEXT_MAX, "%u", (f - 56160) / 2160);
	else
		n = snprintf(dst, CHANNEL_TEXT_MAX, "%uMHz", f);
	return (uint32_t)n;
}

/* Bands, each with a channel every so many MHz. The order gives the indices. */
static const struct {
	uint32_t first_mhz, last_mhz, step_mhz;
} bands[] = {
	{ 2412, 2472, 5 }, { 2484, 2484, 1 }, { 4910, 4980, 5 }, { 5005, 5925, 5 },
	{ 5935, 5935, 1 }, { 5955, 7115, 5 }, { 58320, 69120, 2160 },
};

int channel_index(uint32_t freq_khz)
{
	uint32_t f = freq_khz / 1000, base = 0;
	size_t i;

	for (i = 0; i < sizeof bands / sizeof bands[0]; i++) {
		if (f >= bands[i].first_mhz && f <= bands[i].last_mhz) {
			uint32_t off = f - bands[i].first_mhz;

			return off % bands[i].step_mhz ? -1 : (int)(base + off / bands[i].step_mhz);
		}
		base += (bands[i].last_mhz - bands[i].first_mhz) / bands[i].step_mhz + 1;
	}
	return -1;
}

uint32_t channel_index_khz(int index)
{
	uint32_t left = (uint32_t)index;
	size_t i;

	for (i = 0; index >= 0 && i < sizeof bands / sizeof bands[0]; i++) {
		uint32_t n = (bands[i].last_mhz - bands[i].first_mhz) / bands[i].step_mhz + 1;

		if (left < n)
			return (bands[i].first_mhz + left * bands[i].step_mhz) * 1000;
		left -= n;
	}
	return 0;
}
