/* SPDX-License-Identifier: MIT */
#ifndef CAP_UPGRADE_H
#define CAP_UPGRADE_H

#include "remote.h"
#include "stream.h"

#define UPGRADE_ANSWER_MAX 8192u

/* Octets behind the answer's head, which belong to the WebSocket already. */
struct early {
	uint8_t data[UPGRADE_ANSWER_MAX];
	size_t len;
};

/* Asks the server to change from HTTP to WebSocket (RFC 6455 4.1). Blocks. 0, or -1 with a reason. */
int upgrade(const struct remote *remote, struct stream *s, const struct address *to, struct early *ret_early, char *why,
	    size_t room);

int random_octets(void *to, size_t len); /* 0 or -1 */
/* For tests. */
int websocket_upgraded(struct aeriecap *cap, int fd, const struct early *early); /* as if it had been: 0 or -1 */
int accept_of(const char *key, char *accept); /* 29 octets */
int check_answer(const struct remote *remote, const char *head, const char *accept, char *why, size_t room);

#endif
