/* SPDX-License-Identifier: MIT */
/* Definitions: interface[:option=value,option="quoted, value",...]. */
#include <string.h>
#include <strings.h>

#include <aeriecap.h>

/* The interface's end in the definition; NULL: a quote that does not end. */
static const char *interface_end(const char *definition, const char **ret_start, size_t *ret_len)
{
	const char *end;

	if (*definition != '"') {
		*ret_start = definition;
		*ret_len = strcspn(definition, ":");
		return definition + *ret_len;
	}
	end = strchr(definition + 1, '"');
	if (!end || (end[1] && end[1] != ':'))
		return NULL;
	*ret_start = definition + 1;
	*ret_len = (size_t)(end - definition) - 1;
	return end + 1;
}

int aeriecap_parse_interface(const char *definition, const char **ret_interface)
{
	const char *start;
	size_t len;

	if (!interface_end(definition, &start, &len))
		return -1;
	*ret_interface = start;
	return (int)len;
}

int aeriecap_find_option(const char *definition, const char *name, const char **ret_value)
{
	const char *p, *value;
	size_t name_len, value_len;

	p = interface_end(definition, &value, &value_len);
	if (!p)
		return -1;
	while (*p) {
		p++; /* the ':' or ',' before an option */
		name_len = strcspn(p, "=,");
		if (p[name_len] != '=')
			return -1;
		value = p + name_len + 1;
		if (*value == '"') {
			const char *end = strchr(++value, '"');

			if (!end || (end[1] && end[1] != ','))
				return -1;
			value_len = (size_t)(end - value);
		} else {
			value_len = strcspn(value, ",");
		}
		if (name_len == strlen(name) && strncasecmp(p, name, name_len) == 0) {
			*ret_value = value;
			return (int)value_len;
		}
		p = value + value_len;
		if (*p == '"')
			p++;
	}
	return 0;
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
