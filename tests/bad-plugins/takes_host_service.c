/* SPDX-License-Identifier: MIT */
/* It provides a service that the host offers itself. */
#include "plugin.h"

TRACED("takes_host_service")

static const char *const provided[] = { "aerie.bus/1", NULL };

static const void *get_ext(void *s, const char *id)
{
	(void)s;
	return id;
}

static const struct aerie_plugin plugin = { IDENTITY("takes_host_service"), LIFE, .provides = provided, .get_ext = get_ext };

AERIE_PLUGIN_EXPORT(plugin);
