/* SPDX-License-Identifier: MIT */
/* Its descriptor says that it has four gigabytes. */
#include "plugin.h"

TRACED("size_huge")

static const struct aerie_plugin plugin = {
	.abi = { AERIE_ABI_MAGIC, AERIE_ABI_MAJOR, AERIE_ABI_MINOR, 0, 0, 0xffffffffu },
	.id = "org.test.size_huge", .version = "1.0", .summary = "Test", .license = "MIT", LIFE
};

AERIE_PLUGIN_EXPORT(plugin);
