/* SPDX-License-Identifier: MIT */
/* Schemas: what fields, records and parameters look like in JSON. Sources: OpenAPI 3.0.3 "Schema Object", and how
 * core/visit.c shows each type of field. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "openapi.h"

#define MAC "^[0-9A-F]{2}(:[0-9A-F]{2}){5}$"
#define ANY_MAC "[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}"

/* ---- fields ---- */

static const char *const scalars[] = {
	[AERIE_T_U8] = "{\"type\": \"integer\", \"minimum\": 0, \"maximum\": 255}",
	[AERIE_T_U16] = "{\"type\": \"integer\", \"minimum\": 0, \"maximum\": 65535}",
	[AERIE_T_U32] = "{\"type\": \"integer\", \"minimum\": 0, \"maximum\": 4294967295}",
	[AERIE_T_U64] = "{\"type\": \"integer\", \"minimum\": 0}",
	[AERIE_T_I8] = "{\"type\": \"integer\", \"minimum\": -128, \"maximum\": 127}",
	[AERIE_T_I16] = "{\"type\": \"integer\", \"minimum\": -32768, \"maximum\": 32767}",
	[AERIE_T_I32] = "{\"type\": \"integer\", \"format\": \"int32\"}",
	[AERIE_T_I64] = "{\"type\": \"integer\", \"format\": \"int64\"}",
	[AERIE_T_F32] = "{\"type\": \"number\", \"format\": \"float\"}",
	[AERIE_T_F64] = "{\"type\": \"number\", \"format\": \"double\"}",
	[AERIE_T_TIME] = "{\"type\": \"integer\", \"minimum\": 0}",
	[AERIE_T_MAC] = "{\"type\": \"string\", \"pattern\": \"" MAC "\"}",
	[AERIE_T_UUID] = "{\"type\": \"string\", \"format\": \"uuid\"}",
	[AERIE_T_KEY] = "{\"type\": \"string\"}",
	[AERIE_T_STR] = "{\"type\": \"string\"}",
	[AERIE_T_BYTES] = "{\"type\": \"string\", \"pattern\": \"^([0-9A-Fa-f]{2})*$\"}",
};

static json_t *reference(struct openapi *o, const char *name)
{
	char text[320]; /* names of record types have 255 octets at most */
	json_t *ref = json_object();

	(void)snprintf(text, sizeof text, "#/components/schemas/%.290s", name);
	tree_put_text(&o->tree, ref, "$ref", text);
	return ref;
}

static json_t *scalar(struct openapi *o, uint32_t type)
{
	const char *json = type < sizeof scalars / sizeof scalars[0] ? scalars[type] : NULL;

	return tree_parse(&o->tree, json ? json : "{}");
}

/* What a collection holds, or a field itself when it is none. */
static json_t *value_of(struct openapi *o, uint32_t type, const char *record)
{
	if (type != AERIE_T_RECORD)
		return scalar(o, type);
	return record ? reference(o, record) : tree_parse(&o->tree, "{\"type\": \"object\"}");
}

static json_t *key_of(struct openapi *o, uint32_t map)
{
	switch (map) {
	case AERIE_T_MAP_INT:
		return scalar(o, AERIE_T_U64);
	case AERIE_T_MAP_F64:
		return scalar(o, AERIE_T_F64);
	case AERIE_T_MAP_MAC:
		return scalar(o, AERIE_T_MAC);
	case AERIE_T_MAP_UUID:
		return scalar(o, AERIE_T_UUID);
	}
	return scalar(o, AERIE_T_STR);
}

static json_t *collection(struct openapi *o, const struct aerie_field_info *f, const char *record)
{
	json_t *schema = json_object();
	int list = f->type == AERIE_T_VEC || f->flags & (AERIE_FIELD_AS_LIST | AERIE_FIELD_AS_KEYS);

	tree_put_text(&o->tree, schema, "type", list ? "array" : "object");
	tree_put(&o->tree, schema, list ? "maxItems" : "maxProperties", json_integer(f->limit));
	tree_put(&o->tree, schema, list ? "items" : "additionalProperties",
		 f->flags & AERIE_FIELD_AS_KEYS ? key_of(o, f->type) : value_of(o, f->value, record));
	return schema;
}

