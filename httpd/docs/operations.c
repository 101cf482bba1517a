/* SPDX-License-Identifier: MIT */
/* Operations: what each method of a path takes and gives. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "openapi.h"

/* ---- parts of an operation ---- */

static json_t *operation_id(struct openapi *o, const char *method, const char *path)
{
	size_t room = strlen(method) + strlen(path) + 2, len, n;
	char *id = calloc(1, room + 12);
	json_t *value;
	const char *p;

	if (!id)
		return o->tree.err = -ENOMEM, NULL;
	len = (size_t)sprintf(id, "%s", method);
	for (p = path; *p; p++) {
		if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", *p))
			id[len++] = *p;
		else if (id[len - 1] != '_')
			id[len++] = '_';
	}
	if (id[len - 1] == '_')
		len--;
	id[len] = '\0';
	for (n = 2; json_object_get(o->ids, id); n++)
		(void)snprintf(id + len, 12, "_%zu", n);
	tree_put(&o->tree, o->ids, id, json_true());
	value = tree_text(id);
	free(id);
	return value;
}

/* Who may. Without a role the login is needed only where the server asks for one everywhere. */
static void put_roles(struct openapi *o, json_t *op, const char *role)
{
	json_t *list;
	char *copy, *rest, *one;

	if (role && !*role) {
		tree_put(&o->tree, op, "security", json_array());
		return;
	}
	tree_put(&o->tree, op, "security",
		 tree_parse(&o->tree, role ? "[{\"session\": []}, {\"basic\": []}, {\"key\": []}]"
					   : "[{}, {\"session\": []}, {\"basic\": []}, {\"key\": []}]"));
	list = tree_array(&o->tree, op, "x-roles");
	copy = rest = strdup(role ? role : "readonly");
	if (!copy)
		o->tree.err = -ENOMEM;
	while ((one = strsep(&rest, "|")))
		tree_add_text(&o->tree, list, one);
	free(copy);
}

static const struct aerie_param *find_param(const struct aerie_route *r, uint16_t in, const char *name)
{
	uint32_t i;

	for (i = 0; i < r->n_params; i++)
		if (r->params[i].in == in && !strcmp(r->params[i].name, name))
			return &r->params[i];
	return NULL;
}

/* Lists and maps travel as JSON where others are plain text. */
static int is_plain(const char *type)
{
	static const char *const rows[] = {
		"string", "integer", "number", "boolean", "mac", "maskedmac", "key", "uuid", "time",
	};
	size_t i;

	for (i = 0; type && i < sizeof rows / sizeof rows[0]; i++)
		if (!strcmp(type, rows[i]))
			return 1;
	return 0;
}

/* Does a '*' stand for this parameter: one or more segments? */
static int is_rest(const struct aerie_route *r, const char *name)
{
	const char *at = strstr(r->path, "/*");

	return at && !strcmp(at + 2, name);
}

static json_t *parameter(struct openapi *o, const char *name, const char *in, const struct aerie_param *p)
{
	json_t *schema = p ? schemas_of_param(o, p) : tree_parse(&o->tree, "{\"type\": \"string\"}");
	json_t *param = json_object(), *content;

	tree_put_text(&o->tree, param, "name", name);
	tree_put_text(&o->tree, param, "in", in);
	if (p)
		tree_put_text(&o->tree, param, "description", p->help);
	if (!strcmp(in, "path") || (p && p->flags & AERIE_PARAM_REQUIRED))
		tree_put(&o->tree, param, "required", json_true());
	if (!p || is_plain(p->type)) {
		tree_put(&o->tree, param, "schema", schema);
		return param;
	}
	content = tree_object(&o->tree, tree_object(&o->tree, param, "content"), "application/json");
	tree_put(&o->tree, content, "schema", schema);
	return param;
}

static json_t *format_parameter(struct openapi *o, const struct aerie_route *r, const char *name, uint32_t bit)
{
	json_t *param = json_object(), *schema, *list;
	const char *suffix;
	json_t *type;

	tree_put_text(&o->tree, param, "name", name);
	tree_put_text(&o->tree, param, "in", "path");
	tree_put(&o->tree, param, "required", json_true());
	tree_put_text(&o->tree, param, "description", "The format: the suffix of a serializer. With ekjson and itjson "
						      "a list comes as one document per line.");
	schema = tree_object(&o->tree, param, "schema");
	tree_put_text(&o->tree, schema, "type", "string");
	list = tree_array(&o->tree, schema, "enum");
	json_object_foreach (o->formats, suffix, type)
		if (paths_serves(o, r, suffix, bit))
			tree_add_text(&o->tree, list, suffix);
	tree_put_text(&o->tree, schema, "example", "json");
	return param;
}

