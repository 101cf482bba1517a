/* SPDX-License-Identifier: MIT */
/* The MAC header (IEEE 802.11-2020 9.2.4, 9.3): what a frame is, who is in it, and whether it arrived whole. */
#include <errno.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <aerie/devices.h>

#include "dot11.h"

#define CTRL_TRIGGER 2u
#define CTRL_BEAMFORMING_POLL 4u
#define CTRL_NDPA 5u
#define CTRL_EXTENSION 6u
#define CTRL_WRAPPER 7u
#define CTRL_BLOCK_ACK_REQ 8u
#define CTRL_BLOCK_ACK 9u
#define CTRL_PS_POLL 10u
#define CTRL_RTS 11u
#define CTRL_CTS 12u
#define CTRL_ACK 13u
#define CTRL_CF_END 14u
#define CTRL_CF_END_ACK 15u
#define EXTENSION_DMG_DTS 5u

#define DATA_NO_DATA 4u /* bits of the subtype of a data frame */
#define DATA_QOS 8u

#define EID_SSID 0u
#define EID_DS 3u
#define EID_TIM 5u
#define EID_BSS_LOAD 11u
#define EID_HT_OPERATION 61u
#define EID_MESH_ID 114u

uint32_t frame_check(const struct aerie_packet *p, uint32_t *ret_captured, uint32_t *ret_air)
{
	uint32_t stripped = p->caplen - p->frame_len;
	uint32_t air = p->origlen > stripped ? p->origlen - stripped : 0, captured = p->frame_len;

	if (air < captured)
		air = captured;
	if (air > MPDU_MAX)
		return AERIE_PKT_MALFORMED;
	if (p->radio.fcs_len) {
		if (air < FCS_LEN)
			return AERIE_PKT_TRUNCATED;
		air -= FCS_LEN;
		if (captured == air + FCS_LEN) {
			struct aerie_cur c = aerie_cur_make(p->frame + air, FCS_LEN);

			if (crc32_ieee(p->frame, air) != aerie_cur_le32(&c))
				return AERIE_PKT_BAD_FCS;
		}
		if (captured > air)
			captured = air;
	}
	*ret_captured = captured;
	*ret_air = air;
	return 0;
}

static uint64_t address(struct aerie_cur *c)
{
	const uint8_t *b = aerie_cur_take(c, 6);

	return b ? aerie_mac_u64(b) : 0;
}

/* A transmitter's address may have the group bit set: bandwidth signalling, IEEE 802.11-2020 9.3.1.2. */
static uint64_t transmitter(struct aerie_cur *c)
{
	return address(c) & ~MAC_GROUP;
}

static void control(struct frame_head *h, struct aerie_cur *c)
{
	h->a.ra = address(c);
	switch (h->subtype) {
	case CTRL_WRAPPER: {
		uint8_t carried = aerie_cur_u8(c) >> 2;

		aerie_cur_skip(c, 1 + 4); /* rest of the carried Frame Control, HT Control */
		if ((carried & 3) == TYPE_CTRL && carried >> 2 != CTRL_WRAPPER && !c->bad) {
			struct frame_head inner = { .subtype = carried >> 2 };
			struct aerie_cur rest = *c;

			if (inner.subtype == CTRL_CTS || inner.subtype == CTRL_ACK || inner.subtype >= CTRL_CF_END)
				return;
			h->a.ta = transmitter(&rest);
			*c = rest;
		}
		return;
	}
	case CTRL_EXTENSION:
		if ((h->flags & 15) == EXTENSION_DMG_DTS)
			return;
		h->a.ta = transmitter(c);
		return;
	case CTRL_TRIGGER:
	case CTRL_BEAMFORMING_POLL:
	case CTRL_NDPA:
	case CTRL_BLOCK_ACK_REQ:
	case CTRL_BLOCK_ACK:
	case CTRL_RTS:
		h->a.ta = transmitter(c);
		return;
	case CTRL_PS_POLL:
		h->a.bssid = h->a.ra;
		h->a.ta = transmitter(c);
		return;
	case CTRL_CF_END: /* holds the BSSID, whoever of the network sent it: 9.3.1.6 */
	case CTRL_CF_END_ACK:
		h->a.bssid = address(c);
		return;
	default: /* CTS, Ack, and what is reserved: no transmitter */
		return;
	}
}

static void sequence(struct frame_head *h, struct aerie_cur *c)
{
	uint16_t v = aerie_cur_le16(c);

	h->seq = v >> 4;
	h->frag = v & 15;
	h->has_seq = 1;
}

static void management(struct frame_head *h, struct aerie_cur *c)
{
	h->a.ra = h->a.da = address(c);
	h->a.ta = h->a.sa = transmitter(c);
	h->a.bssid = address(c);
	sequence(h, c);
	if (h->flags & FC_HTC)
		aerie_cur_skip(c, 4);
}

