/* SPDX-License-Identifier: MIT */
/* It needs a newer minor of the ABI. */
#include "plugin.h"

TRACED("newer_minor")

static const struct aerie_plugin plugin = {
	.abi = { AERIE_ABI_MAGIC, AERIE_ABI_MAJOR, AERIE_ABI_MINOR + 7, AERIE_ABI_MINOR + 7, 0, (uint32_t)sizeof(struct aerie_plugin) },
	.id = "org.test.newer_minor", .version = "1.0", .summary = "Test", .license = "MIT", LIFE
};

AERIE_PLUGIN_EXPORT(plugin);
