/* SPDX-License-Identifier: MIT */
/* What a definition asks for: hci0:le=true,active=true,... */
#ifndef LINUX_BLUETOOTH_OPTIONS_H
#define LINUX_BLUETOOTH_OPTIONS_H

#include <aeriecap.h>

#include "hciscan.h"

#define OPTIONS_INQUIRY_LENGTH 8u /* 10.24 s, in which practically all devices are found (Vol 3 Part C, A.1) */

/* 0, or -1 with a text that says what is wrong; msg has AERIECAP_MSG_MAX octets. */
int options_parse(const char *definition, struct hciscan_config *ret_config, char *msg);
/* The UUID of the definition, or the one of this controller. 0, or -1 with a text. */
int options_uuid(const char *definition, const unsigned char bdaddr[6], char uuid[AERIECAP_UUID_ROOM], char *msg);

#endif
