/* SPDX-License-Identifier: MIT */
/* Elements of management frames, with the texts that are made of them. */
/* link: plugins/phy80211/ie.c plugins/phy80211/crypt.c plugins/phy80211/rates.c plugins/phy80211/ssid.c */
#include <stdlib.h>
#include <string.h>

#include "../../plugins/phy80211/crypt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void text_of(struct octets o)
{
	char text[255 * 6 + 1];

	if (o.p && o.len <= 255 && air_text(o.p, o.len, text) != strlen(text))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char crypt[CRYPT_TEXT_MAX], ssid[SSID_TEXT_MAX + 1];
	struct ies ies;

	if (size > 65536)
		return 0;
	ies_parse(data, (uint32_t)size, &ies);
	if (ies.ssid.p && ssid_text(ies.ssid.p, ies.ssid.len, ssid) > SSID_TEXT_MAX)
		abort();
	text_of(ies.ssid);
	text_of(ies.mesh_id);
	text_of(ies.beacon_info);
	text_of(ies.owe_ssid);
	text_of(ies.wps.manuf);
	text_of(ies.wps.device_name);
	text_of(ies.wps.model_name);
	text_of(ies.wps.serial_number);
	if (crypt_text(crypt_bitfield(&ies, true), crypt) >= CRYPT_TEXT_MAX || strlen(ht_mode_text(ies.ht_mode)) > 8)
		abort();
	(void)crypt_set(&ies, true);
	return 0;
}
