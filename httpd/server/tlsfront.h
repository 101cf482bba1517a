/* SPDX-License-Identifier: MIT */
/* TLS before the HTTP server: accepts, and passes what it decrypts to libmicrohttpd over a pair of sockets. */
#ifndef SERVER_TLSFRONT_H
#define SERVER_TLSFRONT_H

#include "server.h"

struct tlsfront;

/* Starts the thread on s->fd for s->daemon, which does not listen itself. 0 or a negative errno. [main] */
int tlsfront_new(const struct server *s, struct tlsfront **ret_front);
void tlsfront_quiesce(struct tlsfront *f); /* accepts no more */
/* Ends the connections that are left, and the thread. libmicrohttpd must still run, or have ended. [main] */
void tlsfront_free(struct tlsfront *f);

#endif
