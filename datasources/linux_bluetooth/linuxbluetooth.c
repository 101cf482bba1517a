/* SPDX-License-Identifier: MIT */
/* Driver of Bluetooth controllers: tells the host which program scans with them. */
#include <aerie/aerie.h>

#include <errno.h>

static const struct aerie_option options[] = {
	AERIE_OPTION(AERIE_OPT_BOOL, 0, "classic", "true", NULL, "Scans classic Bluetooth (BR/EDR) by inquiries."),
	AERIE_OPTION(AERIE_OPT_BOOL, 0, "le", "true", NULL, "Scans Bluetooth LE."),
	AERIE_OPTION(AERIE_OPT_BOOL, 0, "active", "false", NULL,
	             "LE: asks advertisers for their scan response, too; others can hear it."),
	AERIE_OPTION(AERIE_OPT_BOOL, 0, "names", "true", NULL,
	             "Asks classic devices that an inquiry found for their name."),
	AERIE_OPTION(AERIE_OPT_INT, 0, "inquiry_length", "8", "1..48",
	             "Length of an inquiry, in 1.28 s; ten seconds lie between two."),
	AERIE_OPTION_END,
};

static const struct aerie_driver driver = {
	.size = sizeof driver,
	.flags = AERIE_DRIVER_PROBE | AERIE_DRIVER_LIST | AERIE_DRIVER_LOCAL | AERIE_DRIVER_REMOTE,
	.type = "linuxbluetooth",
	.help = "Bluetooth controllers under Linux (hci0, ...): inquiries and LE scans, as HCI packets.",
	.program = "aerie-cap-linux-bluetooth",
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
	.id = "aerie.linuxbluetooth",
	.version = "1.0",
	.summary = "Bluetooth controllers as datasources",
	.license = "MIT",
	.requires_ = requires_,
	.thread_model = AERIE_THREADS_FREE,
	.load = load,
};
AERIE_PLUGIN_EXPORT(plugin);
