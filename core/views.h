/* SPDX-License-Identifier: MIT */
/* Named parts of the device store. The service is <aerie/views.h>. */
#ifndef CORE_VIEWS_H
#define CORE_VIEWS_H

#include <core/core.h>

struct views *views_new(struct core *core);
void views_free(struct views *all);

extern const struct aerie_views views_service;

#endif
