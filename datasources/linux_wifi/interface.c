/* SPDX-License-Identifier: MIT */
/* How an interface in monitor mode comes to be; the first that fits:
 *
 *	the named interface is in monitor mode: it is used, and brought up if it is down
 *	there is already one with the monitor's name on the radio: it is used
 *	otherwise a second interface is made on the radio (the first, of a radio that has none); the kernel removes it when our
 *	socket closes, even if we are killed
 *	the driver refuses a second one: the named interface itself is switched to monitor mode
 *
 * As long as another interface of the radio is up it holds the channel: so the named one is taken down, unless asked
 * not to. */
#include "interface.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define NAMES_TRIED 10u
#define GOING_PAUSE_MS 50
#define GOING_PAUSES 20

static const char privileges[] = "it needs CAP_NET_ADMIN and CAP_NET_RAW: run it as root, or "
				 "setcap cap_net_admin,cap_net_raw+ep on the capture program";

/* --- Up and down. */

static int flags_ioctl(uint32_t index, unsigned long request, struct ifreq *ifr)
{
	int fd, r = 0;

	if (!if_indextoname(index, ifr->ifr_name))
		return -ENODEV;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (ioctl(fd, request, ifr) < 0)
		r = -errno;
	close(fd);
	return r;
}

int interface_is_up(uint32_t index)
{
	struct ifreq ifr;
	int r;

	memset(&ifr, 0, sizeof ifr);
	r = flags_ioctl(index, SIOCGIFFLAGS, &ifr);
	return r < 0 ? r : (ifr.ifr_flags & IFF_UP) != 0;
}

int interface_still_up(uint32_t index)
{
	static const struct timespec pause = { .tv_nsec = GOING_PAUSE_MS * 1000000L };
	int r = interface_is_up(index), i;

	for (i = 0; r == 0 && i < GOING_PAUSES; i++) {
		(void)nanosleep(&pause, NULL);
		r = interface_is_up(index);
	}
	return r;
}

static int set_up(uint32_t index, bool up)
{
	struct ifreq ifr;
	int r;

	memset(&ifr, 0, sizeof ifr);
	r = flags_ioctl(index, SIOCGIFFLAGS, &ifr);
	if (r < 0)
		return r;
	ifr.ifr_flags = (short)(up ? ifr.ifr_flags | IFF_UP : ifr.ifr_flags & ~IFF_UP);
	return flags_ioctl(index, SIOCSIFFLAGS, &ifr);
}

/* --- Names. */

void monitor_name(const char *base, unsigned i, char name[IFNAMSIZ])
{
	char suffix[8];
	int keep;

	snprintf(suffix, sizeof suffix, i ? "mon%u" : "mon", i % 100);
	keep = IFNAMSIZ - 1 - (int)strlen(suffix);
	snprintf(name, IFNAMSIZ, "%.*s%s", keep, base, suffix);
}

static const struct wiphy_interface *find(const struct wiphy_interface *all, uint32_t n, const char *name)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		if (all[i].index && strcmp(all[i].name, name) == 0)
			return &all[i];
	return NULL;
}

/* 1: an interface that can be used as it is. 0: the name is free. -EEXIST. */
static int try_name(const struct wiphy_interface *base, const struct wiphy_interface *all, uint32_t n,
                    const struct monitor_wish *wish, const char *name, uint32_t *ret_index)
{
	const struct wiphy_interface *there = find(all, n, name);

	if (!there)
		return if_nametoindex(name) ? -EEXIST : 0;
	if (there->wiphy != base->wiphy || there->mode != NL80211_IFTYPE_MONITOR || wish->flags)
		return -EEXIST;
	*ret_index = there->index;
	return 1;
}

/* As try_name(), for the name that is wished for or the first that will do. */
static int choose_name(const struct wiphy_interface *base, const struct wiphy_interface *all, uint32_t n,
                       const struct monitor_wish *wish, char name[IFNAMSIZ], uint32_t *ret_index)
{
	unsigned i;
	int r = -EEXIST;

	if (wish->vif[0]) {
		snprintf(name, IFNAMSIZ, "%.*s", IFNAMSIZ - 1, wish->vif);
		return try_name(base, all, n, wish, name, ret_index);
	}
	for (i = 0; i < NAMES_TRIED && r == -EEXIST; i++) {
		monitor_name(base->name, i, name);
		r = try_name(base, all, n, wish, name, ret_index);
	}
	return r;
}

/* --- Monitor mode. */

static int fail(int err, const char *what, const char *name, char *msg, size_t room)
{
	const char *why = strerror(-err);

	if (err == -EPERM || err == -EACCES)
		why = privileges;
	else if (err == -ERFKILL)
		why = "the radio is switched off; rfkill tells by what";
	else if (err == -ENODEV)
		why = "it has gone";
	snprintf(msg, room, "cannot %s %s: %s", what, name, why);
	return err;
}

