/* SPDX-License-Identifier: MIT */
/* Frames and reports of the capture protocol. Bodies named python_... were written by python3-msgpack 1.0.3, with keys in an
 * odd order and keys that do not exist; the others by hand, from the msgpack specification and the protocol's tables. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <aerie/msgpack.h>
#include <aerie/source.h>
#include <core/core.h>
#include <core/link.h>
#include <core/pipeline.h>

/* {77: {"x": [1, [2, [3]]], "y": None}, 4: {6: b"\x80\0frame", 4: 300, 1: 127, 9: "new", 3: 123456, 2: 1700000000},
 *  1: {1: 1.5, 2: 2.5, 4: 3}, 2: {7: "6", 1: -55 & 0xffffffff, 2: -95 & 0xffffffff, 5: 2437000, 6: 540}} */
static const uint8_t python_packet[] = {
	0x84, 0x4d, 0x82, 0xa1, 0x78, 0x92, 0x01, 0x92, 0x02, 0x91, 0x03, 0xa1, 0x79, 0xc0, 0x04, 0x86,
	0x06, 0xc4, 0x07, 0x80, 0x00, 0x66, 0x72, 0x61, 0x6d, 0x65, 0x04, 0xcd, 0x01, 0x2c, 0x01, 0x7f,
	0x09, 0xa3, 0x6e, 0x65, 0x77, 0x03, 0xce, 0x00, 0x01, 0xe2, 0x40, 0x02, 0xce, 0x65, 0x53, 0xf1,
	0x00, 0x01, 0x83, 0x01, 0xcb, 0x3f, 0xf8, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0xcb, 0x40,
	0x04, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x04, 0x03, 0x02, 0x85, 0x07, 0xa1, 0x36, 0x01, 0xce,
	0xff, 0xff, 0xff, 0xc9, 0x02, 0xce, 0xff, 0xff, 0xff, 0xa1, 0x05, 0xce, 0x00, 0x25, 0x2f, 0x88,
	0x06, 0xcd, 0x02, 0x1c,
};

/* {5: {4: '{"a":1}', 1: "RTL433", 2: 1700000001, 3: 5}} */
static const uint8_t python_json[] = {
	0x81, 0x05, 0x84, 0x04, 0xa7, 0x7b, 0x22, 0x61, 0x22, 0x3a, 0x31, 0x7d, 0x01, 0xa6, 0x52, 0x54,
	0x4c, 0x34, 0x33, 0x33, 0x02, 0xce, 0x65, 0x53, 0xf1, 0x01, 0x03, 0x05,
};

/* {10: "2025.09.0", 99: [{"deep": {"er": [True]}}], 9: "hi", 1: 300, 8: UUID, 7: "hw", 5: "6HT40+", 4: ["1", "6", "11"],
 *  3: "wlan0mon", 6: {1: 1.0}, 2: 127} */
static const uint8_t python_open[] = {
	0x8b, 0x0a, 0xa9, 0x32, 0x30, 0x32, 0x35, 0x2e, 0x30, 0x39, 0x2e, 0x30, 0x63, 0x91, 0x81, 0xa4,
	0x64, 0x65, 0x65, 0x70, 0x81, 0xa2, 0x65, 0x72, 0x91, 0xc3, 0x09, 0xa2, 0x68, 0x69, 0x01, 0xcd,
	0x01, 0x2c, 0x08, 0xd9, 0x24, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x2d, 0x30, 0x30,
	0x30, 0x30, 0x2d, 0x30, 0x30, 0x30, 0x30, 0x2d, 0x30, 0x30, 0x30, 0x30, 0x2d, 0x30, 0x30, 0x30,
	0x30, 0x44, 0x45, 0x41, 0x44, 0x42, 0x45, 0x45, 0x46, 0x07, 0xa2, 0x68, 0x77, 0x05, 0xa6, 0x36,
	0x48, 0x54, 0x34, 0x30, 0x2b, 0x04, 0x93, 0xa1, 0x31, 0xa1, 0x36, 0xa2, 0x31, 0x31, 0x03, 0xa8,
	0x77, 0x6c, 0x61, 0x6e, 0x30, 0x6d, 0x6f, 0x6e, 0x06, 0x81, 0x01, 0xcb, 0x3f, 0xf0, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x02, 0x7f,
};

/* {3: "ok", 2: {6: ["36"], 5: "36", 4: "mon0", 3: "ath9k", 9: b"\0"}, 1: 70000} */
static const uint8_t python_probe[] = {
	0x83, 0x03, 0xa2, 0x6f, 0x6b, 0x02, 0x85, 0x06, 0x91, 0xa2, 0x33, 0x36, 0x05, 0xa2, 0x33, 0x36,
	0x04, 0xa4, 0x6d, 0x6f, 0x6e, 0x30, 0x03, 0xa5, 0x61, 0x74, 0x68, 0x39, 0x6b, 0x09, 0xc4, 0x01,
	0x00, 0x01, 0xce, 0x00, 0x01, 0x11, 0x70,
};

/* {2: "line one\nline é€", 1: 4} */
static const uint8_t python_message[] = {
	0x82, 0x02, 0xb3, 0x6c, 0x69, 0x6e, 0x65, 0x20, 0x6f, 0x6e, 0x65, 0x0a, 0x6c, 0x69, 0x6e, 0x65,
	0x20, 0xc3, 0xa9, 0xe2, 0x82, 0xac, 0x01, 0x04,
};

/* {1: "broken", 7: {}} */
static const uint8_t python_error[] = { 0x82, 0x01, 0xa6, 0x62, 0x72, 0x6f, 0x6b, 0x65, 0x6e, 0x07, 0x80 };

/* ---- packet reports ---- */

Test(link, a_packet_report_is_read_with_keys_in_any_order)
{
	struct link_packet p;

	cr_assert_eq(link_parse_packet(python_packet, sizeof python_packet, &p), 0);
	cr_expect(p.has_packet);
	cr_expect_not(p.has_json);
	cr_expect_eq(p.dlt, 127);
	cr_expect_eq(p.ts_us, 1700000000123456ull);
	cr_expect_eq(p.data, python_packet + 19, "the content lies in the body");
	cr_expect_eq(p.len, 7);
	cr_expect_eq(p.origlen, 300);
	cr_expect_eq(p.radio.known, AERIE_RADIO_SIGNAL | AERIE_RADIO_NOISE | AERIE_RADIO_FREQ | AERIE_RADIO_RATE);
	cr_expect_eq(p.radio.signal, -55);
	cr_expect_eq(p.radio.noise, -95);
	cr_expect_eq(p.radio.freq_khz, 2437000);
	cr_expect_eq(p.radio.rate_100k, 540);
	cr_expect_eq(p.channel_len, 1);
	cr_expect_eq(p.channel[0], '6');
}

