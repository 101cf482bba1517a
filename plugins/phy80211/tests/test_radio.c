/* SPDX-License-Identifier: MIT */
/* Radio headers. Expected values: radiotap.org, "PPI header format 1.0.7", the AVS and linux-wlan-ng layouts, the rate tables of
 * IEEE 802.11-2020 19.5, 21.5 and 802.11ax-2021 27.5, and tshark 4.0.17 where noted. */
#include <criterion/criterion.h>
#include <string.h>

#include "../radio.h"
#include "frames.h"

typedef void decode_fn(void *user, struct aerie_packet *p, struct aerie_arena *a);

static struct aerie_packet decode(decode_fn *fn, const uint8_t *data, uint32_t len)
{
	struct aerie_packet p = { .data = data, .caplen = len, .origlen = len, .frame = data, .frame_len = len };

	fn(NULL, &p, NULL);
	return p;
}

#define RADIOTAP(...) \
	({ static const uint8_t octets[] = { __VA_ARGS__ }; decode(radiotap_decode, octets, sizeof octets); })

Test(radiotap, a_header_of_mac80211_hwsim_is_read)
{
	struct aerie_packet p = decode(radiotap_decode, lab_ac_beacon, sizeof lab_ac_beacon);

	cr_assert_eq(p.flags, 0);
	cr_assert_eq(p.link, AERIE_DLT_IEEE802_11);
	cr_assert_eq(p.frame, lab_ac_beacon + 26);
	cr_assert_eq(p.frame_len, sizeof lab_ac_beacon - 26);
	cr_assert_eq(p.radio.freq_khz, 5180000);
	cr_assert_eq(p.radio.rate_100k, 60);
	cr_assert_eq(p.radio.carrier, AERIE_CARRIER_80211A);
	cr_assert_eq(p.radio.encoding, AERIE_ENCODING_OFDM);
	cr_assert_eq(p.radio.fcs_len, 0);
}

Test(radiotap, fields_are_aligned_from_the_head_of_the_header)
{
	/* TSFT (8-aligned), flags FCS, rate 1 Mbit/s, channel 2437 CCK (2-aligned), signal -42, noise -95, antenna */
	struct aerie_packet p = RADIOTAP(0, 0, 27, 0, 0x6f, 0x08, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0x10, 2, 0x85, 0x09, 0xa0, 0,
					 0xd6, 0xa1, 1, 0, 0, 0xd4, 0);

	cr_assert_eq(p.flags, 0);
	cr_assert_eq(p.radio.tsf_us, 1);
	cr_assert_eq(p.radio.fcs_len, 4);
	cr_assert_eq(p.radio.rate_100k, 10);
	cr_assert_eq(p.radio.freq_khz, 2437000);
	cr_assert_eq(p.radio.carrier, AERIE_CARRIER_80211B);
	cr_assert_eq(p.radio.signal, -42);
	cr_assert_eq(p.radio.noise, -95);
	cr_assert_eq(p.radio.known, AERIE_RADIO_TSF | AERIE_RADIO_RATE | AERIE_RADIO_FREQ | AERIE_RADIO_SIGNAL |
					    AERIE_RADIO_NOISE);
	cr_assert_eq(p.frame_len, 2);
}

Test(radiotap, the_first_of_several_antennas_gives_the_signal)
{
	/* two namespaces: signal -30, then signal -60 and antenna 1 */
	struct aerie_packet p = RADIOTAP(0, 0, 15, 0, 0x20, 0, 0, 0xa0, 0x20, 0x08, 0, 0, 0xe2, 0xc4, 1);

	cr_assert_eq(p.flags, 0);
	cr_assert_eq(p.radio.signal, -30);
	cr_assert_eq(p.frame_len, 0);
}

Test(radiotap, a_vendor_namespace_is_skipped)
{
	/* flags, then vendor namespace with 3 octets of data, then a radiotap namespace that repeats a signal */
	struct aerie_packet p = RADIOTAP(0, 0, 30, 0, 0x02, 0, 0, 0xc0, 0xff, 0xff, 0, 0xa0, 0x20, 0, 0, 0, 0x50, 0,
					 0x01, 0x02, 0x03, 7, 3, 0, 9, 9, 9, 0xc4, 0, 0, 0xd4, 0);

	cr_assert_eq(p.flags, AERIE_PKT_BAD_FCS);
	cr_assert_eq(p.radio.fcs_len, 4);
	cr_assert_eq(p.radio.known, 0); /* the second radiotap namespace describes an antenna */
	cr_assert_eq(p.frame_len, 2);
}

Test(radiotap, a_field_of_unknown_size_ends_the_walk_without_an_error)
{
	struct aerie_packet p = RADIOTAP(0, 0, 10, 0, 0x04, 0, 0, 0x10, 4, 0);

	cr_assert_eq(p.flags, 0);
	cr_assert_eq(p.radio.rate_100k, 20);
}

