/* SPDX-License-Identifier: MIT */
/* Nothing is wrong here: it requires the service of a module whose file comes later in the alphabet. */
#include "plugin.h"

struct thing {
	uint32_t size;
	uint32_t answer;
};

TRACED("a_consumer")

static const char *const required[] = { "org.test.thing/1", "org.test.absent/1?", NULL };

static int load(const struct aerie_host *h, void **ret_state)
{
	const struct thing *t = h->get_service(h, "org.test.thing/1");

	if (!t || t->answer != 42)
		return h->fail(h, -ENOENT, "no thing");
	if (h->get_service(h, "org.test.absent/1"))
		return h->fail(h, -EINVAL, "an absent service answered");
	h->log(h, AERIE_LOG_INFO, "the thing says 42");
	return t_load(h, ret_state);
}

static const struct aerie_plugin plugin = {
	IDENTITY("a_consumer"), .requires_ = required, .load = load, .configure = t_configure, .start = t_start,
	.quiesce = t_quiesce, .stop = t_stop, .unload = t_unload
};

AERIE_PLUGIN_EXPORT(plugin);
