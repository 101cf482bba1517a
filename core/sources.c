/* SPDX-License-Identifier: MIT */
/* The list of sources, and the service "aerie.source/1". */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <core/bus.h>
#include <core/capproc.h>
#include <core/config.h>
#include <core/epoch.h>
#include <core/loop.h>
#include <core/pipeline.h>
#include <core/registry.h>
#include <core/remote.h>
#include <core/source.h>

#define MESSAGES_PER_SECOND 20u
#define STOP_LIMIT_MS (CAPPROC_GRACE_MS + 2000u) /* processes that do not go even when killed are left behind */

static const struct aerie_option options[] = {
	AERIE_OPTION(AERIE_OPT_STR, AERIE_OPT_REPEATED, "helper_binary_path", NULL, NULL,
		     "Directory with capture programs; when none is given, that of this program and the installed one."),
	AERIE_OPTION(AERIE_OPT_BOOL, 0, "retry_on_source_error", "true", NULL, "Opens a radio again after a failure."),
	AERIE_OPTION(AERIE_OPT_DURATION, 0, "source_retry_delay", "5s", "10ms..1d",
		     "Pause before a radio is opened again; doubles with each failure in a row, up to 12 times as long."),
	AERIE_OPTION(AERIE_OPT_DURATION, 0, "source_answer_timeout", "10s", "10ms..1h",
		     "How long a capture program may take to answer a probe or open request."),
	AERIE_OPTION(AERIE_OPT_DURATION, 0, "source_silence_limit", "15s", "100ms..1d",
		     "A source that was not heard for so long is shown as lost; it is asked three times in that time."),
	AERIE_OPTION(AERIE_OPT_BOOL, 0, "channel_hop", "true", NULL, "Radios hop over channels."),
	AERIE_OPTION(AERIE_OPT_STR, 0, "channel_hop_speed", "5/sec", NULL,
		     "Speed of hopping: hops as in 5/sec or 10/min, or seconds per channel as in 2/dwell."),
	AERIE_OPTION(AERIE_OPT_BOOL, 0, "split_source_hopping", "true", NULL,
		     "Radios of the same type with the same list begin at different channels of it."),
	AERIE_OPTION(AERIE_OPT_BOOL, 0, "randomized_hopping", "true", NULL, "The order of channels is shuffled."),
	AERIE_OPTION_END,
};

/* ---- Walking over sources: from any thread ---- */

static int call_locked(struct source *src, int (*fn)(void *user, const struct aerie_rec *rec), void *user)
{
	int r;

	pthread_mutex_lock(&src->lock);
	source_refresh(src);
	r = fn(user, src->rec);
	pthread_mutex_unlock(&src->lock);
	return r;
}

static int each_source(const struct aerie_host *h, int (*fn)(void *user, const struct aerie_rec *rec), void *user)
{
	struct source *src;
	int r = 0;

	for (src = atomic_load(&module_of(h)->core->sources->first); src && r == 0; src = atomic_load(&src->next))
		r = call_locked(src, fn, user);
	return r;
}

static bool has_uuid(struct source *src, const struct aerie_uuid *uuid, bool *ret_running)
{
	bool same;

	pthread_mutex_lock(&src->lock);
	same = memcmp(&src->uuid, uuid, sizeof *uuid) == 0 || memcmp(&src->first_uuid, uuid, sizeof *uuid) == 0;
	*ret_running = src->pipe != NULL;
	pthread_mutex_unlock(&src->lock);
	return same;
}

struct source *sources_find(struct sources *s, const struct aerie_uuid *uuid)
{
	struct source *src, *found = NULL;
	bool running;

	for (src = atomic_load(&s->first); src; src = atomic_load(&src->next)) {
		if (!has_uuid(src, uuid, &running))
			continue;
		found = src;
		if (running)
			break;
	}
	return found;
}

static int with_source(const struct aerie_host *h, const struct aerie_uuid *uuid,
		       int (*fn)(void *user, const struct aerie_rec *rec), void *user)
{
	struct source *src = sources_find(module_of(h)->core->sources, uuid);

	return src ? call_locked(src, fn, user) : -ENOENT;
}

static int with_defaults(const struct aerie_host *h, int (*fn)(void *user, const struct aerie_rec *rec), void *user)
{
	struct sources *s = module_of(h)->core->sources;
	struct aerie_rec *rec;
	int r = -ENOMEM;

	pthread_mutex_lock(&s->lock);
	rec = sources_defaults(s);
	if (rec)
		r = fn(user, rec);
	pthread_mutex_unlock(&s->lock);
	return r;
}

