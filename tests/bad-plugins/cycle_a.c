/* SPDX-License-Identifier: MIT */
/* It requires a service of cycle_b, which requires one of its own. */
#include "plugin.h"

TRACED("cycle_a")

static const char *const provided[] = { "org.test.a/1", NULL };
static const char *const required[] = { "org.test.b/1", NULL };

static const void *get_ext(void *s, const char *id)
{
	(void)s;
	return id;
}

static const struct aerie_plugin plugin = { IDENTITY("cycle_a"), LIFE, .provides = provided, .requires_ = required, .get_ext = get_ext };

AERIE_PLUGIN_EXPORT(plugin);
