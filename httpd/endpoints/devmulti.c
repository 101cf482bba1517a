/* SPDX-License-Identifier: MIT */
/* Lists of devices that a command names, by their addresses or by their keys. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "devices.h"

#define NAMED_MAX 65536u /* devices in a command */
#define MASKS_MAX 64u    /* different masks in a command: each costs a look for every device in the store */
#define RECORD "kismet.device.base"

static int ended(struct ask *a, int err)
{
	ask_end(a);
	return err < 0 ? err : 0;
}

/* The list `devices`. */
static int named(const struct ask *a, struct aerie_reply *rep, const struct aerie_value **ret_list, uint32_t *ret_n)
{
	const struct aerie_http *http = a->e->http;
	const struct aerie_value *list = http->value_get(a->command, "devices");

	if (http->value_kind(list) != AERIE_VALUE_LIST)
		return ask_wrong(a, rep, "`devices` is missing, or no list");
	*ret_list = list;
	*ret_n = http->value_count(list);
	return *ret_n > NAMED_MAX ? ask_wrong(a, rep, "`devices` has more than %u elements; ask several times", NAMED_MAX) : 0;
}

/* The i-th element, a text; NULL: it is none. */
static const char *text_at(const struct ask *a, const struct aerie_value *list, uint32_t i)
{
	uint32_t len = 0;
	const char *text = a->e->http->value_str(a->e->http->value_at(list, i), &len);

	return text && strlen(text) == len ? text : NULL;
}

/* ---- keys that were found ---- */

struct found {
	uint64_t *keys;
	size_t n, room;
};

static int found_add(struct found *f, uint64_t key)
{
	size_t room = f->room ? f->room * 2 : 64;
	uint64_t *keys;

	if (f->n == f->room) {
		keys = realloc(f->keys, room * sizeof *keys);
		if (!keys)
			return -ENOMEM;
		f->keys = keys;
		f->room = room;
	}
	f->keys[f->n++] = key;
	return 0;
}

/* Calls take for every key that a query finds. */
static int each_key(const struct endpoints *e, const struct aerie_device_query *q, int (*take)(void *user, uint64_t key), void *user)
{
	struct aerie_cursor *c = e->devices->cursor_open(e->h, q);
	uint64_t keys[256];
	int n = -ENOMEM, i, err = 0;

	while (c && !err && (n = e->devices->cursor_next(c, keys, sizeof keys / sizeof keys[0])) > 0)
		for (i = 0; !err && i < n; i++)
			err = take(user, keys[i]);
	e->devices->cursor_close(c);
	return err ? err : n;
}

/* ---- by address ---- */

struct target {
	uint64_t mask, mac;
};

struct targets {
	struct target *t;
	uint32_t n;
	uint32_t first[MASKS_MAX + 1]; /* of each mask, and the end */
	uint32_t n_masks;
	struct found found;
};

static int compare_targets(const void *a, const void *b)
{
	const struct target *x = a, *y = b;

	if (x->mask != y->mask)
		return x->mask < y->mask ? -1 : 1;
	return x->mac < y->mac ? -1 : x->mac > y->mac;
}

static int read_targets(const struct ask *a, struct aerie_reply *rep, const struct aerie_value *list, struct targets *ts)
{
	uint32_t i;

	for (i = 0; i < ts->n; i++) {
		struct target *t = &ts->t[i];
		const char *text = text_at(a, list, i), *rest = text ? ask_mac(text, &t->mac) : NULL;

		t->mask = AERIE_KEY_MAC_MASK;
		if (rest && *rest == '/')
			rest = ask_mac(rest + 1, &t->mask);
		if (!rest || *rest)
			return ask_wrong(a, rep, "`devices`, element %u: not of the form AA:BB:CC:DD:EE:FF, or that, / and a mask", i + 1);
		t->mac &= t->mask;
	}
	return 0;
}

/* Sorts by mask and address, each once. */
static int group_targets(const struct ask *a, struct aerie_reply *rep, struct targets *ts)
{
	uint32_t i, n = 0;

	qsort(ts->t, ts->n, sizeof ts->t[0], compare_targets);
	for (i = 0; i < ts->n; i++) {
		if (n && !compare_targets(&ts->t[n - 1], &ts->t[i]))
			continue;
		if (!n || ts->t[n - 1].mask != ts->t[i].mask) {
			if (ts->n_masks == MASKS_MAX)
				return ask_wrong(a, rep, "`devices` has more than %u different masks; ask several times", MASKS_MAX);
			ts->first[ts->n_masks++] = n;
		}
		ts->t[n++] = ts->t[i];
	}
	ts->n = n;
	ts->first[ts->n_masks] = n;
	return 0;
}

