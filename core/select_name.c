/* SPDX-License-Identifier: MIT */
/* Names that are no registered fields: those that a client gives to the fields it selects, and fields that nobody
 * knows. */
#include <core/select.h>

#include <stdlib.h>

#include <aerie/utf8.h>

/* Well-formed UTF-8; its length. With to NULL it is only measured. */
static uint32_t put_clean(char *to, const char *text, uint32_t len)
{
	const uint8_t *p = (const uint8_t *)text, *end = p + len;
	uint32_t at = 0;

	while (p < end) {
		int n = aerie_utf8_next(p, (size_t)(end - p));
		uint32_t octets = n > 0 ? (uint32_t)n : 3;

		if (to)
			memcpy(to + at, n > 0 ? (const char *)p : AERIE_UTF8_REPLACEMENT, octets);
		at += octets;
		p += n > 0 ? n : -n;
	}
	if (to)
		to[at] = 0;
	return at;
}

/* An octet of a JSON text (RFC 8259 7): 1, 2 or 6. */
static uint32_t escape(char dst[6], char c)
{
	static const char hex[] = "0123456789abcdef";

	dst[0] = c;
	if ((uint8_t)c >= 0x20 && c != '"' && c != '\\')
		return 1;
	dst[0] = '\\';
	dst[1] = c;
	if ((uint8_t)c >= 0x20)
		return 2;
	memcpy(dst + 1, "u00", 3);
	dst[4] = hex[c >> 4];
	dst[5] = hex[c & 15];
	return 6;
}

/* "\"text\":", its length. With to NULL it is only measured. */
static uint32_t put_json(char *to, const char *text, uint32_t len)
{
	char one[6];
	uint32_t at = 1, i, n;

	if (to)
		*to = '"';
	for (i = 0; i < len; i++) {
		n = escape(one, text[i]);
		if (to)
			memcpy(to + at, one, n);
		at += n;
	}
	if (to)
		memcpy(to + at, "\":", 3);
	return at + 2;
}

static void put_under(char *to, const char *text, uint32_t len)
{
	uint32_t i;

	for (i = 0; i <= len; i++)
		to[i] = text[i] == '.' ? '_' : text[i];
}

/* What is replaced is not escaped, so the length of the escaped text follows from the one given. */
static size_t escaped_len(const char *text, uint32_t len, uint32_t clean_len)
{
	return put_json(NULL, text, len) + (size_t)clean_len - len;
}

struct aerie_name *name_make(const char *text, uint32_t len, const struct field *f)
{
	size_t plain = (size_t)put_clean(NULL, text, len) + 1, json = escaped_len(text, len, (uint32_t)plain - 1) + 1;
	struct aerie_name *n = malloc(sizeof *n + 2 * plain + 2 * json);
	char *at;

	if (!n)
		return NULL;
	at = (char *)(n + 1);
	*n = (struct aerie_name){ .size = sizeof *n };
	n->text = at;
	n->len = n->under_len = put_clean(at, text, len);
	n->under = at + plain;
	put_under(at + plain, n->text, n->len);
	n->json = at + 2 * plain;
	n->json_len = put_json(at + 2 * plain, n->text, n->len);
	n->json_under = at + 2 * plain + json;
	put_under(at + 2 * plain + json, n->json, n->json_len);
	n->type = f ? f->name.type : "";
	n->help = f ? f->name.help : "";
	return n;
}
