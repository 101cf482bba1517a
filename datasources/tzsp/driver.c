/* SPDX-License-Identifier: MIT */
/* Driver of TZSP sensors: tells the host which program listens to them. The listening is done by aerie-cap-tzsp. */
#include <aerie/aerie.h>

#include <errno.h>

static const struct aerie_option options[] = {
	AERIE_OPTION(AERIE_OPT_INT, 0, "port", "37008", "1..65535", "UDP port that the sensors send to."),
	AERIE_OPTION(AERIE_OPT_STR, 0, "bind", "0.0.0.0", NULL, "Address of this machine to listen at, IPv4 or IPv6."),
	AERIE_OPTION(AERIE_OPT_STR, 0, "sender", NULL, NULL,
		     "Address of the one sensor that is listened to; all when not given."),
	AERIE_OPTION(AERIE_OPT_BOOL, 0, "fcsfail", "false", NULL, "Passes on frames that the sensor found damaged."),
	AERIE_OPTION_END,
};

static const struct aerie_driver driver = {
	.size = sizeof driver,
	.flags = AERIE_DRIVER_PROBE | AERIE_DRIVER_LOCAL | AERIE_DRIVER_REMOTE,
	.type = "tzsp",
	.help = "Sensors and access points that send what they hear by TZSP (TaZmen Sniffer Protocol) over UDP.",
	.program = "aerie-cap-tzsp",
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
	.id = "aerie.tzsp",
	.version = "1.0",
	.summary = "TZSP sensors as datasources",
	.license = "MIT",
	.requires_ = requires_,
	.thread_model = AERIE_THREADS_FREE,
	.load = load,
};
AERIE_PLUGIN_EXPORT(plugin);
