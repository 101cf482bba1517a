/* SPDX-License-Identifier: MIT */
/* Values that every part of the ABI shares: addresses, keys, field types. Since ABI 1.0. */
#ifndef AERIE_TYPES_H
#define AERIE_TYPES_H

#include <aerie/abi.h>

#ifdef __cplusplus
extern "C" {
#endif

/* An EUI-48, most significant byte first as on the air (IEEE 802-2014 8.2). */
struct aerie_mac {
	uint8_t b[6];
};

/* A UUID, network byte order (RFC 4122 4.1.2). */
struct aerie_uuid {
	uint8_t b[16];
};

/* A device key: the PHY's number in bits 48..63, the device's address in bits 0..47. Process-local;
 * clients see it as opaque text that is stable from run to run. 0 is no key. */
#define AERIE_KEY_NONE 0u
#define AERIE_KEY_MAC_MASK 0xffffffffffffull

static inline uint64_t aerie_mac_u64(const uint8_t *b)
{
	return (uint64_t)b[0] << 40 | (uint64_t)b[1] << 32 | (uint64_t)b[2] << 24 | (uint64_t)b[3] << 16 |
	       (uint64_t)b[4] << 8 | (uint64_t)b[5];
}

static inline struct aerie_mac aerie_mac_from_u64(uint64_t v)
{
	struct aerie_mac m;
	unsigned i;

	for (i = 0; i < 6; i++)
		m.b[i] = (uint8_t)(v >> (40 - 8 * i));
	return m;
}

static inline uint64_t aerie_key_make(uint16_t phy, const uint8_t *mac)
{
	return (uint64_t)phy << 48 | aerie_mac_u64(mac);
}

static inline uint16_t aerie_key_phy(uint64_t key)
{
	return (uint16_t)(key >> 48);
}

/* Field types, a closed set. The comment gives the C value that an accessor takes. */
#define AERIE_T_U8 1u    /* uint8_t */
#define AERIE_T_U16 2u   /* uint16_t */
#define AERIE_T_U32 3u   /* uint32_t */
#define AERIE_T_U64 4u   /* uint64_t */
#define AERIE_T_I8 5u    /* int8_t */
#define AERIE_T_I16 6u   /* int16_t */
#define AERIE_T_I32 7u   /* int32_t */
#define AERIE_T_I64 8u   /* int64_t */
#define AERIE_T_F32 9u   /* float */
#define AERIE_T_F64 10u  /* double */
#define AERIE_T_TIME 11u /* uint32_t, seconds since 1970-01-01 UTC; shown as a 64-bit number */
#define AERIE_T_MAC 12u  /* struct aerie_mac */
#define AERIE_T_UUID 13u /* struct aerie_uuid; allocated when first written */
#define AERIE_T_KEY 14u  /* uint64_t device key */
/* The types from here on hold a pointer that the host manages; absent until first written. */
#define AERIE_T_STR 16u        /* interned text: each distinct text is stored once */
#define AERIE_T_BYTES 17u      /* octets, shown as hex */
#define AERIE_T_RECORD 18u     /* a sub-record */
#define AERIE_T_VEC 19u        /* list of `value` */
#define AERIE_T_MAP_INT 20u    /* uint64_t -> value */
#define AERIE_T_MAP_F64 21u    /* double -> value */
#define AERIE_T_MAP_STR 22u    /* interned text -> value */
#define AERIE_T_MAP_MAC 23u    /* EUI-48 (as aerie_mac_u64) -> value */
#define AERIE_T_MAP_UUID 24u   /* UUID -> value */
#define AERIE_T_MAP_KEY 25u    /* device key -> value */
#define AERIE_T_RRD 26u        /* round-robin series: 60 s, 60 min, 24 h */
#define AERIE_T_RRD_MINUTE 27u /* round-robin series: 60 s */

/* Link types are those of libpcap's DLT_/LINKTYPE_ registry (tcpdump.org/linktypes.html). */
#define AERIE_DLT_IEEE802_11 105u
#define AERIE_DLT_PRISM 119u
#define AERIE_DLT_RADIOTAP 127u
#define AERIE_DLT_AVS 163u
#define AERIE_DLT_PPI 192u

#ifdef __cplusplus
}
#endif
#endif
