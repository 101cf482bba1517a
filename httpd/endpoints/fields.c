/* SPDX-License-Identifier: MIT */
/* The one way from the key `fields` of a command to a reply in parts. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "fields.h"

int fields_of(const struct endpoints *e, const struct aerie_request *req, struct aerie_reply *rep, struct aerie_selection **ret_selection)
{
	const struct aerie_http_request *raw = e->http->raw(req);
	const struct aerie_value *command = NULL;
	char why[256];
	int err;

	if (raw->method != AERIE_HTTP_POST) {
		*ret_selection = NULL;
		return 0;
	}
	err = e->http->command(req, &command);
	if (err == -ENODATA) {
		*ret_selection = NULL;
		return 0;
	}
	if (err)
		return err;
	err = e->select->selection_new(e->h, e->http->value_get(command, "fields"), ret_selection, why, sizeof why);
	if (err != -EINVAL)
		return err;
	err = e->http->reply_error(rep, 400, why);
	return err < 0 ? err : 1;
}

int fields_visit(const struct endpoints *e, const struct aerie_selection *s, const struct aerie_rec *rec, const struct aerie_visitor *vt,
		 void *v)
{
	return s ? e->select->visit(e->h, s, rec, vt, v) : e->fields->visit(e->h, rec, vt, v);
}

/* ---- what is computed ---- */

struct part {
	const struct endpoints *e;
	struct aerie_selection *selection;
	aerie_emit_fn *emit; /* of a value, */
	aerie_next_fn *next; /* of a list, */
	int64_t (*count)(void *user);
	with_record_fn *with; /* or of a record */
	void *user;
	void (*destroy)(void *user);
	const struct aerie_visitor *vt;
	void *v;
};

static void part_free(void *user)
{
	struct part *p = user;

	if (p->destroy)
		p->destroy(p->user);
	if (p->selection)
		p->e->select->selection_free(p->selection);
	free(p);
}

/* The selected part of what emit or next writes; returns what that returned. */
static int write_part(void *user, const struct aerie_visitor *vt, void *v)
{
	struct part *p = user;
	const struct aerie_select *select = p->e->select;
	struct aerie_recording *r = select->recording_new(p->e->h, FIELDS_VALUE_MAX);
	uint64_t at = 0;
	int n, err = 0;

	if (!r)
		return -ENOMEM;
	n = p->emit ? p->emit(p->user, select->recording_visitor, r) : p->next(p->user, select->recording_visitor, r);
	if (n >= 0 && (p->emit || n > 0))
		err = select->recording_play(p->e->h, r, &at, p->selection, vt, v);
	select->recording_free(r);
	return err ? err : n;
}

static int64_t count_parts(void *user)
{
	const struct part *p = user;

	return p->count(p->user);
}

static int on_record(void *arg, const struct aerie_rec *rec)
{
	const struct part *p = arg;

	return fields_visit(p->e, p->selection, rec, p->vt, p->v);
}

static int emit_record(void *user, const struct aerie_visitor *vt, void *v)
{
	struct part *p = user;

	p->vt = vt;
	p->v = v;
	return p->with(p->e, p->user, on_record, p);
}

/* A copy of tmpl with the request's selection: 0; or, when `user` was given back, 1 or a negative errno as fields_of(). */
static int part_new(const struct part *tmpl, const struct aerie_request *req, struct aerie_reply *rep, struct part **ret_part)
{
	struct aerie_selection *selection = NULL;
	int r = fields_of(tmpl->e, req, rep, &selection);
	struct part *p = r ? NULL : malloc(sizeof *p);

	if (!p) {
		if (selection)
			tmpl->e->select->selection_free(selection);
		if (tmpl->destroy)
			tmpl->destroy(tmpl->user);
		return r ? r : -ENOMEM;
	}
	*p = *tmpl;
	p->selection = selection;
	*ret_part = p;
	return 0;
}

