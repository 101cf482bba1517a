/* SPDX-License-Identifier: MIT */
/* Filters: filter_mgmt leaves management and EAPOL (keys in clear, so handshakes stay whole); the others leave out
 * whatever one of the addresses sent, received or is the BSSID of. */
#include "filter.h"

#include <errno.h>
#include <ifaddrs.h>
#include <linux/if_packet.h>
#include <net/if_arp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define ADDRESS_LEN 6u

struct addresses {
	uint8_t list[FILTER_ADDRESSES_MAX][ADDRESS_LEN];
	uint32_t n;
};

static int add(struct addresses *all, const uint8_t *address, char *msg, size_t room)
{
	static const uint8_t none[ADDRESS_LEN];
	uint32_t i;

	if (memcmp(address, none, sizeof none) == 0)
		return 0;
	for (i = 0; i < all->n; i++)
		if (memcmp(all->list[i], address, ADDRESS_LEN) == 0)
			return 0;
	if (all->n == FILTER_ADDRESSES_MAX) {
		snprintf(msg, room, "more than %u addresses to leave out", FILTER_ADDRESSES_MAX);
		return -1;
	}
	memcpy(all->list[all->n++], address, ADDRESS_LEN);
	return 0;
}

/* The next piece of a list with commas: its length, 0 at the end; *p moves on. */
static size_t next_piece(const char **p, const char **ret_piece)
{
	size_t len;

	while (**p == ',' || **p == ' ')
		++*p;
	*ret_piece = *p;
	len = strcspn(*p, ", ");
	*p += len;
	return len;
}

static int add_texts(struct addresses *all, const char *texts, char *msg, size_t room)
{
	const char *piece;
	size_t len;

	while ((len = next_piece(&texts, &piece)) > 0) {
		unsigned o[ADDRESS_LEN];
		uint8_t address[ADDRESS_LEN];
		char copy[18] = "";
		int used = 0, i;

		if (len == 17)
			memcpy(copy, piece, len);
		if (sscanf(copy, "%2x:%2x:%2x:%2x:%2x:%2x%n", &o[0], &o[1], &o[2], &o[3], &o[4], &o[5], &used) != 6 ||
		    used != 17) {
			snprintf(msg, room, "filter_address=%.*s is not an address (aa:bb:cc:dd:ee:ff)",
			         (int)(len < 100 ? len : 100), piece);
			return -1;
		}
		for (i = 0; i < (int)ADDRESS_LEN; i++)
			address[i] = (uint8_t)o[i];
		if (add(all, address, msg, room) < 0)
			return -1;
	}
	return 0;
}

static const uint8_t *link_address(const struct ifaddrs *i)
{
	const struct sockaddr_ll *ll = (const struct sockaddr_ll *)(const void *)i->ifa_addr;

	if (!ll || ll->sll_family != AF_PACKET || ll->sll_halen != ADDRESS_LEN || ll->sll_hatype == ARPHRD_LOOPBACK)
		return NULL;
	return ll->sll_addr;
}

/* The addresses of one interface, or of all (name NULL). */
static int add_interface(struct addresses *all, const char *name, size_t len, char *msg, size_t room)
{
	struct ifaddrs *list, *i;
	bool found = false;
	int r = 0;

	if (getifaddrs(&list) < 0) {
		snprintf(msg, room, "cannot list interfaces: %s", strerror(errno));
		return -1;
	}
	for (i = list; i && r == 0; i = i->ifa_next) {
		const uint8_t *address = link_address(i);

		if (!address || (name && (strncmp(i->ifa_name, name, len) != 0 || i->ifa_name[len])))
			continue;
		found = true;
		r = add(all, address, msg, room);
	}
	freeifaddrs(list);
	if (r == 0 && name && !found) {
		snprintf(msg, room, "filter_interface=%.*s: there is no such interface with an address", (int)len,
		         name);
		return -1;
	}
	return r;
}

static int add_interfaces(struct addresses *all, const char *names, char *msg, size_t room)
{
	const char *piece;
	size_t len;

	while ((len = next_piece(&names, &piece)) > 0)
		if (add_interface(all, piece, len < IFNAMSIZ ? len : IFNAMSIZ, msg, room) < 0)
			return -1;
	return 0;
}

int filter_text(const struct options *o, char *text, size_t room, char *msg, size_t msg_room)
{
	struct addresses all = { .n = 0 };
	size_t used = 0;
	uint32_t i;

	text[0] = 0;
	if (add_texts(&all, o->filter_address, msg, msg_room) < 0 ||
	    add_interfaces(&all, o->filter_interface, msg, msg_room) < 0 ||
	    (o->filter_locals && add_interface(&all, NULL, 0, msg, msg_room) < 0))
		return -1;
	if (o->filter_mgmt)
		used = (size_t)snprintf(text, room, "(type mgt or (type data and ether proto 0x888e))");
	for (i = 0; i < all.n && used < room; i++) {
		const uint8_t *a = all.list[i];
		char mac[18];

		snprintf(mac, sizeof mac, "%02x:%02x:%02x:%02x:%02x:%02x", a[0], a[1], a[2], a[3], a[4], a[5]);
		used += (size_t)snprintf(text + used, room - used,
		                         "%snot (wlan addr1 %s or wlan addr2 %s or wlan addr3 %s)", used ? " and " : "",
		                         mac, mac, mac);
	}
	return 0;
}
