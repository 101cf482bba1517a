/* SPDX-License-Identifier: MIT */
/* Per-Packet Information (DLT 192): a list of fields before a frame of any link type. Facts: "PPI header format 1.0.7". */
#include "radio.h"

#define PPI_FLAG_ALIGN 0x01
#define PPI_80211_COMMON 2
#define FIELDS_MAX 256u

#define COMMON_FCS 0x0001
#define COMMON_TSF_MS 0x0002
#define COMMON_FCS_INVALID 0x0004
#define COMMON_PHY_ERROR 0x0008
#define UNKNOWN_DBM (-128)

static void common(struct aerie_packet *p, struct aerie_cur c)
{
	struct aerie_radio *r = &p->radio;
	uint64_t tsf = aerie_cur_le64(&c);
	uint16_t flags = aerie_cur_le16(&c), rate = aerie_cur_le16(&c), freq = aerie_cur_le16(&c);
	uint16_t channel_flags = aerie_cur_le16(&c);
	int8_t signal, noise;

	aerie_cur_skip(&c, 2);
	signal = (int8_t)aerie_cur_u8(&c);
	noise = (int8_t)aerie_cur_u8(&c);
	if (c.bad) {
		p->flags |= AERIE_PKT_MALFORMED;
		return;
	}
	if (flags & COMMON_FCS)
		r->fcs_len = FCS_LEN;
	if (flags & (COMMON_FCS_INVALID | COMMON_PHY_ERROR))
		p->flags |= AERIE_PKT_BAD_FCS;
	if (tsf) {
		r->tsf_us = flags & COMMON_TSF_MS ? tsf * 1000 : tsf;
		r->known |= AERIE_RADIO_TSF;
	}
	radio_set_rate(r, rate * 5u);
	radio_set_freq(r, freq * 1000u);
	radio_set_channel_flags(r, channel_flags);
	if (signal != UNKNOWN_DBM)
		radio_set_signal(r, signal, true);
	if (noise != UNKNOWN_DBM)
		radio_set_noise(r, noise, true);
}

void ppi_decode(void *user, struct aerie_packet *p, struct aerie_arena *a)
{
	struct aerie_cur c = aerie_cur_make(p->frame, p->frame_len);
	uint8_t version = aerie_cur_u8(&c), flags = aerie_cur_u8(&c);
	uint16_t len = aerie_cur_le16(&c);
	uint32_t dlt = aerie_cur_le32(&c), i;

	if (c.bad || len > p->frame_len) {
		p->flags |= AERIE_PKT_TRUNCATED;
		return;
	}
	if (version != 0 || len < 8 || dlt == AERIE_DLT_PPI) {
		p->flags |= AERIE_PKT_MALFORMED;
		return;
	}
	c = aerie_cur_make(p->frame, len);
	aerie_cur_skip(&c, 8);
	for (i = 0; aerie_cur_left(&c) >= 4 && i < FIELDS_MAX; i++) {
		uint16_t type = aerie_cur_le16(&c), size = aerie_cur_le16(&c);
		struct aerie_cur field = aerie_cur_sub(&c, size);

		if (c.bad) {
			p->flags |= AERIE_PKT_MALFORMED;
			return;
		}
		if (type == PPI_80211_COMMON)
			common(p, field);
		if (flags & PPI_FLAG_ALIGN)
			aerie_cur_skip(&c, (4 - size % 4) % 4);
	}
	p->frame += len;
	p->frame_len -= len;
	p->link = dlt;
}
