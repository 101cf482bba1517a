/* SPDX-License-Identifier: MIT */
/* Small generated pages. Everything that is not our own markup is escaped. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "endpoints.h"

static void append(struct html *t, const char *text, size_t len)
{
	size_t room = t->room ? t->room : 16384;
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

void html_text(struct html *t, const char *text)
{
	for (; *text; text++)
		switch (*text) {
		case '&':
			html_raw(t, "&amp;");
			break;
		case '<':
			html_raw(t, "&lt;");
			break;
		case '>':
			html_raw(t, "&gt;");
			break;
		case '"':
			html_raw(t, "&quot;");
			break;
		default:
			append(t, text, 1);
		}
}

void html_begin(struct html *t, const char *title)
{
	html_raw(t, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
		    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
		    "<meta name=\"viewport\" content=\"width=device-width\">\n<title>");
	html_text(t, title);
	html_raw(t, "</title>\n<style>:root{color-scheme:light dark}body{font:15px/1.4 system-ui,sans-serif;margin:2em}"
		    "table{border-collapse:collapse}th,td{text-align:left;vertical-align:top;padding:.3em .8em;"
		    "border-bottom:1px solid #8884}th{position:sticky;top:0;background:Canvas}td:first-child{font-family:ui-monospace,monospace}"
		    "</style></head>\n<body>\n");
}

int html_reply(const struct endpoints *e, struct html *t, struct aerie_reply *rep)
{
	int err;

	html_raw(t, "</body></html>\n");
	err = t->err ? t->err : e->http->reply_octets(rep, "text/html; charset=utf-8", t->text, t->len);
	free(t->text);
	return err;
}
