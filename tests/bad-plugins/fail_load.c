/* SPDX-License-Identifier: MIT */
/* Its load fails. */
#include "plugin.h"

TRACED("fail_load")

static int load(const struct aerie_host *h, void **ret_state)
{
	(void)ret_state;
	trace("fail_load", "load fails");
	return h->fail(h, -ENOENT, "no table of makers in /usr/share/test: install the package test-data");
}

static const struct aerie_plugin plugin = {
	IDENTITY("fail_load"), .load = load, .configure = t_configure, .start = t_start, .quiesce = t_quiesce, .stop = t_stop,
	.unload = t_unload
};

AERIE_PLUGIN_EXPORT(plugin);
