/* SPDX-License-Identifier: MIT */
/* PACKET reports: one at a time, and in batches. The batch is the path that a million packets take: a frame costs one
 * copy of its content and a few stores, and no lock. */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "handler.h"
#include "pack.h"

#define GPS_TEXT_MAX 63u
#define CHANNEL_MAX 31u

/* All of a PACKET frame before its content, for a packet without signal and location, with the longer form of the
 * content's length. The numbers are filled in at the offsets below. */
static const uint8_t plain_head[] = {
	0xde, 0xca, 0xfb, 0xad, 0xa9, 0xa9, 0, PROTOCOL_VERSION, /* signature, sentinel, version */
	0, 0, 0, 0, 0, CMD_PACKET, 0, 0, 0, 0, 0, 0,             /* body length, command, code, sequence number */
	0x81, 4, 0x85,                                           /* { 4: { */
	1, 0xce, 0, 0, 0, 0,                                     /* 1: DLT, u32 */
	2, 0xcf, 0, 0, 0, 0, 0, 0, 0, 0,                         /* 2: seconds, u64 */
	3, 0xce, 0, 0, 0, 0,                                     /* 3: microseconds, u32 */
	4, 0xce, 0, 0, 0, 0,                                     /* 4: original length, u32 */
	6, 0xc5, 0, 0                                            /* 6: content, bin 16 */
};
#define AT_LENGTH 8
#define AT_SEQNO 16
#define AT_DLT 25
#define AT_SECONDS 31
#define AT_MICROSECONDS 41
#define AT_ORIGLEN 47
#define AT_CONTENT 52

struct aeriecap_batch {
	struct aeriecap *cap;
	uint8_t *buf;
	size_t room, len;
	size_t sent;    /* octets that are gone; always a whole number of frames */
	uint32_t lease; /* the handler's last number when the batch was begun */
	uint32_t last;  /* the last number given to a frame of the batch */
	bool numbered;  /* the handler knows of it */
};

/* --- Frames. */

static uint32_t content_length(const struct aeriecap_packet *packet, uint32_t max)
{
	return packet->caplen < max ? packet->caplen : max;
}

/* Writes a frame of a plain packet; gives its length. */
static size_t put_plain(uint8_t *to, const struct aeriecap_packet *packet, uint32_t content, uint32_t seqno)
{
	size_t head = sizeof plain_head;

	memcpy(to, plain_head, sizeof plain_head);
	put_be32(to + AT_SEQNO, seqno);
	put_be32(to + AT_DLT, packet->dlt);
	put_be64(to + AT_SECONDS, packet->ts_sec);
	put_be32(to + AT_MICROSECONDS, packet->ts_usec);
	put_be32(to + AT_ORIGLEN, packet->origlen);
	if (content < 256) {
		to[AT_CONTENT] = 0xc4; /* bin 8 */
		to[AT_CONTENT + 1] = (uint8_t)content;
		head--;
	} else {
		put_be16(to + AT_CONTENT + 1, content);
	}
	put_be32(to + AT_LENGTH, (uint32_t)(head - PROTOCOL_HEADER + content));
	if (content > 0)
		memcpy(to + head, packet->content, content);
	return head + content;
}

static void pack_double(struct pack *p, unsigned key, double v)
{
	pack_key(p, key);
	msgpack_pack_double(&p->mp, v);
}

static void pack_gps(struct pack *p, const struct aeriecap_gps *gps)
{
	pack_key(p, 1);
	pack_map(p, 9 + !!gps->type + !!gps->name + !!gps->uuid);
	pack_double(p, 1, gps->lat);
	pack_double(p, 2, gps->lon);
	pack_float(p, 3, gps->alt);
	pack_u8(p, 4, gps->fix);
	pack_float(p, 5, gps->speed);
	pack_float(p, 6, gps->heading);
	pack_float(p, 7, gps->precision);
	pack_u64(p, 8, gps->ts_sec);
	pack_u32(p, 9, gps->ts_usec);
	if (gps->type)
		pack_text(p, 10, gps->type, GPS_TEXT_MAX);
	if (gps->name)
		pack_text(p, 11, gps->name, GPS_TEXT_MAX);
	if (gps->uuid)
		pack_text(p, 12, gps->uuid, GPS_TEXT_MAX);
}

