/* SPDX-License-Identifier: MIT */
/* Nothing is wrong with it, but it requires a service of fail_start. */
#include "plugin.h"

TRACED("needs_failed")

static const char *const required[] = { "org.test.failing/1", NULL };

static const struct aerie_plugin plugin = { IDENTITY("needs_failed"), LIFE, .requires_ = required };

AERIE_PLUGIN_EXPORT(plugin);
