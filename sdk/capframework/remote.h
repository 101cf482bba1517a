/* SPDX-License-Identifier: MIT */
/* What remote capture is put together of. */
#ifndef CAP_REMOTE_H
#define CAP_REMOTE_H

#include "handler.h"

#define CONNECT_TIMEOUT_MS 10000
#define RETRY_S 5u
#define PORT_TCP "3501"
#define PORT_WEB "2501"
#define ANNOUNCE_PORT 2501u
#define ENDPOINT "/datasource/remote/remotesource.ws"

struct address {
	char host[256], port[32];
};

/* "host", "host:port", "[v6]:port". 0, or -1: neither. */
int parse_address(const char *text, const char *default_port, struct address *ret);
/* A connected, non-blocking socket, or -1 with a reason. */
int connect_tcp(const struct address *to, char *why, size_t room);
/* Waits for the announcement of a host, of the one with this UUID unless NULL. 0, or -1 with a reason. */
int await_announcement(unsigned port, const char *uuid, bool tcp, struct address *ret, char *why, size_t room);
/* Is it one? uuid: NULL or 36 characters. Fills the port, leaves the host alone. */
bool parse_announcement(const void *data, size_t len, const char *uuid, bool tcp, struct address *ret);
/* Makes the connected socket a WebSocket: the handler's transport. 0, or -1 with a reason. */
int websocket_start(struct aeriecap *cap, int fd, const struct address *to, char *why, size_t room);
/* secret.c: a password or key. The first line of a file that the user may read: 0, or -1, told on standard error. */
int secret_from_file(const struct aeriecap *cap, const char *option, const char *path, char **to);
/* Of the environment, unless there is one: 0, or -1: no memory. */
int secret_from_environment(const char *name, char **to);
/* Takes it out of the command line, where other users see it. */
void secret_hide(char *argument);
bool websocket_available(void);
bool tls_available(void);

#endif
