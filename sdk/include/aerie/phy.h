/* SPDX-License-Identifier: MIT */
/* "aerie.phy/1": PHY handlers. Since ABI 1.0. */
#ifndef AERIE_PHY_H
#define AERIE_PHY_H

#include <aerie/devices.h>
#include <aerie/packets.h>

#ifdef __cplusplus
extern "C" {
#endif

#define AERIE_PHY_SERVICE "aerie.phy/1"

struct aerie_phy {
	uint32_t size;
	uint32_t n_links;
	const char *name;      /* "IEEE802.11": [A-Za-z0-9_.-]{1,48}; shown to clients, part of every device key and of the view phy-NAME */
	const char *help;      /* one sentence */
	const uint32_t *links; /* link types (after decoding) that it dissects, at most 64 */
	/* The record type of its devices; made with define_record() on top of aerie_devices.base_type(). */
	aerie_record_id device_type;
	uint32_t reserved;
	/* [worker] Reads p->frame; puts its result, from the arena, in p->parsed, and the devices it will track in p->keys.
	 * Flags a broken frame in p->flags. Touches no device. */
	void (*dissect)(void *user, struct aerie_packet *p, struct aerie_arena *a);
	/* [worker] Updates devices; called only when p->parsed is set and p->flags has no error. */
	void (*track)(void *user, struct aerie_packet *p, struct aerie_arena *a);
	void *user;
	void (*destroy)(void *user); /* or NULL */
};

struct aerie_phy_info {
	uint32_t size;
	uint16_t id;
	uint16_t reserved;
	const char *name;
	uint64_t devices, packets, packets_data, packets_error; /* packets that this PHY dissected */
};

struct aerie_phys {
	uint32_t size;
	uint32_t reserved;
	/* [main, load] Registers a PHY and tells its number, the same for the same name as long as the host runs. -EEXIST:
	 * the name, or one of its link types, is taken (told). */
	int (*register_phy)(const struct aerie_host *h, const struct aerie_phy *phy, uint16_t *ret_id);
	/* [any] Every PHY that is or was registered, in the order of numbers, until fn returns other than 0. */
	int (*each)(const struct aerie_host *h, int (*fn)(void *user, const struct aerie_phy_info *info), void *user);
};

#ifdef __cplusplus
}
#endif
#endif
