/* SPDX-License-Identifier: MIT */
/* RSN (IEEE 802.11-2020 9.4.2.24), WPA (Wi-Fi Alliance WPA 3.1) -> crypt_bitfield, crypt_set, crypt_string. */
#include <stdio.h>
#include <string.h>

#include "crypt.h"

#define OUI_IEEE 0x000facu
#define OUI_MICROSOFT 0x0050f2u
#define SUITES_MAX 64u /* of one kind in one element */

/* Ciphers in the order of their bits, offset from CRYPT_GROUP_BASE and CRYPT_PAIRWISE_BASE. */
enum cipher { WEP40, WEP104, TKIP, CCMP128, BIP_CMAC128, GCMP128, GCMP256, CCMP256, BIP_GMAC128, BIP_GMAC256,
	      BIP_CMAC256, OCB };

/* Legacy bits. */
#define SET_WEP 0x2u
#define SET_WEP40 0x8u
#define SET_WEP104 0x10u
#define SET_TKIP 0x20u
#define SET_WPA 0x40u
#define SET_PSK 0x80u
#define SET_AES_OCB 0x100u
#define SET_AES_CCM 0x200u
#define SET_WPA_MIGRATION 0x400u
#define SET_EAP 0x800u
#define SET_SAE 0x10000u
#define SET_OWE 0x20000u
#define SET_WPS 0x4000000u
#define SET_VERSION_WPA 0x8000000u
#define SET_VERSION_WPA2 0x10000000u
#define SET_VERSION_WPA3 0x20000000u

/* Cipher suite selectors, table 9-149: which bit, and the legacy one. */
static const struct {
	int8_t cipher; /* -1: none of its own */
	uint32_t set;
} rsn_ciphers[] = {
	{ -1, 0 },          { WEP40, SET_WEP40 }, { TKIP, SET_TKIP }, { OCB, SET_AES_OCB }, { CCMP128, SET_AES_CCM },
	{ WEP104, SET_WEP104 }, { BIP_CMAC128, 0 }, { -1, 0 },        { GCMP128, 0 },       { GCMP256, 0 },
	{ CCMP256, 0 },     { BIP_GMAC128, 0 },   { BIP_GMAC256, 0 }, { BIP_CMAC256, 0 },
};

/* AKM suite selectors, table 9-151: bit number, legacy bit. */
static const struct {
	uint8_t bit;
	uint32_t set;
} akms[] = {
	{ 0, 0 }, { 37, SET_EAP }, { 38, SET_PSK }, { 39, SET_EAP }, { 40, SET_PSK }, { 41, SET_EAP }, { 42, SET_PSK },
	{ 43, 0 }, { 44, SET_SAE }, { 45, SET_SAE }, { 46, 0 }, { 47, SET_EAP }, { 48, SET_EAP }, { 49, SET_EAP },
	{ 50, SET_EAP }, { 51, SET_EAP }, { 52, SET_EAP }, { 53, SET_EAP }, { 54, SET_OWE }, { 55, SET_PSK },
	{ 56, SET_PSK }, { 0, 0 }, { 0, 0 }, { 0, 0 }, { 44, SET_SAE }, { 45, SET_SAE },
};

/* AKMs of the third generation; every other makes a network WPA2. */
#define AKM_WPA3 (CRYPT_AKM_SAE | CRYPT_AKM_FT_SAE | CRYPT_AKM_OWE | CRYPT_AKM_SUITEB_SHA384)

static uint64_t cipher_bit(uint32_t selector, uint32_t oui, int base)
{
	uint32_t type = selector & 0xff;

	if (selector >> 8 != oui || type >= sizeof rsn_ciphers / sizeof rsn_ciphers[0] || rsn_ciphers[type].cipher < 0)
		return 0;
	return CRYPT_BIT(base + rsn_ciphers[type].cipher);
}

static uint64_t akm_bit(uint32_t selector, uint32_t oui)
{
	uint32_t type = selector & 0xff;

	if (selector >> 8 != oui || type >= sizeof akms / sizeof akms[0] || akms[type].bit == 0)
		return 0;
	return CRYPT_BIT(akms[type].bit);
}

