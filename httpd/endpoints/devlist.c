/* SPDX-License-Identifier: MIT */
/* Walks over devices. One device is locked at a time, for as long as it takes to look at it or to write it into memory.
 *
 * A format that tells the number of elements first makes a filtered walk look at every device twice: once to count those that are meant,
 * which then is a bit for each, and once to write these. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "devices.h"

#define WALK_KEYS 256u

struct walk {
	const struct endpoints *e;
	struct aerie_device_query query;
	struct aerie_view_ref *view;
	struct aerie_selection *selection;
	struct aerie_filter *filter;
	struct aerie_cursor *cursor;
	uint64_t *keys;   /* these devices; NULL: what the cursor finds */
	size_t n_keys, at;
	int counted;      /* keys, or the cursor, has what belongs to the list, and nothing else */
	uint64_t batch[WALK_KEYS];
	int n_batch, i_batch;
	uint64_t total;   /* devices of the view that were looked at */
	/* of the call under way */
	const struct aerie_visitor *vt;
	void *v;
	walk_see_fn *see;
	void *user;
	int hit;
};

struct walk *walk_new(struct ask *a)
{
	struct walk *w = calloc(1, sizeof *w);

	if (!w)
		return NULL;
	w->e = a->e;
	w->query = a->query;
	w->view = a->view;
	w->selection = a->selection;
	w->filter = a->filter;
	a->view = NULL;
	a->selection = NULL;
	a->filter = NULL;
	return w;
}

struct walk *walk_keys(struct ask *a, uint64_t *keys, size_t n)
{
	struct walk *w = walk_new(a);

	if (!w) {
		free(keys);
		return NULL;
	}
	w->keys = keys;
	w->n_keys = n;
	return w;
}

void walk_free(void *walk)
{
	struct walk *w = walk;

	if (!w)
		return;
	w->e->devices->cursor_close(w->cursor);
	w->e->select->selection_free(w->selection);
	w->e->select->filter_free(w->filter);
	w->e->views->release(w->view);
	free(w->keys);
	free(w);
}

const struct aerie_selection *walk_selection(const struct walk *w)
{
	return w->selection;
}

/* Is every key that is found that of a device that is meant? */
static int is_plain(const struct walk *w)
{
	return w->counted || (!w->keys && !w->filter && (!w->view || w->e->views->is_whole(w->view)));
}

/* 1 and the next key, 0 at the end, or a negative errno. */
static int next_key(struct walk *w, uint64_t *ret_key)
{
	if (w->keys) {
		if (w->at == w->n_keys)
			return 0;
		*ret_key = w->keys[w->at++];
		return 1;
	}
	if (!w->cursor)
		w->cursor = w->e->devices->cursor_open(w->e->h, &w->query);
	if (!w->cursor)
		return -ENOMEM;
	if (w->i_batch == w->n_batch) {
		int n = w->e->devices->cursor_next(w->cursor, w->batch, WALK_KEYS);

		if (n <= 0)
			return n;
		w->n_batch = n;
		w->i_batch = 0;
	}
	*ret_key = w->batch[w->i_batch++];
	return 1;
}

static void rewind_walk(struct walk *w)
{
	w->e->devices->cursor_close(w->cursor);
	w->cursor = NULL;
	w->at = 0;
	w->n_batch = w->i_batch = 0;
	w->total = 0;
}

/* 1, 0, or a negative errno. */
static int belongs(struct walk *w, const struct aerie_rec *rec)
{
	if (w->counted)
		return 1;
	if (w->view && !w->e->views->match(w->view, rec))
		return 0;
	w->total++;
	return w->filter ? w->e->select->filter_matches(w->e->h, w->filter, rec) : 1;
}

/* ---- looking ---- */

static int see_device(void *user, struct aerie_device *dev)
{
	struct walk *w = user;
	int err = belongs(w, dev->rec);

	if (err > 0)
		err = w->see(w->user, dev->key, dev->rec);
	return err < 0 ? err : AERIE_DEVICE_UNCHANGED;
}

int walk_each(struct walk *w, int look, walk_see_fn *see, void *user, uint64_t *ret_total)
{
	uint64_t key;
	int r;

	rewind_walk(w);
	look = look || !is_plain(w);
	w->see = see;
	w->user = user;
	while ((r = next_key(w, &key)) > 0) {
		if (look)
			r = w->e->devices->with(w->e->h, key, see_device, w);
		else
			r = see(user, key, NULL);
		w->total += !look;
		if (r < 0 && r != -ENOENT)
			return r;
	}
	if (r < 0)
		return r;
	if (ret_total)
		*ret_total = w->total;
	rewind_walk(w);
	return 0;
}

