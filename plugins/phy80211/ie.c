/* SPDX-License-Identifier: MIT */
/* Elements (IEEE 802.11-2020 9.4.2; Wi-Fi Alliance WPS 2.0.8, OWE transition; Cisco and Aruba as observed). One row and one
 * function per element; an element that is shorter than its own definition says nothing. */
#include <string.h>

#include "crypt.h"
#include "ie.h"
#include "radio.h"

#define ELEMENTS_MAX 512u /* in one frame */
#define WPS_ATTRIBUTES_MAX 64u

#define OUI_MICROSOFT 0x0050f2u
#define OUI_CISCO 0x004096u
#define OUI_ARUBA 0x000b86u
#define OUI_UBIQUITI 0x00156du
#define OUI_WFA 0x506f9au

struct element {
	struct ies *ies;
	struct aerie_cur c;
	const uint8_t *data;
	uint32_t len;
};

static void ssid(struct element *e)
{
	if (!e->ies->ssid.p)
		e->ies->ssid = (struct octets){ e->data, e->len };
}

/* Supported rates in units of 500 kbit/s; 127 and 123 are BSS membership selectors, no rates. */
static void rates(struct element *e)
{
	uint32_t i;

	for (i = 0; i < e->len; i++) {
		uint32_t r = (e->data[i] & 0x7fu) * 5;

		if ((e->data[i] & 0x7f) < 120 && r > e->ies->maxrate_100k)
			e->ies->maxrate_100k = r;
	}
}

static void faster(struct ies *ies, uint32_t rate_100k)
{
	if (rate_100k > ies->maxrate_100k)
		ies->maxrate_100k = rate_100k;
}

static void ds(struct element *e)
{
	if (e->len >= 1)
		e->ies->ds_channel = e->data[0];
}

/* Two letters, and an octet that says where the rules hold: ' ' everywhere, 'I' indoors, 'O' outdoors, or the number of a
 * table. */
static void country(struct element *e)
{
	struct ies *ies = e->ies;
	uint32_t i;

	if (e->len < 3)
		return;
	for (i = 0; i < 2; i++)
		if (e->data[i] <= 0x20 || e->data[i] >= 0x7f)
			return;
	memcpy(ies->country, e->data, 2);
	ies->has_country = 1;
}

static void power_capability(struct element *e)
{
	if (e->len < 2)
		return;
	e->ies->has_power_cap = 1;
	e->ies->min_power = e->data[0];
	e->ies->max_power = e->data[1];
}

static void tpc_report(struct element *e)
{
	if (e->len < 2)
		return;
	e->ies->has_txpower = 1;
	e->ies->txpower = e->data[0];
}

static uint32_t streams_ht(const uint8_t *mcs_set)
{
	uint32_t n = 0;

	while (n < 4 && mcs_set[n])
		n++;
	return n;
}

static void ht_capabilities(struct element *e)
{
	uint16_t info = aerie_cur_le16(&e->c);
	const uint8_t *set;
	uint32_t n;
	bool wide = info & 0x0002;

	aerie_cur_skip(&e->c, 1);
	set = aerie_cur_take(&e->c, 16);
	if (!set)
		return;
	n = streams_ht(set);
	if (n)
		faster(e->ies, rate_ht(wide, (n - 1) * 8 + 7, info & (wide ? 0x0040 : 0x0020)));
}

static void ht_operation(struct element *e)
{
	struct ies *ies = e->ies;
	uint8_t primary = aerie_cur_u8(&e->c), info = aerie_cur_u8(&e->c);

	if (e->c.bad)
		return;
	ies->ht_channel = primary;
	if (ies->ht_mode >= HT_80)
		return;
	ies->ht_mode = (info & 3) == 1 ? HT_40_PLUS : (info & 3) == 3 ? HT_40_MINUS : HT_20;
}

