/* SPDX-License-Identifier: MIT */
/* It is a shared object, but has no entry function. */
#include "plugin.h"

AERIE_EXPORT int something_else(void);
int something_else(void)
{
	return 0;
}
