/* SPDX-License-Identifier: MIT */
/* Endpoints of devices: one by its key, and lists of all, of those that changed, and of those with an address. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "devices.h"

#define RECORD "kismet.device.base"
#define BOTH (AERIE_HTTP_GET | AERIE_HTTP_POST)

/* What a handler returns once it has replied. */
static int ended(struct ask *a, int err)
{
	ask_end(a);
	return err < 0 ? err : 0;
}

static int summary(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	struct ask a;
	int err = ask_begin(&a, user, req, rep);

	return ended(&a, err ? err : devices_reply(&a, rep, "aaData"));
}

static int last_time(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	const struct endpoints *e = user;
	struct ask a;
	int err = ask_begin(&a, e, req, rep);

	if (!err)
		err = ask_since(&a, "the time in the path", e->http->param(req, "ts"), rep);
	return ended(&a, err ? err : walk_reply(&a, walk_new(&a), rep));
}

static int by_mac(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	const struct endpoints *e = user;
	const char *mask = e->http->param(req, "mask"), *rest;
	struct ask a;
	int err = ask_begin(&a, e, req, rep);

	if (err)
		return ended(&a, err);
	a.query.mac_mask = AERIE_KEY_MAC_MASK;
	rest = ask_mac(e->http->param(req, "mac"), &a.query.mac);
	if (rest && *rest == '/' && !mask)
		rest = ask_mac(rest + 1, &a.query.mac_mask);
	if (rest && !*rest && mask)
		rest = ask_mac(mask, &a.query.mac_mask);
	if (!rest || *rest)
		return ended(&a, ask_wrong(&a, rep, "the address in the path is not of the form AA:BB:CC:DD:EE:FF, or that, / and a mask"));
	a.query.mac &= a.query.mac_mask;
	return ended(&a, walk_reply(&a, walk_new(&a), rep));
}

/* ---- one device ---- */

struct one {
	const struct endpoints *e;
	struct aerie_selection *selection;
	uint64_t key;
	const char *parts[AERIE_SELECT_DEPTH_MAX]; /* of a path in the record: they lie in path */
	uint32_t n_parts;
	char *path;
	const struct aerie_visitor *vt; /* NULL: only look */
	void *v;
};

static void one_free(void *user)
{
	struct one *one = user;

	one->e->select->selection_free(one->selection);
	free(one->path);
	free(one);
}

static int visit_one(void *user, struct aerie_device *dev)
{
	struct one *one = user;
	const struct aerie_select *s = one->e->select;
	int err = 0;

	if (one->n_parts)
		err = s->visit_path(one->e->h, dev->rec, one->parts, one->n_parts, one->vt, one->v);
	else if (one->vt)
		err = s->visit(one->e->h, one->selection, dev->rec, one->vt, one->v);
	return err < 0 ? err : AERIE_DEVICE_UNCHANGED;
}

static int emit_one(void *user, const struct aerie_visitor *vt, void *v)
{
	struct one *one = user;

	one->vt = vt;
	one->v = v;
	return one->e->devices->with(one->e->h, one->key, visit_one, one);
}

/* Takes one over. */
static int reply_one(struct one *one, struct aerie_reply *rep)
{
	const struct endpoints *e = one->e;
	int err = e->devices->with(e->h, one->key, visit_one, one);

	if (!err)
		return e->http->reply_value(rep, emit_one, one, one_free);
	if (err == -ENOENT)
		err = e->http->reply_error(rep, 404, one->n_parts ? "no such device, or nothing at this path in it" : "no such device");
	one_free(one);
	return err;
}

static int by_key(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	const struct endpoints *e = user;
	struct one *one;
	struct ask a;
	uint64_t key;
	int err = ask_begin(&a, e, req, rep);

	if (!err)
		err = device_key(e, req, rep, &key);
	if (err)
		return ended(&a, err);
	one = calloc(1, sizeof *one);
	if (!one)
		return ended(&a, -ENOMEM);
	one->e = e;
	one->key = key;
	one->selection = a.selection;
	a.selection = NULL;
	return ended(&a, reply_one(one, rep));
}

/* The request's path is gone when the reply is written. */
static int copy_path(struct one *one, const struct aerie_request *req)
{
	const struct aerie_http *http = one->e->http;
	const char *part;
	size_t len = 0;
	uint32_t i;

	for (i = 0; (part = http->rest(req, i)); i++)
		len += strlen(part) + 1;
	if (i > AERIE_SELECT_DEPTH_MAX)
		return -ENOENT;
	one->path = malloc(len);
	if (!one->path)
		return -ENOMEM;
	for (i = 0, len = 0; (part = http->rest(req, i)); i++) {
		one->parts[i] = strcpy(one->path + len, part);
		len += strlen(part) + 1;
	}
	one->n_parts = i;
	return 0;
}

