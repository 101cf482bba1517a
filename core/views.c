/* SPDX-License-Identifier: MIT */
/* Named parts of the device store. The service is <aerie/views.h>.
 *
 * The store counts devices per PHY, and the pipeline those that a datasource heard, when it first hears them; so these views
 * know their size. For a view that a module defines every device of its PHY has to be asked: the figure is kept
 * for COUNT_AGE_US, and one thread at most is counting while the others take the last figure. */
#include <config.h>

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <core/bus.h>
#include <core/config.h>
#include <core/epoch.h>
#include <core/loop.h>
#include <core/registry.h>
#include <core/store.h>
#include <core/views.h>

#define VIEW_ID_MAX 64u
#define COUNT_AGE_US 3000000u
#define COUNT_KEYS 256u
#define PHY_PREFIX "phy-"
#define SOURCE_PREFIX "seenby-"
#define OPTION_PHYS "track_device_phy_views"
#define OPTION_SOURCES "track_device_seenby_views"
#define SOURCE_ID (sizeof SOURCE_PREFIX + 36)

struct heard {
	_Atomic(struct heard *) next;
	struct aerie_uuid uuid;
	_Atomic uint64_t devices;
	char id[SOURCE_ID];
};

static const struct aerie_option options[] = {
	AERIE_OPTION(AERIE_OPT_BOOL, 0, OPTION_PHYS, "true", NULL, "Offer a view of the devices of each PHY, phy-NAME."),
	AERIE_OPTION(AERIE_OPT_BOOL, 0, OPTION_SOURCES, "true", NULL, "Offer a view of the devices that each datasource heard, seenby-UUID."),
	AERIE_OPTION_END,
};

struct views {
	struct core *core;
	bool phys, sources; /* wanted */
	_Atomic(struct heard *) first; /* the newest; entries stay, so that walking needs no lock */
};

/* That a module defined. */
struct view {
	struct aerie_view def; /* texts are copies */
	pthread_mutex_t counting;
	_Atomic int64_t devices; /* -1: never counted */
	_Atomic uint64_t counted_us;
};

enum kind { VIEW_ALL, VIEW_PHY, VIEW_SOURCE, VIEW_DEFINED };

struct aerie_view_ref {
	struct core *core;
	enum kind kind;
	uint16_t phy;        /* 0: of all */
	struct heard *heard; /* VIEW_SOURCE */
	struct reg *reg;     /* VIEW_DEFINED: held */
};

struct views *views_new(struct core *core)
{
	struct views *all = calloc(1, sizeof *all);
	const char *error;

	if (!all)
		return NULL;
	all->core = core;
	if (config_declare(core->config, "core", options, &error) < 0) {
		bus_printf(core->bus, AERIE_LOG_ERROR, "views: %s", error);
		free(all);
		return NULL;
	}
	all->phys = config_bool(core->config, OPTION_PHYS, true);
	all->sources = config_bool(core->config, OPTION_SOURCES, true);
	return all;
}

void views_free(struct views *all)
{
	struct heard *by, *next;

	if (!all)
		return;
	for (by = atomic_load(&all->first); by; by = next) {
		next = atomic_load(&by->next);
		free(by);
	}
	free(all);
}

/* ---- datasources ---- */

struct heard *views_source(struct views *all, const struct aerie_uuid *uuid)
{
	static const struct aerie_uuid none;
	struct heard *by;

	if (!all || !memcmp(uuid, &none, sizeof none))
		return NULL;
	for (by = atomic_load(&all->first); by; by = atomic_load(&by->next))
		if (!memcmp(&by->uuid, uuid, sizeof *uuid))
			return by;
	by = calloc(1, sizeof *by);
	if (!by)
		return NULL;
	by->uuid = *uuid;
	memcpy(by->id, SOURCE_PREFIX, sizeof SOURCE_PREFIX - 1);
	by->id[sizeof SOURCE_PREFIX - 1 + format_uuid(by->id + sizeof SOURCE_PREFIX - 1, uuid->b)] = '\0';
	atomic_store(&by->next, atomic_load(&all->first));
	atomic_store(&all->first, by);
	return by;
}

void heard_count(struct heard *by)
{
	if (by)
		atomic_fetch_add_explicit(&by->devices, 1, memory_order_relaxed);
}

