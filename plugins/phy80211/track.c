/* SPDX-License-Identifier: MIT */
/* From a frame to devices: dissect says what the frame is and who takes part, track writes it down, one device at a time.
 *
 * This runs for every packet: nothing here formats text or takes memory once the devices are known. */
#include <errno.h>
#include <string.h>

#include "phy80211.h"

struct update {
	struct phy80211 *phy;
	const struct aerie_packet *p;
	const struct dot11_frame *f;
	const struct party *party;
	uint32_t time_s;
};

/* ---- dissect ---- */

static const char *channel_of(struct phy80211 *phy, const struct aerie_packet *p, struct aerie_arena *a)
{
	char *text;
	int i;

	if (!(p->radio.known & AERIE_RADIO_FREQ))
		return NULL;
	i = channel_index(p->radio.freq_khz);
	if (i >= 0)
		return phy->channels[i];
	text = aerie_arena_alloc(a, CHANNEL_TEXT_MAX);
	return text && channel_text(p->radio.freq_khz, text) ? text : NULL;
}

/* The body of a management frame: its fixed fields must be whole, its elements are used as far as they are. */
static uint32_t management_body(struct dot11_frame *f, struct aerie_arena *a)
{
	struct mgmt m, *copy;

	if (f->flags & FC_PROTECTED && f->subtype != MGMT_AUTH)
		return 0;
	if (f->body_air < frame_fixed_len(f->subtype))
		return AERIE_PKT_TRUNCATED;
	if (mgmt_scan(f->subtype, f->body, f->body_len, &m) < 0)
		return 0;
	copy = aerie_arena_alloc(a, sizeof *copy);
	if (!copy)
		return AERIE_PKT_NO_MEMORY;
	*copy = m;
	f->mgmt = copy;
	return 0;
}

void dot11_dissect(void *user, struct aerie_packet *p, struct aerie_arena *a)
{
	struct phy80211 *phy = user;
	struct dot11_frame *f;
	struct frame_head h;
	uint32_t captured, air, flags, i;

	if (!p->channel)
		p->channel = channel_of(phy, p, a);
	if (p->frame_len == 0 && p->origlen == p->caplen) /* a sounding frame: radio header only */
		return;
	flags = frame_check(p, &captured, &air);
	if (!flags)
		flags = frame_head_parse(p->frame, captured, p->radio.flags & AERIE_RADIO_DATAPAD, &h);
	if (flags) {
		p->flags |= flags;
		return;
	}
	if (!h.a.ta)
		return;
	f = aerie_arena_alloc(a, sizeof *f);
	if (!f) {
		p->flags |= AERIE_PKT_NO_MEMORY;
		return;
	}
	*f = (struct dot11_frame){
		.type = h.type, .subtype = h.subtype, .flags = h.flags, .seq = h.seq, .frag = h.frag, .no_data = h.no_data,
		.has_seq = h.has_seq, .header_len = h.len, .body = p->frame + h.len, .body_len = captured - h.len,
		.body_air = air - h.len,
	};
	if (h.type == TYPE_MGMT) {
		p->flags |= management_body(f, a);
		if (p->flags & (AERIE_PKT_ERROR | AERIE_PKT_NO_MEMORY))
			return;
		if (f->mgmt && f->mgmt->channel && (h.subtype == MGMT_BEACON || h.subtype == MGMT_PROBE_RESP))
			p->channel = phy->numbers[f->mgmt->channel];
	}
	if (h.has_seq) /* what else is short, and like many others */
		phy->packets->mark_duplicate(phy->host, p, p->frame, captured);
	frame_parties(f, &h.a, phy->signal_from_beacon);
	for (i = 0; i < f->n_parties && i < AERIE_PKT_KEYS; i++)
		p->keys[i] = phy->key_base | f->parties[i].mac;
	p->n_keys = (uint16_t)i;
	p->parsed = f;
}

/* ---- track ---- */

