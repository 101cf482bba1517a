/* SPDX-License-Identifier: MIT */
/* What the parts of the IEEE 802.11 PHY share: the shape of a frame, of what its elements say, and the module's state.
 *
 * Everything that reads octets (radio_*.c, frame.c, ie.c, crypt.c, ssid.c, channel.c, crc.c) knows no host and can be tested
 * and fuzzed alone; fields.c, track.c and plugin.c are the part that talks to the host. */
#ifndef PHY80211_DOT11_H
#define PHY80211_DOT11_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <aerie/cursor.h>
#include <aerie/packets.h>

#define SSID_MAX 32u           /* IEEE 802.11-2020 9.4.2.2 */
#define SSID_TEXT_MAX 192u     /* SSID_MAX octets, each as \u0000 */
#define MPDU_MAX 11454u        /* octets of the longest MPDU, IEEE 802.11-2020 table 9-25 */
#define FCS_LEN 4u

#define TYPE_MGMT 0u
#define TYPE_CTRL 1u
#define TYPE_DATA 2u
#define TYPE_EXT 3u

#define MGMT_ASSOC_REQ 0u
#define MGMT_ASSOC_RESP 1u
#define MGMT_REASSOC_REQ 2u
#define MGMT_REASSOC_RESP 3u
#define MGMT_PROBE_REQ 4u
#define MGMT_PROBE_RESP 5u
#define MGMT_TIMING_ADV 6u
#define MGMT_BEACON 8u
#define MGMT_ATIM 9u
#define MGMT_DISASSOC 10u
#define MGMT_AUTH 11u
#define MGMT_DEAUTH 12u
#define MGMT_ACTION 13u
#define MGMT_ACTION_NOACK 14u

#define FC_TO_DS 0x01u
#define FC_FROM_DS 0x02u
#define FC_MORE_FRAG 0x04u
#define FC_RETRY 0x08u
#define FC_PROTECTED 0x40u
#define FC_HTC 0x80u

#define CAP_ESS 0x0001u
#define CAP_IBSS 0x0002u
#define CAP_PRIVACY 0x0010u

#define MAC_GROUP 0x010000000000ull

/* A device's part in a frame. */
#define ROLE_TA 1u      /* transmitted it */
#define ROLE_RA 2u      /* it was sent to this radio */
#define ROLE_SA 4u
#define ROLE_DA 8u
#define ROLE_BSSID 16u
#define ROLE_CLIENT 32u /* the station in an exchange with an access point */

struct party {
	uint64_t mac;
	uint32_t track;   /* AERIE_TRACK_... */
	uint16_t typeset; /* evidence that the frame gives: TYPESET_... */
	uint8_t basic;    /* AERIE_BASIC_... */
	uint8_t role;     /* ROLE_... */
};

/* kismet.dot11.device.typeset: bits 0..8 are the ecosystem's, the others say more exactly why. */
#define TYPESET_AP_BEACON (1u << 0)
#define TYPESET_ADHOC (1u << 1)
#define TYPESET_CLIENT (1u << 2)
#define TYPESET_WIRED (1u << 3)
#define TYPESET_WDS (1u << 4)
#define TYPESET_INFERRED_WIRELESS (1u << 6)
#define TYPESET_INFERRED_WIRED (1u << 7)
#define TYPESET_AP_PROBE (1u << 8)
#define TYPESET_MESH (1u << 9)
#define TYPESET_AP_DATA (1u << 10)

#define PARTIES_MAX 4u

/* What a management frame with elements says, as far as a quick walk finds it. */
struct mgmt {
	uint64_t timestamp;    /* TSF of beacons and probe responses */
	const uint8_t *ies;
	uint32_t ies_len;
	uint16_t interval, capab;
	const uint8_t *ssid;   /* NULL: no SSID element */
	uint8_t ssid_len;
	uint8_t channel;       /* DS parameter set or HT operation; 0: not said */
	uint8_t has_mesh_id, has_qbss;
	uint16_t qbss_stations;
	uint8_t qbss_utilization;
	uint8_t cut;           /* the elements are not whole */
	uint32_t checksum;     /* of the elements, but for those that change from beacon to beacon */
	uint64_t ssid_key;     /* hash of the SSID's octets and length */
};