/* The form that libaeriecap writes, and the same with an unknown key in front, which takes the long way. */
Test(link, the_plain_form_of_a_packet_report_reads_like_any_other)
{
	static const uint8_t plain[] = {
		0x81, 0x04, 0x85, 0x01, 0xce, 0x00, 0x00, 0x01, 0x02, 0x02, 0xcf, 0x00, 0x00, 0x00, 0x00, 0x65, 0x53, 0xf1, 0x00,
		0x03, 0xce, 0x00, 0x01, 0xe2, 0x40, 0x04, 0xce, 0x00, 0x00, 0x01, 0x2c, 0x06, 0xc5, 0x00, 0x03, 'a',  'b',  'c',
	};
	uint8_t other[sizeof plain + 2] = { 0x82, 0x63, 0xc0 };
	struct link_packet p[2];
	uint32_t i;

	memcpy(other + 3, plain + 1, sizeof plain - 1);
	cr_assert_eq(link_parse_packet(plain, sizeof plain, &p[0]), 0);
	cr_assert_eq(link_parse_packet(other, sizeof other, &p[1]), 0);
	for (i = 0; i < 2; i++) {
		cr_expect(p[i].has_packet);
		cr_expect_eq(p[i].dlt, 0x0102);
		cr_expect_eq(p[i].ts_us, 1700000000123456ull);
		cr_expect_eq(p[i].origlen, 300);
		cr_expect_eq(p[i].len, 3);
		cr_expect_eq(memcmp(p[i].data, "abc", 3), 0);
	}
	for (i = 0; i < sizeof plain; i++) {
		uint8_t *body = malloc(i + 1);

		memcpy(body, plain, i);
		cr_expect_eq(link_parse_packet(body, i, &p[0]), -EBADMSG, "%u octets", i);
		free(body);
	}
}

Test(link, a_json_report_is_read)
{
	struct link_packet p;

	cr_assert_eq(link_parse_packet(python_json, sizeof python_json, &p), 0);
	cr_expect(p.has_json);
	cr_expect_not(p.has_packet);
	cr_expect_eq(p.json_type_len, 6);
	cr_expect_eq(memcmp(p.json_type, "RTL433", 6), 0);
	cr_expect_eq(p.json_len, 7);
	cr_expect_eq(memcmp(p.json, "{\"a\":1}", 7), 0);
	cr_expect_eq(p.json_ts_us, 1700000001000005ull);
}

/* Exactly as long as it says, so that the sanitizer sees a read behind the end. */
static uint8_t *copy_of(const uint8_t *data, uint32_t len)
{
	uint8_t *p = malloc(len ? len : 1);

	memcpy(p, data, len);
	return p;
}

Test(link, a_packet_report_cut_at_any_octet_is_refused)
{
	struct link_packet p;
	uint32_t n;

	for (n = 0; n < sizeof python_packet; n++) {
		uint8_t *body = copy_of(python_packet, n);

		cr_expect_eq(link_parse_packet(body, n, &p), -EBADMSG, "%u octets", n);
		free(body);
	}
	for (n = 0; n < sizeof python_json; n++) {
		uint8_t *body = copy_of(python_json, n);

		cr_expect_eq(link_parse_packet(body, n, &p), -EBADMSG, "%u octets", n);
		free(body);
	}
}

/* {4: {1: dlt, 6: "x"}} with the DLT written in each way that msgpack has for it. */
Test(link, integers_are_read_in_every_width)
{
	static const struct {
		uint8_t octets[9], n;
		uint32_t value;
	} rows[] = {
		{ { 0x69 }, 1, 105 },
		{ { 0xcc, 0x69 }, 2, 105 },
		{ { 0xcd, 0x01, 0x02 }, 3, 0x0102 },
		{ { 0xce, 0x01, 0x02, 0x03, 0x04 }, 5, 0x01020304 },
		{ { 0xcf, 0, 0, 0, 0, 0x01, 0x02, 0x03, 0x04 }, 9, 0x01020304 },
		{ { 0xd0, 0x69 }, 2, 105 },
		{ { 0xd1, 0x01, 0x02 }, 3, 0x0102 },
		{ { 0xd2, 0x01, 0x02, 0x03, 0x04 }, 5, 0x01020304 },
		{ { 0xd3, 0, 0, 0, 0, 0x01, 0x02, 0x03, 0x04 }, 9, 0x01020304 },
		{ { 0xff }, 1, UINT32_MAX },
		{ { 0xd0, 0xfe }, 2, UINT32_MAX - 1 },
	};
	struct link_packet p;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		uint8_t body[32] = { 0x81, 0x04, 0x82, 0x01 };
		uint32_t n = 4;

		memcpy(body + n, rows[i].octets, rows[i].n);
		n += rows[i].n;
		memcpy(body + n, "\x06\xa1x", 3);
		cr_assert_eq(link_parse_packet(body, n + 3, &p), 0, "row %zu", i);
		cr_expect_eq(p.dlt, rows[i].value, "row %zu: %u", i, p.dlt);
		cr_expect_eq(p.len, 1);
		cr_expect_eq(p.origlen, 1, "without an original length it is the content's");
		cr_expect_eq(p.ts_us, 0);
	}
}

/* {4: {6: content}} with "abc" in each way that msgpack has for it; str and bin alike. */
Test(link, content_is_read_from_str_and_bin_in_every_width)
{
	static const struct {
		uint8_t head[5], n;
	} rows[] = {
		{ { 0xa3 }, 1 },	       { { 0xd9, 3 }, 2 }, { { 0xda, 0, 3 }, 3 }, { { 0xdb, 0, 0, 0, 3 }, 5 },
		{ { 0xc4, 3 }, 2 },	       { { 0xc5, 0, 3 }, 3 }, { { 0xc6, 0, 0, 0, 3 }, 5 },
	};
	struct link_packet p;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		uint8_t body[16] = { 0x81, 0x04, 0x81, 0x06 };

		memcpy(body + 4, rows[i].head, rows[i].n);
		memcpy(body + 4 + rows[i].n, "abc", 3);
		cr_assert_eq(link_parse_packet(body, 4u + rows[i].n + 3u, &p), 0, "row %zu", i);
		cr_expect_eq(p.len, 3);
		cr_expect_eq(p.data, body + 4 + rows[i].n);
	}
}

