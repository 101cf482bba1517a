/* SPDX-License-Identifier: MIT */
/* Names that are no registered fields: those that a client gives to the fields it selects, and fields that nobody knows. */
#include <core/select.h>

#include <stdlib.h>

#include <aerie/utf8.h>

/* Each octet takes at most 6 when it is escaped, 3 when it is replaced. */
#define ESCAPED_MAX 6u

/* Well-formed UTF-8. */
static uint32_t put_clean(char *to, const char *text, uint32_t len)
{
	const uint8_t *p = (const uint8_t *)text, *end = p + len;
	char *at = to;

	while (p < end) {
		int n = aerie_utf8_next(p, (size_t)(end - p));

		memcpy(at, n > 0 ? (const char *)p : AERIE_UTF8_REPLACEMENT, n > 0 ? (size_t)n : 3);
		at += n > 0 ? n : 3;
		p += n > 0 ? n : -n;
	}
	*at = 0;
	return (uint32_t)(at - to);
}

/* "\"text\":", escaped after RFC 8259 7; text is UTF-8. */
static uint32_t put_json(char *to, const char *text)
{
	static const char hex[] = "0123456789abcdef";
	char *at = to;

	*at++ = '"';
	for (; *text; text++) {
		if (*text == '"' || *text == '\\') {
			*at++ = '\\';
			*at++ = *text;
		} else if ((uint8_t)*text < 0x20) {
			memcpy(at, "\\u00", 4);
			at[4] = hex[*text >> 4];
			at[5] = hex[*text & 15];
			at += 6;
		} else {
			*at++ = *text;
		}
	}
	memcpy(at, "\":", 3);
	return (uint32_t)(at + 2 - to);
}

static void put_under(char *to, const char *text, uint32_t len)
{
	uint32_t i;

	for (i = 0; i <= len; i++)
		to[i] = text[i] == '.' ? '_' : text[i];
}

struct aerie_name *name_make(const char *text, uint32_t len, const struct field *f)
{
	size_t plain = (size_t)len * 3 + 1, json = (size_t)len * ESCAPED_MAX + 4;
	struct aerie_name *n = malloc(sizeof *n + 2 * plain + 2 * json);
	char *at = (char *)(n + 1);

	if (!n)
		return NULL;
	*n = (struct aerie_name){ .size = sizeof *n };
	n->text = at;
	n->len = n->under_len = put_clean(at, text, len);
	n->under = at + plain;
	put_under(at + plain, n->text, n->len);
	n->json = at + 2 * plain;
	n->json_len = put_json(at + 2 * plain, n->text);
	n->json_under = at + 2 * plain + json;
	put_under(at + 2 * plain + json, n->json, n->json_len);
	n->type = f ? f->name.type : "";
	n->help = f ? f->name.help : "";
	return n;
}
