/* SPDX-License-Identifier: MIT */
/* A core for unit tests: interned text, registry, message bus, and a module of its own as the owner of definitions; and
 * a visitor that writes down what it is told. */
#ifndef TESTS_UNIT_TESTCORE_H
#define TESTS_UNIT_TESTCORE_H

#include <stdbool.h>
#include <stddef.h>

#include <core/core.h>

struct core *testcore_new(void);
void testcore_free(struct core *core); /* aborts when a text was not released */
/* Sets the clock of core->loop (made when first called), which record_visit() reads. */
void testcore_set_time(struct core *core, uint64_t time_s);
const struct aerie_host *testcore_host(const struct core *core); /* of core->self */
const char *testcore_fail_text(const struct core *core);       /* what was told last, "" for nothing; forgets it */

/* Writes compact JSON; counts that begin_map() and begin_list() promise are checked. */
struct recorder {
	char *text;
	size_t len, cap;
	unsigned depth;
	struct {
		uint32_t left;
		bool map, want_value, first;
	} level[40];
	const char *wrong; /* what broke the rules of <aerie/visitor.h>, or NULL */
	int fail_after;    /* calls until one fails with -EIO; negative: never */
};

extern const struct aerie_visitor recorder_visitor;
void recorder_init(struct recorder *r);
void recorder_reset(struct recorder *r); /* frees the text */
/* What a record looks like; aborts when the visit fails or breaks rules. To be freed. */
char *recorder_show(struct core *core, const struct aerie_rec *rec);

#endif
