/* SPDX-License-Identifier: MIT */
/* The module: its services, its option, its routes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "live.h"

static const struct aerie_option options[] = {
	AERIE_OPTION(AERIE_OPT_INT, 0, "live_queue", "1024", "16..65536",
	             "Events that wait for one client of /eventbus/events.ws; of more, the oldest are dropped, and the "
	             "client is told."),
	AERIE_OPTION_END,
};

#define MESSAGE(flags, name, type, help, example) AERIE_PARAM(AERIE_IN_MESSAGE, flags, name, type, help, example)
#define PARAM_FIELDS                                                                                                   \
	MESSAGE(0, "fields", "fields", "Fields to be sent of each record; all of them when missing or empty.",         \
	        "[\"kismet.device.base.macaddr\", [\"kismet.device.base.signal/kismet.common.signal.last_signal\", "   \
	        "\"dbm\"]]")
#define PARAM_FORMAT                                                                                                   \
	MESSAGE(0, "format", "string",                                                                                 \
	        "Suffix of the format to be sent; \"json\" when missing. What is no text comes as binary messages.",   \
	        "\"msgpack\"")

static const struct aerie_param events_params[] = {
	MESSAGE(0, "SUBSCRIBE", "string",
	        "Name of an event to be sent from now on, or \"*\" for all. Once more: with other fields or another "
	        "format.",
	        "\"NEW_DEVICE\""),
	MESSAGE(0, "UNSUBSCRIBE", "string", "Name of an event that was subscribed to, or \"*\" when \"*\" was.",
	        "\"NEW_DEVICE\""),
	PARAM_FIELDS,
	PARAM_FORMAT,
	MESSAGE(0, "sequence", "boolean",
	        "Send each event with aerie.event.sequence, its number, and aerie.event.time.", "true"),
};

#define MONITOR_PARAMS                                                                                                 \
	MESSAGE(0, "monitor", "string",                                                                                \
	        "What to look at: \"*\", the key of a device, or an address, which may have a mask.",                  \
	        "\"AA:BB:CC:00:00:00/FF:FF:FF:00:00:00\""),                                                            \
		MESSAGE(0, "request", "integer",                                                                       \
	                "Number that the client gives the monitor; needed with `monitor`. A monitor that has it "      \
	                "ends.",                                                                                       \
	                "1"),                                                                                          \
		MESSAGE(0, "rate", "number", "Seconds between two looks, 0.1 to 86400; 1 when missing.", "5"),         \
		PARAM_FIELDS, PARAM_FORMAT,                                                                            \
		MESSAGE(0, "cancel", "integer", "Number of a monitor that shall end.", "1")

static const struct aerie_param monitor_params[] = { MONITOR_PARAMS };
static const struct aerie_param view_params[] = {
	AERIE_PARAM(AERIE_IN_PATH, 0, "view", "string", "Id of the view whose devices are looked at.",
	            "\"phy-IEEE802.11\""),
	MONITOR_PARAMS,
};

static const char events_help[] = "WebSocket. The client sends JSON objects with the keys below; each event comes as a "
                                  "message of its own, {\"EVENT\": record}, some with a "
				  "further record. {\"LOST\": {...}} says how many events are missing and which "
                                  "numbers they had; {\"error\": sentence} answers a "
				  "message that was wrong. Events: TIMESTAMP, BATTERY, STATISTICS and "
                                  "PACKETCHAIN_STATS once a second; MESSAGE, NEW_DEVICE, NEW_PHY, "
				  "NEW_DATASOURCE, DATASOURCE_OPENED, DATASOURCE_ERROR, DATASOURCE_CLOSED, "
                                  "DATASOURCE_PAUSED, DATASOURCE_RESUMED as they happen; and those of "
				  "modules. doc/live.md has examples.";
static const char monitor_help[] = "WebSocket. The client sends JSON objects with the keys below; every `rate` seconds "
                                   "each device that changed since the last look comes as a "
				   "message of its own. {\"LOST\": {...}} says how many looks were left out because "
                                   "the client is slow: what changed comes with the next one; "
				   "{\"error\": sentence} answers a message that was wrong. doc/live.md has examples.";

/* ---- connections ---- */

static int on_events(void *user, const struct aerie_http_request *req, struct aerie_ws *ws, void **ret_conn)
{
	const struct aerie_device_query none = { .size = sizeof none };

	return client_new(user, ws, req, false, NULL, &none, ret_conn);
}

static int on_monitor(void *user, const struct aerie_http_request *req, struct aerie_ws *ws, void **ret_conn)
{
	const struct aerie_device_query all = { .size = sizeof all };

	return client_new(user, ws, req, true, NULL, &all, ret_conn);
}

static int find_view(const struct live *l, const char *path, struct aerie_view_ref **ret_view,
                     struct aerie_device_query *ret_query)
{
	char id[ASK_VIEW_OCTETS];
	int err = ask_view(path, id, sizeof id);

	return err ? err : l->views->find(l->h, id, ret_view, ret_query);
}

static int check_view(void *user, const struct aerie_http_request *req)
{
	const struct live *l = user;
	struct aerie_device_query query = { .size = sizeof query };
	struct aerie_view_ref *view;
	int err = find_view(l, req->path, &view, &query);

	if (!err)
		l->views->release(view);
	return err;
}

static int on_view_monitor(void *user, const struct aerie_http_request *req, struct aerie_ws *ws, void **ret_conn)
{
	struct aerie_device_query query = { .size = sizeof query };
	struct aerie_view_ref *view;
	int err = find_view(user, req->path, &view, &query);

	return err ? err : client_new(user, ws, req, true, view, &query, ret_conn);
}

