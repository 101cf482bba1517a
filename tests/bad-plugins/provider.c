/* SPDX-License-Identifier: MIT */
/* Nothing is wrong here: it provides a service. */
#include "plugin.h"

TRACED("provider")

static const char *const provided[] = { "org.test.thing/1", NULL };

/* A service of one number. */
struct thing {
	uint32_t size;
	uint32_t answer;
};
static const struct thing thing = { sizeof(struct thing), 42 };

static const void *get_ext(void *s, const char *id)
{
	(void)s;
	(void)id;
	return &thing;
}

static const struct aerie_plugin plugin = { IDENTITY("provider"), LIFE, .provides = provided, .get_ext = get_ext };

AERIE_PLUGIN_EXPORT(plugin);
