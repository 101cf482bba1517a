/* SPDX-License-Identifier: MIT */
/* "aerie.loop/1": timers and calls on the main thread. Since ABI 1.0. */
#ifndef AERIE_LOOP_H
#define AERIE_LOOP_H

#include <aerie/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

#define AERIE_LOOP_SERVICE "aerie.loop/1"

struct aerie_timer; /* owned by the host; freed by timer_stop or with the module */

struct aerie_loop {
	uint32_t size;
	uint32_t reserved;
	/* [main] Calls fn on the main thread after delay_ms and then, when repeat_ms is not 0, every repeat_ms. A timer
	 * without repeat frees itself after its call. */
	int (*timer_start)(const struct aerie_host *h, uint64_t delay_ms, uint64_t repeat_ms,
			   void (*fn)(void *user), void *user, struct aerie_timer **ret_timer);
	/* [main] Stops and frees a timer; NULL is fine. Legal inside the timer's own callback. */
	void (*timer_stop)(struct aerie_timer *t);
	/* [any] Calls fn(user) on the main thread soon, in the order of the calls. */
	int (*post)(const struct aerie_host *h, void (*fn)(void *user), void *user);
	/* [any] Wall clock, microseconds since 1970. Tests can inject it. */
	uint64_t (*now_us)(const struct aerie_host *h);
};

#ifdef __cplusplus
}
#endif
#endif
