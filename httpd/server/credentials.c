/* SPDX-License-Identifier: MIT */
/* See credentials.h. */
#include <errno.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include <aerie/base64.h>

#include "credentials.h"
#include "handshake.h"

#define COOKIE "KISMET"
#define TOKEN_LETTERS "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_."
#define BASIC_OCTETS (2u * CREDENTIAL_OCTETS)

static bool take_token(const char *text, size_t len, char *dst)
{
	if (len >= 2 && text[0] == '"' && text[len - 1] == '"') {
		text++;
		len -= 2;
	}
	if (!len || len >= TOKEN_OCTETS || strspn(text, TOKEN_LETTERS) < len)
		return false;
	memcpy(dst, text, len);
	dst[len] = '\0';
	return true;
}

int credentials_cookie(const char *header, unsigned i, char ret_token[TOKEN_OCTETS])
{
	const size_t n = sizeof COOKIE - 1;
	char token[TOKEN_OCTETS];
	size_t len;

	while (*header) {
		header += strspn(header, "; \t");
		len = strcspn(header, ";");
		if (len > n && !memcmp(header, COOKIE "=", n + 1)) {
			size_t end = len;

			while (end > n + 1 && strchr(" \t", header[end - 1]))
				end--;
			if (take_token(header + n + 1, end - n - 1, token) && !i--) {
				memcpy(ret_token, token, sizeof token);
				return 0;
			}
		}
		header += len;
	}
	return -ENOENT;
}

static bool plain(const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			return false;
	return len > 0 && len < CREDENTIAL_OCTETS;
}

static int split_login(const char *text, size_t len, char *ret_user, char *ret_password)
{
	const char *colon = memchr(text, ':', len);
	size_t user, password;

	if (!colon)
		return -EINVAL;
	user = (size_t)(colon - text);
	password = len - user - 1;
	if (!plain(text, user) || !plain(colon + 1, password))
		return -EINVAL;
	memcpy(ret_user, text, user);
	ret_user[user] = '\0';
	memcpy(ret_password, colon + 1, password);
	ret_password[password] = '\0';
	return 0;
}

int credentials_basic(const char *header, char ret_user[CREDENTIAL_OCTETS], char ret_password[CREDENTIAL_OCTETS])
{
	char text[BASIC_OCTETS];
	int64_t len;
	size_t in;
	int err;

	header += strspn(header, " \t");
	if (strncasecmp(header, "Basic", 5) || (header[5] && !strchr(" \t", header[5])))
		return -ENOENT;
	header += 5;
	header += strspn(header, " \t");
	in = strcspn(header, " \t");
	if (header[in + strspn(header + in, " \t")])
		return -EINVAL;
	while (in && header[in - 1] == '=') /* clients that leave the padding out are understood, too */
		in--;
	len = AERIE_BASE64_ROOM(in) <= sizeof text ? aerie_base64_decode(header, in, (uint8_t *)text) : -1;
	if (len < 0)
		return -EINVAL;
	err = split_login(text, (size_t)len, ret_user, ret_password);
	sodium_memzero(text, sizeof text);
	return err;
}

/* Is the variable in [text, text + len) called so, once decoded? Then *ret_value is what follows its '='. */
static bool is_named(const char *text, size_t len, const char *name, const char **ret_value)
{
	const char *equals = memchr(text, '=', len);
	size_t n = equals ? (size_t)(equals - text) : len;
	char decoded[64];

	if (!equals || n >= sizeof decoded)
		return false;
	memcpy(decoded, text, n);
	decoded[n] = '\0';
	if (query_decode(decoded) || strcmp(decoded, name))
		return false;
	*ret_value = equals + 1;
	return true;
}

int credentials_query(const char *query, const char *name, char *dst, size_t room)
{
	char text[3 * CREDENTIAL_OCTETS];
	const char *value;
	size_t len, n;

	for (; query && *query; query += len + (query[len] == '&')) {
		len = strcspn(query, "&");
		if (!is_named(query, len, name, &value))
			continue;
		n = len - (size_t)(value - query);
		if (n >= sizeof text)
			return -EINVAL;
		memcpy(text, value, n);
		text[n] = '\0';
		if (query_decode(text) || strlen(text) >= room)
			return -EINVAL;
		memcpy(dst, text, strlen(text) + 1);
		return 0;
	}
	return -ENOENT;
}

int credentials_is_token(const char *text)
{
	size_t len = strlen(text);

	return len && len < TOKEN_OCTETS && strspn(text, TOKEN_LETTERS) == len;
}
