/* SPDX-License-Identifier: MIT */
/* The last messages, all of them or those since a time. They are written down at once, because each look may see newer ones. */
#include <errno.h>

#include "fields.h"

struct messages {
	const struct endpoints *e;
	struct aerie_recording *r; /* NULL: only count */
	uint64_t since_us;
	uint64_t now_us; /* before they were collected: who asks from there on misses none */
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

	if (ms->err || m->time_us < ms->since_us)
		return;
	ms->err = write_message(ms, m);
	ms->n++;
}

/* Writes the messages one after the other into a recording of their own: how many is known only then. */
static int collect(const struct endpoints *e, uint64_t since_us, uint64_t now_us, struct messages *ret_ms)
{
	struct messages ms = { .e = e, .r = e->select->recording_new(e->h, FIELDS_VALUE_MAX), .since_us = since_us, .now_us = now_us };

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

static int write_list(const struct messages *ms, struct aerie_recording *r)
{
	return recording_list(ms->e, ms->r, ms->n, r);
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
		err = put_u64(vt, r, e->name[NAME_MESSAGES_TIMESTAMP], ms->now_us / 1000000);
	return err ? err : vt->end_map(r);
}

static int reply_messages(const struct endpoints *e, const struct aerie_request *req, struct aerie_reply *rep, uint64_t since_us,
			  uint64_t now_us, int (*write)(const struct messages *ms, struct aerie_recording *r))
{
	struct aerie_recording *r;
	struct messages ms;
	int err = collect(e, since_us, now_us, &ms);

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
	return reply_messages(user, req, rep, 0, 0, write_list);
}

static int since(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	const struct endpoints *e = user;
	uint64_t now_us = e->loop->now_us(e->h), since_us;

	if (since_parse(e->http->param(req, "ts"), now_us, &since_us))
		return e->http->reply_error(rep, 400, "the time in the path is " SINCE_WRONG);
	return reply_messages(e, req, rep, since_us, now_us, write_since);
}

#define MESSAGE_FIELDS "kismet.messagebus.message_string kismet.messagebus.message_flags kismet.messagebus.message_time"

static const struct aerie_param params[] = { FIELDS_PARAM("[\"kismet.messagebus.message_string\"]"), { 0 } };
static const struct aerie_param since_params[] = {
	AERIE_PARAM(AERIE_IN_PATH, 0, "ts", "time",
		    "Seconds since 1970, with or without a fraction; negative: so many seconds ago.", "-60"),
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
	  .help = "An object with the list of the messages of that time and later, of the last 50, newest last; and the server's time in whole "
		  "seconds. Who asks from there on misses no message, and gets those of that second again." },
	{ 0 },
};
