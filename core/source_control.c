/* SPDX-License-Identifier: MIT */
/* What other threads ask for: sources added, opened, closed, paused, tuned. A request is copied and handed to the main thread;
 * its done function is called there, exactly once, also when the host stops. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <core/config.h>
#include <core/loop.h>
#include <core/module.h>
#include <core/source.h>

enum what { ADD, CONTROL, LIST };

struct source_op {
	struct source_op *next;
	enum what what;
	enum op_kind kind;
	struct sources *all;
	struct source *source; /* NULL for ADD, until it is there */
	struct aerie_source_control c;
	char *text;   /* the definition, or the channel */
	char **texts; /* the channels */
	aerie_source_done_fn *done;
	void (*found)(void *user, const struct aerie_rec *rec);
	void *user;
	uint32_t seqno;       /* of the request that it waits for; 0: none */
	uint64_t deadline_ms; /* loop time */
};

static void op_free(struct source_op *op)
{
	uint32_t i;

	for (i = 0; op->texts && i < op->c.n_channels; i++)
		free(op->texts[i]);
	free(op->texts);
	free(op->text);
	free(op);
}

/* By which this very source is found, also when others have its UUID. */
static const struct aerie_uuid *uuid_of(struct source *src)
{
	return sources_find(src->all, &src->uuid) == src ? &src->uuid : &src->first_uuid;
}

/* The end of an operation that is in no list any more. */
static void op_done(struct source_op *op, int err, const char *text)
{
	if (op->what == LIST)
		op->found(op->user, NULL);
	else if (op->done)
		op->done(op->user, err, text, op->source ? uuid_of(op->source) : NULL);
	op_free(op);
}

/* ---- Waiting ---- */

static void show_pending(struct source *src)
{
	source_set_pending(src, src->ops != NULL);
}

static void wait_for(struct source_op *op, enum op_kind kind, uint32_t seqno)
{
	struct source *src = op->source;
	struct source_op **link = &src->ops;

	op->kind = kind;
	op->seqno = seqno;
	op->deadline_ms = uv_now(loop_uv(src->all->core->loop)) +
			  config_duration_us(src->all->core->config, "source_answer_timeout", 10000000) / 1000;
	while (*link)
		link = &(*link)->next;
	op->next = NULL;
	*link = op;
	show_pending(src);
}

/* Takes what fits out of the list first: done functions may ask for more. */
static struct source_op *take_ops(struct source *src, bool (*fits)(const struct source_op *op, const void *want), const void *want)
{
	struct source_op *taken = NULL, **last = &taken, **link = &src->ops;

	while (*link) {
		struct source_op *op = *link;

		if (!fits(op, want)) {
			link = &op->next;
			continue;
		}
		*link = op->next;
		op->next = NULL;
		*last = op;
		last = &op->next;
	}
	if (taken)
		show_pending(src);
	return taken;
}

static void finish_ops(struct source_op *op, int err, const char *text)
{
	struct source_op *next;

	for (; op; op = next) {
		next = op->next;
		op_done(op, err, text);
	}
}

static bool same_kind(const struct source_op *op, const void *want)
{
	const struct source_op *w = want;

	return op->kind == w->kind && (!w->seqno || op->seqno == w->seqno);
}

void source_ops_done(struct source *src, enum op_kind kind, uint32_t seqno, int err, const char *text)
{
	const struct source_op want = { .kind = kind, .seqno = seqno };

	if (src->ops)
		finish_ops(take_ops(src, same_kind, &want), err, text);
}

static bool too_late(const struct source_op *op, const void *now)
{
	return op->kind == OP_TUNE && op->deadline_ms <= *(const uint64_t *)now;
}

void source_ops_tick(struct source *src)
{
	uint64_t now = uv_now(loop_uv(src->all->core->loop));

	if (src->ops)
		finish_ops(take_ops(src, too_late, &now), -ETIMEDOUT, "its capture program did not answer the request in time");
}

/* ---- Doing [main] ---- */

/* One that could not be opened is not listed twice by who tries until it can. */
static struct source *find_failed(struct sources *s, const char *definition)
{
	struct source *src;

	for (src = s->first; src; src = src->next)
		if (src->state == SOURCE_FAILED && !src->remote && strcmp(src->def->text, definition) == 0)
			return src;
	return NULL;
}

static void do_add(struct source_op *op)
{
	struct source *failed = find_failed(op->all, op->text);
	const char *error = "";
	int r = 0;

	if (failed)
		op->source = failed;
	else
		r = sources_add_definition(op->all, op->text, &op->source, &error);
	if (r < 0) {
		op_done(op, r, error);
		return;
	}
	wait_for(op, OP_ADD, 0);
	if (failed)
		source_reopen(failed);
}

static void do_open(struct source_op *op)
{
	struct source *src = op->source;

	if (src->state == SOURCE_RUNNING) {
		op_done(op, -EALREADY, "it is open already");
		return;
	}
	if (src->remote) {
		source_reopen(src);
		op_done(op, 0, "it opens when its capture program connects");
		return;
	}
	wait_for(op, OP_OPEN, 0);
	if (source_is_idle(src) || src->state == SOURCE_WAITING || src->state == SOURCE_DRAINING)
		source_reopen(src);
}

static void do_close(struct source_op *op)
{
	struct source *src = op->source;

	if (src->state == SOURCE_CLOSED) {
		op_done(op, -EALREADY, "it is closed already");
		return;
	}
	wait_for(op, OP_CLOSE, 0);
	source_close(src);
}

