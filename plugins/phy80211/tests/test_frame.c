/* SPDX-License-Identifier: MIT */
/* MAC headers, the FCS, channels. Expected values: IEEE 802.11-2020 9.3 and the RFC 3720 / zlib check value of CRC-32. */
#include <criterion/criterion.h>
#include <string.h>
#include <zlib.h>

#include <aerie/devices.h>

#include "../dot11.h"

#define A1 0x020000000001ull
#define A2 0x020000000002ull
#define A3 0x020000000003ull
#define A4 0x020000000004ull
#define M(last) 2, 0, 0, 0, 0, last

static uint32_t parse(const uint8_t *data, uint32_t len, struct frame_head *h)
{
	return frame_head_parse(data, len, false, h);
}

#define HEAD(h, ...)                                                           \
	do {                                                                   \
		static const uint8_t octets[] = { __VA_ARGS__ };               \
		cr_assert_eq(parse(octets, sizeof octets, &(h)), 0);           \
		cr_assert_eq(parse(octets, sizeof octets - 1, &(h)), AERIE_PKT_TRUNCATED); \
		cr_assert_eq(parse(octets, sizeof octets, &(h)), 0);           \
		cr_assert_eq((h).len, sizeof octets);                          \
	} while (0)

Test(frame, data_addresses_follow_the_ds_bits)
{
	struct frame_head h;

	HEAD(h, 0x08, 0x00, 0, 0, M(1), M(2), M(3), 0x31, 0x02);
	cr_assert(h.a.da == A1 && h.a.sa == A2 && h.a.bssid == A3 && h.a.ta == A2 && h.a.ra == A1);
	cr_assert_eq(h.seq, 0x23);
	cr_assert_eq(h.frag, 1);
	HEAD(h, 0x08, 0x01, 0, 0, M(1), M(2), M(3), 0, 0);
	cr_assert(h.a.bssid == A1 && h.a.sa == A2 && h.a.da == A3 && h.a.ta == A2);
	HEAD(h, 0x08, 0x02, 0, 0, M(1), M(2), M(3), 0, 0);
	cr_assert(h.a.da == A1 && h.a.bssid == A2 && h.a.sa == A3 && h.a.ta == A2);
	HEAD(h, 0x08, 0x03, 0, 0, M(1), M(2), M(3), 0, 0, M(4));
	cr_assert(h.a.ra == A1 && h.a.ta == A2 && h.a.da == A3 && h.a.sa == A4 && h.a.bssid == 0);
}

Test(frame, qos_and_ht_control_lengthen_the_header)
{
	struct frame_head h;

	HEAD(h, 0x88, 0x01, 0, 0, M(1), M(2), M(3), 0, 0, 0, 0);
	HEAD(h, 0x88, 0x81, 0, 0, M(1), M(2), M(3), 0, 0, 0, 0, 0, 0, 0, 0);
	HEAD(h, 0x08, 0x81, 0, 0, M(1), M(2), M(3), 0, 0); /* order bit without QoS */
	HEAD(h, 0x80, 0x80, 0, 0, M(1), M(2), M(3), 0, 0, 0, 0, 0, 0); /* management with HT Control */
	HEAD(h, 0xc8, 0x01, 0, 0, M(1), M(2), M(3), 0, 0, 0, 0);
	cr_assert(h.no_data);
	HEAD(h, 0x48, 0x01, 0, 0, M(1), M(2), M(3), 0, 0);
	cr_assert(h.no_data);
}

Test(frame, padding_before_the_body_belongs_to_the_header)
{
	static const uint8_t qos[30] = { 0x88, 0x01 };
	struct frame_head h;

	cr_assert_eq(frame_head_parse(qos, 30, true, &h), 0);
	cr_assert_eq(h.len, 28);
	cr_assert_eq(frame_head_parse(qos, 27, true, &h), 0);
	cr_assert_eq(h.len, 27);
}

