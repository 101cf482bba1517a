/* SPDX-License-Identifier: MIT */
/* The threads that run routes. libmicrohttpd ties each connection to one of its threads, so a route that waits for a source, hashes a
 * password or searches a million devices would hold up all connections of that thread. So its threads move octets, and answer what is known to
 * answer at once; any other request is suspended there and answered here. The server has two pools: one answers requests, and one, which gives way to everything
 * else, has what may take long: routes that say so, and the rest of long replies. So no list delays a short answer or the packets.
 * Within a pool clients share the time of its threads evenly, and long jobs leave one thread to others: a client with many searches delays
 * another's list little. */
#ifndef SERVER_HANDLERS_H
#define SERVER_HANDLERS_H

#include <stdbool.h>
#include <stdint.h>

#define HANDLERS_SHARE 50 /* a fiftieth */

struct MHD_Connection;
struct handlers;

/* A piece of work, part of what it is about. run() may free it. cancelled: the server ends, only tidy up. */
struct job {
	struct job *next;
	uint32_t client; /* whose it is: a hash of an address, say */
	bool is_long;    /* it may take seconds: of several threads, one never runs such a job */
	void (*run)(struct job *j, bool cancelled);
};

/* Threads with this name, and so much nicer than the process (setpriority(2)). While busy(user) says that more important work waits
 * (NULL: there is none), they all together run for at most HANDLERS_SHARE of the time of one core. 0 or a negative errno. [main] */
int handlers_new(uint32_t n_threads, const char *name, int nice, bool (*busy)(void *user), void *user, struct handlers **ret_handlers);
/* Suspends c (or NULL) and queues the job, whose run() resumes it. False: the server ends, nothing was done. */
bool handlers_submit(struct handlers *p, struct job *j, struct MHD_Connection *c);
/* Takes no more, cancels what waits, and ends the threads. NULL is fine. [main] */
void handlers_stop(struct handlers *p);
void handlers_free(struct handlers *p); /* no libmicrohttpd thread may run any more */

#endif
