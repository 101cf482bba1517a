/* SPDX-License-Identifier: MIT */
/* A core with sources, a PHY that counts, and what the tests of sources look at. For one test program: everything is static. */
#ifndef TEST_SOURCEWORLD_H
#define TEST_SOURCEWORLD_H

#include <criterion/criterion.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <core/bus.h>
#include <core/config.h>
#include <core/devices.h>
#include <core/epoch.h>
#include <core/loop.h>
#include <core/module.h>
#include <core/pipeline.h>
#include <core/registry.h>
#include <core/router.h>
#include <core/sources.h>
#include <core/strings.h>

#pragma GCC diagnostic ignored "-Wunused-function" /* no program needs all of it */
#define DLT_USER0 147u

static struct core core;
static char dir[PATH_MAX];
static atomic_uint n_packets, n_disorder, n_octets;
static atomic_bool gate_used;
static sem_t gate;

/* ---- a PHY that counts, and checks the order ---- */

static void dissect(void *user, struct aerie_packet *p, struct aerie_arena *a)
{
	uint32_t number = p->frame_len >= 4 ? (uint32_t)p->frame[0] << 24 | (uint32_t)p->frame[1] << 16 |
						      (uint32_t)p->frame[2] << 8 | p->frame[3] : UINT32_MAX;

	if (atomic_load(&gate_used)) {
		sem_wait(&gate);
		sem_post(&gate);
	}
	if (number != atomic_load(&n_packets))
		atomic_fetch_add(&n_disorder, 1);
	atomic_fetch_add(&n_octets, p->frame_len);
	atomic_fetch_add(&n_packets, 1);
}

/* Nothing is parsed, so nothing is tracked. */
static void track(void *user, struct aerie_packet *p, struct aerie_arena *a)
{
	atomic_fetch_add(&n_disorder, 1);
}

static void add_phy(void)
{
	static const uint32_t links[] = { DLT_USER0 };
	const struct aerie_phy phy = { .size = sizeof phy, .n_links = 1, .name = "Test", .help = "Counts.", .links = links,
				       .device_type = devices_service.base_type(&core.self->host), .dissect = dissect, .track = track };
	uint16_t id;

	cr_assert_eq(phys_service.register_phy(&core.self->host, &phy, &id), 0);
}

/* ---- drivers ---- */

static const struct aerie_option fake_options[] = {
	AERIE_OPTION(AERIE_OPT_INT, 0, "count", NULL, "0..1000000000", "Packets."),
	AERIE_OPTION(AERIE_OPT_INT, 0, "size", NULL, "4..150000", "Octets of a packet."),
	AERIE_OPTION(AERIE_OPT_BOOL, 0, "loop", NULL, NULL, "Nothing."),
	AERIE_OPTION_END,
};

static int add_driver(const char *type, const char *program, uint32_t flags)
{
	const struct aerie_driver d = { .size = sizeof d, .flags = flags, .type = type, .help = "A fake.", .program = program,
					.options = fake_options };

	return sources_service.register_driver(&core.self->host, &d);
}

#define FILE_FLAGS (AERIE_DRIVER_LOCAL | AERIE_DRIVER_LOSSLESS | AERIE_DRIVER_FINITE)