Test(frame, control_frames_with_a_transmitter_name_it)
{
	static const uint8_t with_ta[] = { 0x24, 0x44, 0x54, 0x84, 0x94, 0xa4, 0xb4 };
	uint8_t frame[16] = { 0, 0, 0, 0, M(1), M(2) };
	struct frame_head h;
	size_t i;

	for (i = 0; i < sizeof with_ta; i++) {
		frame[0] = with_ta[i];
		cr_assert_eq(parse(frame, sizeof frame, &h), 0);
		cr_assert_eq(h.a.ta, A2, "%02x", with_ta[i]);
		cr_assert_eq(parse(frame, 15, &h), AERIE_PKT_TRUNCATED, "%02x", with_ta[i]);
	}
	HEAD(h, 0xd4, 0, 0, 0, M(1));
	cr_assert_eq(h.a.ta, 0);
	HEAD(h, 0xc4, 0, 0, 0, M(1));
	cr_assert_eq(h.a.ta, 0);
	HEAD(h, 0xe4, 0, 0, 0, M(1), M(2)); /* CF-End: the BSSID, not who sent it */
	cr_assert(h.a.ta == 0 && h.a.bssid == A2);
}

Test(frame, a_bandwidth_signalling_address_counts_as_the_station_itself)
{
	struct frame_head h;

	HEAD(h, 0xb4, 0, 0, 0, M(1), 3, 0, 0, 0, 0, 2);
	cr_assert_eq(h.a.ta, A2);
}

Test(frame, unknown_protocol_versions_are_malformed)
{
	static const uint8_t octets[30] = { 0x81 };
	struct frame_head h;

	cr_assert_eq(parse(octets, sizeof octets, &h), AERIE_PKT_MALFORMED);
	cr_assert_eq(parse(octets, 1, &h), AERIE_PKT_TRUNCATED);
}

Test(frame, crc32_equals_the_reference_at_every_length)
{
	uint8_t data[700];
	size_t i;

	cr_assert_eq(crc32_ieee((const uint8_t *)"123456789", 9), 0xcbf43926);
	for (i = 0; i < sizeof data; i++)
		data[i] = (uint8_t)(i * 131 + (i >> 3));
	for (i = 0; i < sizeof data; i++)
		cr_assert_eq(crc32_ieee(data, i), (uint32_t)crc32_z(0, data, i), "length %zu", i);
}

static struct aerie_packet packet(uint8_t *data, uint32_t len, uint32_t air, uint8_t fcs)
{
	struct aerie_packet p = { .data = data, .caplen = len, .origlen = air, .frame = data, .frame_len = len };

	p.radio.fcs_len = fcs;
	return p;
}

Test(frame, the_fcs_decides_when_it_is_there)
{
	uint8_t data[104];
	uint32_t captured, air, crc;
	struct aerie_packet p = packet(data, sizeof data, sizeof data, 4);

	memset(data, 0x5a, sizeof data);
	crc = crc32_ieee(data, 100);
	memcpy(data + 100, (uint8_t[]){ (uint8_t)crc, (uint8_t)(crc >> 8), (uint8_t)(crc >> 16), (uint8_t)(crc >> 24) }, 4);
	cr_assert_eq(frame_check(&p, &captured, &air), 0);
	cr_assert(captured == 100 && air == 100);
	data[3] ^= 1;
	cr_assert_eq(frame_check(&p, &captured, &air), AERIE_PKT_BAD_FCS);
	p.radio.fcs_len = 0;
	cr_assert_eq(frame_check(&p, &captured, &air), 0);
	cr_assert(captured == 104 && air == 104);
	/* cut by the capture: cannot be checked, and the FCS is not part of the frame */
	p = packet(data, 60, 104, 4);
	cr_assert_eq(frame_check(&p, &captured, &air), 0);
	cr_assert(captured == 60 && air == 100);
	p = packet(data, 102, 104, 4);
	cr_assert_eq(frame_check(&p, &captured, &air), 0);
	cr_assert(captured == 100 && air == 100);
	p = packet(data, 3, 3, 4);
	cr_assert_eq(frame_check(&p, &captured, &air), AERIE_PKT_TRUNCATED);
	p = packet(data, 60, 262144, 0); /* longer than any frame can be */
	cr_assert_eq(frame_check(&p, &captured, &air), AERIE_PKT_MALFORMED);
}

