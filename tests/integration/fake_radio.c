/* SPDX-License-Identifier: MIT */
/* A capture program of a radio that is not there: lists two interfaces (slowly, when told so), tunes to what it
 * knows, and is silent. Channel 13 cannot be tuned to. "broken" does not open. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <aeriecap.h>

static const char *const channels[] = { "1", "6", "6HT40+", "11", "13" };

static int on_list(struct aeriecap *cap, uint32_t seqno, struct aeriecap_list *list, char *msg)
{
	const char *ms = getenv("FAKE_RADIO_SLOW"); /* milliseconds */

	if (ms)
		(void)poll(NULL, 0, atoi(ms));
	if (aeriecap_list_add(list, "radio0", "one,two", "No chip at all") < 0 ||
	    aeriecap_list_add(list, "radio1", "", "") < 0)
		return -1;
	return 2;
}

static int on_open(struct aeriecap *cap, uint32_t seqno, const char *definition, struct aeriecap_info *info, char *msg)
{
	const char *uuid;
	int len = aeriecap_find_option(definition, "uuid", &uuid);
	char text[64];
	size_t i;

	if (!strncmp(definition, "broken", 6)) {
		snprintf(msg, AERIECAP_MSG_MAX, "no such radio: it is broken");
		return -1;
	}
	snprintf(text, sizeof text, "%.*s", len > 0 ? len : 36,
		 len > 0 ? uuid : "F00D0000-0000-0000-0000-000000000001");
	for (i = 0; i < sizeof channels / sizeof channels[0]; i++)
		if (aeriecap_info_add_channel(info, channels[i]) < 0)
			return -1;
	aeriecap_info_set_dlt(info, 105);
	return aeriecap_info_set_channel(info, "1") < 0 || aeriecap_info_set_uuid(info, text) < 0 ? -1 : 0;
}

static void *on_translate(struct aeriecap *cap, const char *channel, char *msg)
{
	size_t i;

	for (i = 0; i < sizeof channels / sizeof channels[0]; i++)
		if (!strcmp(channel, channels[i]))
			return strdup(channel);
	snprintf(msg, AERIECAP_MSG_MAX, "the radio knows no channel %.32s", channel);
	return NULL;
}

static int on_channel(struct aeriecap *cap, uint32_t seqno, void *channel, char *msg)
{
	if (strcmp(channel, "13"))
		return 1;
	snprintf(msg, AERIECAP_MSG_MAX, "channel 13 is not allowed here");
	return 0;
}

static int on_capture(struct aeriecap *cap, char *msg)
{
	while (aeriecap_sleep(cap, 1000000) >= 0)
		;
	return 0;
}

int main(int argc, char **argv)
{
	struct aeriecap *cap = aeriecap_new("fakeradio", "1.0");
	int status = AERIECAP_EXIT_FAILED;

	if (!cap)
		return status;
	aeriecap_on_list(cap, on_list);
	aeriecap_on_open(cap, on_open);
	aeriecap_on_translate(cap, on_translate);
	aeriecap_on_channel(cap, on_channel);
	aeriecap_on_capture(cap, on_capture);
	if (aeriecap_parse_options(cap, argc, argv, &status) > 0)
		status = aeriecap_loop(cap);
	aeriecap_free(cap);
	return status;
}
