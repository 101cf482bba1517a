/* SPDX-License-Identifier: MIT */
/* What the pages and the OpenAPI document share: the host's services, and writing HTML. */
#ifndef DOCS_DOCS_H
#define DOCS_DOCS_H

#include <stddef.h>

#include <aerie/fields.h>
#include <aerie/http.h>
#include <aerie/plugins.h>
#include <aerie/serializer.h>

struct docs {
	const struct aerie_host *h;
	const struct aerie_http *http;
	const struct aerie_fields *fields;
	const struct aerie_serializers *serializers;
	const struct aerie_plugins *plugins;
};

/* Handlers; `user` is the struct docs. */
aerie_handler_fn docs_openapi;        /* openapi.c */
aerie_handler_fn docs_index_page;     /* pages.c */
aerie_handler_fn docs_endpoints_page; /* routes.c */
aerie_handler_fn docs_formats_page;   /* pages.c */
aerie_handler_fn docs_fields_page;    /* fields.c */
aerie_handler_fn docs_records_page;
aerie_handler_fn docs_tracked_fields_page;
aerie_handler_fn docs_script; /* pages.c */
aerie_handler_fn docs_style;

/* html.c: a page under way. Running out of memory is remembered and told by html_reply(). */
struct html {
	char *text;
	size_t len, room;
	int err;
};
void html_raw(struct html *t, const char *text);
void html_text(struct html *t, const char *text); /* escaped; NULL is "" */
/* A sentence: what stands in backquotes is set as code. */
void html_sentence(struct html *t, const char *text);
/* "a|b" as "a, b". */
void html_list(struct html *t, const char *text);
void html_number(struct html *t, uint64_t n);
void html_cell(struct html *t, const char *text); /* <td> */
/* The name as an anchor of this page (attribute id), or as a link to one of the page `page`. */
void html_anchor(struct html *t, const char *name);
void html_link(struct html *t, const char *page, const char *name);
/* Head, navigation and search box, up to the first heading. up: what leads from the page to the root, "../" or "". */
void html_begin(struct html *t, const char *title, const char *up);
/* Closes the page, replies with it and frees it. */
int html_reply(const struct docs *d, struct html *t, struct aerie_reply *rep);

#endif
