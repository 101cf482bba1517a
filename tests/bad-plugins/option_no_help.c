/* SPDX-License-Identifier: MIT */
/* It declares an option without help. */
#include "plugin.h"

TRACED("option_no_help")

static const struct aerie_option options[] = {
	AERIE_OPTION(AERIE_OPT_INT, 0, "test_number", "1", NULL, NULL),
	AERIE_OPTION_END
};

static const struct aerie_plugin plugin = { IDENTITY("option_no_help"), LIFE, .options = options };

AERIE_PLUGIN_EXPORT(plugin);
