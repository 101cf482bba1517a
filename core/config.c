/* SPDX-License-Identifier: MIT */
/* The configuration: what was set, what was declared, whether the two agree, and how modules read it.
 *
 * Reading files (config_file.c) only collects values; keys have a meaning when their owners have declared them, which
 * modules do when they are found. config_check() then judges every value at once, so that one run tells all mistakes. */
#include <config.h>

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <core/config_priv.h>

struct config *config_new(void)
{
	struct config *c = calloc(1, sizeof *c);

	if (!c)
		return NULL;
	c->last_value = &c->values;
	c->last_option = &c->options;
	return c;
}

static void value_free(struct config_value *v)
{
	free(v->key);
	free(v->raw);
	free(v->text);
	free(v->where);
	free(v);
}

static void option_free(struct config_option *o)
{
	free(o->key);
	free(o->owner);
	free(o->dflt);
	free(o->range);
	free(o);
}

void config_free(struct config *c)
{
	struct config_value *v;
	struct config_option *o;
	uint32_t i;

	if (!c)
		return;
	while ((v = c->values)) {
		c->values = v->next;
		value_free(v);
	}
	while ((o = c->options)) {
		c->options = o->next;
		option_free(o);
	}
	config_views_free(c);
	for (i = 0; i < c->n_errors && i < CONFIG_ERRORS_MAX; i++)
		free(c->errors[i]);
	free(c->errors);
	free(c->table_error);
	free(c->root_dir);
	free(c->home);
	free(c);
}

void config_complain(struct config *c, const char *fmt, ...)
{
	char **errors, *text = NULL;
	va_list ap;
	int len;

	if (c->n_errors++ >= CONFIG_ERRORS_MAX)
		return;
	va_start(ap, fmt);
	len = vasprintf(&text, fmt, ap);
	va_end(ap);
	errors = realloc(c->errors, c->n_errors * sizeof(char *));
	if (len < 0 || !errors) {
		c->n_errors--;
		if (len >= 0)
			free(text);
		if (errors)
			c->errors = errors;
		return;
	}
	c->errors = errors;
	errors[c->n_errors - 1] = text;
}

const char *config_error(const struct config *c, uint32_t i)
{
	return i < c->n_errors && i < CONFIG_ERRORS_MAX ? c->errors[i] : NULL;
}

int config_add_value(struct config *c, const char *key, const char *raw, const char *where, unsigned root)
{
	struct config_value *v;

	if (c->n_values >= CONFIG_VALUES_MAX) {
		if (c->n_values++ == CONFIG_VALUES_MAX)
			config_complain(c, "%s: more than %u values are set: is it a configuration file?", where,
					CONFIG_VALUES_MAX);
		return -ENOSPC;
	}
	v = calloc(1, sizeof *v);
	if (!v)
		return -ENOMEM;
	v->key = strdup(key);
	v->raw = strdup(raw);
	v->text = config_expand(c, raw);
	v->where = strdup(where);
	v->root = root;
	if (!v->key || !v->raw || !v->text || !v->where) {
		value_free(v);
		return -ENOMEM;
	}
	*c->last_value = v;
	c->last_value = &v->next;
	c->n_values++;
	return 0;
}

void config_drop_values(struct config *c, const char *key)
{
	struct config_value **link = &c->values, *v;

	while ((v = *link)) {
		if (strcmp(v->key, key)) {
			link = &v->next;
			continue;
		}
		*link = v->next;
		value_free(v);
		c->n_values--;
	}
	c->last_value = link;
}

/* Is a value of the command line there already? */
static bool overridden(const struct config *c, const char *key)
{
	const struct config_value *v;

	for (v = c->values; v; v = v->next)
		if (!v->root && !strcmp(v->key, key))
			return true;
	return false;
}

