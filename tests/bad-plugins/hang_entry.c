/* SPDX-License-Identifier: MIT */
/* Its entry function never returns. */
#include <unistd.h>

#include "plugin.h"

AERIE_EXPORT const struct aerie_plugin *aerie_plugin_entry(void);
const struct aerie_plugin *aerie_plugin_entry(void)
{
	for (;;)
		pause();
}
