/* SPDX-License-Identifier: MIT */
/* The device store: sharded by key, each shard with its lock, hash, heap, and its devices in order of last change. */
#ifndef CORE_DEVICES_H
#define CORE_DEVICES_H

#include <stdbool.h>

#include <core/core.h>

struct devices *devices_new(struct core *core); /* defines the common members; core->registry and core->self must be there */
void devices_free(struct devices *d);

/* Numbers of PHYs: the same name gets the same number as long as the host runs. type: record type of new devices. */
int devices_phy(struct devices *d, const char *name, aerie_record_id type, uint16_t *ret_id);
const struct aerie_str *devices_phy_name(const struct devices *d, uint16_t id); /* NULL when unknown */
uint16_t devices_phy_last(const struct devices *d);
uint64_t devices_phy_count(const struct devices *d, uint16_t id); /* devices of the PHY */

/* Fetches the memory of a device that will soon be tracked. [worker] */
void devices_prefetch(const struct devices *d, uint64_t key);
uint64_t devices_bytes(const struct devices *d); /* memory of the store */

extern const struct aerie_devices devices_service;

#endif
