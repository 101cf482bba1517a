/* SPDX-License-Identifier: MIT */
/* See handshake.h. */
#include <errno.h>
#include <gnutls/crypto.h>
#include <sodium.h>
#include <string.h>
#include <strings.h>

#include "handshake.h"

#define KEY_LETTERS 24u /* base64 of 16 octets */
#define SHA1_OCTETS 20u

static const char magic[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; /* RFC 6455 1.3 */

/* Is token an element of the list (RFC 9110 5.6.1)? What follows a '/' or ';' in an element is not looked at. */
static bool has_token(const char *list, const char *token, int (*compare)(const char *, const char *, size_t))
{
	size_t len = strlen(token), n;
	const char *p = list;

	while (*p) {
		p += strspn(p, ", \t");
		n = strcspn(p, ", \t;/");
		if (n == len && !compare(p, token, n))
			return true;
		p += strcspn(p, ",");
	}
	return false;
}

void handshake_header(struct handshake *hs, const char *name, const char *value)
{
	if (!value)
		return;
	if (!strcasecmp(name, "Upgrade")) {
		hs->upgrade = hs->upgrade || has_token(value, "websocket", strncasecmp);
	} else if (!strcasecmp(name, "Connection")) {
		hs->connection = hs->connection || has_token(value, "upgrade", strncasecmp);
	} else if (!strcasecmp(name, "Sec-WebSocket-Protocol")) {
		hs->offered = hs->offered || (hs->protocol && has_token(value, hs->protocol, strncmp));
	} else if (!strcasecmp(name, "Sec-WebSocket-Key")) {
		hs->key = value;
		hs->n_key++;
	} else if (!strcasecmp(name, "Sec-WebSocket-Version")) {
		hs->version = value;
		hs->n_version++;
	} else if (!strcasecmp(name, "Host")) {
		hs->host = value;
	} else if (!strcasecmp(name, "Origin")) {
		hs->origin = value;
	}
}

/* libsodium takes some octets above 127 for letters, so these are looked at first. */
static bool key_valid(const char *key)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint8_t octets[KEY_LETTERS];
	size_t n = 0;

	return strlen(key) == KEY_LETTERS && strspn(key, letters) == KEY_LETTERS - 2 &&
	       !sodium_base642bin(octets, sizeof octets, key, KEY_LETTERS, NULL, &n, NULL, sodium_base64_VARIANT_ORIGINAL) && n == 16;
}

unsigned handshake_check(const struct handshake *hs, const char **ret_text)
{
	if (!hs->upgrade)
		return *ret_text = "ERROR: this is a WebSocket; ask for an upgrade to it\n", 426;
	if (!hs->connection)
		return *ret_text = "ERROR: WebSocket: the request lacks \"Connection: Upgrade\"\n", 400;
	if (hs->n_version != 1 || strcmp(hs->version, "13"))
		return *ret_text = "ERROR: WebSocket: only version 13 is spoken here\n", 426;
	if (hs->n_key != 1 || !key_valid(hs->key))
		return *ret_text = "ERROR: WebSocket: Sec-WebSocket-Key is not 16 octets in base64\n", 400;
	return 0;
}

/* The length of host and port, without a port that the scheme implies. */
static size_t authority_len(const char *authority, const char *port)
{
	size_t len = strcspn(authority, "/"), n = strlen(port);

	return len > n && !strncmp(authority + len - n, port, n) ? len - n : len;
}

static bool same_host(const char *origin, const char *host)
{
	bool tls = !strncasecmp(origin, "https://", 8);
	const char *port = tls ? ":443" : ":80", *authority = origin + (tls ? 8 : 7);
	size_t len;

	if (!tls && strncasecmp(origin, "http://", 7))
		return false;
	len = authority_len(authority, port);
	return len && len == authority_len(host, port) && !strncasecmp(authority, host, len);
}

bool handshake_origin_allowed(const struct handshake *hs, const char *const *allowed, uint32_t n_allowed)
{
	uint32_t i;

	if (!hs->origin || (hs->host && same_host(hs->origin, hs->host)))
		return true;
	for (i = 0; i < n_allowed; i++)
		if (!strcasecmp(allowed[i], hs->origin))
			return true;
	return false;
}

int handshake_accept(const char *key, char ret_text[HANDSHAKE_ACCEPT_OCTETS])
{
	char text[KEY_LETTERS + sizeof magic];
	uint8_t hash[SHA1_OCTETS];

	memcpy(text, key, KEY_LETTERS);
	memcpy(text + KEY_LETTERS, magic, sizeof magic);
	if (gnutls_hash_fast(GNUTLS_DIG_SHA1, text, sizeof text - 1, hash) < 0)
		return -EIO;
	(void)sodium_bin2base64(ret_text, HANDSHAKE_ACCEPT_OCTETS, hash, sizeof hash, sodium_base64_VARIANT_ORIGINAL);
	return 0;
}

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *p = c ? strchr(digits, c >= 'A' && c <= 'F' ? c + 'a' - 'A' : c) : NULL;

	return p ? (int)(p - digits) : -1;
}

int query_decode(char *text)
{
	char *in = text, *out = text;
	int high, low;

	for (; *in; in++, out++) {
		if (*in != '%') {
			*out = *in == '+' ? ' ' : *in;
			continue;
		}
		high = hex_digit(in[1]);
		low = high < 0 ? -1 : hex_digit(in[2]);
		if (low < 0 || !(high | low))
			return -EINVAL;
		*out = (char)(high << 4 | low);
		in += 2;
	}
	*out = '\0';
	return 0;
}