void views_discount(struct views *all, const struct aerie_uuid *uuid)
{
	struct heard *by;

	for (by = all ? atomic_load(&all->first) : NULL; by; by = atomic_load(&by->next))
		if (!memcmp(&by->uuid, uuid, sizeof *uuid)) {
			/* A device was not counted when memory was out. */
			if (atomic_load_explicit(&by->devices, memory_order_relaxed))
				atomic_fetch_sub_explicit(&by->devices, 1, memory_order_relaxed);
			return;
		}
}

struct hearer {
	const struct aerie_uuid *uuid;
	aerie_slot slot;
};

static int is_hearer(void *user, uint64_t key, uint64_t cell)
{
	const struct hearer *h = user;
	const struct aerie_rec *by = (const struct aerie_rec *)(uintptr_t)cell;
	const struct aerie_uuid *uuid = *(struct aerie_uuid *const *)aerie_slot_cptr(by, h->slot);

	return uuid && !memcmp(uuid, h->uuid, sizeof *uuid);
}

static int heard_by(const struct core *core, const struct aerie_rec *rec, const struct aerie_uuid *uuid)
{
	struct hearer h = { .uuid = uuid, .slot = core->devices->seenby.uuid };

	return fields_service.iterate(rec, core->devices->slots.seenby, is_hearer, &h);
}

/* ---- registration ---- */

static void view_free(void *item)
{
	struct view *v = item;

	if (v->def.destroy)
		v->def.destroy(v->def.user);
	free((char *)v->def.id);
	free((char *)v->def.description);
	pthread_mutex_destroy(&v->counting);
	free(v);
}

static bool id_valid(const char *id)
{
	size_t len = id ? strlen(id) : 0;

	return len && len <= VIEW_ID_MAX &&
	       strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-") == len;
}

static bool id_is_hosts(const char *id)
{
	return !strcmp(id, "all") || !strncmp(id, PHY_PREFIX, sizeof PHY_PREFIX - 1) ||
	       !strncmp(id, SOURCE_PREFIX, sizeof SOURCE_PREFIX - 1);
}

struct wanted_id {
	struct module *module;
	const char *id;
};

static int id_taken(void *user, const struct reg *r)
{
	const struct wanted_id *w = user;
	const struct view *v = r->item;

	if (strcmp(v->def.id, w->id))
		return 0;
	return module_fail(w->module, -EEXIST, "view %s: %s has a view of this id; use another", w->id, r->owner->id);
}

static int register_view(const struct aerie_host *h, const struct aerie_view *given)
{
	struct module *m = module_of(h);
	struct aerie_view def = { 0 };
	struct view *v;
	int err;

	memcpy(&def, given, given->size < sizeof def ? given->size : sizeof def);
	if (!id_valid(def.id))
		return module_fail(m, -EINVAL, "view: its id is not [A-Za-z0-9_.-]{1,%u}", VIEW_ID_MAX);
	if (!def.description || !*def.description)
		return module_fail(m, -EINVAL, "view %s: it has no description", def.id);
	if (def.phy > devices_phy_last(m->core->devices))
		return module_fail(m, -EINVAL, "view %s: there is no PHY with number %u", def.id, def.phy);
	if (id_is_hosts(def.id))
		return module_fail(m, -EEXIST, "view %s: all, " PHY_PREFIX "... and " SOURCE_PREFIX "... are the host's own; use another id",
				   def.id);
	err = module_each_reg(m, REG_VIEW, id_taken, &(struct wanted_id){ m, def.id });
	if (err)
		return err;
	v = calloc(1, sizeof *v);
	if (!v)
		return module_fail(m, -ENOMEM, "view %s: memory is out", def.id);
	pthread_mutex_init(&v->counting, NULL);
	atomic_store(&v->devices, -1);
	v->def = def;
	v->def.destroy = NULL;
	v->def.id = strdup(def.id);
	v->def.description = strdup(def.description);
	err = v->def.id && v->def.description ? module_register(m, REG_VIEW, v, view_free) : -ENOMEM;
	if (err) {
		view_free(v);
		return err;
	}
	v->def.destroy = def.destroy; /* until here `user` was the module's own */
	return 0;
}

/* ---- finding ---- */

static bool wanted(const struct view *v)
{
	return !v->def.wanted || v->def.wanted(v->def.user);
}

static int tell(int (*fn)(void *user, const struct aerie_view_info *info), void *user, const char *id, const char *description,
		bool indexed)
{
	struct aerie_view_info info = { .size = sizeof info, .indexed = indexed, .id = id, .description = description };

	return fn(user, &info);
}

