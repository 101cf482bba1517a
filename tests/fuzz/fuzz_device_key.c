/* SPDX-License-Identifier: MIT */
/* Text of device keys, as it comes in the paths of HTTP requests: whatever is taken for a key has a text, and that text
 * is the same key. link: core */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <core/bus.h>
#include <core/devices.h>
#include <core/epoch.h>
#include <core/module.h>
#include <core/registry.h>
#include <core/strings.h>

#define TEXT_MAX 256u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static struct core core;

static void core_up(void)
{
	uint16_t id;

	core.strings = strings_new();
	core.epochs = epochs_new();
	core.bus = bus_new(&core);
	core.registry = registry_new(&core);
	core.self = module_new(&core, "core");
	core.devices = devices_new(&core);
	if (!core.devices || devices_phy(core.devices, "IEEE802.11", devices_service.base_type(&core.self->host), &id) < 0 ||
	    devices_phy(core.devices, "Bluetooth", devices_service.base_type(&core.self->host), &id) < 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const struct aerie_host *h;
	char text[TEXT_MAX + 1], again[41];
	uint64_t key, key_again;
	int n;

	if (!core.devices)
		core_up();
	h = &core.self->host;
	if (len > TEXT_MAX)
		len = TEXT_MAX;
	memcpy(text, data, len);
	text[len] = '\0';
	if (devices_service.key_parse(h, text, &key) < 0)
		return 0;
	n = devices_service.key_text(h, key, again);
	if (n < 0 || (size_t)n != strlen(again))
		abort();
	if (devices_service.key_parse(h, again, &key_again) < 0 || key_again != key)
		abort();
	return 0;
}
