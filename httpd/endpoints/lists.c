/* SPDX-License-Identifier: MIT */
/* Short lists: PHYs, plugins, messages; and what lists.h offers. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fields.h"
#include "lists.h"

#define MESSAGES_MAX 64u /* more than the bus keeps */

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

int reply_nth(const struct endpoints *e, struct aerie_reply *rep, int (*each)(struct nth *n), uint32_t states)
{
	struct nth *n = nth_new(e, each, states);

	return n ? e->http->reply_list(rep, nth_next, nth_count, n, nth_free) : -ENOMEM;
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
	return reply_nth(user, rep, each_phy, 0);
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
	return reply_nth(user, rep, each_plugin, 1u << AERIE_PLUGIN_RUNNING);
}

static int other_plugins(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	return reply_nth(user, rep, each_plugin, ~(1u << AERIE_PLUGIN_RUNNING));
}

/* ---- messages: copied at once, because each enumeration may see newer ones ---- */

struct messages {
	const struct endpoints *e;
	uint32_t n, i;
	struct {
		uint64_t time_s;
		int32_t level;
		char *text;
	} row[MESSAGES_MAX];
};

static void on_message(void *user, const struct aerie_message *m)
{
	struct messages *ms = user;
	char *text;

	if (ms->n == MESSAGES_MAX || !(text = strdup(m->text)))
		return;
	ms->row[ms->n].time_s = m->time_s;
	ms->row[ms->n].level = m->level;
	ms->row[ms->n++].text = text;
}

static int message_next(void *user, const struct aerie_visitor *vt, void *v)
{
	struct messages *ms = user;
	const struct aerie_name *const *name = ms->e->name;
	int err;

	if (ms->i == ms->n)
		return 0;
	err = vt->begin_map(v, 3);
	if (!err)
		err = put_str(vt, v, name[NAME_MESSAGE_STRING], ms->row[ms->i].text);
	if (!err)
		err = vt->key(v, name[NAME_MESSAGE_FLAGS]);
	if (!err)
		err = vt->i64(v, ms->row[ms->i].level);
	if (!err)
		err = put_u64(vt, v, name[NAME_MESSAGE_TIME], ms->row[ms->i].time_s);
	ms->i++;
	err = err ? err : vt->end_map(v);
	return err ? err : 1;
}

static int64_t message_count(void *user)
{
	return ((struct messages *)user)->n;
}

static void messages_free(void *user)
{
	struct messages *ms = user;

	while (ms->n)
		free(ms->row[--ms->n].text);
	free(ms);
}

static int all_messages(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	const struct endpoints *e = user;
	struct messages *ms = calloc(1, sizeof *ms);

	if (!ms)
		return -ENOMEM;
	ms->e = e;
	e->bus->recent(e->h, 0, on_message, ms);
	return e->http->reply_list(rep, message_next, message_count, ms, messages_free);
}

const struct endpoint list_endpoints[] = {
	{ .path = "/phy/all_phys", .handle = all_phys,
	  .summary = "Every PHY.",
	  .help = "A list with name, number, devices and packets of each PHY." },
	{ .path = "/messagebus/all_messages", .handle = all_messages,
	  .summary = "The last messages.",
	  .help = "A list of the last 50 messages, newest last." },
	{ .path = "/plugins/all_plugins", .handle = all_plugins,
	  .summary = "Plugins that run.",
	  .help = "A list of running plugins." },
	{ .path = "/plugins/other_plugins", .handle = other_plugins,
	  .summary = "Plugins that do not run, and why.",
	  .help = "A list like all_plugins, of plugins that were refused, failed, quarantined or disabled; aerie.plugin.reason says why and what to do." },
	{ 0 },
};
