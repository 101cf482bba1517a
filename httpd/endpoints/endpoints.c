/* SPDX-License-Identifier: MIT */
/* The module: takes the host's services and registers the tables of routes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "endpoints.h"
#include "labels.h"
#include "waits.h"

static const struct aerie_option options[] = {
	AERIE_OPTION(AERIE_OPT_STR, 0, "server_name", "", NULL, "Name of this server, shown to clients."),
	AERIE_OPTION(AERIE_OPT_STR, 0, "server_description", "", NULL, "Description of this server, shown to clients."),
	AERIE_OPTION(AERIE_OPT_STR, 0, "server_location", "", NULL, "Where this server stands, shown to clients."),
	AERIE_OPTION_END,
};

static uint32_t count_params(const struct aerie_param *p)
{
	uint32_t n = 0;

	while (p && p[n].name)
		n++;
	return n;
}

static int register_table(struct endpoints *e, const struct endpoint *t)
{
	int err = 0;

	for (; !err && t->path; t++) {
		struct aerie_route route = {
			.size = sizeof route,
			.methods = t->methods ? t->methods : AERIE_HTTP_GET,
			.path = t->path,
			.formats = t->formats,
			.role = t->role,
			.summary = t->summary,
			.help = t->help,
			.handle = t->handle,
			.user = e,
			.params = t->params,
			.n_params = count_params(t->params),
			.result = t->result,
			.record = t->record,
			.fields = t->fields,
			.flags = t->flags,
			.forms = t->forms,
		};

		err = e->http->register_route(e->h, &route);
	}
	return err;
}

static int register_all(struct endpoints *e)
{
	const struct endpoint *const tables[] = { page_endpoints, system_endpoints, field_endpoints, device_endpoints, multi_endpoints,
						  view_endpoints, label_endpoints, list_endpoints, source_endpoints, message_endpoints,
						  stream_endpoints, chain_endpoints };
	size_t i;
	int err = 0;

	for (i = 0; !err && i < sizeof tables / sizeof tables[0]; i++)
		err = register_table(e, tables[i]);
	return err;
}

static void unload(void *state)
{
	struct endpoints *e = state;

	system_free(e);
	chain_free(e);
	labels_free(e->labels);
	waits_free(e->waits);
	free(e);
}

static int load(const struct aerie_host *h, void **ret_state)
{
	struct endpoints *e = calloc(1, sizeof *e);
	int err;

	if (!e)
		return h->fail(h, -ENOMEM, "out of memory");
	e->h = h;
	e->http = h->get_service(h, AERIE_HTTP_SERVICE);
	e->fields = h->get_service(h, AERIE_FIELDS_SERVICE);
	e->devices = h->get_service(h, AERIE_DEVICES_SERVICE);
	e->bus = h->get_service(h, AERIE_BUS_SERVICE);
	e->sources = h->get_service(h, AERIE_SOURCE_SERVICE);
	e->packets = h->get_service(h, AERIE_PACKETS_SERVICE);
	e->phys = h->get_service(h, AERIE_PHY_SERVICE);
	e->plugins = h->get_service(h, AERIE_PLUGINS_SERVICE);
	e->loop = h->get_service(h, AERIE_LOOP_SERVICE);
	e->config = h->get_service(h, AERIE_CONFIG_SERVICE);
	e->select = h->get_service(h, AERIE_SELECT_SERVICE);
	e->views = h->get_service(h, AERIE_VIEWS_SERVICE);
	e->streams = h->get_service(h, AERIE_STREAM_SERVICE);
	e->waits = waits_new(e->select);
	err = e->waits ? names_define(e) : h->fail(h, -ENOMEM, "out of memory");
	if (!err)
		err = system_new(e);
	if (!err)
		err = chain_new(e);
	if (!err)
		err = labels_new(e);
	if (!err)
		err = register_all(e);
	if (err) {
		unload(e);
		return err;
	}
	*ret_state = e;
	return 0;
}

static int configure(void *state, const struct aerie_config *config)
{
	struct endpoints *e = state;
	int err = labels_configure(e->labels, config);

	return err ? err : system_configure(e, config);
}

static int start(void *state)
{
	struct endpoints *e = state;

	labels_start(e->labels);
	return system_start(e);
}

static void quiesce(void *state)
{
	waits_end(((struct endpoints *)state)->waits);
}

static void stop(void *state)
{
	system_stop(state);
}

static const void *get_ext(void *state, const char *id)
{
	return strcmp(id, AERIE_SYSTEM_SERVICE) ? NULL : system_service(state);
}

static const char *const offers[] = { AERIE_SYSTEM_SERVICE, NULL };
static const char *const needs[] = {
	AERIE_HTTP_SERVICE, AERIE_FIELDS_SERVICE, AERIE_DEVICES_SERVICE, AERIE_BUS_SERVICE, AERIE_SOURCE_SERVICE, AERIE_PACKETS_SERVICE,
	AERIE_PHY_SERVICE, AERIE_PLUGINS_SERVICE, AERIE_LOOP_SERVICE, AERIE_CONFIG_SERVICE, AERIE_SERIALIZER_SERVICE, AERIE_SELECT_SERVICE,
	AERIE_VIEWS_SERVICE, AERIE_STREAM_SERVICE, NULL,
};

static const struct aerie_plugin plugin = {
	.abi = AERIE_ABI_INIT,
	.id = "aerie.endpoints",
	.version = "1.0",
	.summary = "The host's own HTTP endpoints and the start page",
	.license = "MIT",
	.provides = offers,
	.requires_ = needs,
	.options = options,
	.load = load,
	.configure = configure,
	.start = start,
	.quiesce = quiesce,
	.stop = stop,
	.unload = unload,
	.get_ext = get_ext,
};
AERIE_PLUGIN_EXPORT(plugin);
