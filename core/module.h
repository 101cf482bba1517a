/* SPDX-License-Identifier: MIT */
/* A loaded module as the core sees it: its face of the host, and what it registered. */
#ifndef CORE_MODULE_H
#define CORE_MODULE_H

#include <pthread.h>
#include <stdbool.h>

#include <core/core.h>

struct reg;

struct module {
	struct aerie_host host; /* handed to the module; host.priv points to this struct */
	struct core *core;
	char *id;
	pthread_mutex_t lock; /* guards fail_text, strs, n_strs, cap_strs */
	char *fail_text;     /* what host->fail() said last */
	bool loading;        /* registration is legal */
	struct reg *regs;    /* the transaction: what it registered, newest first (epoch.h) */
	const char *const *requires_; /* services it may ask for; NULL: any (the core itself, tests) */
	const struct aerie_str **strs; /* text it interned and has not released */
	size_t n_strs, cap_strs;
	struct aerie_timer *timers; /* loop.h */
	unsigned held; /* epochs and holds that have entries of it; under the lock of epochs */
};

static inline struct module *module_of(const struct aerie_host *h)
{
	return (struct module *)h->priv;
}

/* A module that is part of the program: the core's own, and those of unit tests. Registration is legal while
 * `loading` is set, which it is at first. Freed with module_free(), which releases its texts, timers and registrations. */
struct module *module_new(struct core *core, const char *id);
void module_free(struct module *m);

/* Releases what the module still holds: timers, posted calls, registrations, interned texts. [main] */
void module_sweep(struct module *m);

/* printf to host->fail(): keeps the text and returns err. */
int module_fail(struct module *m, int err, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#endif
