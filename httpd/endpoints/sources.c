/* SPDX-License-Identifier: MIT */
/* Datasources: what there is, and what can be done to it. Commands are carried out on the main thread; the thread
 * that serves the request waits for the end, with limits (waits.c). */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lists.h"
#include "waits.h"

#define CHANNELS_MAX 1024u  /* of a list to hop over */
#define HOP_RATE_MAX 1000.0 /* hops per second */
#define NUMBER_ROOM 24u	    /* a channel given as a number */

/* ---- lists ---- */

static int on_record(void *user, const struct aerie_rec *rec)
{
	struct nth *n = user;

	return nth_hit(n) ? nth_done(n, n->e->fields->visit(n->e->h, rec, n->vt, n->v)) : 0;
}

static int each_source(struct nth *n)
{
	return n->e->sources->each_source(n->e->h, on_record, n);
}

static int each_driver(struct nth *n)
{
	return n->e->sources->each_driver(n->e->h, on_record, n);
}

static int all_sources(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	return reply_nth(user, rep, each_source, 0);
}

static int types(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	return reply_nth(user, rep, each_driver, 0);
}

/* ---- single records ---- */

struct emission {
	const struct endpoints *e;
	struct aerie_uuid uuid;
	const struct aerie_visitor *vt;
	void *v;
};

static int visit_record(void *user, const struct aerie_rec *rec)
{
	struct emission *em = user;

	return em->e->fields->visit(em->e->h, rec, em->vt, em->v);
}

static int emit_source(void *user, const struct aerie_visitor *vt, void *v)
{
	struct emission *em = user;

	em->vt = vt;
	em->v = v;
	return em->e->sources->with_source(em->e->h, &em->uuid, visit_record, em);
}

static int emit_defaults(void *user, const struct aerie_visitor *vt, void *v)
{
	struct emission *em = user;

	em->vt = vt;
	em->v = v;
	return em->e->sources->with_defaults(em->e->h, visit_record, em);
}

static int reply_record(const struct endpoints *e, struct aerie_reply *rep, aerie_emit_fn *emit,
			const struct aerie_uuid *uuid)
{
	struct emission *em = calloc(1, sizeof *em);

	if (!em)
		return -ENOMEM;
	em->e = e;
	if (uuid)
		em->uuid = *uuid;
	return e->http->reply_value(rep, emit, em, free);
}