static int each_phy(const struct core *core, int (*fn)(void *user, const struct aerie_view_info *info), void *user)
{
	uint16_t phy, last = devices_phy_last(core->devices);
	char id[256], description[256];
	int r = 0;

	if (!core->views->phys)
		return 0;
	for (phy = 1; !r && phy <= last; phy++) {
		const char *name = devices_phy_name(core->devices, phy)->text;

		(void)snprintf(id, sizeof id, PHY_PREFIX "%s", name);
		(void)snprintf(description, sizeof description, "Devices of the PHY %s.", name);
		r = tell(fn, user, id, description, true);
	}
	return r;
}

static int each_source(const struct core *core, int (*fn)(void *user, const struct aerie_view_info *info), void *user)
{
	const struct heard *by;
	char description[128];
	int r = 0;

	if (!core->views->sources)
		return 0;
	for (by = atomic_load(&core->views->first); !r && by; by = atomic_load(&by->next)) {
		(void)snprintf(description, sizeof description, "Devices that the datasource %s heard.",
			       by->id + sizeof SOURCE_PREFIX - 1);
		r = tell(fn, user, by->id, description, true);
	}
	return r;
}

static int each(const struct aerie_host *h, int (*fn)(void *user, const struct aerie_view_info *info), void *user)
{
	const struct core *core = module_of(h)->core;
	struct epoch *ep;
	size_t i;
	int r;

	r = tell(fn, user, "all", "All devices.", true);
	if (!r)
		r = each_phy(core, fn, user);
	if (!r)
		r = each_source(core, fn, user);
	ep = epoch_pin(core->epochs);
	for (i = 0; !r && i < ep->n_regs[REG_VIEW]; i++) {
		const struct view *v = ep->regs[REG_VIEW][i]->item;

		if (wanted(v))
			r = tell(fn, user, v->def.id, v->def.description, !v->def.match);
	}
	epoch_unpin(ep);
	return r;
}

static int find_phy(struct aerie_view_ref *ref, const char *name)
{
	uint16_t phy, last = devices_phy_last(ref->core->devices);

	for (phy = 1; phy <= last; phy++)
		if (!strcmp(devices_phy_name(ref->core->devices, phy)->text, name)) {
			ref->kind = VIEW_PHY;
			ref->phy = phy;
			return 0;
		}
	return -ENOENT;
}

static int find_source(struct aerie_view_ref *ref, const char *id)
{
	struct heard *by;

	for (by = atomic_load(&ref->core->views->first); by; by = atomic_load(&by->next))
		if (!strcasecmp(by->id, id)) {
			ref->kind = VIEW_SOURCE;
			ref->heard = by;
			return 0;
		}
	return -ENOENT;
}

static int find_defined(struct aerie_view_ref *ref, const char *id)
{
	struct epoch *ep = epoch_pin(ref->core->epochs);
	int err = -ENOENT;
	size_t i;

	for (i = 0; err && i < ep->n_regs[REG_VIEW]; i++) {
		const struct view *v = ep->regs[REG_VIEW][i]->item;

		if (strcmp(v->def.id, id) || !wanted(v))
			continue;
		ref->kind = VIEW_DEFINED;
		ref->phy = (uint16_t)v->def.phy;
		ref->reg = ep->regs[REG_VIEW][i];
		reg_hold(ref->reg);
		err = 0;
	}
	epoch_unpin(ep);
	return err;
}

static int find_any(struct aerie_view_ref *ref, const char *id)
{
	if (!strcmp(id, "all"))
		return 0;
	if (!strncmp(id, PHY_PREFIX, sizeof PHY_PREFIX - 1))
		return ref->core->views->phys ? find_phy(ref, id + sizeof PHY_PREFIX - 1) : -ENOENT;
	if (!strncmp(id, SOURCE_PREFIX, sizeof SOURCE_PREFIX - 1))
		return ref->core->views->sources ? find_source(ref, id) : -ENOENT;
	return find_defined(ref, id);
}

