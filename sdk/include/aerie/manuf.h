/* SPDX-License-Identifier: MIT */
/* "aerie.manuf/1": names of hardware makers by address block. Offered by the module aerie.manuf. Since ABI 1.0. */
#ifndef AERIE_MANUF_H
#define AERIE_MANUF_H

#include <aerie/fields.h>

#ifdef __cplusplus
extern "C" {
#endif

#define AERIE_MANUF_SERVICE "aerie.manuf/1"

struct aerie_manuf {
	uint32_t size;
	uint32_t reserved;
	/* [any] The owner of the longest IEEE registry block (MA-S /36, MA-M /28, MA-L /24) that holds the address, or the text
	 * "Unknown". Interned; held by the module that offers the service until it unloads. Never NULL. */
	const struct aerie_str *(*lookup)(const struct aerie_manuf *m, const uint8_t mac[6]);
	void *priv;
};

#ifdef __cplusplus
}
#endif
#endif
