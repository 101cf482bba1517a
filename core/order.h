/* SPDX-License-Identifier: MIT */
/* The order in which modules start: those that provide a service before those that require it. */
#ifndef CORE_ORDER_H
#define CORE_ORDER_H

#include <stdbool.h>
#include <stddef.h>

struct order_node {
	const char *id;
	const char *const *provides;  /* NULL-terminated, or NULL */
	const char *const *requires_; /* a '?' at the end: optional */
	bool early;                   /* starts before those that are not, as far as requirements allow */
	bool out;                     /* takes no part; order_resolve() sets it for those that cannot */
	char *reason;                 /* why; on the heap */
};

/* Writes the indices of those that take part to ret_order (room for n) and returns their number, or -ENOMEM. A node whose
 * requirement is missing, does not run, or leads back to itself is taken out with a reason that names both parties. */
long order_resolve(struct order_node *nodes, size_t n, bool (*host_has)(void *user, const char *id), void *user,
		   size_t *ret_order);

/* The node that provides a service (without '?'), also one that is out; -1: nobody. Of several the first that is not out. */
long order_provider(const struct order_node *nodes, size_t n, const char *service);

#endif
