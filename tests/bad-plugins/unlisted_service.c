/* SPDX-License-Identifier: MIT */
/* It asks for a service that it does not list, and lives with the refusal. */
#include "plugin.h"

TRACED("unlisted_service")

static int load(const struct aerie_host *h, void **ret_state)
{
	if (h->get_service(h, AERIE_BUS_SERVICE))
		return h->fail(h, -EINVAL, "it got what it did not list");
	return t_load(h, ret_state);
}

static const struct aerie_plugin plugin = { IDENTITY("unlisted_service"), .load = load, .start = t_start, .stop = t_stop,
					    .unload = t_unload };

AERIE_PLUGIN_EXPORT(plugin);
