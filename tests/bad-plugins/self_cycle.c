/* SPDX-License-Identifier: MIT */
/* It requires a service that it provides itself. */
#include "plugin.h"

TRACED("self_cycle")

static const char *const provided[] = { "org.test.self/1", NULL };

static const void *get_ext(void *s, const char *id)
{
	(void)s;
	return id;
}

static const struct aerie_plugin plugin = { IDENTITY("self_cycle"), LIFE, .provides = provided, .requires_ = provided, .get_ext = get_ext };

AERIE_PLUGIN_EXPORT(plugin);
