/* SPDX-License-Identifier: MIT */
/* Nothing is wrong here: its descriptor is longer than the host's, as one of a newer ABI would be, and runs on this host, too. */
#include "plugin.h"

TRACED("new_descriptor")

static const struct {
	struct aerie_plugin plugin;
	uint64_t more[16];
} newer = {
	.plugin = {
		.abi = { AERIE_ABI_MAGIC, AERIE_ABI_MAJOR, AERIE_ABI_MINOR + 5, 0, 0, (uint32_t)sizeof newer },
		.id = "org.test.new_descriptor", .version = "1.0", .summary = "Test", .license = "MIT", LIFE
	},
	.more = { 1, 2, 3 },
};

AERIE_PLUGIN_EXPORT(newer.plugin);
