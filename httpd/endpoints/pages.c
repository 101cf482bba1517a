/* SPDX-License-Identifier: MIT */
/* Pages for people: the start page, and the list of endpoints that is made from what modules registered. */
#include <stdint.h>
#include <string.h>

#include "endpoints.h"

/* start.html, as it lies beside this file. */
__asm__(".pushsection .rodata\n"
	"start_page:\n"
	".incbin \"httpd/endpoints/start.html\"\n"
	"start_page_end:\n"
	".popsection\n");
extern const char start_page[] __attribute__((visibility("hidden")));
extern const char start_page_end[] __attribute__((visibility("hidden")));

static int start(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	const struct endpoints *e = user;

	return e->http->reply_octets(rep, "text/html; charset=utf-8", start_page,
				     (uintptr_t)start_page_end - (uintptr_t)start_page);
}

static void methods_text(struct html *t, uint32_t methods)
{
	static const struct {
		uint32_t bit;
		const char *name;
	} rows[] = {
		{ AERIE_HTTP_GET, "GET " }, { AERIE_HTTP_POST, "POST " }, { AERIE_HTTP_PUT, "PUT " }, { AERIE_HTTP_DELETE, "DELETE " },
	};
	size_t i;

	if (!methods)
		html_raw(t, "WebSocket");
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (methods & rows[i].bit)
			html_raw(t, rows[i].name);
}

static int on_route(void *user, const struct aerie_route *r, const char *owner)
{
	struct html *t = user;

	html_raw(t, "<tr><td>");
	html_text(t, r->path);
	html_raw(t, "</td><td>");
	methods_text(t, r->methods);
	html_raw(t, "</td><td>");
	html_text(t, !r->formats ? "any" : *r->formats ? r->formats : "none");
	html_raw(t, "</td><td>");
	html_text(t, r->role ? r->role : "open");
	html_raw(t, "</td><td><b>");
	html_text(t, r->summary);
	html_raw(t, "</b> ");
	html_text(t, r->help);
	html_raw(t, "</td><td>");
	html_text(t, owner);
	html_raw(t, "</td></tr>\n");
	return 0;
}

static int on_format(void *user, const char *suffix, const char *content_type, const char *help)
{
	struct html *t = user;

	html_raw(t, "<tr><td>.");
	html_text(t, suffix);
	html_raw(t, "</td><td>");
	html_text(t, content_type);
	html_raw(t, "</td><td>");
	html_text(t, help);
	html_raw(t, "</td></tr>\n");
	return 0;
}

static int endpoints_page(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	const struct endpoints *e = user;
	const struct aerie_serializers *s = e->h->get_service(e->h, AERIE_SERIALIZER_SERVICE);
	struct html t = { 0 };

	html_begin(&t, "Aerie Server - Endpoints");
	html_raw(&t, "<h2>Endpoints</h2>\n<table>\n<thead><tr><th>Path</th><th>Methods</th><th>Formats</th><th>Login</th>"
		     "<th>Description</th><th>Owner</th></tr></thead>\n<tbody>\n");
	(void)e->http->each_route(e->h, on_route, &t);
	html_raw(&t, "</tbody></table>\n<h2>Formats</h2>\n<table>\n<thead><tr><th>Suffix</th><th>Content type</th><th>Description</th>"
		     "</tr></thead>\n<tbody>\n");
	(void)s->each(e->h, on_format, &t);
	html_raw(&t, "</tbody></table>\n");
	return html_reply(e, &t, rep);
}

const struct endpoint page_endpoints[] = {
	{ .path = "/", .formats = "", .handle = start,
	  .summary = "The start page.",
	  .help = "Lists devices, sources and plugins as they come in." },
	{ .path = "/index", .formats = "html", .handle = start,
	  .summary = "The start page.",
	  .help = "The same as /." },
	{ .path = "/system/endpoints", .formats = "html", .handle = endpoints_page,
	  .summary = "Every endpoint, as a page.",
	  .help = "A table made from what the loaded modules registered." },
	{ 0 },
};
