/* SPDX-License-Identifier: MIT */
/* What the tests of aerie.select/1 begin with: a core, a record with a value in every member, and one with none. */
#ifndef TESTS_UNIT_SELECTSUITE_H
#define TESTS_UNIT_SELECTSUITE_H

#include "selectworld.h"

static struct core *core;
static const struct aerie_host *h;
static struct aerie_rec *full, *bare;

static void setup(void)
{
	core = testcore_new();
	h = testcore_host(core);
	testcore_set_time(core, 1000000);
	world_define_all(core);
	full = world_record(core);
	bare = F->new_record(h, world_type);
}

static void teardown(void)
{
	F->free_record(full);
	F->free_record(bare);
	testcore_free(core);
}

#endif
