/* SPDX-License-Identifier: MIT */
/* It declares an option whose range is no range. */
#include "plugin.h"

TRACED("option_bad_range")

static const struct aerie_option options[] = {
	AERIE_OPTION(AERIE_OPT_INT, 0, "test_number", "1", "9..1", "A number."),
	AERIE_OPTION_END
};

static const struct aerie_plugin plugin = { IDENTITY("option_bad_range"), LIFE, .options = options };

AERIE_PLUGIN_EXPORT(plugin);
