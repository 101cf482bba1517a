/* SPDX-License-Identifier: MIT */
/* The entrance of the reference, the page of formats, and what all pages load. */
#include <stdint.h>
#include <string.h>

#include "docs.h"

/* docs.js and docs.css, as they lie beside this file. Global, because -flto may put the functions into another object. */
__asm__(".pushsection .rodata\n"
	".globl docs_js\n.hidden docs_js\n"
	".globl docs_js_end\n.hidden docs_js_end\n"
	".globl docs_css\n.hidden docs_css\n"
	".globl docs_css_end\n.hidden docs_css_end\n"
	"docs_js:\n"
	".incbin \"httpd/docs/docs.js\"\n"
	"docs_js_end:\n"
	"docs_css:\n"
	".incbin \"httpd/docs/docs.css\"\n"
	"docs_css_end:\n"
	".popsection\n");
extern const char docs_js[] __attribute__((visibility("hidden")));
extern const char docs_js_end[] __attribute__((visibility("hidden")));
extern const char docs_css[] __attribute__((visibility("hidden")));
extern const char docs_css_end[] __attribute__((visibility("hidden")));

int docs_script(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	const struct docs *d = user;

	return d->http->reply_octets(rep, "text/javascript; charset=utf-8", docs_js,
				     (uintptr_t)docs_js_end - (uintptr_t)docs_js);
}

int docs_style(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	const struct docs *d = user;

	return d->http->reply_octets(rep, "text/css; charset=utf-8", docs_css,
				     (uintptr_t)docs_css_end - (uintptr_t)docs_css);
}

/* ---- /docs/ ---- */

static int count_route(void *user, const struct aerie_route *r, const char *owner)
{
	++*(uint64_t *)user;
	return 0;
}

static int count_field(void *user, const struct aerie_field_info *info)
{
	++*(uint64_t *)user;
	return 0;
}

static int count_record(void *user, const char *name, aerie_record_id type)
{
	++*(uint64_t *)user;
	return 0;
}

static int count_format(void *user, const char *suffix, const char *content_type, const char *help)
{
	++*(uint64_t *)user;
	return 0;
}

static void index_row(struct html *t, const char *href, const char *title, uint64_t n, const char *text)
{
	html_raw(t, "<tr><td><a href=\"");
	html_raw(t, href);
	html_raw(t, "\">");
	html_raw(t, title);
	html_raw(t, "</a></td><td class=\"number\">");
	if (n)
		html_number(t, n);
	html_raw(t, "</td><td>");
	html_raw(t, text);
	html_raw(t, "</td></tr>\n");
}

static void index_table(const struct docs *d, struct html *t)
{
	uint64_t n_routes = 0, n_fields = 0, n_records = 0, n_formats = 0;

	(void)d->http->each_route(d->h, count_route, &n_routes);
	(void)d->fields->each(d->h, count_field, &n_fields);
	(void)d->fields->each_record(d->h, count_record, &n_records);
	(void)d->serializers->each(d->h, count_format, &n_formats);
	html_raw(t, "<table>\n<tbody>\n");
	index_row(t, "endpoints.html", "Endpoints", n_routes,
		  "Every path: what it is for, who may use it, parameters and result.");
	index_row(t, "fields.html", "Fields", n_fields,
		  "Every field: type, unit, description, and the module that it comes from.");
	index_row(t, "records.html", "Records", n_records,
		  "Every record type: which fields it holds, and which records lie within.");
	index_row(t, "formats.html", "Formats", n_formats, "Every format in which records are sent.");
	index_row(t, "../system/openapi.json", "OpenAPI", 0,
		  "All of this for programs: clients and test tools are made from it.");
	html_raw(t, "</tbody></table>\n");
}

/* Links lead on from where the page is, so that it works behind a proxy that puts it in a folder. Without a '/' at its
 * end the browser takes the page for a file beside the folder. */
int docs_index_page(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	const struct docs *d = user;
	const char *path = d->http->raw(req)->path;
	size_t len = strlen(path);
	struct html t = { 0 };

	if (!len || path[len - 1] != '/') {
		html_begin(&t, "Reference - Aerie", "");
		html_raw(&t, "<h1>Reference</h1>\n<p>It is at <a href=\"docs/\">docs/</a>.</p>\n");
		return html_reply(d, &t, rep);
	}
	html_begin(&t, "Reference - Aerie", "../");
	html_raw(&t, "<h1>Reference</h1>\n<p>Made from what the loaded modules registered, so that it says what this "
		     "server does, now.</p>\n");
	index_table(d, &t);
	html_raw(&t, "<h2>In short</h2>\n<p>A path's suffix chooses the format: <code>curl "
		     "http://localhost:2501/system/status.json</code>.</p>\n<p>A command is a map of names and values, "
		     "sent with POST as form variable <code>json=</code>, as form variable <code>msgpack=</code> in "
		     "base64, or as a body of type <code>application/json</code> or <code>application/msgpack</code>: "
		     "<code>curl -u USER:PASSWORD -d 'json={\"channel\": \"6\"}' "
		     "http://localhost:2501/datasource/by-uuid/UUID/set_channel.cmd</code>.</p>\n<p>An error is a "
		     "status of 400 or more and one line of text: what happened, and what to do.</p>\n");
	return html_reply(d, &t, rep);
}

/* ---- /docs/formats.html ---- */

static int on_format(void *user, const char *suffix, const char *content_type, const char *help)
{
	struct html *t = user;

	html_raw(t, "<tr");
	html_anchor(t, suffix);
	html_raw(t, "><td class=\"name\">.");
	html_text(t, suffix);
	html_raw(t, "</td>");
	html_cell(t, content_type);
	html_cell(t, help);
	html_raw(t, "</tr>\n");
	return 0;
}

int docs_formats_page(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	const struct docs *d = user;
	struct html t = { 0 };

	html_begin(&t, "Formats - Aerie", "../");
	html_raw(&t, "<h1>Formats</h1>\n<p>The suffix of a path chooses the format. An endpoint whose formats are "
		     "<i>any</i> has each of these; another module may bring more.</p>\n<div class=\"scroll\"><table>\n"
		     "<thead><tr><th>Suffix</th><th>Content type</th><th>Description</th></tr></thead>\n<tbody>\n");
	(void)d->serializers->each(d->h, on_format, &t);
	html_raw(&t, "</tbody></table></div>\n");
	return html_reply(d, &t, rep);
}
