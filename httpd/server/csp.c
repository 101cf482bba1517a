/* SPDX-License-Identifier: MIT */
/* See csp.h. */
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "csp.h"

#define DIGEST_OCTETS sodium_base64_ENCODED_LEN(crypto_hash_sha256_BYTES, sodium_base64_VARIANT_ORIGINAL)

/* What begins with this word, in any case, or NULL. */
static const char *find(const char *p, const char *end, const char *word)
{
	size_t n = strlen(word);

	for (; (size_t)(end - p) >= n; p++)
		if (!strncasecmp(p, word, n))
			return p;
	return NULL;
}

static bool tag_has_source(const char *tag, const char *end)
{
	return find(tag, end, " src=") != NULL;
}

/* The next script in the text of the page; *p moves behind it. */
static const char *next_script(const char **p, const char *end, size_t *ret_len)
{
	const char *tag, *text, *stop;

	while ((tag = find(*p, end, "<script"))) {
		text = memchr(tag, '>', (size_t)(end - tag));
		stop = text ? find(text, end, "</script") : NULL;
		if (!stop)
			return NULL;
		*p = stop;
		*ret_len = (size_t)(stop - text - 1);
		if (!tag_has_source(tag, text))
			return text + 1;
	}
	return NULL;
}

void csp_make(const char *html, size_t len, char ret_text[CSP_OCTETS])
{
	uint8_t hash[crypto_hash_sha256_BYTES];
	char digest[DIGEST_OCTETS];
	const char *p = html, *script;
	size_t at, n, i;

	at = (size_t)snprintf(ret_text, CSP_OCTETS, "default-src 'none'; script-src 'self'");
	for (i = 0; i < CSP_SCRIPTS && (script = next_script(&p, html + len, &n)); i++) {
		(void)crypto_hash_sha256(hash, (const uint8_t *)script, n);
		(void)sodium_bin2base64(digest, sizeof digest, hash, sizeof hash, sodium_base64_VARIANT_ORIGINAL);
		at += (size_t)snprintf(ret_text + at, CSP_OCTETS - at, " 'sha256-%s'", digest);
	}
	(void)snprintf(ret_text + at, CSP_OCTETS - at, "; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
		       "base-uri 'none'; form-action 'self'; frame-ancestors 'self'");
}
