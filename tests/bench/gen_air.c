/* SPDX-License-Identifier: MIT */
/* Writes synthetic air: a capture (pcap, radiotap) of access points and clients that behave like real ones. The same
 * seed gives the same octets on every machine.
 *
 * Two scenes:
 *   --aps N --clients M --packets P   a neighbourhood. Access points beacon every 102.4 ms of capture time; clients probe,
 *                                     exchange protected data, and acknowledge. About 35 % beacons, 10 % probes, 35 % data, 18 %
 *                                     control, 2 % other management frames.
 *   --devices D [--packets P]         D transmitters, a twentieth of them access points, each heard at least once: what a
 *                                     host's memory per device is measured with.
 *
 * Formats: IEEE 802.11-2020 9.2-9.4, radiotap.org. Payloads are noise; all headers and elements are well-formed. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BEACON_US 102400u
#define START_US 1700000000000000ull
#define FRAME_MAX 2400u
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

enum security { OPEN, WPA2_PSK, WPA3_TRANSITION, WPA2_EAP };

struct station {
	uint8_t mac[6];
	uint16_t seq;
	int8_t signal;
	uint8_t ssid_len;
	char ssid[32];
	/* of access points */
	uint8_t channel;
	uint8_t security;
	uint8_t dtim;
	bool hidden, country, wps;
	uint64_t boot_us;
	/* of clients */
	uint32_t ap;
};

struct air {
	FILE *out;
	bool fcs, exact; /* exact: nobody but the stations may appear */
	uint64_t random, now_us, packets;
	struct station *aps, *clients;
	uint32_t n_aps, n_clients;
	uint64_t kinds[5]; /* beacon, probe, data, control, other */
	uint8_t frame[FRAME_MAX];
	uint32_t len;
	uint32_t crc_table[256];
};

enum kind { BEACON, PROBE, DATA, CONTROL, OTHER };

