/* SPDX-License-Identifier: MIT */
/* Elements, encryption and SSID text. Expected values: the configuration of the simulated neighbourhood (frames.h), the
 * tables of IEEE 802.11-2020 9.4.2, and where noted tshark 4.0.17. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "../crypt.h"
#include "frames.h"

#define RADIOTAP 26 /* octets before each frame of frames.h */

static struct mgmt scan(const uint8_t *frame, uint32_t len, struct ies *ies)
{
	struct frame_head h;
	struct mgmt m;

	cr_assert_eq(frame_head_parse(frame + RADIOTAP, len - RADIOTAP, false, &h), 0);
	cr_assert_eq(mgmt_scan(h.subtype, frame + RADIOTAP + h.len, len - RADIOTAP - h.len, &m), 0);
	cr_assert_gt(ies_parse(m.ies, m.ies_len, ies), 0);
	return m;
}

static const char *crypt_of(const uint8_t *frame, uint32_t len)
{
	static char text[CRYPT_TEXT_MAX];
	struct ies ies;
	struct mgmt m = scan(frame, len, &ies);

	crypt_text(crypt_bitfield(&ies, m.capab & CAP_PRIVACY), text);
	return text;
}

#define CRYPT_OF(name) crypt_of(name##_beacon, sizeof name##_beacon)

Test(elements, encryption_of_the_known_networks_is_named)
{
	cr_assert_str_eq(CRYPT_OF(lab_open), "Open");
	cr_assert_str_eq(CRYPT_OF(lab_hidden), "Open");
	cr_assert_str_eq(CRYPT_OF(lab_adhoc), "Open");
	cr_assert_str_eq(CRYPT_OF(lab_wpa1), "WPA1 WPA1-PSK TKIP");
	cr_assert_str_eq(CRYPT_OF(lab_wpa2), "WPA2 WPA2-PSK AES-CCMP");
	cr_assert_str_eq(CRYPT_OF(lab_ac), "WPA2 WPA2-PSK AES-CCMP");
	cr_assert_str_eq(CRYPT_OF(lab_sae), "WPA3 WPA3-SAE AES-CCMP");
	cr_assert_str_eq(CRYPT_OF(lab_owe), "WPA3 WPA3-SAE AES-CCMP");
	/* PSK, FT-PSK and SAE: one token for each. */
	cr_assert_str_eq(CRYPT_OF(lab_mixed), "WPA3 WPA3-PSK WPA3-PSK WPA3-SAE AES-CCMP");
}

Test(elements, crypt_bits_follow_the_published_numbers)
{
	struct ies ies;

	scan(lab_wpa2_beacon, sizeof lab_wpa2_beacon, &ies);
	cr_assert_eq(crypt_bitfield(&ies, true), CRYPT_BIT(1) | CRYPT_BIT(3) | CRYPT_BIT(10) | CRYPT_BIT(26) |
							 CRYPT_BIT(38) | CRYPT_BIT(57));
	cr_assert_eq(crypt_set(&ies, true), 0x40 | 0x80 | 0x200 | 0x10000000 | 0x4000000);
	scan(lab_wpa1_beacon, sizeof lab_wpa1_beacon, &ies);
	cr_assert_eq(crypt_bitfield(&ies, true), CRYPT_BIT(1) | CRYPT_BIT(2) | CRYPT_BIT(9) | CRYPT_BIT(25) | CRYPT_BIT(38));
	cr_assert_eq(crypt_set(&ies, true), 0x40 | 0x80 | 0x20 | 0x8000000);
	scan(lab_owe_beacon, sizeof lab_owe_beacon, &ies);
	cr_assert_eq(crypt_set(&ies, true), 0x40 | 0x200 | 0x20000 | 0x20000000);
	scan(lab_open_beacon, sizeof lab_open_beacon, &ies);
	cr_assert_eq(crypt_bitfield(&ies, false), 0);
	cr_assert_eq(crypt_bitfield(&ies, true), CRYPT_WEP);
	cr_assert_eq(crypt_set(&ies, true), 0x2);
}

