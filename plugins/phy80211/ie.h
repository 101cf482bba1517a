/* SPDX-License-Identifier: MIT */
/* What the elements of a beacon, probe or association request say (IEEE 802.11-2020 9.4.2). */
#ifndef PHY80211_IE_H
#define PHY80211_IE_H

#include "dot11.h"

/* A piece of the frame; NULL: not said. */
struct octets {
	const uint8_t *p;
	uint32_t len;
};

/* An RSN or WPA element, as bits: see crypt.h. */
struct rsn {
	uint8_t present, mfp_capable, mfp_required;
	uint64_t group, pairwise, akm; /* CRYPT_... bits of the kind */
	uint8_t group_wep;             /* WPA with a WEP group cipher */
};

struct wps {
	uint8_t present, version, state, locked;
	uint8_t has_config_methods, has_uuid;
	uint16_t config_methods;
	struct octets manuf, device_name, model_name, model_number, serial_number, uuid;
};

#define HT_NONE 0u
#define HT_20 1u
#define HT_40_PLUS 2u
#define HT_40_MINUS 3u
#define HT_80 4u
#define HT_160 5u
#define HT_80_80 6u

struct ies {
	struct octets ssid, mesh_id, beacon_info;
	uint8_t ds_channel, ht_channel, he6_channel; /* 0: not said */
	uint8_t ht_mode;                             /* HT_... */
	uint32_t center_1, center_2;                 /* MHz; 0: none */
	uint32_t maxrate_100k;
	uint8_t has_country;
	char country[3];
	uint8_t has_mobility;
	uint16_t mobility_domain;
	uint8_t has_txpower, has_ccx_txpower, has_power_cap, has_rm;
	uint8_t txpower, ccx_txpower, min_power, max_power;
	uint8_t link_measurement, neighbor_report;
	uint8_t has_mesh_config, mesh_gateway, mesh_peerings, mesh_forwarding;
	struct rsn rsn, wpa;
	struct wps wps;
	uint8_t has_owe;
	uint64_t owe_bssid;
	struct octets owe_ssid;
	uint32_t vendor; /* first OUI that names a maker of the device rather than of its chips; 0: none */
};

/* Reads the elements as far as they are whole; returns how many. */
uint32_t ies_parse(const uint8_t *data, uint32_t len, struct ies *ret);
const char *ht_mode_text(uint8_t mode); /* "" for HT_NONE */

#endif
