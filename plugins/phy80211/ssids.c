/* SPDX-License-Identifier: MIT */
/* SSID records: what beacons, probe responses, probe and association requests say about networks.
 *
 * An access point's beacon repeats ten times a second and says the same for days; it is recognised by the checksum of its elements
 * and then costs one look-up. Only a new or changed one is read. */
#include <stdio.h>
#include <string.h>

#include "crypt.h"
#include "phy80211.h"

#define AIR_TEXT_MAX 255u /* octets of any text in an element or WPS attribute that is kept */

static void set_air_text(struct phy80211 *phy, struct aerie_rec *rec, enum slot s, struct octets o)
{
	char text[AIR_TEXT_MAX * 6 + 1];

	if (!o.p || !o.len) {
		if (aerie_get_str(rec, phy->slot[s]))
			phy->f->clear(rec, phy->slot[s]);
		return;
	}
	(void)phy->f->set_text(rec, phy->slot[s], text, air_text(o.p, o.len < AIR_TEXT_MAX ? o.len : AIR_TEXT_MAX, text));
}

static void set_ssid(struct phy80211 *phy, struct aerie_rec *rec, enum slot s, enum slot len, const struct mgmt *m)
{
	char text[SSID_TEXT_MAX + 1];
	uint32_t n = 0;

	if (m->ssid && !ssid_cloaked(m->ssid, m->ssid_len))
		n = ssid_text(m->ssid, m->ssid_len, text);
	(void)phy->f->set_text(rec, phy->slot[s], text, n);
	aerie_set_u32(rec, phy->slot[len], m->ssid ? m->ssid_len : 0);
}

/* The members of WPS lie in the same order in both kinds of record. */
static void set_wps(struct phy80211 *phy, struct aerie_rec *rec, enum slot version, const struct wps *w)
{
	const enum slot texts = version + (S_WPS_MANUF - S_WPS_VERSION);
	const aerie_slot *slot = phy->slot;

	if (!w->present)
		return;
	aerie_set_u8(rec, slot[version], w->version);
	aerie_set_u32(rec, slot[version + 1], w->state);
	if (w->has_config_methods)
		aerie_set_u16(rec, slot[version + 2], w->config_methods);
	set_air_text(phy, rec, texts, w->manuf);
	set_air_text(phy, rec, texts + 1, w->device_name);
	set_air_text(phy, rec, texts + 2, w->model_name);
	set_air_text(phy, rec, texts + 3, w->model_number);
	set_air_text(phy, rec, texts + 4, w->serial_number);
	if (w->uuid.p)
		(void)phy->f->set_bytes(rec, slot[texts + 5], w->uuid.p, w->uuid.len);
}
_Static_assert(P_WPS_UUID - P_WPS_VERSION == S_WPS_UUID - S_WPS_VERSION, "the members of WPS have one order");

static void set_channel(struct phy80211 *phy, struct aerie_rec *rec, const struct aerie_packet *p, const struct ies *ies)
{
	const aerie_slot *slot = phy->slot;
	const char *mode = ht_mode_text(ies->ht_mode), *channel = p->channel;
	uint8_t number = ies->ds_channel ? ies->ds_channel : ies->ht_channel;
	char text[CHANNEL_TEXT_MAX];

	if (number) {
		channel = phy->numbers[number];
	} else if (ies->he6_channel) {
		snprintf(text, sizeof text, "%uW6e", ies->he6_channel);
		channel = text;
	}
	if (channel)
		(void)phy->f->set_text(rec, slot[S_CHANNEL], channel, (uint32_t)strlen(channel));
	(void)phy->f->set_text(rec, slot[S_HT_MODE], mode, (uint32_t)strlen(mode));
	aerie_set_u32(rec, slot[S_CENTER_1], ies->center_1);
	aerie_set_u32(rec, slot[S_CENTER_2], ies->center_2);
}