Test(elements, management_frame_protection_is_read_from_the_rsn_capabilities)
{
	struct ies ies;

	scan(lab_sae_beacon, sizeof lab_sae_beacon, &ies); /* ieee80211w=2 */
	cr_assert(ies.rsn.mfp_required && ies.rsn.mfp_capable);
	scan(lab_mixed_beacon, sizeof lab_mixed_beacon, &ies); /* ieee80211w=1 */
	cr_assert(!ies.rsn.mfp_required && ies.rsn.mfp_capable);
	scan(lab_wpa2_beacon, sizeof lab_wpa2_beacon, &ies);
	cr_assert(!ies.rsn.mfp_required && !ies.rsn.mfp_capable);
}

Test(elements, every_akm_and_cipher_suite_sets_its_own_bit)
{
	static const uint8_t bits[] = { [1] = 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56 };
	static const uint8_t ciphers[] = { [1] = 0, 2, 11, 3, 1, 4, 255, 5, 6, 7, 8, 9, 10 };
	uint8_t rsn[] = { 1, 0, 0, 0x0f, 0xac, 4, 1, 0, 0, 0x0f, 0xac, 4, 1, 0, 0, 0x0f, 0xac, 0 };
	struct rsn r;
	uint8_t i;

	for (i = 1; i < sizeof bits; i++) {
		rsn[17] = i;
		rsn_parse(rsn, sizeof rsn, &r);
		cr_assert_eq(r.akm, CRYPT_BIT(bits[i]), "AKM %u", i);
	}
	for (i = 1; i < sizeof ciphers; i++) {
		rsn[11] = i;
		rsn_parse(rsn, sizeof rsn, &r);
		cr_assert_eq(r.pairwise, ciphers[i] == 255 ? 0 : CRYPT_BIT(23 + ciphers[i]), "cipher %u", i);
	}
	rsn[11] = 0; /* as the group cipher */
	rsn_parse(rsn, sizeof rsn, &r);
	cr_assert_eq(r.pairwise, CRYPT_BIT(26));
}

Test(elements, a_suite_list_longer_than_its_element_says_what_is_whole)
{
	static const uint8_t rsn[] = { 1, 0, 0, 0x0f, 0xac, 4, 0xff, 0xff, 0, 0x0f, 0xac, 4 };
	static const uint8_t cut[] = { 1, 0, 0, 0x0f, 0xac, 4, 3, 0, 0, 0x0f, 0xac, 2 };
	struct rsn r;

	rsn_parse(rsn, sizeof rsn, &r);
	cr_assert(r.present);
	cr_assert_eq(r.group, CRYPT_BIT(10));
	cr_assert_eq(r.pairwise, 0);
	rsn_parse(cut, sizeof cut, &r);
	cr_assert_eq(r.pairwise, CRYPT_BIT(25));
	cr_assert_eq(r.akm, 0);
	rsn_parse(cut, 1, &r);
	cr_assert(!r.present);
}

Test(elements, crypt_text_lists_tokens_in_the_published_order)
{
	char text[CRYPT_TEXT_MAX];

	crypt_text(0, text);
	cr_assert_str_eq(text, "Open");
	crypt_text(CRYPT_AKM_WPS, text);
	cr_assert_str_eq(text, "Open");
	crypt_text(CRYPT_WEP, text);
	cr_assert_str_eq(text, "WEP");
	crypt_text(CRYPT_WEP | CRYPT_BIT(8), text);
	cr_assert_str_eq(text, "WEP104");
	crypt_text(CRYPT_WPA | CRYPT_WPA2 | CRYPT_BIT(37) | CRYPT_BIT(39) | CRYPT_BIT(61) | CRYPT_BIT(25) | CRYPT_BIT(10), text);
	cr_assert_str_eq(text, "WPA2 WPA2-EAP WPA2-EAP-FT WPA2-PEAP TKIP AES-CCMP");
	cr_assert_lt(crypt_text(~CRYPT_WEP, text), CRYPT_TEXT_MAX); /* all tokens fit */
}

