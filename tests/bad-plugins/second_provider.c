/* SPDX-License-Identifier: MIT */
/* It provides the service that provider provides. */
#include "plugin.h"

TRACED("second_provider")

static const char *const provided[] = { "org.test.thing/1", NULL };

static const void *get_ext(void *s, const char *id)
{
	(void)s;
	return id;
}

static const struct aerie_plugin plugin = { IDENTITY("second_provider"), LIFE, .provides = provided, .get_ext = get_ext };

AERIE_PLUGIN_EXPORT(plugin);