static void set_optional(struct phy80211 *phy, struct aerie_rec *rec, const struct ies *ies)
{
	const aerie_slot *slot = phy->slot;

	if (ies->has_country)
		(void)phy->f->set_text(rec, slot[S_COUNTRY], ies->country, (uint32_t)strlen(ies->country));
	if (ies->has_owe) {
		set_air_text(phy, rec, S_OWE_SSID, ies->owe_ssid);
		aerie_set_u8(rec, slot[S_OWE_SSID_LEN], (uint8_t)ies->owe_ssid.len);
		aerie_set_mac(rec, slot[S_OWE_BSSID], aerie_mac_from_u64(ies->owe_bssid));
	}
	if (ies->has_ccx_txpower)
		aerie_set_u8(rec, slot[S_CCX_TXPOWER], ies->ccx_txpower);
	if (ies->has_txpower)
		aerie_set_u8(rec, slot[S_TXPOWER], ies->txpower);
	set_air_text(phy, rec, S_BEACON_INFO, ies->beacon_info);
	set_air_text(phy, rec, S_MESHID, ies->mesh_id);
	if (ies->has_mesh_config) {
		aerie_set_u8(rec, slot[S_MESH_GATEWAY], ies->mesh_gateway);
		aerie_set_u8(rec, slot[S_MESH_PEERINGS], ies->mesh_peerings);
		aerie_set_u8(rec, slot[S_MESH_FORWARDING], ies->mesh_forwarding);
	}
	set_wps(phy, rec, S_WPS_VERSION, &ies->wps);
}

static void set_crypt(struct phy80211 *phy, struct aerie_rec *rec, enum slot bitfield, const struct ies *ies,
		      const struct dot11_frame *f)
{
	const aerie_slot *slot = phy->slot;
	bool privacy = f->mgmt->capab & CAP_PRIVACY, cut = f->mgmt->cut || f->body_len < f->body_air;
	uint64_t bits = crypt_bitfield(ies, privacy);
	char text[CRYPT_TEXT_MAX];

	/* WEP is what is protected without saying how; where the rest is missing, nobody knows. */
	if (cut && bits & CRYPT_WEP) {
		if (aerie_get_str(rec, slot[bitfield + 2]))
			return;
		aerie_set_u64(rec, slot[bitfield + 1], CRYPT_SET_UNKNOWN);
		(void)phy->f->set_text(rec, slot[bitfield + 2], CRYPT_TEXT_UNKNOWN, (uint32_t)strlen(CRYPT_TEXT_UNKNOWN));
		return;
	}
	aerie_set_u64(rec, slot[bitfield], bits);
	aerie_set_u64(rec, slot[bitfield + 1], crypt_set(ies, privacy));
	(void)phy->f->set_text(rec, slot[bitfield + 2], text, crypt_text(bits, text));
}

/* A new or changed description of a network. */
static void read_network(struct phy80211 *phy, const struct aerie_packet *p, const struct dot11_frame *f,
			 struct aerie_device *dev, struct aerie_rec *rec)
{
	const aerie_slot *slot = phy->slot;
	const struct mgmt *m = f->mgmt;
	struct ies ies;

