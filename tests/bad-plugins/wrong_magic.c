/* SPDX-License-Identifier: MIT */
/* The magic number is another one. */
#include "plugin.h"

TRACED("wrong_magic")

static const struct aerie_plugin plugin = {
	.abi = { 0x12345678, AERIE_ABI_MAJOR, AERIE_ABI_MINOR, 0, 0, (uint32_t)sizeof(struct aerie_plugin) },
	.id = "org.test.wrong_magic", .version = "1.0", .summary = "Test", .license = "MIT", LIFE
};

AERIE_PLUGIN_EXPORT(plugin);
