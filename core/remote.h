/* SPDX-License-Identifier: MIT */
/* Remote captures: capture programs that connect to this host, by TCP or WebSocket, and name the source they open.
 *
 * remote.c: who may connect, and what they say first; remote_tcp.c and remote_ws.c: how their octets come. What is said
 * after that is the source's business, as with a local program. */
#ifndef CORE_REMOTE_H
#define CORE_REMOTE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <core/core.h>
#include <core/transport.h>

#define REMOTE_ADDRESS 64u

/* One connection, for the limits. */
struct remote_peer {
	struct remote_peer *next;
	char address[REMOTE_ADDRESS]; /* without port */
};

struct remote_tcp;
struct greeting;

struct remote {
	struct core *core;
	struct remote_tcp *tcp;      /* [main] */
	struct announce *announce;   /* [main] */
	struct greeting *greetings;  /* [main] connections that have not said yet what they are */
	atomic_uint port;
	atomic_bool listening;
	uint32_t max_peers, max_peers_per_address; /* set before `listening` */
	uint64_t second;             /* [main] messages are limited per second ... */
	uint32_t messages, suppressed;
	pthread_mutex_t lock; /* guards what follows */
	struct remote_peer *peers;
	uint32_t n_peers;
};

/* Declares options, and the WebSocket route when the host has the service; the core's module must be loading. */
struct remote *remote_new(struct core *core);
void remote_listen(struct remote *r); /* from now on; says on the bus where, or why not */
void remote_stop(struct remote *r);   /* no more connections, and an end to those that have not said what they are */
void remote_free(struct remote *r);
/* The TCP port where they connect; 0: none. [any] */
uint32_t remote_port(const struct remote *r);

/* For the transports. */
/* Counts a connection from p->address: -EUSERS when there are too many, in all or from there; -EACCES: none are taken yet, or any more. [any] */
int remote_peer_add(struct remote *r, struct remote_peer *p);
void remote_peer_remove(struct remote *r, struct remote_peer *p); /* [any] */
/* Also those that the main thread has not heard of yet. [any] */
bool remote_has_peers(struct remote *r);
/* Takes the connection, and waits for what it says. peer_name: its address and, where it is known, port, for messages. */
void remote_greet(struct remote *r, struct transport *t, const struct remote_peer *peer, const char *peer_name);
void remote_log(struct remote *r, int level, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* remote_tcp.c: 0 and the port, or a negative errno. */
int remote_tcp_listen(struct remote *r, const char *address, uint32_t port, uint32_t *ret_port);
void remote_tcp_stop(struct remote *r);

/* remote_ws.c: 0, also when the host has no WebSocket routes. */
int remote_ws_register(struct remote *r);

#endif
