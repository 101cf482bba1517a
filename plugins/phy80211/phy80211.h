/* SPDX-License-Identifier: MIT */
/* The module's state: services, slots of its records, and texts that are made once. */
#ifndef PHY80211_PHY80211_H
#define PHY80211_PHY80211_H

#include <aerie/aerie.h>

#include "dot11.h"

/* Slots of the record types, in the order of the tables in fields.c. */
enum slot {
	/* the device record */
	DEV_DOT11,
	/* dot11.device */
	D_TYPESET, D_CLIENT_MAP, D_ADVERTISED, D_RESPONDED, D_PROBED, D_ASSOCIATED, D_LAST_SEQUENCE, D_BSS_TIMESTAMP,
	D_FRAGMENTS, D_RETRIES, D_DATASIZE, D_DATASIZE_RETRY, D_LAST_BSSID, D_LAST_BEACON, D_MIN_POWER, D_MAX_POWER,
	D_LINK_MEASUREMENT, D_NEIGHBOR_REPORT, D_LAST_BEACONED, D_LAST_PROBED,
	/* dot11.advertisedssid */
	S_SSID, S_SSIDLEN, S_HASH, S_OWE_SSID, S_OWE_SSID_LEN, S_OWE_BSSID, S_BEACON, S_RESPONSE, S_CHANNEL, S_HT_MODE,
	S_CENTER_1, S_CENTER_2, S_FIRST, S_LAST, S_BEACON_INFO, S_CLOAKED, S_CRYPT_BITFIELD, S_CRYPT_SET, S_CRYPT_STRING,
	S_MAXRATE, S_BEACONRATE, S_BEACONS_SEC, S_CHECKSUM, S_MFP_REQUIRED, S_MFP_SUPPORTED, S_COUNTRY, S_MOBILITY,
	S_MOBILITY_ID, S_QBSS, S_QBSS_STATIONS, S_QBSS_UTILIZATION, S_CCX_TXPOWER, S_TXPOWER, S_WPS_VERSION, S_WPS_STATE,
	S_WPS_METHODS, S_WPS_MANUF, S_WPS_DEVICE, S_WPS_MODEL, S_WPS_MODEL_NUMBER, S_WPS_SERIAL, S_WPS_UUID, S_MESHID,
	S_MESH_GATEWAY, S_MESH_PEERINGS, S_MESH_FORWARDING,
	/* dot11.probedssid */
	P_SSID, P_SSIDLEN, P_BSSID, P_FIRST, P_LAST, P_MOBILITY, P_MOBILITY_ID, P_CRYPT_BITFIELD, P_CRYPT_SET,
	P_CRYPT_STRING, P_MFP_REQUIRED, P_MFP_SUPPORTED, P_WPS_VERSION, P_WPS_STATE, P_WPS_METHODS, P_WPS_MANUF,
	P_WPS_DEVICE, P_WPS_MODEL, P_WPS_MODEL_NUMBER, P_WPS_SERIAL, P_WPS_UUID,
	/* dot11.client */
	C_BSSID, C_BSSID_KEY, C_FIRST, C_LAST, C_DATASIZE, C_DATASIZE_RETRY, C_FRAGMENTS, C_RETRIES,
	SLOTS
};

enum type_text {
	TYPE_TEXT_AP, TYPE_TEXT_CLIENT, TYPE_TEXT_BRIDGED, TYPE_TEXT_ADHOC, TYPE_TEXT_MESH, TYPE_TEXT_WDS,
	TYPE_TEXT_WDS_AP, TYPE_TEXT_DEVICE, TYPE_TEXT_INFERRED, TYPE_TEXTS
};

#define CHANNEL_NUMBERS 256u

struct phy80211 {
	const struct aerie_host *host;
	const struct aerie_fields *f;
	const struct aerie_devices *devices;
	const struct aerie_packets *packets;
	const struct aerie_config_service *config;
	const struct aerie_manuf *manuf; /* NULL: nobody offers it */
	const struct aerie_bus *bus;     /* NULL: nobody is told of new SSIDs */
	struct aerie_device_slots base;
	aerie_record_id device_type;
	uint64_t key_base; /* number of the PHY in its place in a key */
	uint8_t signal_from_beacon, view_accesspoints;
	aerie_slot slot[SLOTS];
	const struct aerie_str *types[TYPE_TEXTS];
	const struct aerie_str *unknown; /* "Unknown", the maker that nobody knows */
	char numbers[CHANNEL_NUMBERS][4];                       /* texts of channel numbers */
	char channels[CHANNEL_INDEX_MAX][CHANNEL_TEXT_MAX];     /* texts of known frequencies */
};

/* fields.c: defines the record types; fills slot[] and device_type. */
int fields_define(struct phy80211 *phy);

/* Widens the span from first to last seen; 0 is no time. Frames need not come in order of their time. */
static inline void see_at(struct aerie_rec *rec, aerie_slot first, aerie_slot last, uint32_t time_s)
{
	uint32_t was = aerie_get_time(rec, first);

	if (!was || time_s < was)
		aerie_set_time(rec, first, time_s);
	if (time_s > aerie_get_time(rec, last))
		aerie_set_time(rec, last, time_s);
}

/* track.c */
void dot11_dissect(void *user, struct aerie_packet *p, struct aerie_arena *a);
void dot11_track(void *user, struct aerie_packet *p, struct aerie_arena *a);

/* ssids.c: what a management frame with elements changes in a device's SSID records. [worker, device locked] */
void ssids_beacon(struct phy80211 *phy, const struct aerie_packet *p, const struct dot11_frame *f,
		  struct aerie_device *dev, struct aerie_rec *dot11);
void ssids_request(struct phy80211 *phy, const struct aerie_packet *p, const struct dot11_frame *f,
		   struct aerie_device *dev, struct aerie_rec *dot11);

#endif
