/* SPDX-License-Identifier: MIT */
/* What the files of the module share: its state, its clients, and what each file offers to the others. doc/live.md has the
 * protocol, README.md the way of an event. */
#ifndef LIVE_LIVE_H
#define LIVE_LIVE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include <aerie/bus.h>
#include <aerie/config.h>
#include <aerie/loop.h>
#include <aerie/phy.h>
#include <aerie/stream.h>
#include <aerie/system.h>
#include <aerie/views.h>
#include <aerie/websocket.h>

#include "ask.h"
#include "queue.h"

#define LIVE_INBOX_MAX         4096u          /* events that the module's thread has not seen yet */
#define LIVE_RECORDINGS_MAX    512u           /* records that are written down and not yet sent to all, */
#define LIVE_RECORDING_OCTETS  (256u * 1024u) /* each no larger than this */
#define LIVE_AHEAD_OCTETS      (256u * 1024u) /* handed to a connection before the network took them */
#define LIVE_TURN              32u            /* messages for one client before the others have their turn */
#define LIVE_SUBSCRIPTIONS_MAX 64u            /* of a client, */
#define LIVE_SPECS_OCTETS      (256u * 1024u) /* with this many octets of messages in all */
#define LIVE_MONITORS_MAX      16u            /* of a client */
#define LIVE_LOSSES_MAX        32u            /* topics whose losses are counted apart while the inbox is full */
#define LIVE_WANTED            256u           /* groups of topics that somebody may want */

/* Fields of messages that are no records. Their definitions: content.c. */
enum live_name {
	NAME_SEQUENCE,
	NAME_TIME,
	NAME_LOST_COUNT,
	NAME_LOST_FIRST,
	NAME_LOST_LAST,
	NAME_LOST_REASON,
	NAME_LOST_REQUEST,
	NAMES
};

struct content; /* content.c: records that are filled in for a message */
struct hub;     /* hub.c: events on their way from their publishers */
struct client;

struct live {
	const struct aerie_host *h;
	struct ask_host ask; /* the services that messages are read with */
	const struct aerie_http *http;
	const struct aerie_fields *fields;
	const struct aerie_devices *devices;
	const struct aerie_bus *bus;
	const struct aerie_phys *phys;
	const struct aerie_loop *loop;
	const struct aerie_config_service *config;
	const struct aerie_select *select;
	const struct aerie_serializers *serializers;
	const struct aerie_streams *streams;
	const struct aerie_views *views;
	const struct aerie_websocket *websocket;
	const struct aerie_system *system; /* or NULL: nobody tells of the host */
	const struct aerie_name *name[NAMES];
	struct content *content; /* the thread's own after start() */
	struct spec *json;       /* how things are told to those who have not asked for anything */
	struct hub *hub;
	uint32_t queue_max; /* events that wait for a client */
	pthread_t thread;
	bool running; /* the main thread's own */

	pthread_mutex_t lock; /* guards the rest and, of each client, what its struct says */
	pthread_cond_t free;  /* the thread let go of a client */
	struct client *clients;
	struct client *busy; /* that the thread works for, without the lock: it stays */
	bool quiescing;
};

/* A subscription: which events, and how they are written. */
struct subscription {
	struct spec *spec;
	char topic[ASK_NAME_MAX + 1];
};

struct client {
	struct live *l;
	struct aerie_ws *ws;
	struct aerie_stream *stream;
	bool monitors;                   /* it is one of devices; else of events. Never changes */
	struct aerie_view_ref *view;     /* that its monitors look at; NULL: all devices */
	struct aerie_device_query query; /* of the view */
	bool paused;                     /* the websocket thread's own: not read from, until it takes what we say */

	/* Under the lock of struct live. */
	struct client *prev, *next;
	bool gone;         /* its close() waits */
	bool blocked;      /* enough lies before its connection: until drained() */
	struct spec *last; /* of the newest subscription or monitor: how losses are told */
	uint32_t specs_octets;
	struct subscription *subs;
	uint32_t n_subs;
	uint64_t sequence; /* of the last event that a subscription picked */
	struct queue queue;
	struct monitor *monitor;
	uint32_t n_monitors;

	/* The thread's own. */
	struct gap gap; /* lost, and not told yet */
};

/* ---- hub.c: from publishers to the thread ---- */