/* IEEE 802.11-2020 table 9-30. */
static void data_frame(struct frame_head *h, struct aerie_cur *c)
{
	uint64_t third;

	h->no_data = (h->subtype & DATA_NO_DATA) != 0;
	h->a.ra = address(c);
	h->a.ta = transmitter(c);
	third = address(c);
	sequence(h, c);
	switch (h->flags & (FC_TO_DS | FC_FROM_DS)) {
	case 0:
		h->a.da = h->a.ra;
		h->a.sa = h->a.ta;
		h->a.bssid = third;
		break;
	case FC_TO_DS:
		h->a.da = third;
		h->a.sa = h->a.ta;
		h->a.bssid = h->a.ra;
		break;
	case FC_FROM_DS:
		h->a.da = h->a.ra;
		h->a.sa = third;
		h->a.bssid = h->a.ta;
		break;
	default:
		h->a.da = third;
		h->a.sa = address(c);
		break;
	}
	if (h->subtype & DATA_QOS) {
		aerie_cur_skip(c, 2);
		if (h->flags & FC_HTC)
			aerie_cur_skip(c, 4);
	}
}

uint32_t frame_head_parse(const uint8_t *data, uint32_t len, bool datapad, struct frame_head *ret)
{
	struct aerie_cur c = aerie_cur_make(data, len);
	uint8_t fc = aerie_cur_u8(&c);
	struct frame_head h = { .type = fc >> 2 & 3, .subtype = fc >> 4, .flags = aerie_cur_u8(&c) };
	uint32_t pad;

	if (c.bad)
		return AERIE_PKT_TRUNCATED;
	if (fc & 3) /* protocol versions other than 0 */
		return AERIE_PKT_MALFORMED;
	aerie_cur_skip(&c, 2);
	switch (h.type) {
	case TYPE_MGMT:
		management(&h, &c);
		break;
	case TYPE_CTRL:
		control(&h, &c);
		break;
	case TYPE_DATA:
		data_frame(&h, &c);
		break;
	default: /* extension frames name no transmitter in the way others do */
		break;
	}
	if (c.bad)
		return AERIE_PKT_TRUNCATED;
	h.len = (uint32_t)(c.p - data);
	pad = datapad ? (4 - h.len % 4) % 4 : 0;
	h.len = pad > len - h.len ? len : h.len + pad;
	*ret = h;
	return 0;
}

uint32_t frame_fixed_len(uint8_t subtype)
{
	static const uint8_t lens[16] = {
		[MGMT_ASSOC_REQ] = 4, [MGMT_ASSOC_RESP] = 6, [MGMT_REASSOC_REQ] = 10, [MGMT_REASSOC_RESP] = 6,
		[MGMT_PROBE_RESP] = 12, [MGMT_TIMING_ADV] = 10, [MGMT_BEACON] = 12, [MGMT_DISASSOC] = 2,
		[MGMT_AUTH] = 6, [MGMT_DEAUTH] = 2, [MGMT_ACTION] = 1, [MGMT_ACTION_NOACK] = 1,
	};

	return lens[subtype & 15];
}

uint64_t ssid_key(const uint8_t *ssid, uint32_t len)
{
	return XXH3_64bits_withSeed(len ? ssid : (const uint8_t *)"", len, len);
}

/* One element of the quick walk. Returns true when it is left out of the checksum: the traffic map and the load change
 * from beacon to beacon; the load is taken here instead. */
static bool scan_element(struct mgmt *m, uint8_t id, const uint8_t *data, uint8_t len)
{
	switch (id) {
	case EID_SSID:
		if (!m->ssid) {
			m->ssid = data;
			m->ssid_len = len;
		}
		return false;
	case EID_DS:
		if (len >= 1)
			m->channel = data[0];
		return false;
	case EID_HT_OPERATION:
		if (len >= 1 && !m->channel)
			m->channel = data[0];
		return false;
	case EID_BSS_LOAD:
		if (len >= 3) {
			m->has_qbss = 1;
			m->qbss_stations = (uint16_t)(data[0] | data[1] << 8);
			m->qbss_utilization = data[2];
		}
		return true;
	case EID_MESH_ID:
		m->has_mesh_id = 1;
		return false;
	case EID_TIM:
		return true;
	default:
		return false;
	}
}

