/* SPDX-License-Identifier: MIT */
/* It reads an option in another type than it declares. */
#include "plugin.h"

TRACED("wrong_option_type")

static const char *const required[] = { AERIE_CONFIG_SERVICE, NULL };
static const struct aerie_option options[] = {
	AERIE_OPTION(AERIE_OPT_INT, 0, "test_number", "1", NULL, "A number."),
	AERIE_OPTION_END
};
static const struct aerie_config_service *service;

static int load(const struct aerie_host *h, void **ret_state)
{
	service = h->get_service(h, AERIE_CONFIG_SERVICE);
	return t_load(h, ret_state);
}

static int configure(void *s, const struct aerie_config *c)
{
	uint64_t v;

	(void)s;
	(void)service->get_duration(c, "test_number", &v); /* and it does not even look at the result */
	return 0;
}

static const struct aerie_plugin plugin = {
	IDENTITY("wrong_option_type"), .requires_ = required, .options = options, .load = load, .configure = configure,
	.start = t_start, .unload = t_unload
};

AERIE_PLUGIN_EXPORT(plugin);