Test(link, a_packet_without_content_or_json_without_text_is_none)
{
	static const uint8_t no_content[] = { 0x81, 0x04, 0x81, 0x01, 0x7f };
	static const uint8_t no_text[] = { 0x81, 0x05, 0x81, 0x01, 0xa1, 'x' };
	static const uint8_t empty[] = { 0x80 };
	struct link_packet p;

	cr_assert_eq(link_parse_packet(no_content, sizeof no_content, &p), 0);
	cr_expect_not(p.has_packet);
	cr_assert_eq(link_parse_packet(no_text, sizeof no_text, &p), 0);
	cr_expect_not(p.has_json);
	cr_assert_eq(link_parse_packet(empty, sizeof empty, &p), 0);
	cr_expect_not(p.has_packet || p.has_json);
}

Test(link, a_length_shorter_than_the_content_and_times_out_of_range_do_not_count)
{
	/* {4: {2: 2^32, 4: 1, 6: "abc"}} */
	static const uint8_t body[] = { 0x81, 0x04, 0x83, 0x02, 0xcf, 0, 0, 0, 1, 0, 0, 0, 0, 0x04, 0x01, 0x06, 0xa3, 'a', 'b', 'c' };
	struct link_packet p;

	cr_assert_eq(link_parse_packet(body, sizeof body, &p), 0);
	cr_expect_eq(p.origlen, 3);
	cr_expect_eq(p.ts_us, 0);
}

Test(link, vendor_units_count_only_without_dbm)
{
	/* {2: {3: 40, 4: 7}} and {2: {1: -40, 3: 40}} and {2: {1: 0, 5: 0}} */
	static const uint8_t rssi[] = { 0x81, 0x02, 0x82, 0x03, 0x28, 0x04, 0x07 };
	static const uint8_t both[] = { 0x81, 0x02, 0x82, 0x01, 0xd0, 0xd8, 0x03, 0x28 };
	static const uint8_t zero[] = { 0x81, 0x02, 0x82, 0x01, 0x00, 0x05, 0x00 };
	struct link_packet p;

	cr_assert_eq(link_parse_packet(rssi, sizeof rssi, &p), 0);
	cr_expect_eq(p.radio.known, AERIE_RADIO_RSSI | AERIE_RADIO_SIGNAL | AERIE_RADIO_NOISE);
	cr_expect_eq(p.radio.signal, 40);
	cr_expect_eq(p.radio.noise, 7);
	cr_assert_eq(link_parse_packet(both, sizeof both, &p), 0);
	cr_expect_eq(p.radio.known, AERIE_RADIO_SIGNAL);
	cr_expect_eq(p.radio.signal, -40);
	cr_assert_eq(link_parse_packet(zero, sizeof zero, &p), 0);
	cr_expect_eq(p.radio.known, 0);
}

Test(link, values_of_the_wrong_kind_are_refused)
{
	static const struct {
		uint8_t octets[8], n;
		const char *what;
	} rows[] = {
		{ { 0xc0 }, 1, "nil instead of the map" },
		{ { 0x91, 0x01 }, 2, "an array instead of the map" },
		{ { 0x81, 0xa1, 'x', 0x01 }, 4, "text as key" },
		{ { 0x81, 0x04, 0x01 }, 3, "a number instead of the packet block" },
		{ { 0x81, 0x04, 0x81, 0x01, 0xa1, 'x' }, 6, "text as DLT" },
		{ { 0x81, 0x04, 0x81, 0x06, 0x05 }, 5, "a number as content" },
		{ { 0x81, 0x04, 0x81, 0x01, 0xc1 }, 5, "the type that msgpack never uses" },
		{ { 0x81, 0x63, 0xc1 }, 3, "the type that msgpack never uses, under an unknown key" },
		{ { 0xdf, 0xff, 0xff, 0xff, 0xff, 0x01 }, 6, "more pairs than octets" },
	};
	struct link_packet p;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
		cr_expect_eq(link_parse_packet(rows[i].octets, rows[i].n, &p), -EBADMSG, "%s", rows[i].what);
}

/* {99: [[[...1...]]]} with so many arrays around the 1. */
static int parse_nested(unsigned depth)
{
	uint8_t body[64] = { 0x81, 0x63 };
	struct link_packet p;

	memset(body + 2, 0x91, depth);
	body[2 + depth] = 0x01;
	return link_parse_packet(body, depth + 3, &p);
}

Test(link, unknown_values_are_skipped_to_a_depth_of_eight)
{
	cr_expect_eq(parse_nested(0), 0);
	cr_expect_eq(parse_nested(8), 0);
	cr_expect_eq(parse_nested(9), -EBADMSG);
	cr_expect_eq(parse_nested(50), -EBADMSG);
}

