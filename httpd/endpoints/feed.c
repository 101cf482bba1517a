/* SPDX-License-Identifier: MIT */
/* Frames and reports that come with a POST, for a source without a capture program. Each is checked on its own: a
 * bad one is refused and counted, and those around it are taken. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <aerie/base64.h>

#include "sources.h"

#define ITEMS_MAX 8192u     /* frames, and reports, of one request */
#define FRAME_OCTETS 16000u /* of a frame, as from a capture program */
#define TYPE_OCTETS 64u     /* of a report's type */
#define CHANNEL_OCTETS 32u
#define FULL_TRIES 100u /* times 1 ms that a full queue is waited for, in one request */
#define REASON 192u
#define RECORD_OCTETS 65536u /* of the source's record, written down */

struct feeding {
	const struct endpoints *e;
	const struct aerie_request *req;
	struct aerie_uuid uuid;
	uint32_t dlt;	 /* of frames that name none; 0: they must */
	uint8_t *octets; /* room for FRAME_OCTETS */
	uint64_t taken, refused;
	uint32_t tries;
	int stopped; /* why nothing more is taken: a negative errno */
	char reason[REASON];
};

static void refuse(struct feeding *f, const char *kind, uint32_t i, const char *why)
{
	f->refused++;
	if (!f->reason[0])
		(void)snprintf(f->reason, sizeof f->reason, "%s %u: %s", kind, i, why);
}

/* ---- reading ---- */

/* Numbers that are missing are the default; 0 when one is there and wrong. */
static int get_int(const struct feeding *f, const struct aerie_value *map, const char *key, int64_t min, int64_t max,
		   int64_t dflt, int64_t *ret)
{
	const struct aerie_value *v = f->e->http->value_get(map, key);
	int64_t n = v ? f->e->http->value_int(v, INT64_MIN) : dflt;

	if (v && (n < min || n > max || f->e->http->value_kind(v) == AERIE_VALUE_BOOL))
		return 0;
	*ret = n;
	return 1;
}

static int get_time(const struct feeding *f, const struct aerie_value *map, uint64_t *ret_us)
{
	const struct aerie_value *v = f->e->http->value_get(map, "ts");
	double s = v ? f->e->http->value_real(v, -1) : 0;

	if (!(s >= 0 && s < 4294967296.0))
		return 0;
	*ret_us = (uint64_t)(s * 1e6 + 0.5);
	return 1;
}

/* NULL, or what is wrong. */
static const char *read_data(const struct feeding *f, const struct aerie_value *map, struct aerie_feed *in)
{
	uint32_t len = 0;
	const char *text = f->e->http->value_str(f->e->http->value_get(map, "data"), &len);
	int64_t n;

	if (!text)
		return "`data` is missing or no text";
	if (AERIE_BASE64_ROOM(len) > AERIE_BASE64_ROOM(FRAME_OCTETS / 3 * 4 + 4))
		return "`data` is longer than 16000 octets";
	n = aerie_base64_decode(text, len, f->octets);
	if (n < 0)
		return "`data` is not base64";
	if (!n || n > FRAME_OCTETS)
		return n ? "`data` is longer than 16000 octets" : "`data` is empty";
	in->data = f->octets;
	in->len = (uint32_t)n;
	return NULL;
}

static const char *read_frame(const struct feeding *f, const struct aerie_value *map, struct aerie_feed *in)
{
	const struct aerie_http *http = f->e->http;
	const struct aerie_value *channel = http->value_get(map, "channel");
	int64_t dlt, signal, freq, origlen;
	const char *wrong;
	uint32_t len = 0;

	if (http->value_kind(map) != AERIE_VALUE_MAP)
		return "it is no map";
	if (!get_int(f, map, "dlt", 0, INT32_MAX, f->dlt ? (int64_t)f->dlt : -1, &dlt) || dlt < 0)
		return "`dlt` is missing or no link type";
	if (!get_int(f, map, "signal", -256, 256, 0, &signal))
		return "`signal` is no number of dBm";
	if (!get_int(f, map, "freq", 0, UINT32_MAX, 0, &freq))
		return "`freq` is no number of kHz";
	if (!get_time(f, map, &in->ts_us))
		return "`ts` is no number of seconds since 1970";
	wrong = read_data(f, map, in);
	if (wrong)
		return wrong;
	if (!get_int(f, map, "origlen", in->len, INT32_MAX, in->len, &origlen))
		return "`origlen` is no length, or less than that of `data`";
	in->channel = http->value_str(channel, &len);
	if (channel && (!in->channel || !len || len > CHANNEL_OCTETS))
		return "`channel` is no text of 1 to 32 octets";
	in->dlt = (uint32_t)dlt;
	in->signal_dbm = (int32_t)signal;
	in->freq_khz = (uint32_t)freq;
	in->origlen = (uint32_t)origlen;
	return NULL;
}

