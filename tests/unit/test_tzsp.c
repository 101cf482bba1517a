/* SPDX-License-Identifier: MIT */
/* TZSP datagrams. They are by hand; what the fields mean is what tshark (Wireshark 4.0) shows for the same octets. */
#include <criterion/criterion.h>
#include <string.h>

#include "datasources/tzsp/tzsp.h"

#define BEACON "\x80\x00\x00\x00"

#define PARSE(octets, f) tzsp_parse((const uint8_t *)(octets), sizeof(octets) - 1, f)

Test(tzsp, a_frame_comes_with_what_the_radio_told)
{
	/* signal -60, silence -95, rate 11 Mbit/s, time, FCS fine, channel 6, original length 1500, packet id */
	static const char datagram[] = "\1\0\0\x12\x0a\1\xc4\x0b\1\xa1\x0c\1\x16\x0d\4\0\1\2\3\x11\1\0\x12\1\6\x29\2\x05\xdc\x28\4\0\0\0\1\1" BEACON;
	struct tzsp_frame f;

	cr_assert_eq(PARSE(datagram, &f), TZSP_FRAME);
	cr_expect_eq(f.encapsulation, 0x12);
	cr_expect_eq(f.dlt, 105);
	cr_expect_eq(f.signal_dbm, -60);
	cr_expect_eq(f.rate_100kbps, 110);
	cr_expect_eq(f.channel, 6);
	cr_expect_eq(f.freq_khz, 2437000);
	cr_expect_eq(f.len, 4);
	cr_expect_eq(f.origlen, 1500);
	cr_expect_arr_eq(f.data, BEACON, 4);
}

Test(tzsp, a_frame_without_fields_tells_nothing_but_itself)
{
	struct tzsp_frame f;

	cr_assert_eq(PARSE("\1\0\0\x12\1" BEACON, &f), TZSP_FRAME);
	cr_expect_eq(f.signal_dbm, 0);
	cr_expect_eq(f.rate_100kbps, 0);
	cr_expect_eq(f.channel, 0);
	cr_expect_eq(f.freq_khz, 0);
	cr_expect_eq(f.origlen, 4);
}

Test(tzsp, encapsulations_have_their_link_types)
{
	static const struct {
		const char *head;
		enum tzsp_kind kind;
		uint32_t dlt;
	} rows[] = {
		{ "\1\0\0\x12\1", TZSP_FRAME, 105 }, { "\1\0\0\x77\1", TZSP_FRAME, 119 }, { "\1\0\0\x7e\1", TZSP_FRAME, 127 },
		{ "\1\0\0\x7f\1", TZSP_FRAME, 163 }, { "\1\1\0\x12\1", TZSP_FRAME, 105 }, /* for transmit: it was on the air as well */
		{ "\1\0\0\1\1", TZSP_OTHER, 0 },     { "\1\0\1\x12\1", TZSP_OTHER, 0 },
	};
	uint8_t datagram[9];
	struct tzsp_frame f;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		memcpy(datagram, rows[i].head, 5);
		memcpy(datagram + 5, BEACON, 4);
		cr_expect_eq(tzsp_parse(datagram, sizeof datagram, &f), rows[i].kind, "row %zu", i);
		cr_expect_eq(f.dlt, rows[i].dlt, "row %zu", i);
	}
}

Test(tzsp, keepalive_configuration_and_port_opener_carry_no_frame)
{
	struct tzsp_frame f;

	cr_expect_eq(PARSE("\1\4\0\0", &f), TZSP_SIGNALLING);
	cr_expect_eq(PARSE("\1\3\0\x12\1", &f), TZSP_SIGNALLING);
	cr_expect_eq(PARSE("\1\5\0\x12\1" BEACON, &f), TZSP_SIGNALLING);
	cr_expect_eq(PARSE("\1\2\0\x12\1" BEACON, &f), TZSP_SIGNALLING);
}

