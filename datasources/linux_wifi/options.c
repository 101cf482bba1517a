/* SPDX-License-Identifier: MIT */
/* Options by table. Whatever is not in it belongs to the host (name, channels, hop rate...) and is passed over. */
#include "options.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <aeriecap.h>

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
	{ "uuid", offsetof(struct options, uuid), 40 },
	{ "channel", offsetof(struct options, channel), 64 },
	{ "filter_interface", offsetof(struct options, filter_interface), OPTION_TEXT_ROOM },
	{ "filter_address", offsetof(struct options, filter_address), OPTION_TEXT_ROOM },
};

static bool is_one_of(const char *value, size_t len, const char *a, const char *b)
{
	return (len == strlen(a) && strncasecmp(value, a, len) == 0) ||
	       (len == strlen(b) && strncasecmp(value, b, len) == 0);
}

/* 1: given; 0: not; -1 with msg. */
static int parse_flag(const char *definition, const char *name, bool *ret_value, char *msg, size_t room)
{
	const char *value;
	int len = aeriecap_find_option(definition, name, &value);

	if (len <= 0)
		return len;
	if (is_one_of(value, (size_t)len, "true", "t"))
		*ret_value = true;
	else if (is_one_of(value, (size_t)len, "false", "f"))
		*ret_value = false;
	else {
		snprintf(msg, room, "%s=%.*s is neither true nor false", name, len, value);
		return -1;
	}
	return 1;
}

static int parse_text(const char *definition, const char *name, char *to, size_t to_room, char *msg, size_t room)
{
	const char *value;
	int len = aeriecap_find_option(definition, name, &value);

	if (len <= 0)
		return len;
	if ((size_t)len >= to_room) {
		snprintf(msg, room, "%s= is too long: it may have %zu octets", name, to_room - 1);
		return -1;
	}
	memcpy(to, value, (size_t)len);
	to[len] = 0;
	return 1;
}

static int malformed(const char *definition, char *msg, size_t room)
{
	if (!msg[0])
		snprintf(msg, room, "the options of '%.200s' are not option=value[,option=\"quoted\"...]", definition);
	return -1;
}

static bool is_uuid(const char *text)
{
	static const char shape[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	size_t i;

	if (strlen(text) != sizeof shape - 1)
		return false;
	for (i = 0; shape[i]; i++)
		if (shape[i] == '-' ? text[i] != '-' : !strchr("0123456789abcdefABCDEF", text[i]))
			return false;
	return true;
}

static int parse_interface(struct options *o, const char *definition, char *msg, size_t room)
{
	const char *interface;
	int len = aeriecap_parse_interface(definition, &interface);

	if (len <= 0 || len >= IFNAMSIZ) {
		snprintf(msg, room, "'%.200s' names no network interface (1 to %d octets)", definition, IFNAMSIZ - 1);
		return -1;
	}
	memcpy(o->interface, interface, (size_t)len);
	o->interface[len] = 0;
	return 0;
}

int options_parse(struct options *o, const char *definition, char *msg, size_t room)
{
	size_t i;
	int r;

	memset(o, 0, sizeof *o);
	msg[0] = 0;
	if (parse_interface(o, definition, msg, room) < 0)
		return -1;
	for (i = 0; i < sizeof flags / sizeof *flags; i++) {
		bool *to = (bool *)((char *)o + flags[i].offset);

		*to = flags[i].dflt;
		r = parse_flag(definition, flags[i].name, to, msg, room);
		if (r < 0)
			return malformed(definition, msg, room);
		if (r > 0 && strncmp(flags[i].name, "band", 4) == 0)
			o->band_given = true;
	}
	for (i = 0; i < sizeof texts / sizeof *texts; i++)
		if (parse_text(definition, texts[i].name, (char *)o + texts[i].offset, texts[i].room, msg, room) < 0)
			return malformed(definition, msg, room);
	if (o->uuid[0] && !is_uuid(o->uuid)) {
		snprintf(msg, room, "uuid=%s is not a UUID (8-4-4-4-12 hexadecimal digits)", o->uuid);
		return -1;
	}
	o->wish.band[BAND_2GHZ] = !o->band_given || o->band24ghz;
	o->wish.band[BAND_5GHZ] = !o->band_given || o->band5ghz;
	o->wish.band[BAND_6GHZ] = !o->band_given || o->band6ghz;
	if (o->wish.band[BAND_2GHZ] || o->wish.band[BAND_5GHZ] || o->wish.band[BAND_6GHZ])
		return 0;
	snprintf(msg, room, "band24ghz, band5ghz and band6ghz leave no band: once one is given, one must be true");
	return -1;
}
