/* SPDX-License-Identifier: MIT */
/* Allocations that fail when a test wants it. The linker puts the functions made with WRAP in place of those of the libraries
 * (-Wl,--wrap=NAME). */
#ifndef TESTS_UNIT_FAILING_H
#define TESTS_UNIT_FAILING_H

#include <stdbool.h>
#include <stddef.h>

static long allocations, fail_at; /* fail_at 0: none does */
static bool fail_on;              /* and all behind it */

static bool fails(void)
{
	if (!fail_at)
		return false;
	allocations++;
	return fail_on ? allocations >= fail_at : allocations == fail_at;
}

/* Visible, since libraries name some of them themselves. */
#define SEEN __attribute__((visibility("default")))
#define WRAP(type, name, parameters, arguments)       \
	type __real_##name parameters;                \
	SEEN type __wrap_##name parameters;           \
	type __wrap_##name parameters                 \
	{                                             \
		return fails() ? NULL : __real_##name arguments; \
	}

WRAP(void *, malloc, (size_t n), (n))
WRAP(void *, calloc, (size_t n, size_t size), (n, size))
WRAP(void *, realloc, (void *p, size_t n), (p, n))

#endif
