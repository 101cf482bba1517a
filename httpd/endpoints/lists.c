/* SPDX-License-Identifier: MIT */
/* Short lists: PHYs and plugins; and what lists.h offers. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fields.h"
#include "lists.h"

static int nth_next(void *user, const struct aerie_visitor *vt, void *v)
{
	struct nth *n = user;

	n->vt = vt;
	n->v = v;
	n->at = 0;
	n->result = 0;
	n->each(n);
	n->want++;
	return n->result;
}

static int64_t nth_count(void *user)
{
	struct nth *n = user;

	n->vt = NULL;
	n->at = 0;
	n->each(n);
	return n->at;
}

static struct nth *nth_new(const struct endpoints *e, int (*each)(struct nth *n), uint32_t states)
{
	struct nth *n = calloc(1, sizeof *n);

	if (!n)
		return NULL;
	n->e = e;
	n->each = each;
	n->states = states;
	return n;
}

static void nth_free(void *user)
{
	struct nth *n = user;

	if (n->selection)
		n->e->select->selection_free(n->selection);
	free(n);
}

int reply_each(const struct endpoints *e, const struct aerie_request *req, struct aerie_reply *rep, int (*each)(struct nth *n),
	       uint32_t states)
{
	struct nth *n = nth_new(e, each, states);

	return n ? reply_list_of(e, req, rep, nth_next, nth_count, n, nth_free) : -ENOMEM;
}

int nth_record(struct nth *n, const struct aerie_rec *rec)
{
	return nth_hit(n) ? nth_done(n, fields_visit(n->e, n->selection, rec, n->vt, n->v)) : 0;
}

int reply_each_record(const struct endpoints *e, const struct aerie_request *req, struct aerie_reply *rep, int (*each)(struct nth *n))
{
	struct nth *n = nth_new(e, each, 0);
	int r = n ? fields_of(e, req, rep, &n->selection) : -ENOMEM;

	if (!r)
		return e->http->reply_list(rep, nth_next, nth_count, n, nth_free);
	free(n);
	return r < 0 ? r : 0;
}

/* ---- PHYs ---- */

static int on_phy(void *user, const struct aerie_phy_info *info)
{
	struct nth *n = user;
	const struct aerie_name *const *name = n->e->name;
	int err;

	if (!nth_hit(n))
		return 0;
	err = n->vt->begin_map(n->v, 6);
	if (!err)
		err = put_str(n->vt, n->v, name[NAME_PHY_NAME], info->name);
	if (!err)
		err = put_u64(n->vt, n->v, name[NAME_PHY_ID], info->id);
	if (!err)
		err = put_u64(n->vt, n->v, name[NAME_PHY_DEVICE_COUNT], info->devices);
	if (!err)
		err = put_u64(n->vt, n->v, name[NAME_PHY_PACKET_COUNT], info->packets);
	if (!err)
		err = put_u64(n->vt, n->v, name[NAME_PHY_PACKETS_DATA], info->packets_data);
	if (!err)
		err = put_u64(n->vt, n->v, name[NAME_PHY_PACKETS_ERROR], info->packets_error);
	return nth_done(n, err ? err : n->vt->end_map(n->v));
}

static int each_phy(struct nth *n)
{
	return n->e->phys->each(n->e->h, on_phy, n);
}

static int all_phys(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	return reply_each(user, req, rep, each_phy, 0);
}

/* As DataTables takes it. */
static int all_phys_dt(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	struct nth *n = nth_new(user, each_phy, 0);

	return n ? reply_wrapped_of(user, req, rep, "aaData", nth_next, nth_count, n, nth_free) : -ENOMEM;
}

/* ---- plugins ---- */

static const char *state_text(uint32_t state)
{
	static const char *const texts[] = {
		[AERIE_PLUGIN_RUNNING] = "running",         [AERIE_PLUGIN_FAILED] = "failed",
		[AERIE_PLUGIN_REFUSED] = "refused",         [AERIE_PLUGIN_QUARANTINED] = "quarantined",
		[AERIE_PLUGIN_DISABLED] = "disabled",
	};

	return state < sizeof texts / sizeof texts[0] && texts[state] ? texts[state] : "unknown";
}

/* The last part of the folder that the file at path lies in, and the file's name; path is cut up. */
static void split_path(char *path, const char **ret_dirname, const char **ret_file)
{
	char *slash = strrchr(path, '/'), *before;

	*ret_dirname = "";
	*ret_file = slash ? slash + 1 : path;
	if (!slash)
		return;
	*slash = '\0';
	before = strrchr(path, '/');
	*ret_dirname = before ? before + 1 : path;
}