/* One value of every kind under an unknown key, then a known one: {99: value, 4: {6: "x"}}. */
Test(link, values_of_every_kind_are_skipped)
{
	static const struct {
		uint8_t octets[20], n;
	} rows[] = {
		{ { 0xc0 }, 1 }, { { 0xc2 }, 1 }, { { 0xc3 }, 1 }, { { 0x7f }, 1 }, { { 0xe0 }, 1 },
		{ { 0xca, 1, 2, 3, 4 }, 5 }, { { 0xcb, 1, 2, 3, 4, 5, 6, 7, 8 }, 9 },
		{ { 0xcc, 1 }, 2 }, { { 0xcd, 1, 2 }, 3 }, { { 0xce, 1, 2, 3, 4 }, 5 }, { { 0xcf, 1, 2, 3, 4, 5, 6, 7, 8 }, 9 },
		{ { 0xd0, 1 }, 2 }, { { 0xd1, 1, 2 }, 3 }, { { 0xd2, 1, 2, 3, 4 }, 5 }, { { 0xd3, 1, 2, 3, 4, 5, 6, 7, 8 }, 9 },
		{ { 0xd4, 9, 1 }, 3 }, { { 0xd5, 9, 1, 2 }, 4 }, { { 0xd6, 9, 1, 2, 3, 4 }, 6 },
		{ { 0xd7, 9, 1, 2, 3, 4, 5, 6, 7, 8 }, 10 }, { { 0xd8, 9, 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8 }, 18 },
		{ { 0xc7, 2, 9, 1, 2 }, 5 }, { { 0xc8, 0, 2, 9, 1, 2 }, 6 }, { { 0xc9, 0, 0, 0, 2, 9, 1, 2 }, 8 },
		{ { 0xa2, 'h', 'i' }, 3 }, { { 0xd9, 2, 'h', 'i' }, 4 }, { { 0xda, 0, 2, 'h', 'i' }, 5 },
		{ { 0xdb, 0, 0, 0, 2, 'h', 'i' }, 7 }, { { 0xc4, 2, 1, 2 }, 4 }, { { 0xc5, 0, 2, 1, 2 }, 5 },
		{ { 0xc6, 0, 0, 0, 2, 1, 2 }, 7 }, { { 0x90 }, 1 }, { { 0x92, 1, 2 }, 3 }, { { 0xdc, 0, 2, 1, 2 }, 5 },
		{ { 0xdd, 0, 0, 0, 2, 1, 2 }, 7 }, { { 0x80 }, 1 }, { { 0x81, 1, 2 }, 3 }, { { 0xde, 0, 1, 1, 2 }, 5 },
		{ { 0xdf, 0, 0, 0, 1, 1, 2 }, 7 }, { { 0x92, 0x81, 1, 0x91, 0xc0, 5 }, 6 },
	};
	struct link_packet p;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		uint8_t body[40] = { 0x82, 0x63 };

		memcpy(body + 2, rows[i].octets, rows[i].n);
		memcpy(body + 2 + rows[i].n, "\x04\x81\x06\xa1x", 5);
		cr_expect_eq(link_parse_packet(body, 2u + rows[i].n + 5u, &p), 0, "row %zu", i);
		cr_expect(p.has_packet, "row %zu", i);
	}
}

/* ---- frames ---- */

/* A PACKET frame with code 0x0102, number 0x03040506 and a body of 5 octets, by hand. */
static const uint8_t frame[] = { 0xDE, 0xCA, 0xFB, 0xAD, 0xA9, 0xA9, 0x00, 0x03, 0x00, 0x00, 0x00, 0x05, 0x00,
				 0x10, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 'h',	 'e',  'l',  'l',  'o' };

Test(link, a_frame_is_found_where_it_lies)
{
	uint8_t buf[3 + sizeof frame + 4] = { 1, 2, 3 };
	struct link_frame f;
	uint32_t need;

	memcpy(buf + 3, frame, sizeof frame);
	cr_assert_eq(link_next(buf, 3, sizeof buf, &f, &need), 1);
	cr_expect_eq(f.command, LINK_PACKET);
	cr_expect_eq(f.code, 0x0102);
	cr_expect_eq(f.seqno, 0x03040506);
	cr_expect_eq(f.off, 23);
	cr_expect_eq(f.len, 5);
}

/* The length is known from the 12th octet on. */
Test(link, a_frame_cut_at_any_octet_waits_for_the_rest)
{
	uint32_t n;

	for (n = 0; n < sizeof frame; n++) {
		struct link_frame f = { .command = 99 };
		uint32_t need = 0;
		uint8_t *buf = copy_of(frame, n);

		cr_expect_eq(link_next(buf, 0, n, &f, &need), 0, "%u octets", n);
		cr_expect_eq(need, n < 12 ? LINK_HEADER : sizeof frame, "%u octets: %u", n, need);
		cr_expect_eq(f.command, 99, "untouched");
		free(buf);
	}
}

/* Frames with one thing wrong, told as soon as the octets that show it are there. */
Test(link, wrong_frames_are_told_apart)
{
	static const struct {
		uint32_t at;
		uint8_t octets[4];
		uint32_t n, first; /* first: octets after which it is told */
		int error;
	} rows[] = {
		{ 0, { 'H', 'T', 'T', 'P' }, 4, 1, -EBADMSG },
		{ 3, { 0xAE }, 1, 4, -EBADMSG },
		{ 4, { 0xA9, 0xA8 }, 2, 6, -EBADMSG },
		{ 4, { 0xAB, 0xCD, 0x00, 0x02 }, 4, 6, -EPROTONOSUPPORT },
		{ 6, { 0x00, 0x04 }, 2, 8, -EPROTONOSUPPORT },
		{ 6, { 0x01, 0x03 }, 2, 7, -EPROTONOSUPPORT },
		{ 8, { 0x00, 0x01, 0xff, 0xed }, 4, 12, -EMSGSIZE }, /* 131,072 - 20 + 1 */
		{ 8, { 0xff, 0xff, 0xff, 0xff }, 4, 12, -EMSGSIZE },
	};
	size_t i;
	uint32_t n;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		uint8_t buf[sizeof frame];

		memcpy(buf, frame, sizeof buf);
		memcpy(buf + rows[i].at, rows[i].octets, rows[i].n);
		for (n = 0; n <= sizeof buf; n++) {
			struct link_frame f;
			uint32_t need;

			cr_expect_eq(link_next(buf, 0, n, &f, &need), n < rows[i].first ? 0 : rows[i].error, "row %zu, %u octets",
				     i, n);
		}
	}
}

Test(link, the_longest_frame_is_accepted)
{
	uint8_t *buf = calloc(1, LINK_FRAME_MAX);
	struct link_frame f;
	uint32_t need = 0;

	memcpy(buf, frame, 20);
	memcpy(buf + 8, "\x00\x01\xff\xec", 4);
	cr_expect_eq(link_next(buf, 0, LINK_FRAME_MAX - 1, &f, &need), 0);
	cr_expect_eq(need, LINK_FRAME_MAX);
	cr_expect_eq(link_next(buf, 0, LINK_FRAME_MAX, &f, &need), 1);
	cr_expect_eq(f.len, LINK_FRAME_MAX - LINK_HEADER);
	free(buf);
}

/* ---- reports ---- */