Test(radiotap, headers_that_contradict_themselves_are_errors)
{
	struct aerie_packet p;

	p = RADIOTAP(1, 0, 8, 0, 0, 0, 0, 0); /* version */
	cr_assert_eq(p.flags, AERIE_PKT_MALFORMED);
	p = RADIOTAP(0, 0, 7, 0, 0, 0, 0, 0); /* shorter than itself */
	cr_assert_eq(p.flags, AERIE_PKT_MALFORMED);
	p = RADIOTAP(0, 0, 9, 0, 0, 0, 0, 0); /* longer than the packet */
	cr_assert_eq(p.flags, AERIE_PKT_TRUNCATED);
	p = RADIOTAP(0, 0, 8);
	cr_assert_eq(p.flags, AERIE_PKT_TRUNCATED);
	p = RADIOTAP(0, 0, 8, 0, 0, 0, 0, 0x80); /* present words without end */
	cr_assert_eq(p.flags, AERIE_PKT_MALFORMED);
	p = RADIOTAP(0, 0, 8, 0, 0x01, 0, 0, 0); /* field outside: values unknown, frame usable */
	cr_assert_eq(p.flags, 0);
	cr_assert_eq(p.radio.known, 0);
}

Test(radiotap, the_padding_flag_is_handed_on)
{
	struct aerie_packet p = RADIOTAP(0, 0, 9, 0, 0x02, 0, 0, 0, 0x20);

	cr_assert_eq(p.radio.flags, AERIE_RADIO_DATAPAD);
}

Test(radiotap, an_announced_empty_frame_is_no_frame)
{
	struct aerie_packet p = RADIOTAP(0, 0, 9, 0, 0, 0, 0, 0x04, 0, 1, 2, 3);

	cr_assert_eq(p.flags, 0);
	cr_assert_eq(p.frame_len, 0);
}

Test(radiotap, modulation_fields_give_the_rate)
{
	/* MCS 7, 20 MHz, long guard interval: 65 Mbit/s */
	struct aerie_packet p = RADIOTAP(0, 0, 11, 0, 0, 0, 0x08, 0, 0x07, 0, 7);

	cr_assert_eq(p.radio.rate_100k, 650);
	cr_assert_eq(p.radio.carrier, AERIE_CARRIER_80211N20);
	/* VHT, 80 MHz, short guard interval, MCS 9, two streams: 866.6 Mbit/s */
	p = RADIOTAP(0, 0, 20, 0, 0, 0, 0x20, 0, 0x44, 0, 0x04, 4, 0x92, 0, 0, 0, 0, 0, 0, 0);
	cr_assert_eq(p.radio.rate_100k, 8666);
	/* HE, MCS and bandwidth known, MCS 11, 80 MHz, 0.8 us, two streams: 1201 Mbit/s */
	p = RADIOTAP(0, 0, 20, 0, 0, 0, 0x80, 0, 0x20, 0x40, 0, 0, 0, 0x0b, 0, 0, 0x02, 0, 0x02, 0);
	cr_assert_eq(p.radio.rate_100k, 12009);
}

Test(rates, rates_equal_those_of_the_standard)
{
	cr_assert_eq(rate_ht(false, 0, false), 65);
	cr_assert_eq(rate_ht(true, 15, true), 3000);
	cr_assert_eq(rate_ht(true, 31, true), 6000);
	cr_assert_eq(rate_ht(true, 32, true), 0);
	cr_assert_eq(rate_vht(160, 9, 8, true), 69333);
	cr_assert_eq(rate_vht(60, 9, 8, true), 0);
	cr_assert_eq(rate_he(20, 0, 1, 8), 86);
	cr_assert_eq(rate_he(160, 11, 8, 8), 96078);
	cr_assert_eq(rate_he(20, 12, 1, 8), 0);
}

static const uint8_t ppi[] = {
	0, 0, 36, 0, 105, 0, 0, 0,          /* version, flags, length, link type */
	0x30, 0x75, 0, 0,                   /* a vendor's empty field */
	2, 0, 20, 0, 9, 0, 0, 0, 0, 0, 0, 0, /* 802.11 common: TSF */
	1, 0, 108, 0, 0x85, 0x09, 0xc0, 0, 0, 0, 0xc8, 0x9c, 0xd4, 0,
};

Test(ppi, the_common_field_is_read_and_others_are_skipped)
{
	struct aerie_packet p = decode(ppi_decode, ppi, sizeof ppi);

	cr_assert_eq(p.flags, 0);
	cr_assert_eq(p.link, AERIE_DLT_IEEE802_11);
	cr_assert_eq(p.frame_len, 2);
	cr_assert_eq(p.radio.fcs_len, 4);
	cr_assert_eq(p.radio.tsf_us, 9);
	cr_assert_eq(p.radio.rate_100k, 540);
	cr_assert_eq(p.radio.freq_khz, 2437000);
	cr_assert_eq(p.radio.signal, -56);
	cr_assert_eq(p.radio.noise, -100);
}

