/* SPDX-License-Identifier: MIT */
/* Names and tags of users. The map of all labels is kept in memory by the text of the device's key, which is the same from run to
 * run; a device gets its labels when it first appears, so packets cost nothing.
 *
 * Two locks: `writing` orders changes with their files, and is held while the disk is waited for; `lock` guards the map for a
 * few instructions, also with a device held. Entries never change once they are in the map, they are replaced. */
#define _GNU_SOURCE /* asprintf */
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "labels.h"

struct labels {
	const struct endpoints *e;
	struct aerie_device_slots slots;
	char *path;
	char why_not[LABELS_WHY]; /* why nothing can be saved; "": it can */
	_Atomic int any;

	pthread_mutex_t writing;
	pthread_mutex_t lock; /* guards the map */
	json_t *devices;
};

/* ---- the map ---- */

/* The entry of a device, to be given back with drop(); NULL: it has none. */
static json_t *take(struct labels *l, uint64_t key)
{
	json_t *entry = NULL;
	char text[41];

	if (l->e->devices->key_text(l->e->h, key, text) < 0)
		return NULL;
	pthread_mutex_lock(&l->lock);
	entry = json_incref(json_object_get(l->devices, text));
	pthread_mutex_unlock(&l->lock);
	return entry;
}

static void drop(struct labels *l, json_t *entry)
{
	pthread_mutex_lock(&l->lock);
	json_decref(entry);
	pthread_mutex_unlock(&l->lock);
}

/* Takes entry over; an empty one is as good as none. */
static int put(struct labels *l, uint64_t key, json_t *entry)
{
	char text[41];
	int err = l->e->devices->key_text(l->e->h, key, text);

	if (err < 0) {
		json_decref(entry);
		return err;
	}
	err = 0;
	pthread_mutex_lock(&l->lock);
	if (json_object_size(entry)) {
		err = json_object_set_new(l->devices, text, entry);
	} else {
		(void)json_object_del(l->devices, text);
		json_decref(entry);
	}
	pthread_mutex_unlock(&l->lock);
	if (!err)
		atomic_store(&l->any, 1);
	return err ? -ENOMEM : 0;
}

/* ---- showing ---- */

struct change {
	struct labels *l;
	int name;        /* the name may have gone */
	const char *tag; /* this one may have gone */
};

static int show_tag(const struct labels *l, struct aerie_rec *rec, const char *tag, const json_t *value)
{
	const struct aerie_fields *f = l->e->fields;
	const struct aerie_str *k = f->intern(l->e->h, tag, (uint32_t)strlen(tag)), *v = NULL;
	int err = k ? 0 : -ENOMEM;

	if (!err && !value) {
		(void)f->map_remove(rec, l->slots.tags, aerie_ptr_key(k));
	} else if (!err) {
		v = f->intern(l->e->h, json_string_value(value), (uint32_t)json_string_length(value));
		err = v ? f->map_set_str(rec, l->slots.tags, aerie_ptr_key(k), v) : -ENOMEM;
	}
	if (k)
		f->release(l->e->h, k);
	if (v)
		f->release(l->e->h, v);
	return err;
}

static int show_entry(const struct change *c, struct aerie_rec *rec, json_t *entry)
{
	const struct labels *l = c->l;
	json_t *name = json_object_get(entry, "name"), *tags = json_object_get(entry, "tags"), *value;
	const char *tag;
	int err = 0;

	if (name)
		err = l->e->fields->set_text(rec, l->slots.username, json_string_value(name), (uint32_t)json_string_length(name));
	else if (c->name)
		l->e->fields->clear(rec, l->slots.username);
	if (!err && c->tag && !json_object_get(tags, c->tag))
		err = show_tag(l, rec, c->tag, NULL);
	if (err)
		return err;
	json_object_foreach(tags, tag, value) {
		err = show_tag(l, rec, tag, value);
		if (err)
			return err;
	}
	return 0;
}

/* With the device locked, so that the newest entry is what stays. */
static int show_device(void *user, struct aerie_device *dev)
{
	const struct change *c = user;
	json_t *entry = take(c->l, dev->key);
	int err = show_entry(c, dev->rec, entry);

	drop(c->l, entry);
	return err;
}