/* Kinds of events: where their content comes from. */
enum event_kind {
	EVENT_RECORDED, /* the recording, and the device when there is a key */
	EVENT_DEVICE,   /* the device, as it is when it is sent */
	EVENT_BARE,     /* nothing */
	EVENT_MESSAGE,
	EVENT_PHY,
	EVENT_TIMESTAMP,
	EVENT_BATTERY,
	EVENT_STATISTICS,
	EVENT_PACKETS,
};

struct event {
	atomic_uint refs;
	struct event *next; /* in the hub */
	struct hub *hub;
	enum event_kind kind;
	int level; /* of a message */
	uint64_t key, time_us;
	struct aerie_recording *recording;
	const char *text; /* of a message */
	char topic[];
};

struct loss {
	uint64_t n;
	char topic[ASK_NAME_MAX + 1]; /* "": not known which */
};

/* What the thread takes from the hub at once. Losses came after the events. */
struct intake {
	struct event *first;
	struct loss losses[LIVE_LOSSES_MAX + 1];
	uint32_t n_losses;
};

int hub_new(struct live *l); /* [load] with its subscriptions to the bus */
void hub_free(struct hub *hub);
/* A client wants a topic ("*": all), or no longer. [any] */
void hub_want(struct hub *hub, const char *topic, bool want);
bool hub_wanted(const struct hub *hub, const char *topic);
/* An event without record. [any] */
void hub_publish(struct hub *hub, enum event_kind kind, const char *topic, uint64_t key, uint64_t time_us);
/* Waits until there is something or it is time. CLOCK_MONOTONIC. False: the module stops. */
bool hub_take(struct hub *hub, uint64_t until_us, struct intake *ret_intake);
void hub_wake(struct hub *hub);
void hub_stop(struct hub *hub);
struct event *event_ref(struct event *e);
void event_unref(struct event *e);

/* ---- content.c: what a message has in it ---- */

int content_new(struct live *l); /* [load] defines fields and records */
void content_free(struct live *l);
/* Writes the object of an event. -ENOENT: there is nothing (any more) to tell. */
int content_event(struct live *l, const struct event *e, const struct spec *spec, uint64_t sequence,
                  const struct aerie_visitor *vt, void *v);
/* {"LOST": {...}}; request: of a monitor, or NULL. */
int content_lost(const struct live *l, const struct gap *g, const int64_t *request, const struct aerie_visitor *vt,
                 void *v);

/* ---- client.c: connections, and what goes to them ---- */

/* A new connection; view may be NULL and is taken over, also on failure. */
int client_new(struct live *l, struct aerie_ws *ws, const struct aerie_http_request *req, bool monitors,
               struct aerie_view_ref *view, const struct aerie_device_query *query, void **ret_conn);
void client_close(void *conn);
void client_drained(void *conn);
/* Sends {"error": text}; what message() shall return: the client may have to take what it was told first. */
int client_error(struct client *c, const char *text, const int64_t *request);
/* A spec is in use, and the newest: under the lock. -ENOSPC: it is one too many. */
int client_take_spec(struct client *c, struct spec *spec);
void client_drop_spec(struct client *c, struct spec *spec);
/* The thread's: is there room in the connection? If not, the client is blocked. */
bool client_room(struct client *c);
/* One value as a message, written by emit. 0, or a negative errno: nothing was sent. */
int client_send(struct client *c, const struct spec *spec,
                int (*emit)(void *user, const struct aerie_visitor *vt, void *v), void *user);
/* The thread's: tells of a loss. False: that is impossible, and the connection ends. */
bool client_tell_lost(struct client *c, const struct gap *g, const int64_t *request);

/* ---- events.c: subscriptions ---- */

int events_message(void *conn, uint32_t kind, const uint8_t *data, uint64_t len);
void events_free(struct client *c);
/* Hands some of what came in to the queues of those who want it. True: there is more, after each client had its turn. */
bool events_spread(struct live *l, struct intake *in);
bool events_pending(const struct client *c); /* under the lock */
/* A client's turn. The lock is held on entry and on return, but not all the time in between. */
void events_turn(struct client *c);

/* ---- monitor.c: devices as they change ---- */

int monitor_message(void *conn, uint32_t kind, const uint8_t *data, uint64_t len);
void monitors_free(struct client *c);
uint64_t monitor_next_us(const struct client *c); /* when there is something to do; under the lock. CLOCK_MONOTONIC */
void monitor_turn(struct client *c);              /* as events_turn() */

/* ---- worker.c ---- */

uint64_t monotonic_us(void);
int worker_start(struct live *l);
void worker_stop(struct live *l);

#endif
