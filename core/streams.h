/* SPDX-License-Identifier: MIT */
/* Exports that are under way. The service is <aerie/stream.h>. */
#ifndef CORE_STREAMS_H
#define CORE_STREAMS_H

#include <core/core.h>

struct streams *streams_new(struct core *core);
void streams_free(struct streams *all);

extern const struct aerie_streams streams_service;

#endif
