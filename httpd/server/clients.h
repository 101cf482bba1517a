/* SPDX-License-Identifier: MIT */
/* The connections there are: how many from one address, and since when each has been sending its request. libmicrohttpd only knows
 * when something last moved, so a client that sends an octet now and then would be served for ever. */
#ifndef SERVER_CLIENTS_H
#define SERVER_CLIENTS_H

#include "server.h"

#define CLIENTS_TICK_MS 500u
#define CLIENTS_QUIESCE_US 500000u /* for replies under way, when the server ends */

struct clients;
struct source;
struct sockaddr;

/* 0 or -ENOMEM. */
int clients_new(struct server *s, struct clients **ret_clients);
void clients_free(struct clients *all);
/* Cuts those whose request takes too long; a timer's function, user: struct clients. [main] */
void clients_tick(void *user);

/* The server ends: from now on, whoever connects is sent away. (MHD_quiesce_daemon() of libmicrohttpd 0.9.75 aborts the process when one of its
 * threads sees what it does before it is through.) [main] */
void clients_refuse(struct clients *all);
/* Lets replies under way finish for CLIENTS_QUIESCE_US, and cuts every connection but WebSockets. A reply holds what
 * its route needs, so a client that reads slowly must not be waited for. [main] */
void clients_quiesce(struct clients *all);

/* With TLS, connections count from when they are accepted until they are closed, also those that never get to libmicrohttpd. -EUSERS: their
 * address has too many. *ret_source is for clients_leave(); it may be NULL. */
int clients_enter(struct clients *all, const struct sockaddr *a, struct source **ret_source);
void clients_leave(struct clients *all, struct source *source);

/* Room for so many more octets of requests' bodies, of all together and of the connection's address, which *source, NULL at first, stands for:
 * none may have more than half of httpd_bodies_limit, or one body. False: there is none. */
bool clients_take_octets(struct clients *all, struct MHD_Connection *c, uint64_t octets, struct source **source);
void clients_give_octets(struct clients *all, struct source *source, uint64_t octets);

/* For libmicrohttpd: MHD_AcceptPolicyCallback and MHD_NotifyConnectionCallback; cls: struct clients. */
enum MHD_Result clients_accept(void *cls, const struct sockaddr *a, socklen_t len);
void clients_notify(void *cls, struct MHD_Connection *c, void **context, enum MHD_ConnectionNotificationCode code);

/* The request line and headers are there; more: so is not the body. */
void clients_headers(struct MHD_Connection *c, bool more);
/* The whole request is there. */
void clients_request(struct MHD_Connection *c);
/* It has become a WebSocket. */
void clients_upgraded(struct MHD_Connection *c);
/* It was answered: the next one may begin. */
void clients_answered(struct MHD_Connection *c);

#endif
