/* SPDX-License-Identifier: MIT */
/* It provides a service, and then knows nothing of it. */
#include "plugin.h"

TRACED("lying_ext")

static const char *const provided[] = { "org.test.thing/1", NULL };

static const void *get_ext(void *s, const char *id)
{
	(void)s;
	(void)id;
	return NULL;
}

static const struct aerie_plugin plugin = { IDENTITY("lying_ext"), LIFE, .provides = provided, .get_ext = get_ext };

AERIE_PLUGIN_EXPORT(plugin);
