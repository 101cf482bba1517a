/* SPDX-License-Identifier: MIT */
/* Addresses and networks of clients; IPv4 ones as ::ffff:a.b.c.d. Text in, text out: knows no connections. */
#ifndef SERVER_ADDRESS_H
#define SERVER_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sockaddr;

struct address {
	uint8_t octet[16];
};

struct network {
	struct address address;
	unsigned bits;
};

bool address_of(const struct sockaddr *a, struct address *ret_address);
/* Makes it what counts as one client: an IPv4 address stays, of an IPv6 one only the /64 does, which a host has of its own. */
void address_client(struct address *a);
uint32_t address_hash(const struct address *a);
/* "192.0.2.1", "2001:db8::1", "192.0.2.0/24". -EINVAL */
int network_parse(const char *text, struct network *ret_network);
bool network_has(const struct network *n, const struct address *a);

#define ADDRESS_OCTETS 46u /* of an address's text, with NUL */

/* The client that a request came from, by an X-Forwarded-For or a Forwarded header (RFC 7239) that proxies wrote: its last address that
 * is in none of the trusted networks, or the first one, when all are; "" when there is none, or what stands there is not an address. */
void address_forwarded(const char *header, bool rfc7239, const struct network *trusted, uint32_t n_trusted, char ret_text[ADDRESS_OCTETS]);
/* A parameter ("proto", "host") of the last element of a Forwarded header, in at most room octets with NUL; "" when it is not there. */
void address_parameter(const char *header, const char *name, char *ret_text, size_t room);

#endif
