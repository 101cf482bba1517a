/* SPDX-License-Identifier: MIT */
/* What stands in for websocket.c in a build without libwslay. */
#include <stdio.h>

#include "remote.h"

bool websocket_available(void)
{
	return false;
}

bool tls_available(void)
{
	return false;
}

int websocket_start(struct aeriecap *cap, int fd, const struct address *to, char *why, size_t room)
{
	snprintf(why, room, "this build has no WebSocket");
	return -1;
}