	(void)ies_parse(m->ies, m->ies_len, &ies);
	set_ssid(phy, rec, S_SSID, S_SSIDLEN, m);
	aerie_set_u64(rec, slot[S_HASH], m->ssid_key);
	aerie_set_u8(rec, f->subtype == MGMT_BEACON ? slot[S_BEACON] : slot[S_RESPONSE], 1);
	/* A mesh has a mesh id in place of an SSID; it hides nothing. */
	aerie_set_u8(rec, slot[S_CLOAKED], m->ssid && !m->has_mesh_id && ssid_cloaked(m->ssid, m->ssid_len));
	set_channel(phy, rec, p, &ies);
	set_crypt(phy, rec, S_CRYPT_BITFIELD, &ies, f);
	aerie_set_u8(rec, slot[S_MFP_REQUIRED], ies.rsn.mfp_required);
	aerie_set_u8(rec, slot[S_MFP_SUPPORTED], ies.rsn.mfp_capable);
	aerie_set_f64(rec, slot[S_MAXRATE], ies.maxrate_100k / 10.0);
	aerie_set_u32(rec, slot[S_BEACONRATE], m->interval ? (1000000 + m->interval * 1024u - 1) / (m->interval * 1024u) : 0);
	aerie_set_u8(rec, slot[S_MOBILITY], ies.has_mobility);
	aerie_set_u16(rec, slot[S_MOBILITY_ID], ies.mobility_domain);
	set_optional(phy, rec, &ies);
	aerie_set_u32(rec, slot[S_CHECKSUM], m->checksum);
	if (ies.vendor && phy->manuf && aerie_get_str(dev->rec, phy->base.manuf) == phy->unknown) {
		struct aerie_mac mac = aerie_mac_from_u64((uint64_t)ies.vendor << 24);

		aerie_set_str(phy->f, dev->rec, phy->base.manuf, phy->manuf->lookup(phy->manuf, mac.b));
	}
}

#define CRYPT_ENCRYPTED 2u /* kismet.device.base.basic_crypt_set */
#define CRYPT_LAYER_2 4u
#define CRYPT_WEAK 16u

static void name_device(struct phy80211 *phy, const struct dot11_frame *f, struct aerie_device *dev,
			const struct aerie_rec *rec)
{
	const aerie_slot *slot = phy->slot;
	const struct aerie_str *name = aerie_get_str(rec, slot[S_SSID]), *mesh = aerie_get_str(rec, slot[S_MESHID]);
	const struct aerie_str *crypt = aerie_get_str(rec, slot[S_CRYPT_STRING]);
	uint64_t bits = aerie_get_u64(rec, slot[S_CRYPT_BITFIELD]) & ~CRYPT_AKM_WPS, set;

	if (!name || !name->len)
		name = mesh;
	/* The newest beacon names the device; a probe response only as long as no beacon did. */
	if (name && name->len && (f->subtype == MGMT_BEACON || !aerie_get_str(dev->rec, phy->base.name)))
		aerie_set_str(phy->f, dev->rec, phy->base.name, name);
	if (crypt && (f->subtype == MGMT_BEACON || !aerie_get_str(dev->rec, phy->base.crypt)))
		aerie_set_str(phy->f, dev->rec, phy->base.crypt, crypt);
	if (!bits)
		return;
	set = aerie_get_u64(dev->rec, phy->base.basic_crypt_set) | CRYPT_ENCRYPTED | CRYPT_LAYER_2;
	if (bits & CRYPT_WEP)
		set |= CRYPT_WEAK;
	aerie_set_u64(dev->rec, phy->base.basic_crypt_set, set);
}

/* A network that this device had not named before. */
static void tell_new(const struct phy80211 *phy, const char *topic, const struct aerie_device *dev, const struct aerie_rec *rec)
{
	if (phy->bus)
		phy->bus->publish(phy->host, topic, dev->key, rec);
}

void ssids_beacon(struct phy80211 *phy, const struct aerie_packet *p, const struct dot11_frame *f,
		  struct aerie_device *dev, struct aerie_rec *dot11)
{
	const aerie_slot *slot = phy->slot;
	const struct mgmt *m = f->mgmt;
	uint32_t now = (uint32_t)(p->ts_us / 1000000);
	bool beacon = f->subtype == MGMT_BEACON, known;
	struct aerie_rec *rec;

