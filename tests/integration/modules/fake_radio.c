/* SPDX-License-Identifier: MIT */
/* Driver of tests/integration/fake_radio.c. */
#include <aerie/aerie.h>

static const struct aerie_driver driver = {
	.size = sizeof driver,
	.flags = AERIE_DRIVER_LIST | AERIE_DRIVER_LOCAL | AERIE_DRIVER_TUNE | AERIE_DRIVER_HOP,
	.type = "fakeradio",
	.help = "A radio that is not there.",
	.program = "fake_radio",
};

static int load(const struct aerie_host *h, void **ret_state)
{
	const struct aerie_sources *sources = h->get_service(h, AERIE_SOURCE_SERVICE);

	*ret_state = NULL;
	return sources->register_driver(h, &driver);
}

static const char *const requires_[] = { AERIE_SOURCE_SERVICE, NULL };

static const struct aerie_plugin plugin = {
	.abi = AERIE_ABI_INIT,
	.id = "test.fakeradio",
	.version = "1.0",
	.summary = "A radio that is not there",
	.license = "MIT",
	.requires_ = requires_,
	.load = load,
};
AERIE_PLUGIN_EXPORT(plugin);
