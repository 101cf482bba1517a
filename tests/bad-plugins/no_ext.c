/* SPDX-License-Identifier: MIT */
/* It provides a service but has no function that answers for it. */
#include "plugin.h"

TRACED("no_ext")

static const char *const provided[] = { "org.test.thing/1", NULL };

static const struct aerie_plugin plugin = { IDENTITY("no_ext"), LIFE, .provides = provided };

AERIE_PLUGIN_EXPORT(plugin);