int mgmt_scan(uint8_t subtype, const uint8_t *body, uint32_t len, struct mgmt *m)
{
	struct aerie_cur c = aerie_cur_make(body, len);
	const uint8_t *segment;
	uint64_t sum;

	*m = (struct mgmt){ 0 };
	switch (subtype) {
	case MGMT_BEACON:
	case MGMT_PROBE_RESP:
		m->timestamp = aerie_cur_le64(&c);
		m->interval = aerie_cur_le16(&c);
		m->capab = aerie_cur_le16(&c);
		break;
	case MGMT_ASSOC_REQ:
	case MGMT_REASSOC_REQ:
		m->capab = aerie_cur_le16(&c);
		m->interval = aerie_cur_le16(&c);
		if (subtype == MGMT_REASSOC_REQ)
			aerie_cur_skip(&c, 6);
		break;
	case MGMT_PROBE_REQ:
		break;
	default:
		return -ENOENT;
	}
	if (c.bad)
		return -EBADMSG;
	m->ies = segment = c.p;
	sum = (uint64_t)m->capab << 16 | m->interval;
	while (aerie_cur_left(&c) >= 2) {
		const uint8_t *start = c.p;
		uint8_t id = aerie_cur_u8(&c), size = aerie_cur_u8(&c);
		const uint8_t *data = aerie_cur_take(&c, size);

		if (!data) {
			m->cut = 1;
			c.p = start;
			break;
		}
		if (scan_element(m, id, data, size)) {
			sum = XXH3_64bits_withSeed(segment, (size_t)(start - segment), sum);
			segment = c.p;
		}
	}
	if (aerie_cur_left(&c) == 1)
		m->cut = 1;
	sum = XXH3_64bits_withSeed(segment, (size_t)(c.p - segment), sum);
	m->ies_len = (uint32_t)(c.p - m->ies);
	m->checksum = (uint32_t)(sum ^ sum >> 32);
	m->ssid_key = ssid_key(m->ssid, m->ssid ? m->ssid_len : 0);
	return 0;
}

/* Adds a device's part; the same address twice is one party. Zero and group addresses are nobody. */
static void party(struct dot11_frame *f, uint64_t mac, uint8_t role, uint32_t track, uint16_t typeset, uint8_t basic)
{
	struct party *q;
	uint32_t i;

	if (mac == 0 || mac & MAC_GROUP)
		return;
	for (i = 0; i < f->n_parties && f->parties[i].mac != mac; i++)
		;
	if (i == PARTIES_MAX)
		return;
	q = &f->parties[i];
	if (i == f->n_parties) {
		f->n_parties++;
		*q = (struct party){ .mac = mac };
	}
	q->role |= role;
	q->track |= track;
	q->typeset |= typeset;
	q->basic |= basic;
}

#define OWN_RADIO (AERIE_TRACK_SIGNAL | AERIE_TRACK_CHANNEL)

static void management_parties(struct dot11_frame *f, const struct frame_addrs *a, bool by_beacon)
{
	const uint32_t llc = AERIE_TRACK_CREATE | AERIE_TRACK_LLC;
	bool describes = f->mgmt && (f->subtype == MGMT_BEACON || f->subtype == MGMT_PROBE_RESP);
	bool ibss = describes && f->mgmt->capab & CAP_IBSS, ess = describes && !ibss && f->mgmt->capab & CAP_ESS;
	bool mesh = describes && !ibss && !ess && f->mgmt->has_mesh_id;
	uint16_t typeset = ess ? (f->subtype == MGMT_BEACON ? TYPESET_AP_BEACON : TYPESET_AP_PROBE) :
			   ibss ? TYPESET_ADHOC : mesh ? TYPESET_MESH : 0;
	uint8_t basic = ess ? AERIE_BASIC_AP : ibss || mesh ? AERIE_BASIC_PEER : 0;
	uint32_t radio = OWN_RADIO;

	if (a->sa == a->bssid) {
		if (by_beacon && f->subtype != MGMT_BEACON)
			radio = describes ? AERIE_TRACK_CHANNEL : 0;
		party(f, a->sa, ROLE_TA | ROLE_SA | ROLE_BSSID, llc | AERIE_TRACK_TX | radio, typeset, basic);
	} else {
		if (!ibss)
			party(f, a->sa, ROLE_TA | ROLE_SA | ROLE_CLIENT, llc | AERIE_TRACK_TX | radio, TYPESET_CLIENT,
			      AERIE_BASIC_CLIENT);
		else
			party(f, a->sa, ROLE_TA | ROLE_SA, llc | AERIE_TRACK_TX | radio, typeset, basic);
		party(f, a->bssid, ROLE_BSSID, llc | (describes ? AERIE_TRACK_CHANNEL : 0), typeset, basic);
	}
	if (a->da == a->bssid)
		party(f, a->da, ROLE_RA | ROLE_DA | ROLE_BSSID, llc | AERIE_TRACK_RX, 0, 0);
	else if (ibss)
		party(f, a->da, ROLE_RA | ROLE_DA, llc | AERIE_TRACK_RX, 0, 0);
	else
		party(f, a->da, ROLE_RA | ROLE_DA | ROLE_CLIENT, llc | AERIE_TRACK_RX, TYPESET_CLIENT,
		      AERIE_BASIC_CLIENT);
}

