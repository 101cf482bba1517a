/* SPDX-License-Identifier: MIT */
/* Lists of channels and hop rates. */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <core/channels.h>

#define RATE_MAX 1e6

void channels_free(struct channels *c)
{
	free(c->names);
	c->names = NULL;
	c->n = 0;
}

static int find(const struct channels *c, const char *name, size_t len)
{
	uint32_t i;

	for (i = 0; i < c->n; i++)
		if (strlen(c->names[i]) == len && strncasecmp(c->names[i], name, len) == 0)
			return (int)i;
	return -1;
}

int channels_find(const struct channels *c, const char *name)
{
	return find(c, name, strlen(name));
}

static bool printable(const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if ((unsigned char)name[i] < 0x20 || name[i] == 0x7f)
			return false;
	return true;
}

static int add(struct channels *c, const char *name, size_t len)
{
	char(*names)[LINK_CHANNEL_TEXT];

	if (len == 0 || len >= LINK_CHANNEL_TEXT || !printable(name, len))
		return -EINVAL;
	if (find(c, name, len) >= 0)
		return 0;
	if (c->n == LINK_CHANNELS)
		return -E2BIG;
	if (c->n % 16 == 0) {
		names = realloc(c->names, (c->n + 16) * sizeof *names);
		if (!names)
			return -ENOMEM;
		c->names = names;
	}
	memset(c->names[c->n], 0, LINK_CHANNEL_TEXT);
	memcpy(c->names[c->n++], name, len);
	return 0;
}

int channels_add(struct channels *c, const char *name)
{
	return add(c, name, strlen(name));
}

/* One name of a list at *at, without the spaces around it; *at goes behind the ','. False at the end. */
static bool next_name(const char **at, const char **ret_name, size_t *ret_len)
{
	const char *p = *at;
	size_t len;

	if (!p)
		return false;
	len = strcspn(p, ",");
	*at = p[len] ? p + len + 1 : NULL;
	for (; len && isspace((unsigned char)*p); len--)
		p++;
	while (len && isspace((unsigned char)p[len - 1]))
		len--;
	*ret_name = p;
	*ret_len = len;
	return true;
}

int channels_add_text(struct channels *c, const char *text)
{
	const char *name;
	size_t len;
	int r = 0;

	while (r == 0 && next_name(&text, &name, &len))
		r = add(c, name, len);
	return r;
}

int channels_add_all(struct channels *c, const struct channels *from)
{
	uint32_t i;
	int r = 0;

	for (i = 0; i < from->n && r == 0; i++)
		r = channels_add(c, from->names[i]);
	return r;
}

int channels_set(struct channels *c, const char *const *names, uint32_t n)
{
	struct channels next = { 0 };
	uint32_t i;
	int r = 0;

	for (i = 0; i < n && r == 0; i++)
		r = channels_add(&next, names[i]);
	if (r < 0) {
		channels_free(&next);
		return r;
	}
	channels_free(c);
	*c = next;
	return 0;
}

int channels_remove_text(struct channels *c, const char *text)
{
	const char *name;
	size_t len;
	int i;

	while (next_name(&text, &name, &len)) {
		if (len == 0 || len >= LINK_CHANNEL_TEXT)
			return -EINVAL;
		i = find(c, name, len);
		if (i < 0)
			continue;
		c->n--;
		memmove(c->names[i], c->names[i + 1], (c->n - (uint32_t)i) * sizeof *c->names);
	}
	return 0;
}

uint64_t channels_key(const struct channels *c)
{
	uint64_t key = 0, name; /* FNV-1a of each name, added up */
	const char *p;
	uint32_t i;

	for (i = 0; i < c->n; i++) {
		name = 0xcbf29ce484222325u;
		for (p = c->names[i]; *p; p++)
			name = (name ^ (uint64_t)tolower((unsigned char)*p)) * 0x100000001b3u;
		key += name;
	}
	return key;
}

int hop_rate_parse(const char *text, double *ret_rate)
{
	char *end;
	double v;

	if (!isdigit((unsigned char)text[0]) && text[0] != '.')
		return -EINVAL;
	v = strtod(text, &end);
	if (strcasecmp(end, "/min") == 0)
		v /= 60;
	else if (strcasecmp(end, "/dwell") == 0)
		v = 1 / v;
	else if (*end && strcasecmp(end, "/sec") != 0)
		return -EINVAL;
	if (!isfinite(v) || v <= 0 || v > RATE_MAX)
		return -EINVAL;
	*ret_rate = v;
	return 0;
}

uint32_t hop_offset(uint32_t channels, uint32_t n, uint32_t i)
{
	return n ? channels / n * i : 0;
}