Test(elements, the_channel_comes_from_the_primary_channel_of_the_operation_elements)
{
	struct ies ies;
	struct mgmt m = scan(lab_ac_beacon, sizeof lab_ac_beacon, &ies); /* channel 36, 80 MHz around 42 */

	cr_assert_eq(ies.ht_channel, 36);
	cr_assert_eq(ies.ht_mode, HT_80);
	cr_assert_str_eq(ht_mode_text(ies.ht_mode), "HT80");
	cr_assert_eq(ies.center_1, 5210);
	cr_assert_eq(ies.center_2, 0);
	cr_assert_eq(m.interval, 100);
	m = scan(lab_wpa2_beacon, sizeof lab_wpa2_beacon, &ies);
	cr_assert_eq(m.channel, 6);
	cr_assert_eq(ies.ht_channel, 6);
	cr_assert_str_eq(ht_mode_text(ies.ht_mode), "HT20");
}

Test(elements, wide_channels_are_told_apart_by_their_centres)
{
	/* VHT operation, IEEE 802.11-2020 table 9-274 */
	static const struct {
		uint8_t e[7], mode;
		uint32_t one, two;
	} rows[] = {
		{ { 192, 5, 0, 0, 0, 0, 0 }, HT_NONE, 0, 0 },
		{ { 192, 5, 1, 42, 0, 0, 0 }, HT_80, 5210, 0 },
		{ { 192, 5, 1, 42, 50, 0, 0 }, HT_160, 5210, 5250 },
		{ { 192, 5, 1, 42, 155, 0, 0 }, HT_80_80, 5210, 5775 },
		{ { 192, 5, 2, 50, 0, 0, 0 }, HT_160, 5250, 0 },
		{ { 192, 5, 3, 42, 155, 0, 0 }, HT_80_80, 5210, 5775 },
	};
	struct ies ies;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		ies_parse(rows[i].e, sizeof rows[i].e, &ies);
		cr_assert_eq(ies.ht_mode, rows[i].mode, "row %zu", i);
		cr_assert_eq(ies.center_1, rows[i].one, "row %zu", i);
		cr_assert_eq(ies.center_2, rows[i].two, "row %zu", i);
	}
}

Test(elements, wps_attributes_are_read)
{
	struct ies ies;

	scan(lab_wpa2_beacon, sizeof lab_wpa2_beacon, &ies);
	cr_assert(ies.wps.present);
	cr_assert_eq(ies.wps.version, 0x10);
	cr_assert_eq(ies.wps.state, 1); /* configured */
}

Test(elements, a_mesh_tells_its_id_and_peerings)
{
	struct ies ies;
	struct mgmt m = scan(lab_mesh_beacon, sizeof lab_mesh_beacon, &ies);

	cr_assert_eq(ies.mesh_id.len, 8);
	cr_assert_eq(memcmp(ies.mesh_id.p, "lab-mesh", 8), 0);
	cr_assert(m.has_mesh_id);
	cr_assert_eq(m.ssid_len, 0);
	cr_assert_eq(m.capab & (CAP_ESS | CAP_IBSS), 0);
	cr_assert(ies.has_mesh_config && ies.mesh_forwarding);
}

Test(elements, the_mobility_domain_is_read)
{
	struct ies ies;

	scan(lab_mixed_beacon, sizeof lab_mixed_beacon, &ies); /* mobility_domain=a1b2, on the air least octet first */
	cr_assert(ies.has_mobility);
	cr_assert_eq(ies.mobility_domain, 0xb2a1);
}

Test(elements, the_highest_rate_is_found)
{
	struct ies ies;

	scan(lab_open_beacon, sizeof lab_open_beacon, &ies);
	cr_assert_eq(ies.maxrate_100k, 540);
}

