/* SPDX-License-Identifier: MIT */
/* Epochs: what is registered, seen as a whole. Expected behaviour: core/epoch.h. */
#include "host.h"

#include <pthread.h>
#include <stdatomic.h>

TestSuite(epoch, .init = up, .fini = down);

struct item {
	int value;
	_Atomic unsigned destroyed;
};

static void destroy(void *item)
{
	atomic_fetch_add(&((struct item *)item)->destroyed, 1);
}

static unsigned count(struct epoch *ep)
{
	return (unsigned)ep->n_regs[REG_OBSERVER];
}

Test(epoch, registration_is_visible_after_commit_in_order)
{
	struct module *m = module_new(&core, "org.test.m");
	struct item items[5] = { { .value = 0 }, { .value = 1 }, { .value = 2 }, { .value = 3 }, { .value = 4 } };
	struct epoch *before = epoch_pin(core.epochs), *ep;
	int i;

	for (i = 0; i < 5; i++)
		cr_assert_eq(module_register(m, REG_OBSERVER, &items[i], destroy), 0);
	ep = epoch_pin(core.epochs);
	cr_assert_eq(ep, before, "a transaction shows nothing");
	epoch_unpin(ep);
	cr_assert_eq(epochs_commit(core.epochs, m), 0);
	ep = epoch_pin(core.epochs);
	cr_assert_eq(ep->generation, before->generation + 1);
	cr_assert_eq(count(before), 0);
	cr_assert_eq(count(ep), 5);
	for (i = 0; i < 5; i++) {
		cr_assert_eq(ep->regs[REG_OBSERVER][i]->item, &items[i]);
		cr_assert_eq(ep->regs[REG_OBSERVER][i]->owner, m);
	}
	epoch_unpin(before);
	epoch_unpin(ep);
	module_free(m);
	for (i = 0; i < 5; i++)
		cr_assert_eq(items[i].destroyed, 1);
}

Test(epoch, entry_lives_until_the_last_pin_is_gone)
{
	struct module *m = module_new(&core, "org.test.m");
	struct item item = { .value = 1 };
	struct epoch *one, *two;

	cr_assert_eq(module_register(m, REG_OBSERVER, &item, destroy), 0);
	cr_assert_eq(epochs_commit(core.epochs, m), 0);
	cr_assert_eq(epochs_holding(core.epochs, m), 1);
	one = epoch_pin(core.epochs);
	two = epoch_pin(core.epochs);
	epochs_withdraw(core.epochs, m);
	cr_assert_eq(epochs_holding(core.epochs, m), 1);
	cr_assert_not(epochs_wait(core.epochs, m, 1));
	epoch_unpin(one);
	cr_assert_eq(item.destroyed, 0);
	epoch_unpin(two);
	cr_assert_eq(item.destroyed, 1);
	cr_assert_eq(epochs_holding(core.epochs, m), 0);
	cr_assert(epochs_wait(core.epochs, m, 0));
	module_free(m);
}

Test(epoch, withdrawing_one_module_leaves_the_others)
{
	struct module *a = module_new(&core, "org.test.a"), *b = module_new(&core, "org.test.b");
	struct item ia = { .value = 1 }, ib = { .value = 2 };
	struct epoch *ep;

	cr_assert_eq(module_register(a, REG_OBSERVER, &ia, destroy), 0);
	cr_assert_eq(module_register(b, REG_OBSERVER, &ib, destroy), 0);
	cr_assert_eq(epochs_commit(core.epochs, a), 0);
	cr_assert_eq(epochs_commit(core.epochs, b), 0);
	epochs_withdraw(core.epochs, a);
	ep = epoch_pin(core.epochs);
	cr_assert_eq(count(ep), 1);
	cr_assert_eq(ep->regs[REG_OBSERVER][0]->item, &ib);
	epoch_unpin(ep);
	cr_assert_eq(ia.destroyed, 1);
	cr_assert_eq(ib.destroyed, 0);
	module_free(a);
	module_free(b);
	cr_assert_eq(ib.destroyed, 1);
}

Test(epoch, second_commit_of_a_module_adds)
{
	struct module *m = module_new(&core, "org.test.m");
	struct item a = { .value = 1 }, b = { .value = 2 };
	struct epoch *ep;

	cr_assert_eq(module_register(m, REG_OBSERVER, &a, destroy), 0);
	cr_assert_eq(epochs_commit(core.epochs, m), 0);
	cr_assert_eq(module_register(m, REG_OBSERVER, &b, destroy), 0);
	cr_assert_eq(epochs_commit(core.epochs, m), 0);
	ep = epoch_pin(core.epochs);
	cr_assert_eq(count(ep), 2);
	cr_assert_eq(ep->n_owners, 1);
	epoch_unpin(ep);
	module_free(m);
	cr_assert(a.destroyed == 1 && b.destroyed == 1);
}

Test(epoch, registration_outside_load_is_refused_and_the_item_left_alone)
{
	struct module *m = module_new(&core, "org.test.m");
	struct item item = { .value = 1 };

	m->loading = false;
	cr_assert_eq(module_register(m, REG_OBSERVER, &item, destroy), -EPERM);
	cr_assert_str_eq(m->fail_text, "registration is legal only inside load()");
	module_free(m);
	cr_assert_eq(item.destroyed, 0);
}

Test(epoch, transaction_that_is_never_committed_is_destroyed_with_its_module)
{
	struct module *m = module_new(&core, "org.test.m");
	struct item item = { .value = 1 };

	cr_assert_eq(module_register(m, REG_ROUTE, &item, destroy), 0);
	module_free(m);
	cr_assert_eq(item.destroyed, 1);
}

static int sum(void *user, const struct reg *r)
{
	*(int *)user += ((struct item *)r->item)->value;
	return 0;
}

