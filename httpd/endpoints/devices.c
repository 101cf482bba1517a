/* SPDX-License-Identifier: MIT */
/* Devices, one or many. A list walks over keys and locks one device for as long as it takes to write it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "endpoints.h"

#define WALK_KEYS 256u

struct walk {
	const struct endpoints *e;
	struct aerie_cursor *cursor;
	uint64_t keys[WALK_KEYS];
	int n, i;
	const struct aerie_visitor *vt; /* of the call under way */
	void *v;
};

static int visit_device(void *user, struct aerie_device *dev)
{
	struct walk *w = user;
	int err = w->e->fields->visit(w->e->h, dev->rec, w->vt, w->v);

	return err < 0 ? err : AERIE_DEVICE_UNCHANGED;
}

/* The next device that is still there. */
static int walk_next(void *user, const struct aerie_visitor *vt, void *v)
{
	struct walk *w = user;
	int r;

	w->vt = vt;
	w->v = v;
	for (;;) {
		if (w->i == w->n) {
			r = w->e->devices->cursor_next(w->cursor, w->keys, WALK_KEYS);
			if (r <= 0)
				return r;
			w->n = r;
			w->i = 0;
		}
		r = w->e->devices->with(w->e->h, w->keys[w->i++], visit_device, w);
		if (r != -ENOENT)
			return r < 0 ? r : 1;
	}
}

static int64_t walk_count(void *user)
{
	struct walk *w = user;

	return w->e->devices->cursor_count(w->cursor);
}

static void walk_free(void *user)
{
	struct walk *w = user;

	w->e->devices->cursor_close(w->cursor);
	free(w);
}

static int reply_devices(const struct endpoints *e, struct aerie_reply *rep, const struct aerie_device_query *q)
{
	struct walk *w = calloc(1, sizeof *w);

	if (!w)
		return -ENOMEM;
	w->e = e;
	w->cursor = e->devices->cursor_open(e->h, q);
	if (!w->cursor) {
		free(w);
		return -ENOMEM;
	}
	return e->http->reply_list(rep, walk_next, walk_count, w, walk_free);
}

static int all_devices(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	struct aerie_device_query q = { .size = sizeof q };

	return reply_devices(user, rep, &q);
}

static int last_time(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	const struct endpoints *e = user;
	struct aerie_device_query q = { .size = sizeof q };
	const char *text = e->http->param(req, "ts");
	int64_t now = (int64_t)(e->loop->now_us(e->h) / 1000000);
	long long ts;
	char *end;

	errno = 0;
	ts = strtoll(text, &end, 10);
	if (!strspn(text, "-0123456789") || *end || end == text || errno)
		return e->http->reply_error(rep, 400, "the timestamp is not a whole number of seconds");
	if (ts < 0)
		ts = ts < -now ? 0 : now + ts;
	q.changed_since = (uint64_t)ts;
	return reply_devices(e, rep, &q);
}

/* "AA:BB:CC:DD:EE:FF"; the octet after it, or NULL. */
static const char *parse_mac(const char *text, uint64_t *ret_mac)
{
	uint64_t mac = 0;
	unsigned i, j, digit;

	for (i = 0; i < 6; i++) {
		if (i && *text++ != ':')
			return NULL;
		for (j = 0; j < 2; j++, text++) {
			digit = *text >= '0' && *text <= '9'   ? (unsigned)(*text - '0')
				: *text >= 'a' && *text <= 'f' ? (unsigned)(*text - 'a' + 10)
				: *text >= 'A' && *text <= 'F' ? (unsigned)(*text - 'A' + 10)
							       : 16;
			if (digit == 16)
				return NULL;
			mac = mac << 4 | digit;
		}
	}
	*ret_mac = mac;
	return text;
}

static int by_mac(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	const struct endpoints *e = user;
	struct aerie_device_query q = { .size = sizeof q, .mac_mask = AERIE_KEY_MAC_MASK };
	const char *p = parse_mac(e->http->param(req, "mac"), &q.mac);

	if (p && *p == '/')
		p = parse_mac(p + 1, &q.mac_mask);
	if (!p || *p)
		return e->http->reply_error(rep, 400, "the address is not of the form AA:BB:CC:DD:EE:FF, or that and a mask behind %2F");
	q.mac &= q.mac_mask;
	return reply_devices(e, rep, &q);
}

struct one {
	struct walk walk; /* for visit_device() */
	uint64_t key;
};

static int emit_one(void *user, const struct aerie_visitor *vt, void *v)
{
	struct one *one = user;

	one->walk.vt = vt;
	one->walk.v = v;
	return one->walk.e->devices->with(one->walk.e->h, one->key, visit_device, &one->walk);
}

static int look(void *user, struct aerie_device *dev)
{
	return AERIE_DEVICE_UNCHANGED;
}

static int by_key(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	const struct endpoints *e = user;
	struct one *one;
	uint64_t key;
	int err = e->devices->key_parse(e->h, e->http->param(req, "key"), &key);

	if (err == -EINVAL)
		return e->http->reply_error(rep, 400, "malformed device key");
	if (!err)
		err = e->devices->with(e->h, key, look, NULL);
	if (err == -ENOENT)
		return e->http->reply_error(rep, 404, "no such device");
	if (err < 0)
		return err;
	one = calloc(1, sizeof *one);
	if (!one)
		return -ENOMEM;
	one->walk.e = e;
	one->key = key;
	return e->http->reply_value(rep, emit_one, one, free);
}

const struct endpoint device_endpoints[] = {
	{ .path = "/devices/all_devices", .handle = all_devices,
	  .summary = "Every device.",
	  .help = "A list of complete device records, in no promised order. With .ekjson one device per line, which clients can read as a stream." },
	{ .path = "/devices/last-time/:ts/devices", .handle = last_time,
	  .summary = "Devices that are new or changed since a time.",
	  .help = "ts: whole seconds since 1970-01-01 UTC, server time; negative: so many seconds before now. A list of complete device records." },
	{ .path = "/devices/by-key/:key/device", .handle = by_key,
	  .summary = "One device.",
	  .help = "key: kismet.device.base.key of the device. A complete device record. 404: no such device; 400: not a key." },
	{ .path = "/devices/by-mac/:mac/devices", .handle = by_mac,
	  .summary = "Devices with an address, of any PHY.",
	  .help = "mac: AA:BB:CC:DD:EE:FF, or an address, %2F and a mask. A list of complete device records, empty when there is none." },
	{ 0 },
};