struct kept {
	uint64_t *keys;
	size_t n, room;
};

static int keep(void *user, uint64_t key, const struct aerie_rec *rec)
{
	struct kept *k = user;
	size_t room = k->room ? k->room * 2 : WALK_KEYS;
	uint64_t *keys;

	if (k->n == k->room) {
		keys = realloc(k->keys, room * sizeof *keys);
		if (!keys)
			return -ENOMEM;
		k->keys = keys;
		k->room = room;
	}
	k->keys[k->n++] = key;
	return 0;
}

int walk_settle(struct walk *w, const uint64_t **ret_keys, size_t *ret_n)
{
	struct kept k = { 0 };
	int err;

	if (!w->counted) {
		err = keep(&k, 0, NULL); /* so that there is a list even when it is empty */
		k.n = 0;
		if (!err)
			err = walk_each(w, 1, keep, &k, NULL);
		if (err < 0) {
			free(k.keys);
			return err;
		}
		free(w->keys);
		w->keys = k.keys;
		w->n_keys = k.n;
		w->counted = 1;
	}
	if (ret_keys)
		*ret_keys = w->keys;
	*ret_n = w->n_keys;
	return 0;
}

static int look(void *user, uint64_t key, const struct aerie_rec *rec)
{
	((struct walk *)user)->hit = 1;
	return 0;
}

static int is_meant(void *user, uint64_t key)
{
	struct walk *w = user;
	int err;

	w->hit = 0;
	err = w->e->devices->with(w->e->h, key, see_device, w);
	return err < 0 && err != -ENOENT ? err : w->hit;
}

static int64_t walk_count(void *user)
{
	struct walk *w = user;
	int64_t n;
	size_t size;

	if (w->keys) {
		n = walk_settle(w, NULL, &size);
		return n < 0 ? n : (int64_t)size;
	}
	if (!w->cursor)
		w->cursor = w->e->devices->cursor_open(w->e->h, &w->query);
	if (!w->cursor)
		return -ENOMEM;
	w->see = look;
	w->user = w;
	n = w->e->devices->cursor_fix(w->cursor, is_plain(w) ? NULL : is_meant, w);
	w->counted = n >= 0;
	return n;
}

/* ---- writing ---- */

static int write_device(void *user, struct aerie_device *dev)
{
	struct walk *w = user;
	int err;

	err = belongs(w, dev->rec);
	if (err <= 0)
		return err < 0 ? err : AERIE_DEVICE_UNCHANGED;
	w->hit = 1;
	err = w->e->select->visit(w->e->h, w->selection, dev->rec, w->vt, w->v);
	return err < 0 ? err : AERIE_DEVICE_UNCHANGED;
}

/* The next device that is meant, and still there. */
static int walk_next(void *user, const struct aerie_visitor *vt, void *v)
{
	struct walk *w = user;
	uint64_t key;
	int r;

	w->vt = vt;
	w->v = v;
	while ((r = next_key(w, &key)) > 0) {
		w->hit = 0;
		r = w->e->devices->with(w->e->h, key, write_device, w);
		if (r < 0 && r != -ENOENT)
			return r;
		if (w->hit)
			return 1;
	}
	return r;
}

static int write_any(void *user, struct aerie_device *dev)
{
	struct walk *w = user;
	int err = w->e->select->visit(w->e->h, w->selection, dev->rec, w->vt, w->v);

	return err < 0 ? err : AERIE_DEVICE_UNCHANGED;
}

int walk_write(struct walk *w, uint64_t key, const struct aerie_visitor *vt, void *v)
{
	int err;

	w->vt = vt;
	w->v = v;
	err = w->e->devices->with(w->e->h, key, write_any, w);
	return err == -ENOENT ? vt->null(v) : err;
}

int walk_reply(const struct ask *a, struct walk *w, struct aerie_reply *rep)
{
	if (!w)
		return -ENOMEM;
	if (a->wrapper)
		return a->e->http->reply_wrapped(rep, a->wrapper, walk_next, walk_count, w, walk_free);
	return a->e->http->reply_list(rep, walk_next, walk_count, w, walk_free);
}
