/* SPDX-License-Identifier: MIT */
/* Header fields and paths as any client may send them: what comes of them stays within its bounds, and a path below its folder. */
/* link: httpd/server/files.c httpd/server/gzip.c httpd/server/address.c httpd/server/csp.c */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "httpd/server/address.h"
#include "httpd/server/csp.h"
#include "httpd/server/files.h"
#include "httpd/server/gzip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_path(const char *text)
{
	char path[FILES_PATH_OCTETS];
	bool slash;

	if (files_path(text, path, &slash))
		return;
	assert(strlen(path) < sizeof path && path[0] != '/' && path[0] != '.' && !strstr(path, "/.") && !strstr(path, "//") && !strchr(path, '\\'));
	assert(!*path || path[strlen(path) - 1] != '/');
	(void)files_type(path, NULL, 0);
}

static void check_range(const char *text)
{
	uint64_t size, first, len;

	for (size = 0; size < 2000; size += 999)
		if (!files_range(text, size, &first, &len))
			assert(len && first < size && len <= size - first);
}

static void check_address(const char *text)
{
	struct network n[1], a;
	char client[ADDRESS_OCTETS], host[16];

	assert(!network_parse("10.0.0.0/9", &n[0]));
	address_forwarded(text, false, n, 1, client);
	assert(!*client || !network_parse(client, &a));
	address_forwarded(text, true, n, 1, client);
	assert(!*client || !network_parse(client, &a));
	address_parameter(text, "host", host, sizeof host);
	assert(strlen(host) < sizeof host);
	(void)network_parse(text, &a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), policy[CSP_OCTETS];
	time_t t;

	assert(text);
	memcpy(text, data, size);
	text[size] = '\0';
	check_path(text);
	check_range(text);
	check_address(text);
	(void)gzip_accepted(text);
	(void)gzip_worthwhile(text, -1);
	(void)files_etag_listed(text, "\"1-2-3\"");
	(void)files_read_date(text, &t);
	(void)files_type_valid(text);
	csp_make(text, size, policy);
	assert(strlen(policy) < sizeof policy);
	free(text);
	return 0;
}