int config_override(struct config *c, const char *key_value)
{
	const char *eq = strchr(key_value, '=');
	char key[CONFIG_KEY_MAX + 1];
	bool append;
	size_t len, i;

	append = eq && eq > key_value && eq[-1] == '+';
	len = eq ? (size_t)(eq - key_value) - append : 0;
	if (!eq || !config_key_ok(key_value, len) || !eq[1]) {
		config_complain(c, "-s %s: this is not KEY=VALUE: write it as in -s httpd_port=2501", key_value);
		return -EINVAL;
	}
	for (i = 0; i < len; i++)
		key[i] = (char)tolower((unsigned char)key_value[i]);
	key[len] = '\0';
	if (!append && !overridden(c, key))
		config_drop_values(c, key);
	return config_add_value(c, key, eq + 1, "-s", 0);
}

void config_set_home(struct config *c, const char *dir)
{
	char *full = NULL, *cwd;

	if (dir[0] != '/') {
		cwd = getcwd(NULL, 0);
		if (!cwd || asprintf(&full, "%s/%s", cwd, dir) < 0)
			full = NULL;
		free(cwd);
	}
	if (!full)
		full = strdup(dir);
	if (!full)
		return;
	free(c->home);
	c->home = full;
}

const char *config_home(const struct config *c)
{
	return c->home ? c->home : "";
}

/* ---- Declarations ---- */

static const struct config_option *find_option(const struct config *c, const char *owner, const char *key)
{
	const struct config_option *o;

	for (o = c->options; o; o = o->next)
		if (!strcasecmp(o->key, key) && (!owner || !strcmp(o->owner, owner)))
			return o;
	return NULL;
}

const struct config_option *config_option_of(const struct config *c, const char *owner, const char *key)
{
	return find_option(c, owner, key);
}

