/* SPDX-License-Identifier: MIT */
/* The list of all tracked fields. The pages of it are httpd/docs. */
#include <errno.h>
#include <stdlib.h>

#include "fields.h"

/* A copy of the list: its texts live as long as the host, and none is ever removed. */
struct list {
	const struct endpoints *e;
	struct aerie_field_info *info;
	size_t n, room, i;
};

static int on_field(void *user, const struct aerie_field_info *info)
{
	struct list *l = user;
	struct aerie_field_info *grown;

	if (l->n == l->room) {
		grown = realloc(l->info, (l->room ? l->room * 2 : 256) * sizeof *grown);
		if (!grown)
			return -ENOMEM;
		l->info = grown;
		l->room = l->room ? l->room * 2 : 256;
	}
	l->info[l->n++] = *info;
	return 0;
}

static int list_next(void *user, const struct aerie_visitor *vt, void *v)
{
	struct list *l = user;
	const struct aerie_name *const *name = l->e->name;
	const struct aerie_field_info *info;
	int err;

	if (l->i == l->n)
		return 0;
	info = &l->info[l->i++];
	err = vt->begin_map(v, 7);
	if (!err)
		err = put_str(vt, v, name[NAME_FIELD_NAME], info->name->text);
	if (!err)
		err = put_u64(vt, v, name[NAME_FIELD_ID], info->id);
	if (!err)
		err = put_str(vt, v, name[NAME_FIELD_TYPE], info->name->type);
	if (!err)
		err = put_str(vt, v, name[NAME_FIELD_UNIT], info->unit);
	if (!err)
		err = put_str(vt, v, name[NAME_FIELD_DESCRIPTION], info->name->help);
	if (!err)
		err = put_str(vt, v, name[NAME_FIELD_OWNER], info->owner);
	if (!err)
		err = put_u64(vt, v, name[NAME_FIELD_LIMIT_HITS], info->limit_hits);
	if (!err)
		err = vt->end_map(v);
	return err ? err : 1;
}

static int64_t list_count(void *user)
{
	return (int64_t)((struct list *)user)->n;
}

static void list_free(void *user)
{
	struct list *l = user;

	free(l->info);
	free(l);
}

static int fields_list(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	const struct endpoints *e = user;
	struct list *l = calloc(1, sizeof *l);
	int err;

	if (!l)
		return -ENOMEM;
	l->e = e;
	err = e->fields->each(e->h, on_field, l);
	if (err < 0) {
		list_free(l);
		return err;
	}
	return reply_list_of(e, req, rep, list_next, list_count, l, list_free);
}

static const struct aerie_param list_params[] = { FIELDS_PARAM("[\"aerie.field.name\", \"aerie.field.type\"]"), { 0 } };

const struct endpoint field_endpoints[] = {
	{ .path = "/system/tracked_fields", .methods = AERIE_HTTP_GET | AERIE_HTTP_POST, .handle = fields_list, .params = list_params,
	  .result = AERIE_RESULT_LIST,
	  .fields = "aerie.field.name aerie.field.id aerie.field.type aerie.field.unit aerie.field.description aerie.field.owner "
		    "aerie.field.limit_hits",
	  .summary = "Every tracked field.",
	  .help = "A list with name, number, type, unit, description and owner (aerie.field.*) of each field." },
	{ 0 },
};