static void pack_signal(struct pack *p, const struct aeriecap_signal *s)
{
	pack_key(p, 2);
	pack_map(p, !!s->signal_dbm + !!s->noise_dbm + !!s->signal_rssi + !!s->noise_rssi + !!s->freq_khz +
			    !!s->datarate + !!s->channel);
	if (s->signal_dbm)
		pack_u32(p, 1, (uint32_t)s->signal_dbm);
	if (s->noise_dbm)
		pack_u32(p, 2, (uint32_t)s->noise_dbm);
	if (s->signal_rssi)
		pack_u32(p, 3, s->signal_rssi);
	if (s->noise_rssi)
		pack_u32(p, 4, s->noise_rssi);
	if (s->freq_khz)
		pack_u64(p, 5, s->freq_khz);
	if (s->datarate)
		pack_u64(p, 6, s->datarate);
	if (s->channel)
		pack_text(p, 7, s->channel, CHANNEL_MAX);
}

/* The location of a packet or report, or the program's own as of now, or none. */
static const struct aeriecap_gps *location(const struct aeriecap *cap, const struct aeriecap_gps *gps,
					   struct aeriecap_gps *fixed)
{
	struct timespec now;

	if (gps || !cap->have_fixed_gps)
		return gps;
	clock_gettime(CLOCK_REALTIME, &now);
	*fixed = cap->fixed_gps;
	fixed->ts_sec = (uint64_t)now.tv_sec;
	fixed->ts_usec = (uint32_t)(now.tv_nsec / 1000);
	return fixed;
}

/* Any packet; the content is cut to what the frame has left. Gives the content's length. */
static uint32_t pack_packet(struct pack *p, const struct aeriecap *cap, const struct aeriecap_packet *packet)
{
	struct aeriecap_gps fixed;
	const struct aeriecap_gps *gps = location(cap, packet->gps, &fixed);
	uint32_t content, left;

	pack_begin(p);
	pack_map(p, 1 + !!gps + !!packet->signal);
	if (gps)
		pack_gps(p, gps);
	if (packet->signal)
		pack_signal(p, packet->signal);
	pack_key(p, 4);
	pack_map(p, 5);
	pack_u32(p, 1, packet->dlt);
	pack_u64(p, 2, packet->ts_sec);
	pack_u32(p, 3, packet->ts_usec);
	pack_u32(p, 4, packet->origlen);
	pack_key(p, 6);
	left = (uint32_t)(sizeof p->buf - p->len) - 3;
	content = content_length(packet, left < AERIECAP_CONTENT_MAX ? left : AERIECAP_CONTENT_MAX);
	msgpack_pack_bin(&p->mp, content);
	if (content > 0)
		msgpack_pack_bin_body(&p->mp, packet->content, content);
	return content;
}

static void tell_cut(struct aeriecap *cap)
{
	bool first;
	int cancel;

	out_lock(cap, &cancel);
	first = !cap->out.cut_told;
	cap->out.cut_told = true;
	out_unlock(cap, cancel);
	if (first)
		aeriecap_send_message(cap, AERIECAP_INFO,
				      "packets of more than %u octets are cut to that length, the most that hosts take",
				      AERIECAP_CONTENT_MAX);
}

int aeriecap_send_packet(struct aeriecap *cap, const struct aeriecap_packet *packet)
{
	struct pack p;
	uint32_t content = pack_packet(&p, cap, packet);
	int r = pack_send(&p, cap, CMD_PACKET, 0, NULL, true);

	if (r > 0 && content < packet->caplen)
		tell_cut(cap);
	return r;
}

int aeriecap_send_json(struct aeriecap *cap, const char *type, uint64_t ts_sec, uint32_t ts_usec, const char *json)
{
	struct aeriecap_gps fixed;
	const struct aeriecap_gps *gps = location(cap, NULL, &fixed);
	struct pack p;

	pack_begin(&p);
	pack_map(&p, 1 + !!gps);
	if (gps)
		pack_gps(&p, gps);
	pack_key(&p, 5);
	pack_map(&p, 4);
	pack_text(&p, 1, type, AERIECAP_FRAME_MAX);
	pack_u64(&p, 2, ts_sec);
	pack_u32(&p, 3, ts_usec);
	pack_text(&p, 4, json, AERIECAP_FRAME_MAX);
	return pack_send(&p, cap, CMD_PACKET, 0, NULL, true);
}

/* --- Batches. */

struct aeriecap_batch *aeriecap_batch_new(struct aeriecap *cap, size_t room)
{
	struct aeriecap_batch *b = calloc(1, sizeof *b);

