/* SPDX-License-Identifier: MIT */
/* It registers a subscriber in start instead of load. */
#include "plugin.h"

TRACED("register_late")

static const char *const required[] = { AERIE_BUS_SERVICE, NULL };
static const struct aerie_host *host;

static void on_message(void *user, const struct aerie_message *m)
{
	(void)user;
	(void)m;
}

static int load(const struct aerie_host *h, void **ret_state)
{
	host = h;
	return t_load(h, ret_state);
}

static int start(void *s)
{
	const struct aerie_bus *bus = host->get_service(host, AERIE_BUS_SERVICE);

	(void)s;
	return bus->subscribe_messages(host, on_message, NULL, NULL);
}

static const struct aerie_plugin plugin = { IDENTITY("register_late"), .requires_ = required, .load = load, .start = start,
					    .stop = t_stop, .unload = t_unload };

AERIE_PLUGIN_EXPORT(plugin);
