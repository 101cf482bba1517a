/* SPDX-License-Identifier: MIT */
/* Definitions: interface[:option=value,option="quoted, value",...]. */
#include <string.h>
#include <strings.h>

#include <aeriecap.h>

int aeriecap_parse_interface(const char *definition, const char **ret_interface)
{
	*ret_interface = definition;
	return (int)strcspn(definition, ":");
}

int aeriecap_find_option(const char *definition, const char *name, const char **ret_value)
{
	const char *p, *value;
	size_t name_len, value_len;

	p = definition + strcspn(definition, ":");
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
