/* SPDX-License-Identifier: MIT */
/* The members that every device has (kismet.device.base.*), and the records below them. */
#include <config.h>

#include <errno.h>
#include <stddef.h>

#include <core/module.h>
#include <core/registry.h>
#include <core/store.h>

/* Types of sub-records. */
enum below { NOTHING, SIGNAL, SEENBY, RELATED, N_BELOW };

struct row {
	struct aerie_member member;
	enum below below;
	size_t slot; /* offset of the slot in struct devices */
};

#define SLOT(m) offsetof(struct devices, m)
#define BASE "kismet.device.base."
#define COMMON "kismet.common."
#define ROW(type, name, unit, help, slot) { AERIE_MEMBER(type, 0, 0, name, unit, help, 0, NULL), NOTHING, SLOT(slot) }
#define COUNTER(name, help, slot) ROW(AERIE_T_U64, name, "packets", help, slot)
#define RRD(type, flags, name, unit, help, slot) \
	{ AERIE_MEMBER(type, 0, flags, name, unit, help, 0, NULL), NOTHING, SLOT(slot) }
#define RULE(rule, type, name, help, of0, of1, of2) \
	{ AERIE_MEMBER_RULE(rule, type, name, "", help, of0, of1, of2), NOTHING, 0 }

static const struct row signal_rows[] = {
	ROW(AERIE_T_STR, COMMON "signal.type", "", "Unit of the signal values: none, dbm or rssi.", signal.type),
	ROW(AERIE_T_I32, COMMON "signal.last_signal", "dBm", "Signal of the last frame.", signal.last_signal),
	ROW(AERIE_T_I32, COMMON "signal.last_noise", "dBm", "Noise at the last frame.", signal.last_noise),
	ROW(AERIE_T_I32, COMMON "signal.min_signal", "dBm", "Weakest signal.", signal.min_signal),
	ROW(AERIE_T_I32, COMMON "signal.min_noise", "dBm", "Least noise.", signal.min_noise),
	ROW(AERIE_T_I32, COMMON "signal.max_signal", "dBm", "Strongest signal.", signal.max_signal),
	ROW(AERIE_T_I32, COMMON "signal.max_noise", "dBm", "Most noise.", signal.max_noise),
	ROW(AERIE_T_F64, COMMON "signal.maxseenrate", "100 kbit/s", "Highest data rate.", signal.max_rate),
	{ AERIE_MEMBER(AERIE_T_U64, 0, AERIE_FIELD_BITS, COMMON "signal.encodingset", "", "Encodings seen, or-ed.", 0,
		       NULL), NOTHING, SLOT(signal.encodings) },
	{ AERIE_MEMBER(AERIE_T_U64, 0, AERIE_FIELD_BITS, COMMON "signal.carrierset", "", "Carriers seen, or-ed.", 0,
		       NULL), NOTHING, SLOT(signal.carriers) },
	RRD(AERIE_T_RRD_MINUTE, AERIE_FIELD_RRD_SIGNAL, COMMON "signal.signal_rrd", "dBm",
	    "Strongest signal of each second of the last minute.", signal.rrd),
};

static const struct row seenby_rows[] = {
	ROW(AERIE_T_UUID, COMMON "seenby.uuid", "", "The datasource.", seenby.uuid),
	ROW(AERIE_T_TIME, COMMON "seenby.first_time", "s", "When the datasource first heard the device.", seenby.first_time),
	ROW(AERIE_T_TIME, COMMON "seenby.last_time", "s", "When the datasource last heard the device.", seenby.last_time),
	COUNTER(COMMON "seenby.num_packets", "Packets of the device that the datasource heard.", seenby.packets),
};

static const struct row related_rows[] = {
	{ AERIE_MEMBER(AERIE_T_VEC, AERIE_T_KEY, 0, BASE "related_group", "", "Keys of related devices.", 0, NULL),
	  NOTHING, 0 },
};

