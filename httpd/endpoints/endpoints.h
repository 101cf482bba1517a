/* SPDX-License-Identifier: MIT */
/* What the endpoints share: the host's services, names of fields, and helpers for lists. */
#ifndef ENDPOINTS_ENDPOINTS_H
#define ENDPOINTS_ENDPOINTS_H

#include <aerie/bus.h>
#include <aerie/config.h>
#include <aerie/devices.h>
#include <aerie/fields.h>
#include <aerie/http.h>
#include <aerie/loop.h>
#include <aerie/packets.h>
#include <aerie/phy.h>
#include <aerie/plugins.h>
#include <aerie/select.h>
#include <aerie/serializer.h>
#include <aerie/source.h>
#include <aerie/stream.h>
#include <aerie/system.h>
#include <aerie/views.h>

/* Fields of results that are no records. Their definitions: names.c. */
enum name {
	NAME_TIMESTAMP_SEC, NAME_TIMESTAMP_USEC,
	NAME_MESSAGE_STRING, NAME_MESSAGE_FLAGS, NAME_MESSAGE_TIME,
	NAME_PHY_NAME, NAME_PHY_ID, NAME_PHY_DEVICE_COUNT, NAME_PHY_PACKET_COUNT, NAME_PHY_PACKETS_DATA, NAME_PHY_PACKETS_ERROR,
	NAME_PLUGIN_NAME, NAME_PLUGIN_DESCRIPTION, NAME_PLUGIN_AUTHOR, NAME_PLUGIN_VERSION, NAME_PLUGIN_SHARED_OBJECT,
	NAME_PLUGIN_HTTP_HELPER, NAME_PLUGIN_DIRNAME, NAME_PLUGIN_PATH, NAME_PLUGIN_JSMODULE, NAME_PLUGIN_LICENSE,
	NAME_PLUGIN_URL, NAME_PLUGIN_STATE, NAME_PLUGIN_REASON,
	NAME_FIELD_NAME, NAME_FIELD_ID, NAME_FIELD_TYPE, NAME_FIELD_UNIT, NAME_FIELD_DESCRIPTION, NAME_FIELD_OWNER,
	NAME_FIELD_LIMIT_HITS,
	NAME_VIEW_ID, NAME_VIEW_DESCRIPTION, NAME_VIEW_SIZE, NAME_VIEW_INDEXED,
	NAME_FEED_TAKEN, NAME_FEED_REFUSED, NAME_FEED_REASON,
	NAME_MESSAGES_LIST, NAME_MESSAGES_TIMESTAMP, NAME_SYSTEM_USER,
	NAME_STREAM_ID, NAME_STREAM_TIME, NAME_STREAM_NAME, NAME_STREAM_TYPE, NAME_STREAM_PATH, NAME_STREAM_DESCRIPTION, NAME_STREAM_PACKETS,
	NAME_STREAM_SIZE, NAME_STREAM_MAX_PACKETS, NAME_STREAM_MAX_SIZE, NAME_STREAM_PAUSED,
	NAMES
};

struct labels;
struct system;
struct chain;
struct waits;

struct endpoints {
	const struct aerie_host *h;
	const struct aerie_http *http;
	const struct aerie_fields *fields;
	const struct aerie_devices *devices;
	const struct aerie_bus *bus;
	const struct aerie_sources *sources;
	const struct aerie_packets *packets;
	const struct aerie_phys *phys;
	const struct aerie_plugins *plugins;
	const struct aerie_loop *loop;
	const struct aerie_config_service *config;
	const struct aerie_select *select;
	const struct aerie_views *views;
	const struct aerie_streams *streams;
	const struct aerie_name *name[NAMES];
	struct system *system;
	struct chain *chain;
	struct labels *labels; /* names and tags of devices */
	struct waits *waits; /* threads that wait for sources */
};

/* A row of a table of routes; `user` of its handler is the struct endpoints. */
struct endpoint {
	const char *path, *formats, *summary, *help;
	aerie_handler_fn *handle;
	uint32_t methods;                 /* 0: GET */
	uint32_t result, flags, forms;    /* the rest: as in struct aerie_route */
	const char *role, *record, *fields;
	const struct aerie_param *params; /* ends with a row without name; NULL: none */
};

/* names.c */
int names_define(struct endpoints *e); /* [load] */
int put_u64(const struct aerie_visitor *vt, void *v, const struct aerie_name *name, uint64_t value);
int put_str(const struct aerie_visitor *vt, void *v, const struct aerie_name *name, const char *text);

/* since.c: seconds since 1970, with or without a fraction; negative: so long before now. -EINVAL, -ERANGE. */
int since_parse(const char *text, uint64_t now_us, uint64_t *ret_us);
#define SINCE_WRONG "not a time: seconds since 1970 or, negative, before now, with or without a fraction"

/* system.c */
int system_new(struct endpoints *e); /* [load] defines the record */
int system_configure(struct endpoints *e, const struct aerie_config *config);
int system_start(struct endpoints *e);
void system_stop(struct endpoints *e);
void system_free(struct endpoints *e);
const struct aerie_system *system_service(const struct endpoints *e);

/* packetchain.c */
int chain_new(struct endpoints *e); /* [load] defines the record */
void chain_free(struct endpoints *e);
int chain_with(const struct endpoints *e, int (*fn)(void *user, const struct aerie_rec *rec), void *user); /* the record, locked */
void chain_sample(const struct endpoints *e, uint32_t now_s, const struct aerie_packet_stats *stats); /* once a second */

/* Tables of routes, each ending with a NULL path. */
extern const struct endpoint system_endpoints[];  /* system.c */
extern const struct endpoint page_endpoints[];    /* pages.c */
extern const struct endpoint field_endpoints[];   /* fieldlist.c */
extern const struct endpoint device_endpoints[];  /* devices.c */
extern const struct endpoint multi_endpoints[];   /* devmulti.c */
extern const struct endpoint view_endpoints[];    /* devviews.c */
extern const struct endpoint label_endpoints[];   /* devlabels.c */
extern const struct endpoint list_endpoints[];    /* lists.c */
extern const struct endpoint source_endpoints[];  /* sources.c */
extern const struct endpoint message_endpoints[]; /* messages.c */
extern const struct endpoint stream_endpoints[];  /* streams.c */
extern const struct endpoint chain_endpoints[];   /* packetchain.c */

#endif