static void up(const char *const *settings)
{
	static const struct aerie_option options[] = {
		AERIE_OPTION(AERIE_OPT_INT, 0, "packet_backlog_limit", "8192", NULL, "Packets queued."),
		AERIE_OPTION(AERIE_OPT_BOOL, 0, "track_device_rrds", "true", NULL, "Series of devices."),
		AERIE_OPTION_END,
	};
	const char *build = getenv("AERIE_BUILD");
	char setting[PATH_MAX + 64];
	const char *error = NULL;

	core = (struct core){ 0 };
	n_packets = n_disorder = n_octets = 0;
	gate_used = false;
	sem_init(&gate, 0, 0);
	snprintf(dir, sizeof dir, "%.2000s/tests/unit", build ? build : ".");
	core.config = config_new();
	cr_assert_eq(config_declare(core.config, "core", options, &error), 0, "%s", error);
	core.strings = strings_new();
	core.registry = registry_new(&core);
	core.epochs = epochs_new();
	core.bus = bus_new(&core);
	core.loop = loop_new(&core);
	core.self = module_new(&core, "core");
	core.devices = devices_new(&core);
	core.sources = sources_new(&core);
	cr_assert_not_null(core.sources);
	snprintf(setting, sizeof setting, "helper_binary_path=%s", dir);
	cr_assert_eq(config_override(core.config, setting), 0);
	for (; settings && *settings; settings++)
		cr_assert_eq(config_override(core.config, *settings), 0);
	core.pipeline = pipeline_new(&core, 2);
	cr_assert_eq(pipeline_start(core.pipeline), 0);
	add_phy();
}

static void commit(void)
{
	cr_assert_eq(epochs_commit(core.epochs, core.self), 0);
}

/* One file-like driver that is named with type=fake. */
static void up_fake(const char *const *settings)
{
	up(settings);
	cr_assert_eq(add_driver("fake", "fake_capture", FILE_FLAGS), 0);
	commit();
}

static void down(void)
{
	sources_stop(core.sources);
	pipeline_stop(core.pipeline);
	sources_free(core.sources);
	pipeline_free(core.pipeline);
	epochs_withdraw(core.epochs, core.self);
	if (core.router)
		router_free(core.router);
	devices_free(core.devices);
	module_free(core.self);
	loop_free(core.loop);
	epochs_free(core.epochs);
	bus_free(core.bus);
	registry_free(core.registry);
	cr_assert_eq(strings_count(core.strings), 0, "texts are still held");
	strings_free(core.strings);
	config_free(core.config);
	sem_destroy(&gate);
}

static void add(const char *definition)
{
	const char *error = "";

	cr_assert_eq(sources_add(core.sources, definition, &error), 0, "%s", error);
}

static void stop_loop(void *user)
{
	loop_stop(core.loop);
}

static void run(void)
{
	sources_when_done(core.sources, stop_loop, NULL);
	loop_run(core.loop);
}

/* ---- what is to be seen ---- */

/* "(pid 123)" and the directory become "(pid N)" and "DIR". */
static void normalize(const char *text, char *to)
{
	while (*text) {
		if (strncmp(text, "(pid ", 5) == 0) {
			to += sprintf(to, "(pid N");
			text += 5 + strspn(text + 5, "0123456789");
		} else if (strncmp(text, dir, strlen(dir)) == 0) {
			to += sprintf(to, "DIR");
			text += strlen(dir);
		} else {
			*to++ = *text++;
		}
	}
	*to = '\0';
}

struct hunt {
	const char *text;
	int level;
	unsigned n;
};

static void hunt(void *user, const struct aerie_message *m)
{
	struct hunt *h = user;
	char text[BUS_TEXT_MAX * 2];

	normalize(m->text, text);
	h->n += strcmp(text, h->text) == 0 && m->level == h->level;
}

static void print_message(void *user, const struct aerie_message *m)
{
	fprintf(stderr, "  message: %s\n", m->text);
}

static unsigned count_messages(int level, const char *text)
{
	struct hunt h = { text, level, 0 };

	bus_service.recent(&core.self->host, 0, hunt, &h);
	if (!h.n)
		bus_service.recent(&core.self->host, 0, print_message, NULL);
	return h.n;
}

/* How often a message was told, whatever its level; says nothing when it was not. */
static void hunt_any(void *user, const struct aerie_message *m)
{
	struct hunt *h = user;
	char text[BUS_TEXT_MAX * 2];

	normalize(m->text, text);
	h->n += strstr(text, h->text) != NULL;
}

static unsigned told(const char *part)
{
	struct hunt h = { part, 0, 0 };

	bus_service.recent(&core.self->host, 0, hunt_any, &h);
	return h.n;
}

static void print_all(void)
{
	bus_service.recent(&core.self->host, 0, print_message, NULL);
}

