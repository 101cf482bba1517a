/* SPDX-License-Identifier: MIT */
/* Text forms. Expected texts: kismet-compatible value formats (upper-case addresses and UUIDs; whole numbers without
 * decimals, others with six), and C's printf for the numbers. */
#include <criterion/criterion.h>

#include <errno.h>
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include <core/registry.h>

Test(format, addresses_are_upper_case_with_colons)
{
	static const uint8_t mac[6] = { 0x00, 0x1a, 0x2b, 0xc3, 0xd4, 0xff };
	char text[18];

	cr_assert_eq(format_mac(text, mac), 17);
	cr_assert_str_eq(text, "00:1A:2B:C3:D4:FF");
}

Test(format, uuids_are_upper_case_with_dashes)
{
	static const uint8_t uuid[16] = { 0x5f, 0xe3, 0x08, 0xbd, 0, 0, 0x10, 0x2a, 0xb5, 0x6c, 0xad, 0xbe, 0xef, 1, 2, 3 };
	char text[37];

	cr_assert_eq(format_uuid(text, uuid), 36);
	cr_assert_str_eq(text, "5FE308BD-0000-102A-B56C-ADBEEF010203");
}

Test(format, integers_agree_with_printf)
{
	static const uint64_t values[] = { 0, 1, 9, 10, 99, 12345678901, INT64_MAX, (uint64_t)INT64_MAX + 1, UINT64_MAX };
	char text[21], want[40];
	size_t i;

	for (i = 0; i < sizeof values / sizeof *values; i++) {
		snprintf(want, sizeof want, "%" PRIu64, values[i]);
		cr_assert_eq(format_u64(text, values[i]), strlen(want));
		cr_assert_str_eq(text, want);
		snprintf(want, sizeof want, "%" PRId64, (int64_t)values[i]);
		cr_assert_eq(format_i64(text, (int64_t)values[i]), strlen(want));
		cr_assert_str_eq(text, want);
	}
}

Test(format, doubles_have_six_decimals_unless_whole)
{
	static const struct {
		double value;
		bool decimals;
		const char *want;
	} rows[] = {
		{ 2412000, false, "2412000" }, { 2412000, true, "2412000.000000" }, { 0.1, false, "0.100000" },
		{ -2.5, true, "-2.500000" },   { -0.0, false, "0" },                { 1e15, false, "1000000000000000" },
		{ 1e22, false, "10000000000000000000000" },                         { 1e22, true, "10000000000000000000000.000000" },
		{ NAN, false, "0" },           { INFINITY, true, "0.000000" },      { -INFINITY, false, "0" },
	};
	char text[KEY_TEXT_MAX];
	size_t i;

	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		uint32_t n = format_f64(text, rows[i].value, rows[i].decimals);

		cr_assert_str_eq(text, rows[i].want);
		cr_assert_eq(n, strlen(rows[i].want));
	}
	cr_assert_eq(format_f64(text, -DBL_MAX, true), 1 + 309 + 7);
}

Test(format, addresses_are_parsed_exactly)
{
	static const char *const bad[] = { "", "00", "00:11:22:33:44", "00:11:22:33:44:5", "00:11:22:33:44:55:", "0:11:22:33:44:55",
					   "00:11:22:33:44:5g", "001122334455", "00:11:22:33:44:55 " };
	static const uint8_t want[6] = { 0, 0x11, 0x22, 0xaa, 0xbb, 0xcc };
	uint8_t mac[6] = { 9, 9, 9, 9, 9, 9 };
	size_t i;

	for (i = 0; i < sizeof bad / sizeof *bad; i++)
		cr_assert_eq(parse_mac(bad[i], mac), -EINVAL, "%s", bad[i]);
	cr_assert_eq(mac[0], 9, "untouched on failure");
	cr_assert_eq(parse_mac("00:11:22:aA:Bb:cc", mac), 0);
	cr_assert_arr_eq(mac, want, 6);
	cr_assert_eq(parse_mac("00-11-22-AA-BB-CC", mac), 0);
}

Test(format, uuids_are_parsed_exactly)
{
	static const char *const bad[] = { "", "5FE308BD", "5FE308BD-0000-102A-B56C-ADBEEF01020", "5FE308BD-0000-102A-B56C-ADBEEF0102033",
					   "5FE308BD00000-102A-B56C-ADBEEF010203", "5FE308BX-0000-102A-B56C-ADBEEF010203" };
	uint8_t uuid[16] = { 9 };
	char text[37];
	size_t i;

	for (i = 0; i < sizeof bad / sizeof *bad; i++)
		cr_assert_eq(parse_uuid(bad[i], uuid), -EINVAL, "%s", bad[i]);
	cr_assert_eq(uuid[0], 9);
	cr_assert_eq(parse_uuid("5fe308bd-0000-102A-B56C-ADBEEF010203", uuid), 0);
	format_uuid(text, uuid);
	cr_assert_str_eq(text, "5FE308BD-0000-102A-B56C-ADBEEF010203");
}
