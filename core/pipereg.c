/* SPDX-License-Identifier: MIT */
/* The services "aerie.packets/1" and "aerie.phy/1": what modules register for the pipeline, and its counters. */
#include <config.h>

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <core/bus.h>
#include <core/module.h>
#include <core/stages.h>

#define PHY_LINKS_MAX 64u /* link types of one PHY */
#define PHY_NAME_MAX 48u  /* octets; "phy-" and the name are the id of a view */

/* ---- tables of link types ---- */

static void table_put(struct link_table *t, uint32_t link, void *item)
{
	if (link < LINKS_LOW) {
		t->low[link] = item;
		return;
	}
	t->high[t->n_high].link = link;
	t->high[t->n_high++].item = item;
}

static struct link_table *table_new(size_t n)
{
	struct link_table *t = malloc(sizeof *t + n * sizeof t->high[0]);

	if (t)
		memset(t, 0, sizeof *t);
	return t;
}

static void *build_decoders(void *user, const struct epoch *ep)
{
	size_t i, n = ep->n_regs[REG_DECODER];
	struct link_table *t = table_new(n);

	for (i = 0; t && i < n; i++) {
		struct decoder *d = ep->regs[REG_DECODER][i]->item;

		table_put(t, d->dlt, d);
	}
	return t;
}

static void *build_phys(void *user, const struct epoch *ep)
{
	size_t i, j, n = ep->n_regs[REG_PHY];
	struct link_table *t = table_new(n * PHY_LINKS_MAX);

	for (i = 0; t && i < n; i++) {
		struct phy *phy = ep->regs[REG_PHY][i]->item;

		for (j = 0; j < phy->def.n_links; j++)
			table_put(t, phy->links[j], phy);
	}
	return t;
}

void pipereg_set_builders(struct epochs *e)
{
	epochs_set_builder(e, REG_DECODER, build_decoders, free, NULL);
	epochs_set_builder(e, REG_PHY, build_phys, free, NULL);
}

/* ---- registration ---- */

static void destroy_decoder(void *item)
{
	struct decoder *d = item;

	if (d->destroy)
		d->destroy(d->user);
	free(d);
}

static void destroy_observer(void *item)
{
	struct observer *o = item;

	if (o->destroy)
		o->destroy(o->user);
	free(o);
}

static void destroy_phy(void *item)
{
	struct phy *phy = item;

	if (phy->def.destroy)
		phy->def.destroy(phy->def.user);
	free(phy);
}

struct taken {
	struct module *module;
	uint32_t link;
};

static int decoder_taken(void *user, const struct reg *r)
{
	const struct taken *t = user;
	const struct decoder *d = r->item;

	if (d->dlt != t->link)
		return 0;
	return module_fail(t->module, -EEXIST, "link type %u is decoded by %s already", t->link, r->owner->id);
}

static int register_decoder(const struct aerie_host *h, uint32_t dlt, aerie_decode_fn *fn, void *user,
			    void (*destroy)(void *user))
{
	struct module *m = module_of(h);
	struct taken taken = { m, dlt };
	struct decoder *d;
	int err;

	if (!fn)
		return module_fail(m, -EINVAL, "the decoder of link type %u has no function", dlt);
	err = module_each_reg(m, REG_DECODER, decoder_taken, &taken);
	if (err < 0)
		return err;
	d = malloc(sizeof *d);
	if (!d)
		return -ENOMEM;
	*d = (struct decoder){ dlt, fn, user, destroy };
	err = module_register(m, REG_DECODER, d, destroy_decoder);
	if (err < 0)
		free(d);
	return err;
}

static int register_observer(const struct aerie_host *h, aerie_observe_fn *fn, void *user, void (*destroy)(void *user))
{
	struct module *m = module_of(h);
	struct observer *o;
	int err;

	if (!fn)
		return module_fail(m, -EINVAL, "the observer has no function");
	o = malloc(sizeof *o);
	if (!o)
		return -ENOMEM;
	*o = (struct observer){ fn, user, destroy };
	err = module_register(m, REG_OBSERVER, o, destroy_observer);
	if (err < 0)
		free(o);
	return err;
}

struct phy_taken {
	struct module *module;
	const struct aerie_phy *phy;
};

static int phy_taken(void *user, const struct reg *r)
{
	const struct phy_taken *t = user;
	const struct phy *phy = r->item;
	uint32_t i, j;

	if (strcmp(devices_phy_name(r->owner->core->devices, phy->id)->text, t->phy->name) == 0)
		return module_fail(t->module, -EEXIST, "the PHY %s is registered by %s already", t->phy->name,
				   r->owner->id);
	for (i = 0; i < t->phy->n_links; i++)
		for (j = 0; j < phy->def.n_links; j++)
			if (t->phy->links[i] == phy->links[j])
				return module_fail(t->module, -EEXIST, "link type %u is dissected by %s already",
						   phy->links[j], r->owner->id);
	return 0;
}

static bool name_ok(const char *name)
{
	size_t len = strlen(name), i;

	for (i = 0; i < len && i <= PHY_NAME_MAX; i++)
		if (!isalnum((unsigned char)name[i]) && !strchr("_.-", name[i]))
			return false;
	return len > 0 && len <= PHY_NAME_MAX;
}

