/* SPDX-License-Identifier: MIT */
/* Epochs: the set of everything that is registered, swapped as a whole.
 *
 * One lock guards the current pointer and all reference counts; it is held for a few instructions only. What an epoch
 * contains never changes after it was made current, so readers need no lock while they hold a pin. The last unpin
 * frees the epoch's indexes and the entries that no other epoch holds, outside the lock, and only then counts the
 * epoch's owners down: when epochs_holding() says 0, no code of the module will run for its entries any more. */
#include <config.h>

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include <core/bus.h>
#include <core/epoch.h>

struct builder {
	void *(*build)(void *user, const struct epoch *ep);
	void (*free_index)(void *index);
	void *user;
};

struct epochs {
	pthread_mutex_t lock; /* guards current, all refs, module.held */
	pthread_cond_t freed;
	struct epoch *current;
	struct builder builders[REG_KINDS];
};

static void reg_destroy(struct reg *r)
{
	if (r->destroy)
		r->destroy(r->item);
	free(r);
}

/* Frees what the list (linked by next) holds. */
static void destroy_list(struct reg *list)
{
	struct reg *r;

	while ((r = list)) {
		list = r->next;
		reg_destroy(r);
	}
}

static void epoch_free_memory(struct epoch *ep)
{
	int k;

	for (k = 0; k < REG_KINDS; k++)
		free(ep->regs[k]);
	free(ep->owners);
	free(ep);
}

static void free_indexes(struct epoch *ep)
{
	int k;

	for (k = 0; k < REG_KINDS; k++)
		if (ep->index[k] && ep->epochs->builders[k].free_index)
			ep->epochs->builders[k].free_index(ep->index[k]);
}

/* Nobody refers to ep any more. */
static void epoch_release(struct epoch *ep)
{
	struct epochs *e = ep->epochs;
	struct reg *dead = NULL;
	size_t i;
	int k;

	free_indexes(ep);
	pthread_mutex_lock(&e->lock);
	for (k = 0; k < REG_KINDS; k++)
		for (i = 0; i < ep->n_regs[k]; i++)
			if (--ep->regs[k][i]->refs == 0) {
				ep->regs[k][i]->next = dead;
				dead = ep->regs[k][i];
			}
	pthread_mutex_unlock(&e->lock);
	destroy_list(dead);
	pthread_mutex_lock(&e->lock);
	for (i = 0; i < ep->n_owners; i++)
		ep->owners[i]->held--;
	pthread_cond_broadcast(&e->freed);
	pthread_mutex_unlock(&e->lock);
	epoch_free_memory(ep);
}

struct epoch *epoch_pin(struct epochs *e)
{
	struct epoch *ep;

	pthread_mutex_lock(&e->lock);
	ep = e->current;
	ep->refs++;
	pthread_mutex_unlock(&e->lock);
	return ep;
}

void epoch_unpin(struct epoch *ep)
{
	bool last;

	if (!ep)
		return;
	pthread_mutex_lock(&ep->epochs->lock);
	last = --ep->refs == 0;
	pthread_mutex_unlock(&ep->epochs->lock);
	if (last)
		epoch_release(ep);
}

void reg_hold(struct reg *r)
{
	struct epochs *e = r->owner->core->epochs;

	pthread_mutex_lock(&e->lock);
	r->refs++;
	r->owner->held++;
	pthread_mutex_unlock(&e->lock);
}

void reg_release(struct reg *r)
{
	struct module *owner = r->owner;
	struct epochs *e = owner->core->epochs;
	bool last;

	pthread_mutex_lock(&e->lock);
	last = --r->refs == 0;
	pthread_mutex_unlock(&e->lock);
	if (last)
		reg_destroy(r);
	pthread_mutex_lock(&e->lock);
	owner->held--;
	pthread_cond_broadcast(&e->freed);
	pthread_mutex_unlock(&e->lock);
}

static int add_owner(struct epoch *ep, struct module *m)
{
	struct module **owners;
	size_t i;

	for (i = 0; i < ep->n_owners; i++)
		if (ep->owners[i] == m)
			return 0;
	owners = realloc(ep->owners, (ep->n_owners + 1) * sizeof(struct module *));
	if (!owners)
		return -ENOMEM;
	ep->owners = owners;
	ep->owners[ep->n_owners++] = m;
	return 0;
}

static int add_reg(struct epoch *ep, struct reg *r)
{
	size_t n = ep->n_regs[r->kind];
	struct reg **regs;

	if ((n & (n - 1)) == 0) { /* 0 or a power of two: full */
		regs = realloc(ep->regs[r->kind], (n ? n * 2 : 1) * sizeof(struct reg *));
		if (!regs)
			return -ENOMEM;
		ep->regs[r->kind] = regs;
	}
	ep->regs[r->kind][n] = r;
	ep->n_regs[r->kind]++;
	return add_owner(ep, r->owner);
}

/* The entries of old, but those of `without`. Only the main thread changes what is current, so old needs no pin. */
static int copy_regs(struct epoch *ep, const struct epoch *old, const struct module *without)
{
	size_t i;
	int k, err;

	for (k = 0; k < REG_KINDS; k++)
		for (i = 0; i < old->n_regs[k]; i++)
			if (old->regs[k][i]->owner != without) {
				err = add_reg(ep, old->regs[k][i]);
				if (err < 0)
					return err;
			}
	return 0;
}

/* Puts the list's entries into ep, the newest last: the list is newest first. */
static int append_transaction(struct epoch *ep, struct reg *newest)
{
	struct reg *r, **order;
	size_t n = 0, i;
	int err = 0;

	for (r = newest; r; r = r->next)
		n++;
	if (!n)
		return 0;
	order = calloc(n, sizeof *order);
	if (!order)
		return -ENOMEM;
	for (r = newest, i = n; r; r = r->next)
		order[--i] = r;
	for (i = 0; i < n && !err; i++)
		err = add_reg(ep, order[i]);
	free(order);
	return err;
}

