/* SPDX-License-Identifier: MIT */
/* IEEE 802.11 frames: the first octet gives the flags of the radio header, the second how much the capture cut. */
/* link: plugins/phy80211/frame.c plugins/phy80211/crc.c -lz */
#include <stdlib.h>

#include "../../plugins/phy80211/dot11.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct aerie_packet p = { 0 };
	struct dot11_frame f = { 0 };
	struct frame_head h;
	struct mgmt m;
	uint32_t captured, air;

	if (size < 2 || size > 65536)
		return 0;
	p.data = p.frame = data + 2;
	p.caplen = p.frame_len = (uint32_t)size - 2;
	p.origlen = p.caplen + data[1];
	p.radio.fcs_len = data[0] & 1 ? FCS_LEN : 0;
	if (frame_check(&p, &captured, &air))
		return 0;
	if (captured > air || captured > p.frame_len)
		abort();
	if (frame_head_parse(p.frame, captured, data[0] & 2, &h))
		return 0;
	if (h.len > captured)
		abort();
	f.type = h.type;
	f.subtype = h.subtype;
	f.flags = h.flags;
	f.no_data = h.no_data;
	f.body_air = air - h.len;
	if (h.type == TYPE_MGMT && mgmt_scan(h.subtype, p.frame + h.len, captured - h.len, &m) == 0)
		f.mgmt = &m;
	frame_parties(&f, &h.a, data[0] & 4);
	if (f.n_parties > PARTIES_MAX)
		abort();
	return 0;
}
