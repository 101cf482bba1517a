/* SPDX-License-Identifier: MIT */
/* Radiotap (DLT 127): what the radio says about a frame. Facts: radiotap.org "Defined Fields".
 *
 * Fields lie one after the other, each aligned to its own size counted from the head of the header, in the order of the
 * bits of the present words. A radiotap or vendor namespace bit starts a new set. Only the first set gives the
 * values (later ones repeat them per antenna); a field of unknown size ends the walk, because what follows cannot be found. */
#include "radio.h"

#define PRESENT_MAX 32u /* present words that are followed */

#define BIT_TSFT 0
#define BIT_FLAGS 1
#define BIT_RATE 2
#define BIT_CHANNEL 3
#define BIT_DBM_SIGNAL 5
#define BIT_DBM_NOISE 6
#define BIT_DB_SIGNAL 12
#define BIT_DB_NOISE 13
#define BIT_XCHANNEL 18
#define BIT_MCS 19
#define BIT_VHT 21
#define BIT_HE 23
#define BIT_ZERO_PSDU 26
#define BIT_TLV 28
#define BIT_NS_RADIOTAP 29
#define BIT_NS_VENDOR 30
#define BIT_EXT 31

#define FLAG_FCS 0x10
#define FLAG_DATAPAD 0x20
#define FLAG_BAD_FCS 0x40

static const struct {
	uint8_t align, size;
} layout[] = {
	{ 8, 8 },  { 1, 1 },  { 1, 1 },  { 2, 4 },  { 2, 2 },  { 1, 1 },  { 1, 1 }, /* TSFT .. dBm noise */
	{ 2, 2 },  { 2, 2 },  { 2, 2 },  { 1, 1 },  { 1, 1 },  { 1, 1 },  { 1, 1 }, /* lock quality .. dB noise */
	{ 2, 2 },  { 2, 2 },  { 1, 1 },  { 1, 1 },  { 4, 8 },  { 1, 3 },            /* RX flags .. MCS */
	{ 4, 8 },  { 2, 12 }, { 8, 12 }, { 2, 12 }, { 2, 12 }, { 2, 6 },            /* A-MPDU .. HE-MU-other-user */
	{ 1, 1 },  { 2, 4 },                                                        /* 0-length PSDU, L-SIG */
};

struct walk {
	struct aerie_cur c;
	const uint8_t *start;
	struct aerie_packet *p;
	uint8_t flags, mcs_seen, no_psdu;
};

static void align(struct walk *w, size_t n)
{
	size_t off = (size_t)(w->c.p - w->start);

	aerie_cur_skip(&w->c, (n - off % n) % n);
}

static void vht(struct aerie_radio *r, struct aerie_cur c)
{
	uint16_t known = aerie_cur_le16(&c);
	uint8_t flags = aerie_cur_u8(&c), bw = aerie_cur_u8(&c), user = aerie_cur_u8(&c);
	uint32_t mhz = bw == 0 ? 20 : bw <= 3 ? 40 : bw <= 10 ? 80 : bw <= 25 ? 160 : 0;

	if (!(known & 0x0040))
		mhz = 20;
	radio_set_rate(r, rate_vht(mhz, user >> 4, user & 15, flags & 4));
	r->encoding = AERIE_ENCODING_OFDM;
}

static void he(struct aerie_radio *r, struct aerie_cur c)
{
	static const uint16_t widths[] = { 20, 40, 80, 160 };
	static const uint8_t gis[] = { 8, 16, 32, 8 }; /* guard interval in 100 ns */
	uint16_t data1 = aerie_cur_le16(&c), data3, data5, data6;

	aerie_cur_skip(&c, 2);
	data3 = aerie_cur_le16(&c);
	aerie_cur_skip(&c, 2);
	data5 = aerie_cur_le16(&c);
	data6 = aerie_cur_le16(&c);
	r->encoding = AERIE_ENCODING_OFDM;
	if ((data1 & 0x4020) != 0x4020 || (data5 & 15) > 3) /* MCS and bandwidth known, and not a resource unit */
		return;
	radio_set_rate(r, rate_he(widths[data5 & 3], data3 >> 8 & 15, data6 & 15, gis[data5 >> 4 & 3]));
}

static void mcs(struct walk *w, struct aerie_radio *r, struct aerie_cur c)
{
	uint8_t known = aerie_cur_u8(&c), flags = aerie_cur_u8(&c), index = aerie_cur_u8(&c);
	bool wide = (known & 1) && (flags & 3) == 1;

	w->mcs_seen = 1;
	r->encoding = AERIE_ENCODING_OFDM;
	r->carrier = wide ? AERIE_CARRIER_80211N40 : AERIE_CARRIER_80211N20;
	if (known & 2)
		radio_set_rate(r, rate_ht(wide, index, (known & 4) && (flags & 4)));
}

