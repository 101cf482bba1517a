/* SPDX-License-Identifier: MIT */
/* The page of endpoints: a section per route, grouped by the module that registered it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "docs.h"

struct routes_page {
	struct html t;
	char *owner; /* of the section before */
};

static const struct {
	uint32_t bit;
	const char *name, *cls;
} methods[] = {
	{ AERIE_HTTP_GET, "GET", "get" },
	{ AERIE_HTTP_POST, "POST", "post" },
	{ AERIE_HTTP_PUT, "PUT", "post" },
	{ AERIE_HTTP_DELETE, "DELETE", "post" },
};

static void methods_tags(struct html *t, uint32_t bits)
{
	size_t i;

	if (!bits)
		html_raw(t, "<span class=\"tag socket\">WebSocket</span>");
	for (i = 0; i < sizeof methods / sizeof methods[0]; i++) {
		if (!(bits & methods[i].bit))
			continue;
		html_raw(t, "<span class=\"tag ");
		html_raw(t, methods[i].cls);
		html_raw(t, "\">");
		html_raw(t, methods[i].name);
		html_raw(t, "</span>");
	}
}

/* Where a parameter goes. */
static const char *place(const struct aerie_param *p)
{
	switch (p->in) {
	case AERIE_IN_PATH:
		return "path";
	case AERIE_IN_QUERY:
		return "query or form";
	case AERIE_IN_COMMAND:
		return "command";
	case AERIE_IN_MESSAGE:
		return "message";
	}
	return "";
}

static void param_row(struct html *t, const struct aerie_param *p)
{
	html_raw(t, "<tr><td class=\"name\">");
	html_text(t, p->name);
	html_raw(t, "</td>");
	html_cell(t, place(p));
	html_cell(t, p->type);
	html_cell(t, p->in == AERIE_IN_PATH || p->flags & AERIE_PARAM_REQUIRED ? "required" : "");
	html_raw(t, "<td>");
	html_sentence(t, p->help);
	html_raw(t, "</td><td class=\"name\">");
	html_text(t, p->example);
	html_raw(t, "</td></tr>\n");
}

static void params_table(struct html *t, const struct aerie_route *r)
{
	uint32_t i;

	if (!r->n_params)
		return;
	html_raw(t, "<div class=\"scroll\"><table>\n<thead><tr><th>Parameter</th><th>In</th><th>Type</th><th></th>"
		    "<th>Description</th><th>Example</th></tr></thead>\n<tbody>\n");
	for (i = 0; i < r->n_params; i++)
		param_row(t, &r->params[i]);
	html_raw(t, "</tbody></table></div>\n");
}

static void fields_links(struct html *t, const char *fields)
{
	char *names = fields ? strdup(fields) : NULL, *rest = names, *name;

	while ((name = strsep(&rest, " "))) {
		if (!*name)
			continue;
		html_raw(t, " ");
		html_link(t, "../docs/fields.html", name);
	}
	free(names);
}

static void put_result(struct html *t, const struct aerie_route *r)
{
	static const char *const kinds[] = {
		[AERIE_RESULT_OBJECT] = "one map",
		[AERIE_RESULT_LIST] = "a list of maps",
		[AERIE_RESULT_OCTETS] = "a page, text, file or stream",
		[AERIE_RESULT_VALUE] = "one value",
		[AERIE_RESULT_MAP] = "maps by their keys",
	};
	static const struct {
		uint32_t form;
		const char *text;
	} forms[] = {
		{ AERIE_FORM_WRAPPED, ", in a map when it is wrapped" },
		{ AERIE_FORM_PAGE, ", a page of it" },
		{ AERIE_FORM_TABLE, ", a page for DataTables" },
	};
	size_t i;

	if (r->result >= sizeof kinds / sizeof kinds[0] || !kinds[r->result])
		return;
	html_raw(t, " Answers ");
	html_raw(t, kinds[r->result]);
	for (i = 0; i < sizeof forms / sizeof forms[0]; i++)
		if (r->forms & forms[i].form)
			html_raw(t, forms[i].text);
	if (r->record) {
		html_raw(t, ": ");
		html_link(t, "../docs/records.html", r->record);
	}
	if (r->fields)
		html_raw(t, r->record ? ", and" : ":");
	fields_links(t, r->fields);
	html_raw(t, ".");
}

static void facts(struct html *t, const struct aerie_route *r)
{
	html_raw(t, "<p class=\"soft\">");
	if (r->methods) {
		html_raw(t, "Formats: ");
		html_list(t, !r->formats ? "any" : *r->formats ? r->formats : "none (the path has no suffix)");
		html_raw(t, ". ");
	}
	html_raw(t, "Login: ");
	html_list(t, !r->role ? "none, unless the server wants one for everything" : *r->role ? r->role : "none");
	html_raw(t, ".");
	put_result(t, r);
	html_raw(t, "</p>\n");
}

static int on_route(void *user, const struct aerie_route *r, const char *owner)
{
	struct routes_page *p = user;
	struct html *t = &p->t;
	char id[24];

	if (!p->owner || strcmp(p->owner, owner)) {
		free(p->owner);
		p->owner = strdup(owner);
		html_raw(t, "<h2>");
		html_text(t, owner);
		html_raw(t, "</h2>\n");
	}
	(void)snprintf(id, sizeof id, "%u", r->methods);
	html_raw(t, "<section id=\"");
	html_raw(t, id);
	html_text(t, r->path);
	if (r->formats) {
		html_raw(t, ".");
		html_text(t, r->formats);
	}
	html_raw(t, "\"><h3 class=\"name\">");
	methods_tags(t, r->methods);
	html_text(t, r->path);
	if (r->formats && *r->formats && !strchr(r->formats, '|')) {
		html_raw(t, ".");
		html_text(t, r->formats);
	}
	html_raw(t, "</h3>\n<p><b>");
	html_text(t, r->summary);
	html_raw(t, "</b> ");
	html_sentence(t, r->help);
	html_raw(t, "</p>\n");
	facts(t, r);
	params_table(t, r);
	html_raw(t, "</section>\n");
	return 0;
}

int docs_endpoints_page(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	const struct docs *d = user;
	struct routes_page p = { .owner = NULL };

	html_begin(&p.t, "Endpoints - Aerie", "../");
	html_raw(&p.t, "<h1>Endpoints</h1>\n<p>A part of a path that begins with ':' is a parameter, one that begins "
		       "with '*' stands for one or more parts. <i>Command</i>: a key of the map that is sent with "
		       "POST.</p>\n");
	(void)d->http->each_route(d->h, on_route, &p);
	free(p.owner);
	return html_reply(d, &p.t, rep);
}