static int take_key(void *user, uint64_t key)
{
	return found_add(&((struct targets *)user)->found, key);
}

static int take_target(void *user, uint64_t key)
{
	struct targets *ts = user;
	uint32_t i;

	for (i = 0; i < ts->n_masks; i++) {
		const struct target *t = &ts->t[ts->first[i]];
		struct target want = { t->mask, key & t->mask };

		if (bsearch(&want, t, ts->first[i + 1] - ts->first[i], sizeof want, compare_targets))
			return found_add(&ts->found, key);
	}
	return 0;
}

/* Whole addresses are found one by one; with masks among them, the store is walked once for all. */
static int find_targets(const struct ask *a, struct targets *ts)
{
	struct aerie_device_query q = a->query;
	uint32_t i;
	int err = 0;

	if (ts->n_masks > 1 || (ts->n && ts->t[0].mask != AERIE_KEY_MAC_MASK))
		return each_key(a->e, &q, take_target, ts);
	q.mac_mask = AERIE_KEY_MAC_MASK;
	for (i = 0; !err && i < ts->n; i++) {
		q.mac = ts->t[i].mac;
		err = each_key(a->e, &q, take_key, ts);
	}
	return err;
}

static int by_macs(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	const struct aerie_value *list;
	struct targets ts = { 0 };
	struct ask a;
	int err = ask_begin(&a, user, req, rep);

	if (!err)
		err = named(&a, rep, &list, &ts.n);
	if (err)
		return ended(&a, err);
	ts.t = calloc(ts.n + 1, sizeof ts.t[0]);
	err = ts.t ? read_targets(&a, rep, list, &ts) : -ENOMEM;
	if (!err)
		err = group_targets(&a, rep, &ts);
	if (!err)
		err = find_targets(&a, &ts);
	free(ts.t);
	if (!err && !ts.found.n)
		err = found_add(&ts.found, AERIE_KEY_NONE), ts.found.n = 0;
	if (!err)
		return ended(&a, walk_reply(&a, walk_keys(&a, ts.found.keys, ts.found.n), rep));
	free(ts.found.keys);
	return ended(&a, err);
}

/* ---- by key ---- */

struct place {
	uint64_t key;
	uint32_t at;
};

static int compare_places(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->at < y->at ? -1 : 1;
}

/* Leaves each key once, where it was first. */
static int unique(uint64_t *keys, uint32_t *n)
{
	struct place *p = calloc(*n + 1, sizeof *p);
	uint32_t i, left = 0;

	if (!p)
		return -ENOMEM;
	for (i = 0; i < *n; i++)
		p[i] = (struct place){ keys[i], i };
	qsort(p, *n, sizeof *p, compare_places);
	for (i = 1; i < *n; i++)
		if (p[i].key == p[i - 1].key)
			keys[p[i].at] = AERIE_KEY_NONE;
	for (i = 0; i < *n; i++)
		if (keys[i] != AERIE_KEY_NONE)
			keys[left++] = keys[i];
	*n = left;
	free(p);
	return 0;
}

static int read_keys(const struct ask *a, struct aerie_reply *rep, const struct aerie_value *list, uint32_t n, uint64_t *keys)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		const char *text = text_at(a, list, i);
		int err = text ? a->e->devices->key_parse(a->e->h, text, &keys[i]) : -EINVAL;

		if (err == -ENOENT) /* of a PHY that is not loaded */
			keys[i] = AERIE_KEY_NONE;
		else if (err == -EINVAL)
			return ask_wrong(a, rep, "`devices`, element %u: not a device key", i + 1);
		else if (err < 0)
			return err;
	}
	return 0;
}

/* A walk over the devices whose keys the command names. */
static int walk_named(struct ask *a, struct aerie_reply *rep, struct walk **ret_walk)
{
	const struct aerie_value *list;
	uint64_t *keys;
	uint32_t n;
	int err = named(a, rep, &list, &n);

	if (err)
		return err;
	keys = calloc(n + 1, sizeof *keys);
	if (!keys)
		return -ENOMEM;
	err = read_keys(a, rep, list, n, keys);
	if (!err)
		err = unique(keys, &n);
	if (err) {
		free(keys);
		return err;
	}
	*ret_walk = walk_keys(a, keys, n);
	return *ret_walk ? 0 : -ENOMEM;
}

