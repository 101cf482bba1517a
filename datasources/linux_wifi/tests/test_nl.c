/* SPDX-License-Identifier: MIT */
/* Requests and their answers, by the family of generic netlink that every kernel has: the controller, which is asked for the
 * numbers of families (linux/genetlink.h). */
#include <criterion/criterion.h>

#include <linux/genetlink.h>
#include <poll.h>
#include <unistd.h>

#include "../nl.c"

static struct nl80211 controller = { NULL, GENL_ID_CTRL };
static int there[2], go[2];

static int ask(const char *family, int (*fn)(void *user, const void *attrs, int len))
{
	struct nl_msg *msg = nl80211_request(&controller, CTRL_CMD_GETFAMILY, 0);

	cr_assert_not_null(msg);
	cr_assert_eq(nla_put_string(msg, CTRL_ATTR_FAMILY_NAME, family), 0);
	return nl80211_run(&controller, msg, fn, NULL);
}

static int answer_and_wait(void *user, const void *attrs, int len)
{
	struct pollfd p = { .fd = go[0], .events = POLLIN };

	cr_assert_eq(write(there[1], "", 1), 1);
	return poll(&p, 1, -1) == 1 ? 0 : -EIO;
}

static void *ask_in_thread(void *data)
{
	(void)ask("nlctrl", answer_and_wait);
	return NULL;
}

Test(wifi_nl, the_answer_to_a_request_that_was_cancelled_is_not_that_of_the_next, .timeout = 60)
{
	pthread_t thread;
	char octet;

	controller.sock = nl_socket_alloc();
	cr_assert_not_null(controller.sock);
	cr_assert_eq(genl_connect(controller.sock), 0);
	cr_expect_eq(ask("nlctrl", NULL), 0);
	cr_expect_eq(ask("none.of.these", NULL), -ENOENT);
	cr_assert(pipe(there) == 0 && pipe(go) == 0);
	cr_assert_eq(pthread_create(&thread, NULL, ask_in_thread, NULL), 0);
	cr_assert_eq(read(there[0], &octet, 1), 1);
	cr_assert_eq(pthread_cancel(thread), 0);
	cr_assert_eq(write(go[1], "", 1), 1);
	cr_assert_eq(pthread_join(thread, NULL), 0);
	cr_expect_eq(ask("none.of.these", NULL), -ENOENT);
	cr_expect_eq(ask("nlctrl", NULL), 0);
	nl_socket_free(controller.sock);
}
