/* SPDX-License-Identifier: MIT */
/* One capture process: spawned with --in-fd=N --out-fd=M, read, written to, ended. Knows no frames. [main] */
#ifndef CORE_CAPPROC_H
#define CORE_CAPPROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include <core/transport.h>

#define CAPPROC_PIPE (1u << 20)       /* octets that the kernel may hold of what it wrote */
#define CAPPROC_GRACE_MS 6000u        /* between SIGTERM and SIGKILL: libaeriecap waits 2 s each for hopping and capture, then puts the radio back */

/* program: a path. The transport is of no use until its reader has set the events and resumed it; its end() closes the
 * pipes, sends SIGTERM, and after CAPPROC_GRACE_MS SIGKILL. A negative errno when it cannot be started. */
int capproc_spawn(uv_loop_t *loop, const char *program, struct transport **ret);

#endif
