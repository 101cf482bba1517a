/* SPDX-License-Identifier: MIT */
/* truncate_data: IEEE 802.11-2020 9.2.4 (frame control), 9.3.2.1 (data frames), 12.5 (cipher headers), radiotap.org. */
#include "truncate.h"

#include <aerie/cursor.h>

#define FC_TYPE_DATA 0x08u
#define FC_TYPE_MASK 0x0cu
#define FC_QOS       0x80u
#define FC_TO_DS     0x0100u
#define FC_FROM_DS   0x0200u
#define FC_PROTECTED 0x4000u
#define FC_ORDER     0x8000u
#define LLC_LEN      8u /* LLC/SNAP; the headers of TKIP, CCMP and GCMP are as long */

uint32_t truncate_data(const uint8_t *data, uint32_t caplen)
{
	struct aerie_cur c = aerie_cur_make(data, caplen);
	uint32_t header = 24, keep;
	uint16_t radiotap, fc, type;

	aerie_cur_skip(&c, 2);
	radiotap = aerie_cur_le16(&c);
	if (c.bad || radiotap < 8 || radiotap > caplen)
		return caplen;
	aerie_cur_skip(&c, radiotap - 4u);
	fc = aerie_cur_le16(&c);
	if (c.bad || (fc & FC_TYPE_MASK) != FC_TYPE_DATA)
		return caplen;
	if ((fc & FC_TO_DS) && (fc & FC_FROM_DS))
		header += 6;
	if (fc & FC_QOS)
		header += fc & FC_ORDER ? 6 : 2;
	aerie_cur_skip(&c, header - 2 + LLC_LEN - 2);
	type = aerie_cur_be16(&c);
	if (c.bad || (!(fc & FC_PROTECTED) && type == 0x888e))
		return caplen;
	keep = radiotap + header + LLC_LEN;
	return keep < caplen ? keep : caplen;
}
