/* SPDX-License-Identifier: MIT */
/* A capture program that speaks the capture protocol, over any transport: its frames, and its packets on their way into the
 * pipeline. [main] */
#ifndef CORE_CAPLINK_H
#define CORE_CAPLINK_H

#include <stdbool.h>
#include <stdint.h>

#include <core/core.h>
#include <core/link.h>

#define CAPLINK_TEXT 1280u /* room for what a link says about its end */

struct caplink;
struct pipe_source;
struct transport;

struct caplink_events {
	/* A frame that is neither PACKET nor PING nor PONG. The callee may end the link, or give it a pipe. */
	void (*frame)(void *user, const struct link_frame *f, const uint8_t *body);
	/* The link is over, once: the process exited with status 0, or the connection was closed, behind the last whole frame
	 * (clean), or why says what
	 * went wrong. What was read before has been submitted. The callee calls caplink_end(). */
	void (*over)(void *user, bool clean, const char *why);
};

/* Starts a program, by its path. */
int caplink_open(struct core *core, const char *program, const struct caplink_events *ev, void *user,
		 struct caplink **ret);
/* Takes over a connection that was accepted; on failure it is the caller's still. name: as caplink_name() tells it. */
int caplink_attach(struct core *core, struct transport *t, const char *name, const struct caplink_events *ev, void *user,
		   struct caplink **ret);
/* From now on events go there. Legal within an event. */
void caplink_set_events(struct caplink *l, const struct caplink_events *ev, void *user);
int caplink_pid(const struct caplink *l); /* -1: a connection */
/* Milliseconds since it was last heard, or held back by us. */
uint64_t caplink_silence_ms(const struct caplink *l);
uint64_t caplink_packets(const struct caplink *l);
/* "capture program NAME (pid N)": for messages. */
const char *caplink_name(const struct caplink *l);
/* From now on packets are expected, and go there; before, they are an error of the link. */
void caplink_set_pipe(struct caplink *l, struct pipe_source *pipe);
/* A request or PING; returns its sequence number in *ret_seqno (may be NULL). text: NULL for none. */
int caplink_send(struct caplink *l, uint16_t command, const char *text, uint32_t *ret_seqno);
/* A CONFIGREQ: hop over channels, or one fixed channel. */
int caplink_send_hop(struct caplink *l, const struct link_hop *hop, uint32_t *ret_seqno);
int caplink_send_channel(struct caplink *l, const char *channel, uint32_t *ret_seqno);
/* pipe_batch_get() gave NULL, and now there is a batch. */
void caplink_resume(struct caplink *l);
/* No event any more, and nothing goes into the pipe; ends the process and frees the link later. gone(user): the process is
 * no more; may be NULL. NULL is fine. */
void caplink_end(struct caplink *l, void (*gone)(void *user), void *user);

#endif