const struct aerie_sources sources_service = {
	.size = sizeof(struct aerie_sources),
	.register_driver = driver_register,
	.each_driver = driver_each,
	.each_source = each_source,
	.with_source = with_source,
	.add = sources_add_service,
	.control = sources_control,
	.list_interfaces = sources_list_interfaces,
	.feed = sources_feed,
	.with_defaults = with_defaults,
};

/* ---- Adding ---- */

static uint64_t this_second(const struct source *src)
{
	return uv_now(loop_uv(src->all->core->loop)) / 1000;
}

static bool is_too_much(struct source *src)
{
	uint64_t second = this_second(src);

	if (second != src->second) {
		src->second = second;
		src->messages = 0;
	}
	if (src->messages++ < MESSAGES_PER_SECOND)
		return false;
	src->suppressed++;
	return true;
}

static void say(struct source *src, int level, const char *text)
{
	if (src->driver)
		bus_printf(src->all->core->bus, level, "source %s (%s): %s", src->name, src->driver->type, text);
	else
		bus_printf(src->all->core->bus, level, "source %s: %s", src->name, text);
}

void source_log(struct source *src, int level, const char *fmt, ...)
{
	char text[BUS_TEXT_MAX];
	va_list ap;

	if (src->remote && is_too_much(src))
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	say(src, level, text);
}

void source_log_said(struct source *src, int level, const char *text)
{
	if (!is_too_much(src))
		say(src, level, text);
}

/* A remote source ends as often as its program likes. */
void source_tell_suppressed(struct source *src)
{
	char text[64];

	if (!src->suppressed || (src->remote && src->told_second == this_second(src)))
		return;
	snprintf(text, sizeof text, "%u messages suppressed", src->suppressed);
	src->suppressed = 0;
	src->told_second = this_second(src);
	say(src, AERIE_LOG_INFO, text);
}

/* Types that are there, for the text of an error. */
static void list_types(struct sources *s, char *text, size_t room)
{
	struct epoch *ep = epoch_pin(s->core->epochs);
	size_t i, at = 0;

	snprintf(text, room, "none is loaded");
	for (i = 0; i < ep->n_regs[REG_DRIVER] && at < room; i++)
		at += (size_t)snprintf(text + at, room - at, "%s%s", i ? ", " : "",
				       ((struct driver *)ep->regs[REG_DRIVER][i]->item)->type);
	epoch_unpin(ep);
}

/* Not known yet whose it is: options that no driver would take are refused at once. */
static int check_any_driver(struct sources *s, const struct definition *d)
{
	struct epoch *ep = epoch_pin(s->core->epochs);
	size_t n = ep->n_regs[REG_DRIVER], i;
	const struct aerie_option **tables = calloc(n + 1, sizeof *tables);
	int r = tables && n ? -EINVAL : tables ? 0 : -ENOMEM;

	for (i = 0; i < n && r == -EINVAL; i++) {
		const struct aerie_option *two[] = { source_options, ((struct driver *)ep->regs[REG_DRIVER][i]->item)->options };

		tables[i] = two[1];
		r = definition_check(d, two, 2, s->error);
	}
	if (r == -EINVAL) { /* the nearest name of all */
		tables[n] = source_options;
		(void)definition_check(d, tables, n + 1, s->error);
	}
	free(tables);
	epoch_unpin(ep);
	return r;
}

/* A passive driver has no program to ask whether a definition is its own: its type as the interface says so. */
static bool names_passive(struct sources *s, const struct definition *d)
{
	struct driver *driver = sources_driver(s, d->interface);
	bool passive = driver && driver->flags & AERIE_DRIVER_PASSIVE && !driver->program;

	driver_unref(driver);
	return passive;
}

static int check_definition(struct sources *s, const struct definition *d, struct driver **ret_driver)
{
	const char *type = definition_get(d, "type");
	const struct aerie_option *tables[2] = { source_options, NULL };
	char types[256];
	int r = source_check_values(d, s->error);

	if (r < 0)
		return r;
	if (type || names_passive(s, d))
		*ret_driver = sources_driver(s, type ? type : d->interface);
	else
		return check_any_driver(s, d);
	if (!*ret_driver) {
		list_types(s, types, sizeof types);
		snprintf(s->error, sizeof s->error, "no driver is of type '%.32s'; there are: %s", type, types);
		return -EINVAL;
	}
	tables[1] = (*ret_driver)->options;
	r = definition_check(d, tables, 2, s->error);
	if (r < 0) {
		driver_unref(*ret_driver);
		*ret_driver = NULL;
	}
	return r;
}