static const char *read_report(const struct feeding *f, const struct aerie_value *map, struct aerie_feed *in)
{
	const struct aerie_http *http = f->e->http;
	const struct aerie_value *json = http->value_get(map, "json");
	uint32_t len = 0;

	if (http->value_kind(map) != AERIE_VALUE_MAP)
		return "it is no map";
	in->json_type = http->value_str(http->value_get(map, "type"), &len);
	if (!in->json_type || !len || len > TYPE_OCTETS)
		return "`type` is missing or no text of 1 to 64 octets";
	if (!get_time(f, map, &in->ts_us))
		return "`ts` is no number of seconds since 1970";
	if (!json)
		return "`json` is missing";
	in->json = http->value_json(f->req, json, &in->json_len);
	if (!in->json)
		return "memory is out";
	return in->json_len > FRAME_OCTETS ? "`json` is longer than 16000 octets" : NULL;
}

/* ---- handing over ---- */

static int hand_over(struct feeding *f, const struct aerie_feed *in)
{
	static const struct timespec pause = { .tv_nsec = 1000000 };
	int err;

	while ((err = f->e->sources->feed(f->e->h, &f->uuid, in)) == -EAGAIN && f->tries < FULL_TRIES) {
		f->tries++;
		(void)nanosleep(&pause, NULL);
	}
	return err;
}

static void feed_item(struct feeding *f, const char *kind, uint32_t i, const struct aerie_value *map,
		      const char *(*read)(const struct feeding *f, const struct aerie_value *map,
					  struct aerie_feed *in))
{
	struct aerie_feed in = { .size = sizeof in };
	const char *wrong = f->stopped ? "not tried, because of the one before" : read(f, map, &in);
	int err;

	if (wrong) {
		refuse(f, kind, i, wrong);
		return;
	}
	err = hand_over(f, &in);
	if (!err) {
		f->taken++;
		return;
	}
	refuse(f, kind, i,
	       err == -EAGAIN	? "the source's queue is full"
	       : err == -ENOENT ? "the source is closed, or not passive"
				: strerror(-err));
	if (err == -EAGAIN || err == -ENOENT)
		f->stopped = err;
}

static void feed_all(struct feeding *f, const struct aerie_value *frames, const struct aerie_value *reports)
{
	const struct aerie_http *http = f->e->http;
	uint32_t i;

	for (i = 0; i < http->value_count(frames); i++)
		feed_item(f, "frame", i, http->value_at(frames, i), read_frame);
	for (i = 0; i < http->value_count(reports); i++)
		feed_item(f, "report", i, http->value_at(reports, i), read_report);
}

/* ---- the answer ---- */

static int emit_counts(void *user, const struct aerie_visitor *vt, void *v)
{
	const struct feeding *f = user;
	const struct aerie_name *const *name = f->e->name;
	int err = vt->begin_map(v, 3);

	if (!err)
		err = put_u64(vt, v, name[NAME_FEED_TAKEN], f->taken);
	if (!err)
		err = put_u64(vt, v, name[NAME_FEED_REFUSED], f->refused);
	if (!err)
		err = put_str(vt, v, name[NAME_FEED_REASON], f->reason);
	return err ? err : vt->end_map(v);
}

static int reply_counts(struct feeding *f, struct aerie_reply *rep)
{
	struct feeding *copy;

	if (f->stopped == -ENOENT && !f->taken)
		return f->e->http->reply_error(rep, 409,
					       "the source takes nothing: it is closed, or not of a passive type");
	if (f->stopped == -EAGAIN && !f->taken)
		return f->e->http->reply_error(rep, 503, "the source's queue is full; send the same again later");
	copy = malloc(sizeof *copy);
	if (!copy)
		return -ENOMEM;
	*copy = *f;
	return f->e->http->reply_value(rep, emit_counts, copy, free);
}

static int record_source(void *user, const struct aerie_rec *rec)
{
	struct feeding *f = user;
	const struct aerie_select *s = f->e->select;
	struct aerie_recording *r = s->recording_new(f->e->h, RECORD_OCTETS);
	int err = r ? f->e->fields->visit(f->e->h, rec, s->recording_visitor, r) : -ENOMEM;

	if (!err)
		f->dlt = (uint32_t)s->recording_u64(r, 0, "kismet.datasource.dlt", 0);
	s->recording_free(r);
	return err;
}

static int is_list(const struct aerie_http *http, const struct aerie_value *v)
{
	return !v || (http->value_kind(v) == AERIE_VALUE_LIST && http->value_count(v) <= ITEMS_MAX);
}

int feed_source(const struct endpoints *e, const struct aerie_uuid *uuid, const struct aerie_request *req,
		struct aerie_reply *rep)
{
	struct feeding f = { .e = e, .req = req, .uuid = *uuid };
	const struct aerie_value *command, *frames, *reports;
	int err = e->http->command(req, &command);

	if (err)
		return err;
	frames = e->http->value_get(command, "frames");
	reports = e->http->value_get(command, "reports");
	if ((!frames && !reports) || !is_list(e->http, frames) || !is_list(e->http, reports))
		return e->http->reply_error(rep, 400,
					    "the command needs `frames` or `reports`, or both: lists of at most 8192");
	f.octets = malloc(AERIE_BASE64_ROOM(FRAME_OCTETS / 3 * 4 + 4));
	if (!f.octets)
		return -ENOMEM;
	err = e->sources->with_source(e->h, uuid, record_source, &f);
	if (err < 0) {
		free(f.octets);
		return err;
	}
	feed_all(&f, frames, reports);
	free(f.octets);
	return reply_counts(&f, rep);
}
