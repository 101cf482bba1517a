/* SPDX-License-Identifier: MIT */
/* It wants a thread model that no ABI has. */
#include "plugin.h"

TRACED("thread_model")

static const struct aerie_plugin plugin = { IDENTITY("thread_model"), LIFE, .thread_model = 77 };

AERIE_PLUGIN_EXPORT(plugin);
