/* SPDX-License-Identifier: MIT */
/* The one login: from the configuration, or made at the first start and kept as a hash. */
#ifndef SERVER_LOGIN_H
#define SERVER_LOGIN_H

#include "server.h"

#define LOGIN_CHECKS_PER_SECOND 4u /* password hashes; each costs some 50 ms and 64 MiB. More attempts count as wrong */
#define LOGIN_REMEMBERED_S 60u     /* a login that was right needs no hash for so long */

/* s->user and s->password, when set; otherwise HOME/httpd_auth.conf, which is made when there is none. On failure the
 * reason was given to host->fail(). */
int login_new(const struct server *s, struct login **ret_login);
void login_free(struct login *l);
/* The role of this user and password, or NULL: wrong. [http] */
const char *login_role(struct login *l, const char *user, const char *password, const char *peer);

#endif
