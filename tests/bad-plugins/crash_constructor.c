/* SPDX-License-Identifier: MIT */
/* It crashes while it is being loaded, unless AERIE_TEST_BEHAVE is set: the same file may do better the next time. */
#include "plugin.h"

TRACED("crash_constructor")

__attribute__((constructor)) static void crash(void)
{
	if (!getenv("AERIE_TEST_BEHAVE"))
		abort();
}

static const struct aerie_plugin plugin = { IDENTITY("crash_constructor"), LIFE };

AERIE_PLUGIN_EXPORT(plugin);