struct seen {
	char reason[2048], type[64], interface[64], hardware[64], name[64], definition[256], channels[64];
	uint64_t packets, errors;
	int running, error, paused, hopping, split, shuffle, pending, remote, retry, attempts;
	char channel[64], hop_channels[1024], warning[256], remote_ip[64], version[64];
	double hop_rate;
	uint32_t offset, skip;
	int64_t pid;
	uint32_t dlt, retries;
};

static aerie_slot slot(const struct aerie_rec *rec, const char *field)
{
	aerie_field_id id;
	aerie_slot s;

	cr_assert_eq(fields_service.lookup(&core.self->host, field, &id), 0, "%s", field);
	cr_assert_eq(fields_service.slot(&core.self->host, rec->type, id, &s), 0, "%s", field);
	return s;
}

static void text_of(const struct aerie_rec *rec, const char *field, char *to, size_t room)
{
	const struct aerie_str *s = aerie_get_str(rec, slot(rec, field));

	snprintf(to, room, "%s", s ? s->text : "");
}

static int add_channel(void *user, uint64_t key, uint64_t cell)
{
	strcat(strcat(user, ((const struct aerie_str *)(uintptr_t)cell)->text), ",");
	return 0;
}

static int see(void *user, const struct aerie_rec *rec)
{
	struct seen *s = user;
	const struct aerie_rec *driver = aerie_get_rec(rec, slot(rec, "kismet.datasource.type_driver"));
	char reason[2048];

	memset(s, 0, sizeof *s);
	text_of(rec, "kismet.datasource.error_reason", reason, sizeof reason);
	normalize(reason, s->reason);
	text_of(rec, "kismet.datasource.capture_interface", s->interface, sizeof s->interface);
	text_of(rec, "kismet.datasource.hardware", s->hardware, sizeof s->hardware);
	text_of(rec, "kismet.datasource.name", s->name, sizeof s->name);
	text_of(rec, "kismet.datasource.definition", s->definition, sizeof s->definition);
	fields_service.iterate(rec, slot(rec, "kismet.datasource.channels"), add_channel, s->channels);
	if (driver)
		text_of(driver, "kismet.datasource.driver.type", s->type, sizeof s->type);
	s->packets = aerie_get_u64(rec, slot(rec, "kismet.datasource.num_packets"));
	s->errors = aerie_get_u64(rec, slot(rec, "kismet.datasource.num_error_packets"));
	s->running = aerie_get_u8(rec, slot(rec, "kismet.datasource.running"));
	s->error = aerie_get_u8(rec, slot(rec, "kismet.datasource.error"));
	s->pid = aerie_get_i64(rec, slot(rec, "kismet.datasource.ipc_pid"));
	s->dlt = aerie_get_u32(rec, slot(rec, "kismet.datasource.dlt"));
	s->retries = aerie_get_u32(rec, slot(rec, "kismet.datasource.total_retry_attempts"));
	s->paused = aerie_get_u8(rec, slot(rec, "kismet.datasource.paused"));
	s->hopping = aerie_get_u8(rec, slot(rec, "kismet.datasource.hopping"));
	s->split = aerie_get_u8(rec, slot(rec, "kismet.datasource.hop_split"));
	s->shuffle = aerie_get_u8(rec, slot(rec, "kismet.datasource.hop_shuffle"));
	s->pending = aerie_get_u8(rec, slot(rec, "kismet.datasource.cmd_pending"));
	s->remote = aerie_get_u8(rec, slot(rec, "kismet.datasource.remote"));
	s->retry = aerie_get_u8(rec, slot(rec, "kismet.datasource.retry"));
	s->attempts = (int)aerie_get_u32(rec, slot(rec, "kismet.datasource.retry_attempts"));
	s->hop_rate = aerie_get_f64(rec, slot(rec, "kismet.datasource.hop_rate"));
	s->offset = aerie_get_u32(rec, slot(rec, "kismet.datasource.hop_offset"));
	s->skip = aerie_get_u32(rec, slot(rec, "kismet.datasource.hop_shuffle_skip"));
	text_of(rec, "kismet.datasource.channel", s->channel, sizeof s->channel);
	text_of(rec, "kismet.datasource.warning", s->warning, sizeof s->warning);
	text_of(rec, "kismet.datasource.remote_ip", s->remote_ip, sizeof s->remote_ip);
	text_of(rec, "kismet.datasource.datasource_version", s->version, sizeof s->version);
	fields_service.iterate(rec, slot(rec, "kismet.datasource.hop_channels"), add_channel, s->hop_channels);
	return 0;
}