/* The type follows from the evidence alone, so that it does not depend on the order of frames. */
static enum type_text type_text(uint32_t typeset, uint32_t basic, bool sent)
{
	if (typeset & (TYPESET_AP_BEACON | TYPESET_AP_PROBE))
		return TYPE_TEXT_AP;
	if (typeset & TYPESET_MESH)
		return TYPE_TEXT_MESH;
	if (typeset & TYPESET_AP_DATA)
		return TYPE_TEXT_AP;
	if (typeset & TYPESET_ADHOC)
		return TYPE_TEXT_ADHOC;
	if (typeset & TYPESET_CLIENT)
		return TYPE_TEXT_CLIENT;
	if (typeset & TYPESET_WDS)
		return TYPE_TEXT_WDS_AP;
	if (basic == AERIE_BASIC_PEER)
		return TYPE_TEXT_WDS;
	if (typeset & TYPESET_WIRED)
		return TYPE_TEXT_BRIDGED;
	return sent ? TYPE_TEXT_DEVICE : TYPE_TEXT_INFERRED;
}

static void update_roles(const struct update *u, struct aerie_device *dev, struct aerie_rec *dot11)
{
	const struct phy80211 *phy = u->phy;
	const struct party *q = u->party;
	uint32_t old = aerie_get_u16(dot11, phy->slot[D_TYPESET]), typeset = old | q->typeset;
	uint64_t basic = aerie_get_u64(dev->rec, phy->base.basic_type_set) | q->basic;
	bool sent = aerie_get_u64(dev->rec, phy->base.packets_tx) > 0;

	/* What transmits to an access point, or is managed by one, is no wired host. */
	if (q->typeset & TYPESET_CLIENT && typeset & TYPESET_WIRED &&
	    (u->f->type == TYPE_MGMT || q->role & ROLE_TA)) {
		typeset &= ~TYPESET_WIRED;
		basic &= ~(uint64_t)AERIE_BASIC_WIRED;
	}
	/* Mesh stations relay like access points without being any. */
	if (typeset & TYPESET_MESH && !(typeset & (TYPESET_AP_BEACON | TYPESET_AP_PROBE)))
		basic &= ~(uint64_t)AERIE_BASIC_AP;
	aerie_set_u16(dot11, phy->slot[D_TYPESET], (uint16_t)typeset);
	aerie_set_u64(dev->rec, phy->base.basic_type_set, basic);
	aerie_set_str(phy->f, dev->rec, phy->base.type, phy->types[type_text(typeset, (uint32_t)basic, sent)]);
}

#define ADD_U32(rec, slot) aerie_set_u32(rec, slot, aerie_get_u32(rec, slot) + 1)

static void update_data(const struct update *u, struct aerie_rec *rec, enum slot size, enum slot size_retry,
			enum slot fragments, enum slot retries)
{
	const aerie_slot *slot = u->phy->slot;
	const struct dot11_frame *f = u->f;
	bool retry = f->flags & FC_RETRY;

	if (f->type == TYPE_DATA && !f->no_data) {
		aerie_add_u64(rec, slot[size], f->body_air);
		if (retry)
			aerie_add_u64(rec, slot[size_retry], f->body_air);
		if (f->frag || f->flags & FC_MORE_FRAG)
			ADD_U32(rec, slot[fragments]);
	}
	if (retry)
		ADD_U32(rec, slot[retries]);
}

/* Ties a client to its network: a record at the client, a key at the access point. */
static void update_ties(const struct update *u, struct aerie_device *dev, struct aerie_rec *dot11)
{
	const struct phy80211 *phy = u->phy;
	const aerie_slot *slot = phy->slot;
	const struct dot11_frame *f = u->f;
	struct aerie_rec *client;
	uint64_t *cell;

	if (u->party->mac == f->bssid) {
		cell = phy->f->map_cell(dot11, slot[D_ASSOCIATED], f->client);
		if (cell)
			*cell = phy->key_base | f->client;
		return;
	}
	if (u->party->mac != f->client)
		return;
	aerie_set_mac(dot11, slot[D_LAST_BSSID], aerie_mac_from_u64(f->bssid));
	client = phy->f->map_record(dot11, slot[D_CLIENT_MAP], f->bssid);
	if (!client)
		return;
	if (!aerie_get_time(client, slot[C_FIRST])) {
		aerie_set_mac(client, slot[C_BSSID], aerie_mac_from_u64(f->bssid));
		aerie_set_key(client, slot[C_BSSID_KEY], phy->key_base | f->bssid);
	}
	see_at(client, slot[C_FIRST], slot[C_LAST], u->time_s);
	update_data(u, client, C_DATASIZE, C_DATASIZE_RETRY, C_FRAGMENTS, C_RETRIES);
}

