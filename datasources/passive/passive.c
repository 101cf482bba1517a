/* SPDX-License-Identifier: MIT */
/* Driver of sources that are fed over HTTP: a micro-controller that hears frames posts them, and needs no capture program. There
 * is nothing to open; the host takes such a source as running at once. */
#include <aerie/aerie.h>

#include <errno.h>

static const struct aerie_option options[] = {
	AERIE_OPTION(AERIE_OPT_INT, 0, "dlt", NULL, "0..2147483647",
		     "Link type (libpcap's registry) of frames that name none: 105 for 802.11, 127 with radiotap."),
	AERIE_OPTION_END,
};

static const struct aerie_driver driver = {
	.size = sizeof driver,
	.flags = AERIE_DRIVER_PASSIVE | AERIE_DRIVER_LOCAL,
	.type = "passive",
	.help = "A source that is fed with frames and reports over HTTP (POST /datasource/by-uuid/UUID/feed.cmd).",
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
	.id = "aerie.passive",
	.version = "1.0",
	.summary = "Datasources that are fed over HTTP",
	.license = "MIT",
	.requires_ = requires_,
	.thread_model = AERIE_THREADS_FREE,
	.load = load,
};
AERIE_PLUGIN_EXPORT(plugin);
