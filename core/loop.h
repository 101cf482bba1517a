/* SPDX-License-Identifier: MIT */
/* The main thread's event loop (libuv), its timers, and calls posted from other threads. */
#ifndef CORE_LOOP_H
#define CORE_LOOP_H

#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <stdbool.h>
#include <uv.h>

#include <core/core.h>

struct loop *loop_new(struct core *core);
void loop_free(struct loop *l);
uv_loop_t *loop_uv(struct loop *l);
void loop_run(struct loop *l);                /* until loop_stop() */
void loop_stop(struct loop *l);               /* [any] */
int loop_post(struct loop *l, void (*fn)(void *user), void *user); /* [any] FIFO */
uint64_t loop_now_us(const struct loop *l);   /* [any] wall clock */
void loop_set_clock(struct loop *l, uint64_t (*now_us)(void *user), void *user); /* tests */

/* Drops the timers and posted calls of a module. [main] */
void loop_sweep(struct loop *l, struct module *m);

/* The thread's role, for the debug build's assertions of thread tags (--enable-debug); a no-op otherwise. */
enum thread_role { THREAD_OTHER, THREAD_MAIN, THREAD_WORKER, THREAD_HTTP };
void thread_role_set(enum thread_role role);
bool thread_role_is(enum thread_role role); /* true for THREAD_OTHER threads of tests, too */
#ifdef AERIE_DEBUG
#include <assert.h>
#define THREAD_ASSERT(role) assert(thread_role_is(role))
#else
#define THREAD_ASSERT(role) ((void)0)
#endif

extern const struct aerie_loop loop_service;

#endif