static int build_indexes(struct epoch *ep)
{
	struct builder *b;
	int k;

	for (k = 0; k < REG_KINDS; k++) {
		b = &ep->epochs->builders[k];
		if (!b->build)
			continue;
		ep->index[k] = b->build(b->user, ep);
		if (!ep->index[k])
			return -ENOMEM;
	}
	return 0;
}

/* Makes ep current; drops the old one. */
static void swap(struct epochs *e, struct epoch *ep)
{
	struct epoch *old;
	size_t i;
	bool last;
	int k;

	pthread_mutex_lock(&e->lock);
	for (k = 0; k < REG_KINDS; k++)
		for (i = 0; i < ep->n_regs[k]; i++)
			ep->regs[k][i]->refs++;
	for (i = 0; i < ep->n_owners; i++)
		ep->owners[i]->held++;
	old = e->current;
	e->current = ep;
	last = --old->refs == 0;
	pthread_mutex_unlock(&e->lock);
	if (last)
		epoch_release(old);
}

/* A new epoch: the current one, without one module's entries, with those of a transaction. */
static int advance(struct epochs *e, const struct module *without, struct reg *transaction)
{
	struct epoch *ep = calloc(1, sizeof *ep);
	int err;

	if (!ep)
		return -ENOMEM;
	ep->epochs = e;
	ep->refs = 1;
	ep->generation = e->current->generation + 1;
	err = copy_regs(ep, e->current, without);
	if (!err)
		err = append_transaction(ep, transaction);
	if (!err)
		err = build_indexes(ep);
	if (err < 0) {
		free_indexes(ep);
		epoch_free_memory(ep);
		return err;
	}
	swap(e, ep);
	return 0;
}

int epochs_commit(struct epochs *e, struct module *m)
{
	/* The module's entries that are visible already are left out and put back with the rest of its list. */
	return advance(e, m, m->regs);
}

void epochs_withdraw(struct epochs *e, struct module *m)
{
	struct reg *r, *next, *dead = NULL;

	if (!m->regs)
		return;
	if (epochs_holding(e, m) && advance(e, m, NULL) < 0) {
		bus_printf(m->core->bus, AERIE_LOG_ERROR, "memory is out: %s cannot be withdrawn and stays loaded", m->id);
		return;
	}
	pthread_mutex_lock(&e->lock);
	for (r = m->regs; r; r = next) {
		next = r->next;
		if (--r->refs == 0) {
			r->next = dead;
			dead = r;
		}
	}
	m->regs = NULL;
	pthread_mutex_unlock(&e->lock);
	destroy_list(dead);
}

unsigned epochs_holding(struct epochs *e, const struct module *m)
{
	unsigned held;

	pthread_mutex_lock(&e->lock);
	held = m->held;
	pthread_mutex_unlock(&e->lock);
	return held;
}

bool epochs_wait(struct epochs *e, const struct module *m, uint64_t timeout_ms)
{
	struct timespec until;
	bool free_of_it;
	int err = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)(timeout_ms / 1000);
	until.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&e->lock);
	while (m->held && err != ETIMEDOUT)
		err = pthread_cond_timedwait(&e->freed, &e->lock, &until);
	free_of_it = m->held == 0;
	pthread_mutex_unlock(&e->lock);
	return free_of_it;
}

struct epochs *epochs_new(void)
{
	struct epochs *e = calloc(1, sizeof *e);
	pthread_condattr_t attr;

	if (!e)
		return NULL;
	e->current = calloc(1, sizeof *e->current);
	if (!e->current) {
		free(e);
		return NULL;
	}
	e->current->epochs = e;
	e->current->refs = 1;
	pthread_mutex_init(&e->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&e->freed, &attr);
	pthread_condattr_destroy(&attr);
	return e;
}

void epochs_free(struct epochs *e)
{
	if (!e)
		return;
	epoch_unpin(e->current);
	pthread_cond_destroy(&e->freed);
	pthread_mutex_destroy(&e->lock);
	free(e);
}

void epochs_set_builder(struct epochs *e, enum reg_kind kind, void *(*build)(void *user, const struct epoch *ep),
			void (*free_index)(void *index), void *user)
{
	e->builders[kind] = (struct builder){ build, free_index, user };
	e->current->index[kind] = build(user, e->current);
}

int module_register(struct module *m, enum reg_kind kind, void *item, void (*destroy)(void *item))
{
	struct reg *r;

	if (!m->loading) {
		bus_printf(m->core->bus, AERIE_LOG_ERROR,
			   "%s registered something outside load(): refused; registration is legal only inside load()", m->id);
		return module_fail(m, -EPERM, "registration is legal only inside load()");
	}
	r = calloc(1, sizeof *r);
	if (!r)
		return -ENOMEM;
	*r = (struct reg){ .next = m->regs, .kind = kind, .owner = m, .item = item, .destroy = destroy, .refs = 1 };
	m->regs = r;
	return 0;
}

/* Entries of m that are visible are found in its own list, too: they are left to that. */
int module_each_reg(struct module *m, enum reg_kind kind, int (*fn)(void *user, const struct reg *r), void *user)
{
	struct epoch *ep = epoch_pin(m->core->epochs);
	const struct reg *r;
	int result = 0;
	size_t i;

	for (i = 0; i < ep->n_regs[kind] && !result; i++)
		if (ep->regs[kind][i]->owner != m)
			result = fn(user, ep->regs[kind][i]);
	for (r = m->regs; r && !result; r = r->next)
		if (r->kind == kind)
			result = fn(user, r);
	epoch_unpin(ep);
	return result;
}
