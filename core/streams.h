/* SPDX-License-Identifier: MIT */
/* Exports that are under way. The service is <aerie/stream.h>. */
#ifndef CORE_STREAMS_H
#define CORE_STREAMS_H

#include <core/core.h>

#define STREAMS_MAX 4096u /* at a time; more: -ENOSPC */

struct streams *streams_new(struct core *core);
void streams_free(struct streams *all);
/* Closes the streams that a module left open. Nothing of the module may run any more. */
void streams_sweep(struct streams *all, struct module *m);

extern const struct aerie_streams streams_service;

#endif
