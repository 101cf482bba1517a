/* SPDX-License-Identifier: MIT */
/* Nothing is wrong here: it must run whatever happens around it. */
#include "plugin.h"

TRACED("good")

static const struct aerie_plugin plugin = { IDENTITY("good"), LIFE };

AERIE_PLUGIN_EXPORT(plugin);
