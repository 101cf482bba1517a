/* SPDX-License-Identifier: MIT */
/* Which frames are captured, as a filter that the kernel applies. */
#ifndef LINUX_WIFI_FILTER_H
#define LINUX_WIFI_FILTER_H

#include <stddef.h>

#include "options.h"

#define FILTER_ADDRESSES_MAX 32u /* a filter has room for 4,096 instructions */
#define FILTER_ROOM          8192u

/* Writes the filter's text in libpcap's language; empty: no filter. 0, or -1 with a text for the user. */
int filter_text(const struct options *o, char *text, size_t room, char *msg, size_t msg_room);

#endif
