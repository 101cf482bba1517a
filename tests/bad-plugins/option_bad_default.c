/* SPDX-License-Identifier: MIT */
/* It declares an option whose default is outside of its range. */
#include "plugin.h"

TRACED("option_bad_default")

static const struct aerie_option options[] = {
	AERIE_OPTION(AERIE_OPT_INT, 0, "test_number", "100", "1..9", "A number."),
	AERIE_OPTION_END
};

static const struct aerie_plugin plugin = { IDENTITY("option_bad_default"), LIFE, .options = options };

AERIE_PLUGIN_EXPORT(plugin);