static void vht_capabilities(struct element *e)
{
	uint32_t info = aerie_cur_le32(&e->c), n;
	uint16_t rx = aerie_cur_le16(&e->c);
	bool wide = info & 0x000c;

	if (e->c.bad)
		return;
	for (n = 0; n < 8 && (rx >> (2 * n) & 3) != 3; n++) {
		uint32_t mcs = 7 + (rx >> (2 * n) & 3);

		faster(e->ies, rate_vht(wide ? 160 : 80, mcs, n + 1, info & (wide ? 0x0040 : 0x0020)));
	}
}

/* 9.4.2.158: width 1 with a second centre means 160 or 80+80 MHz, by how far the centres are apart. */
static void vht_operation(struct element *e)
{
	struct ies *ies = e->ies;
	uint8_t width = aerie_cur_u8(&e->c), one = aerie_cur_u8(&e->c), two = aerie_cur_u8(&e->c);
	uint32_t apart = one > two ? one - two : two - one;

	if (e->c.bad || width == 0)
		return;
	ies->ht_mode = width == 2 ? HT_160 : width == 3 ? HT_80_80 : two == 0 ? HT_80 : apart == 8 ? HT_160 : HT_80_80;
	ies->center_1 = one ? 5000 + 5u * one : 0;
	ies->center_2 = two ? 5000 + 5u * two : 0;
}

static void rsn(struct element *e)
{
	if (!e->ies->rsn.present)
		rsn_parse(e->data, e->len, &e->ies->rsn);
}

static void mobility_domain(struct element *e)
{
	uint16_t id = aerie_cur_le16(&e->c);

	aerie_cur_skip(&e->c, 1);
	if (e->c.bad)
		return;
	e->ies->has_mobility = 1;
	e->ies->mobility_domain = id;
}

static void rm_capabilities(struct element *e)
{
	if (e->len < 5)
		return;
	e->ies->has_rm = 1;
	e->ies->link_measurement = e->data[0] & 1;
	e->ies->neighbor_report = e->data[0] >> 1 & 1;
}

static void mesh_configuration(struct element *e)
{
	uint8_t formation, capability;

	aerie_cur_skip(&e->c, 5);
	formation = aerie_cur_u8(&e->c);
	capability = aerie_cur_u8(&e->c);
	if (e->c.bad)
		return;
	e->ies->has_mesh_config = 1;
	e->ies->mesh_gateway = formation & 1;
	e->ies->mesh_peerings = formation >> 1 & 0x3f;
	e->ies->mesh_forwarding = capability >> 3 & 1;
}

static void mesh_id(struct element *e)
{
	if (e->len <= SSID_MAX)
		e->ies->mesh_id = (struct octets){ e->data, e->len };
}

/* Cisco Compatible Extensions: the access point's name at octet 10. */
static void ccx(struct element *e)
{
	const uint8_t *name;
	uint32_t n;

	aerie_cur_skip(&e->c, 10);
	name = aerie_cur_take(&e->c, 16);
	if (!name)
		return;
	for (n = 0; n < 16 && name[n]; n++)
		;
	if (n)
		e->ies->beacon_info = (struct octets){ name, n };
}

static void ccx_power(struct element *e)
{
	aerie_cur_skip(&e->c, 4);
	e->ies->ccx_txpower = aerie_cur_u8(&e->c);
	e->ies->has_ccx_txpower = !e->c.bad;
}

