/* SPDX-License-Identifier: MIT */
/* See address.h. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "address.h"

#define V6_NETWORK 8u /* octets of a /64 */

static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

static void map_v4(const void *octets, struct address *ret_address)
{
	memcpy(ret_address->octet, mapped, sizeof mapped);
	memcpy(ret_address->octet + sizeof mapped, octets, 4);
}

bool address_of(const struct sockaddr *a, struct address *ret_address)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	if (a && a->sa_family == AF_INET) {
		memcpy(&v4, a, sizeof v4);
		map_v4(&v4.sin_addr, ret_address);
		return true;
	}
	if (!a || a->sa_family != AF_INET6)
		return false;
	memcpy(&v6, a, sizeof v6);
	memcpy(ret_address->octet, &v6.sin6_addr, 16);
	return true;
}

void address_client(struct address *a)
{
	if (memcmp(a->octet, mapped, sizeof mapped))
		memset(a->octet + V6_NETWORK, 0, sizeof a->octet - V6_NETWORK);
}

uint32_t address_hash(const struct address *a)
{
	uint32_t hash = 2166136261u; /* FNV-1a */
	size_t i;

	for (i = 0; i < sizeof a->octet; i++)
		hash = (hash ^ a->octet[i]) * 16777619u;
	return hash;
}

static int parse(const char *text, struct address *ret_address, bool *ret_v4)
{
	uint8_t octets[16];

	if (inet_pton(AF_INET, text, octets) == 1) {
		map_v4(octets, ret_address);
		return *ret_v4 = true, 0;
	}
	if (inet_pton(AF_INET6, text, octets) != 1)
		return -EINVAL;
	memcpy(ret_address->octet, octets, 16);
	return *ret_v4 = false, 0;
}

int network_parse(const char *text, struct network *ret_network)
{
	size_t len = strcspn(text, "/");
	struct network n = { .bits = 128 };
	char address[ADDRESS_OCTETS];
	unsigned long bits;
	char *end;
	bool v4;

	if (len >= sizeof address)
		return -EINVAL;
	memcpy(address, text, len);
	address[len] = '\0';
	if (parse(address, &n.address, &v4))
		return -EINVAL;
	if (text[len]) {
		bits = strtoul(text + len + 1, &end, 10);
		if (text[len + 1] < '0' || text[len + 1] > '9' || *end || bits > (v4 ? 32u : 128u))
			return -EINVAL;
		n.bits = (unsigned)bits + (v4 ? 96u : 0u);
	}
	*ret_network = n;
	return 0;
}

bool network_has(const struct network *n, const struct address *a)
{
	unsigned whole = n->bits / 8, rest = n->bits % 8;
	uint8_t mask = (uint8_t)(0xff00u >> rest);

	if (memcmp(n->address.octet, a->octet, whole))
		return false;
	return !rest || !((n->address.octet[whole] ^ a->octet[whole]) & mask);
}

/* An element of a list without what surrounds it: blanks, quotes, brackets, and a port. */
static int element_address(const char *p, size_t len, char ret_text[ADDRESS_OCTETS], struct address *ret_address)
{
	char text[ADDRESS_OCTETS];
	size_t i, colons = 0;
	bool v4;

	while (len && strchr(" \t\"", *p))
		p++, len--;
	while (len && strchr(" \t\"", p[len - 1]))
		len--;
	if (len && *p == '[') {
		p++;
		len = strcspn(p, "]") < len - 1 ? strcspn(p, "]") : len - 1;
	} else {
		for (i = 0; i < len; i++)
			colons += p[i] == ':';
		if (colons == 1)
			len = strcspn(p, ":");
	}
	if (!len || len >= sizeof text)
		return -EINVAL;
	memcpy(text, p, len);
	text[len] = '\0';
	if (parse(text, ret_address, &v4))
		return -EINVAL;
	memcpy(ret_text, text, len + 1);
	return 0;
}

/* The value of a parameter in one element of a Forwarded header. */
static bool element_parameter(const char *p, size_t len, const char *name, const char **ret_value, size_t *ret_len)
{
	const char *end = p + len, *stop;
	size_t n = strlen(name);

	for (; p < end; p = stop + 1) {
		while (p < end && strchr(" \t", *p))
			p++;
		stop = memchr(p, ';', (size_t)(end - p));
		stop = stop ? stop : end;
		if ((size_t)(stop - p) > n && !strncasecmp(p, name, n) && p[n] == '=') {
			*ret_value = p + n + 1;
			*ret_len = (size_t)(stop - *ret_value);
			return true;
		}
	}
	return false;
}

static bool is_trusted(const struct address *a, const struct network *trusted, uint32_t n_trusted)
{
	uint32_t i;

	for (i = 0; i < n_trusted; i++)
		if (network_has(&trusted[i], a))
			return true;
	return false;
}

/* The element that ends before *end, and *end before the comma in front of it; NULL when there is no more. */
static const char *last_element(const char *list, const char **end, size_t *ret_len)
{
	const char *stop = *end, *p = stop;

	if (!stop)
		return NULL;
	while (p > list && p[-1] != ',')
		p--;
	*ret_len = (size_t)(stop - p);
	*end = p > list ? p - 1 : NULL;
	return p;
}

void address_forwarded(const char *header, bool rfc7239, const struct network *trusted, uint32_t n_trusted, char ret_text[ADDRESS_OCTETS])
{
	const char *end = header + strlen(header), *p;
	struct address a;
	size_t len;

	ret_text[0] = '\0';
	while ((p = last_element(header, &end, &len))) {
		if (rfc7239 && !element_parameter(p, len, "for", &p, &len))
			return;
		if (element_address(p, len, ret_text, &a) || !is_trusted(&a, trusted, n_trusted))
			return;
	}
}

void address_parameter(const char *header, const char *name, char *ret_text, size_t room)
{
	const char *end = header + strlen(header), *p;
	size_t len;

	ret_text[0] = '\0';
	p = last_element(header, &end, &len);
	if (!p || !element_parameter(p, len, name, &p, &len))
		return;
	while (len && strchr(" \t\"", *p))
		p++, len--;
	while (len && strchr(" \t\"", p[len - 1]))
		len--;
	if (len >= room)
		return;
	memcpy(ret_text, p, len);
	ret_text[len] = '\0';
}
