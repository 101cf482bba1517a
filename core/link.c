/* SPDX-License-Identifier: MIT */
/* The capture protocol, version 3: frames, requests and reports as octets (doc/capture-protocol.md).
 *
 * link_parse_packet() runs for every packet, so it reads each octet once and copies nothing. The other reports come a few
 * times in the life of a source; their texts go to people and into records, and are made clean here. */
#include <errno.h>
#include <string.h>

#include <aerie/cursor.h>
#include <aerie/msgpack.h>
#include <core/core.h>
#include <core/link.h>
#include <core/pipeline.h>

#define SENTINEL_V2 0xABCDu /* frames of version 2, which share the signature */
#define TEXT_SENT_MAX 8192u /* octets of a definition that is sent: what readers of OPENREQ take */

/* A header that is not all there yet is judged by what is there, so that garbage is told from silence. */
static bool may_be_header(const uint8_t *p, uint32_t len)
{
	static const uint8_t expected[8] = { 0xDE, 0xCA, 0xFB, 0xAD, 0xA9, 0xA9, 0x00, 0x03 };
	static const uint8_t version_2[5] = { 0xDE, 0xCA, 0xFB, 0xAD, 0xAB };

	return memcmp(p, expected, len) == 0 || (len == 5 && memcmp(p, version_2, len) == 0);
}

static int check_version(uint32_t signature, uint16_t sentinel, uint16_t version)
{
	if (signature != LINK_SIGNATURE)
		return -EBADMSG;
	if (sentinel == SENTINEL_V2)
		return -EPROTONOSUPPORT;
	if (sentinel != LINK_SENTINEL)
		return -EBADMSG;
	return version == LINK_VERSION ? 0 : -EPROTONOSUPPORT;
}

int link_next(const uint8_t *buf, uint32_t off, uint32_t len, struct link_frame *ret_frame, uint32_t *ret_need)
{
	struct aerie_cur c = aerie_cur_make(buf + off, len - off);
	uint32_t signature, body, seqno;
	uint16_t sentinel, version, command, code;
	int r;

	if (len - off < 8 && may_be_header(buf + off, len - off)) {
		*ret_need = LINK_HEADER;
		return 0;
	}
	signature = aerie_cur_be32(&c);
	sentinel = aerie_cur_be16(&c);
	version = aerie_cur_be16(&c);
	r = check_version(signature, sentinel, version);
	if (r < 0)
		return r;
	body = aerie_cur_be32(&c);
	if (c.bad) {
		*ret_need = LINK_HEADER;
		return 0;
	}
	if (body > LINK_FRAME_MAX - LINK_HEADER)
		return -EMSGSIZE;
	command = aerie_cur_be16(&c);
	code = aerie_cur_be16(&c);
	seqno = aerie_cur_be32(&c);
	aerie_cur_skip(&c, body);
	if (c.bad) {
		*ret_need = LINK_HEADER + body;
		return 0;
	}
	ret_frame->command = command;
	ret_frame->code = code;
	ret_frame->seqno = seqno;
	ret_frame->off = off + LINK_HEADER;
	ret_frame->len = body;
	return 1;
}

/* ---- Packet reports ---- */

/* Seconds and microseconds of a report; a second that a 32-bit time does not hold counts as not given. */
static uint64_t report_time_us(uint64_t s, uint64_t us)
{
	return s > UINT32_MAX || us > UINT32_MAX ? 0 : s * 1000000u + us;
}

static void parse_packet_block(struct aerie_cur *c, struct link_packet *pkt)
{
	uint64_t s = 0, us = 0, origlen = 0;
	uint32_t n = aerie_mp_map(c);

	for (; n && !c->bad; n--) {
		switch (aerie_mp_int(c)) {
		case 1:
			pkt->dlt = (uint32_t)aerie_mp_int(c);
			break;
		case 2:
			s = aerie_mp_int(c);
			break;
		case 3:
			us = aerie_mp_int(c);
			break;
		case 4:
			origlen = aerie_mp_int(c);
			break;
		case 6:
			pkt->data = aerie_mp_octets(c, &pkt->len);
			break;
		default:
			aerie_mp_skip(c);
		}
	}
	pkt->has_packet = pkt->data != NULL;
	pkt->ts_us = report_time_us(s, us);
	pkt->origlen = origlen > pkt->len && origlen <= UINT32_MAX ? (uint32_t)origlen : pkt->len;
}

/* A dBm value, or a vendor's units, which count only when there is no dBm value. Senders leave out what they do not know,
 * or write 0. */