static json_t *shape_of(struct openapi *o, const struct aerie_field_info *f, const char *record)
{
	switch (f->type) {
	case AERIE_T_RRD:
		return json_incref(o->series);
	case AERIE_T_RRD_MINUTE:
		return json_incref(o->series_minute);
	case AERIE_T_VEC:
	case AERIE_T_MAP_INT:
	case AERIE_T_MAP_F64:
	case AERIE_T_MAP_STR:
	case AERIE_T_MAP_MAC:
	case AERIE_T_MAP_UUID:
	case AERIE_T_MAP_KEY:
		return collection(o, f, record);
	}
	return value_of(o, f->type, record);
}

/* What stands beside a reference is ignored (OpenAPI 3.0.3 "Reference Object"), so it goes around it. */
static json_t *describable(struct openapi *o, json_t *schema)
{
	json_t *around;

	if (!json_object_get(schema, "$ref"))
		return schema;
	around = json_object();
	tree_add(&o->tree, tree_array(&o->tree, around, "allOf"), schema);
	return around;
}

static json_t *field_schema(struct openapi *o, const struct aerie_field_info *f, const char *record)
{
	json_t *schema = describable(o, shape_of(o, f, record));

	tree_put_text(&o->tree, schema, "description", f->name->help);
	if (*f->unit)
		tree_put_text(&o->tree, schema, "x-unit", f->unit);
	tree_put_text(&o->tree, schema, "x-owner", f->owner);
	return schema;
}

/* The record type of what a field holds, or NULL. */
static const char *held_by(const struct openapi *o, const char *field)
{
	return json_string_value(json_object_get(o->holds, field));
}

/* The fields of a list of names; those that nobody defined are left out. */
static json_t *map_of_fields(struct openapi *o, const char *names)
{
	char *copy = names ? strdup(names) : NULL, *rest = copy, *name;
	json_t *schema = json_object(), *properties;
	size_t i;

	tree_put_text(&o->tree, schema, "type", "object");
	properties = tree_object(&o->tree, schema, "properties");
	if (names && !copy)
		o->tree.err = -ENOMEM;
	while ((name = strsep(&rest, " "))) {
		for (i = 0; *name && i < o->n_fields; i++)
			if (!strcmp(o->fields[i].name->text, name))
				tree_put(&o->tree, properties, name, field_schema(o, &o->fields[i], held_by(o, name)));
	}
	free(copy);
	return schema;
}

/* ---- components ---- */

json_t *schemas_keep(struct openapi *o, const char *name, json_t *schema)
{
	char text[290];
	size_t len = (size_t)snprintf(text, sizeof text, "%.250s", name);

	while (json_object_get(o->schemas, text) && len + 1 < sizeof text) {
		text[len++] = '_';
		text[len] = '\0';
	}
	tree_put(&o->tree, o->schemas, text, schema);
	return reference(o, text);
}

static int on_field(void *user, const struct aerie_field_info *info)
{
	struct openapi *o = user;
	size_t room = o->room_fields ? o->room_fields * 2 : 512;
	struct aerie_field_info *grown;

	if (o->n_fields == o->room_fields) {
		grown = realloc(o->fields, room * sizeof *grown);
		if (!grown)
			return o->tree.err = -ENOMEM;
		o->fields = grown;
		o->room_fields = room;
	}
	o->fields[o->n_fields++] = *info;
	return 0;
}

struct record {
	struct openapi *o;
	json_t *properties;
};

static int on_member(void *user, const struct aerie_field_info *info, const char *record, uint32_t optional)
{
	struct record *r = user;
	struct tree *t = &r->o->tree;
	json_t *schema = field_schema(r->o, info, record);

	if (optional)
		tree_put(t, schema, "x-optional", json_true());
	tree_put(t, r->properties, info->name->text, schema);
	if (record && !json_object_get(r->o->holds, info->name->text))
		tree_put_text(t, r->o->holds, info->name->text, record);
	return t->err;
}

