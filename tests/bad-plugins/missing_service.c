/* SPDX-License-Identifier: MIT */
/* It requires a service that nobody offers. */
#include "plugin.h"

TRACED("missing_service")

static const char *const required[] = { "org.test.nowhere/1", NULL };

static const struct aerie_plugin plugin = { IDENTITY("missing_service"), LIFE, .requires_ = required };

AERIE_PLUGIN_EXPORT(plugin);
