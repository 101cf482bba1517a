/* SPDX-License-Identifier: MIT */
/* /system/openapi.json: the interface as an OpenAPI 3.0.3 document. 3.0, because what Debian packages to check and to
 * use such documents knows that version. Made anew for each request, since modules come and go. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "openapi.h"

static const char about[] =
	"Made from what the loaded modules registered. A path's suffix chooses the format; every format that a path "
	"ends in says the same. A command is a map that is sent with POST, in one of four ways: form variable `json`, "
	"form variable `msgpack` (base64), or as a body of type application/json or application/msgpack; keys that are "
	"not known are ignored. An error is one line of text that says what happened and what to do; 405 says in "
	"`Allow` which methods a path has. HEAD is allowed wherever GET is. Records hold what is known: members with "
	"`x-optional` can be missing, and a selection of `fields` has just those fields. `x-websockets` lists paths "
	"that are upgraded to WebSocket, with the messages that a client may send.";

static int on_format(void *user, const char *suffix, const char *content_type, const char *help)
{
	struct openapi *o = user;

	tree_put_text(&o->tree, o->formats, suffix, content_type);
	return o->tree.err;
}

static int on_plugin(void *user, const struct aerie_plugin_info *info)
{
	struct openapi *o = user;
	json_t *tag = json_object();

	if (info->state != AERIE_PLUGIN_RUNNING) {
		json_decref(tag);
		return 0;
	}
	tree_put_text(&o->tree, tag, "name", info->id);
	tree_put_text(&o->tree, tag, "description", info->summary);
	tree_add(&o->tree, json_object_get(o->root, "tags"), tag);
	return o->tree.err;
}

static void put_info(struct openapi *o)
{
	json_t *info = tree_object(&o->tree, o->root, "info"), *license;

	tree_put_text(&o->tree, info, "title", "Aerie");
	tree_put_text(&o->tree, info, "version", o->d->plugins->host_version(o->d->h));
	tree_put_text(&o->tree, info, "description", about);
	license = tree_object(&o->tree, info, "license");
	tree_put_text(&o->tree, license, "name", "MIT");
}

static void put_security(struct openapi *o, json_t *components)
{
	tree_put(&o->tree, components, "securitySchemes",
		 tree_parse(&o->tree,
			    "{\"session\": {\"type\": \"apiKey\", \"in\": \"cookie\", \"name\": \"KISMET\","
			    " \"description\": \"The session that a login made, or an API key.\"},"
			    "\"basic\": {\"type\": \"http\", \"scheme\": \"basic\","
			    " \"description\": \"User and password; makes a session.\"},"
			    "\"key\": {\"type\": \"apiKey\", \"in\": \"query\", \"name\": \"KISMET\","
			    " \"description\": \"An API key, where a cookie cannot be sent.\"}}"));
}

static void put_error_responses(struct openapi *o, json_t *components)
{
	static const char *const rows[][2] = {
		{ "Malformed", "A parameter or the command is malformed; the text names it." },
		{ "LoginNeeded", "This needs a login." },
		{ "RoleNeeded", "The login's role is not enough." },
		{ "NotThere", "What the path names does not exist, or not in this format." },
		{ "TooLarge", "The body is larger than the server takes." },
		{ "OtherBody", "The body is of a type that holds no command." },
		{ "Failed", "It could not be done; the text says why." },
	};
	json_t *responses = tree_object(&o->tree, components, "responses"), *one;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		one = tree_object(&o->tree, responses, rows[i][0]);
		tree_put_text(&o->tree, one, "description", rows[i][1]);
		tree_put(&o->tree, one, "content",
			 tree_parse(&o->tree, "{\"text/plain\": {\"schema\": {\"type\": \"string\"}}}"));
	}
}

/* The server is what this document's address is relative to, so that it holds behind a proxy that adds a prefix. */
static void build(struct openapi *o)
{
	const struct docs *d = o->d;
	json_t *components;

	tree_put_text(&o->tree, o->root, "openapi", "3.0.3");
	put_info(o);
	tree_put(&o->tree, o->root, "servers",
		 tree_parse(&o->tree, "[{\"url\": \"..\", \"description\": \"This server.\"}]"));
	(void)tree_array(&o->tree, o->root, "tags");
	(void)d->plugins->each(d->h, on_plugin, o);
	o->paths = tree_object(&o->tree, o->root, "paths");
	o->websockets = tree_object(&o->tree, o->root, "x-websockets");
	components = tree_object(&o->tree, o->root, "components");
	o->schemas = tree_object(&o->tree, components, "schemas");
	put_security(o, components);
	put_error_responses(o, components);
	o->formats = tree_object(&o->tree, o->work, "formats");
	o->shapes = tree_object(&o->tree, o->work, "shapes");
	o->claimed = tree_object(&o->tree, o->work, "claimed");
	o->ids = tree_object(&o->tree, o->work, "ids");
	o->holds = tree_object(&o->tree, o->work, "holds");
	o->extended = tree_object(&o->tree, o->work, "extended");
	(void)d->serializers->each(d->h, on_format, o);
	schemas_build(o);
	(void)d->http->each_route(d->h, paths_claim, o);
	(void)d->http->each_route(d->h, operations_add, o);
}

int docs_openapi(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	struct openapi o = { .d = user, .root = json_object(), .work = json_object() };
	char *text = NULL;
	size_t len;
	int err;

	build(&o);
	if (!o.tree.err)
		text = json_dumps(o.root, JSON_COMPACT);
	err = text ? 0 : -ENOMEM;
	json_decref(o.series);
	json_decref(o.series_minute);
	json_decref(o.selection);
	json_decref(o.work);
	json_decref(o.root);
	free(o.fields);
	if (err)
		return err;
	len = strlen(text);
	err = o.d->http->reply_octets(rep, "application/json", text, len);
	free(text);
	return err;
}