/* path: as it stands in the document; suffix: NULL when it is a parameter. */
static void put_parameters(struct openapi *o, json_t *op, const struct aerie_route *r, const char *suffix,
			   const char *path, uint32_t bit)
{
	char *shown = strdup(path), *own = paths_text(o, r, suffix, 1);
	const char *shown_names[NAMES_MAX], *own_names[NAMES_MAX], *format = paths_format_name(r);
	json_t *list = json_array(), *one;
	size_t n = 0, i;

	if (shown && own) {
		n = paths_split_names(shown, shown_names);
		n = paths_split_names(own, own_names) < n ? 0 : n;
	}
	for (i = 0; i < n; i++) {
		const struct aerie_param *p = find_param(r, AERIE_IN_PATH, own_names[i]);

		if (!p && !suffix && !strcmp(own_names[i], format)) {
			tree_add(&o->tree, list, format_parameter(o, r, shown_names[i], bit));
			continue;
		}
		one = parameter(o, shown_names[i], "path", p);
		if (is_rest(r, own_names[i]))
			tree_put(&o->tree, one, "x-rest", json_true());
		tree_add(&o->tree, list, one);
	}
	for (i = 0; i < r->n_params; i++)
		if (r->params[i].in == AERIE_IN_QUERY)
			tree_add(&o->tree, list, parameter(o, r->params[i].name, "query", &r->params[i]));
	if (json_array_size(list))
		tree_put(&o->tree, op, "parameters", list);
	else
		json_decref(list);
	free(shown);
	free(own);
}

/* What a form brings: the command in one of its two forms, and variables. */
static void put_form(struct openapi *o, json_t *content, json_t *command, json_t *variables)
{
	json_t *form = tree_object(&o->tree, content, "application/x-www-form-urlencoded"), *parts, *schema, *properties;

	schema = variables ? json_incref(variables)
			   : tree_parse(&o->tree, "{\"type\": \"object\", \"properties\": {}}");
	tree_put(&o->tree, form, "schema", schema);
	parts = tree_object(&o->tree, content, "multipart/form-data");
	tree_put(&o->tree, parts, "schema", json_incref(schema));
	if (!command)
		return;
	properties = json_object_get(schema, "properties");
	tree_put(&o->tree, properties, "json", json_incref(command));
	tree_put(&o->tree, properties, "msgpack",
		 tree_parse(&o->tree, "{\"type\": \"string\", \"format\": \"byte\", \"description\": \"The command as "
				      "msgpack, in base64; instead of `json`.\"}"));
	tree_put(&o->tree, form, "encoding",
		 tree_parse(&o->tree, "{\"json\": {\"contentType\": \"application/json\"}}"));
	tree_put(&o->tree, parts, "encoding", json_incref(json_object_get(form, "encoding")));
}

/* command: a reference, or NULL. */
static void put_body(struct openapi *o, json_t *op, const struct aerie_route *r, json_t *command)
{
	static const char *const bodies[] = { "application/json", "application/msgpack" };
	json_t *variables = schemas_of_params(o, r, AERIE_IN_QUERY), *body, *content;
	size_t i;

	if (command || variables) {
		body = tree_object(&o->tree, op, "requestBody");
		content = tree_object(&o->tree, body, "content");
		put_form(o, content, command, variables);
		for (i = 0; command && i < sizeof bodies / sizeof bodies[0]; i++)
			tree_put(&o->tree, tree_object(&o->tree, content, bodies[i]), "schema", json_incref(command));
		for (i = 0; i < r->n_params; i++)
			if (r->params[i].in == AERIE_IN_COMMAND && r->params[i].flags & AERIE_PARAM_REQUIRED)
				tree_put(&o->tree, body, "required", json_true());
	}
	json_decref(variables);
}

/* ---- responses ---- */

static int has_structure(const char *content_type)
{
	return strstr(content_type, "json") || strstr(content_type, "msgpack");
}

/* The type of octets that a route makes itself. */
static const char *type_of_octets(const char *suffix)
{
	static const struct {
		const char *suffix, *type;
	} rows[] = {
		{ "html", "text/html" },
		{ "js", "text/javascript" },
		{ "css", "text/css" },
		{ "txt", "text/plain" },
		{ "json", "application/json" },
		{ "pcap", "application/vnd.tcpdump.pcap" },
		{ "pcapng", "application/vnd.tcpdump.pcap" },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (!strcmp(rows[i].suffix, suffix))
			return rows[i].type;
	return "*/*";
}

static void put_content(struct openapi *o, json_t *content, const struct aerie_route *r, const char *type, uint32_t bit)
{
	json_t *schema;

	if (json_object_get(content, type))
		return;
	if (!has_structure(type))
		schema = tree_parse(&o->tree, "{\"type\": \"string\", \"format\": \"binary\"}");
	else
		schema = r->result == AERIE_RESULT_OCTETS
				 ? tree_parse(&o->tree, "{\"description\": \"A document of its own.\"}")
				 : schemas_of_result(o, r, bit);
	tree_put(&o->tree, tree_object(&o->tree, content, type), "schema", schema);
}

static void put_errors(struct openapi *o, json_t *responses, const struct aerie_route *r, const char *suffix,
		       uint32_t bit)
{
	const struct {
		const char *status, *name;
		int applies;
	} rows[] = {
		{ "400", "Malformed", r->n_params > 0 || bit != AERIE_HTTP_GET },
		{ "401", "LoginNeeded", !r->role || *r->role },
		{ "403", "RoleNeeded", !r->role || *r->role },
		{ "404", "NotThere", !suffix || strpbrk(r->path, ":*") != NULL },
		{ "413", "TooLarge", bit != AERIE_HTTP_GET },
		{ "415", "OtherBody", bit != AERIE_HTTP_GET },
		{ "default", "Failed", 1 },
	};
	char text[64];
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (!rows[i].applies)
			continue;
		(void)snprintf(text, sizeof text, "#/components/responses/%s", rows[i].name);
		tree_put_text(&o->tree, tree_object(&o->tree, responses, rows[i].status), "$ref", text);
	}
}