int reply_value_of(const struct endpoints *e, const struct aerie_request *req, struct aerie_reply *rep, aerie_emit_fn *emit, void *user,
		   void (*destroy)(void *user))
{
	const struct part tmpl = { .e = e, .emit = emit, .user = user, .destroy = destroy };
	struct part *p;
	int r = part_new(&tmpl, req, rep, &p);

	if (r)
		return r < 0 ? r : 0;
	if (p->selection)
		return e->http->reply_value(rep, write_part, p, part_free);
	free(p);
	return e->http->reply_value(rep, emit, user, destroy);
}

static int reply_elements(const struct endpoints *e, struct aerie_reply *rep, const char *wrapper, aerie_next_fn *next,
			  int64_t (*count)(void *user), void *user, void (*destroy)(void *user))
{
	return wrapper ? e->http->reply_wrapped(rep, wrapper, next, count, user, destroy)
		       : e->http->reply_list(rep, next, count, user, destroy);
}

int reply_list_of(const struct endpoints *e, const struct aerie_request *req, struct aerie_reply *rep, aerie_next_fn *next,
		  int64_t (*count)(void *user), void *user, void (*destroy)(void *user))
{
	return reply_wrapped_of(e, req, rep, NULL, next, count, user, destroy);
}

int reply_wrapped_of(const struct endpoints *e, const struct aerie_request *req, struct aerie_reply *rep, const char *wrapper,
		     aerie_next_fn *next, int64_t (*count)(void *user), void *user, void (*destroy)(void *user))
{
	const struct part tmpl = { .e = e, .next = next, .count = count, .user = user, .destroy = destroy };
	struct part *p;
	int r = part_new(&tmpl, req, rep, &p);

	if (r)
		return r < 0 ? r : 0;
	if (p->selection)
		return reply_elements(e, rep, wrapper, write_part, count ? count_parts : NULL, p, part_free);
	free(p);
	return reply_elements(e, rep, wrapper, next, count, user, destroy);
}

int recording_list(const struct endpoints *e, const struct aerie_recording *from, uint32_t n, struct aerie_recording *to)
{
	const struct aerie_visitor *vt = e->select->recording_visitor;
	int err = vt->begin_list(to, n);
	uint64_t at = 0;

	for (; !err && n; n--)
		err = e->select->recording_play(e->h, from, &at, NULL, vt, to);
	return err ? err : vt->end_list(to);
}

struct recorded {
	const struct endpoints *e;
	struct aerie_recording *r;
	struct aerie_selection *selection;
};

static void recorded_free(void *user)
{
	struct recorded *rec = user;

	rec->e->select->recording_free(rec->r);
	if (rec->selection)
		rec->e->select->selection_free(rec->selection);
	free(rec);
}

static int emit_recorded(void *user, const struct aerie_visitor *vt, void *v)
{
	const struct recorded *rec = user;
	uint64_t at = 0;

	return rec->e->select->recording_play(rec->e->h, rec->r, &at, rec->selection, vt, v);
}

int reply_recording_of(const struct endpoints *e, const struct aerie_request *req, struct aerie_reply *rep, struct aerie_recording *r)
{
	struct aerie_selection *selection = NULL;
	int err = fields_of(e, req, rep, &selection);
	struct recorded *rec = err ? NULL : malloc(sizeof *rec);

	if (!rec) {
		e->select->recording_free(r);
		if (selection)
			e->select->selection_free(selection);
		return err > 0 ? 0 : err < 0 ? err : -ENOMEM;
	}
	*rec = (struct recorded){ e, r, selection };
	return e->http->reply_value(rep, emit_recorded, rec, recorded_free);
}

int reply_record_of(const struct endpoints *e, const struct aerie_request *req, struct aerie_reply *rep, with_record_fn *with, void *user,
		    void (*destroy)(void *user))
{
	const struct part tmpl = { .e = e, .with = with, .user = user, .destroy = destroy };
	struct part *p;
	int r = part_new(&tmpl, req, rep, &p);

	if (r)
		return r < 0 ? r : 0;
	return e->http->reply_value(rep, emit_record, p, part_free);
}
