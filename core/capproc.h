/* SPDX-License-Identifier: MIT */
/* One capture process: spawned with --in-fd=N --out-fd=M, read, written to, ended. Knows no frames. [main] */
#ifndef CORE_CAPPROC_H
#define CORE_CAPPROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#define CAPPROC_PIPE (1u << 20)       /* octets that the kernel may hold of what it wrote */
#define CAPPROC_UNREAD_MAX 65536u     /* octets sent that it has not taken; more is refused */
#define CAPPROC_GRACE_MS 2000u        /* between SIGTERM and SIGKILL */

struct capproc;

struct capproc_events {
	/* Where to read to: *ret_buf and the octets that fit; 0 stops reading until capproc_resume(). */
	size_t (*room)(void *user, uint8_t **ret_buf);
	void (*data)(void *user, size_t n);            /* n octets are there now */
	void (*eof)(void *user, int err);              /* end of what it writes: 0, or a negative errno */
	/* It is gone: its exit status, and the signal or 0. Comes before or after eof. */
	void (*exited)(void *user, int64_t status, int signal);
};

/* program: a path. The events come with user, until capproc_end(). A negative errno when it cannot be started. */
int capproc_spawn(uv_loop_t *loop, const char *program, const struct capproc_events *ev, void *user,
		  struct capproc **ret);
int capproc_pid(const struct capproc *p);
/* Queues octets, which are copied. -ENOBUFS when too much is unread. A broken pipe is told by eof and exited, not here. */
int capproc_send(struct capproc *p, const void *data, size_t len);
void capproc_resume(struct capproc *p);
void capproc_signal(struct capproc *p, int signal);
/* No event any more. Closes the pipes, sends SIGTERM, after CAPPROC_GRACE_MS SIGKILL, and frees itself once the process is
 * gone; then calls gone(user), which may be NULL. NULL is fine. */
void capproc_end(struct capproc *p, void (*gone)(void *user), void *user);

#endif