static void put_responses(struct openapi *o, json_t *op, const struct aerie_route *r, const char *suffix, uint32_t bit)
{
	json_t *responses = tree_object(&o->tree, op, "responses"), *ok = tree_object(&o->tree, responses, "200");
	json_t *content, *type;
	const char *serializer = suffix ? json_string_value(json_object_get(o->formats, suffix)) : NULL, *name;

	tree_put_text(&o->tree, ok, "description", r->summary);
	content = tree_object(&o->tree, ok, "content");
	if (suffix)
		put_content(o, content, r,
			    serializer && r->result != AERIE_RESULT_OCTETS ? serializer : type_of_octets(suffix), bit);
	else
		json_object_foreach (o->formats, name, type)
			if (paths_serves(o, r, name, bit))
				put_content(o, content, r, json_string_value(type), bit);
	put_errors(o, responses, r, suffix, bit);
}

/* ---- operations ---- */

static void put_texts(struct openapi *o, json_t *op, const struct aerie_route *r, const char *owner)
{
	tree_add_text(&o->tree, tree_array(&o->tree, op, "tags"), owner);
	tree_put_text(&o->tree, op, "summary", r->summary);
	tree_put_text(&o->tree, op, "description", r->help);
}

/* A reference to the schema of the command, kept under the name of the path; NULL: the route takes none. */
static json_t *command_of(struct openapi *o, const struct aerie_route *r)
{
	json_t *schema = schemas_of_params(o, r, AERIE_IN_COMMAND), *id, *ref;
	char *path;

	if (!schema)
		return NULL;
	path = paths_text(o, r, "", 1);
	id = path ? operation_id(o, "command", path) : NULL;
	free(path);
	ref = schemas_keep(o, id ? json_string_value(id) : "command", schema);
	json_decref(id);
	return ref;
}

/* The path's item, and its text as it stands in the document. */
static json_t *path_item(struct openapi *o, const struct aerie_route *r, const char *suffix, const char **ret_path)
{
	char *shape = paths_text(o, r, suffix, 0), *path = paths_text(o, r, suffix, 1);
	json_t *item = NULL;

	if (shape && path && !json_object_get(o->shapes, shape)) {
		tree_put_text(&o->tree, o->shapes, shape, path);
		(void)tree_object(&o->tree, o->paths, path);
	}
	if (shape) {
		*ret_path = json_string_value(json_object_get(o->shapes, shape));
		item = *ret_path ? json_object_get(o->paths, *ret_path) : NULL;
	}
	free(shape);
	free(path);
	return item;
}

static int add_path(struct openapi *o, const struct aerie_route *r, const char *suffix, const char *owner)
{
	const char *path;
	json_t *item = path_item(o, r, suffix, &path), *command = command_of(o, r), *op;
	size_t i;

	for (i = 0; item && i < OPENAPI_METHODS; i++) {
		if (!(r->methods & openapi_methods[i].bit) || json_object_get(item, openapi_methods[i].name))
			continue;
		op = tree_object(&o->tree, item, openapi_methods[i].name);
		put_texts(o, op, r, owner);
		tree_put(&o->tree, op, "operationId", operation_id(o, openapi_methods[i].name, path));
		put_roles(o, op, r->role);
		put_parameters(o, op, r, suffix, path, openapi_methods[i].bit);
		if (openapi_methods[i].bit != AERIE_HTTP_GET && openapi_methods[i].bit != AERIE_HTTP_DELETE)
			put_body(o, op, r, command);
		put_responses(o, op, r, suffix, openapi_methods[i].bit);
	}
	json_decref(command);
	return o->tree.err;
}

static int add_websocket(struct openapi *o, const struct aerie_route *r, const char *owner)
{
	char *path = paths_text(o, r, "", 1);
	json_t *op, *message;

	if (!path)
		return o->tree.err;
	op = tree_object(&o->tree, o->websockets, path);
	put_texts(o, op, r, owner);
	put_roles(o, op, r->role);
	put_parameters(o, op, r, "", path, AERIE_HTTP_GET);
	message = schemas_of_params(o, r, AERIE_IN_MESSAGE);
	if (message)
		tree_put(&o->tree, op, "message", message);
	free(path);
	return o->tree.err;
}

int operations_add(void *user, const struct aerie_route *r, const char *owner)
{
	struct openapi *o = user;

	if (!r->methods)
		return add_websocket(o, r, owner);
	return r->formats ? paths_each_suffix(o, r, add_path, owner) : add_path(o, r, NULL, owner);
}