static int show(struct labels *l, uint64_t key)
{
	struct change c = { .l = l };

	return l->e->devices->with(l->e->h, key, show_device, &c);
}

static void tell_unshown(const struct labels *l, int err)
{
	if (err == -ENOMEM)
		l->e->h->log(l->e->h, AERIE_LOG_ERROR, "memory is out: a device does not show its name and tags; stop other programs");
}

/* ---- new devices ---- */

static void tell_posted(void *user)
{
	tell_unshown(user, -ENOMEM);
}

/* [any] Devices appear with none held; a subscriber must not publish, so what went wrong is told by the main thread. */
static void on_new_device(void *user, const struct aerie_event *ev)
{
	struct labels *l = user;
	json_t *entry;

	if (!atomic_load_explicit(&l->any, memory_order_relaxed))
		return;
	entry = take(l, ev->key);
	if (!entry)
		return;
	drop(l, entry);
	if (show(l, ev->key) == -ENOMEM)
		(void)l->e->loop->post(l->e->h, tell_posted, l);
}

/* ---- changes ---- */

static int look(void *user, struct aerie_device *dev)
{
	return AERIE_DEVICE_UNCHANGED;
}

/* Stores a new entry, or puts the old one back when the file cannot be written. */
static int store(struct labels *l, uint64_t key, json_t *old, json_t *entry, char *ret_why)
{
	json_t *before = old ? json_deep_copy(old) : json_object();
	int err;

	if (!before) {
		json_decref(entry);
		return -ENOMEM;
	}
	err = put(l, key, entry);
	if (!err)
		err = labelfile_write(l->path, l->devices);
	if (!err) {
		json_decref(before);
		return 0;
	}
	(void)put(l, key, before);
	if (err == -EFBIG) {
		(void)snprintf(ret_why, LABELS_WHY, "the file of names and tags would be larger than %u octets; remove some", LABELS_FILE_MAX);
		return -E2BIG;
	}
	(void)snprintf(ret_why, LABELS_WHY, "%s cannot be written: %s; make room, or correct its permissions", l->path, strerror(-err));
	return -EIO;
}

static int check_limits(struct labels *l, const json_t *old, const json_t *entry, char *ret_why)
{
	size_t n;

	pthread_mutex_lock(&l->lock);
	n = json_object_size(l->devices);
	pthread_mutex_unlock(&l->lock);
	if (!old && n >= LABELS_DEVICES_MAX)
		(void)snprintf(ret_why, LABELS_WHY, "%u devices have names or tags already; remove some", LABELS_DEVICES_MAX);
	else if (json_object_size(json_object_get(entry, "tags")) > LABELS_TAGS_MAX)
		(void)snprintf(ret_why, LABELS_WHY, "the device has %u tags already; remove some", LABELS_TAGS_MAX);
	else
		return 0;
	return -E2BIG;
}

/* The entry as it will be: value under key of the map, or of the map `in` within it. */
static int edit(json_t *entry, const char *in, const char *key, const char *value)
{
	json_t *map = in ? json_object_get(entry, in) : entry;

	if (!value) {
		(void)json_object_del(map, key);
		if (in && !json_object_size(map))
			(void)json_object_del(entry, in);
		return 0;
	}
	if (!map) {
		map = json_object();
		if (json_object_set_new(entry, in, map) < 0)
			return -ENOMEM;
	}
	return json_object_set_new(map, key, json_string(value)) < 0 ? -ENOMEM : 0;
}

static int change(struct labels *l, uint64_t key, const char *in, const char *name, const char *value, char *ret_why)
{
	struct change c = { .l = l, .name = !in, .tag = in ? name : NULL };
	json_t *old = take(l, key), *entry = old ? json_deep_copy(old) : json_object();
	int err = entry ? edit(entry, in, name, value) : -ENOMEM;

	if (!err && !old)
		err = l->e->devices->with(l->e->h, key, look, NULL);
	if (!err)
		err = check_limits(l, old, entry, ret_why);
	if (!err)
		err = store(l, key, old, entry, ret_why);
	else
		json_decref(entry);
	drop(l, old);
	if (err)
		return err;
	tell_unshown(l, l->e->devices->with(l->e->h, key, show_device, &c)); /* -ENOENT: it was not seen in this run */
	return 0;
}