static int table_error(struct config *c, int err, const char **ret_error, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

static int table_error(struct config *c, int err, const char **ret_error, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	va_end(ap);
	free(c->table_error);
	c->table_error = text;
	if (ret_error)
		*ret_error = text ? text : "memory is out";
	return err;
}

/* Is one row of an owner's table well-formed? */
static int check_row(struct config *c, const struct aerie_option *o, const char **ret_error)
{
	char expected[128];

	if (!config_key_ok(o->name, strlen(o->name)))
		return table_error(c, -EINVAL, ret_error, "option \"%.80s\": a name is 1 to %u letters, digits, '_', '.' or '-'",
				   o->name, CONFIG_KEY_MAX);
	if (!config_type_word(o->type))
		return table_error(c, -EINVAL, ret_error, "option \"%s\" has the unknown type %u", o->name, o->type);
	if (!o->help || !*o->help)
		return table_error(c, -EINVAL, ret_error, "option \"%s\" has no help: every option says in one sentence what it does",
				   o->name);
	if (o->range && !config_range_ok(o->type, o->range))
		return table_error(c, -EINVAL, ret_error, "option \"%s\" has the malformed range \"%s\": write \"1..10\" or \"a|b\"",
				   o->name, o->range);
	if (o->dflt && config_check_text(o->type, o->range, o->dflt, expected, sizeof expected) < 0)
		return table_error(c, -EINVAL, ret_error, "option \"%s\" has the default \"%s\", which is not %s", o->name, o->dflt,
				   expected);
	return 0;
}

static int check_other_owner(struct config *c, const char *owner, const struct aerie_option *o, const char **ret_error)
{
	const struct config_option *other = find_option(c, owner, o->name);

	if (other)
		return table_error(c, -EINVAL, ret_error, "option \"%s\" is declared twice", o->name);
	other = find_option(c, NULL, o->name);
	if (other && (other->type != o->type || (other->flags ^ o->flags) & AERIE_OPT_REPEATED))
		return table_error(c, -EEXIST, ret_error, "option \"%s\" is declared as %s%s, but %s has it as %s%s", o->name,
				   o->flags & AERIE_OPT_REPEATED ? "a list of " : "", config_type_word(o->type), other->owner,
				   other->flags & AERIE_OPT_REPEATED ? "a list of " : "", config_type_word(other->type));
	return 0;
}

static int add_option(struct config *c, const char *owner, const struct aerie_option *from)
{
	struct config_option *o = calloc(1, sizeof *o);

	if (!o)
		return -ENOMEM;
	o->key = strdup(from->name);
	o->owner = strdup(owner);
	o->dflt = from->dflt ? config_expand(c, from->dflt) : NULL;
	o->range = from->range ? strdup(from->range) : NULL;
	o->type = from->type;
	o->flags = from->flags;
	if (!o->key || !o->owner || (from->dflt && !o->dflt) || (from->range && !o->range)) {
		option_free(o);
		return -ENOMEM;
	}
	*c->last_option = o;
	c->last_option = &o->next;
	return 0;
}

/* A table is taken as a whole or not at all: removes the options from *link on. */
static void forget_options(struct config *c, struct config_option **link)
{
	struct config_option *o;

	c->last_option = link;
	while ((o = *link)) {
		*link = o->next;
		option_free(o);
	}
}

int config_declare(struct config *c, const char *owner, const struct aerie_option *options, const char **ret_error)
{
	struct config_option **before = c->last_option;
	const struct aerie_option *o = options;
	uint32_t n;
	int err = 0;

	for (n = 0; o && !err; n++) {
		/* The end row is made by the same headers, so its size is the stride of the whole table. */
		if (o->size < sizeof *o || o->size > CONFIG_OPTION_SIZE_MAX || o->size != options->size) {
			err = table_error(c, -EINVAL, ret_error, "row %u of the options has size %u: use AERIE_OPTION and "
					  "AERIE_OPTION_END", n, o->size);
			break;
		}
		if (!o->name)
			break;
		if (n >= CONFIG_OPTIONS_MAX)
			err = table_error(c, -EINVAL, ret_error, "the options have more than %u rows: is AERIE_OPTION_END missing?",
					  CONFIG_OPTIONS_MAX);
		if (!err)
			err = check_row(c, o, ret_error);
		if (!err)
			err = check_other_owner(c, owner, o, ret_error);
		if (!err && add_option(c, owner, o) < 0)
			err = table_error(c, -ENOMEM, ret_error, "memory is out");
		o = (const void *)((const char *)o + o->size);
	}
	if (err < 0)
		forget_options(c, before);
	return err;
}

/* ---- Checks ---- */

struct report {
	void (*fn)(void *user, bool is_error, const char *text);
	void *user;
	bool failed;
};

static void tell(struct report *r, bool is_error, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static void tell(struct report *r, bool is_error, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vasprintf(&text, fmt, ap);
	va_end(ap);
	r->failed |= is_error;
	if (r->fn)
		r->fn(r->user, is_error, len < 0 ? "memory is out" : text);
	if (len >= 0)
		free(text);
}

static const char *nearest_key(const struct config *c, const char *key)
{
	const struct config_option *o, *best = NULL;
	unsigned d, least = UINT_MAX;

	for (o = c->options; o; o = o->next) {
		d = config_nearness(key, o->key);
		if (d < least) {
			least = d;
			best = o;
		}
	}
	return best ? best->key : NULL;
}

static void check_unknown(const struct config *c, const struct config_value *v, struct report *r)
{
	const char *near;

	if (config_key_of_ecosystem(v->key)) {
		tell(r, false, "%s: \"%s\" is ignored: this version does nothing with it; remove it to silence this", v->where, v->key);
		return;
	}
	near = nearest_key(c, v->key);
	tell(r, !c->tolerate_unknown, "%s: nobody declares the key \"%s\": %s%s%s%s", v->where, v->key,
	     near ? "did you mean \"" : "remove it", near ? near : "", near ? "\"?" : "",
	     c->tolerate_unknown ? " (it may belong to a module that was left out)" : "");
}

static bool set_twice(const struct config_value *v)
{
	const struct config_value *later;

	for (later = v->next; later; later = later->next)
		if (later->root == v->root && !strcmp(later->key, v->key))
			return true;
	return false;
}

static void check_value(const struct config *c, const struct config_value *v, struct report *r)
{
	const struct config_option *o;
	char expected[256];
	bool known = false;

	for (o = c->options; o; o = o->next) {
		if (strcasecmp(o->key, v->key))
			continue;
		if (!known && (o->flags & AERIE_OPT_DEPRECATED))
			tell(r, false, "%s: \"%s\" is deprecated: see its help in aeried --dump-plugin or the manual", v->where,
			     v->key);
		if (!known && !(o->flags & AERIE_OPT_REPEATED) && set_twice(v))
			tell(r, false, "%s: \"%s\" is set again further on: only the last value counts", v->where, v->key);
		known = true;
		if (!config_check_text(o->type, o->range, config_text_of(o, v), expected, sizeof expected))
			continue;
		tell(r, true, "%s: \"%s\" is \"%s\", but %s wants %s", v->where, v->key,
		     o->flags & AERIE_OPT_SECRET ? "(secret)" : v->text, o->owner, expected);
	}
	if (!known)
		check_unknown(c, v, r);
}

void config_tolerate_unknown(struct config *c)
{
	c->tolerate_unknown = true;
}

int config_check(struct config *c, void (*fn)(void *user, bool is_error, const char *text), void *user)
{
	struct report r = { fn, user, false };
	const struct config_value *v;

	for (v = c->values; v; v = v->next)
		check_value(c, v, &r);
	return r.failed ? -EINVAL : 0;
}

const char *config_text_of(const struct config_option *o, const struct config_value *v)
{
	/* A '%' in a password is a '%'. */
	return o->flags & AERIE_OPT_SECRET ? v->raw : v->text;
}

int config_check_owner(struct config *c, const char *owner, const char **ret_error)
{
	const struct config_option *o;
	const struct config_value *v;
	char expected[256];
	bool set;

	for (o = c->options; o; o = o->next) {
		if (strcmp(o->owner, owner))
			continue;
		set = false;
		for (v = c->values; v; v = v->next) {
			if (strcasecmp(v->key, o->key))
				continue;
			set = true;
			if (config_check_text(o->type, o->range, config_text_of(o, v), expected, sizeof expected) < 0)
				return table_error(c, -EINVAL, ret_error, "%s: \"%s\" is not %s", v->where, v->key, expected);
		}
		if (!set && !o->dflt && (o->flags & AERIE_OPT_REQUIRED))
			return table_error(c, -ENODATA, ret_error,
					   "option \"%s\" is required and not set: set it in the configuration or with -s %s=...",
					   o->key, o->key);
	}
	return 0;
}

/* ---- Reading ---- */

uint32_t config_count_of(const struct config *c, const struct config_option *o)
{
	const struct config_value *v;
	uint32_t n = 0;

	for (v = c->values; v; v = v->next)
		n += !strcasecmp(v->key, o->key);
	return n ? n : o->dflt != NULL;
}

const char *config_nth_of(const struct config *c, const struct config_option *o, uint32_t i)
{
	const struct config_value *v;
	bool set = false;

	for (v = c->values; v; v = v->next) {
		if (strcasecmp(v->key, o->key))
			continue;
		set = true;
		if (i-- == 0)
			return config_text_of(o, v);
	}
	return !set && i == 0 ? o->dflt : NULL;
}

const char *config_last_of(const struct config *c, const struct config_option *o)
{
	const struct config_value *v;
	const char *text = o->dflt;

	for (v = c->values; v; v = v->next)
		if (!strcasecmp(v->key, o->key))
			text = config_text_of(o, v);
	return text;
}

const char *config_str(const struct config *c, const char *key)
{
	const struct config_option *o = find_option(c, NULL, key);

	return o ? config_last_of(c, o) : NULL;
}

int64_t config_int(const struct config *c, const char *key, int64_t dflt)
{
	const char *text = config_str(c, key);
	int64_t v = dflt;

	return text && config_parse_int(text, &v) < 0 ? dflt : v;
}

bool config_bool(const struct config *c, const char *key, bool dflt)
{
	const char *text = config_str(c, key);
	uint8_t v = dflt;

	return text && config_parse_bool(text, &v) < 0 ? dflt : v != 0;
}

uint64_t config_duration_us(const struct config *c, const char *key, uint64_t dflt)
{
	const char *text = config_str(c, key);
	uint64_t v = dflt;

	return text && config_parse_duration(text, &v) < 0 ? dflt : v;
}

uint32_t config_count(const struct config *c, const char *key)
{
	const struct config_option *o = find_option(c, NULL, key);

	return o ? config_count_of(c, o) : 0;
}

const char *config_nth(const struct config *c, const char *key, uint32_t i)
{
	const struct config_option *o = find_option(c, NULL, key);

	return o ? config_nth_of(c, o, i) : NULL;
}
