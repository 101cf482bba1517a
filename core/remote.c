/* SPDX-License-Identifier: MIT */
/* Remote captures: limits, and the first word of each connection (NEWSOURCE), which finds or makes its source. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <core/announce.h>
#include <core/bus.h>
#include <core/config.h>
#include <core/loop.h>
#include <core/module.h>
#include <core/registry.h>
#include <core/remote.h>
#include <core/source.h>

#define GREETING_LIMIT_MS 5000u
#define MESSAGES_PER_SECOND 20u

static const struct aerie_option options[] = {
	AERIE_OPTION(AERIE_OPT_BOOL, 0, "remote_capture_enabled", "true", NULL, "Capture programs of other machines may connect by TCP, without a login."),
	AERIE_OPTION(AERIE_OPT_STR, 0, "remote_capture_listen", "127.0.0.1", NULL,
		     "Address where capture programs connect by TCP, without a login; * for all."),
	AERIE_OPTION(AERIE_OPT_INT, 0, "remote_capture_port", "3501", "0..65535",
		     "TCP port where capture programs connect; 0: any free one, which is told."),
	AERIE_OPTION(AERIE_OPT_INT, 0, "remote_capture_connections", "256", "1..100000", "Connections of capture programs, in all."),
	AERIE_OPTION(AERIE_OPT_INT, 0, "remote_capture_connections_per_address", "64", "1..100000",
		     "Connections of capture programs from one address."),
	AERIE_OPTION(AERIE_OPT_BOOL, 0, "override_remote_timestamp", "true", NULL,
		     "Packets of remote captures get this host's time instead of theirs."),
	AERIE_OPTION_END,
};

struct greeting {
	struct greeting *next;
	struct remote *remote;
	struct caplink *link;
	uv_timer_t limit;
	char peer[REMOTE_ADDRESS + 8], address[REMOTE_ADDRESS];
};

/* ---- Messages: whoever connects in a loop must not fill the log ---- */

void remote_log(struct remote *r, int level, const char *fmt, ...)
{
	uint64_t second = uv_now(loop_uv(r->core->loop)) / 1000;
	char text[BUS_TEXT_MAX];
	va_list ap;

	if (second != r->second) {
		r->second = second;
		r->messages = 0;
	}
	if (r->messages++ >= MESSAGES_PER_SECOND) {
		r->suppressed++;
		return;
	}
	if (r->suppressed)
		bus_printf(r->core->bus, AERIE_LOG_INFO, "%u messages about remote captures suppressed", r->suppressed);
	r->suppressed = 0;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	bus_printf(r->core->bus, level, "%s", text);
}

/* ---- Limits ---- */

int remote_peer_add(struct remote *r, struct remote_peer *p)
{
	const struct remote_peer *other;
	uint32_t n = 0;
	int err = 0;

	pthread_mutex_lock(&r->lock);
	for (other = r->peers; other; other = other->next)
		n += strcmp(other->address, p->address) == 0;
	if (!atomic_load(&r->listening)) {
		err = -EACCES;
	} else if (r->n_peers >= r->max_peers || n >= r->max_peers_per_address) {
		err = -EUSERS;
	} else {
		p->next = r->peers;
		r->peers = p;
		r->n_peers++;
	}
	pthread_mutex_unlock(&r->lock);
	return err;
}

void remote_peer_remove(struct remote *r, struct remote_peer *p)
{
	struct remote_peer **link;

	pthread_mutex_lock(&r->lock);
	for (link = &r->peers; *link; link = &(*link)->next)
		if (*link == p) {
			*link = p->next;
			r->n_peers--;
			break;
		}
	pthread_mutex_unlock(&r->lock);
}

bool remote_has_peers(struct remote *r)
{
	bool any;

	pthread_mutex_lock(&r->lock);
	any = r->peers != NULL;
	pthread_mutex_unlock(&r->lock);
	return any;
}

/* ---- NEWSOURCE: which source is it? ---- */

static bool no_file(const char *path)
{
	return false; /* it names things of another machine */
}

static struct definition *read_definition(const char *text, char *error)
{
	struct definition *d;
	int r = definition_parse(text, no_file, &d, error);

	if (r < 0) {
		if (r == -ENOMEM)
			snprintf(error, DEFINITION_ERROR, "memory is out");
		return NULL;
	}
	r = definition_check_known(d, source_options, error);
	if (r == 0)
		r = source_check_values(d, error);
	if (r == 0)
		return d;
	definition_free(d);
	return NULL;
}

/* The UUID of the definition, or the one that was sent; false: none. */
static bool read_uuid(const struct definition *d, const char *sent, struct aerie_uuid *ret)
{
	const char *given = definition_get(d, "uuid");

	return source_parse_uuid(given ? given : sent, ret) == 0;
}

