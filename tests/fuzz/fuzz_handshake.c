/* SPDX-License-Identifier: MIT */
/* Headers of the request for a WebSocket, and variables of its query, as they come from the network: lines "name: value" are headers,
 * those that begin with '?' are variables. A handshake that passes has all that RFC 6455 4.2.1 asks for, and has an answer. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../../httpd/server/handshake.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const allowed[] = { "https://one.example", "http://two.example:8080" };

static void try_variable(char *text)
{
	size_t before = strlen(text), percents = 0, i;

	for (i = 0; i < before; i++)
		percents += text[i] == '%';
	if (query_decode(text)) {
		assert(percents);
		return;
	}
	assert(strlen(text) + 2 * percents == before); /* each escape is one octet, and none of them a NUL */
}

static void try_line(struct handshake *hs, char *line)
{
	char *colon = strchr(line, ':');

	if (*line == '?') {
		try_variable(line + 1);
	} else if (colon) {
		*colon++ = '\0';
		handshake_header(hs, line, colon + strspn(colon, " \t"));
	}
}

static void try_handshake(const struct handshake *hs)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char answer[HANDSHAKE_ACCEPT_OCTETS];
	const char *text = NULL;
	unsigned status = handshake_check(hs, &text);
	bool any = handshake_origin_allowed(hs, allowed, 2);

	assert(!any || !hs->origin || strncasecmp(hs->origin, "http", 4) == 0);
	assert(hs->origin || any);
	if (status) {
		assert((status == 400 || status == 426) && text && !strncmp(text, "ERROR: ", 7));
		return;
	}
	assert(hs->upgrade && hs->connection && !strcmp(hs->version, "13"));
	assert(strlen(hs->key) == 24 && strspn(hs->key, letters) == 22);
	assert(!handshake_accept(hs->key, answer));
	assert(strlen(answer) == 28 && strspn(answer, letters) == 27 && answer[27] == '=');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct handshake hs = { .protocol = "kismet-remote" };
	char *text = malloc(size + 1), *line, *next;

	if (!text)
		return 0;
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	for (line = text; line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		try_line(&hs, line);
	}
	try_handshake(&hs);
	free(text);
	return 0;
}