static int register_routes(struct live *l)
{
	const struct aerie_ws_route rows[] = {
		{ .path = "/eventbus/events.ws",
		  .open = on_events,
		  .message = events_message,
		  .summary = "Events as they happen.",
		  .help = events_help,
		  .params = events_params,
		  .n_params = sizeof events_params / sizeof events_params[0] },
		{ .path = "/devices/monitor.ws",
		  .open = on_monitor,
		  .message = monitor_message,
		  .summary = "Devices as they change.",
		  .help = monitor_help,
		  .params = monitor_params,
		  .n_params = sizeof monitor_params / sizeof monitor_params[0] },
		{ .path = "/devices/views/:view/monitor.ws",
		  .open = on_view_monitor,
		  .message = monitor_message,
		  .check = check_view,
		  .summary = "Devices of a view as they change.",
		  .help = monitor_help,
		  .params = view_params,
		  .n_params = sizeof view_params / sizeof view_params[0] },
	};
	size_t i;
	int err = 0;

	for (i = 0; !err && i < sizeof rows / sizeof rows[0]; i++) {
		struct aerie_ws_route r = rows[i];

		r.size = sizeof r;
		r.role = "readonly";
		r.user = l;
		r.close = client_close;
		r.drained = client_drained;
		err = l->websocket->register_route(l->h, &r);
	}
	return err;
}

/* ---- life ---- */

static void unload(void *state)
{
	struct live *l = state;

	hub_free(l->hub);
	content_free(l);
	spec_unref(l->json);
	(void)pthread_cond_destroy(&l->free);
	(void)pthread_mutex_destroy(&l->lock);
	free(l);
}

static void get_services(struct live *l, const struct aerie_host *h)
{
	l->http = h->get_service(h, AERIE_HTTP_SERVICE);
	l->fields = h->get_service(h, AERIE_FIELDS_SERVICE);
	l->devices = h->get_service(h, AERIE_DEVICES_SERVICE);
	l->bus = h->get_service(h, AERIE_BUS_SERVICE);
	l->phys = h->get_service(h, AERIE_PHY_SERVICE);
	l->loop = h->get_service(h, AERIE_LOOP_SERVICE);
	l->config = h->get_service(h, AERIE_CONFIG_SERVICE);
	l->select = h->get_service(h, AERIE_SELECT_SERVICE);
	l->serializers = h->get_service(h, AERIE_SERIALIZER_SERVICE);
	l->streams = h->get_service(h, AERIE_STREAM_SERVICE);
	l->views = h->get_service(h, AERIE_VIEWS_SERVICE);
	l->websocket = h->get_service(h, AERIE_WEBSOCKET_SERVICE);
	l->system = h->get_service(h, AERIE_SYSTEM_SERVICE);
	l->ask = (struct ask_host){ h, l->http, l->select, l->serializers, l->devices };
}

static int load(const struct aerie_host *h, void **ret_state)
{
	struct live *l = calloc(1, sizeof *l);
	int err;

	if (!l)
		return h->fail(h, -ENOMEM, "out of memory");
	l->h = h;
	(void)pthread_mutex_init(&l->lock, NULL);
	(void)pthread_cond_init(&l->free, NULL);
	get_services(l, h);
	l->json = spec_json(&l->ask);
	err = l->json ? content_new(l) : h->fail(h, -ENOMEM, "out of memory");
	if (!err)
		err = hub_new(l);
	if (!err)
		err = register_routes(l);
	if (err) {
		unload(l);
		return err;
	}
	*ret_state = l;
	return 0;
}

static int configure(void *state, const struct aerie_config *config)
{
	struct live *l = state;
	int64_t n = 0;

	(void)l->config->get_int(config, "live_queue", &n);
	l->queue_max = (uint32_t)n;
	return 0;
}

static int start(void *state)
{
	return worker_start(state);
}

static void quiesce(void *state)
{
	struct live *l = state;
	struct client *c;

	(void)pthread_mutex_lock(&l->lock);
	l->quiescing = true;
	for (c = l->clients; c; c = c->next)
		l->websocket->close(c->ws, 1001, "live events end; connect again");
	(void)pthread_mutex_unlock(&l->lock);
}

static void stop(void *state)
{
	worker_stop(state);
}

static const char *const needs[] = {
	AERIE_HTTP_SERVICE,       AERIE_FIELDS_SERVICE,
	AERIE_DEVICES_SERVICE,    AERIE_BUS_SERVICE,
	AERIE_PHY_SERVICE,        AERIE_LOOP_SERVICE,
	AERIE_CONFIG_SERVICE,     AERIE_SELECT_SERVICE,
	AERIE_SERIALIZER_SERVICE, AERIE_STREAM_SERVICE,
	AERIE_VIEWS_SERVICE,      AERIE_WEBSOCKET_SERVICE,
	AERIE_SYSTEM_SERVICE "?", NULL,
};

static const struct aerie_plugin plugin = {
	.abi = AERIE_ABI_INIT,
	.id = "aerie.live",
	.version = "1.0",
	.summary = "Events and changing devices over WebSockets",
	.license = "MIT",
	.requires_ = needs,
	.options = options,
	.load = load,
	.configure = configure,
	.start = start,
	.quiesce = quiesce,
	.stop = stop,
	.unload = unload,
};
AERIE_PLUGIN_EXPORT(plugin);
