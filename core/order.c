/* SPDX-License-Identifier: MIT */
/* Start order of modules, and the reasons of those that cannot start. Some hundred modules at most, so plain loops do. */
#include <config.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <core/order.h>

struct job {
	struct order_node *nodes;
	size_t n;
	bool (*host_has)(void *user, const char *id);
	void *user;
	bool *placed;
};

static bool is_optional(const char *service)
{
	size_t len = strlen(service);

	return len && service[len - 1] == '?';
}

static bool same_service(const char *a, const char *b)
{
	size_t la = strlen(a) - is_optional(a), lb = strlen(b) - is_optional(b);

	return la == lb && !memcmp(a, b, la);
}

static bool provides(const struct order_node *node, const char *service)
{
	const char *const *p;

	for (p = node->provides; p && *p; p++)
		if (same_service(*p, service))
			return true;
	return false;
}

long order_provider(const struct order_node *nodes, size_t n, const char *service)
{
	long found = -1;
	size_t i;

	for (i = 0; i < n; i++) {
		if (!provides(&nodes[i], service))
			continue;
		if (!nodes[i].out)
			return (long)i;
		if (found < 0)
			found = (long)i;
	}
	return found;
}

static int take_out(struct order_node *node, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static int take_out(struct order_node *node, const char *fmt, ...)
{
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vasprintf(&node->reason, fmt, ap);
	va_end(ap);
	node->out = true;
	if (len < 0)
		node->reason = NULL;
	return len < 0 ? -ENOMEM : 0;
}

static bool host_has(const struct job *j, const char *service)
{
	char id[1024];

	if (strlen(service) >= sizeof id)
		return false;
	strcpy(id, service);
	if (is_optional(id))
		id[strlen(id) - 1] = '\0';
	return j->host_has && j->host_has(j->user, id);
}

/* Index of the module that a requirement depends on, or -1: none, because the host has it or it is optional and absent. */
static long depends_on(const struct job *j, const char *service)
{
	long p;

	if (host_has(j, service))
		return -1;
	p = order_provider(j->nodes, j->n, service);
	return p >= 0 && !j->nodes[p].out ? p : -1;
}

static int check_missing(const struct job *j, struct order_node *node)
{
	const char *const *r;
	long p;

	for (r = node->requires_; r && *r; r++) {
		if (is_optional(*r) || host_has(j, *r))
			continue;
		p = order_provider(j->nodes, j->n, *r);
		if (p < 0)
			return take_out(node, "it requires \"%s\", which neither the host nor any module offers: install the module that "
					"does, or remove this one", *r);
		if (j->nodes[p].out)
			return take_out(node, "it requires \"%s\" of %s, which does not run: see its reason", *r, j->nodes[p].id);
	}
	return 0;
}

/* Takes out, until nothing changes, whoever lacks a requirement. */
static int take_out_missing(const struct job *j)
{
	bool changed = true;
	size_t i;
	int err;

	while (changed) {
		changed = false;
		for (i = 0; i < j->n; i++) {
			if (j->nodes[i].out)
				continue;
			err = check_missing(j, &j->nodes[i]);
			if (err < 0)
				return err;
			changed |= j->nodes[i].out;
		}
	}
	return 0;
}

static bool ready(const struct job *j, const struct order_node *node, bool with_optional)
{
	const char *const *r;
	long p;

	for (r = node->requires_; r && *r; r++) {
		if (is_optional(*r) && !with_optional)
			continue;
		p = depends_on(j, *r);
		if (p >= 0 && !j->placed[p])
			return false;
	}
	return true;
}

static long next_ready(const struct job *j, bool with_optional)
{
	long found = -1;
	size_t i;

	for (i = 0; i < j->n; i++) {
		if (j->nodes[i].out || j->placed[i] || !ready(j, &j->nodes[i], with_optional))
			continue;
		if (j->nodes[i].early)
			return (long)i;
		if (found < 0)
			found = (long)i;
	}
	return found;
}

/* The unplaced module that a node waits for, and the service. */
static long waits_for(const struct job *j, const struct order_node *node, const char **ret_service)
{
	const char *const *r;
	long p;

	for (r = node->requires_; r && *r; r++) {
		p = is_optional(*r) ? -1 : depends_on(j, *r);
		if (p >= 0 && !j->placed[p]) {
			*ret_service = *r;
			return p;
		}
	}
	return -1;
}

/* Every unplaced node waits for another unplaced one: whoever follows that far enough walks in a circle. ret_members and
 * ret_services (what each requires of the next) have room for n. */
static size_t find_cycle(const struct job *j, size_t *ret_members, const char **ret_services)
{
	const char *service;
	size_t i, at = 0, k = 0;

	for (i = 0; i < j->n; i++)
		if (!j->nodes[i].out && !j->placed[i])
			at = i;
	for (i = 0; i < j->n; i++)
		at = (size_t)waits_for(j, &j->nodes[at], &service);
	do {
		ret_members[k] = at;
		at = (size_t)waits_for(j, &j->nodes[at], &ret_services[k]);
		k++;
	} while (at != ret_members[0]);
	return k;
}

static int take_out_cycle(const struct job *j, const size_t *members, const char *const *services, size_t k)
{
	struct order_node *node, *next;
	int err = 0;
	size_t i;

	for (i = 0; i < k && !err; i++) {
		node = &j->nodes[members[i]];
		next = &j->nodes[members[(i + 1) % k]];
		if (k == 1)
			err = take_out(node, "it requires \"%s\", which it provides itself: remove it from its requirements",
				       services[0]);
		else
			err = take_out(node, "it requires \"%s\" of %s, which in turn waits for \"%s\": a cycle; make one of these "
				       "requirements optional", services[i], next->id, services[(i + 1) % k]);
	}
	return err;
}

static int break_cycle(const struct job *j)
{
	size_t *members = calloc(j->n, sizeof *members);
	const char **services = calloc(j->n, sizeof *services);
	int err = -ENOMEM;

	if (members && services)
		err = take_out_cycle(j, members, services, find_cycle(j, members, services));
	free(members);
	free(services);
	return err;
}

static int one_provider_each(struct order_node *nodes, size_t n, const struct job *j)
{
	const char *const *p;
	long first;
	size_t i;
	int err;

	for (i = 0; i < n; i++)
		for (p = nodes[i].provides; p && *p && !nodes[i].out; p++) {
			first = order_provider(nodes, n, *p);
			if (host_has(j, *p))
				err = take_out(&nodes[i], "it provides \"%s\", which the host offers itself: give the service another id",
					       *p);
			else if (first != (long)i)
				err = take_out(&nodes[i], "it provides \"%s\", which %s provides already: disable one of the two with --no-plugin",
					       *p, nodes[first].id);
			else
				continue;
			if (err < 0)
				return err;
		}
	return 0;
}

static long place_all(struct job *j, size_t *ret_order)
{
	long count = 0, i;
	int err;

	for (;;) {
		err = take_out_missing(j);
		if (err < 0)
			return err;
		while ((i = next_ready(j, true)) >= 0 || (i = next_ready(j, false)) >= 0) {
			j->placed[i] = true;
			ret_order[count++] = (size_t)i;
		}
		for (i = 0; i < (long)j->n; i++)
			if (!j->nodes[i].out && !j->placed[i])
				break;
		if (i == (long)j->n)
			return count;
		err = break_cycle(j);
		if (err < 0)
			return err;
	}
}

long order_resolve(struct order_node *nodes, size_t n, bool (*has)(void *user, const char *id), void *user, size_t *ret_order)
{
	struct job j = { nodes, n, has, user, calloc(n ? n : 1, sizeof(bool)) };
	long count;

	if (!j.placed)
		return -ENOMEM;
	count = one_provider_each(nodes, n, &j);
	if (!count)
		count = place_all(&j, ret_order);
	free(j.placed);
	return count;
}
