/* SPDX-License-Identifier: MIT */
/* Names of fields in results that are no records: a row each, defined like any tracked field, so that they appear in the
 * list of fields with unit and description. */
#include <string.h>

#include "endpoints.h"

#define ROW(type, name, unit, help) AERIE_FIELD_DEF(type, 0, 0, name, unit, help)

static const struct aerie_field_def rows[NAMES] = {
	[NAME_TIMESTAMP_SEC] = ROW(AERIE_T_U64, "kismet.system.timestamp.sec", "s", "Server time, whole seconds since 1970-01-01 UTC."),
	[NAME_TIMESTAMP_USEC] = ROW(AERIE_T_U64, "kismet.system.timestamp.usec", "us", "Microseconds of the server time's second."),
	[NAME_MESSAGE_STRING] = ROW(AERIE_T_STR, "kismet.messagebus.message_string", "", "Text of a message for people."),
	[NAME_MESSAGE_FLAGS] = ROW(AERIE_T_I32, "kismet.messagebus.message_flags", "",
				   "Level of a message: debug 1, info 2, error 4, alert 8, fatal 16."),
	[NAME_MESSAGE_TIME] = ROW(AERIE_T_U64, "kismet.messagebus.message_time", "s", "When a message was given, since 1970-01-01 UTC."),
	[NAME_PHY_NAME] = ROW(AERIE_T_STR, "kismet.phy.phy_name", "", "Name of a PHY."),
	[NAME_PHY_ID] = ROW(AERIE_T_U32, "kismet.phy.phy_id", "", "Number of a PHY, the same while the server runs."),
	[NAME_PHY_DEVICE_COUNT] = ROW(AERIE_T_U64, "kismet.phy.device_count", "devices", "Devices of a PHY."),
	[NAME_PHY_PACKET_COUNT] = ROW(AERIE_T_U64, "kismet.phy.packet_count", "packets", "Packets that a PHY dissected."),
	[NAME_PHY_PACKETS_DATA] = ROW(AERIE_T_U64, "kismet.phy.packets.data", "packets", "Packets of a PHY that carry data."),
	[NAME_PHY_PACKETS_ERROR] = ROW(AERIE_T_U64, "kismet.phy.packets.error", "packets",
				       "Packets of a PHY with a bad check sequence, truncated or malformed."),
	[NAME_PLUGIN_NAME] = ROW(AERIE_T_STR, "kismet.plugin.name", "", "Id of a plugin."),
	[NAME_PLUGIN_DESCRIPTION] = ROW(AERIE_T_STR, "kismet.plugin.description", "", "What a plugin is for."),
	[NAME_PLUGIN_AUTHOR] = ROW(AERIE_T_STR, "kismet.plugin.author", "", "Author of a plugin; empty, since plugins do not tell."),
	[NAME_PLUGIN_VERSION] = ROW(AERIE_T_STR, "kismet.plugin.version", "", "A plugin's own version."),
	[NAME_PLUGIN_SHARED_OBJECT] = ROW(AERIE_T_STR, "kismet.plugin.shared_object", "", "File name of a plugin's shared object."),
	[NAME_PLUGIN_HTTP_HELPER] = ROW(AERIE_T_STR, "kismet.plugin.http_helper", "",
					"Helper program of a plugin; empty, since plugins here have none."),
	[NAME_PLUGIN_DIRNAME] = ROW(AERIE_T_STR, "kismet.plugin.dirname", "", "Last part of the folder that a plugin lies in."),
	[NAME_PLUGIN_PATH] = ROW(AERIE_T_STR, "kismet.plugin.path", "", "Path of a plugin's file."),
	[NAME_PLUGIN_JSMODULE] = ROW(AERIE_T_STR, "kismet.plugin.jsmodule", "",
				     "Script of a plugin for the web page; empty, since plugins here have none."),
	[NAME_PLUGIN_LICENSE] = ROW(AERIE_T_STR, "aerie.plugin.license", "", "SPDX expression of a plugin's licence."),
	[NAME_PLUGIN_URL] = ROW(AERIE_T_STR, "aerie.plugin.url", "", "Where a plugin comes from."),
	[NAME_PLUGIN_STATE] = ROW(AERIE_T_STR, "aerie.plugin.state", "", "running, failed, refused, quarantined or disabled."),
	[NAME_PLUGIN_REASON] = ROW(AERIE_T_STR, "aerie.plugin.reason", "", "Why a plugin does not run, and what to do."),
	[NAME_FIELD_NAME] = ROW(AERIE_T_STR, "aerie.field.name", "", "Name of a tracked field."),
	[NAME_FIELD_ID] = ROW(AERIE_T_U32, "aerie.field.id", "", "Number of a tracked field, the same while the server runs."),
	[NAME_FIELD_TYPE] = ROW(AERIE_T_STR, "aerie.field.type", "", "Type of a tracked field."),
	[NAME_FIELD_UNIT] = ROW(AERIE_T_STR, "aerie.field.unit", "", "Unit of a tracked field."),
	[NAME_FIELD_DESCRIPTION] = ROW(AERIE_T_STR, "aerie.field.description", "", "What a tracked field says."),
	[NAME_FIELD_OWNER] = ROW(AERIE_T_STR, "aerie.field.owner", "", "Plugin that defined a tracked field first."),
	[NAME_FIELD_LIMIT_HITS] = ROW(AERIE_T_U64, "aerie.field.limit_hits", "times", "How often records wanted to pass a field's limit."),
	[NAME_VIEW_ID] = ROW(AERIE_T_STR, "kismet.devices.view.id", "", "Name of a view of devices, as in paths."),
	[NAME_VIEW_DESCRIPTION] = ROW(AERIE_T_STR, "kismet.devices.view.description", "", "What a view shows."),
	[NAME_VIEW_SIZE] = ROW(AERIE_T_U64, "kismet.devices.view.size", "devices", "Devices in a view."),
	[NAME_VIEW_INDEXED] = ROW(AERIE_T_U8, "kismet.devices.view.indexed", "",
				  "1: a view's size is always known; 0: it is counted every few seconds."),
	[NAME_FEED_TAKEN] = ROW(AERIE_T_U64, "aerie.feed.taken", "", "Frames and reports that a passive source took."),
	[NAME_FEED_REFUSED] = ROW(AERIE_T_U64, "aerie.feed.refused", "", "Frames and reports that a passive source did not take."),
	[NAME_FEED_REASON] = ROW(AERIE_T_STR, "aerie.feed.reason", "", "Why the first that was refused was; empty when none was."),
	[NAME_MESSAGES_LIST] = AERIE_FIELD_DEF(AERIE_T_VEC, AERIE_T_RECORD, 0, "kismet.messagebus.list", "", "Messages, newest last."),
	[NAME_MESSAGES_TIMESTAMP] = ROW(AERIE_T_U64, "kismet.messagebus.timestamp", "s", "When a list of messages was made, since 1970-01-01 UTC."),
	[NAME_SYSTEM_USER] = ROW(AERIE_T_STR, "kismet.system.user", "", "User that the server runs as."),
	[NAME_STREAM_ID] = ROW(AERIE_T_U64, "kismet.stream.stream_id", "", "Number of a stream, never used again while the server runs."),
	[NAME_STREAM_TIME] = ROW(AERIE_T_U64, "kismet.stream.time", "s", "When a stream began, since 1970-01-01 UTC."),
	[NAME_STREAM_NAME] = ROW(AERIE_T_STR, "kismet.stream.name", "", "Name of a stream."),
	[NAME_STREAM_TYPE] = ROW(AERIE_T_STR, "kismet.stream.type", "", "What a stream exports, or how."),
	[NAME_STREAM_PATH] = ROW(AERIE_T_STR, "kismet.stream.path", "", "File or endpoint that a stream goes to; empty for none."),
	[NAME_STREAM_DESCRIPTION] = ROW(AERIE_T_STR, "kismet.stream.description", "", "What a stream is for."),
	[NAME_STREAM_PACKETS] = ROW(AERIE_T_U64, "kismet.stream.packets", "packets", "Packets or records that a stream sent."),
	[NAME_STREAM_SIZE] = ROW(AERIE_T_U64, "kismet.stream.size", "octets", "Octets that a stream sent."),
	[NAME_STREAM_MAX_PACKETS] = ROW(AERIE_T_U64, "kismet.stream.max_packets", "packets", "Packets after which a stream ends; 0: never."),
	[NAME_STREAM_MAX_SIZE] = ROW(AERIE_T_U64, "kismet.stream.max_size", "octets", "Octets after which a stream ends; 0: never."),
	[NAME_STREAM_PAUSED] = ROW(AERIE_T_U8, "kismet.stream.paused", "", "1: a stream is paused."),
};

int names_define(struct endpoints *e)
{
	aerie_field_id id;
	size_t i;
	int err;

	for (i = 0; i < NAMES; i++) {
		err = e->fields->define(e->h, &rows[i], &id);
		if (err)
			return err;
		e->name[i] = e->fields->name(e->h, id);
	}
	return 0;
}

int put_u64(const struct aerie_visitor *vt, void *v, const struct aerie_name *name, uint64_t value)
{
	int err = vt->key(v, name);

	return err ? err : vt->u64(v, value);
}

int put_str(const struct aerie_visitor *vt, void *v, const struct aerie_name *name, const char *text)
{
	int err = vt->key(v, name);

	return err ? err : vt->str(v, text ? text : "", text ? (uint32_t)strlen(text) : 0);
}