struct dot11_frame {
	uint8_t type, subtype, flags; /* flags: second octet of Frame Control */
	uint8_t n_parties;
	uint16_t seq;
	uint8_t frag, has_seq;
	uint8_t no_data;              /* a data frame of a subtype without payload */
	uint32_t header_len;
	uint32_t body_len;            /* captured octets of the body, without FCS */
	uint32_t body_air;            /* octets of the body on the air, without FCS */
	const uint8_t *body;
	uint64_t bssid;               /* 0: none, or a group address */
	uint64_t client;              /* the station that this frame ties to the BSSID; 0: none */
	struct mgmt *mgmt;            /* NULL: no elements of interest */
	struct party parties[PARTIES_MAX];
};

/* frame.c */
struct frame_addrs {
	uint64_t ra, ta, sa, da, bssid; /* 0: not there */
};

struct frame_head {
	uint8_t type, subtype, flags, no_data;
	uint16_t seq;
	uint8_t frag;
	uint8_t has_seq;
	uint32_t len; /* of the MAC header, with its padding */
	struct frame_addrs a;
};

/* Octets of the frame without FCS: captured and on the air. Checks the FCS when it is there; returns AERIE_PKT_... flags. */
uint32_t frame_check(const struct aerie_packet *p, uint32_t *ret_captured, uint32_t *ret_air);
/* 0, or AERIE_PKT_TRUNCATED / _MALFORMED. datapad: the body begins at a multiple of 4 octets. */
uint32_t frame_head_parse(const uint8_t *data, uint32_t len, bool datapad, struct frame_head *ret);
/* Fixed fields before the elements of a management frame; 0 when it has none. */
uint32_t frame_fixed_len(uint8_t subtype);
/* Fills *m from a management body. -ENOENT: a subtype without elements of interest. -EBADMSG: fixed fields not whole. */
int mgmt_scan(uint8_t subtype, const uint8_t *body, uint32_t len, struct mgmt *m);
/* Who takes part, and as what. by_beacon: an AP's own signal is that of its beacons. */
void frame_parties(struct dot11_frame *f, const struct frame_addrs *a, bool by_beacon);
uint64_t ssid_key(const uint8_t *ssid, uint32_t len);

/* crc.c: CRC-32 of IEEE 802.11-2020 9.2.4.8. */
uint32_t crc32_ieee(const uint8_t *data, size_t len);

/* ssid.c: an SSID as text; returns its length. dst holds SSID_TEXT_MAX octets and a NUL. */
uint32_t ssid_text(const uint8_t *ssid, uint32_t len, char dst[SSID_TEXT_MAX + 1]);
bool ssid_cloaked(const uint8_t *ssid, uint32_t len);
/* Any text from the air as UTF-8 without control characters: dst holds 6 * len + 1 octets. */
uint32_t air_text(const uint8_t *s, uint32_t len, char *dst);

/* channel.c */
#define CHANNEL_TEXT_MAX 16u
uint32_t channel_freq_khz(uint32_t number); /* of 2.4 and 5 GHz; 0: none */
/* Text of a frequency; 0 when there is none. */
uint32_t channel_text(uint32_t freq_khz, char dst[CHANNEL_TEXT_MAX]);
#define CHANNEL_INDEX_MAX 512u
/* Small number of a channel that has a text, or -1: lets the caller keep ready-made texts. */
int channel_index(uint32_t freq_khz);
uint32_t channel_index_khz(int index); /* 0: no such channel */

/* Radio headers: each strips one from the packet, in the form of aerie_decode_fn. */
void radiotap_decode(void *user, struct aerie_packet *p, struct aerie_arena *a);
void ppi_decode(void *user, struct aerie_packet *p, struct aerie_arena *a);
void prism_decode(void *user, struct aerie_packet *p, struct aerie_arena *a);
void avs_decode(void *user, struct aerie_packet *p, struct aerie_arena *a);

#endif
