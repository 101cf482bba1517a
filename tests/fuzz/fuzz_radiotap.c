/* SPDX-License-Identifier: MIT */
/* Radiotap headers. */
/* link: plugins/phy80211/radio_radiotap.c plugins/phy80211/rates.c */
#include <stdlib.h>

#include "../../plugins/phy80211/dot11.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct aerie_packet p = { .data = data, .frame = data };

	if (size > 65536)
		return 0;
	p.caplen = p.origlen = p.frame_len = (uint32_t)size;
	radiotap_decode(NULL, &p, NULL);
	if (!(p.flags & (AERIE_PKT_TRUNCATED | AERIE_PKT_MALFORMED)) && p.frame_len && p.frame + p.frame_len != data + size)
		abort();
	return 0;
}
