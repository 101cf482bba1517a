/* SPDX-License-Identifier: MIT */
/* Driver of Linux's Wi-Fi interfaces: tells the host which program opens them. The work is done by
 * aerie-cap-linux-wifi, which has the privileges for it. */
#include <aerie/aerie.h>

#include <errno.h>

#define FLAG(name, dflt, help) AERIE_OPTION(AERIE_OPT_BOOL, 0, name, dflt, NULL, help)
#define TEXT(name, help)       AERIE_OPTION(AERIE_OPT_STR, 0, name, NULL, NULL, help)

static const struct aerie_option options[] = {
	TEXT("vif", "Name of the interface in monitor mode; the interface's own name: it is itself switched."),
	FLAG("ignoreprimary", "false", "Leaves the named interface up, which may keep the radio on its channel."),
	FLAG("fcsfail", "false", "Captures frames with a wrong checksum as well, where the driver passes them."),
	FLAG("plcpfail", "false",
	     "Captures frames with a broken physical header as well, where the driver passes them."),
	FLAG("band24ghz", NULL, "Channels of 2.4 GHz; once one band is given, only those that are true are listed."),
	FLAG("band5ghz", NULL, "Channels of 5 GHz; once one band is given, only those that are true are listed."),
	FLAG("band6ghz", NULL, "Channels of 6 GHz; once one band is given, only those that are true are listed."),
	FLAG("ht_channels", "true", "Lists the 40 MHz channels of 2.4 and 5 GHz."),
	FLAG("vht_channels", "true", "Lists the 80 and 160 MHz channels of 5 GHz."),
	FLAG("he_channels", "true", "Lists the channels of 6 GHz that are wider than 20 MHz."),
	FLAG("default_ht20", "false", "Lists 20 MHz channels with HT (6HT20) instead of those without (6)."),
	FLAG("expand_ht20", "false", "Lists 20 MHz channels with HT beside those without."),
	FLAG("filter_mgmt", "false", "Captures only management frames and key exchanges (EAPOL)."),
	FLAG("filter_locals", "false", "Leaves out frames from and to this machine's own interfaces."),
	TEXT("filter_interface",
	     "Leaves out frames from and to these interfaces of this machine: a list with commas, quoted."),
	TEXT("filter_address", "Leaves out frames from and to these addresses: a list with commas, quoted."),
	FLAG("truncate_data", "false", "Captures only the headers of data frames, key exchanges excepted."),
	FLAG("statistics", "false", "Tells every minute how many frames were captured and lost."),
	FLAG("verbose", "false", "Tells each step of opening, and each channel that cannot be tuned to."),
	AERIE_OPTION_END,
};

static const struct aerie_driver driver = {
	.size = sizeof driver,
	.flags = AERIE_DRIVER_PROBE | AERIE_DRIVER_LIST | AERIE_DRIVER_LOCAL | AERIE_DRIVER_REMOTE | AERIE_DRIVER_TUNE |
	         AERIE_DRIVER_HOP,
	.type = "linuxwifi",
	.help = "Wi-Fi interfaces of Linux in monitor mode, by nl80211: 2.4, 5 and 6 GHz.",
	.program = "aerie-cap-linux-wifi",
	.options = options,
};

static int load(const struct aerie_host *h, void **ret_state)
{
	const struct aerie_sources *sources = h->get_service(h, AERIE_SOURCE_SERVICE);

	if (!sources)
		return h->fail(h, -ENOTSUP, "the host offers no service " AERIE_SOURCE_SERVICE "; use a newer host");
	*ret_state = NULL;
	return sources->register_driver(h, &driver);
}

static const char *const requires_[] = { AERIE_SOURCE_SERVICE, NULL };

static const struct aerie_plugin plugin = {
	.abi = AERIE_ABI_INIT,
	.id = "aerie.linuxwifi",
	.version = "1.0",
	.summary = "Linux's Wi-Fi interfaces as datasources",
	.license = "MIT",
	.requires_ = requires_,
	.thread_model = AERIE_THREADS_FREE,
	.load = load,
};
AERIE_PLUGIN_EXPORT(plugin);