Test(link, an_open_report_is_read_with_keys_in_any_order)
{
	struct link_report r;

	cr_assert_eq(link_parse_report(LINK_OPENREPORT, python_open, sizeof python_open, &r), 0);
	cr_expect(r.has_seqno && r.has_dlt);
	cr_expect_not(r.cut);
	cr_expect_eq(r.seqno, 300);
	cr_expect_eq(r.dlt, 127);
	cr_expect_str_eq(r.capture_interface, "wlan0mon");
	cr_expect_str_eq(r.channel, "6HT40+");
	cr_expect_str_eq(r.hardware, "hw");
	cr_expect_str_eq(r.uuid, "12345678-0000-0000-0000-0000DEADBEEF");
	cr_expect_str_eq(r.message, "hi");
	cr_expect_str_eq(r.version, "2025.09.0");
	cr_assert_eq(r.n_channels, 3);
	cr_expect_str_eq(r.channels[0], "1");
	cr_expect_str_eq(r.channels[1], "6");
	cr_expect_str_eq(r.channels[2], "11");
}

/* As libaeriecap writes it (test_aeriecap_radio.c), with more channels: {1: 1, 2: 127, 4: ["1", "6", "11"], 6: {1: 0.5, 2: true, 3: 1,
 * 4: 2, 6: 1, 5: ["6", "11"]}, 10: "1"} */
Test(link, an_open_report_tells_that_it_hops_already)
{
	static const uint8_t body[] = { 0x85, 1, 0xce, 0, 0, 0, 1, 2, 0xce, 0, 0, 0, 127, 4, 0x93, 0xa1, '1', 0xa1, '6', 0xa2, '1', '1',
					6, 0x86, 1, 0xca, 0x3f, 0, 0, 0, 2, 0xc3, 3, 0xcd, 0, 1, 4, 0xcd, 0, 2, 6, 0xcc, 1,
					5, 0x92, 0xa1, '6', 0xa2, '1', '1', 10, 0xa1, '1' };
	struct link_report r;

	cr_assert_eq(link_parse_report(LINK_OPENREPORT, body, sizeof body, &r), 0);
	cr_expect(r.has_hop);
	cr_expect_float_eq(r.hop.rate, 0.5, 1e-9);
	cr_expect(r.hop.shuffle);
	cr_expect_eq(r.hop.skip, 1);
	cr_expect_eq(r.hop.offset, 2);
	cr_assert_eq(r.hop.n_channels, 2);
	cr_expect_str_eq(r.hop.channels[0], "6");
	cr_expect_str_eq(r.hop.channels[1], "11");
	cr_assert_eq(r.n_channels, 3, "those that it supports are another list");
	cr_expect_str_eq(r.channels[0], "1");
	cr_assert_eq(link_parse_report(LINK_OPENREPORT, python_open, sizeof python_open, &r), 0);
	cr_expect_eq(r.hop.n_channels, 0);
}

/* Python programs say {6: {6: false}}, others {6: {6: 0}}. */
Test(link, an_open_report_may_say_that_it_does_not_hop)
{
	static uint8_t body[] = { 0x83, 1, 1, 2, 127, 6, 0x81, 6, 0xc2 };
	struct link_report r;

	cr_assert_eq(link_parse_report(LINK_OPENREPORT, body, sizeof body, &r), 0);
	cr_expect_not(r.has_hop);
	body[8] = 0;
	cr_assert_eq(link_parse_report(LINK_OPENREPORT, body, sizeof body, &r), 0);
	cr_expect_not(r.has_hop);
	body[8] = 0xc3;
	cr_assert_eq(link_parse_report(LINK_OPENREPORT, body, sizeof body, &r), 0);
	cr_expect(r.has_hop);
}

Test(link, a_probe_report_is_read)
{
	struct link_report r;

	cr_assert_eq(link_parse_report(LINK_PROBEREPORT, python_probe, sizeof python_probe, &r), 0);
	cr_expect_eq(r.seqno, 70000);
	cr_expect_str_eq(r.message, "ok");
	cr_expect_str_eq(r.hardware, "ath9k");
	cr_expect_str_eq(r.capture_interface, "mon0");
	cr_expect_str_eq(r.channel, "36");
	cr_assert_eq(r.n_channels, 1);
	cr_expect_str_eq(r.channels[0], "36");
}

Test(link, a_message_becomes_one_line)
{
	struct link_report r;

	cr_assert_eq(link_parse_report(LINK_MESSAGE, python_message, sizeof python_message, &r), 0);
	cr_expect_eq(r.message_type, 4);
	cr_expect_str_eq(r.message, "line one line \xc3\xa9\xe2\x82\xac");
}

Test(link, an_error_has_a_text_or_none)
{
	struct link_report r;

	cr_assert_eq(link_parse_report(LINK_ERROR, python_error, sizeof python_error, &r), 0);
	cr_expect_str_eq(r.message, "broken");
	cr_assert_eq(link_parse_report(LINK_ERROR, NULL, 0, &r), 0);
	cr_expect_str_eq(r.message, "");
	cr_assert_eq(link_parse_report(LINK_SHUTDOWN, python_error, sizeof python_error, &r), 0);
	cr_expect_str_eq(r.message, "broken");
}

Test(link, reports_cut_at_any_octet_are_refused)
{
	static const struct {
		uint16_t command;
		const uint8_t *body;
		uint32_t len, first;
	} rows[] = {
		{ LINK_OPENREPORT, python_open, sizeof python_open, 0 },
		{ LINK_PROBEREPORT, python_probe, sizeof python_probe, 0 },
		{ LINK_MESSAGE, python_message, sizeof python_message, 0 },
		{ LINK_ERROR, python_error, sizeof python_error, 1 },
	};
	struct link_report r;
	size_t i;
	uint32_t n;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		for (n = rows[i].first; n < rows[i].len; n++) {
			uint8_t *body = copy_of(rows[i].body, n);

			cr_expect_eq(link_parse_report(rows[i].command, body, n, &r), -EBADMSG, "row %zu, %u octets", i, n);
			free(body);
		}
	}
}

Test(link, a_report_without_the_number_of_its_request_is_refused)
{
	static const uint8_t body[] = { 0x81, 0x02, 0x7f };
	struct link_report r;

	cr_expect_eq(link_parse_report(LINK_OPENREPORT, body, sizeof body, &r), -EBADMSG);
	cr_expect_eq(link_parse_report(LINK_PROBEREPORT, (const uint8_t *)"\x80", 1, &r), -EBADMSG);
	cr_expect_eq(link_parse_report(LINK_PACKET, body, sizeof body, &r), -EBADMSG, "not a report of this kind");
}

