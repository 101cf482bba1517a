/* SPDX-License-Identifier: MIT */
/* The login of any request: the first octet says whether the rest is a Cookie header, Authorization, or a query. */
/* link: httpd/server/credentials.c httpd/server/handshake.c -lgnutls -lsodium */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../httpd/server/credentials.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void cookies(const char *text)
{
	char token[TOKEN_OCTETS];
	unsigned i, n;

	for (i = 0; i < TOKENS_MAX && !credentials_cookie(text, i, token); i++)
		if (!credentials_is_token(token) || !strstr(text, token))
			abort();
	for (n = 0; n < i; n++) /* what was found is found again */
		if (credentials_cookie(text, n, token))
			abort();
}

static void basic(const char *text)
{
	char user[CREDENTIAL_OCTETS], password[CREDENTIAL_OCTETS];
	int err = credentials_basic(text, user, password);

	if (err && err != -ENOENT && err != -EINVAL)
		abort();
	if (!err && (!*user || !*password || strchr(user, ':') || strlen(user) >= sizeof user || strlen(password) >= sizeof password))
		abort();
}

static void query(const char *text)
{
	static const char *const names[] = { "KISMET", "user", "password" };
	char value[CREDENTIAL_OCTETS], small[8];
	size_t i;

	for (i = 0; i < sizeof names / sizeof names[0]; i++) {
		int err = credentials_query(text, names[i], value, sizeof value);
		int small_err = credentials_query(text, names[i], small, sizeof small);

		if (!err && strlen(value) >= sizeof value)
			abort();
		if (err != small_err && !(small_err == -EINVAL && !err && strlen(value) >= sizeof small))
			abort();
		if (!small_err && strcmp(small, value))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const parts[])(const char *) = { cookies, basic, query };
	char *text;

	if (!size || size > 65536)
		return 0;
	text = malloc(size); /* its end is where a parser that goes on is caught */
	if (!text)
		return 0;
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	parts[data[0] % 3](text);
	free(text);
	return 0;
}
