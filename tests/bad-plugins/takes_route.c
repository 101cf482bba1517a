/* SPDX-License-Identifier: MIT */
/* It wants a path that one of the host's own modules has. */
#include "plugin.h"

TRACED("takes_route")

static int handle(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	(void)user;
	(void)req;
	(void)rep;
	return -ENOENT;
}

static int load(const struct aerie_host *h, void **ret_state)
{
	const struct aerie_http *http = h->get_service(h, AERIE_HTTP_SERVICE);
	const struct aerie_route route = {
		.size = sizeof route, .methods = AERIE_HTTP_GET, .path = "/system/status", .summary = "Another status", .help = "None.",
		.handle = handle,
	};
	int err = http->register_route(h, &route);

	trace("takes_route", "load");
	*ret_state = NULL;
	return err;
}

static const char *const requirements[] = { AERIE_HTTP_SERVICE, NULL };
static const struct aerie_plugin plugin = {
	IDENTITY("takes_route"), .requires_ = requirements, .load = load, .configure = t_configure, .start = t_start,
	.quiesce = t_quiesce, .stop = t_stop, .unload = t_unload
};

AERIE_PLUGIN_EXPORT(plugin);
