/* SPDX-License-Identifier: MIT */
/* What a definition asks for: hci0:le=true,active=true,... */
#ifndef LINUX_BLUETOOTH_OPTIONS_H
#define LINUX_BLUETOOTH_OPTIONS_H

#include <stddef.h>

#include "hciscan.h"

#define OPTIONS_INQUIRY_LENGTH 8u /* 10.24 s, in which practically all devices are found (Vol 3 Part C, A.1) */
#define OPTIONS_UUID_MAX       37u

/* 0, or -1 with a text that says what is wrong. */
int options_parse(const char *definition, struct hciscan_config *ret_config, char *msg, size_t room);
/* The UUID of the definition, or the one of this controller. 0, or -1 with a text. */
int options_uuid(const char *definition, const unsigned char bdaddr[6], char uuid[OPTIONS_UUID_MAX], char *msg,
                 size_t room);

#endif
