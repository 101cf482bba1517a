/* SPDX-License-Identifier: MIT */
/* Its start fails, and it provides a service that another needs. */
#include "plugin.h"

TRACED("fail_start")

static const struct aerie_host *host;

static const char *const provided[] = { "org.test.failing/1", NULL };

static const void *get_ext(void *s, const char *id)
{
	(void)s;
	return id;
}

static int load(const struct aerie_host *h, void **ret_state)
{
	host = h;
	return t_load(h, ret_state);
}

static int fail_step(void *s)
{
	(void)s;
	trace("fail_start", "start fails");
	return host->fail(host, -EADDRINUSE, "port 1 is taken: choose another");
}

static const struct aerie_plugin plugin = {
	IDENTITY("fail_start"), .load = load, .configure = t_configure, .start = fail_step, .quiesce = t_quiesce, .stop = t_stop,
	.provides = provided, .get_ext = get_ext,
	.unload = t_unload
};

AERIE_PLUGIN_EXPORT(plugin);
