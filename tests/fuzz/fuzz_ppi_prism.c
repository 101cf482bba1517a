/* SPDX-License-Identifier: MIT */
/* PPI, Prism and AVS headers; the first octet picks which. */
/* link: plugins/phy80211/radio_ppi.c plugins/phy80211/radio_prism.c plugins/phy80211/rates.c plugins/phy80211/channel.c
 * plugins/phy80211/crc.c -lz */
#include <stdlib.h>

#include "../../plugins/phy80211/dot11.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const decoders[])(void *, struct aerie_packet *, struct aerie_arena *) = {
		ppi_decode, prism_decode, avs_decode,
	};
	struct aerie_packet p = { 0 };

	if (size < 1 || size > 65536)
		return 0;
	p.data = p.frame = data + 1;
	p.caplen = p.origlen = p.frame_len = (uint32_t)size - 1;
	decoders[data[0] % 3](NULL, &p, NULL);
	if (!p.flags && p.frame + p.frame_len != data + size)
		abort();
	return 0;
}