static void field(struct walk *w, int bit, struct aerie_cur c)
{
	struct aerie_radio *r = &w->p->radio;
	uint32_t v;

	switch (bit) {
	case BIT_TSFT:
		r->tsf_us = aerie_cur_le64(&c);
		r->known |= AERIE_RADIO_TSF;
		break;
	case BIT_FLAGS:
		w->flags = aerie_cur_u8(&c);
		break;
	case BIT_RATE:
		radio_set_rate(r, (aerie_cur_u8(&c) & 0x7fu) * 5);
		break;
	case BIT_CHANNEL:
		v = aerie_cur_le16(&c);
		radio_set_freq(r, v * 1000);
		if (!w->mcs_seen)
			radio_set_channel_flags(r, aerie_cur_le16(&c));
		break;
	case BIT_XCHANNEL:
		v = aerie_cur_le32(&c);
		radio_set_freq(r, aerie_cur_le16(&c) * 1000u);
		if (!w->mcs_seen)
			radio_set_channel_flags(r, v & 0xffff);
		break;
	case BIT_DBM_SIGNAL:
		radio_set_signal(r, (int8_t)aerie_cur_u8(&c), true);
		break;
	case BIT_DBM_NOISE:
		radio_set_noise(r, (int8_t)aerie_cur_u8(&c), true);
		break;
	case BIT_DB_SIGNAL:
		radio_set_signal(r, aerie_cur_u8(&c), false);
		break;
	case BIT_DB_NOISE:
		radio_set_noise(r, aerie_cur_u8(&c), false);
		break;
	case BIT_MCS:
		mcs(w, r, c);
		break;
	case BIT_VHT:
		vht(r, c);
		break;
	case BIT_HE:
		he(r, c);
		break;
	case BIT_ZERO_PSDU:
		w->no_psdu = 1;
		break;
	default:
		break;
	}
}

/* Walks the fields of one present word. Returns false when what follows cannot be found. */
static bool present_word(struct walk *w, uint32_t present, bool take)
{
	uint32_t bits = present & ~(1u << BIT_NS_RADIOTAP | 1u << BIT_NS_VENDOR | 1u << BIT_EXT);

	while (bits) {
		int bit = __builtin_ctz(bits);
		struct aerie_cur c;

		bits &= bits - 1;
		if ((size_t)bit >= sizeof layout / sizeof layout[0])
			return false;
		align(w, layout[bit].align);
		c = aerie_cur_sub(&w->c, layout[bit].size);
		if (c.bad)
			return false;
		if (take)
			field(w, bit, c);
	}
	return true;
}

static void fields(struct walk *w, const uint32_t *present, uint32_t n)
{
	bool vendor = false, first = true; /* first: the first radiotap namespace */
	uint32_t i, base = 0;              /* base: words since the namespace began */

	for (i = 0; i < n; i++) {
		if (!vendor) {
			/* The second and further words of a namespace hold bits that nobody has defined. */
			if (base > 0 ? (present[i] & 0x1fffffff) != 0 : !present_word(w, present[i], first))
				return;
		}
		base++;
		if (present[i] & 1u << BIT_NS_VENDOR) {
			uint16_t skip;

			align(w, 2);
			aerie_cur_skip(&w->c, 4); /* OUI and sub-namespace */
			skip = aerie_cur_le16(&w->c);
			aerie_cur_skip(&w->c, skip);
			vendor = true;
			first = false;
			base = 0;
		} else if (present[i] & 1u << BIT_NS_RADIOTAP) {
			vendor = false;
			first = false;
			base = 0;
		}
	}
}

void radiotap_decode(void *user, struct aerie_packet *p, struct aerie_arena *a)
{
	struct aerie_cur c = aerie_cur_make(p->frame, p->frame_len);
	uint32_t present[PRESENT_MAX], n = 0, word;
	struct walk w = { .start = p->frame, .p = p };
	uint8_t version = aerie_cur_u8(&c);
	uint16_t len;

	aerie_cur_skip(&c, 1);
	len = aerie_cur_le16(&c);
	if (c.bad || len > p->frame_len) {
		p->flags |= AERIE_PKT_TRUNCATED;
		return;
	}
	if (version != 0 || len < 8) {
		p->flags |= AERIE_PKT_MALFORMED;
		return;
	}
	w.c = aerie_cur_make(p->frame, len);
	aerie_cur_skip(&w.c, 4);
	do {
		word = aerie_cur_le32(&w.c);
		if (w.c.bad || n == PRESENT_MAX) {
			p->flags |= AERIE_PKT_MALFORMED;
			return;
		}
		present[n++] = word;
	} while (word & 1u << BIT_EXT);
	fields(&w, present, n);

	if (w.flags & FLAG_BAD_FCS)
		p->flags |= AERIE_PKT_BAD_FCS;
	if (w.flags & FLAG_FCS)
		p->radio.fcs_len = FCS_LEN;
	if (w.flags & FLAG_DATAPAD)
		p->radio.flags |= AERIE_RADIO_DATAPAD;
	p->frame += len;
	p->frame_len = w.no_psdu ? 0 : p->frame_len - len;
	p->link = AERIE_DLT_IEEE802_11;
}
