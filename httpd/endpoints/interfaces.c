/* SPDX-License-Identifier: MIT */
/* Interfaces that could be opened: every driver is asked by the main thread, and what they say is written down until
 * the client takes it. */
#include <errno.h>
#include <stdlib.h>

#include "fields.h"
#include "sources.h"
#include "waits.h"

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

static int reply_interfaces(const struct endpoints *e, const struct aerie_request *req, struct aerie_reply *rep,
			    struct wait *w)
{
	struct interfaces *in = calloc(1, sizeof *in);

	if (!in)
		return -ENOMEM;
	in->e = e;
	in->list = w->list;
	in->n = w->n;
	w->list = NULL;
	return reply_list_of(e, req, rep, next_interface, count_interfaces, in, interfaces_free);
}

int list_interfaces(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	static const char what[] = "the interfaces were not listed";
	const struct endpoints *e = user;
	struct wait *w;
	int err, r = sources_check_fields(e, req, rep);

	if (r <= 0)
		return r;
	err = wait_begin(e->waits, &w);
	if (err)
		return sources_reply_errno(e, rep, err, what);
	err = ask_drivers(e, w);
	if (err < 0) {
		r = sources_reply_errno(e, rep, err, what);
		wait_end(w, 0);
		return r;
	}
	err = wait_for_end(w);
	if (!err)
		err = w->err;
	r = err ? sources_reply_errno(e, rep, err, what) : reply_interfaces(e, req, rep, w);
	wait_end(w, 1);
	return r;
}