static void set_level(struct aerie_radio *radio, uint32_t known, uint64_t dbm, uint64_t rssi, int32_t *ret_level)
{
	if ((uint32_t)dbm != 0)
		*ret_level = (int32_t)(uint32_t)dbm;
	else if ((uint32_t)rssi != 0 && rssi <= INT32_MAX)
		*ret_level = (int32_t)rssi;
	else
		return;
	radio->known |= known;
}

static void parse_signal_block(struct aerie_cur *c, struct link_packet *pkt)
{
	struct aerie_radio *radio = &pkt->radio;
	uint64_t v[7] = { 0 };
	uint32_t n = aerie_mp_map(c);

	for (; n && !c->bad; n--) {
		uint64_t key = aerie_mp_int(c);

		if (key >= 1 && key <= 6)
			v[key] = aerie_mp_int(c);
		else if (key == 7)
			pkt->channel = (const char *)aerie_mp_octets(c, &pkt->channel_len);
		else
			aerie_mp_skip(c);
	}
	if (!(uint32_t)v[1] && !(uint32_t)v[2] && ((uint32_t)v[3] || (uint32_t)v[4]))
		radio->known |= AERIE_RADIO_RSSI;
	set_level(radio, AERIE_RADIO_SIGNAL, v[1], radio->known & AERIE_RADIO_RSSI ? v[3] : 0, &radio->signal);
	set_level(radio, AERIE_RADIO_NOISE, v[2], radio->known & AERIE_RADIO_RSSI ? v[4] : 0, &radio->noise);
	if (v[5] != 0 && v[5] <= UINT32_MAX) {
		radio->freq_khz = (uint32_t)v[5];
		radio->known |= AERIE_RADIO_FREQ;
	}
	if (v[6] != 0 && v[6] <= UINT32_MAX) {
		radio->rate_100k = (uint32_t)v[6];
		radio->known |= AERIE_RADIO_RATE;
	}
}

static void parse_json_block(struct aerie_cur *c, struct link_packet *pkt)
{
	uint64_t s = 0, us = 0;
	uint32_t n = aerie_mp_map(c);

	for (; n && !c->bad; n--) {
		switch (aerie_mp_int(c)) {
		case 1:
			pkt->json_type = (const char *)aerie_mp_octets(c, &pkt->json_type_len);
			break;
		case 2:
			s = aerie_mp_int(c);
			break;
		case 3:
			us = aerie_mp_int(c);
			break;
		case 4:
			pkt->json = (const char *)aerie_mp_octets(c, &pkt->json_len);
			break;
		default:
			aerie_mp_skip(c);
		}
	}
	pkt->has_json = pkt->json_type && pkt->json;
	pkt->json_ts_us = report_time_us(s, us);
}

static uint32_t be32_at(const uint8_t *p)
{
	struct aerie_cur c = aerie_cur_make(p, 4);

	return aerie_cur_be32(&c);
}

static bool has_pair(const uint8_t *p, uint8_t key, uint8_t kind)
{
	return p[0] == key && p[1] == kind;
}

#define PLAIN_HEAD 32u /* octets before the content */

/* {4: {1: DLT, 2: seconds, 3: microseconds, 4: original length, 6: content}}, each in the width that libaeriecap writes: nearly
 * every packet of nearly every source, so the form is recognised as a whole. */
static bool parse_plain(const uint8_t *body, uint32_t len, struct link_packet *pkt)
{
	struct aerie_cur c = aerie_cur_make(body, len);
	const uint8_t *p = aerie_cur_take(&c, PLAIN_HEAD);

	if (!p || !has_pair(p, 0x81, 0x04) || p[2] != 0x85 || !has_pair(p + 3, 1, 0xce) || !has_pair(p + 9, 2, 0xcf) ||
	    !has_pair(p + 19, 3, 0xce) || !has_pair(p + 25, 4, 0xce) || p[31] != 6)
		return false;
	pkt->data = aerie_mp_octets(&c, &pkt->len);
	if (!pkt->data)
		return false;
	pkt->has_packet = true;
	pkt->dlt = be32_at(p + 5);
	pkt->ts_us = report_time_us((uint64_t)be32_at(p + 11) << 32 | be32_at(p + 15), be32_at(p + 21));
	pkt->origlen = be32_at(p + 27) > pkt->len ? be32_at(p + 27) : pkt->len;
	return true;
}

