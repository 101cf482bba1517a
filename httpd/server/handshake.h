/* SPDX-License-Identifier: MIT */
/* The opening handshake of a WebSocket as a server sees it (RFC 6455 4.2): what the headers say, whether that will do, and what
 * is answered. Text in, text out: knows no connections. */
#ifndef SERVER_HANDSHAKE_H
#define SERVER_HANDSHAKE_H

#include <stdbool.h>
#include <stdint.h>

#define HANDSHAKE_ACCEPT_OCTETS 29u /* of Sec-WebSocket-Accept, with NUL */

struct handshake {
	const char *protocol; /* in: the subprotocol that the server has, or NULL */
	/* What the headers said. */
	bool upgrade, connection; /* name "websocket", "Upgrade" */
	bool offered;             /* protocol is among the client's */
	const char *host, *origin, *key, *version; /* or NULL */
	uint32_t n_key, n_version;
};

/* Takes one header of the request; what it points to must outlive the handshake. */
void handshake_header(struct handshake *hs, const char *name, const char *value);
/* 0, or the status of the refusal (400, 426) and its text. */
unsigned handshake_check(const struct handshake *hs, const char **ret_text);
/* May the page that a browser says it comes from use the user's login here? Yes without origin, from the same host, and from an allowed
 * one, as "https://example.org:8443". "*" allows none: that is for what needs no login of the browser's. */
bool handshake_origin_allowed(const struct handshake *hs, const char *const *allowed, uint32_t n_allowed);
/* The answer to a key that passed the check (RFC 6455 4.2.2). 0, or -EIO when the hash is not to be had. */
int handshake_accept(const char *key, char ret_text[HANDSHAKE_ACCEPT_OCTETS]);

/* Decodes a variable of a query in place: percent-encoding, and '+' as a space. -EINVAL: malformed, or it has a NUL. */
int query_decode(char *text);

#endif