/* Both elements share their shape: version, group cipher, list of pairwise ciphers, list of AKMs. */
static void suites_parse(struct aerie_cur *c, uint32_t oui, struct rsn *r)
{
	uint32_t group, n, i;

	aerie_cur_skip(c, 2); /* version */
	if (c->bad)
		return;
	r->present = 1;
	group = aerie_cur_be32(c);
	if (c->bad)
		return;
	r->group = cipher_bit(group, oui, CRYPT_GROUP_BASE);
	r->group_wep = (group & 0xff) == 1 || (group & 0xff) == 5;
	n = aerie_cur_le16(c);
	if (n > SUITES_MAX)
		return;
	for (i = 0; i < n && !c->bad; i++) {
		uint32_t selector = aerie_cur_be32(c);

		if (c->bad)
			return;
		/* Type 0: the group cipher is used for everything. */
		r->pairwise |= selector == oui << 8 ? r->group << (CRYPT_PAIRWISE_BASE - CRYPT_GROUP_BASE) :
						      cipher_bit(selector, oui, CRYPT_PAIRWISE_BASE);
	}
	n = aerie_cur_le16(c);
	if (n > SUITES_MAX)
		return;
	for (i = 0; i < n && !c->bad; i++) {
		uint32_t selector = aerie_cur_be32(c);

		if (!c->bad)
			r->akm |= akm_bit(selector, oui);
	}
}

void rsn_parse(const uint8_t *data, uint32_t len, struct rsn *ret)
{
	struct aerie_cur c = aerie_cur_make(data, len);
	struct rsn r = { 0 };
	uint16_t cap;

	suites_parse(&c, OUI_IEEE, &r);
	cap = aerie_cur_le16(&c);
	if (!c.bad) {
		r.mfp_required = (cap & 0x0040) != 0;
		r.mfp_capable = (cap & 0x0080) != 0;
	}
	*ret = r;
}

void wpa_parse(const uint8_t *data, uint32_t len, struct rsn *ret)
{
	struct aerie_cur c = aerie_cur_make(data, len);
	struct rsn r = { 0 };

	suites_parse(&c, OUI_MICROSOFT, &r);
	*ret = r;
}

uint64_t crypt_bitfield(const struct ies *ies, bool privacy)
{
	uint64_t bits = 0;

	if (ies->wpa.present)
		bits |= CRYPT_WPA | CRYPT_WPA1 | ies->wpa.group | ies->wpa.pairwise | ies->wpa.akm;
	if (ies->rsn.present) {
		bits |= CRYPT_WPA | ies->rsn.group | ies->rsn.pairwise | ies->rsn.akm;
		if (ies->rsn.akm & AKM_WPA3)
			bits |= CRYPT_WPA3;
		if (ies->rsn.akm & ~AKM_WPA3 || !ies->rsn.akm)
			bits |= CRYPT_WPA2;
	}
	if (!bits && privacy)
		bits |= CRYPT_WEP;
	if (ies->wps.present)
		bits |= CRYPT_AKM_WPS;
	return bits;
}

static uint64_t legacy(const struct rsn *r)
{
	uint64_t set = 0;
	size_t i;

	for (i = 0; i < sizeof rsn_ciphers / sizeof rsn_ciphers[0]; i++)
		if (rsn_ciphers[i].cipher >= 0 &&
		    (r->group & CRYPT_BIT(CRYPT_GROUP_BASE + rsn_ciphers[i].cipher) ||
		     r->pairwise & CRYPT_BIT(CRYPT_PAIRWISE_BASE + rsn_ciphers[i].cipher)))
			set |= rsn_ciphers[i].set;
	for (i = 0; i < sizeof akms / sizeof akms[0]; i++)
		if (akms[i].bit && r->akm & CRYPT_BIT(akms[i].bit))
			set |= akms[i].set;
	return set;
}

uint64_t crypt_set(const struct ies *ies, bool privacy)
{
	uint64_t set = 0;

	if (ies->wpa.present) {
		set |= SET_WPA | SET_VERSION_WPA | legacy(&ies->wpa);
		if (ies->wpa.group_wep)
			set |= SET_WPA_MIGRATION;
	}
	if (ies->rsn.present) {
		set |= SET_WPA | legacy(&ies->rsn);
		if (ies->rsn.akm & AKM_WPA3)
			set |= SET_VERSION_WPA3;
		if (ies->rsn.akm & ~AKM_WPA3 || !ies->rsn.akm)
			set |= SET_VERSION_WPA2;
	}
	if (!set && privacy)
		set |= SET_WEP;
	if (ies->wps.present)
		set |= SET_WPS;
	return set;
}

