/* SPDX-License-Identifier: MIT */
/* It has no load, which is required. */
#include "plugin.h"

TRACED("no_load")

static const struct aerie_plugin plugin = { IDENTITY("no_load"), .start = t_start };

AERIE_PLUGIN_EXPORT(plugin);
