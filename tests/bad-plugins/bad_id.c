/* SPDX-License-Identifier: MIT */
/* Its id has a space and a slash. */
#include "plugin.h"

TRACED("bad_id")

static const struct aerie_plugin plugin = {
	.abi = AERIE_ABI_INIT, .id = "my plugin/1", .version = "1.0", .summary = "Test", .license = "MIT", LIFE
};

AERIE_PLUGIN_EXPORT(plugin);
