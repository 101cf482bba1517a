/* SPDX-License-Identifier: MIT */
/* It has the id of good. */
#include "plugin.h"

TRACED("same_id")

static const struct aerie_plugin plugin = { IDENTITY("good"), LIFE };

AERIE_PLUGIN_EXPORT(plugin);
