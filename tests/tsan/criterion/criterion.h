/* SPDX-License-Identifier: MIT */
/* A stand-in for criterion in TSan builds: the tests of a file run one after the other in one process, and the first failure
 * ends it. Criterion starts each test in a process with shared memory at an address that TSan keeps for itself. Only what
 * our threaded tests use; a test that expects a signal or a status is left out. */
#ifndef TSAN_CRITERION_H
#define TSAN_CRITERION_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct criterion_test_extra_data {
	void (*init)(void);
	void (*fini)(void);
	int signal, exit_code;
	double timeout;
	bool disabled;
	const char *description;
};

struct tsan_test {
	struct tsan_test *next;
	const char *suite, *name;
	void (*run)(void);
	struct criterion_test_extra_data data;
};

/* Tests, and suites (run is NULL), last registered first. */
__attribute__((weak)) struct tsan_test *tsan_tests;

#define TSAN_REGISTER(id, suite_name, test_name, fn, ...)                                       \
	__attribute__((constructor)) static void id##_register(void)                            \
	{                                                                                       \
		static struct tsan_test t = { .suite = suite_name, .name = test_name, .run = fn, \
					      .data = { .init = NULL, ##__VA_ARGS__ } };        \
		t.next = tsan_tests;                                                            \
		tsan_tests = &t;                                                                \
	}                                                                                       \
	_Static_assert(1, "")

#define Test(suite, name, ...)                                                      \
	static void suite##_##name##_run(void);                                     \
	_Pragma("GCC diagnostic push") _Pragma("GCC diagnostic ignored \"-Woverride-init\"") \
	TSAN_REGISTER(suite##_##name, #suite, #name, suite##_##name##_run, ##__VA_ARGS__);    \
	_Pragma("GCC diagnostic pop")                                               \
	static void suite##_##name##_run(void)
#define TestSuite(suite, ...)                                                       \
	_Pragma("GCC diagnostic push") _Pragma("GCC diagnostic ignored \"-Woverride-init\"") \
	TSAN_REGISTER(suite##_suite, #suite, NULL, NULL, ##__VA_ARGS__);            \
	_Pragma("GCC diagnostic pop")

__attribute__((weak)) int main(void)
{
	struct tsan_test *t, *s, *turned = NULL;
	int n = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	while ((t = tsan_tests)) { /* in the order of the file */
		tsan_tests = t->next;
		t->next = turned;
		turned = t;
	}
	for (t = turned; t; t = t->next) {
		struct tsan_test *suite = NULL;

		for (s = turned; s; s = s->next)
			if (!s->run && strcmp(s->suite, t->suite) == 0)
				suite = s;
		if (!t->run || t->data.disabled || t->data.signal || t->data.exit_code)
			continue;
		printf("%s::%s\n", t->suite, t->name);
		if (suite && suite->data.init)
			suite->data.init();
		if (t->data.init)
			t->data.init();
		t->run();
		if (t->data.fini)
			t->data.fini();
		if (suite && suite->data.fini)
			suite->data.fini();
		n++;
	}
	printf("%d tests\n", n);
	return n ? 0 : 1;
}

static inline void tsan_check(bool good, const char *text, const char *file, int line)
{
	if (good)
		return;
	printf("%s:%d: failed: %s\n", file, line, text);
	exit(1);
}

#define TSAN_CHECK(condition, text) tsan_check((condition), text, __FILE__, __LINE__)

#define cr_assert(condition, ...) TSAN_CHECK(condition, #condition)
#define cr_assert_not(condition, ...) TSAN_CHECK(!(condition), "not " #condition)
#define cr_assert_eq(a, b, ...) TSAN_CHECK((a) == (b), #a " == " #b)
#define cr_assert_neq(a, b, ...) TSAN_CHECK((a) != (b), #a " != " #b)
#define cr_assert_lt(a, b, ...) TSAN_CHECK((a) < (b), #a " < " #b)
#define cr_assert_leq(a, b, ...) TSAN_CHECK((a) <= (b), #a " <= " #b)
#define cr_assert_gt(a, b, ...) TSAN_CHECK((a) > (b), #a " > " #b)
#define cr_assert_geq(a, b, ...) TSAN_CHECK((a) >= (b), #a " >= " #b)
#define cr_assert_null(a, ...) TSAN_CHECK((a) == NULL, #a " is NULL")
#define cr_assert_not_null(a, ...) TSAN_CHECK((a) != NULL, #a " is not NULL")
#define cr_assert_str_eq(a, b, ...) TSAN_CHECK(strcmp(a, b) == 0, #a " is " #b)
#define cr_assert_str_neq(a, b, ...) TSAN_CHECK(strcmp(a, b) != 0, #a " is not " #b)
#define cr_assert_arr_eq(a, b, n, ...) TSAN_CHECK(memcmp(a, b, n) == 0, #a " is " #b)
#define cr_assert_arr_neq(a, b, n, ...) TSAN_CHECK(memcmp(a, b, n) != 0, #a " is not " #b)
#define cr_assert_float_eq(a, b, e, ...) TSAN_CHECK(fabs((double)(a) - (double)(b)) <= (double)(e), #a " == " #b)
#define cr_assert_fail(...) TSAN_CHECK(false, "reached")
#define cr_fail(...) TSAN_CHECK(false, "reached")
#define cr_fatal(...) TSAN_CHECK(false, "reached")
#define cr_expect cr_assert
#define cr_expect_not cr_assert_not
#define cr_expect_eq cr_assert_eq
#define cr_expect_neq cr_assert_neq
#define cr_expect_lt cr_assert_lt
#define cr_expect_leq cr_assert_leq
#define cr_expect_gt cr_assert_gt
#define cr_expect_geq cr_assert_geq
#define cr_expect_null cr_assert_null
#define cr_expect_not_null cr_assert_not_null
#define cr_expect_str_eq cr_assert_str_eq
#define cr_expect_str_neq cr_assert_str_neq
#define cr_expect_arr_eq cr_assert_arr_eq
#define cr_expect_float_eq cr_assert_float_eq
#define cr_log_info(...) ((void)0)
#define cr_log_warn(...) ((void)0)
#define cr_redirect_stdout() ((void)0)
#define cr_redirect_stderr() ((void)0)

#endif
