/* SPDX-License-Identifier: MIT */
/* Generated pages. Everything that is not our own markup is escaped; nothing is loaded from elsewhere. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "docs.h"

#define ROOM 65536u

static void append(struct html *t, const char *text, size_t len)
{
	size_t room = t->room ? t->room : ROOM;
	char *grown;

	if (t->err)
		return;
	while (room < t->len + len)
		room *= 2;
	if (room > t->room) {
		grown = realloc(t->text, room);
		if (!grown) {
			t->err = -ENOMEM;
			return;
		}
		t->text = grown;
		t->room = room;
	}
	memcpy(t->text + t->len, text, len);
	t->len += len;
}

void html_raw(struct html *t, const char *text)
{
	append(t, text, strlen(text));
}

static void escape(struct html *t, const char *text, size_t len)
{
	static const char special[] = "&<>\"'";
	static const char *const escaped[] = { "&amp;", "&lt;", "&gt;", "&quot;", "&#39;" };
	size_t plain;

	while (len) {
		plain = strcspn(text, special);
		plain = plain < len ? plain : len;
		append(t, text, plain);
		text += plain;
		len -= plain;
		if (!len)
			return;
		html_raw(t, escaped[strchr(special, *text) - special]);
		text++;
		len--;
	}
}

void html_text(struct html *t, const char *text)
{
	if (text)
		escape(t, text, strlen(text));
}

void html_sentence(struct html *t, const char *text)
{
	const char *open, *close;

	while (text && (open = strchr(text, '`')) && (close = strchr(open + 1, '`'))) {
		escape(t, text, (size_t)(open - text));
		html_raw(t, "<code>");
		escape(t, open + 1, (size_t)(close - open - 1));
		html_raw(t, "</code>");
		text = close + 1;
	}
	html_text(t, text);
}

void html_list(struct html *t, const char *text)
{
	size_t len;

	for (; *text; text += len + (text[len] == '|')) {
		len = strcspn(text, "|");
		escape(t, text, len);
		if (text[len])
			html_raw(t, ", ");
	}
}

void html_number(struct html *t, uint64_t n)
{
	char text[24];

	(void)snprintf(text, sizeof text, "%" PRIu64, n);
	html_raw(t, text);
}

void html_cell(struct html *t, const char *text)
{
	html_raw(t, "<td>");
	html_text(t, text);
	html_raw(t, "</td>");
}

void html_anchor(struct html *t, const char *name)
{
	html_raw(t, " id=\"");
	html_text(t, name);
	html_raw(t, "\"");
}

void html_link(struct html *t, const char *page, const char *name)
{
	html_raw(t, "<a href=\"");
	html_raw(t, page);
	html_raw(t, "#");
	html_text(t, name);
	html_raw(t, "\">");
	html_text(t, name);
	html_raw(t, "</a>");
}

void html_begin(struct html *t, const char *title, const char *up)
{
	static const struct {
		const char *path, *text;
	} links[] = {
		{ "", "Start" },
		{ "docs/", "Reference" },
		{ "docs/endpoints.html", "Endpoints" },
		{ "docs/fields.html", "Fields" },
		{ "docs/records.html", "Records" },
		{ "docs/formats.html", "Formats" },
		{ "system/openapi.json", "OpenAPI" },
	};
	size_t i;

	html_raw(t, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'self'; "
		    "script-src 'self'; img-src data:\">\n"
		    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		    "<link rel=\"icon\" href=\"data:,\">\n<title>");
	html_text(t, title);
	html_raw(t, "</title>\n<link rel=\"stylesheet\" href=\"");
	html_raw(t, up);
	html_raw(t, "docs/docs.css\">\n<script src=\"");
	html_raw(t, up);
	html_raw(t, "docs/docs.js\" defer></script>\n</head>\n<body>\n<nav>");
	for (i = 0; i < sizeof links / sizeof links[0]; i++) {
		html_raw(t, "<a href=\"");
		html_raw(t, *links[i].path || *up ? up : "./");
		html_raw(t, links[i].path);
		html_raw(t, "\">");
		html_raw(t, links[i].text);
		html_raw(t, "</a>\n");
	}
	html_raw(t, "<input id=\"search\" type=\"search\" placeholder=\"Search\" aria-label=\"Search this page\" "
		    "hidden><span id=\"found\" role=\"status\"></span></nav>\n<main>\n");
}

int html_reply(const struct docs *d, struct html *t, struct aerie_reply *rep)
{
	int err;

	html_raw(t, "</main>\n</body>\n</html>\n");
	err = t->err ? t->err : d->http->reply_octets(rep, "text/html; charset=utf-8", t->text, t->len);
	free(t->text);
	return err;
}
