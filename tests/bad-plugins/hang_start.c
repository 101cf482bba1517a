/* SPDX-License-Identifier: MIT */
/* Its start never returns. */
#include <unistd.h>

#include "plugin.h"

TRACED("hang_start")

static int start(void *state)
{
	t_start(state);
	while (pause() < 0)
		;
	return 0;
}

static const struct aerie_plugin plugin = {
	IDENTITY("hang_start"), .load = t_load, .configure = t_configure, .start = start, .quiesce = t_quiesce, .stop = t_stop,
	.unload = t_unload
};

AERIE_PLUGIN_EXPORT(plugin);