/* {1: text} as an ERROR */
static void parse_text(const char *text, uint32_t len, struct link_report *r)
{
	uint8_t *body = malloc(len + 6);

	memcpy(body, "\x81\x01\xdb", 3);
	body[3] = (uint8_t)(len >> 24);
	body[4] = (uint8_t)(len >> 16);
	body = realloc(body, len + 7);
	body[5] = (uint8_t)(len >> 8);
	body[6] = (uint8_t)len;
	memcpy(body + 7, text, len);
	cr_assert_eq(link_parse_report(LINK_ERROR, body, len + 7, r), 0);
	free(body);
}

/* Ill-formed sequences as Unicode 15 table 3-7 defines well-formed ones. */
Test(link, texts_are_utf8_without_control_characters)
{
	struct link_report r;

	parse_text("a\0b\x1b[31m\x7f", 9, &r);
	cr_expect_str_eq(r.message, "a b [31m ");
	parse_text("\xff\xc0\x80\xed\xa0\x80\xf4\x90\x80\x80\xe2\x82", 12, &r);
	cr_expect_str_eq(r.message, "????????????");
	parse_text("\xf0\x9f\x93\xa1 \xed\x9f\xbf", 8, &r);
	cr_expect_str_eq(r.message, "\xf0\x9f\x93\xa1 \xed\x9f\xbf");
}

Test(link, long_texts_and_lists_are_cut_and_said_to_be)
{
	struct link_report r;
	char text[3000];
	uint8_t body[2 + 6 + 3 + 600 * 2], *p = body;
	uint32_t i;

	memset(text, 'x', sizeof text);
	memcpy(text + LINK_MESSAGE_TEXT - 2, "\xc3\xa9", 2); /* its second octet would be one too many */
	parse_text(text, sizeof text, &r);
	cr_expect(r.cut);
	cr_expect_eq(strlen(r.message), LINK_MESSAGE_TEXT - 2);

	memcpy(p, "\x82\x01\x05\x04\xdc\x02\x58", 7); /* {1: 5, 4: [600 texts]} */
	p += 7;
	for (i = 0; i < 600; i++) {
		*p++ = 0xa1;
		*p++ = '1';
	}
	cr_assert_eq(link_parse_report(LINK_OPENREPORT, body, (uint32_t)(p - body), &r), 0);
	cr_expect(r.cut);
	cr_expect_eq(r.n_channels, LINK_CHANNELS);
}

/* ---- requests ---- */

Test(link, requests_are_written_as_the_protocol_wants_them)
{
	static const uint8_t ping[] = { 0xDE, 0xCA, 0xFB, 0xAD, 0xA9, 0xA9, 0, 3, 0, 0, 0, 0, 0, 2, 0, 1, 0, 0, 0, 7 };
	static const uint8_t probe[] = { 0xDE, 0xCA, 0xFB, 0xAD, 0xA9, 0xA9, 0, 3, 0, 0, 0, 6, 0, 10, 0, 1, 1, 2, 3, 4,
					 0x81, 0x01, 0xa3, 'a', ':', 'b' };
	static const uint8_t open[] = { 0xDE, 0xCA, 0xFB, 0xAD, 0xA9, 0xA9, 0, 3, 0, 0, 0, 6, 0, 12, 0, 1, 0, 0, 0, 2,
					0x81, 0x01, 0xa3, 'a', ':', 'b' };
	static const uint8_t pong[] = { 0xDE, 0xCA, 0xFB, 0xAD, 0xA9, 0xA9, 0, 3, 0, 0, 0, 0, 0, 3, 0, 1, 0xFF, 0xFF, 0xFF, 0xFF };
	static const uint8_t shutdown[] = { 0xDE, 0xCA, 0xFB, 0xAD, 0xA9, 0xA9, 0, 3, 0, 0, 0, 5, 0, 4, 0, 1, 0, 0, 0, 3,
					    0x81, 0x01, 0xa2, 'n', 'o' };
	uint8_t buf[64];

	cr_assert_eq(link_write(buf, sizeof buf, LINK_PING, 7, NULL), 20);
	cr_expect_eq(memcmp(buf, ping, sizeof ping), 0);
	cr_assert_eq(link_write(buf, sizeof buf, LINK_PROBEREQ, 0x01020304, "a:b"), 26);
	cr_expect_eq(memcmp(buf, probe, sizeof probe), 0);
	cr_assert_eq(link_write(buf, sizeof buf, LINK_OPENREQ, 2, "a:b"), 26);
	cr_expect_eq(memcmp(buf, open, sizeof open), 0);
	cr_assert_eq(link_write(buf, sizeof buf, LINK_PONG, UINT32_MAX, NULL), 20);
	cr_expect_eq(memcmp(buf, pong, sizeof pong), 0);
	cr_assert_eq(link_write(buf, sizeof buf, LINK_SHUTDOWN, 3, "no"), 25);
	cr_expect_eq(memcmp(buf, shutdown, sizeof shutdown), 0);
	cr_expect_eq(link_write(buf, 26, LINK_PROBEREQ, 1, "a:b"), 26);
	cr_expect_eq(link_write(buf, 25, LINK_PROBEREQ, 1, "a:b"), -ENOBUFS);
}

Test(link, long_definitions_are_written_in_the_wider_forms)
{
	static const uint32_t lengths[] = { 0, 31, 32, 255, 256, 8192 };
	static uint8_t buf[9000];
	char text[8300];
	size_t i;

	for (i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
		struct aerie_cur c;
		struct link_frame f;
		uint32_t need, len = 0;
		const uint8_t *p;
		int n;

		memset(text, 'y', sizeof text);
		text[lengths[i]] = '\0';
		n = link_write(buf, sizeof buf, LINK_OPENREQ, 1, text);
		cr_assert_gt(n, 0);
		cr_assert_eq(link_next(buf, 0, (uint32_t)n, &f, &need), 1);
		c = aerie_cur_make(buf + f.off, f.len);
		cr_expect_eq(aerie_mp_map(&c), 1);
		cr_expect_eq(aerie_mp_int(&c), 1);
		p = aerie_mp_octets(&c, &len);
		cr_assert_not_null(p);
		cr_expect_eq(len, lengths[i]);
		cr_expect_eq(memcmp(p, text, len), 0);
		cr_expect_eq(aerie_cur_left(&c), 0);
	}
	memset(text, 'y', sizeof text);
	text[8193] = '\0';
	cr_expect_eq(link_write(buf, sizeof buf, LINK_OPENREQ, 1, text), -ENOBUFS);
}

