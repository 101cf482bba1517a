/* SPDX-License-Identifier: MIT */
/* Its start returns a number that has no meaning, after its load lived with a failure. */
#include "plugin.h"

TRACED("positive_start")

static int load(const struct aerie_host *h, void **ret_state)
{
	(void)h->fail(h, -ENOENT, "something that can be done without is missing");
	return t_load(h, ret_state);
}

static int start(void *state)
{
	t_start(state);
	return 7;
}

static const struct aerie_plugin plugin = {
	IDENTITY("positive_start"), .load = load, .configure = t_configure, .start = start, .quiesce = t_quiesce, .stop = t_stop,
	.unload = t_unload
};

AERIE_PLUGIN_EXPORT(plugin);