static int by_path(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	const struct endpoints *e = user;
	struct one *one = calloc(1, sizeof *one);
	int err;

	if (!one)
		return -ENOMEM;
	one->e = e;
	err = device_key(e, req, rep, &one->key);
	if (!err)
		err = copy_path(one, req);
	if (!err)
		return reply_one(one, rep);
	one_free(one);
	return err < 0 ? err : 0;
}

/* ---- */

static const struct aerie_param summary_params[] = { TABLE_PARAMS, PARAMS_END };
static const struct aerie_param time_params[] = { TIME_PARAM, LIST_PARAMS, PARAMS_END };
static const struct aerie_param mac_params[] = { MAC_PARAM, LIST_PARAMS, PARAMS_END };
static const struct aerie_param mask_params[] = {
	AERIE_PARAM(AERIE_IN_PATH, 0, "mac", "mac", "An address; which of its bits count says the mask.", "\"02:00:00:00:00:01\""),
	AERIE_PARAM(AERIE_IN_PATH, 0, "mask", "mac", "Mask: which of the address's bits count.", "\"FF:FF:FF:00:00:00\""),
	LIST_PARAMS, PARAMS_END,
};
static const struct aerie_param key_params[] = { KEY_PARAM, DEVICE_FIELDS_PARAM, PARAMS_END };
static const struct aerie_param path_params[] = {
	KEY_PARAM,
	AERIE_PARAM(AERIE_IN_PATH, 0, "path", "string",
		    "Names of fields, keys of maps and numbers of elements of lists, separated by '/'; the suffix belongs to \"device\".",
		    "\"kismet.device.base.commonname\""),
	PARAMS_END,
};

const struct endpoint device_endpoints[] = {
	{ .path = "/devices/summary/devices", .flags = AERIE_ROUTE_LONG, .methods = BOTH, .handle = summary, .params = summary_params,
	  .result = AERIE_RESULT_LIST, .forms = TABLE_FORMS, .record = RECORD,
	  .summary = "Summaries of devices.",
	  .help = "What `fields` selects of every device that `regex` lets through, as a list, or as a map with the list under the name `wrapper`. "
		  "`datatable`: a map of draw, recordsTotal, recordsFiltered and the page's devices under `wrapper`, or aaData; other variables "
		  "are DataTables' own. `page`, `size`, `sort` or `search`: a map of data, last_page, last_row (devices found) and total_row." },
	{ .path = "/devices/all_devices", .flags = AERIE_ROUTE_LONG, .methods = BOTH, .handle = summary, .params = summary_params,
	  .result = AERIE_RESULT_LIST, .forms = TABLE_FORMS, .record = RECORD,
	  .summary = "Every device.",
	  .help = "A list of devices, in no promised order; complete records unless `fields` selects. With .ekjson or .itjson one device per "
		  "line, which clients can read as a stream. Pages and tables as for /devices/summary/devices." },
	{ .path = "/devices/last-time/:ts/devices", .flags = AERIE_ROUTE_LONG, .methods = BOTH, .handle = last_time, .params = time_params,
	  .result = AERIE_RESULT_LIST, .forms = AERIE_FORM_WRAPPED, .record = RECORD,
	  .summary = "Devices that are new or changed since a time.",
	  .help = "A list of devices; complete records unless `fields` selects. A device that changed within the second `ts` is one of them." },
	{ .path = "/devices/by-key/:key/device", .flags = AERIE_ROUTE_QUICK, .methods = BOTH, .handle = by_key, .params = key_params,
	  .result = AERIE_RESULT_OBJECT, .record = RECORD,
	  .summary = "One device.",
	  .help = "A complete record, or what `fields` selects of it. 404: no such device; 400: not a key." },
	{ .path = "/devices/by-key/:key/device/*path", .flags = AERIE_ROUTE_QUICK, .handle = by_path, .params = path_params,
	  .result = AERIE_RESULT_VALUE,
	  .summary = "One value of a device.",
	  .help = "The value that stands at this path in the device's record, alone: /devices/by-key/KEY/device.json/PATH. 404: no such device, or "
		  "nothing there; 400: not a key." },
	{ .path = "/devices/by-mac/:mac/devices", .flags = AERIE_ROUTE_LONG, .methods = BOTH, .handle = by_mac, .params = mac_params,
	  .result = AERIE_RESULT_LIST, .forms = AERIE_FORM_WRAPPED, .record = RECORD,
	  .summary = "Devices with an address, of any PHY.",
	  .help = "A list of devices, empty when there is none. With a mask, those whose address is the same where the mask has ones." },
	{ .path = "/devices/by-mac/:mac/:mask/devices", .flags = AERIE_ROUTE_LONG, .methods = BOTH, .handle = by_mac, .params = mask_params,
	  .result = AERIE_RESULT_LIST, .forms = AERIE_FORM_WRAPPED, .record = RECORD,
	  .summary = "Devices with an address under a mask, of any PHY.",
	  .help = "A list of devices, empty when there is none: those whose address is the same where the mask has ones." },
	{ 0 },
};
