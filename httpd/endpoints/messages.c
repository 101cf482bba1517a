/* SPDX-License-Identifier: MIT */
/* The last messages, all of them or those since a time. They are written down at once, because each look may see newer ones. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fields.h"

struct messages {
	const struct endpoints *e;
	struct aerie_recording *r; /* NULL: only count */
	int64_t after_s;
	uint32_t n;
	int err;
};

static int write_message(const struct messages *ms, const struct aerie_message *m)
{
	const struct aerie_visitor *vt = ms->e->select->recording_visitor;
	const struct aerie_name *const *name = ms->e->name;
	int err = vt->begin_map(ms->r, 3);

	if (!err)
		err = put_str(vt, ms->r, name[NAME_MESSAGE_STRING], m->text);
	if (!err)
		err = vt->key(ms->r, name[NAME_MESSAGE_FLAGS]);
	if (!err)
		err = vt->i64(ms->r, m->level);
	if (!err)
		err = put_u64(vt, ms->r, name[NAME_MESSAGE_TIME], m->time_s);
	return err ? err : vt->end_map(ms->r);
}

static void on_message(void *user, const struct aerie_message *m)
{
	struct messages *ms = user;

	if (ms->err || (ms->after_s >= 0 && m->time_s <= (uint64_t)ms->after_s))
		return;
	ms->err = write_message(ms, m);
	ms->n++;
}

/* Writes the messages one after the other into a recording of their own: how many is known only then. */
static int collect(const struct endpoints *e, int64_t after_s, struct messages *ret_ms)
{
	struct messages ms = { .e = e, .r = e->select->recording_new(e->h, FIELDS_VALUE_MAX), .after_s = after_s };

	if (!ms.r)
		return -ENOMEM;
	e->bus->recent(e->h, 0, on_message, &ms);
	if (ms.err) {
		e->select->recording_free(ms.r);
		return ms.err;
	}
	*ret_ms = ms;
	return 0;
}

/* The messages as a list in r. */
static int write_list(const struct messages *ms, struct aerie_recording *r)
{
	const struct aerie_select *select = ms->e->select;
	const struct aerie_visitor *vt = select->recording_visitor;
	int err = vt->begin_list(r, ms->n);
	uint64_t at = 0;
	uint32_t i;

	for (i = 0; !err && i < ms->n; i++)
		err = select->recording_play(ms->e->h, ms->r, &at, NULL, vt, r);
	return err ? err : vt->end_list(r);
}

static int write_since(const struct messages *ms, struct aerie_recording *r)
{
	const struct endpoints *e = ms->e;
	const struct aerie_visitor *vt = e->select->recording_visitor;
	int err = vt->begin_map(r, 2);

	if (!err)
		err = vt->key(r, e->name[NAME_MESSAGES_LIST]);
	if (!err)
		err = write_list(ms, r);
	if (!err)
		err = put_u64(vt, r, e->name[NAME_MESSAGES_TIMESTAMP], e->loop->now_us(e->h) / 1000000);
	return err ? err : vt->end_map(r);
}

static int reply_messages(const struct endpoints *e, const struct aerie_request *req, struct aerie_reply *rep, int64_t after_s,
			  int (*write)(const struct messages *ms, struct aerie_recording *r))
{
	struct aerie_recording *r;
	struct messages ms;
	int err = collect(e, after_s, &ms);

	if (err)
		return err;
	r = e->select->recording_new(e->h, FIELDS_VALUE_MAX);
	err = r ? write(&ms, r) : -ENOMEM;
	e->select->recording_free(ms.r);
	if (!err)
		return reply_recording_of(e, req, rep, r);
	e->select->recording_free(r);
	return err;
}

static int all_messages(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	return reply_messages(user, req, rep, -1, write_list);
}

/* Seconds since 1970, with or without a fraction, which does not count; negative: before now. */
static int parse_since(const char *text, uint64_t now_s, int64_t *ret_s)
{
	const char *digits = text + (*text == '-'), *end = digits + strspn(digits, "0123456789");
	long long s;

	if (end == digits || (*end == '.' && !end[1]) || (*end == '.' && end[1 + strspn(end + 1, "0123456789")]) || (*end && *end != '.'))
		return -EINVAL;
	errno = 0;
	s = strtoll(text, NULL, 10);
	if (errno)
		return -ERANGE;
	if (*text != '-')
		*ret_s = s;
	else
		*ret_s = s > -(long long)now_s ? (int64_t)now_s + s : 0;
	return 0;
}

static int since(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	const struct endpoints *e = user;
	int64_t after_s;

	if (parse_since(e->http->param(req, "ts"), e->loop->now_us(e->h) / 1000000, &after_s))
		return e->http->reply_error(rep, 400,
					    "the time in the path is no number: seconds since 1970, or negative for so many seconds ago");
	return reply_messages(e, req, rep, after_s, write_since);
}

#define MESSAGE_FIELDS "kismet.messagebus.message_string kismet.messagebus.message_flags kismet.messagebus.message_time"

static const struct aerie_param params[] = { FIELDS_PARAM("[\"kismet.messagebus.message_string\"]"), { 0 } };
static const struct aerie_param since_params[] = {
	AERIE_PARAM(AERIE_IN_PATH, 0, "ts", "time",
		    "Seconds since 1970, as integer or with a fraction, which does not count; negative: so many seconds ago.", "-60"),
	FIELDS_PARAM("[\"kismet.messagebus.list\"]"),
	{ 0 },
};

const struct endpoint message_endpoints[] = {
	{ .path = "/messagebus/all_messages", .handle = all_messages, .methods = AERIE_HTTP_GET | AERIE_HTTP_POST, .params = params,
	  .result = AERIE_RESULT_LIST, .fields = MESSAGE_FIELDS,
	  .summary = "The last messages.",
	  .help = "A list of the last 50 messages, newest last." },
	{ .path = "/messagebus/last-time/:ts/messages", .handle = since, .methods = AERIE_HTTP_GET | AERIE_HTTP_POST, .params = since_params,
	  .result = AERIE_RESULT_OBJECT, .fields = "kismet.messagebus.list kismet.messagebus.timestamp " MESSAGE_FIELDS,
	  .summary = "Messages since a time.",
	  .help = "An object with the list of the messages that are newer than the time, of the last 50, newest last; and the server's time, "
		  "which the next request can ask from." },
	{ 0 },
};