/* None is `required`: a selection of fields leaves out whatever was not asked for. */
static int on_record(void *user, const char *name, aerie_record_id type)
{
	struct record r = { .o = user };
	json_t *schema = tree_object(&r.o->tree, r.o->schemas, name);

	tree_put_text(&r.o->tree, schema, "type", "object");
	r.properties = tree_object(&r.o->tree, schema, "properties");
	(void)r.o->d->fields->each_member(r.o->d->h, name, on_member, &r);
	return r.o->tree.err;
}

/* Has a record all members of another, in the same places, and more? A type that was defined with a base has. */
static int begins_with(json_t *properties, json_t *base)
{
	void *a = json_object_iter(properties), *b = json_object_iter(base);

	for (; a && b; a = json_object_iter_next(properties, a), b = json_object_iter_next(base, b))
		if (strcmp(json_object_iter_key(a), json_object_iter_key(b)))
			return 0;
	return a && !b;
}

static void find_extended(struct openapi *o)
{
	const char *name, *other;
	json_t *schema, *longer, *list;

	json_object_foreach (o->schemas, name, schema) {
		list = json_array();
		json_object_foreach (o->schemas, other, longer)
			if (begins_with(json_object_get(longer, "properties"), json_object_get(schema, "properties")))
				tree_add_text(&o->tree, list, other);
		if (json_array_size(list))
			tree_put(&o->tree, o->extended, name, list);
		else
			json_decref(list);
	}
}

#define SERIES \
	"kismet.common.rrd.last_time kismet.common.rrd.serial_time kismet.common.rrd.last_value " \
	"kismet.common.rrd.last_value_n1 " \
	"kismet.common.rrd.minute_vec kismet.common.rrd.blank_val"

#define LONG_SERIES " kismet.common.rrd.hour_vec kismet.common.rrd.day_vec"

static int reserve(void *user, const char *name, aerie_record_id type)
{
	struct openapi *o = user;

	(void)tree_object(&o->tree, o->schemas, name);
	return o->tree.err;
}

/* The names of record types are taken first, so that those of our own give way. */
void schemas_build(struct openapi *o)
{
	const struct docs *d = o->d;

	(void)d->fields->each(d->h, on_field, o);
	(void)d->fields->each_record(d->h, reserve, o);
	o->series_minute = schemas_keep(o, "aerie.series_minute", map_of_fields(o, SERIES));
	o->series = schemas_keep(o, "aerie.series", map_of_fields(o, SERIES LONG_SERIES));
	o->selection = schemas_keep(o, "aerie.selection", tree_parse(&o->tree, "{\"type\": \"object\", \"description\": \"What "
				    "`fields` select: each value under its path's last name or the name that it is given, in that "
				    "order; 0 for what is absent, and lists and maps where a path leads through them.\"}"));
	(void)d->fields->each_record(d->h, on_record, o);
	find_extended(o);
}

/* ---- parameters ---- */

static const struct {
	const char *type, *json;
} param_types[] = {
	{ "string", "{\"type\": \"string\"}" },
	{ "integer", "{\"type\": \"integer\", \"format\": \"int64\"}" },
	{ "number", "{\"type\": \"number\"}" },
	{ "boolean", "{\"oneOf\": [{\"type\": \"boolean\"}, {\"type\": \"integer\", \"enum\": [0, 1]}]}" },
	{ "mac", "{\"type\": \"string\", \"pattern\": \"^" ANY_MAC "$\"}" },
	{ "maskedmac", "{\"type\": \"string\", \"pattern\": \"^" ANY_MAC "(/" ANY_MAC ")?$\"}" },
	{ "key", "{\"type\": \"string\", \"minLength\": 1}" },
	{ "uuid", "{\"type\": \"string\", \"format\": \"uuid\"}" },
	{ "time", "{\"type\": \"number\"}" },
	{ "fields", "{\"type\": \"array\", \"maxItems\": 512, \"items\": {\"oneOf\": [{\"type\": \"string\"}, "
		    "{\"type\": \"array\", \"minItems\": 2, \"maxItems\": 2, \"items\": {\"type\": \"string\"}}]}}" },
	{ "regex", "{\"type\": \"array\", \"maxItems\": 256, \"items\": {\"type\": \"array\", \"minItems\": 2, "
		   "\"maxItems\": 2, \"items\": {\"type\": \"string\"}}}" },
	{ "map", "{\"type\": \"object\"}" },
	{ "any", "{}" },
};

