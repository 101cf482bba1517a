/* SPDX-License-Identifier: MIT */
/* A core with the parts of every module's life: epochs, bus, loop. For the tests of the host. */
#ifndef TESTS_UNIT_HOST_H
#define TESTS_UNIT_HOST_H

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <core/bus.h>
#include <core/epoch.h>
#include <core/loop.h>
#include <core/module.h>

static struct core core;

static inline uint64_t clock_of_test(void *user)
{
	return 1700000000123456u;
}

static inline void up(void)
{
	memset(&core, 0, sizeof core);
	core.epochs = epochs_new();
	core.bus = bus_new(&core);
	core.loop = loop_new(&core);
	core.self = module_new(&core, "core");
	loop_set_clock(core.loop, clock_of_test, NULL);
}

static inline void down(void)
{
	module_free(core.self);
	epochs_free(core.epochs);
	loop_free(core.loop);
	bus_free(core.bus);
}

#endif
