/* SPDX-License-Identifier: MIT */
/* aerie-cap-linux-wifi: Wi-Fi interfaces of Linux in monitor mode, through nl80211.
 *
 * After opening, the program keeps one capability, CAP_NET_ADMIN: to tune, and to put interfaces back at the end. The
 * packet socket is open by then. [main] and [hop] use the netlink socket, never at once (aeriecap.h); closing uses one
 * of its own, since it also runs when a thread hangs. */
#include <errno.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <aeriecap.h>

#include "capture.h"
#include "filter.h"
#include "hardware.h"
#include "interface.h"
#include "options.h"

#define INTERFACES_MAX 256u
#define BUSY_TRIES     5
#define BUSY_WAIT_MS   20
#define SHUFFLE_SPACING                                                                                                \
	4 /* 20 MHz channels of 2.4 GHz are 5 MHz apart: a hop lands where the last one could not hear */
#define SYS_NET    "/sys/class/net"
#define SYS_RADIOS "/sys/class/ieee80211"

struct radio {
	struct nl80211 *nl;
	struct wiphy_interface *interfaces; /* INTERFACES_MAX, of which n, and radios that have none; base is one of them */
	uint32_t n;
	const struct wiphy_interface *base;
	struct wiphy wiphy;
	struct options options;
	struct monitor monitor;
	struct capture *capture;
	atomic_bool tuning, capturing; /* a thread is in the callback */
};

/* --- Finding interfaces. */

static int connect_nl(struct nl80211 **ret_nl, char *msg)
{
	int r = nl80211_open(ret_nl);

	if (r == -ENOENT)
		snprintf(msg, AERIECAP_MSG_MAX, "this kernel has no nl80211: no Wi-Fi driver is loaded");
	else if (r < 0)
		snprintf(msg, AERIECAP_MSG_MAX, "cannot talk to the kernel's nl80211: %s", strerror(-r));
	return r;
}

static void forget(struct radio *radio)
{
	nl80211_close(radio->nl);
	free(radio->interfaces);
	radio->nl = NULL;
	radio->interfaces = NULL;
	radio->base = NULL;
	radio->n = 0;
}

static int read_interfaces(struct radio *radio, char *msg)
{
	int r = connect_nl(&radio->nl, msg);

	if (r < 0)
		return r;
	radio->interfaces = calloc(INTERFACES_MAX, sizeof *radio->interfaces);
	r = radio->interfaces ? nl80211_interfaces(radio->nl, radio->interfaces, INTERFACES_MAX) : -ENOMEM;
	if (r < 0) {
		snprintf(msg, AERIECAP_MSG_MAX, "cannot list the Wi-Fi interfaces: %s", strerror(-r));
		return r;
	}
	radio->n = (uint32_t)r;
	return 0;
}

static int add_radios(struct radio *radio, char *msg)
{
	int r = nl80211_add_radios(radio->nl, radio->interfaces, radio->n, INTERFACES_MAX);

	if (r < 0) {
		snprintf(msg, AERIECAP_MSG_MAX, "cannot list the radios: %s", strerror(-r));
		return r;
	}
	for (; radio->n < (uint32_t)r; radio->n++)
		hardware_address(SYS_RADIOS, radio->interfaces[radio->n].name, radio->interfaces[radio->n].mac);
	return 0;
}

static void find_base(struct radio *radio)
{
	uint32_t i;

	for (i = 0; i < radio->n && !radio->base; i++)
		if (strcmp(radio->interfaces[i].name, radio->options.interface) == 0)
			radio->base = &radio->interfaces[i];
}

/* The interface of the definition, or the radio without interfaces of this name; and what the radio is. -ENOENT: there is none. */
static int find_interface(struct radio *radio, char *msg)
{
	int r = read_interfaces(radio, msg);

	if (r < 0)
		return r;
	find_base(radio);
	if (!radio->base) {
		r = add_radios(radio, msg);
		if (r < 0)
			return r;
		find_base(radio);
	}
	if (!radio->base) {
		snprintf(msg, AERIECAP_MSG_MAX, "there is %s %s",
		         if_nametoindex(radio->options.interface) ? "no Wi-Fi (nl80211) on the interface"
		                                                  : "no interface",
		         radio->options.interface);
		return -ENOENT;
	}
	r = nl80211_wiphy(radio->nl, radio->base->wiphy, &radio->wiphy);
	if (r < 0)
		snprintf(msg, AERIECAP_MSG_MAX, "cannot read what the radio of %s can do: %s", radio->options.interface,
		         strerror(-r));
	return r;
}

/* --- Reports. */