static const struct row base_rows[] = {
	ROW(AERIE_T_KEY, BASE "key", "", "Key of the device, the same from run to run.", slots.key),
	RULE(AERIE_MEMBER_KEY_MAC, AERIE_T_MAC, BASE "macaddr", "Address of the device.", BASE "key", NULL, NULL),
	RULE(AERIE_MEMBER_KEY_PHY, AERIE_T_STR, BASE "phyname", "Name of its PHY.", BASE "key", NULL, NULL),
	ROW(AERIE_T_STR, BASE "name", "", "Name that its PHY gave it: the SSID of an access point.", slots.name),
	{ AERIE_MEMBER(AERIE_T_STR, 0, AERIE_FIELD_DYNAMIC, BASE "username", "", "Name that a user gave it.", 0, NULL), NOTHING,
	  SLOT(slots.username) },
	RULE(AERIE_MEMBER_FIRST_OF, AERIE_T_STR, BASE "commonname", "The user's name, or the PHY's, or the address.",
	     BASE "username", BASE "name", BASE "macaddr"),
	ROW(AERIE_T_STR, BASE "type", "", "What it is, for people.", slots.type),
	{ AERIE_MEMBER(AERIE_T_U64, 0, AERIE_FIELD_BITS, BASE "basic_type_set", "",
		       "Roles: 1 access point, 2 client, 4 wired, 8 peer.", 0, NULL), NOTHING, SLOT(slots.basic_type_set) },
	ROW(AERIE_T_STR, BASE "crypt", "", "Its encryption, for people.", slots.crypt),
	{ AERIE_MEMBER(AERIE_T_U64, 0, AERIE_FIELD_BITS, BASE "basic_crypt_set", "",
		       "Encryption: 2 any, 4 layer 2, 8 layer 3, 16 weak, 32 decrypted.", 0, NULL),
	  NOTHING, SLOT(slots.basic_crypt_set) },
	ROW(AERIE_T_TIME, BASE "first_time", "s", "When it was first heard, by the clock of the packets.", slots.first_time),
	ROW(AERIE_T_TIME, BASE "last_time", "s", "When it was last heard, by the clock of the packets.", slots.last_time),
	ROW(AERIE_T_TIME, BASE "mod_time", "s", "When this record last changed, by the server's clock.", slots.mod_time),
	COUNTER(BASE "packets.total", "Packets of every kind.", slots.packets_total),
	COUNTER(BASE "packets.rx_total", "Packets addressed to the device.", slots.packets_rx),
	COUNTER(BASE "packets.tx_total", "Packets that the device sent.", slots.packets_tx),
	COUNTER(BASE "packets.llc", "Management and control packets.", slots.packets_llc),
	COUNTER(BASE "packets.error", "Damaged packets.", slots.packets_error),
	COUNTER(BASE "packets.data", "Data packets with payload.", slots.packets_data),
	COUNTER(BASE "packets.crypt", "Data packets with encrypted payload.", slots.packets_crypt),
	COUNTER(BASE "packets.filtered", "Packets that a filter dropped.", slots.packets_filtered),
	ROW(AERIE_T_U64, BASE "datasize", "octets", "Payload of its data packets.", slots.datasize),
	RRD(AERIE_T_RRD, AERIE_FIELD_RRD_SUM, BASE "packets.rrd", "packets", "Packets over time.", slots.packets_rrd),
	RRD(AERIE_T_RRD, AERIE_FIELD_RRD_SUM, BASE "rx_packets.rrd", "packets", "Packets to it over time.", slots.rx_rrd),
	RRD(AERIE_T_RRD, AERIE_FIELD_RRD_SUM, BASE "tx_packets.rrd", "packets", "Packets it sent over time.", slots.tx_rrd),
	RRD(AERIE_T_RRD, AERIE_FIELD_RRD_SUM, BASE "datasize.rrd", "octets", "Payload over time.", slots.datasize_rrd),
	{ AERIE_MEMBER(AERIE_T_RECORD, 0, 0, BASE "signal", "", "What radios said about its signal.", 0, NULL), SIGNAL,
	  SLOT(slots.signal) },
	{ AERIE_MEMBER(AERIE_T_MAP_F64, AERIE_T_U64, 0, BASE "freq_khz_map", "packets", "Packets per frequency in kHz.", 0,
		       NULL), NOTHING, SLOT(slots.freq_khz_map) },
	ROW(AERIE_T_STR, BASE "channel", "", "Last logical channel.", slots.channel),
	ROW(AERIE_T_F64, BASE "frequency", "kHz", "Last frequency.", slots.frequency),
	ROW(AERIE_T_STR, BASE "manuf", "", "Manufacturer.", slots.manuf),
	ROW(AERIE_T_U32, BASE "num_alerts", "alerts", "Alerts raised for it.", slots.num_alerts),
	{ AERIE_MEMBER(AERIE_T_MAP_STR, AERIE_T_STR, AERIE_FIELD_DYNAMIC, BASE "tags", "", "Notes of users and plugins.", 0,
		       NULL), NOTHING, SLOT(slots.tags) },
	{ AERIE_MEMBER(AERIE_T_MAP_INT, AERIE_T_RECORD, AERIE_FIELD_AS_LIST, BASE "seenby", "",
		       "Datasources that heard it.", 0, NULL), SEENBY, SLOT(slots.seenby) },
	{ AERIE_MEMBER(AERIE_T_MAP_STR, AERIE_T_RECORD, 0, BASE "related_devices", "", "Devices by their relation to it.",
		       0, NULL), RELATED, SLOT(slots.related_devices) },
	RRD(AERIE_T_RRD_MINUTE, AERIE_FIELD_RRD_SUM, "kismet.device.packet.bin.250", "packets",
	    "Frames of up to 250 octets.", size_bins[0]),
	RRD(AERIE_T_RRD_MINUTE, AERIE_FIELD_RRD_SUM, "kismet.device.packet.bin.500", "packets",
	    "Frames of 251 to 500 octets.", size_bins[1]),
	RRD(AERIE_T_RRD_MINUTE, AERIE_FIELD_RRD_SUM, "kismet.device.packet.bin.1000", "packets",
	    "Frames of 501 to 1000 octets.", size_bins[2]),
	RRD(AERIE_T_RRD_MINUTE, AERIE_FIELD_RRD_SUM, "kismet.device.packet.bin.1500", "packets",
	    "Frames of 1001 to 1500 octets.", size_bins[3]),
	RRD(AERIE_T_RRD_MINUTE, AERIE_FIELD_RRD_SUM, "kismet.device.packet.bin.jumbo", "packets",
	    "Frames of more than 1500 octets.", size_bins[4]),
	RULE(AERIE_MEMBER_SHARED, AERIE_T_UUID, "kismet.server.uuid", "The server that owns this record.", NULL, NULL, NULL),
};

