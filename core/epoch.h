/* SPDX-License-Identifier: MIT */
/* Everything that modules registered, as an immutable, reference-counted set: an epoch.
 *
 * Registration adds to the module's transaction. When the module has started, epochs_commit() builds a new epoch with its
 * entries and swaps one pointer; epochs_withdraw() builds one without them. A reader pins an epoch and sees one
 * consistent set until it unpins. An entry is destroyed when the last epoch that holds it is gone. */
#ifndef CORE_EPOCH_H
#define CORE_EPOCH_H

#include <core/module.h>

enum reg_kind {
	REG_ROUTE,      /* item: struct route (router.c) */
	REG_SERIALIZER, /* item: struct serializer (router.c) */
	REG_DECODER,    /* item: struct decoder (pipeline.c) */
	REG_PHY,        /* item: struct phy (pipeline.c) */
	REG_OBSERVER,   /* item: struct observer (pipeline.c) */
	REG_DRIVER,     /* item: struct driver (sources.c) */
	REG_SUBSCRIBER, /* item: struct subscriber (bus.c) */
	REG_WS,         /* item: struct route, of a WebSocket (wsroutes.c) */
	REG_VIEW,       /* item: struct view (views.c) */
	REG_KINDS
};

struct reg {
	struct reg *next; /* in the module's transaction */
	enum reg_kind kind;
	struct module *owner;
	void *item;
	void (*destroy)(void *item); /* frees the item and calls the plugin's own destroy */
	unsigned refs;               /* the transaction, epochs and holds; under the lock of epochs */
};

struct epoch {
	struct epochs *epochs;
	uint64_t generation;
	struct reg **regs[REG_KINDS]; /* in order of registration */
	size_t n_regs[REG_KINDS];
	void *index[REG_KINDS]; /* what the builder of the kind made of the whole epoch; NULL without builder */
	unsigned refs;          /* under the lock of epochs */
	struct module **owners; /* each once, of the entries */
	size_t n_owners;
};

struct epochs *epochs_new(void);
void epochs_free(struct epochs *e); /* every module must have been withdrawn */

/* A part that wants a compiled form of its registrations (a route table, a decoder table). build runs on the main
 * thread for every new epoch (at once for the first, empty one), under no lock; NULL: memory is out. free_index when the
 * epoch goes, on the thread that held it last. Set before the first commit. */
void epochs_set_builder(struct epochs *e, enum reg_kind kind, void *(*build)(void *user, const struct epoch *ep),
			void (*free_index)(void *index), void *user);

/* Adds to m's transaction. -EPERM with a message when m is not loading. On failure item is left alone. */
int module_register(struct module *m, enum reg_kind kind, void *item, void (*destroy)(void *item));
/* Calls fn for every visible entry of a kind and for those in m's own transaction (to find duplicates). */
int module_each_reg(struct module *m, enum reg_kind kind, int (*fn)(void *user, const struct reg *r), void *user);

int epochs_commit(struct epochs *e, struct module *m);    /* [main] */
void epochs_withdraw(struct epochs *e, struct module *m); /* [main] new readers no longer see m */
/* How many pinned epochs, and holds, still have entries of m. 0 after withdraw: safe to stop and unload. [any] */
unsigned epochs_holding(struct epochs *e, const struct module *m);

/* Waits until epochs_holding() is 0; false when that takes longer than timeout_ms. [main] */
bool epochs_wait(struct epochs *e, const struct module *m, uint64_t timeout_ms);

struct epoch *epoch_pin(struct epochs *e);  /* [any] never NULL */
void epoch_unpin(struct epoch *ep);         /* [any] */

/* Keeps one entry of a pinned epoch beyond the pin: for what lives so long that no other module's entries should wait
 * for it. [any] */
void reg_hold(struct reg *r);
void reg_release(struct reg *r);

#endif