/* ---- tuning, lists, new sources ---- */

/* The octets are spelled out from the protocol's tables and the msgpack specification. */
Test(link, a_request_to_hop_has_these_octets)
{
	static const char channels[][LINK_CHANNEL_TEXT] = { "1", "6HT40+" };
	static const uint8_t expected[] = {
		0xDE, 0xCA, 0xFB, 0xAD, 0xA9, 0xA9, 0x00, 0x03, 0x00, 0x00, 0x00, 0x1C, 0x00, 0x11, 0x00, 0x01, 0x00, 0x00, 0x00, 0x07,
		0x81, 0x02,                               /* {2: */
		0x84, 0x01, 0xca, 0x40, 0xa0, 0x00, 0x00, /* {1: 5.0 */
		0x02, 0xc3,                               /* 2: true */
		0x04, 0xcd, 0x01, 0x02,                   /* 4: 258 */
		0x05, 0xdc, 0x00, 0x02,                   /* 5: ["1", "6HT40+"]}} */
		0xa1, '1',  0xa6, '6',  'H',  'T',  '4',  '0', '+',
	};
	struct link_hop hop = { .rate = 5, .shuffle = true, .offset = 258, .skip = 3, .n_channels = 2, .channels = channels };
	uint8_t buf[LINK_CONFIG_MAX];
	size_t i;

	cr_assert_eq(link_write_hop(buf, sizeof buf, 7, &hop), (int)sizeof expected);
	cr_expect_arr_eq(buf, expected, sizeof expected);
	for (i = 0; i < sizeof expected; i++)
		cr_expect_eq(link_write_hop(buf, i, 7, &hop), -ENOBUFS, "%zu", i);
	hop.n_channels = 0;
	cr_expect_eq(link_write_hop(buf, sizeof buf, 7, &hop), -EINVAL);
}

Test(link, the_longest_request_to_hop_fits_its_room)
{
	static char channels[LINK_CHANNELS][LINK_CHANNEL_TEXT];
	const struct link_hop hop = { .rate = 1, .n_channels = LINK_CHANNELS, .channels = (const char(*)[LINK_CHANNEL_TEXT])channels };
	uint8_t buf[LINK_CONFIG_MAX];
	struct link_frame f;
	uint32_t i, need = 0;
	int n;

	for (i = 0; i < LINK_CHANNELS; i++)
		memset(channels[i], 'x', LINK_CHANNEL_TEXT - 1);
	n = link_write_hop(buf, sizeof buf, 1, &hop);
	cr_assert_eq(n, 20 + 19 + (int)LINK_CHANNELS * (LINK_CHANNEL_TEXT + 1));
	cr_assert_eq(link_next(buf, 0, (uint32_t)n, &f, &need), 1);
	cr_expect_eq(f.command, LINK_CONFIGREQ);
}

Test(link, requests_for_a_channel_and_a_list_have_these_octets)
{
	static const uint8_t channel[] = { 0xDE, 0xCA, 0xFB, 0xAD, 0xA9, 0xA9, 0x00, 0x03, 0x00, 0x00, 0x00, 0x09, 0x00, 0x11,
					   0x00, 0x01, 0x00, 0x00, 0x00, 0x08, 0x81, 0x01, 0xa6, '3',  '6',  'H',  'T',  '4',  '0' };
	static const uint8_t list[] = { 0xDE, 0xCA, 0xFB, 0xAD, 0xA9, 0xA9, 0x00, 0x03, 0x00, 0x00,
					0x00, 0x00, 0x00, 0x0E, 0x00, 0x01, 0x00, 0x00, 0x00, 0x09 };
	uint8_t buf[64];

	cr_assert_eq(link_write(buf, sizeof buf, LINK_CONFIGREQ, 8, "36HT40"), (int)sizeof channel);
	cr_expect_arr_eq(buf, channel, sizeof channel);
	cr_assert_eq(link_write(buf, sizeof buf, LINK_LISTREQ, 9, NULL), (int)sizeof list);
	cr_expect_arr_eq(buf, list, sizeof list);
}

/* {4: "x", 3: {6: 1, 5: ["1", "6"], 4: 2, 3: 5, 2: 1, 1: 2.5 (64 bit)}, 1: 9} */
static const uint8_t python_config_hop[] = {
	0x83, 0x04, 0xa1, 'x',  0x03, 0x86, 0x06, 0x01, 0x05, 0x92, 0xa1, '1',  0xa1, '6',  0x04, 0x02, 0x03, 0x05, 0x02, 0x01,
	0x01, 0xcb, 0x40, 0x04, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x09,
};

Test(link, configure_reports_are_read)
{
	static const uint8_t fixed[] = { 0x82, 0x01, 0xcc, 0xff, 0x02, 0xa2, '1', '1' };
	struct link_report r;

	cr_assert_eq(link_parse_report(LINK_CONFIGREPORT, python_config_hop, sizeof python_config_hop, &r), 0);
	cr_expect_eq(r.seqno, 9);
	cr_expect(r.has_hop);
	cr_expect_not(r.has_channel);
	cr_expect_float_eq(r.hop.rate, 2.5, 1e-9);
	cr_expect(r.hop.shuffle);
	cr_expect_eq(r.hop.skip, 5);
	cr_expect_eq(r.hop.offset, 2);
	cr_expect_eq(r.hop.n_channels, 2);
	cr_expect_str_eq(r.hop.channels[1], "6");
	cr_expect_str_eq(r.message, "x");
	cr_assert_eq(link_parse_report(LINK_CONFIGREPORT, fixed, sizeof fixed, &r), 0);
	cr_expect_eq(r.seqno, 255);
	cr_expect(r.has_channel);
	cr_expect_not(r.has_hop);
	cr_expect_str_eq(r.channel, "11");
}

