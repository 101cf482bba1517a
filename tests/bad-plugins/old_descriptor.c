/* SPDX-License-Identifier: MIT */
/* Nothing is wrong here: its descriptor ends behind load, as one of an older ABI would. What lies behind it must not be read. */
#include "plugin.h"

TRACED("old_descriptor")

#define OLD_SIZE (uint32_t)(offsetof(struct aerie_plugin, load) + sizeof(((struct aerie_plugin *)NULL)->load))

static void never(void *s)
{
	(void)s;
	abort();
}

static int never_start(void *s)
{
	(void)s;
	abort();
}

static const struct aerie_plugin plugin = {
	.abi = { AERIE_ABI_MAGIC, AERIE_ABI_MAJOR, AERIE_ABI_MINOR, 0, 0, OLD_SIZE },
	.id = "org.test.old_descriptor", .version = "1.0", .summary = "Test", .license = "MIT", .load = t_load,
	.start = never_start, .stop = never, .unload = never
};

AERIE_PLUGIN_EXPORT(plugin);