struct nth {
	unsigned n;
	struct seen seen;
};

static int see_nth(void *user, const struct aerie_rec *rec)
{
	struct nth *n = user;

	if (n->n--)
		return 0;
	see(&n->seen, rec);
	return 1;
}

/* The n-th source, from 0; zeroed when there is none. */
static struct seen source_at(unsigned n)
{
	struct nth nth = { .n = n };

	sources_service.each_source(&core.self->host, see_nth, &nth);
	return nth.seen;
}

static struct seen the_source(void)
{
	struct seen s = { 0 };

	cr_assert_eq(sources_service.each_source(&core.self->host, see, &s), 0);
	return s;
}

static int count_drivers_only(void *user, const struct aerie_rec *rec)
{
	*(uint64_t *)user += 1;
	return 0;
}

/* ---- waiting ---- */

#define WAIT_LIMIT_MS 45000u /* below the suites' limits, which end a test without a word */

struct watch {
	uv_timer_t timer;
	bool (*fn)(void);
	uint64_t end_ms;
	bool timed_out, closed;
};

static void on_watch(uv_timer_t *t)
{
	struct watch *w = t->data;
	bool done = w->fn();

	w->timed_out = !done && uv_now(t->loop) >= w->end_ms;
	if (done || w->timed_out)
		loop_stop(core.loop);
}

static void on_watch_closed(uv_handle_t *h)
{
	((struct watch *)h->data)->closed = true;
}

static int print_source(void *user, const struct aerie_rec *rec)
{
	struct seen s;

	see(&s, rec);
	fprintf(stderr, "  source %s: %s, %" PRIu64 " packets, %" PRIu64 " errors, channel '%s', reason '%s'\n", s.interface,
		s.running ? "runs" : "does not run", s.packets, s.errors, s.channel, s.reason);
	return 0;
}

static void print_state(void)
{
	struct aerie_packet_stats stats = { .size = sizeof stats };

	print_all();
	sources_service.each_source(&core.self->host, print_source, NULL);
	packets_service.stats(&core.self->host, &stats);
	fprintf(stderr, "  %" PRIu64 " packets dropped, %u dissected\n", stats.dropped, atomic_load(&n_packets));
}

/* Runs the loop until a condition is true; fails with what there is to see when it is not within WAIT_LIMIT_MS. */
static void run_until_true(const char *file, int line, const char *condition, bool (*fn)(void))
{
	struct watch w = { .fn = fn };

	uv_timer_init(loop_uv(core.loop), &w.timer);
	w.timer.data = &w;
	uv_update_time(loop_uv(core.loop));
	w.end_ms = uv_now(loop_uv(core.loop)) + WAIT_LIMIT_MS;
	uv_timer_start(&w.timer, on_watch, 0, 5);
	loop_run(core.loop);
	uv_close((uv_handle_t *)&w.timer, on_watch_closed);
	while (!w.closed)
		uv_run(loop_uv(core.loop), UV_RUN_NOWAIT);
	if (!w.timed_out)
		return;
	fprintf(stderr, "%s:%d: '%s' did not become true within %u s:\n", file, line, condition, WAIT_LIMIT_MS / 1000);
	print_state();
	cr_assert_fail("'%s' at %s:%d did not become true within %u s", condition, file, line, WAIT_LIMIT_MS / 1000);
}
#define run_until(fn) run_until_true(__FILE__, __LINE__, #fn, fn)

#endif
