/* SPDX-License-Identifier: MIT */
/* An interface in monitor mode: found, made, or switched, and everything put back at the end. */
#ifndef LINUX_WIFI_INTERFACE_H
#define LINUX_WIFI_INTERFACE_H

#include <stdbool.h>

#include "nl.h"

struct monitor_wish {
	const char *vif;    /* name of the interface in monitor mode; "": one is chosen */
	uint32_t flags;     /* bit n: NL80211_MNTR_FLAG_ n */
	bool ignoreprimary; /* leave the interface that was named as it is, even when it is up */
};

struct monitor {
	struct nl80211 *nl; /* not owned; a monitor that was made lives as long as it */
	uint32_t base;      /* the interface that was named; 0: a radio that has none */
	uint32_t index;     /* the one to capture from; may be the same */
	char name[IFNAMSIZ];
	bool created, switched; /* it is ours; it was of mode base_mode */
	bool base_downed, index_upped, base_was_up;
	uint32_t base_mode;
	char note[256]; /* what the user should know, or empty */
};

/* all, n: nl80211_interfaces(). 0, or a negative errno with a text in msg, and everything is as it was. */
int monitor_open(struct monitor *m, struct nl80211 *nl, const struct wiphy_interface *base, const struct wiphy *w,
                 const struct wiphy_interface *all, uint32_t n, const struct monitor_wish *wish, char *msg,
                 size_t room);
/* Notes an interface that may hold the channel, or be tuned by others. all, n: as they are once m is open. */
void monitor_note_others(struct monitor *m, uint32_t wiphy, const struct wiphy_interface *all, uint32_t n);
/* 1: up. 0: down. -ENODEV: there is no such interface any more. */
int interface_is_up(uint32_t index);
/* The same of an interface that was up: the kernel takes one down before it removes it, so this waits a second at most for
 * one that is down to go. */
int interface_still_up(uint32_t index);
/* Puts back what was changed, as far as it still exists. 0, or the first error. */
int monitor_restore(struct monitor *m);

/* The name of the i-th try for a base: wlan0mon, wlan0mon1, ...; always fits. */
void monitor_name(const char *base, unsigned i, char name[IFNAMSIZ]);

#endif