static const struct party *find(const struct dot11_frame *f, uint64_t mac)
{
	uint32_t i;

	for (i = 0; i < f->n_parties; i++)
		if (f->parties[i].mac == mac)
			return &f->parties[i];
	return NULL;
}

Test(parties, a_beacon_is_one_device_with_its_own_signal)
{
	struct mgmt m = { .capab = CAP_ESS };
	struct dot11_frame f = { .type = TYPE_MGMT, .subtype = MGMT_BEACON, .mgmt = &m };
	struct frame_addrs a = { .ra = 0xffffffffffff, .da = 0xffffffffffff, .ta = A2, .sa = A2, .bssid = A2 };

	frame_parties(&f, &a, true);
	cr_assert_eq(f.n_parties, 1);
	cr_assert_eq(f.parties[0].mac, A2);
	cr_assert_eq(f.parties[0].typeset, TYPESET_AP_BEACON);
	cr_assert_eq(f.parties[0].basic, AERIE_BASIC_AP);
	cr_assert_eq(f.parties[0].track, AERIE_TRACK_CREATE | AERIE_TRACK_TX | AERIE_TRACK_LLC | AERIE_TRACK_SIGNAL |
						 AERIE_TRACK_CHANNEL);
}

Test(parties, a_probe_response_gives_the_ap_no_signal_unless_configured)
{
	struct mgmt m = { .capab = CAP_ESS };
	struct dot11_frame f = { .type = TYPE_MGMT, .subtype = MGMT_PROBE_RESP, .mgmt = &m };
	struct frame_addrs a = { .ra = A1, .da = A1, .ta = A2, .sa = A2, .bssid = A2 };

	frame_parties(&f, &a, true);
	cr_assert_eq(f.n_parties, 2);
	cr_assert_eq(find(&f, A2)->typeset, TYPESET_AP_PROBE);
	cr_assert_not(find(&f, A2)->track & AERIE_TRACK_SIGNAL);
	cr_assert_eq(find(&f, A1)->typeset, TYPESET_CLIENT);
	cr_assert_not(find(&f, A1)->track & (AERIE_TRACK_TX | AERIE_TRACK_SIGNAL));
	frame_parties(&f, &a, false);
	cr_assert(find(&f, A2)->track & AERIE_TRACK_SIGNAL);
}

Test(parties, an_ad_hoc_beacon_makes_peers_of_network_and_station)
{
	struct mgmt m = { .capab = CAP_IBSS };
	struct dot11_frame f = { .type = TYPE_MGMT, .subtype = MGMT_BEACON, .mgmt = &m };
	struct frame_addrs a = { .ra = 0xffffffffffff, .da = 0xffffffffffff, .ta = A2, .sa = A2, .bssid = A3 };

	frame_parties(&f, &a, true);
	cr_assert_eq(f.n_parties, 2);
	cr_assert_eq(find(&f, A2)->typeset, TYPESET_ADHOC);
	cr_assert(find(&f, A2)->track & AERIE_TRACK_TX);
	cr_assert_eq(find(&f, A3)->typeset, TYPESET_ADHOC);
	cr_assert_not(find(&f, A3)->track & (AERIE_TRACK_TX | AERIE_TRACK_SIGNAL));
}

Test(parties, only_the_transmitter_of_a_relayed_frame_sent_it)
{
	struct dot11_frame f = { .type = TYPE_DATA, .flags = FC_FROM_DS | FC_PROTECTED, .body_air = 20 };
	struct frame_addrs a = { .ra = A1, .da = A1, .ta = A2, .bssid = A2, .sa = A3 };

	frame_parties(&f, &a, true);
	cr_assert_eq(f.n_parties, 3);
	cr_assert(find(&f, A2)->track & AERIE_TRACK_TX);
	cr_assert_eq(find(&f, A2)->basic, AERIE_BASIC_AP);
	cr_assert_not(find(&f, A3)->track & (AERIE_TRACK_TX | AERIE_TRACK_SIGNAL));
	cr_assert_eq(find(&f, A3)->basic, AERIE_BASIC_WIRED);
	cr_assert(find(&f, A1)->track & AERIE_TRACK_RX);
	cr_assert_not(find(&f, A1)->track & AERIE_TRACK_SIGNAL);
	cr_assert(find(&f, A1)->track & AERIE_TRACK_CRYPT);
}

