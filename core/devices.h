/* SPDX-License-Identifier: MIT */
/* The device store: sharded by key, each shard with its lock, hash, heap, and its devices in order of last change. */
#ifndef CORE_DEVICES_H
#define CORE_DEVICES_H

#include <stdbool.h>

#include <core/core.h>

#define PHY_MAX 255u /* PHYs in one run of the host */

struct devices *devices_new(struct core *core); /* defines the common members; core->registry and core->self must be there */
void devices_free(struct devices *d);
/* The value of kismet.server.uuid in every device. [main, load] */
int devices_set_server(struct devices *d, const char *uuid);

/* Numbers of PHYs: the same name gets the same number as long as the host runs. type: record type of new devices.
 * -EINVAL: the type does not begin with the common members; -ENOSPC: more than PHY_MAX. [main] */
int devices_phy(struct devices *d, const char *name, aerie_record_id type, uint16_t *ret_id);
const struct aerie_str *devices_phy_name(const struct devices *d, uint16_t id); /* NULL when unknown */
uint16_t devices_phy_last(const struct devices *d);
uint64_t devices_phy_count(const struct devices *d, uint16_t id); /* devices of the PHY */

/* Fetches the memory of a device that will soon be tracked, in three steps that each find the memory of the one before
 * in the cache. [worker] */
enum prefetch_step { PREFETCH_HEAD, PREFETCH_NODE, PREFETCH_RECORD };
void devices_prefetch(const struct devices *d, uint64_t key, enum prefetch_step step);
uint64_t devices_bytes(const struct devices *d); /* memory of the store */
/* From now on devices are forgotten, where options ask for it. -ENOMEM. [main] */
int devices_start(struct devices *d);
/* What then happens once a second; steady_s: a clock that never jumps. [main] */
void devices_tick(struct devices *d, uint32_t steady_s);

extern const struct aerie_devices devices_service;

#endif
