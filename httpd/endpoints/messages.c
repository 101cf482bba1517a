/* SPDX-License-Identifier: MIT */
/* The last messages, all of them or those since a time. They are written down at once, because each look may see newer ones. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "fields.h"

struct messages {
	const struct endpoints *e;
	struct aerie_recording *r; /* NULL: only count */
	uint64_t after_us;
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

	if (ms->err || m->time_us <= ms->after_us)
		return;
	ms->err = write_message(ms, m);
	ms->n++;
}

/* Writes the messages one after the other into a recording of their own: how many is known only then. */
static int collect(const struct endpoints *e, uint64_t after_us, struct messages *ret_ms)
{
	struct messages ms = { .e = e, .r = e->select->recording_new(e->h, FIELDS_VALUE_MAX), .after_us = after_us };

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

static int reply_messages(const struct endpoints *e, const struct aerie_request *req, struct aerie_reply *rep, uint64_t after_us,
			  int (*write)(const struct messages *ms, struct aerie_recording *r))
{
	struct aerie_recording *r;
	struct messages ms;
	int err = collect(e, after_us, &ms);

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
	return reply_messages(user, req, rep, 0, write_list);
}

/* Microseconds of ".5", ".123456789": six digits count. */
static uint64_t fraction_us(const char *text)
{
	uint64_t us = 0;
	unsigned i;

	for (i = 0; i < 6; i++)
		us = us * 10 + (*text ? (uint64_t)(*text++ - '0') : 0);
	return us;
}

/* Seconds since 1970, with or without a fraction; negative: before now. What is newer has more than *ret_us microseconds: without a
 * fraction all of its second is as old. */
static int parse_since(const char *text, uint64_t now_us, uint64_t *ret_us)
{
	bool before = *text == '-';
	const char *digits = text + before, *end = digits + strspn(digits, "0123456789");
	unsigned long long s;
	uint64_t us;

	if (end == digits || (*end && (*end != '.' || !end[1] || end[1 + strspn(end + 1, "0123456789")])))
		return -EINVAL;
	errno = 0;
	s = strtoull(digits, NULL, 10);
	if (errno || s > (unsigned long long)INT64_MAX + before)
		return -ERANGE;
	us = s > (UINT64_MAX - 999999) / 1000000 ? UINT64_MAX : s * 1000000 + (*end ? fraction_us(end + 1) : before ? 0 : 999999);
	if (before)
		us = us < now_us ? now_us - us : 0;
	*ret_us = us;
	return 0;
}

static int since(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	const struct endpoints *e = user;
	uint64_t after_us;

	if (parse_since(e->http->param(req, "ts"), e->loop->now_us(e->h), &after_us))
		return e->http->reply_error(rep, 400,
					    "the time in the path is no number: seconds since 1970, or negative for so many seconds ago");
	return reply_messages(e, req, rep, after_us, write_since);
}

#define MESSAGE_FIELDS "kismet.messagebus.message_string kismet.messagebus.message_flags kismet.messagebus.message_time"

static const struct aerie_param params[] = { FIELDS_PARAM("[\"kismet.messagebus.message_string\"]"), { 0 } };
static const struct aerie_param since_params[] = {
	AERIE_PARAM(AERIE_IN_PATH, 0, "ts", "time",
		    "Seconds since 1970, as integer or with a fraction; negative: so many seconds ago.", "-60"),
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
		  "which the next request can ask from. Without a fraction, the messages of that second do not count as newer." },
	{ 0 },
};