/* Without a UUID: one of the same address with the same definition, that has no connection or a dead one. */
static struct source *find_nameless(struct sources *s, const struct definition *d, const struct driver *driver, const char *address)
{
	struct source *src;

	for (src = s->first; src; src = src->next)
		if (src->remote && ((!src->link && !src->newcomer) || src->lost) && src->driver == driver && strcmp(src->address, address) == 0 &&
		    strcmp(src->def->text, d->text) == 0)
			return src;
	return NULL;
}

static int check_existing(const struct source *src, const struct driver *driver, char *error)
{
	if (src->driver && strcmp(src->driver->type, driver->type) != 0)
		snprintf(error, DEFINITION_ERROR, "its UUID belongs to source %.128s of type %s; give it another with uuid=", src->name,
			 src->driver->type);
	else if (src->disabled)
		snprintf(error, DEFINITION_ERROR, "source %.128s was closed by a user; open it first", src->name);
	else if (!src->remote && !source_is_idle(src))
		snprintf(error, DEFINITION_ERROR, "its UUID belongs to source %.128s of this host, which is open; give it another with uuid=",
			 src->name);
	else
		return 0;
	return -EEXIST;
}

/* Takes d and driver in any case. 0, or a negative errno and an error text. */
static int adopt(struct greeting *g, struct definition *d, struct driver *driver, const char *sent_uuid, char *error)
{
	struct sources *s = g->remote->core->sources;
	struct source *src;
	struct aerie_uuid uuid;
	bool named = read_uuid(d, sent_uuid, &uuid);
	int r = 0;

	src = named ? sources_find(s, &uuid) : find_nameless(s, d, driver, g->address);
	if (src) {
		r = check_existing(src, driver, error);
	} else {
		struct definition *copy = read_definition(d->text, error);

		r = !copy ? -ENOMEM : s->n_sources < SOURCES_MAX - SOURCES_RESERVED ? sources_create(s, copy, driver, &src) : -ENOSPC;
		if (r == 0) {
			driver = NULL;
			src->remote = true;
			src->state = SOURCE_FAILED; /* until it is attached, in a moment */
			if (named) {
				source_set_uuid(src, &uuid);
				src->has_own_uuid = true;
			}
		} else {
			definition_free(copy);
			snprintf(error, DEFINITION_ERROR, r == -ENOSPC ? "there are too many sources already; restart the host" :
									 "memory is out");
		}
	}
	if (r == 0 && !src->driver) { /* a definition of this host that nobody could open */
		src->driver = driver;
		driver = NULL;
	}
	driver_unref(driver);
	if (r < 0) {
		definition_free(d);
		return r;
	}
	snprintf(src->address, sizeof src->address, "%s", g->address);
	source_take_link(src, g->link, d, g->peer);
	return 0;
}

static int take_newsource(struct greeting *g, const struct link_newsource *n, char *error)
{
	struct driver *driver = sources_driver(g->remote->core->sources, n->type);
	struct definition *d;

	if (!driver) {
		snprintf(error, DEFINITION_ERROR, "no loaded driver is of type '%.32s'; load its datasource module", n->type);
		return -ENOENT;
	}
	if (!(driver->flags & AERIE_DRIVER_REMOTE)) {
		snprintf(error, DEFINITION_ERROR, "sources of type '%.32s' cannot be remote", n->type);
		driver_unref(driver);
		return -ENOTSUP;
	}
	d = read_definition(n->definition, error);
	if (!d) {
		driver_unref(driver);
		return -EINVAL;
	}
	return adopt(g, d, driver, n->uuid, error);
}

/* ---- Greetings ---- */

static void on_gone(void *user)
{
	((struct sources *)user)->handles--;
}

static void on_closed(uv_handle_t *h)
{
	struct greeting *g = h->data;

	g->remote->core->sources->handles--;
	free(g);
}

/* With the link, unless a source has taken it. */
static void end_greeting(struct greeting *g)
{
	struct greeting **link = &g->remote->greetings;

	while (*link != g)
		link = &(*link)->next;
	*link = g->next;
	caplink_end(g->link, on_gone, g->remote->core->sources);
	g->link = NULL;
	uv_close((uv_handle_t *)&g->limit, on_closed);
}

static void refuse(struct greeting *g, const char *why)
{
	remote_log(g->remote, AERIE_LOG_ERROR, "%s is refused: %s", caplink_name(g->link), why);
	(void)caplink_send(g->link, LINK_SHUTDOWN, why, NULL); /* it is gone anyway */
	end_greeting(g);
}