/* 1: rate as 32-bit real, integer, negative, not a number */
Test(link, a_hop_rate_may_be_any_number_and_nonsense_is_none)
{
	static const struct {
		uint8_t octets[5];
		uint32_t n;
		double rate;
	} cases[] = {
		{ { 0xca, 0x3f, 0x00, 0x00, 0x00 }, 5, 0.5 }, { { 0x03 }, 1, 3 },
		{ { 0xff }, 1, 0 },                            { { 0xca, 0x7f, 0xc0, 0x00, 0x00 }, 5, 0 },
		{ { 0xca, 0x7f, 0x80, 0x00, 0x00 }, 5, 0 },    { { 0xcd, 0x01, 0x00 }, 3, 256 },
	};
	size_t i;

	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		uint8_t body[16] = { 0x82, 0x01, 0x01, 0x03, 0x81, 0x01 };
		struct link_report r;

		memcpy(body + 6, cases[i].octets, cases[i].n);
		cr_assert_eq(link_parse_report(LINK_CONFIGREPORT, body, 6 + cases[i].n, &r), 0, "%zu", i);
		cr_expect_float_eq(r.hop.rate, cases[i].rate, 1e-9, "%zu: %g", i, r.hop.rate);
	}
}

/* {2: [{3: "hw", 1: "wlan0", 2: "a=b", 4: "mon0"}, {}], 9: None, 4: "1.2", 3: "m", 1: 300} */
static const uint8_t python_list[] = {
	0x85, 0x02, 0x92, 0x84, 0x03, 0xa2, 'h',  'w',  0x01, 0xa5, 'w', 'l', 'a',  'n',  '0', 0x02, 0xa3, 'a',  '=',
	'b',  0x04, 0xa4, 'm',  'o',  'n',  '0',  0x80, 0x09, 0xc0, 0x04, 0xa3, '1', '.', '2', 0x03, 0xa1, 'm', 0x01, 0xcd, 0x01, 0x2c,
};

Test(link, list_reports_are_read)
{
	static struct link_list l;

	cr_assert_eq(link_parse_list(python_list, sizeof python_list, &l), 0);
	cr_expect_eq(l.seqno, 300);
	cr_expect_eq(l.n_interfaces, 2);
	cr_expect_str_eq(l.interfaces[0].interface, "wlan0");
	cr_expect_str_eq(l.interfaces[0].flags, "a=b");
	cr_expect_str_eq(l.interfaces[0].hardware, "hw");
	cr_expect_str_eq(l.interfaces[0].capture_interface, "mon0");
	cr_expect_str_eq(l.interfaces[1].interface, "");
	cr_expect_str_eq(l.version, "1.2");
	cr_expect_str_eq(l.message, "m");
	cr_expect_not(l.cut);
}

Test(link, a_list_longer_than_the_limit_is_cut)
{
	static struct link_list l;
	uint8_t body[8 + 300] = { 0x82, 0x01, 0x05, 0x02, 0xdc, 0x01, 0x2c };

	memset(body + 7, 0x80, 300);
	cr_assert_eq(link_parse_list(body, 307, &l), 0);
	cr_expect_eq(l.n_interfaces, LINK_INTERFACES);
	cr_expect(l.cut);
}

/* {3: "u", 2: "type", 1: "wlan0:a=b", 7: []} */
static const uint8_t python_newsource[] = { 0x84, 0x03, 0xa1, 'u', 0x02, 0xa4, 't', 'y', 'p', 'e', 0x01, 0xa9,
					    'w',  'l',  'a',  'n', '0',  ':',  'a', '=', 'b', 0x07, 0x90 };

Test(link, new_sources_are_read_whole_or_not_at_all)
{
	static uint8_t body[5000] = { 0x82, 0x02, 0xa1, 't', 0x01, 0xda };
	static const uint8_t no_type[] = { 0x81, 0x01, 0xa1, 'x' };
	struct link_newsource n;

	cr_assert_eq(link_parse_newsource(python_newsource, sizeof python_newsource, &n), 0);
	cr_expect_str_eq(n.definition, "wlan0:a=b");
	cr_expect_str_eq(n.type, "type");
	cr_expect_str_eq(n.uuid, "u");
	cr_expect_eq(link_parse_newsource(no_type, sizeof no_type, &n), -EBADMSG);
	memset(body + 8, 'x', 4097);
	body[6] = 0x10;
	cr_assert_eq(link_parse_newsource(body, 8 + 4096, &n), 0);
	cr_expect_eq(strlen(n.definition), 4096);
	body[7] = 0x01;
	cr_expect_eq(link_parse_newsource(body, 8 + 4097, &n), -EMSGSIZE);
}

Test(link, tuning_messages_cut_at_any_octet_are_refused)
{
	static struct link_list l;
	struct link_newsource n;
	struct link_report r;
	uint8_t *body;
	uint32_t i;

	for (i = 0; i < sizeof python_config_hop; i++) {
		body = copy_of(python_config_hop, i);
		cr_expect_eq(link_parse_report(LINK_CONFIGREPORT, body, i, &r), -EBADMSG, "%u", i);
		free(body);
	}
	for (i = 0; i < sizeof python_list; i++) {
		body = copy_of(python_list, i);
		cr_expect_eq(link_parse_list(body, i, &l), -EBADMSG, "%u", i);
		free(body);
	}
	for (i = 0; i < sizeof python_newsource; i++) {
		body = copy_of(python_newsource, i);
		cr_expect_eq(link_parse_newsource(body, i, &n), -EBADMSG, "%u", i);
		free(body);
	}
}

Test(link, a_report_that_is_fed_reads_as_it_was_given)
{
	const struct aerie_feed f = { .size = sizeof f, .dlt = 105, .ts_us = 1700000000123456, .data = (const uint8_t *)"frame", .len = 5,
				      .origlen = 99, .signal_dbm = -60, .freq_khz = 2412000, .channel = "1", .json_type = "RTL433",
				      .json = "{}", .json_len = 2 };
	struct link_packet p;
	uint8_t buf[256];
	int n = link_write_packet(buf, sizeof buf, &f), i;

	cr_assert_gt(n, 0);
	cr_assert_eq(link_parse_packet(buf, (uint32_t)n, &p), 0);
	cr_expect(p.has_packet && p.has_json);
	cr_expect_eq(p.dlt, 105);
	cr_expect_eq(p.ts_us, 1700000000123456u);
	cr_expect_eq(p.json_ts_us, 1700000000123456u);
	cr_expect_eq(p.len, 5);
	cr_expect_eq(p.origlen, 99);
	cr_expect_eq(p.radio.signal, -60);
	cr_expect_eq(p.radio.freq_khz, 2412000);
	cr_expect_eq(p.channel_len, 1);
	cr_expect_eq(p.json_type_len, 6);
	for (i = 0; i < n; i++)
		cr_expect_eq(link_write_packet(buf, (size_t)i, &f), -ENOBUFS, "%d", i);
}
