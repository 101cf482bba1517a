/* SPDX-License-Identifier: MIT */
/* The rarer messages of the capture protocol as octets: hopping, lists of interfaces, remote captures, and the reports that
 * the host writes for sources that are fed (doc/capture-protocol.md). */
#include <errno.h>
#include <string.h>

#include <aerie/cursor.h>
#include <aerie/msgpack.h>
#include <aerie/source.h>
#include <core/link.h>

#define HOP_RATE_MAX 1e6

/* ---- Reading ---- */

static double clean_rate(double rate)
{
	return rate > 0 && rate <= HOP_RATE_MAX ? rate : 0; /* also what is no number */
}

void link_read_hop(struct aerie_cur *c, struct link_report *r)
{
	uint32_t n = aerie_mp_map(c);
	bool enabled = true; /* programs that hop may leave it out */

	for (; n && !c->bad; n--) {
		switch (aerie_mp_int(c)) {
		case 1:
			r->hop.rate = clean_rate(aerie_mp_real(c));
			break;
		case 2:
			r->hop.shuffle = aerie_mp_bool(c);
			break;
		case 3:
			r->hop.skip = (uint32_t)aerie_mp_int(c);
			break;
		case 4:
			r->hop.offset = (uint32_t)aerie_mp_int(c);
			break;
		case 5:
			link_read_channels(c, &r->cut, r->hop_channels, &r->hop.n_channels);
			break;
		case 6:
			enabled = aerie_mp_bool(c);
			break;
		default:
			aerie_mp_skip(c);
		}
	}
	r->has_hop = enabled;
	r->hop.channels = (const char(*)[LINK_CHANNEL_TEXT])r->hop_channels;
}

void link_read_config_member(struct aerie_cur *c, struct link_report *r, uint64_t key)
{
	switch (key) {
	case 1:
		r->seqno = (uint32_t)aerie_mp_int(c);
		r->has_seqno = !c->bad;
		break;
	case 2:
		link_read_text(c, &r->cut, r->channel, sizeof r->channel);
		r->has_channel = true;
		break;
	case 3:
		link_read_hop(c, r);
		break;
	case 4:
		link_read_text(c, &r->cut, r->message, sizeof r->message);
		break;
	default:
		aerie_mp_skip(c);
	}
}

static void read_interface(struct aerie_cur *c, struct link_list *l, struct link_interface *i)
{
	uint32_t n = aerie_mp_map(c);

	for (; n && !c->bad; n--) {
		switch (aerie_mp_int(c)) {
		case 1:
			link_read_text(c, &l->cut, i->interface, sizeof i->interface);
			break;
		case 2:
			link_read_text(c, &l->cut, i->flags, sizeof i->flags);
			break;
		case 3:
			link_read_text(c, &l->cut, i->hardware, sizeof i->hardware);
			break;
		case 4:
			link_read_text(c, &l->cut, i->capture_interface, sizeof i->capture_interface);
			break;
		default:
			aerie_mp_skip(c);
		}
	}
}

static void read_interfaces(struct aerie_cur *c, struct link_list *l)
{
	uint32_t n = aerie_mp_array(c);

	for (; n && !c->bad; n--) {
		if (l->n_interfaces == LINK_INTERFACES) {
			l->cut = true;
			aerie_mp_skip(c);
			continue;
		}
		read_interface(c, l, &l->interfaces[l->n_interfaces++]);
	}
}

int link_parse_list(const uint8_t *body, uint32_t len, struct link_list *ret)
{
	struct aerie_cur c = aerie_cur_make(body, len);
	uint32_t n;

	memset(ret, 0, sizeof *ret);
	for (n = aerie_mp_map(&c); n && !c.bad; n--) {
		switch (aerie_mp_int(&c)) {
		case 1:
			ret->seqno = (uint32_t)aerie_mp_int(&c);
			ret->has_seqno = !c.bad;
			break;
		case 2:
			read_interfaces(&c, ret);
			break;
		case 3:
			link_read_text(&c, &ret->cut, ret->message, sizeof ret->message);
			break;
		case 4:
			link_read_text(&c, &ret->cut, ret->version, sizeof ret->version);
			break;
		default:
			aerie_mp_skip(&c);
		}
	}
	return c.bad || !ret->has_seqno ? -EBADMSG : 0;
}

int link_parse_newsource(const uint8_t *body, uint32_t len, struct link_newsource *ret)
{
	struct aerie_cur c = aerie_cur_make(body, len);
	bool cut = false;
	uint32_t n;

	memset(ret, 0, sizeof *ret);
	for (n = aerie_mp_map(&c); n && !c.bad; n--) {
		switch (aerie_mp_int(&c)) {
		case 1:
			link_read_text(&c, &cut, ret->definition, sizeof ret->definition);
			break;
		case 2:
			link_read_text(&c, &cut, ret->type, sizeof ret->type);
			break;
		case 3:
			link_read_text(&c, &cut, ret->uuid, sizeof ret->uuid);
			break;
		default:
			aerie_mp_skip(&c);
		}
	}
	if (c.bad || !ret->definition[0] || !ret->type[0])
		return -EBADMSG;
	return cut ? -EMSGSIZE : 0;
}