static int defaults(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	return reply_record(user, rep, emit_defaults, NULL);
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* 8-4-4-4-12 hexadecimal digits (RFC 9562 4). */
static int parse_uuid(const char *text, struct aerie_uuid *ret)
{
	struct aerie_uuid u = { { 0 } };
	size_t i, n = 0;
	int digit;

	if (strlen(text) != 36)
		return -EINVAL;
	for (i = 0; i < 36; i++) {
		if (i == 8 || i == 13 || i == 18 || i == 23) {
			if (text[i] != '-')
				return -EINVAL;
			continue;
		}
		digit = hex_digit(text[i]);
		if (digit < 0)
			return -EINVAL;
		u.b[n / 2] = (uint8_t)(u.b[n / 2] << 4 | digit);
		n++;
	}
	*ret = u;
	return 0;
}

static int is_there(void *user, const struct aerie_rec *rec)
{
	return 0;
}

/* The source that the path names: 1; 0: an error was replied; or a negative errno. */
static int find_source(const struct endpoints *e, const struct aerie_request *req, struct aerie_reply *rep,
		       struct aerie_uuid *ret_uuid)
{
	const char *text = e->http->param(req, "uuid");
	int err;

	if (!text || parse_uuid(text, ret_uuid))
		return e->http->reply_error(rep, 400,
					    "the path names no source: a UUID is 8-4-4-4-12 hexadecimal digits");
	err = e->sources->with_source(e->h, ret_uuid, is_there, NULL);
	if (err == -ENOENT)
		return e->http->reply_error(rep, 404,
					    "no source has this UUID; /datasource/all_sources.json lists them");
	return err < 0 ? err : 1;
}

static int source(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	struct aerie_uuid uuid;
	int r = find_source(user, req, rep, &uuid);

	return r > 0 ? reply_record(user, rep, emit_source, &uuid) : r;
}

/* ---- commands ---- */

static int reply_errno(const struct endpoints *e, struct aerie_reply *rep, int err, const char *what)
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

/* Waits for an operation that begin() starts, and replies with the source or the reason why not. */
static int carry_out(const struct endpoints *e, struct aerie_reply *rep, const char *what,
		     int (*begin)(const struct endpoints *e, void *arg, struct wait *w), void *arg,
		     const struct aerie_uuid *uuid)
{
	struct wait *w;
	char text[WAIT_TEXT + 64];
	int err = wait_begin(e->waits, &w), r;

	if (err)
		return reply_errno(e, rep, err, what);
	err = begin(e, arg, w);
	if (err < 0) {
		r = reply_errno(e, rep, err, what);
		wait_end(w, 0);
		return r;
	}
	err = wait_for_end(w);
	if (err) {
		r = reply_errno(e, rep, err, what);
	} else if (w->err < 0) {
		(void)snprintf(text, sizeof text, "%s: %s", what, w->text[0] ? w->text : strerror(-w->err));
		r = e->http->reply_error(rep, 500, text);
	} else {
		r = reply_record(e, rep, emit_source, w->has_uuid ? &w->uuid : uuid);
	}
	wait_end(w, 1);
	return r;
}

static int begin_add(const struct endpoints *e, void *arg, struct wait *w)
{
	return e->sources->add(e->h, arg, wait_done, w);
}

static int add_source(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	const struct endpoints *e = user;
	const struct aerie_value *command = NULL;
	const char *definition;
	int err = e->http->command(req, &command);

	if (err && err != -ENODATA)
		return err;
	definition = err ? e->http->form(req, "definition")
			 : e->http->value_str(e->http->value_get(command, "definition"), NULL);
	if (!definition || !*definition)
		return e->http->reply_error(rep, 400,
					    "the command needs `definition`, a text such as \"wlan0:name=roof\"");
	return carry_out(e, rep, "the source was not added", begin_add, (void *)definition, NULL);
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

static int act_on(const struct endpoints *e, struct aerie_reply *rep, const struct aerie_uuid *uuid,
		  const struct aerie_source_control *control)
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

	return carry_out(e, rep, failures[control->action], begin_control, &a, uuid);
}

static int act_simply(const struct endpoints *e, const struct aerie_request *req, struct aerie_reply *rep,
		      uint32_t action)
{
	struct aerie_source_control control = { .size = sizeof control, .action = action, .shuffle = -1 };
	struct aerie_uuid uuid;
	int r = find_source(e, req, rep, &uuid);

	return r > 0 ? act_on(e, rep, &uuid, &control) : r;
}

static int close_source(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	return act_simply(user, req, rep, AERIE_SOURCE_CLOSE);
}

static int open_source(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	return act_simply(user, req, rep, AERIE_SOURCE_OPEN);
}

static int pause_source(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	return act_simply(user, req, rep, AERIE_SOURCE_PAUSE);
}

static int resume_source(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	return act_simply(user, req, rep, AERIE_SOURCE_RESUME);
}

static int set_hop(void *user, const struct aerie_request *req, struct aerie_reply *rep)
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
		return t->wrong = "`channels` must be a list of 1 to 1024 channels", 0;
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

static int set_channel(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	const struct endpoints *e = user;
	struct tuning t = { .control = { .size = sizeof t.control, .shuffle = -1 } };
	const struct aerie_value *command;
	struct aerie_uuid uuid;
	int r = find_source(e, req, rep, &uuid);

	if (r <= 0)
		return r;
	r = e->http->command(req, &command);
	if (!r)
		r = read_tuning(e->http, command, &t);
	if (!r)
		r = t.wrong ? e->http->reply_error(rep, 400, t.wrong) : act_on(e, rep, &uuid, &t.control);
	free(t.channels);
	free(t.numbers);
	return r;
}

static int feed(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	struct aerie_uuid uuid;
	int r = find_source(user, req, rep, &uuid);

	return r > 0 ? feed_source(user, &uuid, req, rep) : r;
}

/* ---- interfaces ---- */

struct interfaces {
	const struct endpoints *e;
	struct aerie_recording *list;
	uint64_t at;
	uint32_t n;
};

static void interfaces_free(void *user)
{
	struct interfaces *in = user;

	in->e->select->recording_free(in->list);
	free(in);
}

static int next_interface(void *user, const struct aerie_visitor *vt, void *v)
{
	struct interfaces *in = user;
	int err = in->e->select->recording_play(in->e->h, in->list, &in->at, NULL, vt, v);

	return err == -ENODATA ? 0 : err ? err : 1;
}

static int64_t count_interfaces(void *user)
{
	return ((struct interfaces *)user)->n;
}

struct asking {
	const struct endpoints *e;
	struct wait *w;
	int err;
};

/* [main] */
static void on_interface(void *user, const struct aerie_rec *rec)
{
	struct asking *a = user;
	int err;

	if (!rec) {
		wait_done(a->w, a->err, "the answers are too long, or memory is out", NULL);
		free(a);
		return;
	}
	err = a->e->fields->visit(a->e->h, rec, a->e->select->recording_visitor, a->w->list);
	if (err)
		a->err = a->err ? a->err : err;
	else
		a->w->n++;
}

static int ask_drivers(const struct endpoints *e, struct wait *w)
{
	struct asking *a = calloc(1, sizeof *a);
	int err;

	w->list = a ? e->select->recording_new(e->h, INTERFACES_MAX) : NULL;
	if (!w->list) {
		free(a);
		return -ENOMEM;
	}
	a->e = e;
	a->w = w;
	err = e->sources->list_interfaces(e->h, on_interface, a);
	if (err < 0)
		free(a);
	return err;
}

static int reply_interfaces(const struct endpoints *e, struct aerie_reply *rep, struct wait *w)
{
	struct interfaces *in = calloc(1, sizeof *in);

	if (!in)
		return -ENOMEM;
	in->e = e;
	in->list = w->list;
	in->n = w->n;
	w->list = NULL;
	return e->http->reply_list(rep, next_interface, count_interfaces, in, interfaces_free);
}

static int list_interfaces(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	static const char what[] = "the interfaces were not listed";
	const struct endpoints *e = user;
	struct wait *w;
	int err = wait_begin(e->waits, &w), r;

	if (err)
		return reply_errno(e, rep, err, what);
	err = ask_drivers(e, w);
	if (err < 0) {
		r = reply_errno(e, rep, err, what);
		wait_end(w, 0);
		return r;
	}
	err = wait_for_end(w);
	if (!err)
		err = w->err;
	r = err ? reply_errno(e, rep, err, what) : reply_interfaces(e, rep, w);
	wait_end(w, 1);
	return r;
}

/* ---- routes ---- */

#define GET AERIE_HTTP_GET
#define POST AERIE_HTTP_POST
#define SOURCE "/datasource/by-uuid/:uuid/"
#define COMMANDS "cmd|jcmd"
#define ANSWER \
	" The answer is the source's record; 500 with the reason when it cannot be done, 404 for an unknown source."

static const struct {
	uint32_t methods;
	const char *path, *formats, *role, *summary, *help;
	aerie_handler_fn *handle;
} routes[] = {
	{ GET, "/datasource/all_sources", NULL, NULL, "Every datasource.",
	  "A list of datasource records (kismet.datasource.*).", all_sources },
	{ GET, "/datasource/types", NULL, NULL, "Every type of datasource.",
	  "A list of driver records (kismet.datasource.driver.*).", types },
	{ GET, "/datasource/defaults", NULL, NULL, "What new datasources begin with.",
	  "One record (kismet.datasourcetracker.default.*): hopping, retries, and where remote captures are accepted.",
	  defaults },
	{ GET, "/datasource/list_interfaces", NULL, "admin", "Interfaces that could be opened.",
	  "A list of kismet.datasource.probed.* with the driver of each. Every driver is asked; answers within 10 s.",
	  list_interfaces },
	{ GET, SOURCE "source", NULL, NULL, "One datasource.",
	  "The record of the source with this UUID; 404 when there is none.", source },
	{ POST, "/datasource/add_source", COMMANDS, "admin", "Adds a datasource.",
	  "Command: `definition`, the text that -c and source= take; also as a plain form variable. Waits until the "
	  "source runs or cannot be opened." ANSWER,
	  add_source },
	{ POST, SOURCE "set_channel", COMMANDS, "admin", "Tunes a datasource.",
	  "Command: `channel` (text) to stay on one; or any of `channels` (list of texts), `hoprate` or `rate` (hops "
	  "per second) and `shuffle` (0 or 1) to hop, the rest as it was." ANSWER,
	  set_channel },
	{ GET | POST, SOURCE "set_hop", COMMANDS, "admin", "Lets a datasource hop.",
	  "Hops again, with the channels and the rate it had." ANSWER, set_hop },
	{ GET | POST, SOURCE "close_source", COMMANDS, "admin", "Closes a datasource.",
	  "Ends its capture; it stays in the list and is not opened again by itself." ANSWER, close_source },
	{ GET | POST, SOURCE "disable_source", COMMANDS, "admin", "Closes a datasource.",
	  "The same as close_source." ANSWER, close_source },
	{ GET | POST, SOURCE "open_source", COMMANDS, "admin", "Opens a datasource again.",
	  "Opens a closed or failed source by the definition it has." ANSWER, open_source },
	{ GET | POST, SOURCE "enable_source", COMMANDS, "admin", "Opens a datasource again.",
	  "The same as open_source." ANSWER, open_source },
	{ GET | POST, SOURCE "pause_source", COMMANDS, "admin", "Pauses a datasource.",
	  "Its packets are discarded until it is resumed." ANSWER, pause_source },
	{ GET | POST, SOURCE "resume_source", COMMANDS, "admin", "Resumes a paused datasource.",
	  "Its packets are taken again." ANSWER, resume_source },
	{ POST, SOURCE "feed", COMMANDS, "datasource", "Feeds a passive datasource.", feed_help, feed },
};

int sources_register(struct endpoints *e)
{
	size_t i;
	int err = 0;

	for (i = 0; !err && i < sizeof routes / sizeof routes[0]; i++) {
		struct aerie_route route = {
			.size = sizeof route,
			.methods = routes[i].methods,
			.path = routes[i].path,
			.formats = routes[i].formats,
			.role = routes[i].role,
			.summary = routes[i].summary,
			.help = routes[i].help,
			.handle = routes[i].handle,
			.user = e,
		};

		err = e->http->register_route(e->h, &route);
	}
	return err;
}
