/* SPDX-License-Identifier: MIT */
/* It has no version, which is required. */
#include "plugin.h"

TRACED("no_version")

static const struct aerie_plugin plugin = {
	.abi = AERIE_ABI_INIT, .id = "org.test.no_version", .summary = "Test", .license = "MIT", LIFE
};

AERIE_PLUGIN_EXPORT(plugin);
