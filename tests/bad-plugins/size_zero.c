/* SPDX-License-Identifier: MIT */
/* Its descriptor says that it has no octets. */
#include "plugin.h"

TRACED("size_zero")

static const struct aerie_plugin plugin = {
	.abi = { AERIE_ABI_MAGIC, AERIE_ABI_MAJOR, AERIE_ABI_MINOR, 0, 0, 0 },
	.id = "org.test.size_zero", .version = "1.0", .summary = "Test", .license = "MIT", LIFE
};

AERIE_PLUGIN_EXPORT(plugin);