Test(elements, the_checksum_ignores_the_traffic_map_and_the_load_but_nothing_else)
{
	static const uint8_t beacon[] = {
		1, 2, 3, 4, 5, 6, 7, 8, 100, 0, 1, 0,    /* timestamp, interval, capabilities */
		0, 2, 'a', 'b', 5, 4, 0, 1, 0, 0,        /* SSID, TIM at 16 */
		11, 5, 3, 0, 128, 0, 0, 3, 1, 6,         /* BSS load at 22, DS at 29 */
	};
	uint8_t other[sizeof beacon];
	struct mgmt a, b;

	cr_assert_eq(mgmt_scan(MGMT_BEACON, beacon, sizeof beacon, &a), 0);
	cr_assert(a.has_qbss);
	cr_assert_eq(a.qbss_stations, 3);
	cr_assert_eq(a.qbss_utilization, 128);
	cr_assert_eq(a.channel, 6);
	memcpy(other, beacon, sizeof beacon);
	other[0] = 9;
	other[18] = 1;
	other[24] = 7;
	cr_assert_eq(mgmt_scan(MGMT_BEACON, other, sizeof other, &b), 0);
	cr_assert_eq(a.checksum, b.checksum);
	other[31] = 7; /* channel */
	cr_assert_eq(mgmt_scan(MGMT_BEACON, other, sizeof other, &b), 0);
	cr_assert_neq(a.checksum, b.checksum);
	memcpy(other, beacon, sizeof beacon);
	other[10] = 0x11; /* privacy */
	cr_assert_eq(mgmt_scan(MGMT_BEACON, other, sizeof other, &b), 0);
	cr_assert_neq(a.checksum, b.checksum);
	cr_assert_eq(a.ssid_key, b.ssid_key);
}

Test(elements, a_list_that_ends_in_an_element_is_read_up_to_there)
{
	static const uint8_t body[] = { 0, 3, 'a', 'b', 'c', 1, 4, 0x82 };
	struct mgmt m;

	cr_assert_eq(mgmt_scan(MGMT_PROBE_REQ, body, sizeof body, &m), 0);
	cr_assert(m.cut);
	cr_assert_eq(m.ies_len, 5);
	cr_assert_eq(m.ssid_len, 3);
	cr_assert_eq(mgmt_scan(MGMT_BEACON, body, sizeof body, &m), -EBADMSG);
	cr_assert_eq(mgmt_scan(MGMT_AUTH, body, sizeof body, &m), -ENOENT);
}

static void expect_ssid(const char *octets, uint32_t len, const char *text)
{
	char dst[SSID_TEXT_MAX + 1];

	cr_assert_eq(ssid_text((const uint8_t *)octets, len, dst), strlen(text));
	cr_assert_str_eq(dst, text);
}

Test(elements, an_ssid_prints_as_text_that_shows_every_octet)
{
	char longest[SSID_MAX] = { 0 }, dst[SSID_TEXT_MAX + 1];

	expect_ssid("plain", 5, "plain");
	expect_ssid("caf\xc3\xa9", 5, "caf\xc3\xa9");
	expect_ssid("a\"b\\c", 5, "a\\\"b\\\\c");
	expect_ssid("a\nb\tc", 5, "a\\nb\\tc");
	expect_ssid("a\0b\x1b", 4, "a\\u0000b\\u001b");
	expect_ssid("caf\xe9!", 5, "caf\\xe9!");
	expect_ssid("\xc0\x80", 2, "\\xc0\\x80");                 /* overlong */
	expect_ssid("\xed\xa0\x80", 3, "\\xed\\xa0\\x80");        /* surrogate */
	expect_ssid("\xf4\x90\x80\x80", 4, "\\xf4\\x90\\x80\\x80"); /* beyond U+10FFFF */
	expect_ssid("\xf0\x9f\x93\xb6", 4, "\xf0\x9f\x93\xb6");
	expect_ssid("\xe4\xb8", 2, "\\xe4\\xb8"); /* cut */
	cr_assert_eq(ssid_text((const uint8_t *)longest, SSID_MAX, dst), SSID_TEXT_MAX);
}

Test(elements, an_ssid_of_zeros_or_without_octets_is_cloaked)
{
	cr_assert(ssid_cloaked((const uint8_t *)"", 0));
	cr_assert(ssid_cloaked((const uint8_t *)"\0\0\0", 3));
	cr_assert(!ssid_cloaked((const uint8_t *)"\0a", 2));
	cr_assert_neq(ssid_key((const uint8_t *)"", 0), ssid_key((const uint8_t *)"\0\0\0", 3));
}