static int change_one(struct labels *l, uint64_t key, const char *in, const char *name, const char *value, char *ret_why)
{
	int err;

	if (l->why_not[0]) {
		(void)snprintf(ret_why, LABELS_WHY, "%s", l->why_not);
		return -EROFS;
	}
	pthread_mutex_lock(&l->writing);
	err = change(l, key, in, name, value, ret_why);
	pthread_mutex_unlock(&l->writing);
	return err;
}

int labels_set_name(struct labels *l, uint64_t key, const char *name, char *ret_why)
{
	return change_one(l, key, NULL, "name", name, ret_why);
}

int labels_set_tag(struct labels *l, uint64_t key, const char *tag, const char *value, char *ret_why)
{
	return change_one(l, key, "tags", tag, value, ret_why);
}

/* ---- life ---- */

static void __attribute__((format(printf, 2, 3))) say(const struct labels *l, const char *fmt, ...)
{
	char text[2 * LABELS_WHY];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	l->e->h->log(l->e->h, AERIE_LOG_ERROR, text);
}

/* What cannot be read as it should is never written over. */
static void keep_damaged(struct labels *l, const char *why)
{
	char to[LABELS_WHY] = "";
	int err = labelfile_set_aside(l->path, to);

	if (!err && json_object_size(l->devices))
		err = labelfile_write(l->path, l->devices);
	if (!err) {
		say(l, "%s: %s; it is kept as %s, correct it and put it back", l->path, why, to);
		return;
	}
	(void)snprintf(l->why_not, sizeof l->why_not, "%.300s is damaged and cannot be set aside: %s; move it away and start again", l->path,
		       strerror(-err));
	say(l, "%s: %s; %s", l->path, why, l->why_not);
}

static void read_file(struct labels *l)
{
	char why[LABELS_WHY] = "";
	json_t *devices = NULL;
	size_t bad = 0;
	int err = labelfile_read(l->path, &devices, &bad, why);

	if (!err) {
		json_decref(l->devices);
		l->devices = devices;
		atomic_store(&l->any, json_object_size(devices) != 0);
	}
	if (err == -EBADMSG) {
		keep_damaged(l, why);
	} else if (bad) {
		(void)snprintf(why, sizeof why, "%zu of its names and tags are malformed, or too many, and left out", bad);
		keep_damaged(l, why);
	} else if (err && err != -ENOENT) {
		(void)snprintf(l->why_not, sizeof l->why_not, "%.300s cannot be read: %s; correct its permissions and start again", l->path,
			       strerror(-err));
		say(l, "%s", l->why_not);
	}
}

void labels_start(struct labels *l)
{
	const char *text;
	json_t *entry;
	uint64_t key;

	read_file(l);
	json_object_foreach(l->devices, text, entry)
		if (l->e->devices->key_parse(l->e->h, text, &key) == 0)
			tell_unshown(l, show(l, key));
}

int labels_configure(struct labels *l, const struct aerie_config *config)
{
	if (asprintf(&l->path, "%s/" LABELS_FILE, l->e->config->home(config)) >= 0)
		return 0;
	l->path = NULL;
	return -ENOMEM;
}

int labels_new(struct endpoints *e)
{
	struct labels *l = calloc(1, sizeof *l);
	int err;

	if (!l)
		return -ENOMEM;
	e->labels = l;
	l->e = e;
	pthread_mutex_init(&l->writing, NULL);
	pthread_mutex_init(&l->lock, NULL);
	l->devices = json_object();
	if (!l->devices)
		return -ENOMEM;
	l->slots.size = sizeof l->slots;
	err = e->devices->slots(e->h, &l->slots);
	return err ? err : e->bus->subscribe(e->h, "NEW_DEVICE", on_new_device, l, NULL);
}

void labels_free(struct labels *l)
{
	if (!l)
		return;
	json_decref(l->devices);
	free(l->path);
	pthread_mutex_destroy(&l->lock);
	pthread_mutex_destroy(&l->writing);
	free(l);
}
