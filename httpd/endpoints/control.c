/* SPDX-License-Identifier: MIT */
/* Commands to datasources. They are carried out on the main thread; the thread that serves the request waits for the
 * end, with limits (waits.c). */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sources.h"
#include "waits.h"

#define CHANNELS_MAX 512u  /* of a list to hop over */
#define HOP_RATE_MAX 1000.0 /* hops per second */
#define NUMBER_ROOM 24u	    /* a channel given as a number */

int sources_reply_errno(const struct endpoints *e, struct aerie_reply *rep, int err, const char *what)
{
	char text[WAIT_TEXT];

	switch (err) {
	case -EAGAIN:
		return e->http->reply_error(rep, 503,
					    "too many commands to sources are under way; try again in a few seconds");
	case -ESHUTDOWN:
		return e->http->reply_error(rep, 503, "the server is ending");
	case -ENOMEM:
	case -ENOENT:
		return err;
	case -ETIMEDOUT:
		(void)snprintf(text, sizeof text,
			       "%s: not done within %u s; /datasource/all_sources.json shows how it stands", what,
			       WAIT_LIMIT_S);
		break;
	default:
		(void)snprintf(text, sizeof text, "%s: %s", what, strerror(-err));
	}
	return e->http->reply_error(rep, 500, text);
}

/* What is asked of the main thread. */
struct job {
	const char *what; /* what did not happen when it fails */
	int (*begin)(const struct endpoints *e, void *arg, struct wait *w);
	void *arg;
	const struct aerie_uuid *uuid; /* of the source that is the answer; NULL: the operation tells */
	int may_be_done; /* a source that is in that state already is no failure */
};

static int reply_end(const struct endpoints *e, const struct aerie_request *req, struct aerie_reply *rep,
		     const struct job *job, const struct wait *w)
{
	char text[WAIT_TEXT + 64];

	if (w->err == 0 || (w->err == -EALREADY && job->may_be_done))
		return sources_reply(e, req, rep, w->has_uuid ? &w->uuid : job->uuid);
	(void)snprintf(text, sizeof text, "%s: %s", job->what, w->text[0] ? w->text : strerror(-w->err));
	return e->http->reply_error(rep, 500, text);
}

/* Waits for an operation, and replies with the source or the reason why not. */
static int carry_out(const struct endpoints *e, const struct aerie_request *req, struct aerie_reply *rep,
		     const struct job *job)
{
	struct wait *w;
	int err, r = sources_check_fields(e, req, rep);

	if (r <= 0)
		return r;
	err = wait_begin(e->waits, &w);
	if (err)
		return sources_reply_errno(e, rep, err, job->what);
	err = job->begin(e, job->arg, w);
	if (err < 0) {
		r = sources_reply_errno(e, rep, err, job->what);
		wait_end(w, 0);
		return r;
	}
	err = wait_for_end(w);
	r = err ? sources_reply_errno(e, rep, err, job->what) : reply_end(e, req, rep, job, w);
	wait_end(w, 1);
	return r;
}

static int begin_add(const struct endpoints *e, void *arg, struct wait *w)
{
	return e->sources->add(e->h, arg, wait_done, w);
}

/* Of the form or the query. */
static const char *variable(const struct endpoints *e, const struct aerie_request *req, const char *name)
{
	const char *value = e->http->form(req, name);

	return value ? value : e->http->query(req, name);
}

int add_source(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	const struct endpoints *e = user;
	const struct aerie_value *command = NULL;
	const char *definition;
	int err = e->http->command(req, &command);

	if (err && err != -ENODATA)
		return err;
	definition = err ? variable(e, req, "definition")
			 : e->http->value_str(e->http->value_get(command, "definition"), NULL);
	if (!definition || !*definition)
		return e->http->reply_error(rep, 400,
					    "the command needs `definition`, a text such as \"wlan0:name=roof\"");
	return carry_out(e, req, rep, &(struct job){ .what = "the source was not added", .begin = begin_add,
						     .arg = (void *)definition });
}

struct act {
	const struct aerie_uuid *uuid;
	const struct aerie_source_control *control;
};

static int begin_control(const struct endpoints *e, void *arg, struct wait *w)
{
	const struct act *a = arg;

	return e->sources->control(e->h, a->uuid, a->control, wait_done, w);
}

static int act_on(const struct endpoints *e, const struct aerie_request *req, struct aerie_reply *rep,
		  const struct aerie_uuid *uuid, const struct aerie_source_control *control)
{
	static const char *const failures[] = {
		[AERIE_SOURCE_OPEN] = "the source was not opened",
		[AERIE_SOURCE_CLOSE] = "the source was not closed",
		[AERIE_SOURCE_PAUSE] = "the source was not paused",
		[AERIE_SOURCE_RESUME] = "the source was not resumed",
		[AERIE_SOURCE_SET_CHANNEL] = "the channel was not set",
		[AERIE_SOURCE_SET_HOP] = "hopping was not set",
	};
	struct act a = { uuid, control };
	const struct job job = {
		.what = failures[control->action], .begin = begin_control, .arg = &a, .uuid = uuid,
		.may_be_done = control->action == AERIE_SOURCE_CLOSE,
	};

	return carry_out(e, req, rep, &job);
}

