/* SPDX-License-Identifier: MIT */
/* It requires something that is no service id. */
#include "plugin.h"

TRACED("bad_service_id")

static const char *const required[] = { "thing", NULL };

static const struct aerie_plugin plugin = { IDENTITY("bad_service_id"), LIFE, .requires_ = required };

AERIE_PLUGIN_EXPORT(plugin);
