/* SPDX-License-Identifier: MIT */
/* Announcements of this host to capture programs (--autodetect): server_announce and its options. [main] */
#ifndef CORE_ANNOUNCE_H
#define CORE_ANNOUNCE_H

#include <stdint.h>

#include <core/core.h>

/* tag 8, version 2, web port 4, remote capture port 4, seconds 8, microseconds 8, UUID 36, name 32; big-endian */
#define ANNOUNCE_OCTETS 102u

struct announce;

extern const struct aerie_option announce_options[];
struct announce *announce_start(struct core *core); /* NULL when it is off, or cannot be done, which is told */
void announce_stop(struct announce *a);             /* NULL is fine */
void announce_write(uint8_t out[ANNOUNCE_OCTETS], uint32_t web_port, uint32_t remote_port, uint64_t now_us, const char *uuid,
		    const char *name);

#endif