static int find(const struct aerie_host *h, const char *id, struct aerie_view_ref **ret_ref, struct aerie_device_query *ret_query)
{
	struct aerie_device_query q = { 0 };
	struct aerie_view_ref *ref;
	int err;

	if (!id || ret_query->size < offsetof(struct aerie_device_query, changed_since))
		return -EINVAL;
	ref = calloc(1, sizeof *ref);
	if (!ref)
		return -ENOMEM;
	ref->core = module_of(h)->core;
	err = find_any(ref, id);
	if (err) {
		free(ref);
		return err;
	}
	q.size = ret_query->size;
	q.phy = ref->phy;
	memcpy(ret_query, &q, q.size < sizeof q ? q.size : sizeof q);
	*ret_ref = ref;
	return 0;
}

static void release(struct aerie_view_ref *ref)
{
	if (!ref)
		return;
	if (ref->reg)
		reg_release(ref->reg);
	free(ref);
}

/* ---- its devices ---- */

static int match(const struct aerie_view_ref *ref, const struct aerie_rec *rec)
{
	const struct view *v;

	if (ref->phy && ref->phy != aerie_key_phy(aerie_get_key(rec, ref->core->devices->slots.key)))
		return 0;
	if (ref->kind == VIEW_SOURCE)
		return heard_by(ref->core, rec, &ref->heard->uuid);
	if (ref->kind != VIEW_DEFINED)
		return 1;
	v = ref->reg->item;
	return !v->def.match || v->def.match(v->def.user, rec);
}

static int is_whole(const struct aerie_view_ref *ref)
{
	return ref->kind == VIEW_ALL || ref->kind == VIEW_PHY ||
	       (ref->kind == VIEW_DEFINED && !((const struct view *)ref->reg->item)->def.match);
}

struct tally {
	const struct aerie_view_ref *ref;
	int64_t n;
};

static int tally_device(void *user, struct aerie_device *dev)
{
	struct tally *t = user;

	t->n += match(t->ref, dev->rec) != 0;
	return AERIE_DEVICE_UNCHANGED;
}

static int64_t ask_each(const struct aerie_host *h, const struct aerie_view_ref *ref)
{
	struct aerie_device_query q = { .size = sizeof q, .phy = ref->phy };
	struct aerie_cursor *c = devices_service.cursor_open(h, &q);
	struct tally t = { .ref = ref };
	uint64_t keys[COUNT_KEYS];
	int n = -ENOMEM, i, err;

	while (c && (n = devices_service.cursor_next(c, keys, COUNT_KEYS)) > 0)
		for (i = 0; i < n; i++) {
			err = devices_service.with(h, keys[i], tally_device, &t);
			if (err < 0 && err != -ENOENT) {
				devices_service.cursor_close(c);
				return err;
			}
		}
	devices_service.cursor_close(c);
	return n < 0 ? n : t.n;
}

static bool is_fresh(const struct view *v, uint64_t now_us)
{
	uint64_t at = atomic_load(&v->counted_us);

	return atomic_load(&v->devices) >= 0 && now_us >= at && now_us - at < COUNT_AGE_US;
}

static int64_t count_defined(const struct aerie_host *h, const struct aerie_view_ref *ref)
{
	struct view *v = ref->reg->item;
	uint64_t now_us = loop_now_us(ref->core->loop);
	int64_t n = atomic_load(&v->devices);

	if (is_fresh(v, now_us))
		return n;
	if (pthread_mutex_trylock(&v->counting)) {
		if (n >= 0)
			return n;
		pthread_mutex_lock(&v->counting);
	}
	if (is_fresh(v, now_us)) {
		n = atomic_load(&v->devices);
	} else {
		n = ask_each(h, ref);
		if (n >= 0) {
			atomic_store(&v->counted_us, loop_now_us(ref->core->loop));
			atomic_store(&v->devices, n);
		}
	}
	pthread_mutex_unlock(&v->counting);
	return n;
}

static int64_t devices(const struct aerie_host *h, const struct aerie_view_ref *ref)
{
	if (ref->kind == VIEW_SOURCE)
		return (int64_t)atomic_load_explicit(&ref->heard->devices, memory_order_relaxed);
	if (ref->kind == VIEW_DEFINED && ((const struct view *)ref->reg->item)->def.match)
		return count_defined(h, ref);
	return (int64_t)(ref->phy ? devices_phy_count(ref->core->devices, ref->phy) : devices_service.count(h));
}

const struct aerie_views views_service = {
	.size = sizeof views_service,
	.register_view = register_view,
	.each = each,
	.find = find,
	.match = match,
	.is_whole = is_whole,
	.release = release,
	.devices = devices,
};
