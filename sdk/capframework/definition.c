/* SPDX-License-Identifier: MIT */
/* Definitions: interface[:option=value,option="quoted, value",...]. */
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include <aeriecap.h>

int aeriecap_parse_interface(const char *definition, const char **ret_interface)
{
	*ret_interface = definition;
	return (int)strcspn(definition, ":");
}

struct option {
	const char *name, *value;
	size_t name_len, value_len;
};

static bool is_named(const struct option *o, const char *name)
{
	return o->name_len == strlen(name) && strncasecmp(o->name, name, o->name_len) == 0;
}

/* Octets of an unquoted value. Of a list of channels, as in the host, what follows without a name is part of it. */
static size_t value_length(const struct option *o)
{
	size_t len = strcspn(o->value, ","), n;

	if (!is_named(o, "channels") && !is_named(o, "add_channels") && !is_named(o, "block_channels"))
		return len;
	while (len && o->value[len] == ',') {
		n = strcspn(o->value + len + 1, "=,");
		if (n == 0 || o->value[len + 1 + n] == '=')
			break;
		len += 1 + n;
	}
	return len;
}

/* The option after the ':' or ',' at p. Gives where it ends, or NULL: malformed. */
static const char *next_option(const char *p, struct option *ret)
{
	p++;
	ret->name = p;
	ret->name_len = strcspn(p, "=,");
	if (p[ret->name_len] != '=')
		return NULL;
	ret->value = p + ret->name_len + 1;
	if (*ret->value == '"') {
		const char *end = strchr(++ret->value, '"');

		if (!end || (end[1] && end[1] != ','))
			return NULL;
		ret->value_len = (size_t)(end - ret->value);
		return end + 1;
	}
	ret->value_len = value_length(ret);
	return ret->value + ret->value_len;
}

int aeriecap_find_option(const char *definition, const char *name, const char **ret_value)
{
	const char *p = definition + strcspn(definition, ":");
	struct option o;

	while (*p) {
		p = next_option(p, &o);
		if (!p)
			return -1;
		if (is_named(&o, name)) {
			*ret_value = o.value;
			return (int)o.value_len;
		}
	}
	return 0;
}

int aeriecap_count_options(const char *definition, const char *name)
{
	const char *p = definition + strcspn(definition, ":");
	struct option o;
	int n = 0;

	while (*p) {
		p = next_option(p, &o);
		if (!p)
			return -1;
		n += is_named(&o, name);
	}
	return n;
}

uint32_t aeriecap_adler(const void *data, size_t len)
{
	const unsigned char *p = data;
	uint32_t a = 0, b = 0;
	size_t i;

	if (len < 4)
		return 0;
	for (i = 0; i < len; i++) {
		a += p[i];
		b += a;
	}
	return (a & 0xffff) + (b << 16);
}
