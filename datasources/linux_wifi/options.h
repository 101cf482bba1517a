/* SPDX-License-Identifier: MIT */
/* The options of a definition: wlan0:option=value,... */
#ifndef LINUX_WIFI_OPTIONS_H
#define LINUX_WIFI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <net/if.h>

#include <aeriecap.h>

#include "channels.h"

#define OPTION_TEXT_ROOM 1024u

struct options {
	char interface[IFNAMSIZ];
	char vif[IFNAMSIZ];
	char uuid[AERIECAP_UUID_ROOM]; /* "": none is given */
	char channel[64];
	bool fcsfail, plcpfail, ignoreprimary, statistics, verbose, truncate_data;
	bool filter_locals, filter_mgmt;
	char filter_interface[OPTION_TEXT_ROOM], filter_address[OPTION_TEXT_ROOM]; /* lists with commas */
	bool band_given, band24ghz, band5ghz, band6ghz;
	struct channel_wish wish;
};

/* 0, or -1 with a text for the user in msg, which has AERIECAP_MSG_MAX octets. */
int options_parse(struct options *o, const char *definition, char *msg);

#endif
