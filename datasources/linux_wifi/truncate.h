/* SPDX-License-Identifier: MIT */
/* What is left of a frame when its payload is not to be captured. */
#ifndef LINUX_WIFI_TRUNCATE_H
#define LINUX_WIFI_TRUNCATE_H

#include <stdint.h>

/* How many octets of a frame with a radiotap header are kept: all of management, control and EAPOL frames; of other
 * data frames the headers, LLC/SNAP or the cipher's included. At most caplen; all of what cannot be understood. */
uint32_t truncate_data(const uint8_t *data, uint32_t caplen);

#endif
