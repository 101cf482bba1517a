/* SPDX-License-Identifier: MIT */
/* It leaves timers, interned text and posted calls behind: the host removes them, and none of them is called after stop(). */
#include "plugin.h"

TRACED("forgetful")

static const char *const required[] = { AERIE_FIELDS_SERVICE, AERIE_LOOP_SERVICE, AERIE_BUS_SERVICE, NULL };
static const struct aerie_host *host;
static int stopped;

static void called(void *user)
{
	(void)user;
	if (stopped)
		trace("forgetful", "called after stop");
}

static void on_message(void *user, const struct aerie_message *m)
{
	(void)m;
	called(user);
}

static void destroyed(void *user)
{
	(void)user;
	trace("forgetful", "destroy");
}

static int load(const struct aerie_host *h, void **ret_state)
{
	const struct aerie_fields *f = h->get_service(h, AERIE_FIELDS_SERVICE);
	const struct aerie_loop *l = h->get_service(h, AERIE_LOOP_SERVICE);
	const struct aerie_bus *b = h->get_service(h, AERIE_BUS_SERVICE);

	host = h;
	if (!f->intern(h, "left behind", 11) || l->timer_start(h, 1, 1, called, NULL, NULL) < 0)
		return -ENOMEM;
	if (b->subscribe_messages(h, on_message, NULL, destroyed) < 0)
		return -ENOMEM;
	return t_load(h, ret_state);
}

static void stop(void *s)
{
	const struct aerie_loop *l = host->get_service(host, AERIE_LOOP_SERVICE);

	t_stop(s);
	stopped = 1;
	(void)l->post(host, called, NULL);
}

static const struct aerie_plugin plugin = { IDENTITY("forgetful"), .requires_ = required, .load = load, .stop = stop,
					    .unload = t_unload };

AERIE_PLUGIN_EXPORT(plugin);