static void on_frame(void *user, const struct link_frame *f, const uint8_t *body)
{
	struct greeting *g = user;
	struct link_newsource n;
	char error[DEFINITION_ERROR] = "memory is out";
	int r;

	if (f->command != LINK_NEWSOURCE)
		return; /* it has 5 s to say what it is */
	r = link_parse_newsource(body, f->len, &n);
	if (r < 0)
		snprintf(error, sizeof error, r == -EMSGSIZE ? "its definition is longer than 4096 octets, the limit" :
							       "it did not say its definition and type");
	else
		r = take_newsource(g, &n, error);
	if (r < 0) {
		refuse(g, error);
		return;
	}
	g->link = NULL;
	end_greeting(g);
}

static void on_over(void *user, bool clean, const char *why)
{
	struct greeting *g = user;

	if (clean)
		remote_log(g->remote, AERIE_LOG_INFO, "%s went without naming a source", caplink_name(g->link));
	else
		remote_log(g->remote, AERIE_LOG_ERROR, "%s", why);
	end_greeting(g);
}

static const struct caplink_events events = { on_frame, on_over };

static void on_limit(uv_timer_t *t)
{
	refuse(t->data, "it named no source within 5 s");
}

void remote_greet(struct remote *r, struct transport *t, const struct remote_peer *peer, const char *peer_name)
{
	struct sources *s = r->core->sources;
	struct greeting *g = s->stopping ? NULL : calloc(1, sizeof *g);
	char name[REMOTE_ADDRESS + 40];

	snprintf(name, sizeof name, "remote capture %s", peer_name);
	if (!g || caplink_attach(r->core, t, name, &events, g, &g->link) < 0) {
		if (!s->stopping)
			remote_log(r, AERIE_LOG_ERROR, "%s is refused: memory is out; stop other programs", name);
		free(g);
		s->handles++;
		t->ops->end(t, on_gone, s);
		return;
	}
	g->remote = r;
	snprintf(g->peer, sizeof g->peer, "%s", peer_name);
	snprintf(g->address, sizeof g->address, "%s", peer->address);
	uv_timer_init(loop_uv(r->core->loop), &g->limit);
	g->limit.data = g;
	uv_timer_start(&g->limit, on_limit, GREETING_LIMIT_MS, 0);
	s->handles += 2; /* the link, the timer */
	g->next = r->greetings;
	r->greetings = g;
}

/* ---- Life ---- */

struct remote *remote_new(struct core *core)
{
	struct remote *r = calloc(1, sizeof *r);
	const char *error = "memory is out";

	if (!r)
		return NULL;
	r->core = core;
	pthread_mutex_init(&r->lock, NULL);
	if (config_declare(core->config, "core", options, &error) == 0 &&
	    config_declare(core->config, "core", announce_options, &error) == 0 && remote_ws_register(r) == 0)
		return r;
	bus_printf(core->bus, AERIE_LOG_ERROR, "remote captures cannot be set up: %s",
		   core->self->fail_text ? core->self->fail_text : error);
	remote_free(r);
	return NULL;
}

void remote_listen(struct remote *r)
{
	const struct config *c = r->core->config;
	const char *address = config_str(c, "remote_capture_listen");
	uint32_t port = (uint32_t)config_int(c, "remote_capture_port", 3501), found = 0;
	int err;

	r->max_peers = (uint32_t)config_int(c, "remote_capture_connections", 256);
	r->max_peers_per_address = (uint32_t)config_int(c, "remote_capture_connections_per_address", 64);
	atomic_store(&r->listening, true);
	r->announce = announce_start(r->core);
	if (!config_bool(c, "remote_capture_enabled", true) || !address || !address[0])
		return;
	err = remote_tcp_listen(r, address, port, &found);
	if (err < 0) {
		bus_printf(r->core->bus, AERIE_LOG_ERROR,
			   "remote captures cannot connect to %s port %u: %s; set remote_capture_listen to an address of this machine in "
			   "numbers and remote_capture_port to a free port, or remote_capture_enabled=false",
			   address, port, strerror(-err));
		return;
	}
	atomic_store(&r->port, found);
	bus_printf(r->core->bus, AERIE_LOG_INFO, "remote captures may connect to %s port %u", address, found);
}

void remote_stop(struct remote *r)
{
	if (!r)
		return;
	pthread_mutex_lock(&r->lock);
	atomic_store(&r->listening, false); /* from here on, no peer is added */
	pthread_mutex_unlock(&r->lock);
	announce_stop(r->announce);
	r->announce = NULL;
	remote_tcp_stop(r);
	while (r->greetings)
		end_greeting(r->greetings);
}

void remote_free(struct remote *r)
{
	if (!r)
		return;
	pthread_mutex_destroy(&r->lock);
	free(r);
}

uint32_t remote_port(const struct remote *r)
{
	return r ? atomic_load(&r->port) : 0;
}
