/* SPDX-License-Identifier: MIT */
/* Which table answers to which service id: the services that the host itself offers. */
#include <config.h>

#include <string.h>

#include <core/bus.h>
#include <core/config.h>
#include <core/devices.h>
#include <core/loader.h>
#include <core/loop.h>
#include <core/pipeline.h>
#include <core/registry.h>
#include <core/router.h>
#include <core/select.h>
#include <core/sources.h>
#include <core/streams.h>
#include <core/views.h>
#include <core/wsroutes.h>

static const struct {
	const char *id;
	const void *table;
} services[] = {
	{ AERIE_FIELDS_SERVICE, &fields_service },   { AERIE_DEVICES_SERVICE, &devices_service },
	{ AERIE_PACKETS_SERVICE, &packets_service }, { AERIE_PHY_SERVICE, &phys_service },
	{ AERIE_SOURCE_SERVICE, &sources_service },  { AERIE_HTTP_SERVICE, &http_service },
	{ AERIE_BUS_SERVICE, &bus_service },         { AERIE_SERIALIZER_SERVICE, &serializers_service },
	{ AERIE_LOOP_SERVICE, &loop_service },       { AERIE_CONFIG_SERVICE, &config_service },
	{ AERIE_PLUGINS_SERVICE, &plugins_service }, { AERIE_WEBSOCKET_SERVICE, &websocket_service },
	{ AERIE_SELECT_SERVICE, &select_service },   { AERIE_VIEWS_SERVICE, &views_service },
	{ AERIE_STREAM_SERVICE, &streams_service },
};

const void *services_find(const char *id)
{
	size_t i;

	for (i = 0; i < sizeof services / sizeof services[0]; i++)
		if (!strcmp(services[i].id, id))
			return services[i].table;
	return NULL;
}
