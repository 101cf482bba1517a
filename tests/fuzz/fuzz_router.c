/* SPDX-License-Identifier: MIT */
/* Paths and queries as they come from the network: any octets before the first newline are the path, the rest the query.
 * What was decoded must lie within the text and be no longer than it. */
/* link: core */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <core/path.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *copy(const uint8_t *data, size_t len)
{
	char *text = calloc(1, len + 1);

	if (text && len)
		memcpy(text, data, len);
	return text;
}

static void try_path(char *text, size_t len)
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
	const uint8_t *mark = size ? memchr(data, '\n', size) : NULL;
	size_t n = mark ? (size_t)(mark - data) : size;
	char *path = copy(data, n), *query = mark ? copy(mark + 1, size - n - 1) : NULL;

	if (path)
		try_path(path, n);
	if (query)
		try_query(query, size - n - 1);
	free(path);
	free(query);
	return 0;
}