static void do_pause(struct source_op *op, bool pause)
{
	struct source *src = op->source;

	if (src->paused == pause) {
		op_done(op, -EALREADY, pause ? "it is paused already" : "it is not paused");
		return;
	}
	source_pause(src, pause);
	op_done(op, 0, pause ? "paused" : "resumed");
}

static void do_tune(struct source_op *op)
{
	const char *error = "";
	uint32_t seqno = 0;
	int r = tuning_control(op->source, &op->c, &seqno, &error);

	if (r < 0)
		op_done(op, r, error);
	else
		wait_for(op, OP_TUNE, seqno);
}

static void do_control(struct source_op *op)
{
	switch (op->c.action) {
	case AERIE_SOURCE_OPEN:
		do_open(op);
		break;
	case AERIE_SOURCE_CLOSE:
		do_close(op);
		break;
	case AERIE_SOURCE_PAUSE:
	case AERIE_SOURCE_RESUME:
		do_pause(op, op->c.action == AERIE_SOURCE_PAUSE);
		break;
	default:
		do_tune(op);
	}
}

static struct source_op *take_asked(struct sources *s, bool end)
{
	struct source_op *op;

	pthread_mutex_lock(&s->lock);
	op = s->asked;
	s->asked = NULL;
	s->last_asked = &s->asked;
	s->asked_posted = false;
	s->ended = s->ended || end;
	pthread_mutex_unlock(&s->lock);
	return op;
}

static void on_asked(void *user)
{
	struct sources *s = user;
	struct source_op *op = take_asked(s, false), *next;

	for (; op; op = next) {
		next = op->next;
		op->next = NULL;
		if (s->stopping) {
			op_done(op, -ESHUTDOWN, "the host is stopping");
		} else if (op->what == ADD) {
			do_add(op);
		} else if (op->what == CONTROL) {
			do_control(op);
		} else {
			sources_list(s, op->found, op->user);
			op_free(op);
		}
	}
}

void sources_end_ops(struct sources *s)
{
	struct source *src;
	struct source_op *ops;

	finish_ops(take_asked(s, true), -ESHUTDOWN, "the host is stopping");
	for (src = s->first; src; src = src->next) {
		ops = src->ops;
		src->ops = NULL;
		finish_ops(ops, -ESHUTDOWN, "the host is stopping");
	}
}

/* ---- Asking [any] ---- */

/* Takes op. */
static int ask(struct sources *s, struct source_op *op)
{
	int r = 0;

	op->all = s;
	pthread_mutex_lock(&s->lock);
	if (s->ended)
		r = -ESHUTDOWN;
	else if (!s->asked_posted)
		r = loop_post(s->core->loop, on_asked, s);
	if (r == 0) {
		s->asked_posted = true;
		*s->last_asked = op;
		s->last_asked = &op->next;
	}
	pthread_mutex_unlock(&s->lock);
	if (r < 0)
		op_free(op);
	return r;
}

int sources_add_service(const struct aerie_host *h, const char *definition, aerie_source_done_fn *done, void *user)
{
	struct source_op *op = calloc(1, sizeof *op);

	if (!op)
		return -ENOMEM;
	op->what = ADD;
	op->done = done;
	op->user = user;
	op->text = strdup(definition ? definition : "");
	if (!op->text) {
		free(op);
		return -ENOMEM;
	}
	return ask(module_of(h)->core->sources, op);
}

static int copy_channels(struct source_op *op, const struct aerie_source_control *c)
{
	uint32_t i;

	op->c.n_channels = 0;
	op->texts = calloc(c->n_channels + 1u, sizeof *op->texts);
	if (!op->texts)
		return -ENOMEM;
	for (i = 0; i < c->n_channels; i++) {
		op->texts[i] = strdup(c->channels[i] ? c->channels[i] : "");
		if (!op->texts[i])
			return -ENOMEM;
		op->c.n_channels++;
	}
	op->c.channels = (const char *const *)op->texts;
	return 0;
}

static int copy_control(struct source_op *op, const struct aerie_source_control *given)
{
	struct aerie_source_control c = { .shuffle = -1 };

	memcpy(&c, given, given->size < sizeof c ? given->size : sizeof c);
	if (c.action < AERIE_SOURCE_OPEN || c.action > AERIE_SOURCE_SET_HOP || c.n_channels > LINK_CHANNELS)
		return -EINVAL;
	op->c = c;
	op->c.n_channels = 0;
	op->c.channels = NULL;
	if (c.channel) {
		op->text = strdup(c.channel);
		op->c.channel = op->text;
		if (!op->text)
			return -ENOMEM;
	}
	return c.channels ? copy_channels(op, &c) : 0;
}

int sources_control(const struct aerie_host *h, const struct aerie_uuid *uuid, const struct aerie_source_control *c,
		    aerie_source_done_fn *done, void *user)
{
	struct sources *s = module_of(h)->core->sources;
	struct source *src = sources_find(s, uuid);
	struct source_op *op;
	int r;

	if (!src)
		return -ENOENT;
	op = calloc(1, sizeof *op);
	if (!op)
		return -ENOMEM;
	op->what = CONTROL;
	op->source = src;
	op->done = done;
	op->user = user;
	r = copy_control(op, c);
	if (r < 0) {
		op_free(op);
		return r;
	}
	return ask(s, op);
}

int sources_list_interfaces(const struct aerie_host *h, void (*fn)(void *user, const struct aerie_rec *rec), void *user)
{
	struct source_op *op = calloc(1, sizeof *op);

	if (!op)
		return -ENOMEM;
	op->what = LIST;
	op->found = fn;
	op->user = user;
	return ask(module_of(h)->core->sources, op);
}