Test(parties, a_frame_without_payload_makes_its_transmitter_only)
{
	struct dot11_frame f = { .type = TYPE_DATA, .subtype = 4, .flags = FC_TO_DS, .no_data = 1 };
	struct frame_addrs a = { .ra = A1, .bssid = A1, .ta = A2, .sa = A2, .da = A1 };

	frame_parties(&f, &a, true);
	cr_assert_eq(find(&f, A2)->track, AERIE_TRACK_CREATE | AERIE_TRACK_TX | AERIE_TRACK_SIGNAL | AERIE_TRACK_CHANNEL);
	cr_assert_not(find(&f, A1)->track & AERIE_TRACK_CREATE);
}

Test(parties, four_addresses_make_two_relays_and_two_peers)
{
	struct dot11_frame f = { .type = TYPE_DATA, .flags = FC_TO_DS | FC_FROM_DS, .body_air = 8 };
	struct frame_addrs a = { .ra = A1, .ta = A2, .da = A3, .sa = A4 };

	frame_parties(&f, &a, true);
	cr_assert_eq(f.n_parties, 4);
	cr_assert_eq(find(&f, A1)->typeset, TYPESET_WDS);
	cr_assert_eq(find(&f, A2)->basic, AERIE_BASIC_AP | AERIE_BASIC_PEER);
	cr_assert_eq(find(&f, A4)->basic, AERIE_BASIC_PEER);
	cr_assert_not(find(&f, A4)->track & AERIE_TRACK_TX);
}

Test(parties, zero_and_group_addresses_are_nobody)
{
	struct dot11_frame f = { .type = TYPE_MGMT, .subtype = MGMT_DEAUTH };
	struct frame_addrs a = { .ra = 0xffffffffffff, .da = 0xffffffffffff, .ta = 0, .sa = 0, .bssid = 0x010203040506 };

	frame_parties(&f, &a, true);
	cr_assert_eq(f.n_parties, 0);
	cr_assert_eq(f.bssid, 0);
}

Test(channel, frequencies_have_the_published_texts)
{
	static const struct {
		uint32_t khz;
		const char *text;
	} rows[] = {
		{ 2412000, "1" }, { 2437000, "6" }, { 2472000, "13" }, { 2484000, "14" }, { 4920000, "184" },
		{ 5180000, "36" }, { 5825000, "165" }, { 5935000, "2" }, { 5955000, "1W6e" }, { 6115000, "33W6e" },
		{ 60480000, "2" }, { 900000, "900MHz" }, { 2400000, "2400MHz" },
	};
	char text[CHANNEL_TEXT_MAX];
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		cr_assert_eq(channel_text(rows[i].khz, text), strlen(rows[i].text));
		cr_assert_str_eq(text, rows[i].text);
	}
	cr_assert_eq(channel_text(0, text), 0);
}

Test(channel, every_indexed_channel_maps_back_to_itself)
{
	int i;

	for (i = 0; channel_index_khz(i); i++)
		cr_assert_eq(channel_index(channel_index_khz(i)), i);
	cr_assert_gt(i, 300);
	cr_assert_leq(i, (int)CHANNEL_INDEX_MAX);
	cr_assert_eq(channel_index(2413000), -1);
	cr_assert_eq(channel_index(1), -1);
	cr_assert_eq(channel_freq_khz(11), 2462000);
	cr_assert_eq(channel_freq_khz(36), 5180000);
	cr_assert_eq(channel_freq_khz(0), 0);
}