	aerie_set_u64(dot11, slot[D_BSS_TIMESTAMP], m->timestamp);
	if (beacon && now > aerie_get_time(dot11, slot[D_LAST_BEACON]))
		aerie_set_time(dot11, slot[D_LAST_BEACON], now);
	rec = phy->f->map_record(dot11, slot[beacon ? D_ADVERTISED : D_RESPONDED], m->ssid_key);
	if (!rec)
		return;
	known = aerie_get_time(rec, slot[S_FIRST]) != 0;
	if (!known || aerie_get_u32(rec, slot[S_CHECKSUM]) != m->checksum)
		read_network(phy, p, f, dev, rec);
	if (m->has_qbss) {
		aerie_set_u8(rec, slot[S_QBSS], 1);
		aerie_set_u16(rec, slot[S_QBSS_STATIONS], m->qbss_stations);
		aerie_set_f64(rec, slot[S_QBSS_UTILIZATION], m->qbss_utilization * 100 / 255.0);
	}
	if (beacon) {
		bool same = aerie_get_time(rec, slot[S_LAST]) == now;

		aerie_set_u32(rec, slot[S_BEACONS_SEC], same ? aerie_get_u32(rec, slot[S_BEACONS_SEC]) + 1 : 1);
		aerie_set_str(phy->f, dot11, slot[D_LAST_BEACONED], aerie_get_str(rec, slot[S_SSID]));
	}
	see_at(rec, slot[S_FIRST], slot[S_LAST], now);
	name_device(phy, f, dev, rec);
	if (!known)
		tell_new(phy, beacon ? "DOT11_ADVERTISED_SSID" : "DOT11_RESPONSE_SSID", dev, rec);
}

/* An association request tells the encryption and the client's abilities; a probe request may tell WPS. */
static void read_request(struct phy80211 *phy, const struct dot11_frame *f, struct aerie_rec *dot11, struct aerie_rec *rec)
{
	const aerie_slot *slot = phy->slot;
	const struct mgmt *m = f->mgmt;
	struct ies ies;

	(void)ies_parse(m->ies, m->ies_len, &ies);
	set_wps(phy, rec, P_WPS_VERSION, &ies.wps);
	if (ies.has_rm) {
		aerie_set_u8(dot11, slot[D_LINK_MEASUREMENT], ies.link_measurement);
		aerie_set_u8(dot11, slot[D_NEIGHBOR_REPORT], ies.neighbor_report);
	}
	if (f->subtype == MGMT_PROBE_REQ)
		return;
	set_crypt(phy, rec, P_CRYPT_BITFIELD, &ies, f);
	aerie_set_u8(rec, slot[P_MFP_REQUIRED], ies.rsn.mfp_required);
	aerie_set_u8(rec, slot[P_MFP_SUPPORTED], ies.rsn.mfp_capable);
	if (ies.has_mobility) {
		aerie_set_u8(rec, slot[P_MOBILITY], 1);
		aerie_set_u16(rec, slot[P_MOBILITY_ID], ies.mobility_domain);
	}
	if (ies.has_power_cap) {
		aerie_set_u8(dot11, slot[D_MIN_POWER], ies.min_power);
		aerie_set_u8(dot11, slot[D_MAX_POWER], ies.max_power);
	}
}

void ssids_request(struct phy80211 *phy, const struct aerie_packet *p, const struct dot11_frame *f, struct aerie_device *dev,
		   struct aerie_rec *dot11)
{
	const aerie_slot *slot = phy->slot;
	const struct mgmt *m = f->mgmt;
	uint32_t now = (uint32_t)(p->ts_us / 1000000);
	struct aerie_rec *rec;
	bool known;

	if (!m->ssid)
		return;
	rec = phy->f->map_record(dot11, slot[D_PROBED], m->ssid_key);
	if (!rec)
		return;
	known = aerie_get_time(rec, slot[P_FIRST]) != 0;
	if (!known)
		set_ssid(phy, rec, P_SSID, P_SSIDLEN, m);
	if (!known || f->subtype != MGMT_PROBE_REQ)
		read_request(phy, f, dot11, rec);
	if (f->bssid)
		aerie_set_mac(rec, slot[P_BSSID], aerie_mac_from_u64(f->bssid));
	see_at(rec, slot[P_FIRST], slot[P_LAST], now);
	aerie_set_str(phy->f, dot11, slot[D_LAST_PROBED], aerie_get_str(rec, slot[P_SSID]));
	if (!known)
		tell_new(phy, "DOT11_PROBED_SSID", dev, rec);
}
