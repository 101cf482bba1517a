/* SPDX-License-Identifier: MIT */
/* The way to nl80211: a generic netlink socket, requests, and what comes back. A socket is used by one thread at a
 * time. */
#ifndef LINUX_WIFI_NL_H
#define LINUX_WIFI_NL_H

#include <stdint.h>

#include "channels.h"
#include "wiphy.h"

struct nl80211;
struct nl_msg;

/* 0; -ENOENT: the kernel has no nl80211; or what went wrong. */
int nl80211_open(struct nl80211 **ret_nl);
void nl80211_close(struct nl80211 *nl);

/* A request to be filled with attributes and given to nl80211_run(); NULL: no memory. flags: NLM_F_DUMP or 0. */
struct nl_msg *nl80211_request(struct nl80211 *nl, uint8_t command, int flags);
/* Sends the request, frees it, and hands each answer's attributes to fn (may be NULL). 0, the kernel's negative errno,
 * or what fn returned when that was negative. */
int nl80211_run(struct nl80211 *nl, struct nl_msg *msg, int (*fn)(void *user, const void *attrs, int len), void *user);

/* All interfaces, of every radio, at most max of them. Their number, or a negative errno. */
int nl80211_interfaces(struct nl80211 *nl, struct wiphy_interface *ret_interfaces, uint32_t max);
/* Adds the radios that none of these n interfaces is on; see wiphy_radio_parse(). The new number, or a negative errno. */
int nl80211_add_radios(struct nl80211 *nl, struct wiphy_interface *interfaces, uint32_t n, uint32_t max);
int nl80211_wiphy(struct nl80211 *nl, uint32_t index, struct wiphy *ret_wiphy);
int nl80211_set_channel(struct nl80211 *nl, uint32_t interface, const struct channel *c);
/* mode: NL80211_IFTYPE_...; monitor_flags: bit n is NL80211_MNTR_FLAG_ n, 0 for the driver's own. */
int nl80211_set_mode(struct nl80211 *nl, uint32_t interface, uint32_t mode, uint32_t monitor_flags);
/* An interface in monitor mode, which vanishes with the socket, however the program ends. */
int nl80211_add_monitor(struct nl80211 *nl, uint32_t wiphy, const char *name, uint32_t monitor_flags);
int nl80211_delete(struct nl80211 *nl, uint32_t interface);

#endif
