/* SPDX-License-Identifier: MIT */
/* See layout.h. libmicrohttpd 0.9.75 takes a bare LF for the end of a line, a NUL for the end of a value, and a line that begins with a
 * colon for the end of all headers; the text of a folded line it appends to the name of the header before. To a proxy in front the
 * rest may be something else, such as the header of a second request. It tells none of that, and none of its options forbids it. But it
 * parses in place, with NULs where colons, CR and LF were: so it shows in where the texts lie. Later versions are
 * stricter, and may lay them out otherwise. */
#include <string.h>

#include "layout.h"

#define PARSER "0.9.75"

struct place {
	const char *at; /* where the next line has to begin */
	bool plain;
};

static enum MHD_Result next_header(void *cls, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct place *p = cls;
	const char *text;

	p->plain = name == p->at; /* nothing of another place is looked at */
	if (!p->plain)
		return MHD_NO;
	text = name + strlen(name) + 1;
	text += strspn(text, " \t");
	p->plain = value == text;
	if (!p->plain)
		return MHD_NO;
	p->at = value + strlen(value) + 2;
	return MHD_YES;
}

bool layout_is_plain(const struct exchange *x)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(x->c, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
	struct place p = { .at = x->version + strlen(x->version) + 2, .plain = true };

	if (strcmp(MHD_get_version(), PARSER))
		return true;
	if (!info || x->method + strlen(x->method) + 1 + x->target_len + 1 != x->version)
		return false;
	(void)MHD_get_connection_values(x->c, MHD_HEADER_KIND, next_header, &p);
	return p.plain && p.at + 2 == x->method + info->header_size;
}
