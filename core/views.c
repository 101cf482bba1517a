/* SPDX-License-Identifier: MIT */
/* Named parts of the device store. The service is <aerie/views.h>. */
#include <stdlib.h>

#include <core/views.h>

struct views {
	struct core *core;
};

struct views *views_new(struct core *core)
{
	struct views *all = calloc(1, sizeof *all);

	if (all)
		all->core = core;
	return all;
}

void views_free(struct views *all)
{
	free(all);
}

const struct aerie_views views_service = {
	.size = sizeof views_service,
};
