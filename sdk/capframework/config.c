/* SPDX-License-Identifier: MIT */
/* CONFIGREQ: a channel that is to stay, or a list of channels to hop over. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <aerie/msgpack.h>

#include "report.h"
#include "request.h"

#define CHANNEL_REQUEST_MAX 1023u

struct config {
	bool have_channel, have_hop, have_list;
	char channel[CHANNEL_REQUEST_MAX + 1];
	double rate;
	bool shuffle;
	uint32_t spacing, offset;
	struct aerie_cur list; /* n channels */
	uint32_t n;
};

static uint32_t read_u16(struct aerie_cur *c)
{
	uint64_t v = aerie_mp_int(c);

	return v > UINT16_MAX ? UINT16_MAX : (uint32_t)v;
}

static void read_list(struct aerie_cur *c, struct config *f)
{
	uint32_t i;

	f->n = aerie_mp_array(c);
	f->list = *c;
	f->have_list = !c->bad;
	for (i = 0; i < f->n && !c->bad; i++)
		aerie_mp_skip(c);
}

static void read_hop(struct aerie_cur *c, struct config *f)
{
	uint32_t n = aerie_mp_map(c);

	f->have_hop = true;
	while (n-- > 0 && !c->bad)
		switch (aerie_mp_int(c)) {
		case 1:
			f->rate = aerie_mp_real(c);
			break;
		case 2:
			f->shuffle = aerie_mp_bool(c) != 0;
			break;
		case 3:
			f->spacing = read_u16(c);
			break;
		case 4:
			f->offset = read_u16(c);
			break;
		case 5:
			read_list(c, f);
			break;
		default:
			aerie_mp_skip(c);
			break;
		}
}

/* 0, or -1: not msgpack. A channel that cannot be taken as text is left empty. */
static int read_config(const struct request *rq, struct config *f)
{
	struct aerie_cur c = aerie_cur_make(rq->body, rq->len);
	uint32_t n = aerie_mp_map(&c);

	while (n-- > 0 && !c.bad) {
		const uint8_t *text;
		uint32_t len = 0;

		switch (aerie_mp_int(&c)) {
		case 1:
			text = aerie_mp_octets(&c, &len);
			f->have_channel = true;
			f->channel[0] = 0;
			if (text && len <= CHANNEL_REQUEST_MAX && !memchr(text, 0, len)) {
				memcpy(f->channel, text, len);
				f->channel[len] = 0;
			}
			break;
		case 2:
			read_hop(&c, f);
			break;
		default:
			aerie_mp_skip(&c);
			break;
		}
	}
	return c.bad ? -1 : 0;
}

static int refuse(struct aeriecap *cap, const struct request *rq, const char *why, char *msg, size_t room)
{
	return reported(report_config(cap, rq->seqno, false, NULL, NULL, why), msg, room);
}

static void set_current(struct aeriecap *cap, const char *channel)
{
	int cancel;

	out_lock(cap, &cancel);
	snprintf(cap->out.channel, sizeof cap->out.channel, "%.63s", channel);
	out_unlock(cap, cancel);
}

static int config_channel(struct aeriecap *cap, const struct request *rq, const char *channel, char *msg, size_t room)
{
	char text[AERIECAP_MSG_MAX] = "";
	void *own;
	int r;

	if (!channel[0] || strlen(channel) > CHANNEL_TEXT_MAX)
		return refuse(cap, rq, "cannot set a channel whose name is empty or too long", msg, room);
	own = cap->translate(cap, channel, text);
	if (!own) {
		if (!text[0])
			snprintf(text, sizeof text, "there is no channel '%.63s'", channel);
		return refuse(cap, rq, text, msg, room);
	}
	hop_stop(cap);
	r = cap->set_channel(cap, rq->seqno, own, text);
	cap->free_channel(own);
	if (r > 0) {
		set_current(cap, channel);
		return reported(report_config(cap, rq->seqno, true, channel, NULL, text), msg, room);
	}
	if (!text[0])
		snprintf(text, sizeof text, "cannot tune to channel %.63s", channel);
	if (r < 0) {
		aeriecap_send_error(cap, rq->seqno, "%s", text);
		loop_drain(cap, AERIECAP_EXIT_FAILED);
	}
	return refuse(cap, rq, text, msg, room);
}

/* --- Hopping. */

struct refused {
	uint32_t n;
	char first[CHANNEL_TEXT_MAX + 1];
};

/* Appends a channel, unless it is none. */
static void add_channel(struct aeriecap *cap, struct hop *hop, const uint8_t *text, uint32_t len,
			struct refused *refused)
{
	struct hop_channel *to = &hop->channels[hop->n];
	char ignored[AERIECAP_MSG_MAX] = "";
	bool fits = len > 0 && len <= CHANNEL_TEXT_MAX && !memchr(text, 0, len);