static const uint8_t ouis[][3] = {
	{ 0x50, 0xc7, 0xbf }, { 0x9c, 0x3d, 0xcf }, { 0x24, 0xa4, 0x3c }, { 0x38, 0x10, 0xd5 }, { 0xf0, 0x18, 0x98 },
	{ 0x3c, 0xa9, 0xf4 }, { 0x24, 0x0a, 0xc4 }, { 0x00, 0x1b, 0x54 }, { 0xb8, 0x27, 0xeb }, { 0xac, 0x84, 0xc6 },
	{ 0x18, 0xb4, 0x30 }, { 0x00, 0x17, 0x88 }, { 0x44, 0x65, 0x0d }, { 0x70, 0x85, 0xc2 }, { 0x8c, 0x85, 0x90 },
	{ 0xe8, 0xde, 0x27 },
};
static const char *const names[] = {
	"FRITZ!Box 7590", "NETGEAR", "TP-LINK_", "Vodafone-", "eduroam", "linksys", "Home", "WLAN-", "HotelGuest", "CoffeeShop",
	"UPC", "ASUS_", "Orange-", "xfinitywifi", "AndroidAP", "Caf\xc3\xa9 du Coin",
};
static const uint8_t channels[] = { 1, 6, 11, 1, 6, 11, 3, 13, 36, 40, 44, 48, 100, 149 };
static const uint8_t everybody[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

/* splitmix64 */
static uint64_t draw(struct air *a)
{
	uint64_t z = a->random += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

static uint32_t below(struct air *a, uint32_t n)
{
	return n ? (uint32_t)((draw(a) >> 32) * n >> 32) : 0;
}

static bool percent(struct air *a, uint32_t p)
{
	return below(a, 100) < p;
}

/* ---- Octets of the frame under construction. ---- */

static void put(struct air *a, const void *data, uint32_t n)
{
	if (n > FRAME_MAX - a->len)
		abort();
	memcpy(a->frame + a->len, data, n);
	a->len += n;
}

static void put8(struct air *a, uint8_t v)
{
	put(a, &v, 1);
}

static void put16(struct air *a, uint16_t v)
{
	uint8_t b[2] = { (uint8_t)v, (uint8_t)(v >> 8) };

	put(a, b, 2);
}

static void put32(struct air *a, uint32_t v)
{
	put16(a, (uint16_t)v);
	put16(a, (uint16_t)(v >> 16));
}

static void put64(struct air *a, uint64_t v)
{
	put32(a, (uint32_t)v);
	put32(a, (uint32_t)(v >> 32));
}

static void noise(struct air *a, uint32_t n)
{
	while (n) {
		uint64_t v = draw(a);
		uint32_t part = n < 8 ? n : 8;

		put(a, &v, part);
		n -= part;
	}
}

static void element(struct air *a, uint8_t id, const void *data, uint8_t len)
{
	put8(a, id);
	put8(a, len);
	put(a, data, len);
}

static void make_crc_table(struct air *a)
{
	uint32_t i, bit, c;

	for (i = 0; i < 256; i++) {
		for (c = i, bit = 0; bit < 8; bit++)
			c = c & 1 ? c >> 1 ^ 0xedb88320u : c >> 1;
		a->crc_table[i] = c;
	}
}

static uint32_t crc(const struct air *a, const uint8_t *p, uint32_t n)
{
	uint32_t c = 0xffffffffu;

	while (n--)
		c = c >> 8 ^ a->crc_table[(c ^ *p++) & 0xff];
	return ~c;
}

/* ---- Radiotap and pcap. ---- */

static uint16_t frequency(uint8_t channel)
{
	if (channel == 14)
		return 2484;
	return (uint16_t)(channel < 14 ? 2407 + 5 * channel : 5000 + 5 * channel);
}

#define RT_LEGACY (1u << 0 | 1u << 1 | 1u << 2 | 1u << 3 | 1u << 5 | 1u << 11 | 1u << 14)
#define RT_HT (1u << 0 | 1u << 1 | 1u << 3 | 1u << 5 | 1u << 11 | 1u << 14 | 1u << 19)

/* Starts a frame with its radio header. rate: units of 500 kbit/s; 0: an HT frame. */
static void radio(struct air *a, const struct station *s, uint8_t channel, uint8_t rate)
{
	uint16_t flags = channel < 15 ? (rate && rate < 12 ? 0x00a0 : 0x0480) : 0x0140;

	a->len = 0;
	put16(a, 0);
	put16(a, rate ? 26 : 29);
	put32(a, rate ? RT_LEGACY : RT_HT);
	put64(a, a->now_us - START_US + 77000000);
	put8(a, a->fcs ? 0x10 : 0);
	put8(a, rate);
	put16(a, frequency(channel));
	put16(a, flags);
	put8(a, (uint8_t)(s->signal + (int8_t)below(a, 7) - 3));
	put8(a, 0);
	put16(a, 0);
	if (!rate) {
		put8(a, 0x3f);
		put8(a, 0);
		put8(a, (uint8_t)below(a, 8));
	}
}

static void write_u32s(struct air *a, const uint32_t *v, unsigned n)
{
	uint8_t b[24];
	unsigned i;

	for (i = 0; i < n; i++) {
		b[4 * i] = (uint8_t)v[i];
		b[4 * i + 1] = (uint8_t)(v[i] >> 8);
		b[4 * i + 2] = (uint8_t)(v[i] >> 16);
		b[4 * i + 3] = (uint8_t)(v[i] >> 24);
	}
	fwrite(b, 4, n, a->out);
}

static void write_head(struct air *a)
{
	static const uint32_t head[6] = { 0xa1b2c3d4u, 2 | 4 << 16, 0, 0, 262144, 127 };

	write_u32s(a, head, 6);
}

static void write_frame(struct air *a, enum kind kind)
{
	uint32_t radio_len = (uint32_t)(a->frame[2] | a->frame[3] << 8), head[4];

	if (a->fcs)
		put32(a, crc(a, a->frame + radio_len, a->len - radio_len));
	head[0] = (uint32_t)(a->now_us / 1000000);
	head[1] = (uint32_t)(a->now_us % 1000000);
	head[2] = head[3] = a->len;
	write_u32s(a, head, 4);
	fwrite(a->frame, 1, a->len, a->out);
	a->packets++;
	a->kinds[kind]++;
}

/* ---- 802.11. ---- */

static void header(struct air *a, uint8_t type, uint8_t flags, const uint8_t *a1, const uint8_t *a2, const uint8_t *a3,
		   struct station *from)
{
	put8(a, type);
	put8(a, flags);
	put16(a, a1[0] & 1 ? 0 : 44);
	put(a, a1, 6);
	put(a, a2, 6);
	put(a, a3, 6);
	put16(a, (uint16_t)(from->seq << 4));
	if (!(flags & 0x08))
		from->seq = (from->seq + 1) & 0xfff;
}

static void rsn(struct air *a, uint8_t security)
{
	static const uint8_t psk[] = { 1, 0, 0, 0x0f, 0xac, 4, 1, 0, 0, 0x0f, 0xac, 4, 1, 0, 0, 0x0f, 0xac, 2, 0x0c, 0 };
	static const uint8_t sae[] = { 1, 0, 0, 0x0f, 0xac, 4, 1, 0, 0, 0x0f, 0xac, 4, 2, 0, 0, 0x0f, 0xac, 2,
				       0, 0x0f, 0xac, 8, 0x8c, 0 };
	static const uint8_t eap[] = { 1, 0, 0, 0x0f, 0xac, 4, 1, 0, 0, 0x0f, 0xac, 4, 1, 0, 0, 0x0f, 0xac, 1, 0x28, 0 };

	if (security == WPA2_PSK)
		element(a, 48, psk, sizeof(psk));
	else if (security == WPA3_TRANSITION)
		element(a, 48, sae, sizeof(sae));
	else if (security == WPA2_EAP)
		element(a, 48, eap, sizeof(eap));
}

static const uint8_t ht_caps[26] = { 0xef, 0x19, 0x1b, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x01 };

static void rates(struct air *a, uint8_t channel, bool extended)
{
	static const uint8_t b_g[] = { 0x82, 0x84, 0x8b, 0x96, 0x24, 0x30, 0x48, 0x6c }, more[] = { 0x0c, 0x12, 0x18, 0x60 };
	static const uint8_t ofdm[] = { 0x8c, 0x12, 0x98, 0x24, 0xb0, 0x48, 0x60, 0x6c };

	if (!extended)
		element(a, 1, channel < 15 ? b_g : ofdm, 8);
	else if (channel < 15)
		element(a, 50, more, 4);
}

static void network_elements(struct air *a, const struct station *ap, bool beacon)
{
	static const uint8_t country[] = { 'D', 'E', ' ', 1, 13, 20 }, country5[] = { 'D', 'E', ' ', 36, 4, 23, 52, 4, 23, 100, 11, 30 };
	static const uint8_t ext_caps[] = { 0x04, 0, 0x08, 0, 0, 0, 0, 0x40 };
	static const uint8_t wmm[] = { 0, 0x50, 0xf2, 2, 1, 1, 0x80, 0, 3, 0xa4, 0, 0, 0x27, 0xa4, 0, 0, 0x42, 0x43, 0x5e, 0,
				       0x62, 0x32, 0x2f, 0 };
	static const uint8_t wps[] = { 0, 0x50, 0xf2, 4, 0x10, 0x4a, 0, 1, 0x10, 0x10, 0x44, 0, 1, 2 };
	static const uint8_t vht_caps[] = { 0xb2, 0x59, 0x82, 0x0f, 0xea, 0xff, 0, 0, 0xea, 0xff, 0, 0 };
	uint8_t ht_operation[22] = { ap->channel, 0 }, vht_operation[5] = { 0 }, tim[4] = { ap->dtim, 3, 0, 0 };
	static const uint8_t erp = 0;

	element(a, 0, ap->ssid, ap->hidden && beacon ? 0 : ap->ssid_len);
	rates(a, ap->channel, false);
	if (ap->channel < 15)
		element(a, 3, &ap->channel, 1);
	if (beacon) {
		tim[3] = percent(a, 10) ? 0x02 : 0;
		element(a, 5, tim, 4);
	}
	if (ap->country)
		element(a, 7, ap->channel < 15 ? country : country5, ap->channel < 15 ? sizeof(country) : sizeof(country5));
	if (ap->channel < 15)
		element(a, 42, &erp, 1);
	rates(a, ap->channel, true);
	rsn(a, ap->security);
	element(a, 45, ht_caps, sizeof(ht_caps));
	element(a, 61, ht_operation, sizeof(ht_operation));
	element(a, 127, ext_caps, sizeof(ext_caps));
	if (ap->channel > 14) {
		element(a, 191, vht_caps, sizeof(vht_caps));
		element(a, 192, vht_operation, sizeof(vht_operation));
	}
	element(a, 221, wmm, sizeof(wmm));
	if (ap->wps)
		element(a, 221, wps, sizeof(wps));
}

static uint8_t base_rate(const struct station *ap)
{
	return ap->channel < 15 ? 2 : 12;
}

static void network_head(struct air *a, const struct station *ap)
{
	put64(a, a->now_us - START_US + ap->boot_us);
	put16(a, 100);
	put16(a, (uint16_t)(0x0401 | (ap->security == OPEN ? 0 : 0x10)));
}

static void beacon(struct air *a, struct station *ap)
{
	ap->dtim = ap->dtim ? ap->dtim - 1 : 2;
	radio(a, ap, ap->channel, base_rate(ap));
	header(a, 0x80, 0, everybody, ap->mac, ap->mac, ap);
	network_head(a, ap);
	network_elements(a, ap, true);
	write_frame(a, BEACON);
}

static void probe_request(struct air *a, struct station *c)
{
	static const uint8_t ext_caps[] = { 0x04, 0, 0x08, 0, 0, 0, 0, 0x40 };
	static const uint8_t vendor[] = { 0, 0x10, 0x18, 2, 0, 0, 0x10, 0, 0 };
	uint8_t channel = a->aps[c->ap].channel;

	radio(a, c, channel, channel < 15 ? 2 : 12);
	header(a, 0x40, 0, everybody, c->mac, everybody, c);
	element(a, 0, c->ssid, percent(a, 30) ? c->ssid_len : 0);
	rates(a, channel, false);
	rates(a, channel, true);
	if (channel < 15)
		element(a, 3, &channel, 1);
	element(a, 45, ht_caps, sizeof(ht_caps));
	element(a, 127, ext_caps, sizeof(ext_caps));
	element(a, 221, vendor, sizeof(vendor));
	write_frame(a, PROBE);
}

static void probe_response(struct air *a, struct station *ap, const struct station *c)
{
	radio(a, ap, ap->channel, base_rate(ap));
	header(a, 0x50, percent(a, 15) ? 0x08 : 0, c->mac, ap->mac, ap->mac, ap);
	network_head(a, ap);
	network_elements(a, ap, false);
	write_frame(a, PROBE);
}

/* Octets of payload: many small packets, some middling, many full ones. */
static uint32_t payload(struct air *a)
{
	uint32_t r = below(a, 100);

	if (r < 45)
		return 40 + below(a, 80);
	if (r < 75)
		return 150 + below(a, 500);
	return 1300 + below(a, 160);
}

static void data(struct air *a, struct station *c, bool up)
{
	static const uint8_t snap[] = { 0xaa, 0xaa, 3, 0, 0, 0, 0x88, 0xb5 }; /* an ethertype for experiments */
	struct station *ap = &a->aps[c->ap], *from = up ? c : ap;
	uint8_t flags = up ? 0x01 : 0x02, far[6];
	bool empty = up && percent(a, 12), group = !up && percent(a, 6), qos = !group;

	/* The far end of the connection: the router behind the access point. */
	memcpy(far, ap->mac, 6);
	if (!a->exact)
		far[5] ^= 0x01;
	if (empty)
		flags |= percent(a, 50) ? 0x10 : 0;
	else if (ap->security != OPEN)
		flags |= 0x40;
	if (percent(a, 8))
		flags |= 0x08;
	radio(a, from, ap->channel, percent(a, 70) && !empty ? 0 : ap->channel < 15 ? 22 : 48);
	header(a, (uint8_t)(0x08 | (qos ? 0x80 : 0) | (empty ? 0x40 : 0)), flags, up ? ap->mac : group ? everybody : c->mac,
	       from->mac, far, from);
	if (qos)
		put16(a, (uint16_t)(percent(a, 80) ? 0 : 6));
	if (!empty && flags & 0x40) {
		/* CCMP: packet number, key id, payload, MIC */
		put16(a, from->seq);
		put8(a, 0);
		put8(a, (uint8_t)(group ? 0x60 : 0x20));
		put32(a, (uint32_t)(a->now_us >> 20));
		noise(a, payload(a) + 8);
	} else if (!empty) {
		put(a, snap, sizeof(snap));
		noise(a, payload(a));
	}
	write_frame(a, DATA);
}

static void control(struct air *a, struct station *c)
{
	const struct station *ap = &a->aps[c->ap];
	bool up = percent(a, 50);
	const struct station *to = up ? ap : c, *from = up ? c : ap;
	uint32_t r = below(a, 100);
	uint8_t type = r < 55 ? 0xd4 : r < 70 ? 0xc4 : r < 82 ? 0xb4 : 0x94;

	radio(a, from, ap->channel, ap->channel < 15 ? 22 : 48);
	put8(a, type);
	put8(a, 0);
	put16(a, type == 0xd4 ? 0 : 60);
	put(a, to->mac, 6);
	if (type == 0xb4 || type == 0x94)
		put(a, from->mac, 6);
	if (type == 0x94) {
		put16(a, 0x0005); /* compressed block ack */
		put16(a, (uint16_t)(to->seq << 4));
		noise(a, 8);
	}
	write_frame(a, CONTROL);
}

static void authenticate(struct air *a, struct station *c)
{
	struct station *ap = &a->aps[c->ap];
	bool up = percent(a, 50);

	radio(a, up ? c : ap, ap->channel, base_rate(ap));
	header(a, 0xb0, 0, up ? ap->mac : c->mac, up ? c->mac : ap->mac, ap->mac, up ? c : ap);
	put16(a, 0);
	put16(a, up ? 1 : 2);
	put16(a, 0);
	write_frame(a, OTHER);
}

static void associate(struct air *a, struct station *c)
{
	struct station *ap = &a->aps[c->ap];

	radio(a, c, ap->channel, base_rate(ap));
	header(a, 0x00, 0, ap->mac, c->mac, ap->mac, c);
	put16(a, (uint16_t)(0x0401 | (ap->security == OPEN ? 0 : 0x10)));
	put16(a, 10);
	element(a, 0, ap->ssid, ap->ssid_len);
	rates(a, ap->channel, false);
	rates(a, ap->channel, true);
	rsn(a, ap->security);
	element(a, 45, ht_caps, sizeof(ht_caps));
	write_frame(a, OTHER);
}

static void leave(struct air *a, struct station *c)
{
	struct station *ap = &a->aps[c->ap];

	radio(a, c, ap->channel, base_rate(ap));
	header(a, percent(a, 50) ? 0xc0 : 0xa0, 0, ap->mac, c->mac, ap->mac, c);
	put16(a, 3);
	write_frame(a, OTHER);
}

static void other(struct air *a, struct station *c)
{
	uint32_t r = below(a, 3);

	if (r == 0)
		authenticate(a, c);
	else if (r == 1)
		associate(a, c);
	else
		leave(a, c);
}

/* ---- Scenes. ---- */

/* Station number i of all: distinct for every i below 2^28; a client may have a random address. */
static void address(uint32_t i, bool random_address, uint8_t *ret_mac)
{
	uint32_t low = (uint32_t)(i / COUNT(ouis)) * 0x9e3779u;

	if (random_address) {
		uint64_t v = (uint64_t)i * 0x9e3779b97full;

		ret_mac[0] = 0xda;
		ret_mac[1] = (uint8_t)(v >> 32);
		ret_mac[2] = (uint8_t)(v >> 24);
		ret_mac[3] = (uint8_t)(v >> 16);
		ret_mac[4] = (uint8_t)(v >> 8);
		ret_mac[5] = (uint8_t)v;
		return;
	}
	memcpy(ret_mac, ouis[i % COUNT(ouis)], 3);
	ret_mac[3] = (uint8_t)(low >> 16);
	ret_mac[4] = (uint8_t)(low >> 8);
	/* Routers behind access points have the address with the lowest bit set: keep it free. */
	ret_mac[5] = (uint8_t)low;
}

static void make_ap(struct air *a, uint32_t i)
{
	struct station *s = &a->aps[i];
	uint32_t r = below(a, 100);
	const char *name = names[below(a, COUNT(names))];

	address(2 * COUNT(ouis) * (i / COUNT(ouis)) + i % COUNT(ouis), false, s->mac);
	s->seq = (uint16_t)below(a, 4096);
	s->signal = (int8_t)(-35 - (int)below(a, 55));
	s->ssid_len = (uint8_t)(percent(a, 60) ? snprintf(s->ssid, sizeof(s->ssid), "%s%04X", name, below(a, 65536)) :
						 snprintf(s->ssid, sizeof(s->ssid), "%s", name));
	s->channel = channels[below(a, COUNT(channels))];
	s->security = r < 10 ? OPEN : r < 85 ? WPA2_PSK : r < 95 ? WPA3_TRANSITION : WPA2_EAP;
	s->hidden = percent(a, 5);
	s->country = percent(a, 60);
	s->wps = percent(a, 50);
	s->boot_us = draw(a) >> 24;
}

static void make_client(struct air *a, uint32_t i)
{
	struct station *s = &a->clients[i];
	const struct station *knows = &a->aps[below(a, a->n_aps)];

	/* After the access points; numbers of theirs are even multiples. */
	address(2 * (a->n_aps + COUNT(ouis)) + i, percent(a, 40), s->mac);
	s->seq = (uint16_t)below(a, 4096);
	s->signal = (int8_t)(-40 - (int)below(a, 50));
	s->ap = below(a, a->n_aps);
	memcpy(s->ssid, knows->ssid, sizeof(s->ssid));
	s->ssid_len = knows->ssid_len;
}

static int make_stations(struct air *a, uint32_t n_aps, uint32_t n_clients)
{
	uint32_t i;

	a->aps = calloc(n_aps, sizeof(*a->aps));
	a->clients = calloc(n_clients, sizeof(*a->clients));
	if (!a->aps || !a->clients)
		return -ENOMEM;
	a->n_aps = n_aps;
	a->n_clients = n_clients;
	for (i = 0; i < n_aps; i++)
		make_ap(a, i);
	for (i = 0; i < n_clients; i++)
		make_client(a, i);
	return 0;
}

/* Clients are not equally busy: most of the traffic is that of a few. */
static struct station *some_client(struct air *a)
{
	uint32_t n = percent(a, 80) ? (a->n_clients + 4) / 5 : a->n_clients;

	return &a->clients[below(a, n)];
}

static void neighbourhood(struct air *a, uint64_t packets)
{
	uint64_t turn = 0, next_us = a->now_us;

	while (a->packets < packets) {
		uint32_t r = below(a, 1000);
		struct station *c = some_client(a);

		if (r < 350) {
			struct station *ap = &a->aps[turn % a->n_aps];

			a->now_us = next_us;
			turn++;
			next_us = START_US + turn / a->n_aps * BEACON_US + turn % a->n_aps * (BEACON_US / a->n_aps);
			if (!percent(a, 8)) /* not every beacon is heard */
				beacon(a, ap);
			continue;
		}
		if (a->now_us + 40 < next_us)
			a->now_us += 1 + below(a, 40);
		if (r < 410)
			probe_request(a, c);
		else if (r < 450)
			probe_response(a, &a->aps[c->ap], c);
		else if (r < 800)
			data(a, c, percent(a, 45));
		else if (r < 980)
			control(a, c);
		else
			other(a, c);
	}
}

static void heard(struct air *a, uint32_t i)
{
	struct station *c = i < a->n_aps ? NULL : &a->clients[i - a->n_aps];

	a->now_us += 100 + below(a, 400);
	if (!c)
		beacon(a, &a->aps[i]);
	else if (percent(a, 60))
		probe_request(a, c);
	else
		data(a, c, true);
}

static void crowd(struct air *a, uint32_t devices, uint64_t packets)
{
	uint32_t i;

	a->exact = true;
	/* A step that has no divisor in common with the number visits each station once, in no visible order. */
	for (i = 0; i < devices; i++)
		heard(a, (uint32_t)((uint64_t)i * 1000003u % devices));
	while (a->packets < packets)
		heard(a, below(a, devices));
}

static const struct option options[] = {
	{ "aps", required_argument, NULL, 'a' },     { "clients", required_argument, NULL, 'c' },
	{ "packets", required_argument, NULL, 'p' }, { "devices", required_argument, NULL, 'd' },
	{ "seed", required_argument, NULL, 's' },    { "fcs", no_argument, NULL, 'f' },
	{ "help", no_argument, NULL, 'h' },          { NULL, 0, NULL, 0 },
};

static int usage(int status)
{
	fputs("usage: gen_air [--aps N] [--clients M] [--packets P] [--seed S] [--fcs] FILE\n"
	      "       gen_air --devices D [--packets P] [--seed S] [--fcs] FILE\n",
	      status ? stderr : stdout);
	return status;
}

int main(int argc, char **argv)
{
	uint64_t aps = 200, clients = 2000, packets = 0, devices = 0;
	static struct air a;
	int c;

	a.random = 1;
	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		uint64_t n = optarg ? strtoull(optarg, NULL, 10) : 0;

		switch (c) {
		case 'a': aps = n; break;
		case 'c': clients = n; break;
		case 'p': packets = n; break;
		case 'd': devices = n; break;
		case 's': a.random = n; break;
		case 'f': a.fcs = true; break;
		case 'h': return usage(0);
		default: return usage(2);
		}
	}
	if (optind != argc - 1 || !aps || !clients || aps > 1u << 24 || clients > 1u << 24 || devices == 1 || devices > 1u << 24)
		return usage(2);
	if (devices) {
		aps = devices / 20 ? devices / 20 : 1;
		clients = devices - aps;
		packets = packets ? packets : devices + devices / 5;
	}
	a.out = fopen(argv[optind], "wb");
	if (!a.out || make_stations(&a, (uint32_t)aps, (uint32_t)clients) < 0) {
		fprintf(stderr, "gen_air: %s: %s\n", argv[optind], strerror(errno));
		return 1;
	}
	setvbuf(a.out, NULL, _IOFBF, 1 << 20);
	make_crc_table(&a);
	a.now_us = START_US;
	write_head(&a);
	if (devices)
		crowd(&a, (uint32_t)devices, packets);
	else
		neighbourhood(&a, packets ? packets : 1000000);
	if (fclose(a.out) != 0) {
		fprintf(stderr, "gen_air: %s: %s\n", argv[optind], strerror(errno));
		return 1;
	}
	printf("packets=%" PRIu64 " aps=%u clients=%u beacons=%" PRIu64 " probes=%" PRIu64 " data=%" PRIu64 " control=%" PRIu64
	       " other=%" PRIu64 "\n",
	       a.packets, a.n_aps, a.n_clients, a.kinds[BEACON], a.kinds[PROBE], a.kinds[DATA], a.kinds[CONTROL], a.kinds[OTHER]);
	free(a.aps);
	free(a.clients);
	return 0;
}
