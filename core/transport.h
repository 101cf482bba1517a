/* SPDX-License-Identifier: MIT */
/* What carries the frames of one capture program: the pipes of a process (capproc.c), a TCP connection (remote_tcp.c), a
 * WebSocket (remote_ws.c). Each delivers a stream of octets; who reads it says where to. Knows no frames. [main] */
#ifndef CORE_TRANSPORT_H
#define CORE_TRANSPORT_H

#include <stddef.h>
#include <stdint.h>

#define TRANSPORT_UNREAD_MAX 65536u /* octets sent that the other side has not taken; more is refused */

struct transport;

/* Told to the reader, until end(). */
struct transport_events {
	/* Where to read to: *ret_buf and the octets that fit; 0 stops reading until resume(). */
	size_t (*room)(void *user, uint8_t **ret_buf);
	void (*data)(void *user, size_t n); /* n octets are there now */
	void (*eof)(void *user, int err);   /* end of what it writes: 0, or a negative errno */
	/* Of a process: it is gone, with its exit status, and the signal or 0. Comes before or after eof. */
	void (*exited)(void *user, int64_t status, int signal);
};

struct transport_ops {
	/* Queues a whole frame, which is copied. -ENOBUFS when too much is unread. A broken connection is told by eof. */
	int (*send)(struct transport *t, const void *frame, size_t len);
	void (*resume)(struct transport *t);
	/* No event any more. Closes it, ends the process if there is one, and frees it later; then calls gone(user), which
	 * may be NULL. Once. */
	void (*end)(struct transport *t, void (*gone)(void *user), void *user);
};

struct transport {
	const struct transport_ops *ops;
	const struct transport_events *ev; /* the reader sets these, and then calls resume() */
	void *user;
	int pid; /* of a process; -1: a connection, which does not exit */
};

#endif
