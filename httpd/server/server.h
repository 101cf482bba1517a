/* SPDX-License-Identifier: MIT */
/* The HTTP transport's state, shared by its files. */
#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H

#include <stdatomic.h>
#include <stdbool.h>

#include <microhttpd.h>

#include <aerie/bus.h>
#include <aerie/config.h>
#include <aerie/fields.h>
#include <aerie/http.h>
#include <aerie/loop.h>
#include <aerie/packets.h>
#include <aerie/plugins.h>
#include <aerie/websocket.h>

struct auth;
struct auth_result;
struct clients;
struct handlers;
struct network;
struct tlsfront;
struct websocket;

struct server {
	const struct aerie_host *h;
	const struct aerie_http *http;
	const struct aerie_bus *bus;
	const struct aerie_config_service *config;
	const struct aerie_loop *loop;
	const struct aerie_websocket *websocket;
	const struct aerie_packets *packets;
	const struct aerie_plugins *plugins;

	const char *address, *user, *password, *home; /* the host's */
	uint16_t port;
	uint32_t threads, io_threads, connections, connections_per_address, timeout_s;
	uint64_t header_limit, body_limit, bodies_limit, request_us;
	uint32_t gzip; /* level; 0: none */
	const char *folder, *redirect_unknown; /* or "" */
	char *user_folder;
	const char **mime; /* "suffix:type" */
	uint32_t n_mime;
	char *prefix;      /* of all paths; "" or "/..." */
	struct network *trusted; /* proxies */
	uint32_t n_trusted;
	bool rfc7239;      /* proxies write Forwarded, not X-Forwarded-... */
	bool allow_cors;
	uint32_t ws_limit;
	uint64_t ws_ping_us;
	const char **origins; /* allowed ones */
	uint32_t n_origins;
	bool tls;
	char *cert, *key; /* PEM, with TLS */

	char name[64]; /* of the header Server */
	struct clients *clients;
	struct handlers *handlers; /* answer requests */
	struct handlers *writers;  /* make the rest of long replies */
	struct auth *auth;
	struct websocket *sockets;
	struct tlsfront *front; /* with TLS */
	struct MHD_Daemon *daemon;
	struct aerie_timer *timer; /* until the event loop runs */
	struct aerie_timer *tick;  /* of clients */
	int fd;                    /* listening */
};

/* connection.c: libmicrohttpd's callbacks. `cls` is the struct server. */
void *connection_uri(void *cls, const char *uri, struct MHD_Connection *c);
enum MHD_Result connection_request(void *cls, struct MHD_Connection *c, const char *url, const char *method,
				   const char *version, const char *upload, size_t *upload_size, void **exchange);
void connection_completed(void *cls, struct MHD_Connection *c, void **exchange, enum MHD_RequestTerminationCode code);
size_t connection_unescape(void *cls, struct MHD_Connection *c, char *text);
/* What auth_request() made of a request that a handler got. */
const struct auth_result *connection_auth(const struct aerie_http_request *req);

#endif
