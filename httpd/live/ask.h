/* SPDX-License-Identifier: MIT */
/* What clients say, read into structs. Everything is checked here; what is wrong is told by a sentence that names the key. Knows
 * no connections. */
#ifndef LIVE_ASK_H
#define LIVE_ASK_H

#include <stdatomic.h>
#include <stdbool.h>

#include <aerie/devices.h>
#include <aerie/http.h>
#include <aerie/select.h>
#include <aerie/serializer.h>

#define ASK_OCTETS      (64u * 1024u) /* of a message, at most */
#define ASK_NAME_MAX    64u           /* octets of an event's name */
#define ASK_FORMAT_MAX  16u           /* of a format's */
#define ASK_RATE_MIN    0.1           /* seconds between two looks of a monitor */
#define ASK_RATE_MAX    86400.0
#define ASK_VIEW_OCTETS 256u /* room for a view's id */
#define ASK_WHY         512u /* room for a sentence */

/* The services that reading needs. */
struct ask_host {
	const struct aerie_host *h;
	const struct aerie_http *http;
	const struct aerie_select *select;
	const struct aerie_serializers *serializers;
	const struct aerie_devices *devices;
};

/* How something is written to a client; shared by all that is on its way. */
struct spec {
	atomic_uint refs;
	const struct aerie_select *select;
	struct aerie_selection *selection; /* NULL: whole records */
	uint32_t kind;                     /* AERIE_WS_TEXT or _BINARY: what the format is */
	uint32_t octets;                   /* of the message that asked for it */
	bool sequence;                     /* with number and time */
	char format[ASK_FORMAT_MAX + 1];
};
struct spec *spec_ref(struct spec *s);
void spec_unref(struct spec *s);                  /* NULL is fine */
struct spec *spec_json(const struct ask_host *a); /* whole records as JSON; NULL: memory is out */

/* A message of /eventbus/events.ws. */
struct ask_events {
	char subscribe[ASK_NAME_MAX + 1];   /* "": nothing */
	char unsubscribe[ASK_NAME_MAX + 1]; /* "": nothing */
	struct spec *spec;                  /* of what is subscribed to; the caller's to give back */
};

enum ask_target { ASK_ALL, ASK_KEY, ASK_MAC };

/* A message of a monitor. */
struct ask_monitor {
	bool has_request; /* also when the rest is wrong: the number is known, then */
	bool cancel;
	enum ask_target target;
	int64_t request;
	uint64_t key, mac, mask;
	uint64_t rate_us;
	struct spec *spec;
};

/* 0; or -EINVAL with a sentence, which has room for ASK_WHY octets; -ENOMEM with one, too. */
int ask_events_read(const struct ask_host *a, const uint8_t *data, uint64_t len, struct ask_events *ret, char *ret_why);
int ask_monitor_read(const struct ask_host *a, const uint8_t *data, uint64_t len, struct ask_monitor *ret,
                     char *ret_why);

/* The view that a path names, "/devices/views/VIEW/monitor.ws", decoded. -ENOENT: it names none. */
int ask_view(const char *path, char *ret_id, uint32_t room);

#endif
