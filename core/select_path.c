/* SPDX-License-Identifier: MIT */
/* Paths of field and filter specifications: taken apart, resolved once per record type, walked. */
#include <core/select.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- Taking apart ---- */

int path_spec_init(struct path_spec *p, const char *what, const char *text, uint32_t len, char *ret_why, uint32_t room)
{
	struct path_spec made = { 0 };
	char *part, *rest;

	if (len > AERIE_SELECT_TEXT_MAX) {
		snprintf(ret_why, room, "%s: a path may have at most %u octets, this one has %u", what,
			 AERIE_SELECT_TEXT_MAX, len);
		return -EINVAL;
	}
	made.text = strndup(text, len);
	if (!made.text)
		return -ENOMEM;
	for (part = strtok_r(made.text, "/", &rest); part; part = strtok_r(NULL, "/", &rest)) {
		if (made.n == AERIE_SELECT_DEPTH_MAX) {
			free(made.text);
			snprintf(ret_why, room, "%s: a path may have at most %u parts", what, AERIE_SELECT_DEPTH_MAX);
			return -EINVAL;
		}
		made.part[made.n++] = part;
	}
	if (!made.n) {
		free(made.text);
		snprintf(ret_why, room, "%s: the path is empty; name a field, or fields joined by '/'", what);
		return -EINVAL;
	}
	*p = made;
	return 0;
}

void path_spec_free(struct path_spec *p)
{
	free(p->text);
	p->text = NULL;
}

/* ---- Resolving ---- */

static bool is_series(const struct member *m)
{
	return m->rule == AERIE_MEMBER_STORED &&
	       (m->field->type == AERIE_T_RRD || m->field->type == AERIE_T_RRD_MINUTE);
}

static bool has_no_text(const struct member *m)
{
	return is_series(m) || (type_has_records(m->field) && !(m->field->flags & AERIE_FIELD_AS_KEYS));
}

/* Names that the REST specification's own examples use, and that its clients and those of the years after ask for, of members
 * that are called otherwise today. */
static const struct former {
	const char *was, *is;
} former_names[] = {
	{ "kismet.common.signal.last_signal_dbm", "kismet.common.signal.last_signal" },
	{ "kismet.common.signal.last_noise_dbm", "kismet.common.signal.last_noise" },
	{ "kismet.common.signal.min_signal_dbm", "kismet.common.signal.min_signal" },
	{ "kismet.common.signal.min_noise_dbm", "kismet.common.signal.min_noise" },
	{ "kismet.common.signal.max_signal_dbm", "kismet.common.signal.max_signal" },
	{ "kismet.common.signal.max_noise_dbm", "kismet.common.signal.max_noise" },
	{ "kismet.device.base.packets.rx", "kismet.device.base.packets.rx_total" },
	{ "kismet.device.base.packets.tx", "kismet.device.base.packets.tx_total" },
	{ "kismet.device.base.packet.bin.250", "kismet.device.packet.bin.250" },
	{ "kismet.device.base.packet.bin.500", "kismet.device.packet.bin.500" },
	{ "kismet.device.base.packet.bin.1000", "kismet.device.packet.bin.1000" },
	{ "kismet.device.base.packet.bin.1500", "kismet.device.packet.bin.1500" },
	{ "kismet.device.base.packet.bin.jumbo", "kismet.device.packet.bin.jumbo" },
	{ "kismet.device.base.server_uuid", "kismet.server.uuid" },
};

const struct field *path_field(const struct registry *r, const char *part)
{
	const struct field *f = registry_find_field(r, part);
	size_t i;

	for (i = 0; !f && i < sizeof former_names / sizeof former_names[0]; i++)
		if (!strcmp(part, former_names[i].was))
			f = registry_find_field(r, former_names[i].is);
	return f;
}

/* What the members of a type make of one part; the type in which the path goes on, or NULL. */
static const struct record_type *resolve_part(const struct registry *r, const struct record_type *t, const char *part,
					      bool last, struct hop *ret_hop)
{
	const struct field *f = path_field(r, part);
	const struct member *m = f ? registry_member(t, f->id) : NULL;

	*ret_hop = (struct hop){ .kind = HOP_ABSENT };
	if (!m)
		return NULL;
	ret_hop->m = m;
	ret_hop->members = t->members;
	f = m->field;
	if (last)
		ret_hop->kind = has_no_text(m) ? HOP_WHOLE : HOP_VALUE;
	else if (m->rule != AERIE_MEMBER_STORED)
		ret_hop->kind = HOP_ABSENT;
	else if (f->type == AERIE_T_RECORD)
		ret_hop->kind = HOP_RECORD;
	else if (f->type == AERIE_T_VEC || type_is_map(f->type))
		ret_hop->kind = HOP_EACH;
	return ret_hop->kind == HOP_RECORD || ret_hop->kind == HOP_EACH ? registry_type(r, m->record) : NULL;
}

/* A part of a series; n: parts left, this one included. */
static enum hop_kind resolve_series(const struct registry *r, const struct member *m, const char *part, uint32_t n,
				    enum rrd_name *ret_part)
{
	unsigned i, names = m->field->type == AERIE_T_RRD ? RRD_NAMES : RRD_HOUR_VEC;

	for (i = 0; i < names; i++)
		if (!strcmp(registry_rrd_name(r, i)->text, part))
			break;
	if (i == names)
		return HOP_ABSENT;
	*ret_part = i;
	if (n == 1)
		return HOP_PART;
	return i == RRD_MINUTE_VEC || i >= RRD_HOUR_VEC ? HOP_PART_EACH : HOP_ABSENT;
}

