/* SPDX-License-Identifier: MIT */
/* Paths and queries as they come from the network, and patterns as modules register them: any octets before the first newline are the
 * path, up to the second the query, the rest a pattern. What was decoded must lie within the text and be no longer than it; what a path
 * matches must fit the pattern. */
/* link: core */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <core/path.h>
#include <core/routes.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *copy(const uint8_t *data, size_t len)
{
	char *text = calloc(1, len + 1);

	if (text && len)
		memcpy(text, data, len);
	return text;
}

static int handle(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	return 0;
}

static struct route *compile(const char *path, const char *formats)
{
	const struct aerie_route r = {
		.size = sizeof r, .methods = AERIE_HTTP_GET, .path = path, .formats = formats, .summary = "s", .help = "h", .handle = handle,
	};
	struct route *route = NULL;
	const char *error = NULL;

	assert(!route_new(&r, "fuzz", &route, &error) == !!route && !route == !!error);
	return route;
}

/* What was matched: as many segments as the pattern has, or more behind a '*', and literals as they are. */
static void check_match(const struct route_match *m, const struct path *path)
{
	uint32_t i, last = m->route->n - m->route->rest;

	assert(m->path_known && m->format_known && m->methods == AERIE_HTTP_GET);
	assert(m->route->rest ? path->n >= m->route->n : path->n == m->route->n);
	for (i = 0; i < last; i++)
		assert(m->route->seg[i].param ? *path->seg[i] : !strcmp(m->route->seg[i].text, path->seg[i]));
	assert(!m->serializer || !strcmp(m->serializer->s.suffix, m->suffix));
}

static void try_match(struct path *path, const char *pattern)
{
	static const struct {
		const char *path, *formats;
	} rows[] = {
		{ "/", "" },	      { "/a/:x/b", NULL },   { "/a/:x/b", "html" }, { "/a/*rest", "" }, { "/a/:x/*rest", NULL },
		{ "/a/b/c", "json|html" }, { "/a/b/*rest", NULL }, { "/:p/*q", "" },	    { "/:p/c", NULL },	{ "/a.json/b", "" },
	};
	enum { ROWS = sizeof rows / sizeof rows[0] };
	static const struct serializer json = { .s = { .suffix = "json" } }, msgpack = { .s = { .suffix = "msgpack" } };
	struct serializer_table *ser = calloc(1, sizeof *ser + 2 * sizeof ser->serializer[0]);
	struct reg regs[ROWS + 1] = { { 0 } }, *list[ROWS + 1];
	struct epoch ep = { .regs = { [REG_ROUTE] = list } };
	struct route_table *t;
	struct route_match m;
	char formats[128];
	size_t i;

	for (i = 0; i <= ROWS; i++) {
		struct route *route = i < ROWS ? compile(rows[i].path, rows[i].formats) : pattern ? compile(pattern, NULL) : NULL;

		if (!route)
			continue;
		assert(route_conflicts(route, route));
		regs[ep.n_regs[REG_ROUTE]].item = route;
		list[ep.n_regs[REG_ROUTE]] = &regs[ep.n_regs[REG_ROUTE]];
		ep.n_regs[REG_ROUTE]++;
	}
	t = route_table_build(NULL, &ep);
	if (ser && t) {
		ser->n = 2;
		ser->serializer[0] = &json;
		ser->serializer[1] = &msgpack;
		route_table_formats(t, ser, path, formats, sizeof formats);
		route_table_match(t, ser, path, AERIE_HTTP_GET, &m);
		if (m.route)
			check_match(&m, path);
	}
	free(t);
	free(ser);
	for (i = 0; i < ep.n_regs[REG_ROUTE]; i++)
		route_free(regs[i].item);
}

static void try_path(char *text, size_t len, const char *pattern)
{
	struct path path;
	uint32_t i;

	if (path_split(text, &path))
		return;
	assert(path.n <= PATH_SEGMENTS);
	for (i = 0; i < path.n; i++) {
		assert(path.seg[i] >= text && path.seg[i] + strlen(path.seg[i]) <= text + len);
		(void)path_suffix(path.seg[i]);
	}
	try_match(&path, pattern);
}

static void try_query(char *text, size_t len)
{
	struct query query;
	uint32_t i;

	if (query_split(text, &query))
		return;
	assert(query.n <= QUERY_VARIABLES);
	for (i = 0; i < query.n; i++) {
		assert(query.var[i].name >= text && query.var[i].name + strlen(query.var[i].name) <= text + len);
		assert(query.var[i].value >= text && query.var[i].value + strlen(query.var[i].value) <= text + len);
	}
	free(query.var);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = data + size, *mark = size ? memchr(data, '\n', size) : NULL;
	const uint8_t *second = mark ? memchr(mark + 1, '\n', (size_t)(end - mark - 1)) : NULL;
	size_t n = mark ? (size_t)(mark - data) : size, query_len = mark ? (size_t)((second ? second : end) - mark - 1) : 0;
	char *path = copy(data, n), *query = mark ? copy(mark + 1, query_len) : NULL;
	char *pattern = second ? copy(second + 1, (size_t)(end - second - 1)) : NULL;

	if (path)
		try_path(path, n, pattern);
	if (query)
		try_query(query, query_len);
	free(path);
	free(query);
	free(pattern);
	return 0;
}
