/* SPDX-License-Identifier: MIT */
/* The options of the HTTP server. */
#ifndef SERVER_SETTINGS_H
#define SERVER_SETTINGS_H

#include "server.h"

extern const struct aerie_option settings_options[];

/* Takes and checks them all. On failure the reason was given to host->fail(). */
int settings_configure(struct server *s, const struct aerie_config *c);
void settings_unload(struct server *s);

#endif
