/* SPDX-License-Identifier: MIT */
/* LISTREPORT, PROBEREPORT, OPENREPORT, CONFIGREPORT. A report must fit in a frame: lists are cut when they do not, and
 * the report's message says so. */
#include "report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pack.h"

/* Octets of a text in a report, so that all of them fit in a frame. */
#define TEXT_MAX 512u
#define CAPIF_MAX 4096u /* often a path */

static int set_text(char **to, const char *text)
{
	char *copy = text ? strdup(text) : NULL;

	if (text && !copy)
		return -1;
	free(*to);
	*to = copy;
	return 0;
}

static void *grow(void *array, uint32_t n, uint32_t *room, size_t size)
{
	uint32_t more = *room ? *room * 2 : 16;
	void *grown;

	if (n < *room)
		return array;
	grown = realloc(array, more * size);
	if (grown)
		*room = more;
	return grown;
}

int aeriecap_list_add(struct aeriecap_list *list, const char *interface, const char *flags, const char *hardware)
{
	struct list_entry *entries = grow(list->entries, list->n, &list->room, sizeof *entries), *e;

	if (!entries)
		return -1;
	list->entries = entries;
	e = &entries[list->n];
	memset(e, 0, sizeof *e);
	if (set_text(&e->interface, interface) < 0 || set_text(&e->flags, flags) < 0 ||
	    set_text(&e->hardware, hardware) < 0) {
		free(e->interface);
		free(e->flags);
		return -1;
	}
	list->n++;
	return 0;
}

void list_clear(struct aeriecap_list *list)
{
	uint32_t i;

	for (i = 0; i < list->n; i++) {
		free(list->entries[i].interface);
		free(list->entries[i].flags);
		free(list->entries[i].hardware);
	}
	free(list->entries);
	memset(list, 0, sizeof *list);
}

int aeriecap_info_set_uuid(struct aeriecap_info *info, const char *uuid)
{
	return set_text(&info->uuid, uuid);
}

int aeriecap_info_set_capif(struct aeriecap_info *info, const char *capif)
{
	return set_text(&info->capif, capif);
}

int aeriecap_info_set_hardware(struct aeriecap_info *info, const char *hardware)
{
	return set_text(&info->hardware, hardware);
}

int aeriecap_info_set_channel(struct aeriecap_info *info, const char *channel)
{
	return set_text(&info->channel, channel);
}

int aeriecap_info_add_channel(struct aeriecap_info *info, const char *channel)
{
	char **channels = grow(info->channels, info->n_channels, &info->room, sizeof *channels);

	if (!channels)
		return -1;
	info->channels = channels;
	channels[info->n_channels] = strdup(channel);
	if (!channels[info->n_channels])
		return -1;
	info->n_channels++;
	return 0;
}

void aeriecap_info_set_dlt(struct aeriecap_info *info, uint32_t dlt)
{
	info->dlt = dlt;
}

void aeriecap_info_set_hop(struct aeriecap_info *info, double hops_per_second, int shuffle, unsigned skip,
			   unsigned offset)
{
	info->hopping = true;
	info->hop.rate = hops_per_second;
	info->hop.shuffle = shuffle != 0;
	info->hop.step = skip;
	info->hop.offset = offset;
}

void info_clear(struct aeriecap_info *info)
{
	uint32_t i;

	for (i = 0; i < info->n_channels; i++)
		free(info->channels[i]);
	free(info->channels);
	free(info->uuid);
	free(info->capif);
	free(info->hardware);
	free(info->channel);
	memset(info, 0, sizeof *info);
}

/* The message of a report, with a word on what had to be left out. */
static const char *say_cut(char *buf, size_t room, const char *msg, uint32_t n, uint32_t all, const char *what)
{
	if (n == all)
		return msg;
	snprintf(buf, room, "%.900s%sonly %u of %u %s fit in the report", msg, msg[0] ? "; " : "", (unsigned)n,
		 (unsigned)all, what);
	return buf;
}

static void pack_list(struct pack *p, const struct aeriecap *cap, uint32_t request, const struct aeriecap_list *list,
		      uint32_t n, const char *msg)
{
	uint32_t i;

	pack_begin(p);
	pack_map(p, msg[0] ? 4 : 3);
	pack_u32(p, 1, request);
	pack_text(p, 4, cap->version, TEXT_MAX);
	pack_key(p, 2);
	pack_array(p, n);
	for (i = 0; i < n; i++) {
		const struct list_entry *e = &list->entries[i];

		pack_map(p, 1 + !!e->flags + !!e->hardware);
		pack_text(p, 1, e->interface, TEXT_MAX);
		if (e->flags)
			pack_text(p, 2, e->flags, TEXT_MAX);
		if (e->hardware)
			pack_text(p, 3, e->hardware, TEXT_MAX);
	}
	if (msg[0])
		pack_text(p, 3, msg, AERIECAP_MSG_MAX);
}

int report_list(struct aeriecap *cap, uint32_t request, const struct aeriecap_list *list, const char *msg)
{
	char cut[AERIECAP_MSG_MAX + 64];
	struct pack p;
	uint32_t n = list->n;

	pack_list(&p, cap, request, list, n, msg);
	while (p.full && n > 0) {
		n = n * 3 / 4;
		pack_list(&p, cap, request, list, n, say_cut(cut, sizeof cut, msg, n, list->n, "interfaces"));
	}
	return pack_send(&p, cap, CMD_LISTREPORT, 0, NULL, false);
}

static void pack_channels(struct pack *p, unsigned key, const struct aeriecap_info *info, uint32_t n)
{
	uint32_t i;

	pack_key(p, key);
	pack_array(p, n);
	for (i = 0; i < n; i++)
		pack_text(p, 0, info->channels[i], CHANNEL_TEXT_MAX);
}

