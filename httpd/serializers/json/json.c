/* SPDX-License-Identifier: MIT */
/* The module: registers every flavour of JSON. A flavour is a row: its suffix and what its writer does differently. */
#include <errno.h>

#include <aerie/plugin.h>
#include <aerie/serializer.h>

#include "writer.h"

static const struct flavour {
	const char *suffix, *help;
	uint32_t flags;
	const struct aerie_visitor *visitor; /* NULL: the writer's */
} flavours[] = {
	{ "json", "One JSON document.", 0, NULL },
	{ "prettyjson", "One JSON document for people: indented, and before each field its type and what it says.", 0, &pretty_visitor },
	{ "ekjson", "A list as one JSON value per line; '.' in field names becomes '_'.", WRITER_UNDERSCORES | WRITER_LINES, NULL },
	{ "itjson", "A list as one JSON value per line.", WRITER_LINES, NULL },
	{ "tjson", "One JSON document; '.' in field names becomes '_'.", WRITER_UNDERSCORES, NULL },
	{ "cmd", "The answer to a command: one JSON document.", 0, NULL },
	{ "jcmd", "The same as cmd.", 0, NULL },
};

static int load(const struct aerie_host *h, void **ret_state)
{
	const struct aerie_serializers *s = h->get_service(h, AERIE_SERIALIZER_SERVICE);
	size_t i;
	int err;

	for (i = 0; i < sizeof flavours / sizeof flavours[0]; i++) {
		struct aerie_serializer row = {
			.size = sizeof row,
			.suffix = flavours[i].suffix,
			.content_type = "application/json",
			.help = flavours[i].help,
			.visitor = flavours[i].visitor ? flavours[i].visitor : &writer_visitor,
			.open = writer_open,
			.close = flavours[i].visitor ? pretty_close : writer_close,
			.user = (void *)&flavours[i].flags,
		};

		err = s->register_serializer(h, &row);
		if (err)
			return err;
	}
	*ret_state = NULL;
	return 0;
}

static const char *const needs[] = { AERIE_SERIALIZER_SERVICE, NULL };

static const struct aerie_plugin plugin = {
	.abi = AERIE_ABI_INIT,
	.id = "aerie.json",
	.version = "1.0",
	.summary = "JSON serializers: json, prettyjson, ekjson, itjson, tjson",
	.license = "MIT",
	.requires_ = needs,
	.load = load,
};
AERIE_PLUGIN_EXPORT(plugin);