/* Tokens of the text in their order; those that begin with '-' follow the generation ("WPA2"). */
static const struct {
	uint64_t bits;
	const char *token;
} tokens[] = {
	{ CRYPT_BIT(38), "-PSK" }, { CRYPT_BIT(40), "-PSK" }, { CRYPT_BIT(42), "-PSK" }, { CRYPT_BIT(56), "-PSK" },
	{ CRYPT_BIT(55), "-PSK" }, { CRYPT_BIT(44), "-SAE" }, { CRYPT_BIT(45), "-SAE" }, { CRYPT_BIT(43), "-TDLS" },
	{ CRYPT_BIT(46), "-AP-PEER" }, { CRYPT_BIT(50), "-FILS" }, { CRYPT_BIT(51), "-FILS" },
	{ CRYPT_BIT(52), "-FILS" }, { CRYPT_BIT(53), "-FILS" }, { CRYPT_BIT(54), "-SAE" }, { CRYPT_BIT(37), "-EAP" },
	{ CRYPT_BIT(39), "-EAP-FT" }, { CRYPT_BIT(47), "-EAP-SUITEB-SHA256" }, { CRYPT_BIT(48), "-EAP-SUITEB-SHA384" },
	{ CRYPT_BIT(61), "-PEAP" }, { CRYPT_BIT(58), "-LEAP" }, { CRYPT_BIT(60), "-TTLS" }, { CRYPT_BIT(59), "-TLS" },
	{ CRYPT_BIT(9) | CRYPT_BIT(25), "TKIP" }, { CRYPT_BIT(18) | CRYPT_BIT(34), "AES-OCB" },
	{ CRYPT_BIT(10) | CRYPT_BIT(26), "AES-CCMP" }, { CRYPT_BIT(11) | CRYPT_BIT(27), "AES-BIP-CMAC128" },
	{ CRYPT_BIT(12) | CRYPT_BIT(28), "AES-GCMP128" }, { CRYPT_BIT(13) | CRYPT_BIT(29), "AES-GCMP256" },
	{ CRYPT_BIT(14) | CRYPT_BIT(30), "AES-CCMP256" }, { CRYPT_BIT(15) | CRYPT_BIT(31), "AES-BIP-GMAC128" },
	{ CRYPT_BIT(16) | CRYPT_BIT(32), "AES-BIP-GMAC256" }, { CRYPT_BIT(17) | CRYPT_BIT(33), "AES-BIP-CMAC256" },
};

uint32_t crypt_text(uint64_t bits, char dst[CRYPT_TEXT_MAX])
{
	const char *generation = bits & CRYPT_WPA3 ? "WPA3" : bits & CRYPT_WPA2 ? "WPA2" :
				 bits & CRYPT_WPA1 ? "WPA1" : "WPA";
	size_t i, n = 0;

	if (!(bits & ~CRYPT_AKM_WPS))
		return (uint32_t)snprintf(dst, CRYPT_TEXT_MAX, "Open");
	if (bits & CRYPT_WEP)
		return (uint32_t)snprintf(dst, CRYPT_TEXT_MAX, "%s",
					  bits & (CRYPT_BIT(7) | CRYPT_BIT(23)) ? "WEP40" :
					  bits & (CRYPT_BIT(8) | CRYPT_BIT(24)) ? "WEP104" : "WEP");
	dst[0] = '\0';
	if (bits & CRYPT_WPA)
		n += (size_t)snprintf(dst, CRYPT_TEXT_MAX, "%s", generation);
	for (i = 0; i < sizeof tokens / sizeof tokens[0]; i++)
		if (bits & tokens[i].bits)
			n += (size_t)snprintf(dst + n, CRYPT_TEXT_MAX - n, "%s%s%s", n ? " " : "",
					      tokens[i].token[0] == '-' ? generation : "", tokens[i].token);
	return (uint32_t)n;
}