/* Fills in one hop per part; behind an entry of a collection that is no record comes HOP_ABSENT. */
static void resolve(const struct registry *r, const struct path_spec *p, const struct record_type *t, struct hop *hops)
{
	uint32_t i;

	for (i = 0; i < p->n; i++) {
		hops[i] = (struct hop){ .kind = HOP_ABSENT };
		if (!t)
			return;
		t = resolve_part(r, t, p->part[i], i + 1 == p->n, &hops[i]);
		if (i + 1 < p->n && hops[i].m && is_series(hops[i].m)) {
			hops[i].kind = resolve_series(r, hops[i].m, p->part[i + 1], p->n - i - 1, &hops[i].part);
			return;
		}
	}
}

static struct plan *plan_new(const struct paths *p, const struct registry *r, const struct record_type *t)
{
	size_t n_hops = 0, head = sizeof(struct plan) + p->n * sizeof(struct hop *);
	struct plan *plan;
	struct hop *hops;
	uint32_t i;

	for (i = 0; i < p->n; i++)
		n_hops += p->path[i].n;
	plan = calloc(1, head + n_hops * sizeof *hops);
	if (!plan)
		return NULL;
	plan->type = t->id;
	hops = (struct hop *)(void *)((char *)plan + head);
	for (i = 0; i < p->n; i++) {
		plan->path[i] = hops;
		resolve(r, &p->path[i], t, hops);
		hops += p->path[i].n;
	}
	return plan;
}

/* Two threads may make the same plan at once: both go into the list, the later one is found. */
const struct plan *paths_plan(struct paths *p, const struct registry *r, const struct aerie_rec *rec)
{
	struct plan **head = &p->plans[rec->type % PLAN_BUCKETS], *plan;
	struct plan *first = __atomic_load_n(head, __ATOMIC_ACQUIRE);

	for (plan = first; plan; plan = plan->next)
		if (plan->type == rec->type)
			return plan;
	plan = plan_new(p, r, registry_type(r, rec->type));
	if (!plan)
		return NULL;
	do
		plan->next = first;
	while (!__atomic_compare_exchange_n(head, &first, plan, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED));
	return plan;
}

void paths_free(struct paths *p)
{
	struct plan *plan;
	uint32_t i;

	for (i = 0; i < PLAN_BUCKETS; i++)
		while ((plan = p->plans[i])) {
			p->plans[i] = plan->next;
			free(plan);
		}
	for (i = 0; p->path && i < p->n; i++)
		path_spec_free(&p->path[i]);
	free(p->path);
	p->path = NULL;
}

/* ---- Walking ---- */

static int absent(const struct visit *c)
{
	return c->flags & VISIT_QUIET ? 0 : c->vt->u64(c->v, 0);
}

struct each {
	const struct visit *c;
	const struct hop *hop;
};

static int walk_entry(void *user, uint64_t key, uint64_t cell)
{
	const struct each *e = user;
	const struct field *f = e->hop->m->field;

	if (!visit_is_list(f))
		CALL(visit_key_text(e->c, f, key));
	return hops_walk(e->c, e->hop + 1,
			 f->value == AERIE_T_RECORD ? (const struct aerie_rec *)(uintptr_t)cell : NULL);
}

static int walk_each(const struct visit *c, const struct hop *hop, const struct aerie_rec *rec)
{
	uint32_t n = collection_count(rec, hop->m->slot);
	bool list = visit_is_list(hop->m->field);
	struct each e = { c, hop };

	if (hop->m->optional && !aerie_present(rec, hop->m->slot))
		return absent(c);
	CALL(list ? c->vt->begin_list(c->v, n) : c->vt->begin_map(c->v, n));
	CALL(collection_iterate(rec, hop->m->slot, walk_entry, &e));
	return list ? c->vt->end_list(c->v) : c->vt->end_map(c->v);
}

static int walk_part_each(const struct visit *c, const struct hop *hop)
{
	uint32_t n = hop->part == RRD_DAY_VEC ? 24 : 60, i;

	CALL(c->vt->begin_list(c->v, n));
	for (i = 0; i < n; i++)
		CALL(absent(c));
	return c->vt->end_list(c->v);
}

static inline int walk_value(const struct visit *c, const struct hop *hop, const struct aerie_rec *rec)
{
	if (hop->m->optional && !visit_is_shown(c, rec, hop->members, hop->m))
		return absent(c);
	return visit_member(c, rec, hop->members, hop->m);
}

int hops_walk(const struct visit *c, const struct hop *hop, const struct aerie_rec *rec)
{
	while (rec) {
		const struct member *m = hop->m;

		switch (hop->kind) {
		case HOP_RECORD:
			rec = aerie_get_rec(rec, m->slot);
			hop++;
			continue;
		case HOP_WHOLE:
			return c->flags & VISIT_QUIET ? 0 : walk_value(c, hop, rec);
		case HOP_VALUE:
			return walk_value(c, hop, rec);
		case HOP_EACH:
			return walk_each(c, hop, rec);
		case HOP_PART:
			return aerie_present(rec, m->slot) ? visit_series_part(c, rec, m, hop->part, VISIT_ALL)
							   : absent(c);
		case HOP_PART_EACH:
			return aerie_present(rec, m->slot) ? walk_part_each(c, hop) : absent(c);
		case HOP_ABSENT:
			return absent(c);
		}
	}
	return absent(c);
}
