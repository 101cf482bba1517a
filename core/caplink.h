/* SPDX-License-Identifier: MIT */
/* A capture process that speaks the capture protocol: its frames, and its packets on their way into the pipeline. [main] */
#ifndef CORE_CAPLINK_H
#define CORE_CAPLINK_H

#include <stdbool.h>
#include <stdint.h>

#include <core/core.h>
#include <core/link.h>

#define CAPLINK_TEXT 1280u /* room for what a link says about its end */

struct caplink;
struct pipe_source;

struct caplink_events {
	/* A frame that is neither PACKET nor PING nor PONG. The callee may end the link, or give it a pipe. */
	void (*frame)(void *user, const struct link_frame *f, const uint8_t *body);
	/* The link is over, once: the process exited with status 0 behind its last whole frame (clean), or why says what
	 * went wrong. What was read before has been submitted. The callee calls caplink_end(). */
	void (*over)(void *user, bool clean, const char *why);
};

/* Starts a program, by its path. */
int caplink_open(struct core *core, const char *program, const struct caplink_events *ev, void *user,
		 struct caplink **ret);
int caplink_pid(const struct caplink *l);
uint64_t caplink_packets(const struct caplink *l);
/* "capture program NAME (pid N)": for messages. */
const char *caplink_name(const struct caplink *l);
/* From now on packets are expected, and go there; before, they are an error of the link. */
void caplink_set_pipe(struct caplink *l, struct pipe_source *pipe);
/* A request or PING; returns its sequence number in *ret_seqno (may be NULL). text: NULL for none. */
int caplink_send(struct caplink *l, uint16_t command, const char *text, uint32_t *ret_seqno);
/* pipe_batch_get() gave NULL, and now there is a batch. */
void caplink_resume(struct caplink *l);
/* No event any more, and nothing goes into the pipe; ends the process and frees the link later. gone(user): the process is
 * no more; may be NULL. NULL is fine. */
void caplink_end(struct caplink *l, void (*gone)(void *user), void *user);

#endif
