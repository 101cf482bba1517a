/* SPDX-License-Identifier: MIT */
/* The one login with a password: from the configuration, or kept as a hash in the home directory. */
#ifndef SERVER_LOGIN_H
#define SERVER_LOGIN_H

#include <stdbool.h>

#include "credentials.h"
#include "server.h"

#define LOGIN_DIGEST 32u
#define LOGIN_HASHES_WAITING 2u     /* password hashes that wait for their turn; each costs some 50 ms and 64 MiB */
#define LOGIN_PASSWORD_MIN 8u       /* octets of one that somebody sets */

struct login;

enum login_state {
	LOGIN_NONE,       /* there is none yet: somebody has to set it */
	LOGIN_FILE,       /* in the home directory */
	LOGIN_CONFIGURED, /* s->user and s->password; cannot be set */
};

/* s->user and s->password, when set; otherwise HOME/httpd_auth.conf. When there is no such file, one is made with a random password,
 * or, without `generate`, there is no login yet. On failure the reason was given to host->fail(). */
int login_new(const struct server *s, bool generate, struct login **ret_login);
void login_free(struct login *l);
enum login_state login_state(struct login *l);
/* Stands for a user and password, in memory only. */
void login_digest(const struct login *l, const char *user, const char *password, uint8_t ret_digest[LOGIN_DIGEST]);
/* Does login_check() take no time? */
bool login_is_quick(struct login *l);
/* Is it this login? 0; -EACCES; -EAGAIN: too many ask at the same time. [http] */
int login_check(struct login *l, const char *user, const char *password);
/* Makes this the login, and keeps it. -ENOTSUP: it is the configuration's; -EALREADY: `first` was asked for, and there is one; -ENOMEM; or
 * why the file could not be written. [http] */
int login_set(struct login *l, const char *user, const char *password, bool first);

#endif
