/* SPDX-License-Identifier: MIT */
/* Reads TZSP version 1. There is no standard; the layout, numbers and units here are those that Wireshark decodes
 * (tshark -G values):
 *
 *   version u8, type u8, encapsulation u16, then tagged fields: tag u8, and, but for padding (0) and end (1),
 *   length u8 and so many octets; behind the end lies the frame. Numbers are in network order. */
#include <aerie/cursor.h>

#include "tzsp.h"

#define VERSION 1u
#define TYPE_RECEIVED 0u
#define TYPE_TRANSMIT 1u

enum tag {
	TAG_PADDING = 0, TAG_END = 1, TAG_SIGNAL = 10, TAG_RATE = 12, TAG_FCS_ERROR = 17, TAG_CHANNEL = 18,
	TAG_ORIGINAL_LENGTH = 41
};

static const struct {
	uint16_t encapsulation;
	uint16_t dlt;
} encapsulations[] = {
	{ 0x12, 105 }, /* IEEE 802.11 */
	{ 0x77, 119 }, /* with a Prism header */
	{ 0x7e, 127 }, /* with a radiotap header */
	{ 0x7f, 163 }, /* with an AVS header */
};

/* A number of 1, 2 or 4 octets. */
static int64_t number(struct aerie_cur *c, bool is_signed)
{
	switch (aerie_cur_left(c)) {
	case 1:
		return is_signed ? (int8_t)aerie_cur_u8(c) : aerie_cur_u8(c);
	case 2:
		return is_signed ? (int16_t)aerie_cur_be16(c) : aerie_cur_be16(c);
	case 4:
		return is_signed ? (int32_t)aerie_cur_be32(c) : (int64_t)aerie_cur_be32(c);
	}
	return 0;
}

/* Units of 500 kbit/s; old sensors send 1, 2, 5.5 and 11 Mbit/s in units of 100, which are no rates in the others. */
static uint32_t rate(uint32_t coded)
{
	return coded == 10 || coded == 20 || coded == 55 || coded == 110 ? coded : coded * 5;
}

/* IEEE 802.11-2020 annex E and 15.4.4.3: the centre of a channel of 2.4 and 5 GHz. */
static uint32_t frequency_khz(uint32_t channel)
{
	if (channel == 14)
		return 2484000;
	if (channel >= 1 && channel <= 13)
		return 2407000 + 5000 * channel;
	return channel >= 32 && channel <= 196 ? 5000000 + 5000 * channel : 0;
}

/* Implausible values are as good as none. */
static void take_field(struct tzsp_frame *f, bool *fcs_error, uint8_t tag, struct aerie_cur *field)
{
	int64_t n = number(field, tag == TAG_SIGNAL);

	switch (tag) {
	case TAG_SIGNAL:
		f->signal_dbm = n >= -256 && n <= 0 ? (int32_t)n : 0;
		break;
	case TAG_RATE:
		f->rate_100kbps = n <= UINT8_MAX ? rate((uint32_t)n) : 0;
		break;
	case TAG_FCS_ERROR:
		*fcs_error = n != 0;
		break;
	case TAG_CHANNEL:
		f->channel = n <= 255 ? (uint32_t)n : 0;
		f->freq_khz = frequency_khz(f->channel);
		break;
	case TAG_ORIGINAL_LENGTH:
		f->origlen = (uint32_t)n;
		break;
	}
}

static bool take_fields(struct tzsp_frame *f, bool *fcs_error, struct aerie_cur *c)
{
	unsigned i;

	for (i = 0; i < TZSP_TAGS && !c->bad; i++) {
		uint8_t tag = aerie_cur_u8(c);
		struct aerie_cur field;

		if (tag == TAG_END)
			return !c->bad;
		if (tag == TAG_PADDING)
			continue;
		field = aerie_cur_sub(c, aerie_cur_u8(c));
		if (!c->bad)
			take_field(f, fcs_error, tag, &field);
	}
	return false;
}

static uint32_t dlt_of(uint16_t encapsulation)
{
	size_t i;

	for (i = 0; i < sizeof encapsulations / sizeof encapsulations[0]; i++)
		if (encapsulations[i].encapsulation == encapsulation)
			return encapsulations[i].dlt;
	return 0;
}

enum tzsp_kind tzsp_parse(const uint8_t *datagram, size_t len, struct tzsp_frame *ret)
{
	struct aerie_cur c = aerie_cur_make(datagram, len);
	uint8_t version = aerie_cur_u8(&c), type = aerie_cur_u8(&c);
	struct tzsp_frame f = { .encapsulation = aerie_cur_be16(&c) };
	bool fcs_error = false;

	if (c.bad || version != VERSION)
		return TZSP_MALFORMED;
	if (type != TYPE_RECEIVED && type != TYPE_TRANSMIT)
		return TZSP_SIGNALLING;
	if (!take_fields(&f, &fcs_error, &c))
		return TZSP_MALFORMED;
	f.len = (uint32_t)aerie_cur_left(&c);
	f.data = aerie_cur_take(&c, f.len);
	f.dlt = dlt_of(f.encapsulation);
	if (!f.len)
		return TZSP_MALFORMED;
	if (f.origlen < f.len)
		f.origlen = f.len;
	*ret = f;
	return !f.dlt ? TZSP_OTHER : fcs_error ? TZSP_BAD_FCS : TZSP_FRAME;
}
