/* SPDX-License-Identifier: MIT */
/* Memory that is out at any point: each allocation of a call fails once, alone and with all behind it. The call must say so, or do
 * without, and leave nothing behind (which the sanitizers see). The linker puts these functions in place of those of the libraries. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <criterion/criterion.h>

#include <errno.h>

#include <core/recording.h>

#include "failing.h"
#include "selectworld.h"

WRAP(char *, strndup, (const char *text, size_t n), (text, n))
WRAP(pcre2_compile_context *, pcre2_compile_context_create_8, (pcre2_general_context *g), (g))
WRAP(pcre2_match_context *, pcre2_match_context_create_8, (pcre2_general_context *g), (g))
WRAP(pcre2_match_data *, pcre2_match_data_create_8, (uint32_t n, pcre2_general_context *g), (n, g))
WRAP(pcre2_jit_stack *, pcre2_jit_stack_create_8, (PCRE2_SIZE first, PCRE2_SIZE max, pcre2_general_context *g), (first, max, g))

pcre2_code *__real_pcre2_compile_8(PCRE2_SPTR pattern, PCRE2_SIZE len, uint32_t options, int *err, PCRE2_SIZE *at, pcre2_compile_context *c);
SEEN pcre2_code *__wrap_pcre2_compile_8(PCRE2_SPTR pattern, PCRE2_SIZE len, uint32_t options, int *err, PCRE2_SIZE *at, pcre2_compile_context *c);
pcre2_code *__wrap_pcre2_compile_8(PCRE2_SPTR pattern, PCRE2_SIZE len, uint32_t options, int *err, PCRE2_SIZE *at, pcre2_compile_context *c)
{
	if (!fails())
		return __real_pcre2_compile_8(pattern, len, options, err, at, c);
	*err = PCRE2_ERROR_HEAP_FAILED;
	return NULL;
}

static struct core *core;
static const struct aerie_host *h;
static struct aerie_rec *full;

static void setup(void)
{
	core = testcore_new();
	h = testcore_host(core);
	testcore_set_time(core, 1000000);
	world_define_all(core);
	full = world_record(core);
}

static void teardown(void)
{
	fail_at = 0;
	F->free_record(full);
	testcore_free(core);
}

TestSuite(select_memory, .init = setup, .fini = teardown);

/* Runs a function with each of its allocations failing, until it makes no more. It returns what it found: -ENOMEM, or 0. */
static void with_each_failing(int (*run)(void), long at_least)
{
	long n;
	int r, last = -ENOMEM;

	for (n = 1; n < 1000; n++) {
		for (int all = 0; all < 2; all++) {
			allocations = 0;
			fail_on = all;
			fail_at = n;
			r = run();
			fail_at = 0;
			cr_assert(r == -ENOMEM || !r, "allocation %ld: %d", n, r);
			last = r;
		}
		if (allocations < n)
			break;
	}
	cr_expect_eq(last, 0, "without a failure it succeeds");
	cr_expect_gt(n, at_least, "%ld allocations", n);
}

static const struct aerie_value *value;

static int make_selection(void)
{
	struct aerie_selection *s = NULL;
	struct recorder r;
	char why[256];
	long failing = fail_at;
	int err = S->selection_new(h, value, &s, why, sizeof why);

	cr_assert(!err == !!s);
	if (err)
		return err;
	fail_at = 0; /* the recorder allocates, and cannot do without */
	recorder_init(&r);
	err = S->visit(h, s, full, &recorder_visitor, &r);
	cr_assert_str_eq(r.text, "{\"a\":200,\"leaf.ssid\":[\"home\",\"caf\xc3\xa9\"],\"never\":0}");
	recorder_reset(&r);
	S->selection_free(s);
	fail_at = failing;
	return err;
}

Test(select_memory, selections)
{
	value = value_make("[[\"w.u8\",\"a\"],\"w.list/leaf.ssid\",\"never\"]");
	with_each_failing(make_selection, 10);
	value_drop(value);
}

static int count_u64(void *v, uint64_t n)
{
	++*(int *)v;
	return 0;
}

/* The plan is made with the first record. */
static int make_plan(void)
{
	struct aerie_visitor vt = look_visitor;
	struct aerie_selection *s = NULL;
	struct aerie_order o = { 0 };
	long failing = fail_at;
	char why[256];
	int err, seen = 0;

	fail_at = 0;
	cr_assert_eq(S->selection_new(h, value, &s, why, sizeof why), 0);
	fail_at = failing;
	vt.u64 = count_u64;
	err = S->visit(h, s, full, &vt, &seen);
	cr_assert_eq(seen, err ? 0 : 1);
	if (err)
		cr_assert(fail_on ? S->order(h, s, 0, full, &o) == -ENOMEM : !S->order(h, s, 0, full, &o));
	S->selection_free(s);
	return err;
}

Test(select_memory, plans)
{
	value = value_make("[\"w.u8\"]");
	with_each_failing(make_plan, 1);
	value_drop(value);
}

static int make_filter(void)
{
	struct aerie_filter *f = NULL;
	char why[256];
	int err = S->filter_new(h, value, &f, why, sizeof why);

	cr_assert(!err == !!f);
	if (err)
		return err;
	(void)S->filter_matches(h, f, full);
	S->filter_free(f);
	return 0;
}

Test(select_memory, filters)
{
	value = value_make("[[\"w.name\",\"Kitchen\"],[\"w.mac\",\"^AA\"]]");
	with_each_failing(make_filter, 10);
	value_drop(value);
}

static int make_recording(void)
{
	struct aerie_recording *r = S->recording_new(h, 1 << 20);
	uint64_t at = 0;
	int err;

	if (!r)
		return -ENOMEM;
	err = S->visit(h, NULL, full, S->recording_visitor, r);
	cr_assert_eq(S->recording_play(h, r, &at, NULL, &look_visitor, NULL), err ? -ENODATA : 0);
	S->recording_free(r);
	return err;
}

Test(select_memory, recordings)
{
	with_each_failing(make_recording, 4);
}
