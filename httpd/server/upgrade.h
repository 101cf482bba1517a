/* SPDX-License-Identifier: MIT */
/* From a request to a WebSocket: whether it asks for one, may have it, and how that is answered. */
#ifndef SERVER_UPGRADE_H
#define SERVER_UPGRADE_H

#include "websocket.h"

/* Does the request, a GET, ask for a WebSocket? */
bool upgrade_asked(struct MHD_Connection *c);
/* The route of a request without role; -ENOENT: there is none, and the request is to be answered as any other. */
int upgrade_exists(const struct server *s, const struct aerie_http_request *req);
/* Checks the handshake. 0, or the status of the refusal and its text. */
unsigned upgrade_check(const struct server *s, struct MHD_Connection *c, const char *version,
		       const struct aerie_http_request *req, const char **ret_text);
/* After that, with the role of the login and what it stands on: 0 and the connection with the answer for it, or the status of the refusal and its text. */
unsigned upgrade_accept(const struct server *s, struct MHD_Connection *c, const struct aerie_http_request *req,
			const struct auth_grant *grant, MHD_UpgradeHandler handler, struct wsconn **ret_conn, struct MHD_Response **ret_response, const char **ret_text);

#endif