/* IEEE 802.11ax-2021 9.4.2.249: optional parts in the order of bits 14 (VHT), 15 (co-hosted) and 17 (6 GHz). */
static void he_operation(struct element *e)
{
	struct ies *ies = e->ies;
	const uint8_t *lead = aerie_cur_take(&e->c, 3), *six;
	uint32_t par;

	if (!lead)
		return;
	par = (uint32_t)lead[0] | (uint32_t)lead[1] << 8 | (uint32_t)lead[2] << 16;
	aerie_cur_skip(&e->c, 3); /* colour, basic MCS set */
	if (par & 1u << 14)
		aerie_cur_skip(&e->c, 3);
	if (par & 1u << 15)
		aerie_cur_skip(&e->c, 1);
	if (!(par & 1u << 17))
		return;
	six = aerie_cur_take(&e->c, 5);
	if (!six)
		return;
	ies->he6_channel = six[0];
	switch (six[1] & 3) {
	case 0:
		ies->ht_mode = HT_20;
		break;
	case 1: /* the pair begins with channel 1: 1+5, 9+13, ... */
		ies->ht_mode = (six[0] - 1u) / 4 % 2 ? HT_40_MINUS : HT_40_PLUS;
		break;
	case 2:
		ies->ht_mode = HT_80;
		break;
	default:
		ies->ht_mode = six[3] && (six[3] > six[2] ? six[3] - six[2] : six[2] - six[3]) != 8 ? HT_80_80 : HT_160;
		break;
	}
	ies->center_1 = six[2] ? 5950 + 5u * six[2] : 0;
	ies->center_2 = six[3] ? 5950 + 5u * six[3] : 0;
}

static void he_capabilities(struct element *e)
{
	const uint8_t *phy;
	uint32_t n, mhz;
	uint16_t rx;

	aerie_cur_skip(&e->c, 6); /* MAC capabilities */
	phy = aerie_cur_take(&e->c, 11);
	rx = aerie_cur_le16(&e->c); /* up to 80 MHz */
	if (e->c.bad)
		return;
	mhz = phy[0] & 0x08 ? 160 : phy[0] & 0x04 ? 80 : phy[0] & 0x02 ? 40 : 20;
	for (n = 0; n < 8 && (rx >> (2 * n) & 3) != 3; n++)
		faster(e->ies, rate_he(mhz, 7 + 2 * (rx >> (2 * n) & 3), n + 1, 8));
}

/* Some end a text with a NUL, or fill it up with these, which is against the rules (WSC 2.0.8, 12). */
static void wps_text(struct octets *o, const struct aerie_cur *a)
{
	uint32_t len = (uint32_t)aerie_cur_left(a);

	while (len && !a->p[len - 1])
		len--;
	*o = (struct octets){ a->p, len };
}

static void wps_attribute(struct wps *w, uint16_t type, struct aerie_cur a)
{
	uint8_t v;

	switch (type) {
	case 0x104a:
		w->version = aerie_cur_u8(&a);
		break;
	case 0x1044: /* state: 1 not configured, 2 configured */
		v = aerie_cur_u8(&a);
		w->state |= v == 2 ? 1 : v == 1 ? 2 : 0;
		break;
	case 0x1057:
		w->locked = aerie_cur_u8(&a) == 1;
		break;
	case 0x1008:
		w->config_methods = aerie_cur_be16(&a);
		w->has_config_methods = !a.bad;
		break;
	case 0x1021:
		wps_text(&w->manuf, &a);
		break;
	case 0x1011:
		wps_text(&w->device_name, &a);
		break;
	case 0x1023:
		wps_text(&w->model_name, &a);
		break;
	case 0x1024:
		wps_text(&w->model_number, &a);
		break;
	case 0x1042:
		wps_text(&w->serial_number, &a);
		break;
	case 0x1047:
		if (aerie_cur_left(&a) == 16)
			w->uuid = (struct octets){ a.p, 16 };
		break;
	default:
		break;
	}
}

static void wps(struct ies *ies, struct aerie_cur c)
{
	struct wps *w = &ies->wps;
	uint32_t i;

	w->present = 1;
	for (i = 0; i < WPS_ATTRIBUTES_MAX && aerie_cur_left(&c) >= 4; i++) {
		uint16_t type = aerie_cur_be16(&c), len = aerie_cur_be16(&c);
		struct aerie_cur a = aerie_cur_sub(&c, len);

		if (a.bad)
			return;
		wps_attribute(w, type, a);
	}
	if (w->locked)
		w->state |= 4;
}

