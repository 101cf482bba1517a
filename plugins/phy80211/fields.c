/* SPDX-License-Identifier: MIT */
/* The PHY's record types as tables. Only what is filled is defined; names are the ecosystem's. */
#include <stddef.h>

#include "phy80211.h"

#define SSIDS_PER_DEVICE 1024u
#define CLIENTS_PER_AP 8192u
#define APS_PER_CLIENT 1024u
#define TEXT_LIMIT 256u

struct row {
	uint8_t slot, type, value;
	uint8_t flags;
	uint32_t limit;
	uint8_t record; /* enum record + 1 of sub-records; 0: none */
	const char *name, *unit, *help;
	const char *count_of; /* the number of entries of that member; nothing is stored */
};

enum record { REC_CLIENT, REC_SSID, REC_PROBED, REC_DOT11, RECORDS };

#define DYN AERIE_FIELD_DYNAMIC
#define NUM(slot, type, name, unit, help) { slot, AERIE_T_##type, 0, 0, 0, 0, name, unit, help, NULL }
#define OPT(slot, type, name, unit, help) { slot, AERIE_T_##type, 0, DYN, 0, 0, name, unit, help, NULL }
#define STR(slot, name, help) { slot, AERIE_T_STR, 0, 0, TEXT_LIMIT, 0, name, "", help, NULL }
#define MAP(slot, type, flags, limit, rec, name, help) \
	{ slot, AERIE_T_MAP_##type, AERIE_T_RECORD, flags, limit, (rec) + 1, name, "", help, NULL }
#define COUNT(name, help, of) { 0, AERIE_T_U64, 0, 0, 0, 0, name, "", help, of }

#define C "dot11.client."
static const struct row client_rows[] = {
	NUM(C_BSSID, MAC, C "bssid", "", "Network that the client took part in."),
	NUM(C_BSSID_KEY, KEY, C "bssid_key", "", "Device of that network."),
	NUM(C_FIRST, TIME, C "first_time", "s", "First seen in the network."),
	NUM(C_LAST, TIME, C "last_time", "s", "Last seen in the network."),
	NUM(C_DATASIZE, U64, C "datasize", "octets", "Payload of data frames in the network."),
	NUM(C_DATASIZE_RETRY, U64, C "datasize_retry", "octets", "Payload of repeated data frames in the network."),
	NUM(C_FRAGMENTS, U32, C "num_fragments", "", "Fragments in the network."),
	NUM(C_RETRIES, U32, C "num_retries", "", "Repeated frames in the network."),
};

#define S "dot11.advertisedssid."
static const struct row ssid_rows[] = {
	STR(S_SSID, S "ssid", "SSID as printable text; empty when it is hidden."),
	NUM(S_SSIDLEN, U32, S "ssidlen", "octets", "Length of the SSID on the air."),
	NUM(S_HASH, U64, S "ssid_hash", "", "Hash of the SSID's octets and length."),
	STR(S_OWE_SSID, S "owe_ssid", "SSID of the OWE transition partner."),
	OPT(S_OWE_SSID_LEN, U8, S "owe_ssid_len", "octets", "Length of the OWE transition partner's SSID."),
	OPT(S_OWE_BSSID, MAC, S "owe_bssid", "", "BSSID of the OWE transition partner."),
	NUM(S_BEACON, U8, S "beacon", "", "1: seen in beacons."),
	NUM(S_RESPONSE, U8, S "probe_response", "", "1: seen in probe responses."),
	STR(S_CHANNEL, S "channel", "Channel that the network says it is on."),
	STR(S_HT_MODE, S "ht_mode", "Width of the channel: HT20, HT40+, HT40-, HT80, HT160, HT80+80."),
	NUM(S_CENTER_1, U32, S "ht_center_1", "MHz", "Centre of a wide channel, or of its first part."),
	NUM(S_CENTER_2, U32, S "ht_center_2", "MHz", "Centre of the second part of a wide channel."),
	NUM(S_FIRST, TIME, S "first_time", "s", "First seen."),
	NUM(S_LAST, TIME, S "last_time", "s", "Last seen."),
	STR(S_BEACON_INFO, S "beacon_info", "Name that the maker's element gives the access point."),
	NUM(S_CLOAKED, U8, S "cloaked", "", "1: the SSID is hidden."),
	NUM(S_CRYPT_BITFIELD, U64, S "crypt_bitfield", "", "Encryption as bits: generations, ciphers, key management."),
	NUM(S_CRYPT_SET, U64, S "crypt_set", "", "Encryption as the older set of bits."),
	STR(S_CRYPT_STRING, S "crypt_string", "Encryption as text."),
	NUM(S_MAXRATE, F64, S "maxrate", "Mbit/s", "Highest rate on offer."),
	NUM(S_BEACONRATE, U32, S "beaconrate", "1/s", "Beacons to expect per second."),
	NUM(S_BEACONS_SEC, U32, S "beacons_sec", "1/s", "Beacons in the newest second."),
	NUM(S_CHECKSUM, U32, S "ietag_checksum", "", "Checksum of the elements that describe the network."),
	NUM(S_MFP_REQUIRED, U8, S "wpa_mfp_required", "", "1: management frame protection is required."),
	NUM(S_MFP_SUPPORTED, U8, S "wpa_mfp_supported", "", "1: management frame protection is possible."),
	STR(S_COUNTRY, S "dot11d_country", "Country code."),
	NUM(S_MOBILITY, U8, S "dot11r_mobility", "", "1: fast transition is offered."),
	NUM(S_MOBILITY_ID, U16, S "dot11r_mobility_domain_id", "", "Mobility domain."),
	NUM(S_QBSS, U8, S "dot11e_qbss", "", "1: the load is advertised."),
	NUM(S_QBSS_STATIONS, U16, S "dot11e_qbss_stations", "", "Stations that the access point says it has."),
	NUM(S_QBSS_UTILIZATION, F64, S "dot11e_channel_utilization_perc", "%", "Time that the channel is busy."),
	OPT(S_CCX_TXPOWER, U8, S "ccx_txpower", "dBm", "Transmit power in Cisco's element."),
	OPT(S_TXPOWER, U8, S "advertised_txpower", "dBm", "Transmit power of the TPC report."),
	OPT(S_WPS_VERSION, U8, S "wps_version", "", "Version of Wi-Fi Protected Setup."),
	OPT(S_WPS_STATE, U32, S "wps_state", "", "1 configured, 2 not configured, 4 locked."),
	OPT(S_WPS_METHODS, U16, S "wps_config_methods", "", "Bits of WPS configuration methods."),
	STR(S_WPS_MANUF, S "wps_manuf", "Manufacturer by WPS."),
	STR(S_WPS_DEVICE, S "wps_device_name", "Device name by WPS."),
	STR(S_WPS_MODEL, S "wps_model_name", "Model by WPS."),
	STR(S_WPS_MODEL_NUMBER, S "wps_model_number", "Model number by WPS."),
	STR(S_WPS_SERIAL, S "wps_serial_number", "Serial number by WPS."),
	{ S_WPS_UUID, AERIE_T_BYTES, 0, 0, 16, 0, S "wps_uuid_e", "", "UUID-E by WPS.", NULL },
	STR(S_MESHID, S "dot11s.meshid", "Mesh id."),
	OPT(S_MESH_GATEWAY, U8, S "dot11s.gateway", "", "1: the station connects the mesh to elsewhere."),
	OPT(S_MESH_PEERINGS, U8, S "dot11s.num_peerings", "", "Peerings of the mesh station."),
	OPT(S_MESH_FORWARDING, U8, S "dot11s.forwarding", "", "1: the mesh station forwards."),
};

#define P "dot11.probedssid."
static const struct row probed_rows[] = {
	STR(P_SSID, P "ssid", "SSID that was asked for, as printable text; empty: any."),
	NUM(P_SSIDLEN, U32, P "ssidlen", "octets", "Length of the SSID on the air."),
	OPT(P_BSSID, MAC, P "bssid", "", "Network that was asked."),
	NUM(P_FIRST, TIME, P "first_time", "s", "First asked for."),
	NUM(P_LAST, TIME, P "last_time", "s", "Last asked for."),
	OPT(P_MOBILITY, U8, P "dot11r_mobility", "", "1: asked for fast transition."),
	OPT(P_MOBILITY_ID, U16, P "dot11r_mobility_domain_id", "", "Mobility domain."),
	NUM(P_CRYPT_BITFIELD, U64, P "crypt_bitfield", "", "Encryption of the association as bits."),
	NUM(P_CRYPT_SET, U64, P "crypt_set", "", "Encryption of the association as the older set of bits."),
	STR(P_CRYPT_STRING, P "crypt_string", "Encryption of the association as text."),
	NUM(P_MFP_REQUIRED, U8, P "wpa_mfp_required", "", "1: the client requires management frame protection."),
	NUM(P_MFP_SUPPORTED, U8, P "wpa_mfp_supported", "", "1: the client can protect management frames."),
	OPT(P_WPS_VERSION, U8, P "wps_version", "", "Version of Wi-Fi Protected Setup."),
	OPT(P_WPS_STATE, U32, P "wps_state", "", "1 configured, 2 not configured, 4 locked."),
	OPT(P_WPS_METHODS, U16, P "wps_config_methods", "", "Bits of WPS configuration methods."),
	STR(P_WPS_MANUF, P "wps_manuf", "Manufacturer by WPS."),
	STR(P_WPS_DEVICE, P "wps_device_name", "Device name by WPS."),
	STR(P_WPS_MODEL, P "wps_model_name", "Model by WPS."),
	STR(P_WPS_MODEL_NUMBER, P "wps_model_number", "Model number by WPS."),
	STR(P_WPS_SERIAL, P "wps_serial_number", "Serial number by WPS."),
	{ P_WPS_UUID, AERIE_T_BYTES, 0, 0, 16, 0, P "wps_uuid_e", "", "UUID-E by WPS.", NULL },
};

#define D "dot11.device."
static const struct row device_rows[] = {
	{ D_TYPESET, AERIE_T_U16, 0, AERIE_FIELD_BITS, 0, 0, D "typeset", "", "Roles that were seen, as bits.", NULL },
	MAP(D_CLIENT_MAP, MAC, 0, APS_PER_CLIENT, REC_CLIENT, D "client_map", "What the device did as a client, by BSSID."),
	COUNT(D "num_client_aps", "Networks in client_map.", D "client_map"),
	MAP(D_ADVERTISED, INT, AERIE_FIELD_AS_LIST, SSIDS_PER_DEVICE, REC_SSID, D "advertised_ssid_map", "SSIDs in beacons."),
	COUNT(D "num_advertised_ssids", "SSIDs in advertised_ssid_map.", D "advertised_ssid_map"),
	MAP(D_RESPONDED, INT, AERIE_FIELD_AS_LIST, SSIDS_PER_DEVICE, REC_SSID, D "responded_ssid_map",
	    "SSIDs in probe responses."),
	COUNT(D "num_responded_ssids", "SSIDs in responded_ssid_map.", D "responded_ssid_map"),
	MAP(D_PROBED, INT, AERIE_FIELD_AS_LIST, SSIDS_PER_DEVICE, REC_PROBED, D "probed_ssid_map",
	    "SSIDs in probe and association requests."),
	COUNT(D "num_probed_ssids", "SSIDs in probed_ssid_map.", D "probed_ssid_map"),
	{ D_ASSOCIATED, AERIE_T_MAP_MAC, AERIE_T_KEY, 0, CLIENTS_PER_AP, 0, D "associated_client_map", "",
	  "Clients of the access point: address to device.", NULL },
	COUNT(D "num_associated_clients", "Clients in associated_client_map.", D "associated_client_map"),
	NUM(D_LAST_SEQUENCE, U16, D "last_sequence", "", "Newest sequence number."),
	NUM(D_BSS_TIMESTAMP, U64, D "bss_timestamp", "us", "Newest timestamp of the network."),
	NUM(D_FRAGMENTS, U32, D "num_fragments", "", "Fragments of data frames."),
	NUM(D_RETRIES, U32, D "num_retries", "", "Repeated frames."),
	NUM(D_DATASIZE, U64, D "datasize", "octets", "Payload of data frames."),
	NUM(D_DATASIZE_RETRY, U64, D "datasize_retry", "octets", "Payload of repeated data frames."),
	OPT(D_LAST_BSSID, MAC, D "last_bssid", "", "Newest network of the client."),
	NUM(D_LAST_BEACON, TIME, D "last_beacon_timestamp", "s", "Newest beacon."),
	OPT(D_MIN_POWER, U8, D "min_tx_power", "dBm", "Least transmit power that the client can use."),
	OPT(D_MAX_POWER, U8, D "max_tx_power", "dBm", "Greatest transmit power that the client can use."),
	OPT(D_LINK_MEASUREMENT, U8, D "link_measurement_capable", "", "1: the client can measure links."),
	OPT(D_NEIGHBOR_REPORT, U8, D "neighbor_report_capable", "", "1: the client understands neighbour reports."),
	STR(D_LAST_BEACONED, D "last_beaconed_ssid", "SSID of the newest beacon, as printable text."),
	STR(D_LAST_PROBED, D "last_probed_ssid", "SSID of the newest probe or association request, as printable text."),
};

#define MEMBERS_MAX 64u
#define COUNTOF(a) (uint32_t)(sizeof(a) / sizeof((a)[0]))
_Static_assert(COUNTOF(ssid_rows) <= MEMBERS_MAX, "raise MEMBERS_MAX");

static int define(struct phy80211 *phy, const char *name, const struct row *rows, uint32_t n,
		  const aerie_record_id *records, aerie_record_id *ret_id)
{
	struct aerie_member members[MEMBERS_MAX] = { { 0 } };
	uint32_t i;

	for (i = 0; i < n; i++) {
		const struct row *r = &rows[i];

		members[i] = (struct aerie_member){
			.size = sizeof members[i],
			.rule = r->count_of ? AERIE_MEMBER_COUNT : AERIE_MEMBER_STORED,
			.def = { sizeof members[i].def, r->type, r->value, r->flags, r->limit, 0, r->name, r->unit, r->help },
			.record = r->record ? records[r->record - 1] : 0,
			.of = { r->count_of },
			.ret_slot = r->count_of ? NULL : &phy->slot[r->slot],
		};
	}
	return phy->f->define_record(phy->host, name, 0, members, n, ret_id);
}

int fields_define(struct phy80211 *phy)
{
	static const struct {
		const char *name;
		const struct row *rows;
		uint32_t n;
	} types[RECORDS] = {
		[REC_CLIENT] = { "dot11.client", client_rows, COUNTOF(client_rows) },
		[REC_SSID] = { "dot11.advertisedssid", ssid_rows, COUNTOF(ssid_rows) },
		[REC_PROBED] = { "dot11.probedssid", probed_rows, COUNTOF(probed_rows) },
		[REC_DOT11] = { "dot11.device", device_rows, COUNTOF(device_rows) },
	};
	aerie_record_id records[RECORDS];
	struct aerie_member member;
	uint32_t i;
	int r;

	for (i = 0; i < RECORDS; i++) {
		r = define(phy, types[i].name, types[i].rows, types[i].n, records, &records[i]);
		if (r < 0)
			return r;
	}
	member = (struct aerie_member)AERIE_MEMBER(AERIE_T_RECORD, 0, 0, "dot11.device", "",
						   "What IEEE 802.11 knows of the device.", records[REC_DOT11],
						   &phy->slot[DEV_DOT11]);
	return phy->f->define_record(phy->host, "phy80211.device", phy->devices->base_type(phy->host), &member, 1,
				     &phy->device_type);
}