static int first(void *user, const struct reg *r)
{
	*(int *)user = ((struct item *)r->item)->value;
	return 7;
}

Test(epoch, duplicates_are_sought_in_what_is_visible_and_in_the_own_transaction)
{
	struct module *a = module_new(&core, "org.test.a"), *b = module_new(&core, "org.test.b"), *other = module_new(&core, "org.test.c");
	struct item ia = { .value = 1 }, ib = { .value = 10 }, hidden = { .value = 100 };
	int total = 0;

	module_register(a, REG_OBSERVER, &ia, destroy);
	cr_assert_eq(epochs_commit(core.epochs, a), 0);
	module_register(b, REG_OBSERVER, &ib, destroy);
	module_register(other, REG_OBSERVER, &hidden, destroy);
	cr_assert_eq(module_each_reg(b, REG_OBSERVER, sum, &total), 0);
	cr_assert_eq(total, 11);
	total = 0;
	cr_assert_eq(module_each_reg(a, REG_OBSERVER, sum, &total), 0);
	cr_assert_eq(total, 1, "not counted twice");
	cr_assert_eq(module_each_reg(b, REG_OBSERVER, first, &total), 7);
	cr_assert_eq(total, 1);
	module_free(a);
	module_free(b);
	module_free(other);
}

static struct {
	unsigned built, freed;
	bool fail;
} builds;

static void *build(void *user, const struct epoch *ep)
{
	size_t *n = malloc(sizeof *n);

	*n = ep->n_regs[REG_OBSERVER];
	builds.built++;
	if (builds.fail) {
		free(n);
		return NULL;
	}
	return n;
}

static void free_index(void *index)
{
	builds.freed++;
	free(index);
}

Test(epoch, builder_makes_an_index_of_every_epoch)
{
	struct module *m = module_new(&core, "org.test.m");
	struct item item = { .value = 1 };
	struct epoch *ep;

	memset(&builds, 0, sizeof builds);
	epochs_set_builder(core.epochs, REG_OBSERVER, build, free_index, NULL);
	ep = epoch_pin(core.epochs);
	cr_assert_eq(*(size_t *)ep->index[REG_OBSERVER], 0, "also of the first, empty one");
	epoch_unpin(ep);
	module_register(m, REG_OBSERVER, &item, destroy);
	cr_assert_eq(epochs_commit(core.epochs, m), 0);
	ep = epoch_pin(core.epochs);
	cr_assert_eq(*(size_t *)ep->index[REG_OBSERVER], 1);
	epoch_unpin(ep);
	cr_assert_eq(builds.freed, 1);
	module_free(m);
	cr_assert_eq(builds.built, 3);
	cr_assert_eq(builds.freed, 2);
}

Test(epoch, commit_without_memory_changes_nothing)
{
	struct module *m = module_new(&core, "org.test.m");
	struct item item = { .value = 1 };
	struct epoch *ep;

	memset(&builds, 0, sizeof builds);
	epochs_set_builder(core.epochs, REG_OBSERVER, build, free_index, NULL);
	module_register(m, REG_OBSERVER, &item, destroy);
	builds.fail = true;
	cr_assert_eq(epochs_commit(core.epochs, m), -ENOMEM);
	ep = epoch_pin(core.epochs);
	cr_assert_eq(count(ep), 0);
	epoch_unpin(ep);
	cr_assert_eq(item.destroyed, 0);
	cr_assert_eq(epochs_holding(core.epochs, m), 0);
	builds.fail = false;
	cr_assert_eq(epochs_commit(core.epochs, m), 0);
	module_free(m);
	cr_assert_eq(item.destroyed, 1);
}

static _Atomic bool quit;
static _Atomic unsigned broken, pins;

/* Every epoch has either both entries of a pair or none, and they are alive. */
static void *reader(void *user)
{
	struct item *a, *b;
	struct epoch *ep;

	while (!atomic_load(&quit)) {
		ep = epoch_pin(core.epochs);
		if (count(ep) == 2) {
			a = ep->regs[REG_OBSERVER][0]->item;
			b = ep->regs[REG_OBSERVER][1]->item;
			if (a->value != b->value || atomic_load(&a->destroyed))
				atomic_fetch_add(&broken, 1);
			atomic_fetch_add(&pins, 1);
		} else if (count(ep) != 0) {
			atomic_fetch_add(&broken, 1);
		}
		epoch_unpin(ep);
	}
	return NULL;
}

Test(epoch, readers_of_many_threads_see_whole_sets_of_living_entries)
{
	struct item *items = calloc(400, sizeof *items);
	pthread_t threads[3];
	struct module *m;
	unsigned seen;
	int i;

	atomic_store(&quit, false);
	atomic_store(&broken, 0);
	for (i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, reader, NULL);
	for (i = 0; i < 200; i++) {
		m = module_new(&core, "org.test.m");
		items[2 * i].value = items[2 * i + 1].value = i;
		module_register(m, REG_OBSERVER, &items[2 * i], destroy);
		module_register(m, REG_OBSERVER, &items[2 * i + 1], destroy);
		seen = atomic_load(&pins);
		cr_assert_eq(epochs_commit(core.epochs, m), 0);
		while (atomic_load(&pins) == seen)
			;
		epochs_withdraw(core.epochs, m);
		cr_assert(epochs_wait(core.epochs, m, 10000));
		cr_assert_eq(items[2 * i].destroyed, 1, "destroyed before epochs_holding() says 0");
		cr_assert_eq(items[2 * i + 1].destroyed, 1);
		module_free(m);
	}
	atomic_store(&quit, true);
	for (i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	cr_assert_eq(atomic_load(&broken), 0);
	free(items);
}