static void source_free(struct source *src)
{
	if (!src)
		return;
	tuning_free(src);
	source_feed_free(src);
	definition_free(src->newcomer_def);
	definition_free(src->def);
	driver_unref(src->driver);
	fields_service.free_record(src->rec);
	pthread_mutex_destroy(&src->lock);
	free(src);
}

static void random_uuid(struct aerie_uuid *u)
{
	if (getrandom(u->b, sizeof u->b, 0) != (ssize_t)sizeof u->b)
		memcpy(u->b, &(uint64_t){ uv_hrtime() }, 8);
	u->b[6] = (uint8_t)((u->b[6] & 0x0f) | 0x40); /* RFC 4122 4.4 */
	u->b[8] = (uint8_t)((u->b[8] & 0x3f) | 0x80);
}

/* One from the first moment on, so that what has never been open can be closed. */
static void give_uuid(struct source *src)
{
	const char *given = definition_get(src->def, "uuid");
	struct aerie_uuid uuid = { { 0 } };

	src->has_own_uuid = given && source_parse_uuid(given, &uuid) == 0;
	random_uuid(&src->first_uuid);
	if (src->has_own_uuid && !sources_find(src->all, &uuid))
		src->first_uuid = uuid;
	source_set_uuid(src, src->has_own_uuid ? &uuid : &src->first_uuid);
}

static struct source *source_new(struct sources *s, struct definition *d, struct driver *driver)
{
	struct source *src = calloc(1, sizeof *src);
	const char *name = definition_get(d, "name");

	if (!src)
		return NULL;
	pthread_mutex_init(&src->lock, NULL);
	src->all = s;
	src->number = s->n_sources + 1;
	src->def = d;
	src->name = name ? name : d->interface;
	src->driver = driver;
	src->retry = definition_bool(d, "retry", config_bool(s->core->config, "retry_on_source_error", true));
	if (source_record_new(src) < 0) {
		src->def = NULL;
		src->driver = NULL;
		source_free(src);
		return NULL;
	}
	give_uuid(src);
	if (driver)
		source_set_driver(src);
	if (definition_get(d, "metagps"))
		source_log(src, AERIE_LOG_INFO, "warning: option 'metagps' is ignored: this version knows no GPS");
	return src;
}

static void on_start(uv_timer_t *t)
{
	source_start(t->data);
}

static void append(struct sources *s, struct source *src)
{
	uv_loop_t *uv = loop_uv(s->core->loop);

	uv_timer_init(uv, &src->answer);
	uv_timer_init(uv, &src->tick);
	src->answer.data = src->tick.data = src;
	s->handles += 2;
	s->n_sources++;
	if (s->last)
		atomic_store(&s->last->next, src);
	else
		atomic_store(&s->first, src);
	s->last = src;
}

int sources_create(struct sources *s, struct definition *d, struct driver *driver, struct source **ret)
{
	struct source *src;

	if (s->n_sources >= SOURCES_MAX)
		return -ENOSPC;
	src = source_new(s, d, driver);
	if (!src)
		return -ENOMEM;
	append(s, src);
	source_event(src, "NEW_DATASOURCE");
	*ret = src;
	return 0;
}

int sources_check(struct sources *s, const char *definition, const char **ret_error)
{
	const char *speed = config_str(s->core->config, "channel_hop_speed");
	struct definition *d = NULL;
	double rate;
	int r;

	snprintf(s->error, sizeof s->error, "memory is out");
	*ret_error = s->error;
	if (definition) {
		r = definition_parse(definition, NULL, &d, s->error);
		r = r < 0 ? r : source_check_values(d, s->error);
		definition_free(d);
		return r;
	}
	if (!speed || hop_rate_parse(speed, &rate) == 0)
		return 0;
	snprintf(s->error, sizeof s->error, "\"channel_hop_speed\" is \"%.64s\"; it must be such as 5/sec, 10/min or 2/dwell", speed);
	return -EINVAL;
}

int sources_add_definition(struct sources *s, const char *definition, struct source **ret, const char **ret_error)
{
	struct definition *d = NULL;
	struct driver *driver = NULL;
	int r;

	snprintf(s->error, sizeof s->error, "memory is out");
	*ret_error = s->error;
	if (s->stopping) {
		snprintf(s->error, sizeof s->error, "the host is stopping");
		return -ESHUTDOWN;
	}
	r = definition_parse(definition, NULL, &d, s->error);
	if (r == 0)
		r = check_definition(s, d, &driver);
	if (r == 0)
		r = sources_create(s, d, driver, ret);
	if (r == 0) {
		uv_timer_start(&(*ret)->answer, on_start, 0, 0);
		return 0;
	}
	if (r == -ENOSPC)
		snprintf(s->error, sizeof s->error, "there are %u sources already, the limit; restart the host", SOURCES_MAX);
	driver_unref(driver);
	definition_free(d);
	return r;
}

