/* SPDX-License-Identifier: MIT */
/* Start order of modules. Expected: <aerie/plugin.h>, "provides" and "requires_". */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include <core/order.h>

#define LIST(...) (const char *const[]) { __VA_ARGS__, NULL }

static bool host_has(void *user, const char *id)
{
	return !strcmp(id, "aerie.bus/1");
}

static void resolve(struct order_node *nodes, size_t n, const char *expected)
{
	size_t order[16];
	char got[256] = "";
	long count = order_resolve(nodes, n, host_has, NULL, order), i;

	for (i = 0; i < count; i++) {
		strcat(got, i ? " " : "");
		strcat(got, nodes[order[i]].id);
	}
	cr_assert_str_eq(got, expected);
}

static void done(struct order_node *nodes, size_t n)
{
	while (n--)
		free(nodes[n].reason);
}

Test(order, without_requirements_it_is_the_order_found)
{
	struct order_node n[] = { { .id = "c" }, { .id = "a", .requires_ = LIST("aerie.bus/1") }, { .id = "b" } };

	resolve(n, 3, "c a b");
	resolve(NULL, 0, "");
}

Test(order, early_ones_come_first_unless_they_require_another)
{
	struct order_node n[] = { { .id = "x" }, { .id = "y", .provides = LIST("y/1") }, { .id = "own", .early = true },
				  { .id = "own-of-y", .requires_ = LIST("y/1"), .early = true }, { .id = "z" } };

	resolve(n, 5, "own x y own-of-y z");
}

Test(order, providers_come_first_through_several_steps)
{
	struct order_node n[] = { { .id = "a", .requires_ = LIST("y/1") },
				  { .id = "b", .provides = LIST("y/1"), .requires_ = LIST("z/1", "aerie.bus/1") },
				  { .id = "c", .provides = LIST("x/1", "z/1") } };

	resolve(n, 3, "c b a");
}

Test(order, optional_requirement_orders_when_present_and_is_ignored_when_absent)
{
	struct order_node n[] = { { .id = "a", .requires_ = LIST("y/1?", "nowhere/1?", "aerie.bus/1?") }, { .id = "b", .provides = LIST("y/1") } };

	resolve(n, 2, "b a");
}

Test(order, optional_requirement_of_one_that_is_out_does_not_matter)
{
	struct order_node n[] = { { .id = "a", .requires_ = LIST("y/1?") },
				  { .id = "b", .provides = LIST("y/1"), .requires_ = LIST("nowhere/1") } };

	resolve(n, 2, "a");
	done(n, 2);
}

Test(order, cycle_with_an_optional_edge_is_broken_there)
{
	struct order_node n[] = { { .id = "a", .provides = LIST("a/1"), .requires_ = LIST("b/1?") },
				  { .id = "b", .provides = LIST("b/1"), .requires_ = LIST("a/1") } };

	resolve(n, 2, "a b");
}

Test(order, missing_service_takes_out_a_chain)
{
	struct order_node n[] = { { .id = "a", .requires_ = LIST("b/1") },
				  { .id = "b", .provides = LIST("b/1"), .requires_ = LIST("c/1") },
				  { .id = "c", .provides = LIST("c/1"), .requires_ = LIST("nowhere/1") },
				  { .id = "d" } };

	resolve(n, 4, "d");
	cr_assert_str_eq(n[2].reason, "it requires \"nowhere/1\", which neither the host nor any module offers: install the module that does, "
				      "or remove this one");
	cr_assert_str_eq(n[1].reason, "it requires \"c/1\" of c, which does not run: see its reason");
	cr_assert_str_eq(n[0].reason, "it requires \"b/1\" of b, which does not run: see its reason");
	done(n, 4);
}

Test(order, cycle_of_three_takes_out_its_members_and_those_behind_and_no_other)
{
	struct order_node n[] = { { .id = "lead", .requires_ = LIST("a/1") },
				  { .id = "a", .provides = LIST("a/1"), .requires_ = LIST("b/1") },
				  { .id = "b", .provides = LIST("b/1"), .requires_ = LIST("c/1") },
				  { .id = "c", .provides = LIST("c/1"), .requires_ = LIST("a/1", "good/1") },
				  { .id = "good", .provides = LIST("good/1") } };

	resolve(n, 5, "good");
	cr_assert_str_eq(n[0].reason, "it requires \"a/1\" of a, which does not run: see its reason");
	cr_assert_str_eq(n[1].reason, "it requires \"b/1\" of b, which in turn waits for \"c/1\": a cycle; make one of these requirements optional");
	cr_assert_str_eq(n[2].reason, "it requires \"c/1\" of c, which in turn waits for \"a/1\": a cycle; make one of these requirements optional");
	cr_assert_str_eq(n[3].reason, "it requires \"a/1\" of a, which in turn waits for \"b/1\": a cycle; make one of these requirements optional");
	done(n, 5);
}

Test(order, two_cycles_are_both_found)
{
	struct order_node n[] = { { .id = "a", .provides = LIST("a/1"), .requires_ = LIST("b/1") },
				  { .id = "b", .provides = LIST("b/1"), .requires_ = LIST("a/1") },
				  { .id = "c", .provides = LIST("c/1"), .requires_ = LIST("c/1") } };

	resolve(n, 3, "");
	cr_assert(n[0].out && n[1].out && n[2].out);
	cr_assert_str_eq(n[2].reason, "it requires \"c/1\", which it provides itself: remove it from its requirements");
	done(n, 3);
}

Test(order, first_provider_of_a_service_is_used)
{
	struct order_node n[] = { { .id = "a", .provides = LIST("s/1") }, { .id = "b", .provides = LIST("s/1") },
				  { .id = "c", .provides = LIST("aerie.bus/1") }, { .id = "d", .provides = LIST("s/10") } };

	resolve(n, 4, "a d");
	cr_assert_str_eq(n[1].reason, "it provides \"s/1\", which a provides already: disable one of the two with --no-plugin");
	cr_assert_str_eq(n[2].reason, "it provides \"aerie.bus/1\", which the host offers itself: give the service another id");
	done(n, 4);
}

Test(order, provider_that_is_left_out_gives_way_to_the_next)
{
	struct order_node n[] = { { .id = "a", .provides = LIST("s/1"), .out = true }, { .id = "b", .provides = LIST("s/1") },
				  { .id = "c", .requires_ = LIST("s/1") } };

	resolve(n, 3, "b c");
}
