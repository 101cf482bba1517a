/* SPDX-License-Identifier: MIT */
/* Routes and serializers: matching, formats, roles, replies. Knows no sockets. The services are <aerie/http.h> and
 * <aerie/serializer.h>. */
#ifndef CORE_ROUTER_H
#define CORE_ROUTER_H

#include <core/core.h>

struct router *router_new(struct core *core); /* sets the epoch builder of its kinds */
void router_free(struct router *r);
/* --write-devices: a list of all devices, in the serializer that the suffix of path names. 0 or a negative errno and a text. */
int router_write_devices(struct router *r, const char *path, const char **ret_error);

extern const struct aerie_http http_service;
extern const struct aerie_serializers serializers_service;

#endif
