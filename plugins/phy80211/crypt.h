/* SPDX-License-Identifier: MIT */
/* Encryption of a network as bits and as text. The bits are the ecosystem's crypt_bitfield and the older crypt_set. */
#ifndef PHY80211_CRYPT_H
#define PHY80211_CRYPT_H

#include "ie.h"

#define CRYPT_BIT(n) (1ull << (n))
#define CRYPT_WEP CRYPT_BIT(0)
#define CRYPT_WPA CRYPT_BIT(1) /* every generation */
#define CRYPT_WPA1 CRYPT_BIT(2)
#define CRYPT_WPA2 CRYPT_BIT(3)
#define CRYPT_WPA3 CRYPT_BIT(4)
#define CRYPT_GROUP_BASE 7     /* WEP40; then as in the order of enum cipher */
#define CRYPT_PAIRWISE_BASE 23
#define CRYPT_AKM_1X CRYPT_BIT(37)
#define CRYPT_AKM_PSK CRYPT_BIT(38)
#define CRYPT_AKM_SAE CRYPT_BIT(44)
#define CRYPT_AKM_FT_SAE CRYPT_BIT(45)
#define CRYPT_AKM_SUITEB_SHA384 CRYPT_BIT(48)
#define CRYPT_AKM_OWE CRYPT_BIT(54)
#define CRYPT_AKM_WPS CRYPT_BIT(57)

/* An RSN element's body, or that of the vendor element of WPA behind its OUI and type. Reads as far as it is whole. */
void rsn_parse(const uint8_t *data, uint32_t len, struct rsn *ret);
void wpa_parse(const uint8_t *data, uint32_t len, struct rsn *ret);

uint64_t crypt_bitfield(const struct ies *ies, bool privacy);
uint64_t crypt_set(const struct ies *ies, bool privacy);
/* Protected, but the frame was cut before it said how. */
#define CRYPT_SET_UNKNOWN 0x1000000u
#define CRYPT_TEXT_UNKNOWN "Unknown"
/* Text of a bit field; returns its length. */
#define CRYPT_TEXT_MAX 512u
uint32_t crypt_text(uint64_t bits, char dst[CRYPT_TEXT_MAX]);

#endif