static json_t *param_type(struct openapi *o, const char *type)
{
	size_t len = type ? strlen(type) : 0, i;
	int list = len > 2 && !strcmp(type + len - 2, "[]");
	size_t n = list ? len - 2 : len;
	json_t *schema = NULL, *around;

	for (i = 0; i < sizeof param_types / sizeof param_types[0]; i++)
		if (n == strlen(param_types[i].type) && !strncmp(type, param_types[i].type, n))
			schema = tree_parse(&o->tree, param_types[i].json);
	if (!schema)
		schema = json_object();
	if (!list)
		return schema;
	around = json_object();
	tree_put_text(&o->tree, around, "type", "array");
	tree_put(&o->tree, around, "items", schema);
	return around;
}

json_t *schemas_of_param(struct openapi *o, const struct aerie_param *p)
{
	json_t *example = p->example ? json_loads(p->example, JSON_DECODE_ANY, NULL) : NULL;
	json_t *schema = param_type(o, p->type);

	if (example)
		tree_put(&o->tree, schema, "example", example);
	return schema;
}

json_t *schemas_of_params(struct openapi *o, const struct aerie_route *r, uint16_t in)
{
	json_t *schema, *properties, *one, *required = json_array();
	uint32_t i, n = 0;

	for (i = 0; i < r->n_params; i++)
		n += r->params[i].in == in;
	if (!n) {
		json_decref(required);
		return NULL;
	}
	schema = json_object();
	tree_put_text(&o->tree, schema, "type", "object");
	properties = tree_object(&o->tree, schema, "properties");
	for (i = 0; i < r->n_params; i++) {
		if (r->params[i].in != in)
			continue;
		one = schemas_of_param(o, &r->params[i]);
		tree_put_text(&o->tree, one, "description", r->params[i].help);
		tree_put(&o->tree, properties, r->params[i].name, one);
		if (r->params[i].flags & AERIE_PARAM_REQUIRED)
			tree_add_text(&o->tree, required, r->params[i].name);
	}
	if (json_array_size(required))
		tree_put(&o->tree, schema, "required", required);
	else
		json_decref(required);
	return schema;
}

/* ---- results ---- */

/* A record, or one that has more: devices are records of their PHY's type. */
static json_t *record_or_more(struct openapi *o, const char *record)
{
	json_t *list = json_object_get(o->extended, record), *more, *any, *schema;
	size_t i;

	if (!list)
		return reference(o, record);
	schema = json_object();
	any = tree_array(&o->tree, schema, "anyOf");
	tree_add(&o->tree, any, reference(o, record));
	json_array_foreach (list, i, more)
		tree_add(&o->tree, any, reference(o, json_string_value(more)));
	return schema;
}

static json_t *result_map(struct openapi *o, const struct aerie_route *r)
{
	json_t *both, *parts;

	if (!r->record || !json_object_get(o->schemas, r->record))
		return map_of_fields(o, r->fields);
	if (!r->fields)
		return record_or_more(o, r->record);
	both = json_object();
	parts = tree_array(&o->tree, both, "allOf");
	tree_add(&o->tree, parts, record_or_more(o, r->record));
	tree_add(&o->tree, parts, map_of_fields(o, r->fields));
	return both;
}

