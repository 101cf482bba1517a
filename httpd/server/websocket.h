/* SPDX-License-Identifier: MIT */
/* WebSocket connections: one thread runs them all, from the answer 101 to the closed socket. */
#ifndef SERVER_WEBSOCKET_H
#define SERVER_WEBSOCKET_H

#include <aerie/websocket.h>

#include "auth.h"

struct websocket;
struct wsconn;

/* Starts the thread. On failure the reason was given to host->fail(). */
int websocket_new(const struct server *s, struct websocket **ret_websocket);
/* Takes no more connections and closes those there are (1001). Waits for that, but not for long. [main] */
void websocket_quiesce(struct websocket *w);
/* Cuts what is left and ends the thread. Until websocket_free(), upgrades that come late are turned away. [main] */
void websocket_stop(struct websocket *w);
void websocket_free(struct websocket *w); /* no libmicrohttpd thread may run any more */

/* A connection for a request that passed every check; it ends with its login. It takes the pin over, also when it fails: -EBUSY: too many connections;
 * -ESHUTDOWN: the server ends; -ENOMEM. [http] */
int websocket_conn_new(struct websocket *w, const struct aerie_ws_route *route, void *pin, const struct aerie_http_request *req,
		       const struct auth_grant *grant, struct wsconn **ret_conn);
/* It never was upgraded. [http] */
void websocket_conn_drop(struct wsconn *c);
/* It was; the thread has it from then on. extra: octets of the client that were read already. [http] */
void websocket_upgraded(struct wsconn *c, const char *extra, size_t n_extra, MHD_socket fd, struct MHD_UpgradeResponseHandle *urh);

#endif
