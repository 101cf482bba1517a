/* SPDX-License-Identifier: MIT */
/* Its load crashes, which no probe sees, unless AERIE_TEST_BEHAVE is set. */
#include "plugin.h"

TRACED("crash_load")

static int load(const struct aerie_host *h, void **ret_state)
{
	if (!getenv("AERIE_TEST_BEHAVE"))
		abort();
	return t_load(h, ret_state);
}

static const struct aerie_plugin plugin = {
	IDENTITY("crash_load"), .load = load, .configure = t_configure, .start = t_start, .quiesce = t_quiesce, .stop = t_stop,
	.unload = t_unload
};

AERIE_PLUGIN_EXPORT(plugin);
