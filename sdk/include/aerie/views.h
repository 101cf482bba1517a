/* SPDX-License-Identifier: MIT */
/* "aerie.views/1": named parts of the device store: all, phy-NAME, seenby-UUID, and those that modules define. Since ABI 1.0. */
#ifndef AERIE_VIEWS_H
#define AERIE_VIEWS_H

#include <aerie/devices.h>

#ifdef __cplusplus
extern "C" {
#endif

#define AERIE_VIEWS_SERVICE "aerie.views/1"

/* A view that a module defines: the devices of a PHY (0: of all) for which match() says 1. */
struct aerie_view {
	uint32_t size;
	uint32_t phy;
	const char *id;          /* "phydot11_accesspoints": [A-Za-z0-9_.-]{1,64}, other than those of the host: all, phy-..., seenby-... */
	const char *description; /* one sentence; required */
	int (*match)(void *user, const struct aerie_rec *rec); /* [any] with the device locked; NULL: all of the PHY's */
	void *user;
	void (*destroy)(void *user); /* or NULL */
	int (*wanted)(void *user); /* [any] 0: as if it were not there, for an option that switches it off; NULL: always wanted */
};

struct aerie_view_info {
	uint32_t size;
	uint32_t indexed; /* 1: devices() is known without looking at every device */
	const char *id, *description;
};

struct aerie_view_ref; /* opaque: a view that cannot go away */

struct aerie_views {
	uint32_t size;
	uint32_t reserved;
	/* [main, load] -EEXIST: the id is taken (told). */
	int (*register_view)(const struct aerie_host *h, const struct aerie_view *v);
	/* [any] Every view, until fn returns other than 0. */
	int (*each)(const struct aerie_host *h, int (*fn)(void *user, const struct aerie_view_info *info), void *user);
	/* [any] The view with this id, given back with release(), and what a cursor over it asks for (size set by the caller; other
	 * members can be added); -ENOENT, -ENOMEM. */
	int (*find)(const struct aerie_host *h, const char *id, struct aerie_view_ref **ret_ref, struct aerie_device_query *ret_query);
	/* [any] Does a device that the cursor found belong to it? Its record is locked by the caller. */
	int (*match)(const struct aerie_view_ref *ref, const struct aerie_rec *rec);
	/* [any] 1: every device that the cursor finds belongs to it; match() needs not be asked. */
	int (*is_whole)(const struct aerie_view_ref *ref);
	void (*release)(struct aerie_view_ref *ref); /* NULL is fine */
	/* [any] Devices in a view; for one that is not indexed the figure may be a few seconds old, and no device may be held. -ENOMEM. */
	int64_t (*devices)(const struct aerie_host *h, const struct aerie_view_ref *ref);
};

#ifdef __cplusplus
}
#endif
#endif
