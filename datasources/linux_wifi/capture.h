/* SPDX-License-Identifier: MIT */
/* Frames from an interface in monitor mode to the host. */
#ifndef LINUX_WIFI_CAPTURE_H
#define LINUX_WIFI_CAPTURE_H

#include <stdbool.h>
#include <stdint.h>

#include <aeriecap.h>

struct capture;

struct capture_wish {
	const char *interface;
	uint32_t index;
	const char *filter; /* "": none */
	bool truncate_data;
	bool statistics; /* tell the counts every minute */
};

/* Opens the packet socket, which needs CAP_NET_RAW; nothing after it does. 0, or -1 with a text for the user. */
int capture_open(struct capture **ret_capture, struct aeriecap *cap, const struct capture_wish *wish, char *msg,
                 size_t room);
void capture_close(struct capture *c);
uint32_t capture_dlt(const struct capture *c);
/* Until the program is to end (0), or the interface is gone (-1 with a text). */
int capture_run(struct capture *c, char *msg, size_t room);

#endif
