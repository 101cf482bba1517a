/* SPDX-License-Identifier: MIT */
/* link: datasources/linux_wifi/channels.c datasources/linux_wifi/wiphy.c */
/* Texts of Wi-Fi channels: one that is taken has a text that is taken for the same channel. */
#include <stdlib.h>
#include <string.h>

#include <datasources/linux_wifi/channels.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[256], again[CHANNEL_TEXT_ROOM], why[200];
	struct channel c, back;

	if (size >= sizeof text)
		return 0;
	memcpy(text, data, size);
	text[size] = 0;
	if (channel_parse(text, &c, why, sizeof why) < 0)
		return 0;
	channel_format(&c, again, sizeof again);
	if (channel_parse(again, &back, why, sizeof why) < 0 || back.mhz != c.mhz || back.center != c.center ||
	    back.width != c.width)
		abort();
	return 0;
}
