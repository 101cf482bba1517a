/* SPDX-License-Identifier: MIT */
/* The values of a definition's options, as capture programs want them, and what is told to the user when they are wrong:
 * one wording for all programs. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <aeriecap.h>

#define NUMBER_ROOM 24u

int aeriecap_option_text(const char *definition, const char *name, char *value, size_t room, char *msg)
{
	const char *start;
	int len = aeriecap_find_option(definition, name, &start);

	if (len < 0) {
		snprintf(msg, AERIECAP_MSG_MAX, "the options of '%.200s' are not option=value[,option=\"quoted\"...]",
			 definition);
		return -1;
	}
	if (len == 0)
		return 0;
	if ((size_t)len >= room) {
		snprintf(msg, AERIECAP_MSG_MAX, "the value of %s is too long: it may have %lu octets", name,
			 (unsigned long)room - 1);
		return -1;
	}
	memcpy(value, start, (size_t)len);
	value[len] = 0;
	return 1;
}

int aeriecap_option_flag(const char *definition, const char *name, int *ret_on, char *msg)
{
	static const struct {
		const char *text;
		int on;
	} words[] = { { "true", 1 }, { "t", 1 }, { "false", 0 }, { "f", 0 } };
	char value[64];
	int r = aeriecap_option_text(definition, name, value, sizeof value, msg);
	size_t i;

	if (r <= 0)
		return r;
	for (i = 0; i < sizeof words / sizeof *words; i++)
		if (strcasecmp(value, words[i].text) == 0) {
			*ret_on = words[i].on;
			return 1;
		}
	snprintf(msg, AERIECAP_MSG_MAX, "%s=%s is neither true nor false", name, value);
	return -1;
}

int aeriecap_option_number(const char *definition, const char *name, uint32_t min, uint32_t max, const char *what,
			   uint32_t *ret_number, char *msg)
{
	char value[NUMBER_ROOM], *end;
	unsigned long v;
	int r = aeriecap_option_text(definition, name, value, sizeof value, msg);

	if (r <= 0)
		return r;
	errno = 0;
	v = strtoul(value, &end, value[0] == '0' && (value[1] | 32) == 'x' ? 16 : 10); /* as hosts read them */
	if (errno || value[0] < '0' || value[0] > '9' || *end || v < min || v > max) {
		snprintf(msg, AERIECAP_MSG_MAX, "%s=%s is not %s from %lu to %lu", name, value, what,
			 (unsigned long)min, (unsigned long)max);
		return -1;
	}
	*ret_number = (uint32_t)v;
	return 1;
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

int aeriecap_option_uuid(const char *definition, char uuid[AERIECAP_UUID_ROOM], char *msg)
{
	char value[64];
	int r = aeriecap_option_text(definition, "uuid", value, sizeof value, msg);

	if (r <= 0)
		return r;
	if (!is_uuid(value)) {
		snprintf(msg, AERIECAP_MSG_MAX, "uuid=%s is not a UUID (8-4-4-4-12 hexadecimal digits)", value);
		return -1;
	}
	memcpy(uuid, value, AERIECAP_UUID_ROOM);
	return 1;
}
