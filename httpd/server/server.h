/* SPDX-License-Identifier: MIT */
/* The HTTP transport's state, shared by its files. */
#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H

#include <stdbool.h>

#include <microhttpd.h>

#include <aerie/bus.h>
#include <aerie/config.h>
#include <aerie/fields.h>
#include <aerie/http.h>
#include <aerie/loop.h>
#include <aerie/websocket.h>

struct auth;
struct auth_result;
struct tlsfront;
struct websocket;

struct server {
	const struct aerie_host *h;
	const struct aerie_http *http;
	const struct aerie_bus *bus;
	const struct aerie_config_service *config;
	const struct aerie_loop *loop;
	const struct aerie_websocket *websocket;

	const char *address, *user, *password, *home; /* the host's */
	uint16_t port;
	uint32_t threads, connections, connections_per_address, timeout_s;
	uint64_t body_limit;
	uint32_t ws_limit;
	uint64_t ws_ping_us;
	const char **origins; /* allowed ones */
	uint32_t n_origins;
	bool tls;
	char *cert, *key; /* PEM, with TLS */

	struct auth *auth;
	struct websocket *sockets;
	struct tlsfront *front; /* with TLS */
	struct MHD_Daemon *daemon;
	struct aerie_timer *timer; /* until the event loop runs */
	int fd;                    /* listening */
	bool quiesced;             /* MHD has given fd back */
};

/* connection.c: one request, from its URI to its reply. `cls` is the struct server. */
void *connection_uri(void *cls, const char *uri, struct MHD_Connection *c);
enum MHD_Result connection_request(void *cls, struct MHD_Connection *c, const char *url, const char *method,
				   const char *version, const char *upload, size_t *upload_size, void **exchange);
void connection_completed(void *cls, struct MHD_Connection *c, void **exchange, enum MHD_RequestTerminationCode code);
size_t connection_unescape(void *cls, struct MHD_Connection *c, char *text);
/* What auth_request() made of a request that a handler got. */
const struct auth_result *connection_auth(const struct aerie_http_request *req);

#endif
