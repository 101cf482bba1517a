/* SPDX-License-Identifier: MIT */
/* Remote captures: capture programs that connect to this host, by TCP or WebSocket, and name the source they open. [main] */
#ifndef CORE_REMOTE_H
#define CORE_REMOTE_H

#include <stdint.h>

struct remote;

/* The TCP port where they connect; 0: none. [any] */
uint32_t remote_port(const struct remote *r);

#endif