static int write_plugin(struct nth *n, const struct aerie_plugin_info *info)
{
	char *path = strdup(info->path);
	const char *dirname, *file;
	int err = path ? n->vt->begin_map(n->v, 13) : -ENOMEM;
	size_t i;

	if (err) {
		free(path);
		return err;
	}
	split_path(path, &dirname, &file);
	const struct {
		enum name name;
		const char *text;
	} rows[] = {
		{ NAME_PLUGIN_NAME, info->id },       { NAME_PLUGIN_DESCRIPTION, info->summary },
		{ NAME_PLUGIN_AUTHOR, "" },           { NAME_PLUGIN_VERSION, info->version },
		{ NAME_PLUGIN_SHARED_OBJECT, file },  { NAME_PLUGIN_HTTP_HELPER, "" },
		{ NAME_PLUGIN_DIRNAME, dirname },     { NAME_PLUGIN_PATH, info->path },
		{ NAME_PLUGIN_JSMODULE, "" },         { NAME_PLUGIN_LICENSE, info->license },
		{ NAME_PLUGIN_URL, info->url },       { NAME_PLUGIN_STATE, state_text(info->state) },
		{ NAME_PLUGIN_REASON, info->reason },
	};
	for (i = 0; !err && i < sizeof rows / sizeof rows[0]; i++)
		err = put_str(n->vt, n->v, n->e->name[rows[i].name], rows[i].text);
	free(path);
	return err ? err : n->vt->end_map(n->v);
}

static int on_plugin(void *user, const struct aerie_plugin_info *info)
{
	struct nth *n = user;

	if (!(n->states >> info->state & 1) || !nth_hit(n))
		return 0;
	return nth_done(n, write_plugin(n, info));
}

static int each_plugin(struct nth *n)
{
	return n->e->plugins->each(n->e->h, on_plugin, n);
}

static int all_plugins(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	return reply_each(user, req, rep, each_plugin, 1u << AERIE_PLUGIN_RUNNING);
}

static int other_plugins(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	return reply_each(user, req, rep, each_plugin, ~(1u << AERIE_PLUGIN_RUNNING));
}

#define PHY_FIELDS                                                                                                       \
	"kismet.phy.phy_name kismet.phy.phy_id kismet.phy.device_count kismet.phy.packet_count kismet.phy.packets.data " \
	"kismet.phy.packets.error"
#define PLUGIN_FIELDS                                                                                                      \
	"kismet.plugin.name kismet.plugin.description kismet.plugin.author kismet.plugin.version kismet.plugin.shared_object " \
	"kismet.plugin.http_helper kismet.plugin.dirname kismet.plugin.path kismet.plugin.jsmodule aerie.plugin.license "      \
	"aerie.plugin.url aerie.plugin.state aerie.plugin.reason"

static const struct aerie_param phy_params[] = { FIELDS_PARAM("[\"kismet.phy.phy_name\"]"), { 0 } };
static const struct aerie_param plugin_params[] = { FIELDS_PARAM("[\"kismet.plugin.name\"]"), { 0 } };

const struct endpoint list_endpoints[] = {
	{ .path = "/phy/all_phys", .handle = all_phys, .methods = AERIE_HTTP_GET | AERIE_HTTP_POST, .params = phy_params,
	  .result = AERIE_RESULT_LIST, .fields = PHY_FIELDS,
	  .summary = "Every PHY.",
	  .help = "A list with name, number, devices and packets of each PHY." },
	{ .path = "/phy/all_phys_dt", .handle = all_phys_dt, .methods = AERIE_HTTP_GET | AERIE_HTTP_POST, .params = phy_params,
	  .result = AERIE_RESULT_VALUE,
	  .summary = "Every PHY, wrapped for DataTables.",
	  .help = "An object whose aaData is the list that all_phys gives." },
	{ .path = "/plugins/all_plugins", .handle = all_plugins, .methods = AERIE_HTTP_GET | AERIE_HTTP_POST, .params = plugin_params,
	  .result = AERIE_RESULT_LIST, .fields = PLUGIN_FIELDS,
	  .summary = "Plugins that run.",
	  .help = "A list of running plugins." },
	{ .path = "/plugins/other_plugins", .handle = other_plugins, .methods = AERIE_HTTP_GET | AERIE_HTTP_POST, .params = plugin_params,
	  .result = AERIE_RESULT_LIST, .fields = PLUGIN_FIELDS,
	  .summary = "Plugins that do not run, and why.",
	  .help = "A list like all_plugins, of plugins that were refused, failed, quarantined or disabled; aerie.plugin.reason says why and "
		  "what to do." },
	{ 0 },
};