static int act_simply(const struct endpoints *e, const struct aerie_request *req, struct aerie_reply *rep,
		      uint32_t action)
{
	struct aerie_source_control control = { .size = sizeof control, .action = action, .shuffle = -1 };
	struct aerie_uuid uuid;
	int r = sources_find(e, req, rep, &uuid);

	return r > 0 ? act_on(e, req, rep, &uuid, &control) : r;
}

int close_source(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	return act_simply(user, req, rep, AERIE_SOURCE_CLOSE);
}

int open_source(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	return act_simply(user, req, rep, AERIE_SOURCE_OPEN);
}

int pause_source(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	return act_simply(user, req, rep, AERIE_SOURCE_PAUSE);
}

int resume_source(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	return act_simply(user, req, rep, AERIE_SOURCE_RESUME);
}

int set_hop(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	return act_simply(user, req, rep, AERIE_SOURCE_SET_HOP);
}

/* ---- tuning ---- */

struct tuning {
	struct aerie_source_control control;
	const char **channels;
	char (*numbers)[NUMBER_ROOM]; /* texts of channels that came as numbers */
	const char *wrong;
};

/* A channel is a text; numbers are what people write for 1 to 14. */
static const char *channel_text(const struct aerie_http *http, const struct aerie_value *v, char number[NUMBER_ROOM])
{
	uint32_t len = 0;
	const char *text = http->value_str(v, &len);

	if (http->value_kind(v) == AERIE_VALUE_INT) {
		(void)snprintf(number, NUMBER_ROOM, "%lld", (long long)http->value_int(v, 0));
		return number;
	}
	return text && *text ? text : NULL;
}

static int read_channels(const struct aerie_http *http, const struct aerie_value *list, struct tuning *t)
{
	uint32_t n = http->value_count(list), i;

	if (http->value_kind(list) != AERIE_VALUE_LIST || !n || n > CHANNELS_MAX)
		return t->wrong = "`channels` must be a list of 1 to 512 channels", 0;
	t->channels = calloc(n, sizeof *t->channels);
	t->numbers = calloc(n, sizeof *t->numbers);
	if (!t->channels || !t->numbers)
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		t->channels[i] = channel_text(http, http->value_at(list, i), t->numbers[i]);
		if (!t->channels[i])
			return t->wrong = "each of `channels` must be a text such as \"6HT40+\"", 0;
	}
	t->control.channels = t->channels;
	t->control.n_channels = n;
	return 0;
}

static int read_hop(const struct aerie_http *http, const struct aerie_value *command, struct tuning *t)
{
	const struct aerie_value *channels = http->value_get(command, "channels"),
				 *rate = http->value_get(command, "hoprate"),
				 *shuffle = http->value_get(command, "shuffle");
	int64_t on = http->value_int(shuffle, -1);

	t->control.action = AERIE_SOURCE_SET_HOP;
	rate = rate ? rate : http->value_get(command, "rate");
	if (!channels && !rate && !shuffle)
		return t->wrong = "the command needs `channel`, or any of `channels`, `hoprate` and `shuffle`", 0;
	if (rate) {
		t->control.hop_rate = http->value_real(rate, 0);
		if (!(t->control.hop_rate > 0 && t->control.hop_rate <= HOP_RATE_MAX))
			return t->wrong = "`hoprate` must be a number of hops per second above 0 and up to 1000", 0;
	}
	if (shuffle) {
		if (on != 0 && on != 1)
			return t->wrong = "`shuffle` must be 0 or 1", 0;
		t->control.shuffle = (int32_t)on;
	}
	return channels ? read_channels(http, channels, t) : 0;
}

static int read_tuning(const struct aerie_http *http, const struct aerie_value *command, struct tuning *t)
{
	const struct aerie_value *channel = http->value_get(command, "channel");

	if (!channel)
		return read_hop(http, command, t);
	t->numbers = calloc(1, sizeof *t->numbers);
	if (!t->numbers)
		return -ENOMEM;
	t->control.action = AERIE_SOURCE_SET_CHANNEL;
	t->control.channel = channel_text(http, channel, t->numbers[0]);
	if (!t->control.channel)
		t->wrong = "`channel` must be a text such as \"6HT40+\"";
	return 0;
}

int set_channel(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	const struct endpoints *e = user;
	struct tuning t = { .control = { .size = sizeof t.control, .shuffle = -1 } };
	const struct aerie_value *command;
	struct aerie_uuid uuid;
	int r = sources_find(e, req, rep, &uuid);

	if (r <= 0)
		return r;
	r = e->http->command(req, &command);
	if (!r)
		r = read_tuning(e->http, command, &t);
	if (!r)
		r = t.wrong ? e->http->reply_error(rep, 400, t.wrong) : act_on(e, req, rep, &uuid, &t.control);
	free(t.channels);
	free(t.numbers);
	return r;
}
