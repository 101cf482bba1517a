/* SPDX-License-Identifier: MIT */
/* Options of a definition. Those that the host handles (name=, type=, ...) are not looked at. */
#include "options.h"

#include <inttypes.h>
#include <stdio.h>

#include <aeriecap.h>

#define INQUIRY_LENGTH_MAX 48u /* Core 5.4 Vol 4 Part E, 7.1.1 */

static int get_flag(const char *definition, const char *name, bool *flag, char *msg)
{
	int on = 0, r = aeriecap_option_flag(definition, name, &on, msg);

	if (r > 0)
		*flag = on;
	return r;
}

int options_parse(const char *definition, struct hciscan_config *ret_config, char *msg)
{
	struct hciscan_config c = { .classic = true, .le = true, .names = true };
	uint32_t inquiry_length = OPTIONS_INQUIRY_LENGTH;

	if (get_flag(definition, "classic", &c.classic, msg) < 0 || get_flag(definition, "le", &c.le, msg) < 0 ||
	    get_flag(definition, "active", &c.active, msg) < 0 || get_flag(definition, "names", &c.names, msg) < 0 ||
	    aeriecap_option_number(definition, "inquiry_length", 1, INQUIRY_LENGTH_MAX, "a number of periods of 1.28 s",
				   &inquiry_length, msg) < 0)
		return -1;
	c.inquiry_length = (uint8_t)inquiry_length;
	if (!c.classic && !c.le) {
		snprintf(msg, AERIECAP_MSG_MAX, "classic=false and le=false leave nothing to scan: give one of them");
		return -1;
	}
	if (c.active && !c.le) {
		snprintf(msg, AERIECAP_MSG_MAX, "active=true is about LE, and le=false excludes that: give one of them");
		return -1;
	}
	*ret_config = c;
	return 0;
}

int options_uuid(const char *definition, const unsigned char bdaddr[6], char uuid[AERIECAP_UUID_ROOM], char *msg)
{
	static const char program[] =
		"kismet_cap_linux_bluetooth"; /* what the sources' UUIDs are derived from everywhere */
	int r = aeriecap_option_uuid(definition, uuid, msg);

	if (r < 0)
		return -1;
	if (r == 0)
		snprintf(uuid, AERIECAP_UUID_ROOM, "%08" PRIX32 "-0000-0000-0000-%02X%02X%02X%02X%02X%02X",
			 aeriecap_adler(program, sizeof program - 1), bdaddr[0], bdaddr[1], bdaddr[2], bdaddr[3],
			 bdaddr[4], bdaddr[5]);
	return 0;
}