static void owe_transition(struct ies *ies, struct aerie_cur c)
{
	const uint8_t *mac = aerie_cur_take(&c, 6), *name;
	uint8_t len = aerie_cur_u8(&c);

	name = aerie_cur_take(&c, len);
	if (c.bad || len > SSID_MAX)
		return;
	ies->has_owe = 1;
	ies->owe_bssid = aerie_mac_u64(mac);
	ies->owe_ssid = (struct octets){ name, len };
}

/* Names a maker of whole devices: the first that is not one of the widely used chip and standard OUIs. */
static void vendor_hint(struct ies *ies, uint32_t oui)
{
	static const uint32_t generic[] = { OUI_MICROSOFT, 0x00037fu, 0x001018u, 0x8cfdf0u, OUI_WFA, 0x000facu };
	size_t i;

	for (i = 0; i < sizeof generic / sizeof generic[0]; i++)
		if (oui == generic[i])
			return;
	if (!ies->vendor || oui == OUI_CISCO || oui == OUI_UBIQUITI || oui == OUI_ARUBA)
		ies->vendor = oui;
}

static void vendor(struct element *e)
{
	const uint8_t *oui = aerie_cur_take(&e->c, 3);
	uint8_t type = aerie_cur_u8(&e->c);
	uint32_t id;

	if (e->c.bad)
		return;
	id = (uint32_t)oui[0] << 16 | (uint32_t)oui[1] << 8 | oui[2];
	vendor_hint(e->ies, id);
	if (id == OUI_MICROSOFT && type == 1 && !e->ies->wpa.present)
		wpa_parse(e->c.p, (uint32_t)aerie_cur_left(&e->c), &e->ies->wpa);
	else if (id == OUI_MICROSOFT && type == 4)
		wps(e->ies, e->c);
	else if (id == OUI_WFA && type == 28)
		owe_transition(e->ies, e->c);
	else if (id == OUI_ARUBA && type == 1) {
		uint8_t subtype = aerie_cur_u8(&e->c);

		aerie_cur_skip(&e->c, 1);
		if (subtype == 3 && !e->c.bad && aerie_cur_left(&e->c))
			e->ies->beacon_info = (struct octets){ e->c.p, (uint32_t)aerie_cur_left(&e->c) };
	}
}

static void extension(struct element *e)
{
	switch (aerie_cur_u8(&e->c)) {
	case 35:
		he_capabilities(e);
		break;
	case 36:
		he_operation(e);
		break;
	default:
		break;
	}
}

static void (*const readers[256])(struct element *e) = {
	[0] = ssid,
	[1] = rates,
	[3] = ds,
	[7] = country,
	[33] = power_capability,
	[35] = tpc_report,
	[45] = ht_capabilities,
	[48] = rsn,
	[50] = rates,
	[54] = mobility_domain,
	[61] = ht_operation,
	[70] = rm_capabilities,
	[113] = mesh_configuration,
	[114] = mesh_id,
	[133] = ccx,
	[150] = ccx_power,
	[191] = vht_capabilities,
	[192] = vht_operation,
	[221] = vendor,
	[255] = extension,
};

uint32_t ies_parse(const uint8_t *data, uint32_t len, struct ies *ret)
{
	struct aerie_cur c = aerie_cur_make(data, len);
	uint32_t n = 0;

	memset(ret, 0, sizeof *ret);
	while (aerie_cur_left(&c) >= 2 && n < ELEMENTS_MAX) {
		uint8_t id = aerie_cur_u8(&c), size = aerie_cur_u8(&c);
		struct aerie_cur body = aerie_cur_sub(&c, size);
		struct element e = { .ies = ret, .c = body, .data = body.p, .len = size };

		if (body.bad)
			break;
		n++;
		if (readers[id])
			readers[id](&e);
	}
	return n;
}

const char *ht_mode_text(uint8_t mode)
{
	static const char *const names[] = { "", "HT20", "HT40+", "HT40-", "HT80", "HT160", "HT80+80" };

	return mode < sizeof names / sizeof names[0] ? names[mode] : "";
}
