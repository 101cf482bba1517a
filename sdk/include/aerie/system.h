/* SPDX-License-Identifier: MIT */
/* "aerie.system/1": the state of the host, as records (kismet.system.*, kismet.packetchain.*). Offered by the module aerie.endpoints. Since ABI 1.0. */
#ifndef AERIE_SYSTEM_H
#define AERIE_SYSTEM_H

#include <aerie/fields.h>

#ifdef __cplusplus
extern "C" {
#endif

#define AERIE_SYSTEM_SERVICE "aerie.system/1"

struct aerie_system {
	uint32_t size;
	uint32_t reserved;
	/* [any but main] Calls fn with the record as it is now, locked during the call; returns what fn returned. Battery and sensors are
	 * asked, which may take some milliseconds. */
	int (*with)(const struct aerie_system *s, int (*fn)(void *user, const struct aerie_rec *rec), void *user);
	/* [any] The same with the record of what the pipeline did over time (kismet.packetchain.*). Asks nobody. */
	int (*with_packets)(const struct aerie_system *s, int (*fn)(void *user, const struct aerie_rec *rec), void *user);
	void *priv;
};

#ifdef __cplusplus
}
#endif
#endif