static int check_phy(struct module *m, const struct aerie_phy *phy)
{
	struct phy_taken taken = { m, phy };
	uint32_t i, j;

	if (phy->size < sizeof *phy || !phy->name || !phy->dissect || !phy->track)
		return module_fail(m, -EINVAL, "a PHY needs a size, a name, and functions to dissect and track");
	if (!name_ok(phy->name))
		return module_fail(m, -EINVAL, "the PHY's name \"%.80s\" is not [A-Za-z0-9_.-]{1,%u}: it is part of the id of its view",
				   phy->name, PHY_NAME_MAX);
	if (phy->n_links && !phy->links)
		return module_fail(m, -EINVAL, "the PHY %s says that it has %u link types and names none", phy->name, phy->n_links);
	if (phy->n_links > PHY_LINKS_MAX)
		return module_fail(m, -EINVAL, "the PHY %s has %u link types; at most %u are possible", phy->name,
				   phy->n_links, PHY_LINKS_MAX);
	for (i = 0; i < phy->n_links; i++)
		for (j = 0; j < i; j++)
			if (phy->links[i] == phy->links[j])
				return module_fail(m, -EINVAL, "the PHY %s names link type %u twice", phy->name,
						   phy->links[i]);
	return module_each_reg(m, REG_PHY, phy_taken, &taken);
}

static int number_phy(struct module *m, const struct aerie_phy *phy, uint16_t *ret_id)
{
	int err = devices_phy(m->core->devices, phy->name, phy->device_type, ret_id);

	if (err == -EINVAL)
		return module_fail(m, err, "the device type of the PHY %s does not begin with the common members: define it "
					   "with base_type() as its base", phy->name);
	if (err == -ENOSPC)
		return module_fail(m, err, "the PHY %s is one too many: at most %u are possible", phy->name, PHY_MAX);
	return err;
}

static int register_phy(const struct aerie_host *h, const struct aerie_phy *def, uint16_t *ret_id)
{
	struct module *m = module_of(h);
	struct phy *phy;
	uint16_t id;
	int err;

	err = check_phy(m, def);
	if (err < 0)
		return err;
	phy = calloc(1, sizeof *phy + def->n_links * sizeof phy->links[0]);
	if (!phy)
		return -ENOMEM;
	memcpy(&phy->def, def, sizeof *def);
	phy->def.name = phy->def.help = NULL;
	phy->def.links = NULL;
	if (def->n_links)
		memcpy(phy->links, def->links, def->n_links * sizeof phy->links[0]);
	err = number_phy(m, def, &id);
	if (!err) {
		phy->id = id;
		err = module_register(m, REG_PHY, phy, destroy_phy);
	}
	if (err < 0) {
		free(phy);
		return err;
	}
	*ret_id = id;
	return 0;
}

void pipereg_announce(struct core *core, const struct module *m)
{
	struct epoch *ep = epoch_pin(core->epochs);
	size_t i;

	for (i = 0; i < ep->n_regs[REG_PHY]; i++) {
		const struct phy *phy = ep->regs[REG_PHY][i]->item;

		if (ep->regs[REG_PHY][i]->owner == m)
			bus_publish(core->bus, "NEW_PHY", (uint64_t)phy->id << 48, NULL);
	}
	epoch_unpin(ep);
}

/* ---- counters ---- */

static uint64_t get(const uint64_t *c)
{
	return __atomic_load_n(c, __ATOMIC_RELAXED);
}

static int stats(const struct aerie_host *h, struct aerie_packet_stats *ret_stats)
{
	const struct pipeline *p = module_of(h)->core->pipeline;
	struct aerie_packet_stats s = { .size = ret_stats->size, .workers = p->n_workers };
	unsigned i;

	if (s.size < 2 * sizeof(uint32_t))
		return -EINVAL;
	for (i = 0; i < p->n_workers; i++) {
		const struct worker_counters *c = &p->workers[i]->counters;

		s.processed += get(&c->processed);
		s.errors += get(&c->errors);
		s.unknown_link += get(&c->unknown_link);
		s.duplicates += get(&c->duplicates);
		s.octets += get(&c->octets);
	}
	s.dropped = get(&p->dropped);
	s.packets = get(&p->submitted);
	s.waiting = __atomic_load_n(&p->waiting, __ATOMIC_RELAXED);
	memcpy(ret_stats, &s, s.size < sizeof s ? s.size : sizeof s);
	return 0;
}

static void mark_duplicate(const struct aerie_host *h, struct aerie_packet *p, const void *octets, uint32_t len)
{
	const struct packet *pk = packet_of(p);
	const struct pipeline *all = pk->source->pipeline;

	if (__atomic_load_n(&all->radios, __ATOMIC_RELAXED) > 1 && pk->source->radio &&
	    duplicates_heard(all->heard, p->source, pk->now_s, octets, len))
		p->flags |= AERIE_PKT_DUPLICATE;
}

static int each_phy(const struct aerie_host *h, int (*fn)(void *user, const struct aerie_phy_info *info), void *user)
{
	const struct core *core = module_of(h)->core;
	const struct pipeline *p = core->pipeline;
	uint16_t id, last = devices_phy_last(core->devices);
	int result = 0;
	unsigned i;

	for (id = 1; id <= last && !result; id++) {
		struct aerie_phy_info info = { .size = sizeof info, .id = id };

		info.name = devices_phy_name(core->devices, id)->text;
		info.devices = devices_phy_count(core->devices, id);
		for (i = 0; i < p->n_workers; i++) {
			const struct phy_counters *c = &p->workers[i]->phys[id];

			info.packets += get(&c->packets);
			info.packets_data += get(&c->data);
			info.packets_error += get(&c->errors);
		}
		result = fn(user, &info);
	}
	return result;
}

const struct aerie_packets packets_service = {
	.size = sizeof(struct aerie_packets),
	.register_decoder = register_decoder,
	.register_observer = register_observer,
	.stats = stats,
	.mark_duplicate = mark_duplicate,
};

const struct aerie_phys phys_service = {
	.size = sizeof(struct aerie_phys),
	.register_phy = register_phy,
	.each = each_phy,
};
