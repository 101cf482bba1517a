/* SPDX-License-Identifier: MIT */
/* Source definitions: takes the text apart and checks options against the tables of those who understand them. */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include <core/config_priv.h>
#include <core/definition.h>

#define NAME_MAX_OCTETS 64u

static int fail(char *error, const char *what, const char *about)
{
	snprintf(error, DEFINITION_ERROR, what, about);
	return -EINVAL;
}

static bool stat_is_file(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && !S_ISDIR(st.st_mode);
}

/* Octets of the interface: up to the end, or to a ':'. */
static size_t interface_length(const char *text, bool (*is_file)(const char *path), char *scratch)
{
	size_t len = strlen(text), end;

	if (!strchr(text, ':'))
		return len;
	memcpy(scratch, text, len + 1);
	for (end = len; end > 0; end--) {
		if (end < len && text[end] != ':')
			continue;
		scratch[end] = '\0';
		if (is_file(scratch))
			return end;
	}
	return strcspn(text, ":");
}

static bool is_name(const char *s, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!isalnum((unsigned char)s[i]) && !strchr("_.-", s[i]))
			return false;
	return n > 0 && n <= NAME_MAX_OCTETS;
}

/* Shells take the quotes off channels="1,6,11": what follows without a name belongs to the list. */
static char *value_end(char *value, const char *name)
{
	static const char *const lists[] = { "channels", "add_channels", "block_channels" };
	char *end = value + strcspn(value, ",");
	bool is_list = false;
	size_t i, n;

	for (i = 0; i < sizeof lists / sizeof lists[0]; i++)
		is_list = is_list || strcasecmp(name, lists[i]) == 0;
	while (is_list && end > value && *end == ',') {
		n = strcspn(end + 1, "=,");
		if (n == 0 || end[1 + n] == '=')
			break;
		end += 1 + n;
	}
	return end;
}

/* Takes one value at *at, and the ',' after it. */
static int take_value(char **at, const char *name, char **ret_value, char *error)
{
	char *p = *at, *end;

	if (*p == '"') {
		end = strchr(++p, '"');
		if (!end)
			return fail(error, "the quoted value of option '%s' has no closing quote", name);
		if (end[1] != '\0' && end[1] != ',')
			return fail(error, "after the quoted value of option '%s' comes text; separate options with ','", name);
		*at = end + 1;
	} else {
		end = value_end(p, name);
		if (end == p)
			return fail(error, "option '%s' has no value; write name=value", name);
		*at = end;
	}
	if (**at == ',') {
		(*at)++;
		if (**at == '\0')
			return fail(error, "after option '%s' a ',' stands at the end; remove it or add an option", name);
	}
	*end = '\0';
	*ret_value = p;
	return 0;
}

static int add_option(struct definition *d, char *name, char *value, char *error)
{
	if (definition_get(d, name))
		return fail(error, "option '%s' is given twice", name);
	if (d->n_options == DEFINITION_OPTIONS)
		return fail(error, "more options than 64, at '%s'", name);
	d->options[d->n_options].name = name;
	d->options[d->n_options++].value = value;
	return 0;
}

static int parse_options(struct definition *d, char *at, char *error)
{
	while (*at) {
		char *name = at, *value;
		size_t n = strcspn(at, "=,");
		bool has_value = at[n] == '=';
		int r;

		at += n + (at[n] != '\0');
		name[n] = '\0';
		if (n == 0)
			return fail(error, "%s is empty: two ',' in a row, or a '=' without a name before it", "an option");
		if (!is_name(name, n))
			return fail(error, "'%s' is not the name of an option (letters, digits, '_', '.', '-')", name);
		if (!has_value)
			return fail(error, d->n_options ? "'%s' stands without '='; write name=value, and a value with ',' in double quotes" :
							  "option '%s' has no value; write name=value", name);
		r = take_value(&at, name, &value, error);
		if (r == 0)
			r = add_option(d, name, value, error);
		if (r < 0)
			return r;
	}
	return 0;
}

