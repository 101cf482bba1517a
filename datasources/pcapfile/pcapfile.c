/* SPDX-License-Identifier: MIT */
/* Driver of capture files: tells the host which program reads them. The reading is done by aerie-cap-pcapfile. */
#include <aerie/aerie.h>

#include <errno.h>

static const struct aerie_option options[] = {
	AERIE_OPTION(AERIE_OPT_BOOL, 0, "realtime", "false", NULL, "Replays at the speed of the capture; not together with pps."),
	AERIE_OPTION(AERIE_OPT_INT, 0, "pps", NULL, "1..1000000000", "Replays so many packets per second; not together with realtime."),
	AERIE_OPTION(AERIE_OPT_BOOL, 0, "loop", "false", NULL, "Starts again when the file ends, its clock moved on; not for pipes."),
	AERIE_OPTION_END,
};

static const struct aerie_driver driver = {
	.size = sizeof driver,
	.flags = AERIE_DRIVER_PROBE | AERIE_DRIVER_LOCAL | AERIE_DRIVER_REMOTE | AERIE_DRIVER_LOSSLESS | AERIE_DRIVER_FINITE,
	.type = "pcapfile",
	.help = "Capture files in every format that libpcap reads: pcap and pcapng, also compressed with gzip.",
	.program = "aerie-cap-pcapfile",
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
	.id = "aerie.pcapfile",
	.version = "1.0",
	.summary = "Capture files as datasources",
	.license = "MIT",
	.requires_ = requires_,
	.thread_model = AERIE_THREADS_FREE,
	.load = load,
};
AERIE_PLUGIN_EXPORT(plugin);