static int set_uuid(struct aeriecap_info *info, const struct radio *radio)
{
	static const char program[] = "kismet_cap_linux_wifi"; /* what the sources' UUIDs are derived from everywhere */
	const uint8_t *mac = radio->base->mac;
	char uuid[40];

	if (radio->options.uuid[0])
		return aeriecap_info_set_uuid(info, radio->options.uuid);
	snprintf(uuid, sizeof uuid, "%08" PRIX32 "-0000-0000-0000-%02X%02X%02X%02X%02X%02X",
	         aeriecap_adler(program, sizeof program - 1), mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
	return aeriecap_info_set_uuid(info, uuid);
}

static int add_channel(void *user, const struct channel *c)
{
	char text[CHANNEL_TEXT_ROOM];

	channel_format(c, text, sizeof text);
	return aeriecap_info_add_channel(user, text);
}

static int fill_info(struct aeriecap_info *info, const struct radio *radio, const char *capif)
{
	char hardware[HARDWARE_ROOM];

	hardware_text(radio->base->index ? SYS_NET : SYS_RADIOS, radio->base->name, radio->wiphy.name, hardware, sizeof hardware);
	if (set_uuid(info, radio) < 0 || aeriecap_info_set_capif(info, capif) < 0 ||
	    aeriecap_info_set_hardware(info, hardware) < 0)
		return -1;
	return channels_list(&radio->wiphy, &radio->options.wish, add_channel, info) < 0 ? -1 : 0;
}

/* The channel on which the interface is now, if it has one, and who else uses the radio: it is asked for again, since sources of
 * one radio may be opened at once. */
static int fill_channel(struct aeriecap_info *info, struct radio *radio)
{
	struct wiphy_interface *all = calloc(INTERFACES_MAX, sizeof *all);
	int r = all ? nl80211_interfaces(radio->nl, all, INTERFACES_MAX) : -ENOMEM, i;
	char text[CHANNEL_TEXT_ROOM] = "";

	if (r > 0)
		monitor_note_others(&radio->monitor, radio->base->wiphy, all, (uint32_t)r);
	for (i = 0; i < r; i++)
		if (all[i].index == radio->monitor.index && all[i].mhz) {
			struct channel c = { all[i].mhz, all[i].center, all[i].width };

			channel_format(&c, text, sizeof text);
		}
	free(all);
	return text[0] ? aeriecap_info_set_channel(info, text) : 0;
}

static int on_list(struct aeriecap *cap, uint32_t seqno, struct aeriecap_list *list, char *msg)
{
	struct radio found = { .nl = NULL };
	int r = read_interfaces(&found, msg);
	uint32_t i;

	if (r == 0)
		r = add_radios(&found, msg);
	if (r == -ENOENT) { /* no Wi-Fi on this machine is not an error */
		msg[0] = 0;
		r = 0;
	}
	for (i = 0; i < found.n && r == 0; i++) {
		char hardware[HARDWARE_ROOM], phy[16];

		snprintf(phy, sizeof phy, "phy%" PRIu32, found.interfaces[i].wiphy);
		hardware_text(found.interfaces[i].index ? SYS_NET : SYS_RADIOS, found.interfaces[i].name, phy, hardware,
		              sizeof hardware);
		r = aeriecap_list_add(list, found.interfaces[i].name, NULL, hardware);
	}
	r = r < 0 ? -1 : (int)found.n;
	forget(&found);
	return r;
}

static int on_probe(struct aeriecap *cap, uint32_t seqno, const char *definition, struct aeriecap_info *info, char *msg)
{
	struct radio *probed = calloc(1, sizeof *probed);
	int r;

	if (!probed)
		return -1;
	r = options_parse(&probed->options, definition, msg) == 0 && find_interface(probed, msg) == 0;
	if (r)
		r = fill_info(info, probed, probed->options.interface) < 0 ? -1 : 1;
	forget(probed);
	free(probed);
	return r;
}

/* --- Tuning. */

/* -EINVAL with a text: there is no such channel, or this radio does not have it. What the regulatory domain forbids now
 * it may allow later, so that is left to the kernel. */
static int parse_channel(const struct radio *radio, const char *text, struct channel *ret_channel, char *msg)
{
	char why[200];
	int r = channel_parse(text, ret_channel, why, sizeof why);

	if (r < 0) {
		snprintf(msg, AERIECAP_MSG_MAX, "there is no channel '%.80s': %s", text, why);
		return r;
	}
	if (wiphy_find(&radio->wiphy, ret_channel->mhz))
		return 0;
	snprintf(msg, AERIECAP_MSG_MAX, "%s has no channel %s (%" PRIu32 " MHz)", radio->base->name, text,
	         ret_channel->mhz);
	return -EINVAL;
}

static void *on_translate(struct aeriecap *cap, const char *text, char *msg)
{
	struct radio *radio = aeriecap_user(cap);
	struct channel *c = malloc(sizeof *c);

	if (!c || !radio->base || parse_channel(radio, text, c, msg) < 0) {
		free(c);
		return NULL;
	}
	return c;
}

/* A scan that another program runs makes the radio busy for moments. */
static int set_channel(struct radio *radio, const struct channel *c)
{
	static const struct timespec wait = { 0, BUSY_WAIT_MS * 1000000 };
	int r = nl80211_set_channel(radio->nl, radio->monitor.index, c), tries;

	for (tries = 1; r == -EBUSY && tries < BUSY_TRIES; tries++) {
		nanosleep(&wait, NULL);
		r = nl80211_set_channel(radio->nl, radio->monitor.index, c);
	}
	return r;
}

static int tune(struct radio *radio, const struct channel *c, char *msg)
{
	const struct wiphy_freq *f = wiphy_find(&radio->wiphy, c->mhz);
	const char *name = radio->monitor.name;
	int r = set_channel(radio, c), up;

	if (r == 0)
		return 1;
	/* Drivers refuse interfaces that are down with any error. */
	up = interface_still_up(radio->monitor.index);
	if (up < 0)
		r = -ENODEV;
	else if (up == 0)
		r = -ENETDOWN;
	switch (r) {
	case -ENODEV:
		snprintf(msg, AERIECAP_MSG_MAX,
		         "%s has gone: the radio was unplugged, or something else removed the interface", name);
		return -1;
	case -ENETDOWN:
		snprintf(msg, AERIECAP_MSG_MAX, "something else took the interface %s down", name);
		return -1;
	case -EPERM:
	case -EACCES:
		snprintf(msg, AERIECAP_MSG_MAX, "%s cannot be tuned without CAP_NET_ADMIN", name);
		return -1;
	case -EBUSY:
		snprintf(msg, AERIECAP_MSG_MAX,
		         "another interface of the radio of %s is up and keeps its channel: take it down", name);
		return 0;
	default:
		snprintf(msg, AERIECAP_MSG_MAX, "%s: %s",
		         f && (f->flags & FREQ_DISABLED) ? "the regulatory domain forbids it" : "the driver refuses it",
		         strerror(-r));
		return 0;
	}
}

static int on_channel(struct aeriecap *cap, uint32_t seqno, void *channel, char *msg)
{
	struct radio *radio = aeriecap_user(cap);
	int r;

	radio->tuning = true;
	r = tune(radio, channel, msg);
	radio->tuning = false;
	if (r == 0 && radio->options.verbose) {
		char text[CHANNEL_TEXT_ROOM];

		channel_format(channel, text, sizeof text);
		aeriecap_send_message(cap, AERIECAP_INFO, "%s: cannot tune to %s: %.600s", radio->monitor.name, text,
		                      msg);
	}
	return r;
}

/* --- Opening and closing. */

static void close_radio(struct radio *radio)
{
	struct nl80211 *nl = NULL;
	int r;

	if (!radio->tuning && !radio->capturing) {
		capture_close(radio->capture);
		radio->capture = NULL;
	}
	if (nl80211_open(&nl) == 0)
		radio->monitor.nl = nl;
	if (radio->monitor.nl) {
		r = monitor_restore(&radio->monitor);
		if (r < 0)
			fprintf(stderr, "aerie-cap-linux-wifi: cannot put %s back as it was: %s\n",
			        radio->options.interface, strerror(-r));
	}
	nl80211_close(nl);
	radio->monitor.nl = NULL;
	if (!radio->tuning && !radio->capturing)
		forget(radio);
}

static int start_capture(struct radio *radio, struct aeriecap *cap, const char *filter, char *msg)
{
	struct capture_wish wish = {
		.interface = radio->monitor.name,
		.index = radio->monitor.index,
		.filter = filter,
		.truncate_data = radio->options.truncate_data,
		.statistics = radio->options.statistics,
	};

	return capture_open(&radio->capture, cap, &wish, msg, AERIECAP_MSG_MAX);
}

static int open_monitor(struct radio *radio, char *msg)
{
	const struct options *o = &radio->options;
	uint32_t failures = (o->fcsfail ? 1u << NL80211_MNTR_FLAG_FCSFAIL : 0) |
	                    (o->plcpfail ? 1u << NL80211_MNTR_FLAG_PLCPFAIL : 0);
	struct monitor_wish wish = { .vif = o->vif, .ignoreprimary = o->ignoreprimary };

	if (failures) /* flags replace those that the driver would set */
		wish.flags = failures | 1u << NL80211_MNTR_FLAG_CONTROL | 1u << NL80211_MNTR_FLAG_OTHER_BSS;
	return monitor_open(&radio->monitor, radio->nl, radio->base, &radio->wiphy, radio->interfaces, radio->n, &wish,
	                    msg, AERIECAP_MSG_MAX);
}

static int tune_first(struct radio *radio, char *msg)
{
	struct channel c;

	if (!radio->options.channel[0])
		return 0;
	if (parse_channel(radio, radio->options.channel, &c, msg) < 0)
		return -1;
	return tune(radio, &c, msg) > 0 ? 0 : -1;
}

static void tell_opening(struct aeriecap *cap, const struct radio *radio)
{
	const struct monitor *m = &radio->monitor;

	if (m->note[0])
		aeriecap_send_message(cap, AERIECAP_INFO, "%s", m->note);
	if (radio->options.verbose)
		aeriecap_send_message(cap, AERIECAP_INFO, "%s: captures from %s, which was %s%s%s",
		                      radio->options.interface, m->name,
		                      m->created    ? "created on the same radio"
		                      : m->switched ? "switched to monitor mode"
		                                    : "in monitor mode",
		                      m->index_upped ? " and brought up" : "",
		                      m->base_downed && !m->switched ? "; the interface itself is down meanwhile" : "");
}

static int open_radio(struct radio *radio, struct aeriecap *cap, struct aeriecap_info *info, const char *definition,
                      char *msg)
{
	char filter[FILTER_ROOM];
	int r;

	if (options_parse(&radio->options, definition, msg) < 0 || find_interface(radio, msg) < 0 ||
	    filter_text(&radio->options, filter, sizeof filter, msg, AERIECAP_MSG_MAX) < 0 ||
	    open_monitor(radio, msg) < 0 || start_capture(radio, cap, filter, msg) < 0 || tune_first(radio, msg) < 0)
		return -1;
	r = fill_info(info, radio, radio->monitor.name);
	if (r == 0)
		r = fill_channel(info, radio);
	aeriecap_info_set_dlt(info, capture_dlt(radio->capture));
	if (r == 0 && aeriecap_drop_capabilities(AERIECAP_CAPABILITY(CAP_NET_ADMIN)) < 0) {
		snprintf(msg, AERIECAP_MSG_MAX, "cannot give up privileges: %s", strerror(errno));
		return -1;
	}
	return r;
}

static int on_open(struct aeriecap *cap, uint32_t seqno, const char *definition, struct aeriecap_info *info, char *msg)
{
	struct radio *radio = aeriecap_user(cap);

	if (radio->base) { /* the host has one process for each source */
		snprintf(msg, AERIECAP_MSG_MAX, "%s is already open", radio->options.interface);
		return -1;
	}
	if (open_radio(radio, cap, info, definition, msg) < 0) {
		close_radio(radio);
		return -1;
	}
	tell_opening(cap, radio);
	return 0;
}

static void on_close(struct aeriecap *cap)
{
	close_radio(aeriecap_user(cap));
}

static int on_capture(struct aeriecap *cap, char *msg)
{
	struct radio *radio = aeriecap_user(cap);
	int r;

	radio->capturing = true;
	r = capture_run(radio->capture, msg, AERIECAP_MSG_MAX);
	radio->capturing = false;
	return r;
}

static const char help[] =
	"Definition: INTERFACE[:OPTION=VALUE,...], as in wlan0:channel=6HT40+,filter_mgmt=true; the options are in\n"
	"aerie-cap-linux-wifi(1). Needs CAP_NET_ADMIN and CAP_NET_RAW, and gives up the latter once it captures.\n";

int main(int argc, char **argv)
{
	struct radio *radio = calloc(1, sizeof *radio);
	struct aeriecap *cap = aeriecap_new("linuxwifi", AERIECAP_VERSION);
	int status = AERIECAP_EXIT_FAILED;

	if (!radio || !cap) {
		fprintf(stderr, "aerie-cap-linux-wifi: cannot start: out of memory\n");
	} else {
		aeriecap_set_user(cap, radio);
		aeriecap_set_help(cap, help);
		aeriecap_set_shuffle_spacing(cap, SHUFFLE_SPACING);
		aeriecap_on_list(cap, on_list);
		aeriecap_on_probe(cap, on_probe);
		aeriecap_on_open(cap, on_open);
		aeriecap_on_close(cap, on_close);
		aeriecap_on_translate(cap, on_translate);
		aeriecap_on_channel(cap, on_channel);
		aeriecap_on_capture(cap, on_capture);
		if (aeriecap_parse_options(cap, argc, argv, &status) > 0)
			status = aeriecap_loop(cap);
	}
	if (cap)
		aeriecap_free(cap);
	free(radio);
	return status;
}
