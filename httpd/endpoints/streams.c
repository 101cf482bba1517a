/* SPDX-License-Identifier: MIT */
/* Streams: whatever keeps exporting, as its owners registered it. They come and go, so a list of them is written down at once. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fields.h"

static int write_stream(const struct endpoints *e, const struct aerie_stream_info *info, const struct aerie_visitor *vt, void *v)
{
	const struct {
		enum name name;
		uint64_t number;
		const char *text; /* NULL: a number */
	} rows[] = {
		{ NAME_STREAM_ID, info->id, NULL },
		{ NAME_STREAM_TIME, info->time_s, NULL },
		{ NAME_STREAM_NAME, 0, info->name },
		{ NAME_STREAM_TYPE, 0, info->type },
		{ NAME_STREAM_PATH, 0, info->path },
		{ NAME_STREAM_DESCRIPTION, 0, info->description },
		{ NAME_STREAM_PACKETS, info->packets, NULL },
		{ NAME_STREAM_SIZE, info->octets, NULL },
		{ NAME_STREAM_MAX_PACKETS, info->max_packets, NULL },
		{ NAME_STREAM_MAX_SIZE, info->max_size, NULL },
		{ NAME_STREAM_PAUSED, info->paused, NULL },
	};
	int err = vt->begin_map(v, sizeof rows / sizeof rows[0]);
	size_t i;

	for (i = 0; !err && i < sizeof rows / sizeof rows[0]; i++)
		err = rows[i].text ? put_str(vt, v, e->name[rows[i].name], rows[i].text)
				   : put_u64(vt, v, e->name[rows[i].name], rows[i].number);
	return err ? err : vt->end_map(v);
}

struct listing {
	const struct endpoints *e;
	struct aerie_recording *r;
	uint32_t n;
};

static int on_stream(void *user, const struct aerie_stream_info *info)
{
	struct listing *l = user;

	l->n++;
	return write_stream(l->e, info, l->e->select->recording_visitor, l->r);
}

static int all_streams(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	const struct endpoints *e = user;
	struct listing l = { .e = e, .r = e->select->recording_new(e->h, FIELDS_VALUE_MAX) };
	struct aerie_recording *list = e->select->recording_new(e->h, FIELDS_VALUE_MAX);
	int err = l.r && list ? e->streams->each(e->h, on_stream, &l) : -ENOMEM;

	if (!err)
		err = recording_list(e, l.r, l.n, list);
	e->select->recording_free(l.r);
	if (!err)
		return reply_recording_of(e, req, rep, list);
	e->select->recording_free(list);
	return err;
}

/* The number in the path: 0; 1: an error was replied; or a negative errno. */
static int stream_id(const struct endpoints *e, const struct aerie_request *req, struct aerie_reply *rep, uint64_t *ret_id)
{
	const char *text = e->http->param(req, "id");
	int err;

	errno = 0;
	*ret_id = strtoull(text, NULL, 10);
	if (!errno && !text[strspn(text, "0123456789")])
		return 0;
	err = e->http->reply_error(rep, 400, "the path names no stream: its id is a number");
	return err < 0 ? err : 1;
}

static int reply_unknown(const struct endpoints *e, struct aerie_reply *rep)
{
	return e->http->reply_error(rep, 404, "no stream has this id; /streams/all_streams.json lists them");
}

struct wanted {
	const struct endpoints *e;
	uint64_t id;
	struct aerie_recording *r;
	int err;
};

static int on_wanted(void *user, const struct aerie_stream_info *info)
{
	struct wanted *w = user;

	if (info->id != w->id)
		return 0;
	w->err = write_stream(w->e, info, w->e->select->recording_visitor, w->r);
	return 1;
}

static int stream_info(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	const struct endpoints *e = user;
	struct wanted w = { .e = e, .err = -ENOENT };
	int r = stream_id(e, req, rep, &w.id);

	if (r)
		return r < 0 ? r : 0;
	w.r = e->select->recording_new(e->h, FIELDS_VALUE_MAX);
	if (!w.r)
		return -ENOMEM;
	(void)e->streams->each(e->h, on_wanted, &w);
	if (!w.err)
		return reply_recording_of(e, req, rep, w.r);
	e->select->recording_free(w.r);
	return w.err == -ENOENT ? reply_unknown(e, rep) : w.err;
}

static int close_stream(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	const struct endpoints *e = user;
	uint64_t id;
	int r = stream_id(e, req, rep, &id);

	if (r)
		return r < 0 ? r : 0;
	switch (r = e->streams->stop(e->h, id)) {
	case 0:
		return e->http->reply_octets(rep, "text/plain; charset=utf-8", "OK", 2);
	case -ENOENT:
		return reply_unknown(e, rep);
	case -ENOTSUP:
		return e->http->reply_error(rep, 409, "this stream cannot be closed; it ends by itself");
	}
	return r;
}

#define STREAM_FIELDS                                                                                                        \
	"kismet.stream.stream_id kismet.stream.time kismet.stream.name kismet.stream.type kismet.stream.path "               \
	"kismet.stream.description kismet.stream.packets kismet.stream.size kismet.stream.max_packets kismet.stream.max_size " \
	"kismet.stream.paused"
#define ID_PARAM AERIE_PARAM(AERIE_IN_PATH, 0, "id", "integer", "Number of the stream (kismet.stream.stream_id).", "1")

static const struct aerie_param all_params[] = { FIELDS_PARAM("[\"kismet.stream.stream_id\"]"), { 0 } };
static const struct aerie_param info_params[] = { ID_PARAM, FIELDS_PARAM("[\"kismet.stream.packets\"]"), { 0 } };
static const struct aerie_param close_params[] = { ID_PARAM, { 0 } };

const struct endpoint stream_endpoints[] = {
	{ .path = "/streams/all_streams", .handle = all_streams, .methods = AERIE_HTTP_GET | AERIE_HTTP_POST, .params = all_params,
	  .result = AERIE_RESULT_LIST, .fields = STREAM_FIELDS,
	  .summary = "Every stream.",
	  .help = "A list of what keeps exporting: logs on disk, exports over HTTP and WebSocket." },
	{ .path = "/streams/by-id/:id/stream_info", .handle = stream_info, .methods = AERIE_HTTP_GET | AERIE_HTTP_POST,
	  .params = info_params, .result = AERIE_RESULT_OBJECT, .fields = STREAM_FIELDS,
	  .summary = "One stream.",
	  .help = "The stream with this number; 404 when there is none." },
	{ .path = "/streams/by-id/:id/close_stream", .formats = "cmd|jcmd", .handle = close_stream,
	  .methods = AERIE_HTTP_GET | AERIE_HTTP_POST, .role = "admin", .params = close_params, .result = AERIE_RESULT_OCTETS,
	  .summary = "Closes a stream.",
	  .help = "Ends the log or export, and answers OK without waiting for its end; 404 when there is none, 409 when it cannot be closed." },
	{ 0 },
};