#define MAX_ROWS (sizeof base_rows / sizeof *base_rows)

static int define(struct devices *d, const char *name, const struct row *rows, uint32_t n, const aerie_record_id *below,
		  aerie_record_id *ret_id)
{
	struct aerie_member members[MAX_ROWS];
	uint32_t i;

	for (i = 0; i < n; i++) {
		members[i] = rows[i].member;
		members[i].record = below[rows[i].below];
		if (rows[i].slot)
			members[i].ret_slot = (aerie_slot *)(void *)((char *)d + rows[i].slot);
	}
	return fields_service.define_record(&d->core->self->host, name, 0, members, n, ret_id);
}

#define ROWS(table) table, sizeof table / sizeof *table

int store_define(struct devices *d)
{
	aerie_record_id below[N_BELOW] = { 0 };
	int err;

	d->slots.size = sizeof d->slots;
	err = define(d, COMMON "signal", ROWS(signal_rows), below, &below[SIGNAL]);
	if (!err)
		err = define(d, COMMON "seenby", ROWS(seenby_rows), below, &below[SEENBY]);
	if (!err)
		err = define(d, BASE "related", ROWS(related_rows), below, &below[RELATED]);
	if (!err)
		err = define(d, "kismet.device.base", ROWS(base_rows), below, &d->base_type);
	return err;
}