	memset(to, 0, sizeof *to);
	if (fits)
		memcpy(to->name, text, len);
	if (fits)
		to->channel = cap->translate(cap, to->name, ignored);
	if (to->channel) {
		hop->n++;
		return;
	}
	if (refused->n++ == 0)
		snprintf(refused->first, sizeof refused->first, "%s", fits ? to->name : "(empty or too long)");
}

/* 0; 1: the list holds something that is no text; -1: no memory. */
static int translate_list(struct aeriecap *cap, const struct config *f, struct hop *hop, struct refused *refused)
{
	struct aerie_cur c = f->list;
	uint32_t n = f->n < HOP_CHANNELS_MAX ? f->n : HOP_CHANNELS_MAX, i;

	hop->channels = calloc(n ? n : 1, sizeof *hop->channels);
	if (!hop->channels)
		return -1;
	for (i = 0; i < n; i++) {
		uint32_t len = 0;
		const uint8_t *text = aerie_mp_octets(&c, &len);

		if (!text)
			return 1;
		add_channel(cap, hop, text, len, refused);
	}
	return 0;
}

static int start_hopping(struct aeriecap *cap, const struct request *rq, const struct config *f, struct hop *hop,
			 const struct refused *refused, char *msg, size_t room)
{
	char text[AERIECAP_MSG_MAX] = "";
	int r;

	if (refused->n > 0)
		snprintf(text, sizeof text, "left out %u of %u channels that this source does not have, the first '%s'",
			 (unsigned)refused->n, (unsigned)f->n, refused->first);
	else if (f->n > HOP_CHANNELS_MAX)
		snprintf(text, sizeof text, "left out all but the first %u of %u channels", HOP_CHANNELS_MAX,
			 (unsigned)f->n);
	hop_stop(cap);
	hop_clear(cap, &cap->hop);
	cap->hop = *hop;
	hop_fit_step(&cap->hop);
	/* The report goes first: as soon as the thread runs, the list is its own. */
	r = report_config(cap, rq->seqno, true, NULL, &cap->hop, text);
	if (hop_start(cap) < 0) {
		aeriecap_send_error(cap, rq->seqno, "cannot start the thread that hops over channels");
		loop_drain(cap, AERIECAP_EXIT_FAILED);
	}
	return reported(r, msg, room);
}

static int config_hop(struct aeriecap *cap, const struct request *rq, const struct config *f, char *msg, size_t room)
{
	struct refused refused = { 0, "" };
	struct hop hop = { f->rate, f->shuffle, f->spacing, 1, f->offset, NULL, 0 };
	const char *why = NULL;
	int r = 0;

	if (!f->have_list || f->n == 0)
		why = "cannot hop without a list of channels";
	else if (!(f->rate > 0) || isinf(f->rate))
		why = "cannot hop at a rate that is not above 0";
	else if ((r = translate_list(cap, f, &hop, &refused)) < 0)
		why = "cannot hop: out of memory";
	else if (r > 0)
		why = "cannot hop: the list of channels holds something that is no text";
	else if (hop.n == 0)
		why = "cannot hop: this source has none of the channels";
	if (why) {
		hop_clear(cap, &hop);
		return refuse(cap, rq, why, msg, room);
	}
	if (cap->max_hop_rate > 0 && hop.rate > cap->max_hop_rate)
		hop.rate = cap->max_hop_rate;
	return start_hopping(cap, rq, f, &hop, &refused, msg, room);
}

int request_config(struct aeriecap *cap, const struct request *rq, char *msg, size_t room)
{
	struct config f;

	memset(&f, 0, sizeof f);
	f.rate = cap->hop.rate;
	f.shuffle = cap->hop.shuffle;
	f.spacing = cap->hop.spacing;
	f.offset = cap->hop.offset;
	if (read_config(rq, &f) < 0) {
		snprintf(msg, room, "command %u from the host is not the msgpack map it should be",
			 (unsigned)rq->command);
		return -1;
	}
	if (!cap->opened)
		return refuse(cap, rq, "cannot set a channel: no source is open", msg, room);
	if (!cap->translate || !cap->set_channel)
		return refuse(cap, rq, "cannot set a channel: this source has none", msg, room);
	if (f.have_channel)
		return config_channel(cap, rq, f.channel, msg, room);
	if (f.have_hop)
		return config_hop(cap, rq, &f, msg, room);
	return refuse(cap, rq, "cannot configure: the request names neither a channel nor a list", msg, room);
}