/* With a command, also what its `fields` select: under other names, and 0 for what is absent. */
static json_t *result_part(struct openapi *o, const struct aerie_route *r, uint32_t method)
{
	json_t *part = result_map(o, r), *schema, *any;
	uint32_t i;

	for (i = 0; method != AERIE_HTTP_GET && i < r->n_params; i++) {
		if (r->params[i].in != AERIE_IN_COMMAND || strcmp(r->params[i].type, "fields"))
			continue;
		schema = json_object();
		any = tree_array(&o->tree, schema, "anyOf");
		tree_add(&o->tree, any, part);
		tree_add(&o->tree, any, json_incref(o->selection));
		return schema;
	}
	return part;
}

/* ---- forms of lists ---- */

/* A map of these numbers and of the list, whose name is the client's. */
static json_t *form_of(struct openapi *o, json_t *list, const char *const *numbers, const char *help)
{
	json_t *schema = json_object(), *required = NULL, *properties = NULL, *number;

	tree_put_text(&o->tree, schema, "type", "object");
	tree_put_text(&o->tree, schema, "description", help);
	tree_put(&o->tree, schema, "additionalProperties", json_incref(list));
	if (*numbers) {
		required = tree_array(&o->tree, schema, "required");
		properties = tree_object(&o->tree, schema, "properties");
	}
	tree_put(&o->tree, schema, "minProperties", json_integer(*numbers ? 4 : 1));
	tree_put(&o->tree, schema, "maxProperties", json_integer(*numbers ? 4 : 1));
	for (; *numbers; numbers++) {
		number = tree_parse(&o->tree, "{\"type\": \"integer\", \"minimum\": 0}");
		tree_add_text(&o->tree, required, *numbers);
		tree_put(&o->tree, properties, *numbers, number);
	}
	return schema;
}

/* The list, or one of its other forms: two of them need a command. */
static json_t *forms_of(struct openapi *o, const struct aerie_route *r, uint32_t method, json_t *list)
{
	static const struct {
		uint32_t form, methods;
		const char *numbers[4], *help;
	} rows[] = {
		{ AERIE_FORM_WRAPPED, AERIE_HTTP_POST, { NULL }, "With `wrapper`: the list under that name." },
		{ AERIE_FORM_PAGE, AERIE_HTTP_GET | AERIE_HTTP_POST, { "last_page", "last_row", "total_row" },
		  "With `page`, `size`, `length`, `sort` or `search`: the page's rows as `data`, or under the name of "
		  "`wrapper`; the number of pages, of rows that were found, and of all." },
		{ AERIE_FORM_TABLE, AERIE_HTTP_POST, { "draw", "recordsFiltered", "recordsTotal" },
		  "With `datatable`: the page's rows under the name of `wrapper`, or a name that the path's description "
		  "tells; the number of rows that were found, and of all." },
	};
	json_t *schema = NULL, *one = NULL;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (!(r->forms & rows[i].form) || !(method & rows[i].methods))
			continue;
		if (!schema) {
			schema = json_object();
			one = tree_array(&o->tree, schema, "oneOf");
			tree_add(&o->tree, one, json_incref(list));
		}
		tree_add(&o->tree, one, form_of(o, list, rows[i].numbers, rows[i].help));
	}
	if (!schema)
		return list;
	json_decref(list);
	return schema;
}

json_t *schemas_of_result(struct openapi *o, const struct aerie_route *r, uint32_t method)
{
	json_t *many;

	switch (r->result) {
	case AERIE_RESULT_OBJECT:
		return result_part(o, r, method);
	case AERIE_RESULT_LIST:
		many = json_object();
		tree_put_text(&o->tree, many, "type", "array");
		tree_put(&o->tree, many, "items", result_part(o, r, method));
		return forms_of(o, r, method, many);
	case AERIE_RESULT_MAP:
		many = json_object();
		tree_put_text(&o->tree, many, "type", "object");
		tree_put(&o->tree, many, "additionalProperties", result_part(o, r, method));
		return many;
	case AERIE_RESULT_VALUE:
		return tree_parse(&o->tree, "{\"description\": \"One value.\"}");
	case AERIE_RESULT_OCTETS:
		return tree_parse(&o->tree, "{\"type\": \"string\", \"format\": \"binary\"}");
	}
	return json_object();
}