static void pack_probe(struct pack *p, uint32_t request, const struct aeriecap_info *info, uint32_t n, const char *msg)
{
	uint32_t fields = !!info->capif + !!info->hardware + !!info->channel + (n > 0);

	pack_begin(p);
	pack_map(p, 1 + (fields > 0) + (msg[0] != 0));
	pack_u32(p, 1, request);
	if (fields > 0) {
		pack_key(p, 2);
		pack_map(p, fields);
	}
	if (info->capif)
		pack_text(p, 4, info->capif, CAPIF_MAX);
	if (info->hardware)
		pack_text(p, 3, info->hardware, TEXT_MAX);
	if (info->channel)
		pack_text(p, 5, info->channel, CHANNEL_TEXT_MAX);
	if (n > 0)
		pack_channels(p, 6, info, n);
	if (msg[0])
		pack_text(p, 3, msg, AERIECAP_MSG_MAX);
}

int report_probe(struct aeriecap *cap, uint32_t request, bool ok, const struct aeriecap_info *info, const char *msg)
{
	char cut[AERIECAP_MSG_MAX + 64];
	struct pack p;
	uint32_t n = info->n_channels;

	pack_probe(&p, request, info, n, msg);
	while (p.full && n > 0) {
		n = n * 3 / 4;
		pack_probe(&p, request, info, n, say_cut(cut, sizeof cut, msg, n, info->n_channels, "channels"));
	}
	return pack_send(&p, cap, CMD_PROBEREPORT, ok, &request, false);
}

/* The hop sub-block without its list: 1 rate, 2 shuffle, 3 skip, 4 offset, 6 enabled; the list is to follow. */
static void pack_hop(struct pack *p, unsigned key, const struct hop *hop)
{
	pack_key(p, key);
	pack_map(p, 6);
	pack_float(p, 1, (float)hop->rate);
	pack_bool(p, 2, hop->shuffle);
	pack_u16(p, 3, hop->step);
	pack_u16(p, 4, hop->offset);
	pack_u8(p, 6, 1);
}

static void pack_open(struct pack *p, const struct aeriecap *cap, uint32_t request, const struct aeriecap_info *info,
		      uint32_t n, const char *msg)
{
	pack_begin(p);
	pack_map(p, 3 + !!info->capif + (n > 0) + !!info->channel + info->hopping + !!info->hardware + !!info->uuid +
			    (msg[0] != 0));
	pack_u32(p, 1, request);
	pack_u32(p, 2, info->dlt);
	if (info->capif)
		pack_text(p, 3, info->capif, CAPIF_MAX);
	if (n > 0)
		pack_channels(p, 4, info, n);
	if (info->channel)
		pack_text(p, 5, info->channel, CHANNEL_TEXT_MAX);
	if (info->hopping) {
		pack_hop(p, 6, &info->hop);
		pack_channels(p, 5, info, n);
	}
	if (info->hardware)
		pack_text(p, 7, info->hardware, TEXT_MAX);
	if (info->uuid)
		pack_text(p, 8, info->uuid, TEXT_MAX);
	if (msg[0])
		pack_text(p, 9, msg, AERIECAP_MSG_MAX);
	pack_text(p, 10, cap->version, TEXT_MAX);
}

int report_open(struct aeriecap *cap, uint32_t request, bool ok, const struct aeriecap_info *info, const char *msg)
{
	char cut[AERIECAP_MSG_MAX + 64];
	struct pack p;
	uint32_t n = info->n_channels;

	pack_open(&p, cap, request, info, n, msg);
	while (p.full && n > 0) {
		n = n * 3 / 4;
		pack_open(&p, cap, request, info, n, say_cut(cut, sizeof cut, msg, n, info->n_channels, "channels"));
	}
	return pack_send(&p, cap, CMD_OPENREPORT, ok, &request, false);
}

static void pack_config(struct pack *p, uint32_t request, const char *channel, const struct hop *hop, uint32_t n,
			const char *msg)
{
	uint32_t i;

	pack_begin(p);
	pack_map(p, 1 + !!channel + !!hop + (msg[0] != 0));
	pack_u32(p, 1, request);
	if (channel)
		pack_text(p, 2, channel, CHANNEL_TEXT_MAX);
	if (hop) {
		pack_hop(p, 3, hop);
		pack_key(p, 5);
		pack_array(p, n);
		for (i = 0; i < n; i++)
			pack_text(p, 0, hop->channels[i].name, CHANNEL_TEXT_MAX);
	}
	if (msg[0])
		pack_text(p, 4, msg, AERIECAP_MSG_MAX);
}

int report_config(struct aeriecap *cap, uint32_t request, bool ok, const char *channel, const struct hop *hop,
		  const char *msg)
{
	char cut[AERIECAP_MSG_MAX + 64];
	struct pack p;
	uint32_t all = hop ? hop->n : 0, n = all;

	pack_config(&p, request, channel, hop, n, msg);
	while (p.full && n > 0) {
		n = n * 3 / 4;
		pack_config(&p, request, channel, hop, n, say_cut(cut, sizeof cut, msg, n, all, "channels"));
	}
	return pack_send(&p, cap, CMD_CONFIGREPORT, ok, &request, false);
}

int report_newsource(struct aeriecap *cap, const char *definition, const char *uuid)
{
	struct pack p;

	pack_begin(&p);
	pack_map(&p, 3);
	pack_text(&p, 1, definition, PROBE_DEFINITION_MAX);
	pack_text(&p, 2, cap->type, TEXT_MAX);
	pack_text(&p, 3, uuid, TEXT_MAX);
	return pack_send(&p, cap, CMD_NEWSOURCE, 0, NULL, false);
}