int sources_add(struct sources *s, const char *definition, const char **ret_error)
{
	const char *error;
	struct source *src;
	int r = sources_add_definition(s, definition, &src, &error);

	if (r < 0 && ret_error)
		*ret_error = error;
	return r;
}

void sources_listen(struct sources *s)
{
	remote_listen(s->remote);
}

/* ---- Being done ---- */

static bool busy(const struct sources *s)
{
	const struct source *src;

	for (src = s->first; src; src = src->next)
		if (!source_is_idle(src))
			return true;
	return false;
}

static void check_done(void *user)
{
	struct sources *s = user;
	void (*done)(void *user) = s->done;

	s->check_posted = false;
	if (!done || s->stopping || busy(s))
		return;
	s->done = NULL;
	done(s->done_user);
}

void sources_check_done(struct sources *s)
{
	if (!s->done || s->check_posted)
		return;
	s->check_posted = loop_post(s->core->loop, check_done, s) == 0;
	if (!s->check_posted)
		check_done(s);
}

void sources_when_done(struct sources *s, void (*done)(void *user), void *user)
{
	s->done = done;
	s->done_user = user;
	sources_check_done(s);
}

unsigned sources_failed(const struct sources *s)
{
	const struct source *src;
	unsigned n = 0;

	for (src = s->first; src; src = src->next)
		n += src->state == SOURCE_FAILED;
	return n;
}

void sources_tell_failed(struct sources *s)
{
	struct source *src;

	for (src = s->first; src; src = src->next)
		if (src->state == SOURCE_FAILED)
			source_log(src, AERIE_LOG_FATAL, "failed: %s", src->reason[0] ? src->reason : "its capture program went");
}

/* ---- The list ---- */

struct sources *sources_new(struct core *core)
{
	struct sources *s = calloc(1, sizeof *s);
	const char *error;

	if (!s)
		return NULL;
	s->core = core;
	s->last_asked = &s->asked;
	pthread_mutex_init(&s->lock, NULL);
	if (source_types_define(s) < 0) {
		bus_printf(core->bus, AERIE_LOG_ERROR, "the records of sources cannot be defined: %s",
			   core->self->fail_text ? core->self->fail_text : "memory is out");
		free(s);
		return NULL;
	}
	if (config_declare(core->config, "core", options, &error) < 0) {
		bus_printf(core->bus, AERIE_LOG_ERROR, "the options of sources cannot be declared: %s", error);
		free(s);
		return NULL;
	}
	s->remote = remote_new(core);
	if (!s->remote) {
		pthread_mutex_destroy(&s->lock);
		free(s);
		return NULL;
	}
	signal(SIGPIPE, SIG_IGN); /* writing to a capture process that is gone is told by its exit */
	return s;
}

static void on_timer_closed(uv_handle_t *h)
{
	((struct source *)h->data)->all->handles--;
}

static void on_stop_limit(uv_timer_t *t)
{
	*(bool *)t->data = true;
}

static void on_limit_closed(uv_handle_t *h)
{
	*(bool *)h->data = true;
}

static void wait_for_handles(struct sources *s)
{
	uv_loop_t *uv = loop_uv(s->core->loop);
	bool expired = false, closed = false;
	uv_timer_t limit;

	uv_timer_init(uv, &limit);
	limit.data = &expired;
	uv_timer_start(&limit, on_stop_limit, STOP_LIMIT_MS, 0);
	while ((s->handles || remote_has_peers(s->remote)) && !expired)
		uv_run(uv, UV_RUN_ONCE);
	limit.data = &closed;
	uv_close((uv_handle_t *)&limit, on_limit_closed);
	while (!closed)
		uv_run(uv, UV_RUN_NOWAIT);
}

void sources_stop(struct sources *s)
{
	struct source *src;

	if (!s || s->stopping)
		return;
	s->stopping = true;
	remote_stop(s->remote);
	sources_end_ops(s);
	sources_end_lists(s);
	for (src = s->first; src; src = src->next) {
		source_end(src);
		uv_close((uv_handle_t *)&src->answer, on_timer_closed);
		uv_close((uv_handle_t *)&src->tick, on_timer_closed);
	}
	wait_for_handles(s);
}

void sources_free(struct sources *s)
{
	struct source *src, *next;

	if (!s)
		return;
	sources_stop(s);
	for (src = s->first; src; src = next) {
		next = src->next;
		source_free(src);
	}
	remote_free(s->remote);
	fields_service.free_record(s->defaults);
	pthread_mutex_destroy(&s->lock);
	free(s);
}
