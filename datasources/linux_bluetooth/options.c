/* SPDX-License-Identifier: MIT */
/* Options of a definition. Those that the host handles (name=, type=, ...) are not looked at. */
#include "options.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <aeriecap.h>

#define VALUE_MAX          64u
#define INQUIRY_LENGTH_MAX 48u /* Core 5.4 Vol 4 Part E, 7.1.1 */

/* 1; 0 there is none; -1 with a text. */
static int get(const char *definition, const char *name, char value[VALUE_MAX], char *msg, size_t room)
{
	const char *start;
	int len = aeriecap_find_option(definition, name, &start);

	if (len < 0) {
		snprintf(msg, room, "the options of '%.200s' are not option=value[,option=\"quoted\"...]", definition);
		return -1;
	}
	if (len == 0)
		return 0;
	if ((unsigned)len >= VALUE_MAX) {
		snprintf(msg, room, "the value of %s is too long", name);
		return -1;
	}
	memcpy(value, start, (size_t)len);
	value[len] = 0;
	return 1;
}

static int get_flag(const char *definition, const char *name, bool *flag, char *msg, size_t room)
{
	static const struct {
		const char *text;
		bool on;
	} words[] = { { "true", true }, { "t", true }, { "false", false }, { "f", false } };
	char value[VALUE_MAX];
	int r = get(definition, name, value, msg, room);
	size_t i;

	if (r <= 0)
		return r;
	for (i = 0; i < sizeof words / sizeof *words; i++)
		if (strcasecmp(value, words[i].text) == 0) {
			*flag = words[i].on;
			return 0;
		}
	snprintf(msg, room, "%s=%s is neither true nor false", name, value);
	return -1;
}

static int get_inquiry_length(const char *definition, uint8_t *ret_length, char *msg, size_t room)
{
	char value[VALUE_MAX], *end;
	unsigned long v;
	int r = get(definition, "inquiry_length", value, msg, room);

	if (r <= 0)
		return r;
	v = strtoul(value, &end, 10);
	if (value[0] < '0' || value[0] > '9' || *end || v == 0 || v > INQUIRY_LENGTH_MAX) {
		snprintf(msg, room, "inquiry_length=%s is not a number from 1 to %u (times 1.28 s)", value,
		         INQUIRY_LENGTH_MAX);
		return -1;
	}
	*ret_length = (uint8_t)v;
	return 0;
}

int options_parse(const char *definition, struct hciscan_config *ret_config, char *msg, size_t room)
{
	struct hciscan_config c = {
		.classic = true, .le = true, .names = true, .inquiry_length = OPTIONS_INQUIRY_LENGTH
	};

	if (get_flag(definition, "classic", &c.classic, msg, room) < 0 ||
	    get_flag(definition, "le", &c.le, msg, room) < 0 ||
	    get_flag(definition, "active", &c.active, msg, room) < 0 ||
	    get_flag(definition, "names", &c.names, msg, room) < 0 ||
	    get_inquiry_length(definition, &c.inquiry_length, msg, room) < 0)
		return -1;
	if (!c.classic && !c.le) {
		snprintf(msg, room, "classic=false and le=false leave nothing to scan: give one of them");
		return -1;
	}
	if (c.active && !c.le) {
		snprintf(msg, room, "active=true is about LE, and le=false excludes that: give one of them");
		return -1;
	}
	*ret_config = c;
	return 0;
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

int options_uuid(const char *definition, const unsigned char bdaddr[6], char uuid[OPTIONS_UUID_MAX], char *msg,
                 size_t room)
{
	static const char program[] =
		"kismet_cap_linux_bluetooth"; /* what the sources' UUIDs are derived from everywhere */
	char value[VALUE_MAX];
	int r = get(definition, "uuid", value, msg, room);

	if (r < 0)
		return -1;
	if (r > 0 && !is_uuid(value)) {
		snprintf(msg, room, "uuid=%s is not a UUID (8-4-4-4-12 hexadecimal digits)", value);
		return -1;
	}
	if (r > 0)
		memcpy(uuid, value, OPTIONS_UUID_MAX);
	else
		snprintf(uuid, OPTIONS_UUID_MAX, "%08" PRIX32 "-0000-0000-0000-%02X%02X%02X%02X%02X%02X",
		         aeriecap_adler(program, sizeof program - 1), bdaddr[0], bdaddr[1], bdaddr[2], bdaddr[3],
		         bdaddr[4], bdaddr[5]);
	return 0;
}
