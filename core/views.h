/* SPDX-License-Identifier: MIT */
/* Named parts of the device store. The service is <aerie/views.h>. */
#ifndef CORE_VIEWS_H
#define CORE_VIEWS_H

#include <core/core.h>

struct views *views_new(struct core *core);
void views_free(struct views *all); /* the pipeline is gone */

/* A datasource that is or was open: the view of the devices that it heard. Lives as long as views; the same UUID has one.
 * NULL when memory is out, or the UUID is none. [main] */
struct heard *views_source(struct views *all, const struct aerie_uuid *uuid);
/* One more device was heard by it. [any] */
void heard_count(struct heard *by);
/* One that a datasource heard was forgotten; `all` may be NULL. [any] */
void views_discount(struct views *all, const struct aerie_uuid *uuid);

extern const struct aerie_views views_service;

#endif
