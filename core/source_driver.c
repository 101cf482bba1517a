/* SPDX-License-Identifier: MIT */
/* Registered drivers: copied, so that a source can keep its driver when the module that registered it goes. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <core/epoch.h>
#include <core/registry.h>
#include <core/source.h>

#define TYPE_MAX 32u        /* octets of a driver's type */
#define DRIVER_OPTIONS 256u /* options of a driver */

static void free_options(struct aerie_option *o)
{
	struct aerie_option *at;

	for (at = o; at && at->name; at++) {
		free((char *)at->name);
		free((char *)at->dflt);
		free((char *)at->range);
		free((char *)at->help);
	}
	free(o);
}

void driver_unref(void *driver)
{
	struct driver *d = driver;

	if (!d || atomic_fetch_sub(&d->refs, 1) != 1)
		return;
	free(d->type);
	free(d->help);
	free(d->program);
	free_options(d->options);
	fields_service.free_record(d->rec);
	free(d);
}

static bool copy(const char *text, char **ret)
{
	if (!text)
		return true;
	*ret = strdup(text);
	return *ret != NULL;
}

/* Rows of newer modules may be longer: the first one's size is the step. */
static const struct aerie_option *nth_option(const struct aerie_option *table, uint32_t i)
{
	const struct aerie_option *o = (const void *)((const char *)table + (size_t)i * table->size);

	return o->name ? o : NULL;
}

static int copy_options(const struct aerie_option *table, struct aerie_option **ret)
{
	static const struct aerie_option end = AERIE_OPTION_END;
	uint32_t n = 0, i;
	struct aerie_option *to;

	while (table && n <= DRIVER_OPTIONS && nth_option(table, n))
		n++;
	if (n > DRIVER_OPTIONS)
		return -E2BIG;
	to = calloc(n + 1, sizeof *to);
	if (!to)
		return -ENOMEM;
	to[n] = end;
	for (i = 0; i < n; i++) {
		const struct aerie_option *from = nth_option(table, i);
		char *texts[4] = { NULL };
		bool ok = copy(from->name, &texts[0]) && copy(from->dflt, &texts[1]) && copy(from->range, &texts[2]) &&
			  copy(from->help, &texts[3]);

		to[i] = (struct aerie_option){ sizeof *to, from->type, from->flags, 0, texts[0], texts[1], texts[2], texts[3] };
		if (!ok) {
			if (!to[i].name) { /* keeps the table well-formed for free_options() */
				free(texts[1]);
				free(texts[2]);
				free(texts[3]);
			}
			free_options(to);
			return -ENOMEM;
		}
	}
	*ret = to;
	return 0;
}

struct wanted_type {
	struct module *module;
	const char *type;
};

static int type_taken(void *user, const struct reg *r)
{
	const struct wanted_type *w = user;
	const struct driver *d = r->item;

	if (strcmp(d->type, w->type))
		return 0;
	return module_fail(w->module, -EEXIST, "driver \"%s\": %s has a driver of this type; use another", w->type, r->owner->id);
}

static bool type_ok(const char *type)
{
	size_t n = strlen(type), i;

	for (i = 0; i < n; i++)
		if (!islower((unsigned char)type[i]) && !isdigit((unsigned char)type[i]) && type[i] != '_' && type[i] != '-')
			return false;
	return n > 0 && n <= TYPE_MAX;
}

static int check_driver(struct module *m, const struct aerie_driver *in)
{
	const struct aerie_option *o;
	uint32_t i;

	if (!in->type || !type_ok(in->type))
		return module_fail(m, -EINVAL, "a driver's type must be 1 to 32 of a-z, 0-9, '_', '-'");
	if (!in->help || !in->help[0])
		return module_fail(m, -EINVAL, "driver \"%s\" has no help; say in one sentence what it opens", in->type);
	if (in->program && (!in->program[0] || strchr(in->program, '/')))
		return module_fail(m, -EINVAL, "driver \"%s\" must name its program without a directory", in->type);
	if (in->flags & AERIE_DRIVER_PROBE && !in->program)
		return module_fail(m, -EINVAL, "driver \"%s\" can probe but has no program to do it", in->type);
	if (in->options && in->options->size < sizeof *in->options)
		return module_fail(m, -EINVAL, "driver \"%s\" has an option table of unknown row size", in->type);
	for (i = 0; in->options && (o = nth_option(in->options, i)); i++)
		if (!o->help || !o->help[0] || o->type < AERIE_OPT_STR || o->type > AERIE_OPT_SIZE)
			return module_fail(m, -EINVAL, "driver \"%s\": option \"%s\" has no help or an unknown type", in->type,
					   o->name);
	return module_each_reg(m, REG_DRIVER, type_taken, &(struct wanted_type){ m, in->type });
}

int driver_register(const struct aerie_host *h, const struct aerie_driver *given)
{
	struct module *m = module_of(h);
	struct aerie_driver in = { 0 };
	struct driver *d;
	int r;

	memcpy(&in, given, given->size < sizeof in ? given->size : sizeof in);
	r = check_driver(m, &in);
	if (r < 0)
		return r;
	d = calloc(1, sizeof *d);
	if (!d)
		return -ENOMEM;
	d->refs = 1;
	d->flags = in.flags;
	r = -ENOMEM;
	if (copy(in.type, &d->type) && copy(in.help, &d->help) && copy(in.program, &d->program))
		r = copy_options(in.options, &d->options);
	if (r == 0) {
		d->rec = driver_record_new(m->core->sources, d);
		r = d->rec ? module_register(m, REG_DRIVER, d, driver_unref) : -ENOMEM;
	}
	if (r < 0)
		driver_unref(d);
	return r;
}

struct driver *sources_driver(struct sources *s, const char *type)
{
	struct epoch *ep = epoch_pin(s->core->epochs);
	struct driver *found = NULL;
	size_t i;

	for (i = 0; i < ep->n_regs[REG_DRIVER] && !found; i++) {
		struct driver *d = ep->regs[REG_DRIVER][i]->item;

		if (strcmp(d->type, type) == 0)
			found = driver_ref(d);
	}
	epoch_unpin(ep);
	return found;
}

uint32_t sources_drivers(struct sources *s, uint32_t flag, struct driver **ret, uint32_t n)
{
	struct epoch *ep = epoch_pin(s->core->epochs);
	uint32_t found = 0;
	size_t i;

	for (i = 0; i < ep->n_regs[REG_DRIVER] && found < n; i++) {
		struct driver *d = ep->regs[REG_DRIVER][i]->item;

		if (d->flags & flag && d->program)
			ret[found++] = driver_ref(d);
	}
	epoch_unpin(ep);
	return found;
}

int driver_each(const struct aerie_host *h, int (*fn)(void *user, const struct aerie_rec *rec), void *user)
{
	struct epoch *ep = epoch_pin(module_of(h)->core->epochs);
	size_t i;
	int r = 0;

	for (i = 0; i < ep->n_regs[REG_DRIVER] && r == 0; i++)
		r = fn(user, ((struct driver *)ep->regs[REG_DRIVER][i]->item)->rec);
	epoch_unpin(ep);
	return r;
}
