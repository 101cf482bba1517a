/* SPDX-License-Identifier: MIT */
/* What device keys are made of: numbers of PHYs, and the text that clients see. */
#include <config.h>

#include <errno.h>
#include <string.h>

#include <core/module.h>
#include <core/registry.h>
#include <core/store.h>
#include <core/strings.h>

/* ---- numbers of PHYs ---- */

/* The checksum that the ecosystem uses for names: Adler's two sums, both from 0 and without a modulus. */
static uint32_t name_hash(const char *name)
{
	uint32_t a = 0, b = 0;

	for (; *name; name++) {
		a += (uint8_t)*name;
		b += a;
	}
	return (a & 0xffff) + (b << 16);
}

static bool is_device_type(const struct devices *d, aerie_record_id type)
{
	const struct record_type *base = registry_type(d->core->registry, d->base_type);
	const struct record_type *t = registry_type(d->core->registry, type);
	uint32_t i;

	if (!t || t->n_members < base->n_members)
		return false;
	for (i = 0; i < base->n_members; i++)
		if (t->members[i].field != base->members[i].field || t->members[i].slot != base->members[i].slot)
			return false;
	return true;
}

int devices_phy(struct devices *d, const char *name, aerie_record_id type, uint16_t *ret_id)
{
	const struct aerie_str *str;
	uint16_t id;

	if (!is_device_type(d, type))
		return -EINVAL;
	for (id = 1; id <= d->n_phys; id++)
		if (strcmp(d->phys[id].name->text, name) == 0)
			break;
	if (id > PHY_MAX)
		return -ENOSPC;
	if (id > d->n_phys) {
		str = strings_get(d->core->strings, name, (uint32_t)strlen(name));
		if (!str)
			return -ENOMEM;
		d->phys[id].name = str;
		d->phys[id].name_hash = name_hash(name);
	}
	__atomic_store_n(&d->phys[id].type, type, __ATOMIC_RELAXED);
	if (id > d->n_phys)
		__atomic_store_n(&d->n_phys, id, __ATOMIC_RELEASE);
	*ret_id = id;
	return 0;
}

uint16_t devices_phy_last(const struct devices *d)
{
	return __atomic_load_n(&d->n_phys, __ATOMIC_ACQUIRE);
}

const struct aerie_str *devices_phy_name(const struct devices *d, uint16_t id)
{
	return id && id <= devices_phy_last(d) ? d->phys[id].name : NULL;
}

uint64_t devices_phy_count(const struct devices *d, uint16_t id)
{
	return id && id <= devices_phy_last(d) ? __atomic_load_n(&d->phys[id].devices, __ATOMIC_RELAXED) : 0;
}

/* ---- text of keys: two numbers in hex, octets swapped: the hash of the PHY's name, and the address in the upper 48
 * bits. The ecosystem's format of 2025; clients take it as it is. ---- */

static char *put_hex(char *dst, uint64_t v, unsigned digits)
{
	while (digits--)
		*dst++ = "0123456789ABCDEF"[v >> 4 * digits & 15];
	return dst;
}

int store_key_text(struct core *core, uint64_t key, char *dst)
{
	const struct devices *d = core->devices;
	uint16_t phy = aerie_key_phy(key);
	uint64_t mac = __builtin_bswap64((key & AERIE_KEY_MAC_MASK) << 16);
	char *end;

	if (!devices_phy_name(d, phy))
		return -ENOENT;
	end = put_hex(dst, __builtin_bswap64(d->phys[phy].name_hash), 16);
	*end++ = '_';
	end = put_hex(end, mac, mac ? 16 - (unsigned)__builtin_clzll(mac) / 4 : 1);
	*end = '\0';
	return (int)(end - dst);
}

const struct aerie_str *store_phy_name(struct core *core, uint16_t phy)
{
	return devices_phy_name(core->devices, phy);
}

int devices_key_text(const struct aerie_host *h, uint64_t key, char ret_text[41])
{
	return store_key_text(module_of(h)->core, key, ret_text);
}

/* Up to 16 hex digits; returns what follows them, or NULL. */
static const char *parse_hex(const char *text, uint64_t *ret)
{
	uint64_t v = 0;
	unsigned n;

	for (n = 0;; n++, text++) {
		unsigned c = (uint8_t)*text | 0x20u;

		if (c >= '0' && c <= '9')
			c -= '0';
		else if (c >= 'a' && c <= 'f')
			c -= 'a' - 10;
		else
			break;
		if (n == 16)
			return NULL;
		v = v << 4 | c;
	}
	if (!n)
		return NULL;
	*ret = v;
	return text;
}

int devices_key_parse(const struct aerie_host *h, const char *text, uint64_t *ret_key)
{
	const struct devices *d = module_of(h)->core->devices;
	uint64_t hash, mac;
	uint16_t id, last = devices_phy_last(d);

	text = text ? parse_hex(text, &hash) : NULL;
	if (!text || *text != '_')
		return -EINVAL;
	text = parse_hex(text + 1, &mac);
	if (!text || *text)
		return -EINVAL;
	hash = __builtin_bswap64(hash);
	mac = __builtin_bswap64(mac);
	if (mac & 0xffff)
		return -EINVAL;
	for (id = 1; id <= last; id++)
		if (d->phys[id].name_hash == hash)
			break;
	if (id > last)
		return -ENOENT;
	*ret_key = (uint64_t)id << 48 | mac >> 16;
	return 0;
}