static int switch_mode(struct monitor *m, const struct wiphy_interface *base, const struct monitor_wish *wish,
                       char *msg, size_t room)
{
	int r;

	m->index = base->index;
	memcpy(m->name, base->name, sizeof m->name);
	if (m->base_was_up) {
		r = set_up(base->index, false);
		if (r < 0)
			return fail(r, "take down", base->name, msg, room);
		m->base_downed = true;
	}
	r = nl80211_set_mode(m->nl, base->index, NL80211_IFTYPE_MONITOR, wish->flags);
	if (r < 0)
		return fail(r, "switch to monitor mode:", base->name, msg, room);
	m->switched = true;
	return 0;
}

static int add_or_switch(struct monitor *m, const struct wiphy_interface *base, const struct monitor_wish *wish,
                         char *msg, size_t room)
{
	int r = nl80211_add_monitor(m->nl, base->wiphy, m->name, wish->flags);

	if (r == 0) {
		m->created = true;
		m->index = if_nametoindex(m->name);
		return m->index ? 0 : fail(-ENODEV, "find the new interface", m->name, msg, room);
	}
	if (r == -EPERM || r == -EACCES || r == -ENODEV || base->mode == NL80211_IFTYPE_MONITOR || !base->index)
		return fail(r, "create the interface", m->name, msg, room);
	snprintf(m->note, sizeof m->note, "%s takes no second interface (%s): it is itself switched to monitor mode",
	         base->name, strerror(-r));
	return switch_mode(m, base, wish, msg, room);
}

static int get_monitor(struct monitor *m, const struct wiphy_interface *base, const struct wiphy *w,
                       const struct wiphy_interface *all, uint32_t n, const struct monitor_wish *wish, char *msg,
                       size_t room)
{
	bool same = base->index && (!wish->vif[0] || strcmp(wish->vif, base->name) == 0);
	int r;

	if (base->mode == NL80211_IFTYPE_MONITOR && same && !wish->flags) {
		m->index = base->index;
		memcpy(m->name, base->name, sizeof m->name);
		return 0;
	}
	if (!wiphy_has_mode(w, NL80211_IFTYPE_MONITOR)) {
		snprintf(msg, room, "the driver of %s has no monitor mode", base->name);
		return -EOPNOTSUPP;
	}
	if (wish->vif[0] && same)
		return switch_mode(m, base, wish, msg, room);
	r = choose_name(base, all, n, wish, m->name, &m->index);
	if (r < 0)
		snprintf(msg, room,
		         "there is already an interface %s, which is not one of %s in monitor mode%s; choose "
		         "another name with vif=",
		         m->name, base->name, wish->flags ? " made by us" : "");
	if (r != 0)
		return r < 0 ? r : 0;
	return add_or_switch(m, base, wish, msg, room);
}

static int bring_up(struct monitor *m, char *msg, size_t room)
{
	int r = interface_is_up(m->index);

	if (r > 0)
		return 0;
	if (r == 0)
		r = set_up(m->index, true);
	if (r < 0)
		return fail(r, "bring up", m->name, msg, room);
	m->index_upped = true;
	return 0;
}

int monitor_open(struct monitor *m, struct nl80211 *nl, const struct wiphy_interface *base, const struct wiphy *w,
                 const struct wiphy_interface *all, uint32_t n, const struct monitor_wish *wish, char *msg, size_t room)
{
	int r;

	memset(m, 0, sizeof *m);
	m->nl = nl;
	m->base = base->index;
	m->base_mode = base->mode;
	m->base_was_up = interface_is_up(base->index) > 0;
	r = get_monitor(m, base, w, all, n, wish, msg, room);
	if (r == 0 && m->index != base->index && base->mode != NL80211_IFTYPE_MONITOR && m->base_was_up &&
	    !wish->ignoreprimary) {
		r = set_up(base->index, false);
		if (r < 0)
			fail(r, "take down", base->name, msg, room);
		m->base_downed = r == 0;
	}
	if (r == 0)
		r = bring_up(m, msg, room);
	if (r < 0)
		monitor_restore(m);
	return r;
}

static void keep_first(int *r, int next)
{
	if (*r == 0 && next < 0 && next != -ENODEV) /* what is gone needs nothing */
		*r = next;
}

int monitor_restore(struct monitor *m)
{
	int r = 0;

	if (m->created)
		keep_first(&r, nl80211_delete(m->nl, m->index));
	else if (m->index_upped && !(m->switched && m->base_was_up))
		keep_first(&r, set_up(m->index, false));
	if (m->switched) {
		keep_first(&r, set_up(m->base, false));
		keep_first(&r, nl80211_set_mode(m->nl, m->base, m->base_mode, 0));
	}
	if (m->base_downed)
		keep_first(&r, set_up(m->base, true));
	m->created = m->switched = m->base_downed = m->index_upped = false;
	return r;
}

void monitor_note_others(struct monitor *m, uint32_t wiphy, const struct wiphy_interface *all, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n && !m->note[0]; i++) {
		if (all[i].wiphy != wiphy || all[i].index == m->index || interface_is_up(all[i].index) <= 0)
			continue;
		if (all[i].mode == NL80211_IFTYPE_MONITOR)
			snprintf(m->note, sizeof m->note,
			         "%s listens with the same radio: both are on the channel that either was last set to",
			         all[i].name);
		else
			snprintf(m->note, sizeof m->note,
			         "%s is up on the same radio and may keep it on its channel; take it down if tuning "
			         "fails",
			         all[i].name);
	}
}
