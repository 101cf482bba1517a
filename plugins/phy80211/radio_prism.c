/* SPDX-License-Identifier: MIT */
/* Prism (DLT 119) and AVS (DLT 163) headers, which share DLT 119 in the wild: linux-wlan-ng "wlan_ng_prism2" with ten
 * tagged values in the byte order of the capturing machine, and the AVS "capture frame header" in network order.
 *
 * Neither says whether the FCS follows; drivers of their time differ. It is taken to be there when it is right. */
#include "radio.h"

#define PRISM_LEN 144u
#define PRISM_CODE 0x44u
#define AVS_MAGIC 0x80211000u
#define AVS_MAGIC_MASK 0xfffff000u
#define AVS_LEN 64u

#define DID_MACTIME 2
#define DID_CHANNEL 3
#define DID_RSSI 4
#define DID_SIGNAL 6
#define DID_NOISE 7
#define DID_RATE 8

#define AVS_SSI_NORMALIZED 1
#define AVS_SSI_DBM 2
#define AVS_SSI_RAW 3

static void strip(struct aerie_packet *p, uint32_t len)
{
	p->frame += len;
	p->frame_len -= len;
	p->link = AERIE_DLT_IEEE802_11;
	if (p->caplen == p->origlen && p->frame_len > FCS_LEN) {
		const uint8_t *fcs = p->frame + p->frame_len - FCS_LEN;
		struct aerie_cur c = aerie_cur_make(fcs, FCS_LEN);

		if (crc32_ieee(p->frame, p->frame_len - FCS_LEN) == aerie_cur_le32(&c))
			p->radio.fcs_len = FCS_LEN;
	}
}

static void prism_value(struct aerie_packet *p, uint32_t did, uint32_t value)
{
	struct aerie_radio *r = &p->radio;
	int32_t s = (int32_t)value;

	switch (did >> 16) {
	case DID_MACTIME:
		r->tsf_us = value;
		r->known |= AERIE_RADIO_TSF;
		break;
	case DID_CHANNEL:
		radio_set_freq(r, channel_freq_khz(value));
		break;
	case DID_SIGNAL: /* dBm from drivers that can, else the chip's own scale */
		radio_set_signal(r, s, s < 0);
		break;
	case DID_NOISE:
		radio_set_noise(r, s, s < 0);
		break;
	case DID_RATE:
		if (value <= 254)
			radio_set_rate(r, value * 5);
		break;
	default:
		break;
	}
}

static uint32_t order(uint32_t v, bool swap)
{
	return swap ? __builtin_bswap32(v) : v;
}

void avs_decode(void *user, struct aerie_packet *p, struct aerie_arena *a)
{
	struct aerie_cur c = aerie_cur_make(p->frame, p->frame_len);
	struct aerie_radio *r = &p->radio;
	uint32_t version = aerie_cur_be32(&c), len = aerie_cur_be32(&c), channel, rate, ssi;
	uint64_t mactime = aerie_cur_be64(&c);
	int32_t signal, noise;

	aerie_cur_skip(&c, 8 + 4); /* host time, PHY type */
	channel = aerie_cur_be32(&c);
	rate = aerie_cur_be32(&c);
	aerie_cur_skip(&c, 4 + 4); /* antenna, priority */
	ssi = aerie_cur_be32(&c);
	signal = (int32_t)aerie_cur_be32(&c);
	noise = (int32_t)aerie_cur_be32(&c);
	aerie_cur_skip(&c, 4 + 4); /* preamble, encoding */
	if (c.bad || len > p->frame_len) {
		p->flags |= AERIE_PKT_TRUNCATED;
		return;
	}
	if ((version & AVS_MAGIC_MASK) != AVS_MAGIC || len < AVS_LEN) {
		p->flags |= AERIE_PKT_MALFORMED;
		return;
	}
	r->tsf_us = mactime;
	r->known |= AERIE_RADIO_TSF;
	radio_set_freq(r, channel >= 256 ? channel * 1000 : channel_freq_khz(channel));
	radio_set_rate(r, rate);
	if (ssi == AVS_SSI_DBM || ssi == AVS_SSI_NORMALIZED || ssi == AVS_SSI_RAW) {
		radio_set_signal(r, signal, ssi == AVS_SSI_DBM);
		radio_set_noise(r, noise, ssi == AVS_SSI_DBM);
	}
	strip(p, len);
}

void prism_decode(void *user, struct aerie_packet *p, struct aerie_arena *a)
{
	struct aerie_cur c = aerie_cur_make(p->frame, p->frame_len), head = c;
	uint32_t code, len, i;
	bool swap;

	if ((aerie_cur_be32(&head) & AVS_MAGIC_MASK) == AVS_MAGIC) {
		avs_decode(user, p, a);
		return;
	}
	code = aerie_cur_le32(&c);
	swap = code == __builtin_bswap32(PRISM_CODE);
	len = order(aerie_cur_le32(&c), swap);
	aerie_cur_skip(&c, 16); /* name of the interface */
	if (!c.bad && ((code != PRISM_CODE && !swap) || len != PRISM_LEN)) {
		p->flags |= AERIE_PKT_MALFORMED;
		return;
	}
	for (i = 0; i < 10; i++) {
		uint32_t did = order(aerie_cur_le32(&c), swap);
		uint32_t status_len = aerie_cur_le32(&c), value = order(aerie_cur_le32(&c), swap);
		uint16_t status = swap ? __builtin_bswap16(status_len & 0xffff) : status_len & 0xffff;

		if (!c.bad && status == 0 && did)
			prism_value(p, did, value);
	}
	if (c.bad) {
		p->flags |= AERIE_PKT_TRUNCATED;
		return;
	}
	strip(p, PRISM_LEN);
}
