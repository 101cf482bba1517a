/* SPDX-License-Identifier: MIT */
/* Values of options in their text forms (<aerie/plugin.h>), and their ranges. */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <core/config_priv.h>

struct unit {
	const char *suffix;
	uint64_t factor;
};

static const struct unit duration_units[] = {
	{ "", 1000000 }, { "s", 1000000 }, { "ms", 1000 },       { "us", 1 },
	{ "m", 60000000 }, { "h", 3600000000 }, { "d", 86400000000 }, { NULL, 0 },
};

static const struct unit size_units[] = {
	{ "", 1 }, { "K", 1024 }, { "M", 1024 * 1024 }, { "G", 1024 * 1024 * 1024 }, { NULL, 0 },
};

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 16;
}

/* A number without sign, decimal or 0x hex; *text is moved behind it. */
static int parse_number(const char **text, uint64_t *ret_value)
{
	const char *p = *text;
	unsigned base = 10;
	uint64_t v = 0;
	int d;

	if (p[0] == '0' && (p[1] == 'x' || p[1] == 'X')) {
		base = 16;
		p += 2;
	}
	if (digit_value(*p) >= (int)base)
		return -EINVAL;
	for (; (d = digit_value(*p)) < (int)base; p++)
		if (__builtin_mul_overflow(v, (uint64_t)base, &v) || __builtin_add_overflow(v, (uint64_t)d, &v))
			return -ERANGE;
	*text = p;
	*ret_value = v;
	return 0;
}

int config_parse_int(const char *text, int64_t *ret_value)
{
	bool negative = *text == '-';
	uint64_t v;
	int err;

	text += negative;
	err = parse_number(&text, &v);
	if (err < 0)
		return err;
	if (*text)
		return -EINVAL;
	if (v > (uint64_t)INT64_MAX + negative)
		return -ERANGE;
	*ret_value = negative ? (int64_t)(0 - v) : (int64_t)v;
	return 0;
}

int config_parse_bool(const char *text, uint8_t *ret_value)
{
	if (!strcasecmp(text, "true") || !strcasecmp(text, "t"))
		*ret_value = 1;
	else if (!strcasecmp(text, "false") || !strcasecmp(text, "f"))
		*ret_value = 0;
	else
		return -EINVAL;
	return 0;
}

static int parse_with_unit(const char *text, const struct unit *units, uint64_t *ret_value)
{
	const struct unit *u;
	uint64_t v;
	int err;

	err = parse_number(&text, &v);
	if (err < 0)
		return err;
	for (u = units; u->suffix; u++)
		if (!strcmp(text, u->suffix))
			return __builtin_mul_overflow(v, u->factor, ret_value) ? -ERANGE : 0;
	return -EINVAL;
}

int config_parse_duration(const char *text, uint64_t *ret_us)
{
	uint64_t v;
	int err = parse_with_unit(text, duration_units, &v);

	if (!err)
		*ret_us = v;
	return err;
}

int config_parse_size(const char *text, uint64_t *ret_bytes)
{
	uint64_t v;
	int err = parse_with_unit(text, size_units, &v);

	if (!err)
		*ret_bytes = v;
	return err;
}

static const struct {
	uint32_t type;
	const char *word, *example;
} types[] = {
	{ AERIE_OPT_STR, "text", "text" },
	{ AERIE_OPT_INT, "an integer", "a number such as 10 or 0x1f" },
	{ AERIE_OPT_BOOL, "a boolean", "true or false" },
	{ AERIE_OPT_DURATION, "a duration", "a duration such as 30, 30s, 500ms or 2h" },
	{ AERIE_OPT_SIZE, "a size", "a size such as 4096, 64K or 10M" },
};

const char *config_type_word(uint32_t type)
{
	size_t i;

	for (i = 0; i < sizeof types / sizeof types[0]; i++)
		if (types[i].type == type)
			return types[i].word;
	return NULL;
}

static const char *type_example(uint32_t type)
{
	size_t i;

	for (i = 0; i < sizeof types / sizeof types[0]; i++)
		if (types[i].type == type)
			return types[i].example;
	return "";
}

/* Any number-like value on one scale, so that ranges need only one comparison. */
static int scalar(uint32_t type, const char *text, __int128 *ret_value)
{
	uint64_t u = 0;
	int64_t i = 0;
	int err;

	if (type == AERIE_OPT_INT) {
		err = config_parse_int(text, &i);
		*ret_value = i;
		return err;
	}
	err = type == AERIE_OPT_DURATION ? config_parse_duration(text, &u) : config_parse_size(text, &u);
	*ret_value = u;
	return err;
}

static bool is_scalar(uint32_t type)
{
	return type == AERIE_OPT_INT || type == AERIE_OPT_DURATION || type == AERIE_OPT_SIZE;
}

static int range_bounds(uint32_t type, const char *range, __int128 *ret_low, __int128 *ret_high)
{
	const char *dots = strstr(range, "..");
	char low[32];

	if (!dots || (size_t)(dots - range) >= sizeof low)
		return -EINVAL;
	memcpy(low, range, (size_t)(dots - range));
	low[dots - range] = '\0';
	if (scalar(type, low, ret_low) < 0 || scalar(type, dots + 2, ret_high) < 0 || *ret_low > *ret_high)
		return -EINVAL;
	return 0;
}

static bool is_choice(const char *range, const char *text)
{
	size_t len = strlen(text), n;

	for (;; range += n + 1) {
		n = strcspn(range, "|");
		if (n == len && !memcmp(range, text, n))
			return true;
		if (!range[n])
			return false;
	}
}

bool config_range_ok(uint32_t type, const char *range)
{
	__int128 low, high;
	size_t n;

	if (!*range)
		return false;
	if (is_scalar(type) && strstr(range, ".."))
		return range_bounds(type, range, &low, &high) == 0;
	for (;; range += n + 1) {
		n = strcspn(range, "|");
		if (!n)
			return false;
		if (!range[n])
			return type != AERIE_OPT_BOOL;
	}
}

int config_check_text(uint32_t type, const char *range, const char *text, char *expected, size_t room)
{
	__int128 v = 0, low, high;
	uint8_t b;
	int err = 0;

	if (is_scalar(type))
		err = scalar(type, text, &v);
	else if (type == AERIE_OPT_BOOL)
		err = config_parse_bool(text, &b);
	if (err == -EINVAL || (err && !range)) {
		snprintf(expected, room, "%s", type_example(type));
		return -EINVAL;
	}
	if (!range)
		return 0;
	if (is_scalar(type) && !range_bounds(type, range, &low, &high)) {
		if (!err && v >= low && v <= high)
			return 0;
	} else if (is_choice(range, text)) {
		return 0;
	}
	snprintf(expected, room, strstr(range, "..") && is_scalar(type) ? "a value in %s" : "one of %s", range);
	return -EINVAL;
}
