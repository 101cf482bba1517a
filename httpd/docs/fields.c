/* SPDX-License-Identifier: MIT */
/* Pages of tracked fields and of record types. */
#include <errno.h>

#include "docs.h"

/* Entries, or octets, that a field holds at most; 0: its type has no such limit. */
static uint32_t limit_of(const struct aerie_field_info *info)
{
	return info->type == AERIE_T_STR || info->type == AERIE_T_BYTES || info->value ? info->limit : 0;
}

static void limit_cell(struct html *t, const struct aerie_field_info *info)
{
	html_raw(t, "<td class=\"number\">");
	if (limit_of(info))
		html_number(t, limit_of(info));
	if (info->limit_hits) {
		html_raw(t, " <span class=\"soft\">(passed ");
		html_number(t, info->limit_hits);
		html_raw(t, " times)</span>");
	}
	html_raw(t, "</td>");
}

/* ---- /docs/fields.html ---- */

static int on_field(void *user, const struct aerie_field_info *info)
{
	struct html *t = user;

	html_raw(t, "<tr");
	html_anchor(t, info->name->text);
	html_raw(t, "><td class=\"name\">");
	html_text(t, info->name->text);
	html_raw(t, "</td>");
	html_cell(t, info->name->type);
	html_cell(t, info->unit);
	html_cell(t, info->name->help);
	html_cell(t, info->owner);
	limit_cell(t, info);
	html_raw(t, "</tr>\n");
	return 0;
}

int docs_fields_page(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	const struct docs *d = user;
	struct html t = { 0 };

	html_begin(&t, "Fields - Aerie", "../");
	html_raw(&t, "<h1>Fields</h1>\n<p>What the loaded modules register, each with the module that did so first. "
		     "<i>Limit</i>: entries of a list or map, octets of a text; what is beyond is cut and "
		     "counted.</p>\n<div class=\"scroll\"><table>\n<thead><tr><th>Name</th><th>Type</th><th>Unit</th>"
		     "<th>Description</th><th>Owner</th><th class=\"number\">Limit</th></tr></thead>\n<tbody>\n");
	(void)d->fields->each(d->h, on_field, &t);
	html_raw(&t, "</tbody></table></div>\n");
	return html_reply(d, &t, rep);
}

/* ---- /docs/records.html ---- */

struct records_page {
	const struct docs *d;
	struct html t;
};

static int on_member(void *user, const struct aerie_field_info *info, const char *record, uint32_t optional)
{
	struct html *t = user;

	html_raw(t, "<tr><td class=\"name\">");
	html_link(t, "fields.html", info->name->text);
	html_raw(t, "</td><td>");
	html_text(t, info->name->type);
	if (record) {
		html_raw(t, " of ");
		html_link(t, "", record);
	}
	html_raw(t, "</td>");
	html_cell(t, info->unit);
	html_cell(t, optional ? "may be left out" : "always");
	html_cell(t, info->name->help);
	html_raw(t, "</tr>\n");
	return 0;
}

static int on_record(void *user, const char *name, aerie_record_id type)
{
	struct records_page *p = user;

	html_raw(&p->t, "<section");
	html_anchor(&p->t, name);
	html_raw(&p->t, "><h3 class=\"name\">");
	html_text(&p->t, name);
	html_raw(&p->t, "</h3>\n<div class=\"scroll\"><table>\n<thead><tr><th>Member</th><th>Type</th><th>Unit</th>"
			"<th>Shown</th><th>Description</th></tr></thead>\n<tbody>\n");
	(void)p->d->fields->each_member(p->d->h, name, on_member, &p->t);
	html_raw(&p->t, "</tbody></table></div></section>\n");
	return 0;
}

int docs_records_page(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	struct records_page p = { .d = user };

	html_begin(&p.t, "Records - Aerie", "../");
	html_raw(&p.t, "<h1>Records</h1>\n<p>Each type with its members in the order in which they are shown. A type "
		       "of a module that was loaded again is shown as it is now.</p>\n");
	(void)p.d->fields->each_record(p.d->h, on_record, &p);
	return html_reply(p.d, &p.t, rep);
}

/* ---- /system/tracked_fields.html ---- */

/* The columns, the title and the heading are those that clients of the ecosystem know (kismet-compat B.3); the number
 * behind the type tells types apart that have the same name. */
static int on_tracked_field(void *user, const struct aerie_field_info *info)
{
	struct html *t = user;

	html_raw(t, "<tr>");
	html_cell(t, info->name->text);
	html_raw(t, "<td>");
	html_number(t, info->id);
	html_raw(t, "</td><td>");
	html_text(t, info->name->type);
	html_raw(t, "/");
	html_number(t, (uint64_t)info->value << 8 | info->type);
	html_raw(t, "</td>");
	html_cell(t, info->name->help);
	html_raw(t, "</tr>\n");
	return 0;
}

int docs_tracked_fields_page(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	const struct docs *d = user;
	struct html t = { 0 };

	html_begin(&t, "Kismet Server - Tracked Fields", "../");
	html_raw(&t, "<h2>Kismet field descriptions</h2>\n<div class=\"scroll\"><table>\n<thead><tr><th>Name</th><th>ID</th>"
		     "<th>Type</th><th>Description</th></tr></thead>\n<tbody>\n");
	(void)d->fields->each(d->h, on_tracked_field, &t);
	html_raw(&t, "</tbody></table></div>\n");
	return html_reply(d, &t, rep);
}