Test(ppi, the_link_type_inside_is_kept_and_alignment_honoured)
{
	static const uint8_t aligned[] = {
		0, 1, 40, 0, 1, 0, 0, 0, 0x30, 0x75, 2, 0, 7, 7, 0, 0, /* a field of 2 octets, padded to 4 */
		2, 0, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0x80, 0x80,
	};
	struct aerie_packet p = decode(ppi_decode, aligned, sizeof aligned);

	cr_assert_eq(p.flags, 0);
	cr_assert_eq(p.link, 1);
	cr_assert_eq(p.radio.rate_100k, 10);
	cr_assert_eq(p.radio.known, AERIE_RADIO_RATE); /* -128 is "unknown" */
	cr_assert_eq(p.frame_len, 0);
}

Test(ppi, broken_headers_are_errors)
{
	uint8_t copy[sizeof ppi];

	cr_assert_eq(decode(ppi_decode, ppi, 30).flags, AERIE_PKT_TRUNCATED);
	memcpy(copy, ppi, sizeof ppi);
	copy[14] = 200; /* the field is longer than the header */
	cr_assert_eq(decode(ppi_decode, copy, sizeof copy).flags, AERIE_PKT_MALFORMED);
	memcpy(copy, ppi, sizeof ppi);
	copy[4] = 192; /* PPI in PPI */
	cr_assert_eq(decode(ppi_decode, copy, sizeof copy).flags, AERIE_PKT_MALFORMED);
	memcpy(copy, ppi, sizeof ppi);
	copy[24] = 4; /* FCS invalid */
	cr_assert_eq(decode(ppi_decode, copy, sizeof copy).flags, AERIE_PKT_BAD_FCS);
}

static void be32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

static void le32(uint8_t *p, uint32_t v)
{
	be32(p, __builtin_bswap32(v));
}

Test(prism, an_avs_header_is_read_under_either_link_type)
{
	uint8_t h[64 + 2] = { 0 };
	struct aerie_packet p;

	be32(h, 0x80211001);
	be32(h + 4, 64);
	be32(h + 12, 77);
	be32(h + 28, 11);                /* channel */
	be32(h + 32, 55);                /* 5.5 Mbit/s */
	be32(h + 44, 2);                 /* dBm */
	be32(h + 48, (uint32_t)-61);
	be32(h + 52, (uint32_t)-92);
	p = decode(prism_decode, h, sizeof h);
	cr_assert_eq(p.flags, 0);
	cr_assert_eq(p.link, AERIE_DLT_IEEE802_11);
	cr_assert_eq(p.frame_len, 2);
	cr_assert_eq(p.radio.tsf_us, 77);
	cr_assert_eq(p.radio.freq_khz, 2462000);
	cr_assert_eq(p.radio.rate_100k, 55);
	cr_assert_eq(p.radio.signal, -61);
	cr_assert_eq(p.radio.noise, -92);
	p = decode(avs_decode, h, sizeof h);
	cr_assert_eq(p.radio.signal, -61);
	h[0] = 0;
	cr_assert_eq(decode(avs_decode, h, sizeof h).flags, AERIE_PKT_MALFORMED);
	cr_assert_eq(decode(avs_decode, h, 60).flags, AERIE_PKT_TRUNCATED);
}

Test(prism, a_wlan_ng_header_is_read_in_either_byte_order)
{
	uint8_t h[144 + 14] = { 0 };
	struct aerie_packet p;
	int big, i;

	for (big = 0; big < 2; big++) {
		void (*put)(uint8_t *, uint32_t) = big ? be32 : le32;

		memset(h, 0, sizeof h);
		put(h, 0x44);
		put(h + 4, 144);
		for (i = 0; i < 10; i++)
			put(h + 24 + 12 * i, (uint32_t)(i + 1) << 16 | 0x44);
		put(h + 24 + 12 * 1 + 8, 1234);
		put(h + 24 + 12 * 2 + 8, 6);
		put(h + 24 + 12 * 5 + 8, (uint32_t)-70);
		put(h + 24 + 12 * 7 + 8, 22);
		p = decode(prism_decode, h, sizeof h);
		cr_assert_eq(p.flags, 0);
		cr_assert_eq(p.frame_len, 14);
		cr_assert_eq(p.radio.tsf_us, 1234);
		cr_assert_eq(p.radio.freq_khz, 2437000);
		cr_assert_eq(p.radio.signal, -70);
		cr_assert_eq(p.radio.rate_100k, 110);
		cr_assert_eq(p.radio.fcs_len, 0);
	}
	le32(h + 154, crc32_ieee(h + 144, 10));
	cr_assert_eq(decode(prism_decode, h, sizeof h).radio.fcs_len, 4);
	cr_assert_eq(decode(prism_decode, h, 100).flags, AERIE_PKT_TRUNCATED);
	h[3] = 1;
	cr_assert_eq(decode(prism_decode, h, sizeof h).flags, AERIE_PKT_MALFORMED);
}