static int check_text(const char *text, char *error)
{
	size_t len = strnlen(text, DEFINITION_MAX + 1), i;

	if (len > DEFINITION_MAX)
		return fail(error, "the definition is longer than 4096 octets, %s", "the limit of the capture protocol");
	if (len == 0 || text[0] == ':')
		return fail(error, "the definition has no interface; write %s", "interface:option=value,...");
	for (i = 0; i < len; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			return fail(error, "the definition has a control character%s", "");
	return 0;
}

int definition_parse(const char *text, bool (*is_file)(const char *path), struct definition **ret, char *error)
{
	struct definition *d;
	size_t len, n;
	int r = check_text(text, error);

	if (r < 0)
		return r;
	len = strlen(text);
	d = calloc(1, sizeof *d);
	if (!d)
		return -ENOMEM;
	d->text = strdup(text);
	d->parts = malloc(len + 1);
	d->options = calloc(DEFINITION_OPTIONS, sizeof *d->options);
	r = -ENOMEM;
	if (!d->text || !d->parts || !d->options)
		goto out;
	n = interface_length(text, is_file ? is_file : stat_is_file, d->parts);
	memcpy(d->parts, text, len + 1);
	d->interface = d->parts;
	r = 0;
	if (n < len) {
		d->parts[n] = '\0';
		r = parse_options(d, d->parts + n + 1, error);
	}
out:
	if (r < 0)
		definition_free(d);
	else
		*ret = d;
	return r;
}

void definition_free(struct definition *d)
{
	if (!d)
		return;
	free(d->text);
	free(d->parts);
	free(d->options);
	free(d);
}

const char *definition_get(const struct definition *d, const char *name)
{
	uint32_t i;

	for (i = 0; i < d->n_options; i++)
		if (strcasecmp(d->options[i].name, name) == 0)
			return d->options[i].value;
	return NULL;
}

bool definition_bool(const struct definition *d, const char *name, bool dflt)
{
	const char *text = definition_get(d, name);
	uint8_t value = dflt;

	if (text)
		(void)config_parse_bool(text, &value);
	return value;
}

/* ---- Checks against tables ---- */

static const struct aerie_option *find_option(const struct aerie_option *const *tables, size_t n, const char *name)
{
	size_t i;
	const struct aerie_option *o;

	for (i = 0; i < n; i++)
		for (o = tables[i]; o && o->name; o++)
			if (strcasecmp(o->name, name) == 0)
				return o;
	return NULL;
}

static const char *nearest_option(const struct aerie_option *const *tables, size_t n, const char *name)
{
	unsigned best = UINT_MAX;
	const char *nearest = NULL;
	const struct aerie_option *o;
	size_t i;

	for (i = 0; i < n; i++) {
		for (o = tables[i]; o && o->name; o++) {
			unsigned d = config_nearness(name, o->name);

			if (d < best) {
				best = d;
				nearest = o->name;
			}
		}
	}
	return nearest;
}

static int check_option(const struct definition_option *given, const struct aerie_option *const *tables, size_t n_tables,
			char *error)
{
	const struct aerie_option *o = find_option(tables, n_tables, given->name);
	const char *nearest;
	char expected[128];

	if (!o) {
		nearest = nearest_option(tables, n_tables, given->name);
		snprintf(error, DEFINITION_ERROR, "option '%s' is not known; %s%s%s", given->name,
			 nearest ? "the nearest is '" : "remove it", nearest ? nearest : "", nearest ? "'" : "");
		return -EINVAL;
	}
	if (config_check_text(o->type, o->range, given->value, expected, sizeof expected) < 0) {
		snprintf(error, DEFINITION_ERROR, "option '%s' is '%.64s'; it must be %s", given->name, given->value,
			 expected);
		return -EINVAL;
	}
	return 0;
}

int definition_check(const struct definition *d, const struct aerie_option *const *tables, size_t n_tables, char *error)
{
	uint32_t i;
	int r = 0;

	for (i = 0; i < d->n_options && r == 0; i++)
		r = check_option(&d->options[i], tables, n_tables, error);
	return r;
}

int definition_check_known(const struct definition *d, const struct aerie_option *table, char *error)
{
	const struct aerie_option *const tables[] = { table };
	uint32_t i;
	int r = 0;

	for (i = 0; i < d->n_options && r == 0; i++)
		if (find_option(tables, 1, d->options[i].name))
			r = check_option(&d->options[i], tables, 1, error);
	return r;
}