Test(tzsp, damaged_frames_are_known_by_their_field)
{
	struct tzsp_frame f;

	cr_expect_eq(PARSE("\1\0\0\x12\x11\1\1\1" BEACON, &f), TZSP_BAD_FCS);
	cr_expect_eq(f.len, 4);
	cr_expect_eq(PARSE("\1\0\0\x12\x11\1\0\1" BEACON, &f), TZSP_FRAME);
}

Test(tzsp, padding_unknown_fields_and_odd_widths_are_passed_over)
{
	struct tzsp_frame f;

	cr_assert_eq(PARSE("\1\0\0\x12\0\0\x3c\6\1\2\3\4\5\6\xfe\0\x0a\3\1\2\3\x12\1\x24\0\1" BEACON, &f), TZSP_FRAME);
	cr_expect_eq(f.signal_dbm, 0);
	cr_expect_eq(f.channel, 36);
	cr_expect_eq(f.freq_khz, 5180000);
	cr_assert_eq(PARSE("\1\0\0\x12\x0a\2\xff\xc4\x12\2\0\x0e\1" BEACON, &f), TZSP_FRAME);
	cr_expect_eq(f.signal_dbm, -60);
	cr_expect_eq(f.channel, 14);
	cr_expect_eq(f.freq_khz, 2484000);
}

Test(tzsp, implausible_values_are_as_good_as_none)
{
	struct tzsp_frame f;

	cr_assert_eq(PARSE("\1\0\0\x12\x0a\1\x40\x12\2\x10\0\x29\2\0\1\x0c\2\1\0\1" BEACON, &f), TZSP_FRAME);
	cr_expect_eq(f.signal_dbm, 0);
	cr_expect_eq(f.channel, 0);
	cr_expect_eq(f.origlen, 4); /* shorter than what is there */
	cr_expect_eq(f.rate_100kbps, 0);
}

Test(tzsp, rates_come_in_two_codings)
{
	static const struct {
		char code;
		uint32_t rate;
	} rows[] = { { 10, 10 }, { 20, 20 }, { 55, 55 }, { 110, 110 }, { 2, 10 }, { 4, 20 }, { 11, 55 }, { 22, 110 }, { 12, 60 }, { 108, 540 } };
	char datagram[] = "\1\0\0\x12\x0c\1?\1" BEACON;
	struct tzsp_frame f;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		datagram[6] = rows[i].code;
		cr_assert_eq(PARSE(datagram, &f), TZSP_FRAME);
		cr_expect_eq(f.rate_100kbps, rows[i].rate, "%d", rows[i].code);
	}
}

Test(tzsp, what_is_cut_or_foreign_is_malformed_and_leaves_the_result_alone)
{
	static const char whole[] = "\1\0\0\x12\x0a\1\xc4\1" BEACON;
	struct tzsp_frame f, before;
	size_t len;

	memset(&f, 0x5a, sizeof f);
	before = f;
	for (len = 0; len <= 8; len++) {
		cr_expect_eq(tzsp_parse((const uint8_t *)whole, len, &f), TZSP_MALFORMED, "%zu octets", len);
		cr_expect_arr_eq(&f, &before, sizeof f);
	}
	cr_expect_eq(tzsp_parse((const uint8_t *)whole, 9, &f), TZSP_FRAME);
	cr_expect_eq(PARSE("\2\0\0\x12\1" BEACON, &f), TZSP_MALFORMED);
	cr_expect_eq(PARSE("\1\0\0\x12\x0a\xff\1" BEACON, &f), TZSP_MALFORMED);
}

Test(tzsp, more_than_64_fields_are_malformed)
{
	uint8_t datagram[4 + 64 + 1 + 4] = { 1, 0, 0, 0x12 };
	struct tzsp_frame f;

	datagram[4 + 63] = 1;
	cr_expect_eq(tzsp_parse(datagram, sizeof datagram, &f), TZSP_FRAME); /* 63 of padding and the end */
	datagram[4 + 63] = 0;
	datagram[4 + 64] = 1;
	cr_expect_eq(tzsp_parse(datagram, sizeof datagram, &f), TZSP_MALFORMED);
}
