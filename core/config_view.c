/* SPDX-License-Identifier: MIT */
/* A module's view of the configuration: only the options that it declared, in the types that it declared. */
#include <config.h>

#include <errno.h>
#include <stdlib.h>

#include <core/config_priv.h>
#include <core/module.h>

#define VIEW_MAGIC 0x76696577u

struct aerie_config {
	uint32_t magic;
	bool misused;
	struct aerie_config *next;
	struct config *c;
	struct module *m;
};

const struct aerie_config *config_view(struct config *c, struct module *m)
{
	struct aerie_config *v;

	for (v = c->views; v; v = v->next)
		if (v->m == m) {
			v->misused = false;
			return v;
		}
	v = calloc(1, sizeof *v);
	if (!v)
		return NULL;
	*v = (struct aerie_config){ .magic = VIEW_MAGIC, .next = c->views, .c = c, .m = m };
	c->views = v;
	return v;
}

bool config_view_misused(const struct aerie_config *view)
{
	return view->misused;
}

void config_views_free(struct config *c)
{
	struct aerie_config *v;

	while ((v = c->views)) {
		c->views = v->next;
		free(v);
	}
}

/* type 0: any */
static int own_option(const struct aerie_config *view, const char *name, uint32_t type, const struct config_option **ret_option)
{
	struct aerie_config *v = (struct aerie_config *)view;
	const struct config_option *o;

	if (!v || v->magic != VIEW_MAGIC || !name)
		return -EINVAL;
	o = config_option_of(v->c, v->m->id, name);
	if (!o) {
		v->misused = true;
		return module_fail(v->m, -ENOKEY, "%s read the option \"%s\", which it does not declare: add it to the module's table of options",
				   v->m->id, name);
	}
	if (type && o->type != type) {
		v->misused = true;
		return module_fail(v->m, -EINVAL, "%s read the option \"%s\" as %s, but declares it as %s: correct the module", v->m->id,
				   name, config_type_word(type), config_type_word(o->type));
	}
	*ret_option = o;
	return 0;
}

static int own_text(const struct aerie_config *view, const char *name, uint32_t type, const char **ret_text)
{
	const struct config_option *o = NULL;
	const char *text;
	int err = own_option(view, name, type, &o);

	if (err < 0)
		return err;
	text = config_last_of(view->c, o);
	if (!text)
		return -ENODATA;
	*ret_text = text;
	return 0;
}

static int get_str(const struct aerie_config *c, const char *name, const char **ret_text)
{
	return own_text(c, name, 0, ret_text);
}

static int get_int(const struct aerie_config *c, const char *name, int64_t *ret_value)
{
	const char *text;
	int err = own_text(c, name, AERIE_OPT_INT, &text);

	return err < 0 ? err : config_parse_int(text, ret_value);
}

static int get_bool(const struct aerie_config *c, const char *name, uint8_t *ret_value)
{
	const char *text;
	int err = own_text(c, name, AERIE_OPT_BOOL, &text);

	return err < 0 ? err : config_parse_bool(text, ret_value);
}

static int get_duration(const struct aerie_config *c, const char *name, uint64_t *ret_us)
{
	const char *text;
	int err = own_text(c, name, AERIE_OPT_DURATION, &text);

	return err < 0 ? err : config_parse_duration(text, ret_us);
}

static int get_size(const struct aerie_config *c, const char *name, uint64_t *ret_bytes)
{
	const char *text;
	int err = own_text(c, name, AERIE_OPT_SIZE, &text);

	return err < 0 ? err : config_parse_size(text, ret_bytes);
}

static int count(const struct aerie_config *c, const char *name, uint32_t *ret_count)
{
	const struct config_option *o = NULL;
	int err = own_option(c, name, 0, &o);

	if (err < 0)
		return err;
	*ret_count = config_count_of(c->c, o);
	return 0;
}

static int get_nth(const struct aerie_config *c, const char *name, uint32_t i, const char **ret_text)
{
	const struct config_option *o = NULL;
	const char *text;
	int err = own_option(c, name, 0, &o);

	if (err < 0)
		return err;
	text = config_nth_of(c->c, o, i);
	if (!text)
		return -ENODATA;
	*ret_text = text;
	return 0;
}

static const char *home(const struct aerie_config *c)
{
	return config_home(c->c);
}

const struct aerie_config_service config_service = {
	.size = sizeof(struct aerie_config_service),
	.get_str = get_str,
	.get_int = get_int,
	.get_bool = get_bool,
	.get_duration = get_duration,
	.get_size = get_size,
	.count = count,
	.get_nth = get_nth,
	.home = home,
};