/* On failure *ret holds nothing of use. */
int link_parse_packet(const uint8_t *body, uint32_t len, struct link_packet *ret)
{
	struct aerie_cur c = aerie_cur_make(body, len);
	uint32_t n;

	memset(ret, 0, sizeof *ret);
	if (parse_plain(body, len, ret))
		return 0;
	for (n = aerie_mp_map(&c); n && !c.bad; n--) {
		switch (aerie_mp_int(&c)) {
		case 2:
			parse_signal_block(&c, ret);
			break;
		case 4:
			parse_packet_block(&c, ret);
			break;
		case 5:
			parse_json_block(&c, ret);
			break;
		default:
			aerie_mp_skip(&c);
		}
	}
	return c.bad ? -EBADMSG : 0;
}

/* ---- Other reports ---- */

/* Octets of the UTF-8 sequence at p (RFC 3629), 0 when it is none. */
static uint32_t utf8_length(const uint8_t *p, uint32_t left)
{
	uint32_t n, i, code;

	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	n = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	if (n > left)
		return 0;
	code = p[0] & (0x7fu >> n);
	for (i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (p[i] & 0x3fu);
	}
	if ((n == 3 && (code < 0x800 || (code >= 0xd800 && code <= 0xdfff))) ||
	    (n == 4 && (code < 0x10000 || code > 0x10ffff)))
		return 0;
	return n;
}

/* Copies a text as one line of UTF-8: control characters become spaces, octets that are no UTF-8 a '?'. True when it was cut. */
static bool copy_text(char *dst, uint32_t room, const uint8_t *p, uint32_t len)
{
	uint32_t at = 0, i = 0;

	while (i < len) {
		uint32_t n = utf8_length(p + i, len - i);

		if (at + (n ? n : 1) >= room)
			break;
		if (n > 1)
			memcpy(dst + at, p + i, n);
		else
			dst[at] = n == 0 ? '?' : p[i] < 0x20 || p[i] == 0x7f ? ' ' : (char)p[i];
		at += n ? n : 1;
		i += n ? n : 1;
	}
	dst[at] = '\0';
	return i < len;
}

void link_read_text(struct aerie_cur *c, bool *cut, char *dst, uint32_t room)
{
	uint32_t len = 0;
	const uint8_t *p = aerie_mp_octets(c, &len);

	if (p && copy_text(dst, room, p, len))
		*cut = true;
}

static void read_text(struct aerie_cur *c, struct link_report *r, char *dst, uint32_t room)
{
	link_read_text(c, &r->cut, dst, room);
}

void link_read_channels(struct aerie_cur *c, bool *cut, char (*dst)[LINK_CHANNEL_TEXT], uint32_t *ret_n)
{
	uint32_t n = aerie_mp_array(c), read = 0;

	for (; n && !c->bad; n--) {
		if (read == LINK_CHANNELS) {
			*cut = true;
			aerie_mp_skip(c);
			continue;
		}
		link_read_text(c, cut, dst[read++], LINK_CHANNEL_TEXT);
	}
	*ret_n = read;
}

static void read_channels(struct aerie_cur *c, struct link_report *r)
{
	link_read_channels(c, &r->cut, r->channels, &r->n_channels);
}

static void read_interface(struct aerie_cur *c, struct link_report *r)
{
	uint32_t n = aerie_mp_map(c);

	for (; n && !c->bad; n--) {
		switch (aerie_mp_int(c)) {
		case 3:
			read_text(c, r, r->hardware, sizeof r->hardware);
			break;
		case 4:
			read_text(c, r, r->capture_interface, sizeof r->capture_interface);
			break;
		case 5:
			read_text(c, r, r->channel, sizeof r->channel);
			break;
		case 6:
			read_channels(c, r);
			break;
		default:
			aerie_mp_skip(c);
		}
	}
}

static void read_seqno(struct aerie_cur *c, struct link_report *r)
{
	r->seqno = (uint32_t)aerie_mp_int(c);
	r->has_seqno = !c->bad;
}

static void read_probe_member(struct aerie_cur *c, struct link_report *r, uint64_t key)
{
	switch (key) {
	case 1:
		read_seqno(c, r);
		break;
	case 2:
		read_interface(c, r);
		break;
	case 3:
		read_text(c, r, r->message, sizeof r->message);
		break;
	default:
		aerie_mp_skip(c);
	}
}

