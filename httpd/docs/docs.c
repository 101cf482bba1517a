/* SPDX-License-Identifier: MIT */
/* The module: what the host tells of itself. Takes the services that enumerate, and registers the table of routes. */
#include <errno.h>
#include <stdlib.h>

#include "docs.h"

static const struct aerie_route routes[] = {
	{ .path = "/system/openapi", .formats = "json", .handle = docs_openapi, .flags = AERIE_ROUTE_LONG,
	  .summary = "The interface, for programs.",
	  .help = "An OpenAPI 3.0.3 document of every path that is served now, made from what the loaded modules "
		  "registered: paths, methods, parameters, commands, records and logins. WebSockets are listed under "
		  "`x-websockets`." },
	{ .path = "/docs", .formats = "", .handle = docs_index_page,
	  .summary = "The reference.",
	  .help = "A page that leads to those of endpoints, fields, records and formats." },
	{ .path = "/docs/endpoints", .formats = "html", .handle = docs_endpoints_page,
	  .summary = "Every endpoint, as a page.",
	  .help = "Methods, formats, roles, parameters and results of what the loaded modules registered." },
	{ .path = "/system/endpoints", .formats = "html", .handle = docs_endpoints_page,
	  .summary = "Every endpoint, as a page.",
	  .help = "The same page as /docs/endpoints.html." },
	{ .path = "/docs/fields", .formats = "html", .handle = docs_fields_page,
	  .summary = "Every tracked field, as a page.",
	  .help = "Name, type, unit, description, owner and limit of each field." },
	{ .path = "/docs/records", .formats = "html", .handle = docs_records_page,
	  .summary = "Every record type, as a page.",
	  .help = "The members of each record type in the order in which they are shown, and the records within them." },
	{ .path = "/docs/formats", .formats = "html", .handle = docs_formats_page,
	  .summary = "Every format, as a page.",
	  .help = "Suffix, content type and description of each loaded serializer." },
	{ .path = "/docs/docs", .formats = "js", .handle = docs_script,
	  .summary = "The script of the reference pages.",
	  .help = "Searches the page that loads it." },
	{ .path = "/docs/docs", .formats = "css", .handle = docs_style,
	  .summary = "The style of the reference pages.",
	  .help = "A style sheet." },
	{ .path = "/system/tracked_fields", .formats = "html", .handle = docs_tracked_fields_page,
	  .summary = "Every tracked field, as a table.",
	  .help = "Name, number, type and description of each field, in the form that scripts of the ecosystem read." },
};

static int register_all(struct docs *d)
{
	size_t i;
	int err = 0;

	for (i = 0; !err && i < sizeof routes / sizeof routes[0]; i++) {
		struct aerie_route r = routes[i];

		r.size = sizeof r;
		r.methods = AERIE_HTTP_GET;
		r.result = AERIE_RESULT_OCTETS;
		r.user = d;
		err = d->http->register_route(d->h, &r);
	}
	return err;
}

static int load(const struct aerie_host *h, void **ret_state)
{
	struct docs *d = calloc(1, sizeof *d);
	int err;

	if (!d)
		return h->fail(h, -ENOMEM, "out of memory");
	d->h = h;
	d->http = h->get_service(h, AERIE_HTTP_SERVICE);
	d->fields = h->get_service(h, AERIE_FIELDS_SERVICE);
	d->serializers = h->get_service(h, AERIE_SERIALIZER_SERVICE);
	d->plugins = h->get_service(h, AERIE_PLUGINS_SERVICE);
	err = register_all(d);
	if (err) {
		free(d);
		return err;
	}
	*ret_state = d;
	return 0;
}

static void unload(void *state)
{
	free(state);
}

static const char *const needs[] = {
	AERIE_HTTP_SERVICE, AERIE_FIELDS_SERVICE, AERIE_SERIALIZER_SERVICE, AERIE_PLUGINS_SERVICE, NULL,
};

static const struct aerie_plugin plugin = {
	.abi = AERIE_ABI_INIT,
	.id = "aerie.docs",
	.version = "1.0",
	.summary = "The reference: an OpenAPI document, and pages of endpoints, fields, records and formats",
	.license = "MIT",
	.requires_ = needs,
	.load = load,
	.unload = unload,
};
AERIE_PLUGIN_EXPORT(plugin);
