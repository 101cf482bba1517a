/* SPDX-License-Identifier: MIT */
/* Options by table. Whatever is not in it belongs to the host (name, channels, hop rate...) and is passed over. */
#include "options.h"

#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	size_t offset;
	bool dflt;
} flags[] = {
	{ "fcsfail", offsetof(struct options, fcsfail), false },
	{ "plcpfail", offsetof(struct options, plcpfail), false },
	{ "ignoreprimary", offsetof(struct options, ignoreprimary), false },
	{ "statistics", offsetof(struct options, statistics), false },
	{ "verbose", offsetof(struct options, verbose), false },
	{ "truncate_data", offsetof(struct options, truncate_data), false },
	{ "filter_locals", offsetof(struct options, filter_locals), false },
	{ "filter_mgmt", offsetof(struct options, filter_mgmt), false },
	{ "band24ghz", offsetof(struct options, band24ghz), false },
	{ "band5ghz", offsetof(struct options, band5ghz), false },
	{ "band6ghz", offsetof(struct options, band6ghz), false },
	{ "ht_channels", offsetof(struct options, wish.ht), true },
	{ "vht_channels", offsetof(struct options, wish.vht), true },
	{ "he_channels", offsetof(struct options, wish.he), true },
	{ "default_ht20", offsetof(struct options, wish.default_ht20), false },
	{ "expand_ht20", offsetof(struct options, wish.expand_ht20), false },
};

static const struct {
	const char *name;
	size_t offset, room;
} texts[] = {
	{ "vif", offsetof(struct options, vif), IFNAMSIZ },
	{ "channel", offsetof(struct options, channel), 64 },
	{ "filter_interface", offsetof(struct options, filter_interface), OPTION_TEXT_ROOM },
	{ "filter_address", offsetof(struct options, filter_address), OPTION_TEXT_ROOM },
};

static int parse_interface(struct options *o, const char *definition, char *msg)
{
	const char *interface;
	int len = aeriecap_parse_interface(definition, &interface);

	if (len <= 0 || len >= IFNAMSIZ) {
		snprintf(msg, AERIECAP_MSG_MAX, "'%.200s' names no network interface (1 to %d octets)", definition, IFNAMSIZ - 1);
		return -1;
	}
	memcpy(o->interface, interface, (size_t)len);
	o->interface[len] = 0;
	return 0;
}

static int parse_flags(struct options *o, const char *definition, char *msg)
{
	size_t i;

	for (i = 0; i < sizeof flags / sizeof *flags; i++) {
		int on = flags[i].dflt, r = aeriecap_option_flag(definition, flags[i].name, &on, msg);

		if (r < 0)
			return -1;
		*(bool *)((char *)o + flags[i].offset) = on;
		if (r > 0 && strncmp(flags[i].name, "band", 4) == 0)
			o->band_given = true;
	}
	return 0;
}

/* What the kernel takes as a name; it has the octet a0 for a space as well. */
static int check_vif(const char *vif, char *msg)
{
	if (!strpbrk(vif, "/: \t\n\v\f\r\xa0") && strcmp(vif, ".") != 0 && strcmp(vif, "..") != 0)
		return 0;
	snprintf(msg, AERIECAP_MSG_MAX, "vif=%s: no interface can have this name", vif);
	return -1;
}

int options_parse(struct options *o, const char *definition, char *msg)
{
	size_t i;

	memset(o, 0, sizeof *o);
	if (parse_interface(o, definition, msg) < 0 || parse_flags(o, definition, msg) < 0 ||
	    aeriecap_option_uuid(definition, o->uuid, msg) < 0)
		return -1;
	for (i = 0; i < sizeof texts / sizeof *texts; i++)
		if (aeriecap_option_text(definition, texts[i].name, (char *)o + texts[i].offset, texts[i].room, msg) < 0)
			return -1;
	if (check_vif(o->vif, msg) < 0)
		return -1;
	o->wish.band[BAND_2GHZ] = !o->band_given || o->band24ghz;
	o->wish.band[BAND_5GHZ] = !o->band_given || o->band5ghz;
	o->wish.band[BAND_6GHZ] = !o->band_given || o->band6ghz;
	if (o->wish.band[BAND_2GHZ] || o->wish.band[BAND_5GHZ] || o->wish.band[BAND_6GHZ])
		return 0;
	snprintf(msg, AERIECAP_MSG_MAX, "band24ghz, band5ghz and band6ghz leave no band: once one is given, one must be true");
	return -1;
}
