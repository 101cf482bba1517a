/* SPDX-License-Identifier: MIT */
/* The page of endpoints: a section per route, grouped by the first segment of its path. Devices come first: most readers
 * look for them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "docs.h"

struct routes_page {
	struct html t;
	char **family; /* first segments, each once; "": of paths that have no other */
	size_t n, at;  /* at: the one that is being written */
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

static void facts(struct html *t, const struct aerie_route *r, const char *owner)
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
	html_raw(t, " Module: ");
	html_text(t, owner);
	html_raw(t, ".");
	html_raw(t, "</p>\n");
}

/* ---- groups ---- */

/* The first segment of a path that has more, or "" */
static const char *family_of(const char *path, size_t *ret_len)
{
	const char *end = strchr(path + 1, '/');

	*ret_len = end ? (size_t)(end - path - 1) : 0;
	return path + 1;
}

static int is_of(const char *family, const char *path)
{
	size_t len;
	const char *own = family_of(path, &len);

	return strlen(family) == len && !memcmp(family, own, len);
}

static int on_family(void *user, const struct aerie_route *r, const char *owner)
{
	struct routes_page *p = user;
	const char *name;
	char **family;
	size_t i, len;

	for (i = 0; i < p->n; i++)
		if (is_of(p->family[i], r->path))
			return 0;
	family = realloc(p->family, (p->n + 1) * sizeof *family);
	if (!family)
		return p->t.err = -ENOMEM;
	p->family = family;
	name = family_of(r->path, &len);
	family[p->n] = strndup(name, len);
	if (!family[p->n])
		return p->t.err = -ENOMEM;
	p->n++;
	return 0;
}

/* Devices, the others by their names, and paths without a family. */
static int compare_families(const void *a, const void *b)
{
	const char *x = *(char *const *)a, *y = *(char *const *)b;
	int devices = !strcmp(y, "devices") - !strcmp(x, "devices"), alone = !*x - !*y;

	return devices ? devices : alone ? alone : strcmp(x, y);
}

/* ---- sections ---- */

static int on_route(void *user, const struct aerie_route *r, const char *owner)
{
	struct routes_page *p = user;
	struct html *t = &p->t;
	char id[24];

	if (!is_of(p->family[p->at], r->path))
		return 0;
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
	facts(t, r, owner);
	params_table(t, r);
	html_raw(t, "</section>\n");
	return 0;
}

int docs_endpoints_page(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	const struct docs *d = user;
	struct routes_page p = { .n = 0 };
	size_t i;

	html_begin(&p.t, "Endpoints - Aerie", "../");
	html_raw(&p.t, "<h1>Endpoints</h1>\n<p>A part of a path that begins with ':' is a parameter, one that begins "
		       "with '*' stands for one or more parts. <i>Command</i>: a key of the map that is sent with "
		       "POST.</p>\n");
	(void)d->http->each_route(d->h, on_family, &p);
	if (p.n)
		qsort(p.family, p.n, sizeof *p.family, compare_families);
	for (p.at = 0; p.at < p.n; p.at++) {
		html_raw(&p.t, "<h2>/");
		html_text(&p.t, p.family[p.at]);
		html_raw(&p.t, "</h2>\n");
		(void)d->http->each_route(d->h, on_route, &p);
	}
	for (i = 0; i < p.n; i++)
		free(p.family[i]);
	free(p.family);
	return html_reply(d, &p.t, rep);
}
