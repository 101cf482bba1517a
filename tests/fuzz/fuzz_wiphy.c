/* SPDX-License-Identifier: MIT */
/* link: datasources/linux_wifi/wiphy.c datasources/linux_wifi/channels.c libnl-3 */
/* nl80211's attributes of a radio and of an interface, and the list of channels that follows from them. */
#include <stdlib.h>
#include <string.h>

#include <datasources/linux_wifi/channels.h>

static int take(void *user, const struct channel *c)
{
	char text[CHANNEL_TEXT_ROOM];

	channel_format(c, text, sizeof text);
	return strlen(text) > 0 && strlen(text) < sizeof text ? 0 : -1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct channel_wish wish = {.ht = true, .vht = true, .he = true, .band = {true, true, true}};
	struct wiphy w = {.index = 0};
	struct wiphy_interface f;
	void *attrs;

	if (size > 32768)
		return 0;
	attrs = malloc(size); /* aligned, and no larger, so that reading past the end is seen */
	if (!attrs)
		return 0;
	memcpy(attrs, data, size);
	if (wiphy_parse(&w, attrs, (int)size) == 0)
		wiphy_parse(&w, attrs, (int)size);
	if (w.n_freqs > WIPHY_FREQS_MAX || channels_list(&w, &wish, take, NULL) != 0)
		abort();
	if (wiphy_interface_parse(&f, attrs, (int)size) == 0 && (f.index == 0 || !memchr(f.name, 0, sizeof f.name)))
		abort();
	if (wiphy_radio_parse(&f, attrs, (int)size) == 0 && (f.index != 0 || !f.name[0] || !memchr(f.name, 0, sizeof f.name)))
		abort();
	free(attrs);
	return 0;
}
