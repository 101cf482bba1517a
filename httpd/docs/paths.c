/* SPDX-License-Identifier: MIT */
/* Paths: a route with a list of formats is a path per format, a route with every format is one path that ends in
 * {format}. Two paths that differ only in the names of their parameters are one (OpenAPI 3.0.3 "Paths Object"), so the
 * first registered names them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "openapi.h"

const struct openapi_method openapi_methods[OPENAPI_METHODS] = {
	{ AERIE_HTTP_GET, "get" },
	{ AERIE_HTTP_POST, "post" },
	{ AERIE_HTTP_PUT, "put" },
	{ AERIE_HTTP_DELETE, "delete" },
};

/* The parameter that stands for the suffix; a route may have one of that name itself. */
const char *paths_format_name(const struct aerie_route *r)
{
	const char *at = r->path;

	while ((at = strstr(at, ":format"))) {
		at += strlen(":format");
		if (*at == '/' || !*at)
			return "suffix";
	}
	return "format";
}

/* A segment of a route's path, up to '/' or the end. */
static void put_segment(FILE *f, const char *seg, size_t len, int names)
{
	if (*seg != ':' && *seg != '*')
		(void)fprintf(f, "/%.*s", (int)len, seg);
	else if (names)
		(void)fprintf(f, "/{%.*s}", (int)len - 1, seg + 1);
	else
		(void)fputs("/{}", f);
}

/* "/devices/by-key/{key}/device.{format}", or with the suffix given ("" for none); without names
 * "/devices/by-key/{}/device.{}". NULL when memory is out; to be freed. */
char *paths_text(struct openapi *o, const struct aerie_route *r, const char *suffix, int names)
{
	const char *seg, *next;
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return o->tree.err = -ENOMEM, NULL;
	for (seg = r->path; *seg == '/'; seg = next) {
		seg++;
		next = strchr(seg, '/');
		next = next ? next : seg + strlen(seg);
		put_segment(f, seg, (size_t)(next - seg), names);
		if ((*next && next[1] != '*') || *seg == '*' || (suffix && !*suffix))
			continue;
		if (suffix)
			(void)fprintf(f, ".%s", suffix);
		else
			(void)fprintf(f, ".{%s}", names ? paths_format_name(r) : "");
	}
	if (fclose(f)) {
		free(text);
		return o->tree.err = -ENOMEM, NULL;
	}
	return text;
}

/* The names in braces, in their order; cuts text up. */
size_t paths_split_names(char *text, const char *ret_names[NAMES_MAX])
{
	size_t n = 0;
	char *open, *close;

	for (; n < NAMES_MAX && (open = strchr(text, '{')) && (close = strchr(open, '}')); text = close + 1) {
		*close = '\0';
		ret_names[n++] = open + 1;
	}
	return n;
}

/* Does fn for each suffix of a list "a|b"; "" is one. */
int paths_each_suffix(struct openapi *o, const struct aerie_route *r,
		       int (*fn)(struct openapi *o, const struct aerie_route *r, const char *suffix, const char *owner),
		       const char *owner)
{
	char *copy = strdup(r->formats), *rest = copy, *suffix;
	int err = copy ? 0 : (o->tree.err = -ENOMEM);

	while (!err && (suffix = strsep(&rest, "|")))
		err = fn(o, r, suffix, owner);
	free(copy);
	return err;
}

static char *claim_of(struct openapi *o, const struct aerie_route *r, const char *suffix, uint32_t bit)
{
	char *shape = paths_text(o, r, suffix, 0), *text = NULL;
	size_t room = shape ? strlen(shape) + 12 : 0;

	if (shape)
		text = malloc(room);
	if (text)
		(void)snprintf(text, room, "%u%s", bit, shape);
	else
		o->tree.err = -ENOMEM;
	free(shape);
	return text;
}

static int claim(struct openapi *o, const struct aerie_route *r, const char *suffix, const char *owner)
{
	char *text;
	size_t i;

	for (i = 0; i < OPENAPI_METHODS; i++) {
		if (!(r->methods & openapi_methods[i].bit))
			continue;
		text = claim_of(o, r, suffix, openapi_methods[i].bit);
		if (text)
			tree_put(&o->tree, o->claimed, text, json_true());
		free(text);
	}
	return o->tree.err;
}

int paths_claim(void *user, const struct aerie_route *r, const char *owner)
{
	return r->methods && r->formats && *r->formats ? paths_each_suffix(user, r, claim, owner) : 0;
}

/* Is the suffix one for which this route is asked, or has it a route of its own? */
int paths_serves(struct openapi *o, const struct aerie_route *r, const char *suffix, uint32_t bit)
{
	char *text = claim_of(o, r, suffix, bit);
	int own = text && json_object_get(o->claimed, text);

	free(text);
	return !own;
}