/* ---- Writing ---- */

struct out {
	uint8_t *p, *end;
	bool full;
};

static void put(struct out *o, uint64_t value, unsigned octets)
{
	if ((size_t)(o->end - o->p) < octets) {
		o->full = true;
		return;
	}
	while (octets--)
		*o->p++ = (uint8_t)(value >> 8 * octets);
}

static void put_octets(struct out *o, const void *data, size_t n)
{
	if ((size_t)(o->end - o->p) < n) {
		o->full = true;
		return;
	}
	memcpy(o->p, data, n);
	o->p += n;
}

static void put_text(struct out *o, const char *text, size_t n)
{
	if (n < 32) {
		put(o, 0xa0 | n, 1);
	} else if (n < 256) {
		put(o, 0xd9, 1);
		put(o, n, 1);
	} else {
		put(o, 0xdb, 1);
		put(o, n, 4);
	}
	put_octets(o, text, n);
}

int link_write_hop(uint8_t *buf, size_t room, uint32_t seqno, const struct link_hop *hop)
{
	struct out o = { buf + LINK_HEADER, buf + room, false };
	float rate = (float)hop->rate;
	uint32_t bits, i;

	if (hop->n_channels == 0 || hop->n_channels > LINK_CHANNELS)
		return -EINVAL;
	if (room < LINK_HEADER)
		return -ENOBUFS;
	memcpy(&bits, &rate, sizeof bits);
	put(&o, 0x8102, 2); /* {2: {1: rate, 2: shuffle, 4: offset, 5: channels}} */
	put(&o, 0x8401ca, 3);
	put(&o, bits, 4);
	put(&o, hop->shuffle ? 0x02c3 : 0x02c2, 2);
	put(&o, 0x04cd, 2);
	put(&o, hop->offset & 0xffff, 2);
	put(&o, 0x05dc, 2);
	put(&o, hop->n_channels, 2);
	for (i = 0; i < hop->n_channels; i++)
		put_text(&o, hop->channels[i], strnlen(hop->channels[i], LINK_CHANNEL_TEXT - 1));
	if (o.full)
		return -ENOBUFS;
	link_put_header(buf, (uint32_t)(o.p - buf - LINK_HEADER), LINK_CONFIGREQ, seqno);
	return (int)(o.p - buf);
}

/* {5: {1: type, 2: seconds, 3: microseconds, 4: text}} */
static void put_json(struct out *o, const struct aerie_feed *f)
{
	put(o, 0x0584, 2);
	put(o, 0x01, 1);
	put_text(o, f->json_type, strlen(f->json_type));
	put(o, 0x02cf, 2);
	put(o, f->ts_us / 1000000, 8);
	put(o, 0x03ce, 2);
	put(o, f->ts_us % 1000000, 4);
	put(o, 0x04, 1);
	put_text(o, f->json, f->json_len);
}

static void put_signal(struct out *o, const struct aerie_feed *f)
{
	put(o, 0x02, 1);
	put(o, 0x80u + !!f->signal_dbm + !!f->freq_khz + !!f->channel, 1);
	if (f->signal_dbm) {
		put(o, 0x01ce, 2);
		put(o, (uint32_t)f->signal_dbm, 4);
	}
	if (f->freq_khz) {
		put(o, 0x05cf, 2);
		put(o, f->freq_khz, 8);
	}
	if (f->channel) {
		put(o, 0x07, 1);
		put_text(o, f->channel, strlen(f->channel));
	}
}

/* In the plain form, which link.c recognises as a whole. */
static void put_packet(struct out *o, const struct aerie_feed *f)
{
	put(o, 0x0485, 2);
	put(o, 0x01ce, 2);
	put(o, f->dlt, 4);
	put(o, 0x02cf, 2);
	put(o, f->ts_us / 1000000, 8);
	put(o, 0x03ce, 2);
	put(o, f->ts_us % 1000000, 4);
	put(o, 0x04ce, 2);
	put(o, f->origlen > f->len ? f->origlen : f->len, 4);
	put(o, 0x06c6, 2);
	put(o, f->len, 4);
	put_octets(o, f->data, f->len);
}

int link_write_packet(uint8_t *buf, size_t room, const struct aerie_feed *f)
{
	bool has_signal = f->signal_dbm || f->freq_khz || f->channel, has_json = f->json && f->json_type;
	struct out o = { buf, buf + room, false };

	put(&o, 0x80u + has_signal + (f->data != NULL) + has_json, 1);
	if (has_signal)
		put_signal(&o, f);
	if (f->data)
		put_packet(&o, f);
	if (has_json)
		put_json(&o, f);
	return o.full ? -ENOBUFS : (int)(o.p - buf);
}
