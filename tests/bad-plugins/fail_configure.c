/* SPDX-License-Identifier: MIT */
/* Its configure fails. */
#include "plugin.h"

TRACED("fail_configure")

static const struct aerie_host *host;

static int load(const struct aerie_host *h, void **ret_state)
{
	host = h;
	return t_load(h, ret_state);
}

static int fail_step(void *s, const struct aerie_config *c)
{
	(void)s;
	(void)c;
	trace("fail_configure", "configure fails");
	return host->fail(host, -EINVAL, "test_colour is blue: use another colour");
}

static const struct aerie_plugin plugin = {
	IDENTITY("fail_configure"), .load = load, .configure = fail_step, .start = t_start, .quiesce = t_quiesce, .stop = t_stop,
	.unload = t_unload
};

AERIE_PLUGIN_EXPORT(plugin);
