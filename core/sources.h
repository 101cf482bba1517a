/* SPDX-License-Identifier: MIT */
/* Datasources: definitions, drivers, capture processes and their life cycle. */
#ifndef CORE_SOURCES_H
#define CORE_SOURCES_H

#include <stdbool.h>

#include <core/core.h>

struct sources *sources_new(struct core *core);
/* Opens a definition "interface:option=value,...". [main] The result comes later: as messages, in the source's record, and in
 * sources_failed(). A malformed definition or unknown option is told at once: -EINVAL and a text. */
int sources_add(struct sources *s, const char *definition, const char **ret_error);
/* What of a definition can be checked before there is any driver; NULL: of the configuration. -EINVAL and a text, -ENOMEM. */
int sources_check(struct sources *s, const char *definition, const char **ret_error);
/* From now on capture programs of other machines may connect. [main] */
void sources_listen(struct sources *s);
/* done(user) on the main thread once no source is running or on its way, and all packets have been processed. */
void sources_when_done(struct sources *s, void (*done)(void *user), void *user);
unsigned sources_failed(const struct sources *s); /* sources that ended with an error */
void sources_tell_failed(struct sources *s); /* each, with its reason */
void sources_stop(struct sources *s); /* ends capture processes and waits for them, within 2 s; then kills */
void sources_free(struct sources *s);

extern const struct aerie_sources sources_service;

#endif