static void data_parties(struct dot11_frame *f, const struct frame_addrs *a, bool by_beacon)
{
	bool payload = !f->no_data && f->body_air > 0;
	uint32_t data = payload ? AERIE_TRACK_DATA | (f->flags & FC_PROTECTED ? AERIE_TRACK_CRYPT : 0) : 0;
	uint32_t tx = data | AERIE_TRACK_CREATE | AERIE_TRACK_TX, rx = data | AERIE_TRACK_RX, other = data;
	uint32_t ap = by_beacon ? 0 : OWN_RADIO;

	/* Frames without payload make no device but their transmitter's. */
	if (!f->no_data) {
		rx |= AERIE_TRACK_CREATE;
		other |= AERIE_TRACK_CREATE;
	}
	switch (f->flags & (FC_TO_DS | FC_FROM_DS)) {
	case 0:
		party(f, a->ta, ROLE_TA | ROLE_SA, tx | OWN_RADIO, TYPESET_ADHOC, AERIE_BASIC_PEER);
		party(f, a->da, ROLE_RA | ROLE_DA, rx | AERIE_TRACK_CHANNEL, TYPESET_ADHOC, AERIE_BASIC_PEER);
		party(f, a->bssid, ROLE_BSSID, other, TYPESET_ADHOC, AERIE_BASIC_PEER);
		break;
	case FC_TO_DS:
		party(f, a->ta, ROLE_TA | ROLE_SA | ROLE_CLIENT, tx | OWN_RADIO, TYPESET_CLIENT, AERIE_BASIC_CLIENT);
		party(f, a->ra, ROLE_RA | ROLE_BSSID, rx, TYPESET_AP_DATA, AERIE_BASIC_AP);
		party(f, a->da, ROLE_DA, rx, a->da == a->ra ? 0 : TYPESET_INFERRED_WIRED, 0);
		break;
	case FC_FROM_DS:
		party(f, a->ta, ROLE_TA | ROLE_BSSID, tx | ap, TYPESET_AP_DATA, AERIE_BASIC_AP);
		party(f, a->ra, ROLE_RA | ROLE_DA | ROLE_CLIENT, rx | AERIE_TRACK_CHANNEL, TYPESET_INFERRED_WIRELESS, 0);
		if (a->sa != a->ta)
			party(f, a->sa, ROLE_SA, other, TYPESET_WIRED, AERIE_BASIC_WIRED);
		break;
	default:
		party(f, a->ta, ROLE_TA, tx | OWN_RADIO, TYPESET_WDS, AERIE_BASIC_AP | AERIE_BASIC_PEER);
		party(f, a->ra, ROLE_RA, rx | AERIE_TRACK_CHANNEL, TYPESET_WDS, AERIE_BASIC_AP | AERIE_BASIC_PEER);
		party(f, a->sa, ROLE_SA, other, 0, AERIE_BASIC_PEER);
		party(f, a->da, ROLE_DA, rx, 0, AERIE_BASIC_PEER);
		break;
	}
}

/* Authentication, association and data tie a station to an access point; probing and being addressed do not. */
static uint64_t tied_client(const struct dot11_frame *f, const struct frame_addrs *a)
{
	uint64_t client = 0;

	if (f->type == TYPE_DATA && !f->no_data) {
		uint8_t ds = f->flags & (FC_TO_DS | FC_FROM_DS);

		client = ds == FC_TO_DS ? a->ta : ds == FC_FROM_DS ? a->ra : 0;
	} else if (f->type == TYPE_MGMT && (f->subtype <= MGMT_REASSOC_RESP || f->subtype == MGMT_AUTH)) {
		client = a->sa == a->bssid ? a->da : a->sa;
	}
	return client & MAC_GROUP || client == f->bssid ? 0 : client;
}

void frame_parties(struct dot11_frame *f, const struct frame_addrs *a, bool by_beacon)
{
	f->n_parties = 0;
	f->bssid = a->bssid & MAC_GROUP ? 0 : a->bssid;
	f->client = f->bssid ? tied_client(f, a) : 0;
	switch (f->type) {
	case TYPE_MGMT:
		management_parties(f, a, by_beacon);
		break;
	case TYPE_CTRL:
		/* Nobody knows yet whether an access point sent it, whose signal must come from beacons. */
		party(f, a->ta, ROLE_TA,
		      AERIE_TRACK_CREATE | AERIE_TRACK_TX | AERIE_TRACK_LLC |
			      (f->subtype == CTRL_PS_POLL || !by_beacon ? OWN_RADIO : 0),
		      0, 0);
		break;
	case TYPE_DATA:
		data_parties(f, a, by_beacon);
		break;
	default:
		break;
	}
}
