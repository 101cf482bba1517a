/* SPDX-License-Identifier: MIT */
/* It is built for another major of the ABI. */
#include "plugin.h"

TRACED("wrong_major")

static const struct aerie_plugin plugin = {
	.abi = { AERIE_ABI_MAGIC, AERIE_ABI_MAJOR + 1, 3, 0, 0, (uint32_t)sizeof(struct aerie_plugin) },
	.id = "org.test.wrong_major", .version = "1.0", .summary = "Test", .license = "MIT", LIFE
};

AERIE_PLUGIN_EXPORT(plugin);
