/* SPDX-License-Identifier: MIT */
/* Endpoints of views: named parts of the device store. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devices.h"
#include "fields.h"

#define VIEWS_MAX 65536u /* of a list */
#define RECORD "kismet.device.base"
#define BOTH (AERIE_HTTP_GET | AERIE_HTTP_POST)
#define PHY_PREFIX "phy-"
#define VIEW_ID 512u /* octets of an id made of a PHY's name */

/* ---- the list of views ---- */

struct listed {
	char *id, *description;
	uint64_t size;
	uint8_t indexed;
};

struct listing {
	const struct endpoints *e;
	struct listed *view;
	uint32_t n, room, at;
};

static void listed_free(struct listed *view)
{
	free(view->id);
	free(view->description);
}

static void listing_free(void *user)
{
	struct listing *l = user;
	uint32_t i;

	for (i = 0; i < l->n; i++)
		listed_free(&l->view[i]);
	free(l->view);
	free(l);
}

static int list_view(void *user, const struct aerie_view_info *info)
{
	struct listing *l = user;
	uint32_t room = l->room ? l->room * 2 : 16;
	struct listed *view;

	if (l->n == VIEWS_MAX)
		return -E2BIG;
	if (l->n == l->room) {
		view = realloc(l->view, room * sizeof *view);
		if (!view)
			return -ENOMEM;
		l->view = view;
		l->room = room;
	}
	view = &l->view[l->n++];
	view->id = strdup(info->id);
	view->description = strdup(info->description);
	view->indexed = info->indexed != 0;
	return view->id && view->description ? 0 : -ENOMEM;
}

/* -ENOENT: its module has gone. */
static int measure(const struct endpoints *e, struct listed *view)
{
	struct aerie_device_query q = { .size = sizeof q };
	struct aerie_view_ref *ref;
	int64_t size;
	int err = e->views->find(e->h, view->id, &ref, &q);

	if (err < 0)
		return err;
	size = e->views->devices(e->h, ref);
	e->views->release(ref);
	view->size = size < 0 ? 0 : (uint64_t)size;
	return size < 0 ? (int)size : 0;
}

static int measure_all(struct listing *l)
{
	uint32_t i = 0;
	int err;

	while (i < l->n) {
		err = measure(l->e, &l->view[i]);
		if (err < 0 && err != -ENOENT)
			return err;
		if (!err) {
			i++;
			continue;
		}
		listed_free(&l->view[i]);
		memmove(&l->view[i], &l->view[i + 1], (--l->n - i) * sizeof l->view[0]);
	}
	return 0;
}

static int next_view(void *user, const struct aerie_visitor *vt, void *v)
{
	struct listing *l = user;
	const struct listed *view = &l->view[l->at];
	const struct aerie_name *const *name = l->e->name;
	int err;

	if (l->at == l->n)
		return 0;
	l->at++;
	err = vt->begin_map(v, 4);
	if (!err)
		err = put_str(vt, v, name[NAME_VIEW_ID], view->id);
	if (!err)
		err = put_str(vt, v, name[NAME_VIEW_DESCRIPTION], view->description);
	if (!err)
		err = put_u64(vt, v, name[NAME_VIEW_SIZE], view->size);
	if (!err)
		err = put_u64(vt, v, name[NAME_VIEW_INDEXED], view->indexed);
	if (!err)
		err = vt->end_map(v);
	return err ? err : 1;
}

static int64_t count_views(void *user)
{
	return ((struct listing *)user)->n;
}

static int all_views(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	const struct endpoints *e = user;
	struct listing *l = calloc(1, sizeof *l);
	int err;

	if (!l)
		return -ENOMEM;
	l->e = e;
	err = e->views->each(e->h, list_view, l);
	if (!err)
		err = measure_all(l);
	if (!err)
		return reply_list_of(e, req, rep, next_view, count_views, l, listing_free);
	listing_free(l);
	return err;
}

/* ---- their devices ---- */

static int reply_view(const struct endpoints *e, const struct aerie_request *req, struct aerie_reply *rep, const char *id)
{
	const char *ts = e->http->param(req, "ts");
	struct ask a;
	int err = ask_begin(&a, e, req, rep);

	if (!err && ts)
		err = ask_since(&a, "the time in the path", ts, rep);
	if (!err)
		err = ask_view(&a, id, rep);
	if (!err)
		err = devices_reply(&a, rep, "data");
	ask_end(&a);
	return err < 0 ? err : 0;
}

static int in_view(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	const struct endpoints *e = user;

	return reply_view(e, req, rep, e->http->param(req, "view"));
}

static int in_phy(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	const struct endpoints *e = user;
	const char *phy = e->http->param(req, "phy");
	char id[VIEW_ID];

	if (strlen(phy) >= sizeof id - sizeof PHY_PREFIX)
		return -ENOENT;
	(void)snprintf(id, sizeof id, PHY_PREFIX "%s", phy);
	return reply_view(e, req, rep, id);
}

static const struct aerie_param all_params[] = { FIELDS_PARAM("[\"kismet.devices.view.id\"]"), PARAMS_END };
static const struct aerie_param view_params[] = { VIEW_PARAM, TABLE_PARAMS, PARAMS_END };
static const struct aerie_param view_time_params[] = { VIEW_PARAM, TIME_PARAM, TABLE_PARAMS, PARAMS_END };
static const struct aerie_param phy_params[] = {
	AERIE_PARAM(AERIE_IN_PATH, 0, "phy", "string", "Name of the PHY.", "\"IEEE802.11\""), TABLE_PARAMS, PARAMS_END,
};

#define LIST_HELP \
	"A list of devices; complete records unless `fields` selects. `datatable`: a map of draw, data, recordsTotal and recordsFiltered. " \
	"`page`, `size`, `sort` or `search`: a map of data, last_page, last_row (devices found) and total_row."

const struct endpoint view_endpoints[] = {
	{ .path = "/devices/views/all_views", .flags = AERIE_ROUTE_LONG, .methods = BOTH, .handle = all_views, .params = all_params, .result = AERIE_RESULT_LIST,
	  .fields = "kismet.devices.view.id kismet.devices.view.description kismet.devices.view.size kismet.devices.view.indexed",
	  .summary = "Named parts of the device list.",
	  .help = "A list of views: all, phy-NAME of each PHY, seenby-UUID of each datasource that was open, and those of plugins. The size of one that is "
		  "not indexed is counted every few seconds." },
	{ .path = "/devices/views/:view/devices", .flags = AERIE_ROUTE_LONG, .methods = BOTH, .handle = in_view, .params = view_params,
	  .result = AERIE_RESULT_LIST, .forms = TABLE_FORMS, .record = RECORD,
	  .summary = "Devices of a view.",
	  .help = LIST_HELP },
	{ .path = "/devices/views/:view/last-time/:ts/devices", .flags = AERIE_ROUTE_LONG, .methods = BOTH, .handle = in_view, .params = view_time_params,
	  .result = AERIE_RESULT_LIST, .forms = TABLE_FORMS, .record = RECORD,
	  .summary = "Devices of a view that are new or changed since a time.",
	  .help = LIST_HELP " A device that changed within the second `ts` is one of them." },
	{ .path = "/devices/views/phy/:phy/devices", .flags = AERIE_ROUTE_LONG, .methods = BOTH, .handle = in_phy, .params = phy_params,
	  .result = AERIE_RESULT_LIST, .forms = TABLE_FORMS, .record = RECORD,
	  .summary = "Devices of a PHY.",
	  .help = LIST_HELP " The same as the view phy-NAME." },
	{ 0 },
};
