/* SPDX-License-Identifier: MIT */
/* See auth.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth.h"
#include "login.h"
#include "upgrade.h"

static void note_login(struct auth_result *r, const char *role, const char *login)
{
	(void)snprintf(r->role, sizeof r->role, "%s", role);
	(void)snprintf(r->login, sizeof r->login, "%s", login);
}

static void check_password(const struct server *s, const char *user, const char *password, const char *peer, struct auth_result *r)
{
	const char *role = login_role(s->login, user, password, peer);

	if (role)
		note_login(r, role, user);
}

static void check_query(const struct server *s, struct MHD_Connection *c, const char *peer, struct auth_result *r)
{
	char *user, *password;

	if (!upgrade_login(c, &user, &password))
		return;
	check_password(s, user, password, peer, r);
	free(user);
	free(password);
}

void auth_request(const struct server *s, struct MHD_Connection *c, const struct aerie_http_request *req, uint32_t flags,
		  struct auth_result *ret_result)
{
	struct auth_result r = { .status = 0 };
	char *password = NULL, *user = MHD_basic_auth_get_username_password(c, &password);

	if (user && password)
		check_password(s, user, password, req->peer, &r);
	else if (!MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Authorization"))
		check_query(s, c, req->peer, &r);
	MHD_free(user);
	MHD_free(password);
	*ret_result = r;
}