static void read_open_member(struct aerie_cur *c, struct link_report *r, uint64_t key)
{
	switch (key) {
	case 1:
		read_seqno(c, r);
		break;
	case 2:
		r->dlt = (uint32_t)aerie_mp_int(c);
		r->has_dlt = !c->bad;
		break;
	case 3:
		read_text(c, r, r->capture_interface, sizeof r->capture_interface);
		break;
	case 4:
		read_channels(c, r);
		break;
	case 5:
		read_text(c, r, r->channel, sizeof r->channel);
		break;
	case 6:
		link_read_hop(c, r);
		break;
	case 7:
		read_text(c, r, r->hardware, sizeof r->hardware);
		break;
	case 8:
		read_text(c, r, r->uuid, sizeof r->uuid);
		break;
	case 9:
		read_text(c, r, r->message, sizeof r->message);
		break;
	case 10:
		read_text(c, r, r->version, sizeof r->version);
		break;
	default:
		aerie_mp_skip(c);
	}
}

static void read_message_member(struct aerie_cur *c, struct link_report *r, uint64_t key)
{
	switch (key) {
	case 1:
		r->message_type = (uint8_t)aerie_mp_int(c);
		break;
	case 2:
		read_text(c, r, r->message, sizeof r->message);
		break;
	default:
		aerie_mp_skip(c);
	}
}

/* ERROR and SHUTDOWN: a text, or nothing. */
static void read_reason_member(struct aerie_cur *c, struct link_report *r, uint64_t key)
{
	if (key == 1)
		read_text(c, r, r->message, sizeof r->message);
	else
		aerie_mp_skip(c);
}

static const struct report_kind {
	uint16_t command;
	bool may_be_empty, needs_seqno;
	void (*member)(struct aerie_cur *c, struct link_report *r, uint64_t key);
} report_kinds[] = {
	{ LINK_PROBEREPORT, false, true, read_probe_member },
	{ LINK_OPENREPORT, false, true, read_open_member },
	{ LINK_CONFIGREPORT, false, true, link_read_config_member },
	{ LINK_MESSAGE, false, false, read_message_member },
	{ LINK_ERROR, true, false, read_reason_member },
	{ LINK_SHUTDOWN, true, false, read_reason_member },
};

static const struct report_kind *find_kind(uint16_t command)
{
	size_t i;

	for (i = 0; i < sizeof report_kinds / sizeof report_kinds[0]; i++)
		if (report_kinds[i].command == command)
			return &report_kinds[i];
	return NULL;
}

int link_parse_report(uint16_t command, const uint8_t *body, uint32_t len, struct link_report *ret)
{
	const struct report_kind *kind = find_kind(command);
	struct aerie_cur c = aerie_cur_make(body, len);
	uint32_t n;

	memset(ret, 0, sizeof *ret);
	if (!kind)
		return -EBADMSG;
	if (len == 0 && kind->may_be_empty)
		return 0;
	for (n = aerie_mp_map(&c); n && !c.bad; n--) {
		uint64_t key = aerie_mp_int(&c);

		kind->member(&c, ret, key);
	}
	return c.bad || (kind->needs_seqno && !ret->has_seqno) ? -EBADMSG : 0;
}

/* ---- Requests ---- */

static uint8_t *put_be16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
	return p + 2;
}

static uint8_t *put_be32(uint8_t *p, uint32_t v)
{
	return put_be16(put_be16(p, v >> 16), v & 0xffff);
}

/* A map of one pair, 1: text. */
static uint8_t *put_text_body(uint8_t *p, const char *text, size_t n)
{
	*p++ = 0x81;
	*p++ = 0x01;
	if (n < 32) {
		*p++ = (uint8_t)(0xa0 | n);
	} else if (n < 256) {
		*p++ = 0xd9;
		*p++ = (uint8_t)n;
	} else {
		*p++ = 0xda;
		p = put_be16(p, (uint32_t)n);
	}
	memcpy(p, text, n);
	return p + n;
}

void link_put_header(uint8_t *p, uint32_t body_len, uint16_t command, uint32_t seqno)
{
	p = put_be32(p, LINK_SIGNATURE);
	p = put_be16(p, LINK_SENTINEL);
	p = put_be16(p, LINK_VERSION);
	p = put_be32(p, body_len);
	p = put_be16(p, command);
	p = put_be16(p, 1);
	(void)put_be32(p, seqno);
}

int link_write(uint8_t *buf, size_t room, uint16_t command, uint32_t seqno, const char *text)
{
	size_t text_len = text ? strlen(text) : 0;
	size_t body_len = !text ? 0 : text_len + (text_len < 32 ? 3 : text_len < 256 ? 4 : 5);
	uint8_t *p = buf;

	if (text_len > TEXT_SENT_MAX || LINK_HEADER + body_len > room)
		return -ENOBUFS;
	link_put_header(p, (uint32_t)body_len, command, seqno);
	p += LINK_HEADER;
	if (text)
		p = put_text_body(p, text, text_len);
	return (int)(p - buf);
}