	if (!b)
		return NULL;
	b->cap = cap;
	b->room = room > 2 * AERIECAP_FRAME_MAX ? room : 2 * AERIECAP_FRAME_MAX;
	b->buf = malloc(b->room);
	if (!b->buf) {
		free(b);
		return NULL;
	}
	return b;
}

void aeriecap_batch_free(struct aeriecap_batch *b)
{
	if (!b)
		return;
	free(b->buf);
	free(b);
}

size_t aeriecap_batch_pending(const struct aeriecap_batch *b)
{
	return b->len - b->sent;
}

/* Numbers are given out beforehand, so that adding needs no lock. */
static void batch_begin(struct aeriecap_batch *b)
{
	int cancel;

	out_lock(b->cap, &cancel);
	b->lease = b->last = b->cap->out.seqno;
	out_unlock(b->cap, cancel);
	b->numbered = false;
}

static int batch_add_other(struct aeriecap_batch *b, const struct aeriecap_packet *packet)
{
	struct pack p;
	uint32_t content = pack_packet(&p, b->cap, packet);

	b->last = next_seqno(b->last);
	put_header(p.buf, (uint32_t)(p.len - PROTOCOL_HEADER), CMD_PACKET, 0, b->last);
	memcpy(b->buf + b->len, p.buf, p.len);
	b->len += p.len;
	if (content < packet->caplen)
		tell_cut(b->cap);
	return 1;
}

int aeriecap_batch_add(struct aeriecap_batch *b, const struct aeriecap_packet *packet)
{
	uint32_t content = content_length(packet, AERIECAP_CONTENT_MAX);
	bool other = packet->signal || packet->gps || b->cap->have_fixed_gps;

	if (b->numbered || b->room - b->len < (other ? AERIECAP_FRAME_MAX : sizeof plain_head + content))
		return 0;
	if (b->len == 0)
		batch_begin(b);
	if (other)
		return batch_add_other(b, packet);
	b->last = next_seqno(b->last);
	b->len += put_plain(b->buf + b->len, packet, content, b->last);
	if (content < packet->caplen)
		tell_cut(b->cap);
	return 1;
}

static size_t frame_at(const struct aeriecap_batch *b, size_t at)
{
	return PROTOCOL_HEADER + get_be32(b->buf + at + AT_LENGTH);
}

/* Makes the numbers final. They already are, unless the main thread has taken some meanwhile. */
static void batch_number(struct aeriecap_batch *b)
{
	struct out *o = &b->cap->out;
	size_t at;

	b->numbered = true;
	if (o->seqno == b->lease) {
		o->seqno = b->last;
		return;
	}
	for (at = 0; at < b->len; at += frame_at(b, at)) {
		o->seqno = next_seqno(o->seqno);
		put_be32(b->buf + at + AT_SEQNO, o->seqno);
	}
}

/* Writes what the link takes. A frame that was begun must be ended before any other: its rest goes to the ring. */
static void batch_write(struct aeriecap_batch *b)
{
	struct aeriecap *cap = b->cap;
	size_t done = b->sent, end = b->sent;

	while (done < b->len) {
		ssize_t n = link_write(cap, b->buf + done, b->len - done);

		if (n <= 0)
			break;
		done += (size_t)n;
	}
	if (done == b->len) {
		b->sent = b->len;
		return;
	}
	while (end < done)
		end += frame_at(b, end);
	if (end > done)
		ring_put(&cap->out.ring, b->buf + done, end - done);
	b->sent = end;
}

int aeriecap_batch_send(struct aeriecap_batch *b)
{
	struct out *o = &b->cap->out;
	int cancel;
	bool done;

	if (b->len == 0)
		return 1;
	out_lock(b->cap, &cancel);
	out_flush(b->cap);
	if (o->down || o->stopping) {
		out_unlock(b->cap, cancel);
		return -1;
	}
	if (!b->numbered)
		batch_number(b);
	if (o->ring.used == 0)
		batch_write(b);
	done = b->sent == b->len;
	if (done && out_pending(b->cap) && !o->watched)
		wake_main(b->cap); /* the caller has no reason to wait */
	out_unlock(b->cap, cancel);
	if (!done)
		return 0;
	b->len = b->sent = 0;
	b->numbered = false;
	return 1;
}

int aeriecap_batch_flush(struct aeriecap_batch *b)
{
	int r;

	while ((r = aeriecap_batch_send(b)) == 0)
		if (aeriecap_wait(b->cap) < 0)
			return -1;
	return r;
}
