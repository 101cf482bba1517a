/* SPDX-License-Identifier: MIT */
/* It requires an option to be set. */
#include "plugin.h"

TRACED("option_required")

static const struct aerie_option options[] = {
	AERIE_OPTION(AERIE_OPT_STR, AERIE_OPT_REQUIRED, "test_required", NULL, NULL, "A text."),
	AERIE_OPTION_END
};

static const struct aerie_plugin plugin = { IDENTITY("option_required"), LIFE, .options = options };

AERIE_PLUGIN_EXPORT(plugin);