#define CRYPT_ENCRYPTED 2u /* kismet.device.base.basic_crypt_set */
#define CRYPT_LAYER_2 4u

static void update_payload_crypt(const struct update *u, struct aerie_device *dev)
{
	aerie_slot s = u->phy->base.basic_crypt_set;
	uint64_t old = aerie_get_u64(dev->rec, s), now = old | CRYPT_ENCRYPTED | CRYPT_LAYER_2;

	if (now != old)
		aerie_set_u64(dev->rec, s, now);
}

static void created(const struct update *u, struct aerie_device *dev)
{
	const struct phy80211 *phy = u->phy;
	struct aerie_mac mac = aerie_mac_from_u64(u->party->mac);

	if (phy->manuf)
		aerie_set_str(phy->f, dev->rec, phy->base.manuf, phy->manuf->lookup(phy->manuf, mac.b));
}

/* An access point's channel comes with its beacons; until one is heard, any frame of its network tells. */
static void first_channel(const struct update *u, struct aerie_device *dev)
{
	const struct phy80211 *phy = u->phy;

	if (aerie_get_str(dev->rec, phy->base.channel) || !u->p->channel)
		return;
	(void)phy->f->set_text(dev->rec, phy->base.channel, u->p->channel, (uint32_t)strlen(u->p->channel));
	if (u->p->radio.known & AERIE_RADIO_FREQ)
		aerie_set_f64(dev->rec, phy->base.frequency, u->p->radio.freq_khz);
}

static int update_device(void *user, struct aerie_device *dev)
{
	const struct update *u = user;
	struct phy80211 *phy = u->phy;
	const struct dot11_frame *f = u->f;
	struct aerie_rec *dot11 = aerie_sub(phy->f, dev->rec, phy->slot[DEV_DOT11]);

	if (!dot11)
		return -ENOMEM;
	if (dev->created)
		created(u, dev);
	update_roles(u, dev, dot11);
	if (u->party->role & ROLE_TA && f->has_seq)
		aerie_set_u16(dot11, phy->slot[D_LAST_SEQUENCE], f->seq);
	if (f->type == TYPE_DATA || u->party->role & ROLE_TA)
		update_data(u, dot11, D_DATASIZE, D_DATASIZE_RETRY, D_FRAGMENTS, D_RETRIES);
	if (f->client)
		update_ties(u, dev, dot11);
	if (u->party->track & AERIE_TRACK_CRYPT)
		update_payload_crypt(u, dev);
	if (u->party->role & ROLE_BSSID && !(u->party->track & AERIE_TRACK_CHANNEL))
		first_channel(u, dev);
	if (f->mgmt) {
		bool describes = f->subtype == MGMT_BEACON || f->subtype == MGMT_PROBE_RESP;

		if (describes && u->party->mac == f->bssid)
			ssids_beacon(phy, u->p, f, dev, dot11);
		else if (!describes && u->party->role & ROLE_TA)
			ssids_request(phy, u->p, f, dev, dot11);
	}
	return 0;
}

void dot11_track(void *user, struct aerie_packet *p, struct aerie_arena *a)
{
	struct phy80211 *phy = user;
	const struct dot11_frame *f = p->parsed;
	struct update u = { phy, p, f, NULL, (uint32_t)(p->ts_us / 1000000) };
	struct aerie_track t = { .size = sizeof t, .datasize = f->body_air };
	bool duplicate = p->flags & AERIE_PKT_DUPLICATE;
	uint32_t i;

	for (i = 0; i < f->n_parties; i++) {
		u.party = &f->parties[i];
		t.key = phy->key_base | u.party->mac;
		t.flags = u.party->track;
		if (duplicate)
			t.flags = (t.flags & (AERIE_TRACK_SIGNAL | AERIE_TRACK_CHANNEL)) | AERIE_TRACK_SEEN;
		/* Unknown devices without the flag to make them are no error; memory is counted by the host. */
		(void)phy->devices->track(phy->host, p, &t, duplicate ? NULL : update_device, &u);
	}
}
