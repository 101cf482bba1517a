/* SPDX-License-Identifier: MIT */
/* "aerie.bus/1": messages for people, and event topics for programs. Since ABI 1.0. */
#ifndef AERIE_BUS_H
#define AERIE_BUS_H

#include <aerie/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

#define AERIE_BUS_SERVICE "aerie.bus/1"

struct aerie_rec;

/* A message. text is valid during the callback. */
struct aerie_message {
	uint32_t size;
	int32_t level; /* AERIE_LOG_... */
	uint64_t time_s;  /* seconds since 1970 */
	uint64_t seq;     /* counts up from 1, without gaps */
	const char *text; /* UTF-8, one line */
	uint64_t time_us; /* microseconds since 1970 */
};

/* An event. rec is a record of the publisher's, locked for the duration of the callback, or NULL. */
struct aerie_event {
	uint32_t size;
	uint32_t reserved;
	const char *topic; /* "NEW_DEVICE"; doc/live.md lists the host's. A module's own: A-Z, 0-9, '_', at most 64 octets */
	uint64_t key;      /* the device it is about, or AERIE_KEY_NONE; of NEW_PHY: aerie_key_phy() of it is the PHY's number */
	uint64_t time_us;  /* microseconds since 1970 */
	const struct aerie_rec *rec;
};

typedef void aerie_message_fn(void *user, const struct aerie_message *m);
typedef void aerie_event_fn(void *user, const struct aerie_event *e);

struct aerie_bus {
	uint32_t size;
	uint32_t reserved;
	/* [any] Publishes a message; subscribers are called before it returns, on the caller's thread. */
	void (*message)(const struct aerie_host *h, int level, const char *text);
	/* [any] Calls fn for the messages kept (the last 50), oldest first, whose seq is greater than after_seq. */
	void (*recent)(const struct aerie_host *h, uint64_t after_seq, aerie_message_fn *fn, void *user);
	/* [main, load] Every message from now on. fn may run on any thread, and must not block or publish. */
	int (*subscribe_messages)(const struct aerie_host *h, aerie_message_fn *fn, void *user,
				  void (*destroy)(void *user));
	/* [main, load] Events of one topic ("*": all). fn may run on any thread, and must not block or publish. */
	int (*subscribe)(const struct aerie_host *h, const char *topic, aerie_event_fn *fn, void *user,
			 void (*destroy)(void *user));
	/* [any] Publishes an event; costs next to nothing when nobody subscribed. */
	void (*publish)(const struct aerie_host *h, const char *topic, uint64_t key, const struct aerie_rec *rec);
};

#ifdef __cplusplus
}
#endif
#endif