static int by_keys(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	struct walk *w;
	struct ask a;
	int err = ask_begin(&a, user, req, rep);

	if (!err)
		err = walk_named(&a, rep, &w);
	return ended(&a, err ? err : walk_reply(&a, w, rep));
}

/* Devices under their keys: those that are there when the request comes. */
struct object {
	const struct endpoints *e;
	struct walk *walk;
	const uint64_t *keys;
	size_t n, at;
};

static void object_free(void *user)
{
	struct object *o = user;

	walk_free(o->walk);
	free(o);
}

static int64_t object_count(void *user)
{
	return (int64_t)((struct object *)user)->n;
}

static int next_entry(void *user, const struct aerie_visitor *vt, void *v)
{
	struct object *o = user;
	char text[41];
	int err, len;

	if (o->at == o->n)
		return 0;
	len = o->e->devices->key_text(o->e->h, o->keys[o->at], text);
	err = len < 0 ? len : vt->key_text(v, text, (uint32_t)len);
	if (!err)
		err = walk_write(o->walk, o->keys[o->at++], vt, v);
	return err ? err : 1;
}

static int as_object(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	const struct endpoints *e = user;
	struct object *o = calloc(1, sizeof *o);
	struct ask a;
	int err;

	if (!o)
		return -ENOMEM;
	o->e = e;
	err = ask_begin(&a, e, req, rep);
	if (!err)
		err = walk_named(&a, rep, &o->walk);
	if (!err)
		err = walk_settle(o->walk, &o->keys, &o->n);
	if (!err)
		return ended(&a, e->http->reply_map(rep, next_entry, object_count, o, object_free));
	object_free(o);
	return ended(&a, err);
}

static const struct aerie_param macs_params[] = {
	AERIE_PARAM(AERIE_IN_COMMAND, AERIE_PARAM_REQUIRED, "devices", "maskedmac[]", "Addresses, or addresses, / and masks; at most 65536.",
		    "[\"02:00:00:00:00:01\", \"50:C7:BF:00:00:00/FF:FF:FF:00:00:00\"]"),
	LIST_PARAMS, PARAMS_END,
};
static const struct aerie_param keys_params[] = {
	AERIE_PARAM(AERIE_IN_COMMAND, AERIE_PARAM_REQUIRED, "devices", "key[]", "Keys of devices; at most 65536.",
		    "[\"4202770D00000000_554433221100\"]"),
	LIST_PARAMS, PARAMS_END,
};
static const struct aerie_param object_params[] = {
	AERIE_PARAM(AERIE_IN_COMMAND, AERIE_PARAM_REQUIRED, "devices", "key[]", "Keys of devices; at most 65536.",
		    "[\"4202770D00000000_554433221100\"]"),
	SELECT_PARAMS, PARAMS_END,
};

const struct endpoint multi_endpoints[] = {
	{ .path = "/devices/multimac/devices", .flags = AERIE_ROUTE_LONG, .methods = AERIE_HTTP_POST, .handle = by_macs, .params = macs_params,
	  .result = AERIE_RESULT_LIST, .forms = AERIE_FORM_WRAPPED, .record = RECORD,
	  .summary = "Devices with any of several addresses, of any PHY.",
	  .help = "A list of devices, each once; addresses that nobody has are left out." },
	{ .path = "/devices/multikey/devices", .flags = AERIE_ROUTE_LONG, .methods = AERIE_HTTP_POST, .handle = by_keys, .params = keys_params,
	  .result = AERIE_RESULT_LIST, .forms = AERIE_FORM_WRAPPED, .record = RECORD,
	  .summary = "Several devices by their keys.",
	  .help = "A list of devices, each once, in the order of the keys; keys of no device are left out." },
	{ .path = "/devices/multikey/as-object/devices", .flags = AERIE_ROUTE_LONG, .methods = AERIE_HTTP_POST, .handle = as_object, .params = object_params,
	  .result = AERIE_RESULT_MAP, .record = RECORD,
	  .summary = "Several devices by their keys, as a map.",
	  .help = "A map of keys to devices; keys of no device are left out." },
	{ 0 },
};
