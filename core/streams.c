/* SPDX-License-Identifier: MIT */
/* Exports that are under way. The service is <aerie/stream.h>. */
#include <stdlib.h>

#include <core/streams.h>

struct streams {
	struct core *core;
};

struct streams *streams_new(struct core *core)
{
	struct streams *all = calloc(1, sizeof *all);

	if (all)
		all->core = core;
	return all;
}

void streams_free(struct streams *all)
{
	free(all);
}

const struct aerie_streams streams_service = {
	.size = sizeof streams_service,
};
