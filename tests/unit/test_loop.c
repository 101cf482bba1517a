/* SPDX-License-Identifier: MIT */
/* The event loop: timers, posted calls, clock. Expected behaviour: <aerie/loop.h>, core/loop.h. */
#include "host.h"

#include <pthread.h>
#include <stdatomic.h>

TestSuite(loop, .init = up, .fini = down);

static unsigned calls;
static struct aerie_timer *timer;

static void stop(void *user)
{
	loop_stop(core.loop);
}

static void stop_after_three(void *user)
{
	if (++calls == 3) {
		loop_service.timer_stop(timer);
		loop_stop(core.loop);
	}
}

static void count_call(void *user)
{
	++*(unsigned *)user;
}

Test(loop, timer_without_repeat_runs_once)
{
	unsigned once = 0;

	cr_assert_eq(loop_service.timer_start(&core.self->host, 1, 0, count_call, &once, NULL), 0);
	cr_assert_eq(loop_service.timer_start(&core.self->host, 20, 0, stop, NULL, NULL), 0);
	loop_run(core.loop);
	cr_assert_eq(once, 1);
	cr_assert_null(core.self->timers);
}

Test(loop, repeating_timer_may_stop_itself)
{
	calls = 0;
	cr_assert_eq(loop_service.timer_start(&core.self->host, 1, 1, stop_after_three, NULL, &timer), 0);
	loop_run(core.loop);
	cr_assert_eq(calls, 3);
	cr_assert_null(core.self->timers);
	loop_service.timer_stop(NULL);
}

Test(loop, timer_without_function_is_refused)
{
	timer = NULL;
	cr_assert_eq(loop_service.timer_start(&core.self->host, 1, 0, NULL, NULL, &timer), -EINVAL);
	cr_assert_null(timer);
}

#define POSTS 1000
static unsigned order[4], disorder;

struct posted {
	unsigned thread, n;
};

static void in_order(void *user)
{
	struct posted *p = user;

	if (order[p->thread]++ != p->n)
		disorder++;
	free(p);
	if (order[0] + order[1] + order[2] + order[3] == 4 * POSTS)
		loop_stop(core.loop);
}

static void *poster(void *user)
{
	struct posted *p;
	unsigned i;

	for (i = 0; i < POSTS; i++) {
		p = malloc(sizeof *p);
		*p = (struct posted){ *(unsigned *)user, i };
		(void)loop_post(core.loop, in_order, p);
	}
	return NULL;
}

Test(loop, posts_of_many_threads_run_in_the_order_of_each)
{
	unsigned ids[4] = { 0, 1, 2, 3 }, i;
	pthread_t threads[4];

	disorder = 0;
	memset(order, 0, sizeof order);
	for (i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, poster, &ids[i]);
	loop_run(core.loop);
	for (i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	cr_assert_eq(disorder, 0);
}

static void post_again(void *user)
{
	(void)loop_post(core.loop, post_again, user);
}

Test(loop, call_that_posts_itself_for_ever_leaves_room_for_timers)
{
	(void)loop_post(core.loop, post_again, NULL);
	cr_assert_eq(loop_service.timer_start(&core.self->host, 5, 0, stop, NULL, NULL), 0);
	loop_run(core.loop);
}

Test(loop, stop_before_run_is_kept_and_run_may_be_repeated)
{
	loop_stop(core.loop);
	loop_run(core.loop);
	cr_assert_eq(loop_post(core.loop, stop, NULL), 0);
	loop_run(core.loop);
}

Test(loop, sweep_drops_timers_and_posts_of_one_module_only)
{
	struct module *m = module_new(&core, "org.test.m");
	unsigned mine = 0, other = 0;

	loop_service.post(&core.self->host, count_call, &other);
	loop_service.post(&m->host, count_call, &mine);
	loop_service.post(&m->host, count_call, &mine);
	loop_service.post(&core.self->host, count_call, &other);
	loop_service.timer_start(&m->host, 1, 1, count_call, &mine, NULL);
	loop_service.timer_start(&m->host, 1, 0, count_call, &mine, NULL);
	module_free(m);
	loop_service.timer_start(&core.self->host, 10, 0, stop, NULL, NULL);
	loop_run(core.loop);
	cr_assert_eq(mine, 0);
	cr_assert_eq(other, 2);
}

Test(loop, clock_can_be_injected)
{
	cr_assert_eq(loop_service.now_us(&core.self->host), 1700000000123456);
	loop_set_clock(core.loop, NULL, NULL);
	cr_assert_gt(loop_service.now_us(&core.self->host), 1700000000123456);
}

Test(loop, roles_of_threads)
{
	cr_assert(thread_role_is(THREAD_MAIN), "a test's thread is anything");
	thread_role_set(THREAD_WORKER);
	cr_assert(thread_role_is(THREAD_WORKER));
	cr_assert_not(thread_role_is(THREAD_MAIN));
	thread_role_set(THREAD_OTHER);
}
