/* SPDX-License-Identifier: MIT */
/* The state of this server: one record (kismet.system.*), updated once a second on the main thread for its series, and on
 * request for the rest. Battery and sensors can be slow to ask, so that happens on the HTTP thread, outside the lock. */
#include <errno.h>
#include <pthread.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "build.h"
#include "fields.h"
#include "sensors.h"

#define TICK_MS 1000u

struct system {
	struct aerie_system service;
	pthread_mutex_t lock; /* guards rec and packets */
	struct aerie_rec *rec;
	struct aerie_timer *timer;
	uint64_t packets; /* counted so far in packets_rrd */

	aerie_slot battery_percentage, battery_charging, battery_ac, battery_remaining;
	aerie_slot sec, usec, start_sec, rss, rss_rrd, devices, devices_rrd, packets_rrd;
	aerie_slot user, version, git, build_time, name, description, location, uuid, server_uuid;
	aerie_slot fan, temp, fields, components, connections, texts;
	char user_name[64];
};

/* Resident memory, KiB. */
static uint64_t resident_kib(void)
{
	FILE *f = fopen("/proc/self/statm", "re");
	unsigned long long pages = 0;

	if (!f)
		return 0;
	if (fscanf(f, "%*s %llu", &pages) != 1)
		pages = 0;
	(void)fclose(f);
	return pages * ((uint64_t)sysconf(_SC_PAGESIZE) / 1024);
}

static int count_field(void *user, const struct aerie_field_info *info)
{
	++*(uint64_t *)user;
	return 0;
}

static int count_record(void *user, const char *name, aerie_record_id type)
{
	++*(uint64_t *)user;
	return 0;
}

static void tick(void *user)
{
	struct endpoints *e = user;
	struct system *s = e->system;
	struct aerie_packet_stats stats = { .size = sizeof stats };
	uint32_t now = (uint32_t)(e->loop->now_us(e->h) / 1000000);
	uint64_t rss = resident_kib(), devices = e->devices->count(e->h);

	if (e->packets->stats(e->h, &stats))
		return;
	chain_sample(e, now, &stats);
	(void)pthread_mutex_lock(&s->lock);
	(void)aerie_rrd_now(e->fields, s->rec, s->rss_rrd, now, (double)rss);
	(void)aerie_rrd_now(e->fields, s->rec, s->devices_rrd, now, (double)devices);
	(void)aerie_rrd_now(e->fields, s->rec, s->packets_rrd, now, (double)(stats.processed - s->packets));
	s->packets = stats.processed;
	(void)pthread_mutex_unlock(&s->lock);
}

static void set_sensors(const struct endpoints *e, aerie_slot slot, const struct sensor *sensor, uint32_t n)
{
	struct system *s = e->system;
	uint32_t i;

	for (i = 0; i < n; i++) {
		const struct aerie_str *name = e->fields->intern(e->h, sensor[i].name, (uint32_t)strlen(sensor[i].name));
		uint64_t *cell = name ? e->fields->map_cell(s->rec, slot, aerie_ptr_key(name)) : NULL;

		if (cell)
			*cell = aerie_f64_key(sensor[i].value);
		if (name)
			e->fields->release(e->h, name);
	}
}

static void refresh(const struct endpoints *e, const struct sensors *sensors)
{
	struct system *s = e->system;
	uint64_t now_us = e->loop->now_us(e->h), fields = 0, components = 0;

	(void)e->fields->each(e->h, count_field, &fields);
	(void)e->fields->each_record(e->h, count_record, &components);
	aerie_set_u64(s->rec, s->sec, now_us / 1000000);
	aerie_set_u64(s->rec, s->usec, now_us % 1000000);
	aerie_set_u64(s->rec, s->rss, resident_kib());
	aerie_set_u64(s->rec, s->devices, e->devices->count(e->h));
	aerie_set_u64(s->rec, s->fields, fields);
	aerie_set_u64(s->rec, s->components, components);
	aerie_set_u64(s->rec, s->connections, e->http->connections(e->h));
	aerie_set_u64(s->rec, s->texts, e->fields->interned(e->h));
	aerie_set_i32(s->rec, s->battery_percentage, sensors->battery_percentage);
	aerie_set_u8(s->rec, s->battery_ac, sensors->ac);
	aerie_set_u32(s->rec, s->battery_remaining, sensors->battery_remaining_s);
	(void)e->fields->set_text(s->rec, s->battery_charging, sensors->battery_charging,
				  (uint32_t)strlen(sensors->battery_charging));
	e->fields->clear(s->rec, s->fan);
	e->fields->clear(s->rec, s->temp);
	set_sensors(e, s->fan, sensors->fan, sensors->n_fan);
	set_sensors(e, s->temp, sensors->temp, sensors->n_temp);
}

/* Members of struct aerie_system. */
static int with_packets(const struct aerie_system *service, int (*fn)(void *user, const struct aerie_rec *rec), void *user)
{
	return chain_with(service->priv, fn, user);
}

static int with_record(const struct aerie_system *service, int (*fn)(void *user, const struct aerie_rec *rec), void *user)
{
	const struct endpoints *e = service->priv;
	struct sensors sensors;
	int r;

	sensors_read("/sys", &sensors);
	(void)pthread_mutex_lock(&e->system->lock);
	refresh(e, &sensors);
	r = fn(user, e->system->rec);
	(void)pthread_mutex_unlock(&e->system->lock);
	return r;
}

static int with_status(const struct endpoints *e, void *user, int (*fn)(void *arg, const struct aerie_rec *rec), void *arg)
{
	return with_record(&e->system->service, fn, arg);
}

static int status(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	return reply_record_of(user, req, rep, with_status, NULL, NULL);
}

static int emit_timestamp(void *user, const struct aerie_visitor *vt, void *v)
{
	const struct endpoints *e = user;
	uint64_t now_us = e->loop->now_us(e->h);
	int err = vt->begin_map(v, 2);

	if (!err)
		err = put_u64(vt, v, e->name[NAME_TIMESTAMP_SEC], now_us / 1000000);
	if (!err)
		err = put_u64(vt, v, e->name[NAME_TIMESTAMP_USEC], now_us % 1000000);
	return err ? err : vt->end_map(v);
}

static int timestamp(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	return reply_value_of(user, req, rep, emit_timestamp, user, NULL);
}

static int emit_user(void *user, const struct aerie_visitor *vt, void *v)
{
	const struct endpoints *e = user;
	int err = vt->begin_map(v, 1);

	if (!err)
		err = put_str(vt, v, e->name[NAME_SYSTEM_USER], e->system->user_name);
	return err ? err : vt->end_map(v);
}

static int user_status(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	return reply_value_of(user, req, rep, emit_user, user, NULL);
}

#define BOTH .methods = AERIE_HTTP_GET | AERIE_HTTP_POST, .result = AERIE_RESULT_OBJECT

static const struct aerie_param status_params[] = { FIELDS_PARAM("[\"kismet.system.devices.count\"]"), { 0 } };
static const struct aerie_param timestamp_params[] = { FIELDS_PARAM("[\"kismet.system.timestamp.sec\"]"), { 0 } };
static const struct aerie_param user_params[] = { FIELDS_PARAM("[\"kismet.system.user\"]"), { 0 } };

const struct endpoint system_endpoints[] = {
	{ .path = "/system/status", .handle = status, BOTH, .params = status_params, .record = "kismet.system",
	  .summary = "State of this server.",
	  .help = "An object: time, memory, devices, battery, sensors, names (kismet.system.*)." },
	{ .path = "/system/timestamp", .flags = AERIE_ROUTE_QUICK, .handle = timestamp, BOTH, .params = timestamp_params,
	  .fields = "kismet.system.timestamp.sec kismet.system.timestamp.usec",
	  .summary = "Time of this server.",
	  .help = "An object: seconds and microseconds since 1970-01-01 UTC." },
	{ .path = "/system/user_status", .flags = AERIE_ROUTE_QUICK, .handle = user_status, BOTH, .role = "", .params = user_params,
	  .fields = "kismet.system.user",
	  .summary = "The user that this server runs as.",
	  .help = "An object with the user's name; open to everybody, also when everything else needs a login." },
	{ 0 },
};

#define U64(name, unit, help, slot) AERIE_MEMBER(AERIE_T_U64, 0, 0, "kismet.system." name, unit, help, 0, &s->slot)
#define STR(name, help, slot) AERIE_MEMBER(AERIE_T_STR, 0, 0, "kismet.system." name, "", help, 0, &s->slot)
#define EXTREME(name, unit, help, slot) \
	AERIE_MEMBER(AERIE_T_RRD, 0, AERIE_FIELD_RRD_EXTREME, "kismet.system." name, unit, help, 0, &s->slot)

static int define(struct endpoints *e, struct system *s)
{
	const struct aerie_member members[] = {
		U64("timestamp.sec", "s", "Server time, whole seconds since 1970-01-01 UTC.", sec),
		U64("timestamp.usec", "us", "Microseconds of the server time's second.", usec),
		U64("timestamp.start_sec", "s", "When the server started, since 1970-01-01 UTC.", start_sec),
		AERIE_MEMBER(AERIE_T_I32, 0, 0, "kismet.system.battery.percentage", "%", "Charge of the battery; 0 without one.", 0,
			     &s->battery_percentage),
		STR("battery.charging", "discharging, charging or charged; empty without a battery.", battery_charging),
		AERIE_MEMBER(AERIE_T_U8, 0, 0, "kismet.system.battery.ac", "", "1: on mains power.", 0, &s->battery_ac),
		AERIE_MEMBER(AERIE_T_U32, 0, 0, "kismet.system.battery.remaining", "s", "Time until the battery is empty; 0: not known.", 0,
			     &s->battery_remaining),
		U64("memory.rss", "KiB", "Resident memory of the server.", rss),
		EXTREME("memory.rrd", "KiB", "Resident memory of the server over time.", rss_rrd),
		U64("devices.count", "devices", "Devices that the server knows.", devices),
		EXTREME("devices.rrd", "devices", "Devices that the server knew over time.", devices_rrd),
		AERIE_MEMBER(AERIE_T_RRD, 0, 0, "kismet.device.packets_rrd", "packets", "Packets processed per second, over time.", 0,
			     &s->packets_rrd),
		STR("user", "User that the server runs as.", user),
		STR("version", "Version of the server.", version),
		STR("git", "Commit that the server was built from; empty when it was not built from a repository.", git),
		STR("build_time", "When the server was first built from this commit, UTC.", build_time),
		STR("server_name", "Name of the server (server_name).", name),
		STR("server_description", "Description of the server (server_description).", description),
		STR("server_location", "Where the server stands (server_location).", location),
		AERIE_MEMBER(AERIE_T_UUID, 0, 0, "kismet.system.server_uuid", "", "UUID of the server, kept in its home directory.", 0, &s->uuid),
		AERIE_MEMBER(AERIE_T_UUID, 0, 0, "kismet.server.uuid", "", "UUID of the server, under its older name.", 0, &s->server_uuid),
		AERIE_MEMBER(AERIE_T_MAP_STR, AERIE_T_F64, 0, "kismet.system.sensors.fan", "1/min", "Speed of each fan.", 0, &s->fan),
		AERIE_MEMBER(AERIE_T_MAP_STR, AERIE_T_F64, 0, "kismet.system.sensors.temp", "C", "Temperature of each sensor.", 0, &s->temp),
		U64("num_fields", "fields", "Tracked fields that are defined.", fields),
		U64("num_components", "types", "Record types that are defined.", components),
		U64("num_http_connections", "connections", "HTTP clients that are connected, WebSockets among them.", connections),
		U64("string_cache_size", "texts", "Different texts that are stored, each once.", texts),
	};
	aerie_record_id type;
	int err = e->fields->define_record(e->h, "kismet.system", 0, members, sizeof members / sizeof members[0], &type);

	if (err)
		return err;
	s->rec = e->fields->new_record(e->h, type);
	return s->rec ? 0 : e->h->fail(e->h, -ENOMEM, "out of memory");
}

int system_new(struct endpoints *e)
{
	struct system *s = calloc(1, sizeof *s);

	if (!s)
		return e->h->fail(e->h, -ENOMEM, "out of memory");
	(void)pthread_mutex_init(&s->lock, NULL);
	s->service = (struct aerie_system){ .size = sizeof s->service, .with = with_record, .with_packets = with_packets, .priv = e };
	e->system = s;
	return define(e, s); /* system_free() follows a failure */
}

const struct aerie_system *system_service(const struct endpoints *e)
{
	return &e->system->service;
}

void system_free(struct endpoints *e)
{
	struct system *s = e->system;

	if (!s)
		return;
	if (s->rec)
		e->fields->free_record(s->rec);
	(void)pthread_mutex_destroy(&s->lock);
	free(s);
	e->system = NULL;
}

static void set_text(const struct endpoints *e, aerie_slot slot, const char *text)
{
	(void)e->fields->set_text(e->system->rec, slot, text, (uint32_t)strlen(text));
}

int system_configure(struct endpoints *e, const struct aerie_config *config)
{
	const char *text;
	const struct {
		const char *option;
		aerie_slot slot;
	} rows[] = {
		{ "server_name", e->system->name },
		{ "server_description", e->system->description },
		{ "server_location", e->system->location },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
		set_text(e, rows[i].slot, e->config->get_str(config, rows[i].option, &text) ? "" : text);
	return 0;
}

static int parse_uuid(const char *text, struct aerie_uuid *ret)
{
	struct aerie_uuid u;
	unsigned i, octet;

	for (i = 0; i < 16; i++) {
		text += *text == '-';
		if (strspn(text, "0123456789abcdefABCDEF") < 2 || sscanf(text, "%2x", &octet) != 1)
			return -EINVAL;
		u.b[i] = (uint8_t)octet;
		text += 2;
	}
	*ret = u;
	return 0;
}

int system_start(struct endpoints *e)
{
	struct system *s = e->system;
	struct passwd pw, *found = NULL;
	struct aerie_uuid uuid;
	const char *text;
	char buf[4096];

	aerie_set_u64(s->rec, s->start_sec, e->plugins->start_time_s(e->h));
	set_text(e, s->version, e->plugins->host_version(e->h));
	set_text(e, s->git, BUILD_GIT);
	set_text(e, s->build_time, BUILD_TIME);
	(void)snprintf(s->user_name, sizeof s->user_name, "%s",
		       !getpwuid_r(geteuid(), &pw, buf, sizeof buf, &found) && found ? found->pw_name : "");
	set_text(e, s->user, s->user_name);
	text = e->plugins->server_uuid(e->h);
	if (text && !parse_uuid(text, &uuid)) {
		(void)e->fields->set_uuid(s->rec, s->uuid, &uuid);
		(void)e->fields->set_uuid(s->rec, s->server_uuid, &uuid);
	}
	return e->loop->timer_start(e->h, 0, TICK_MS, tick, e, &s->timer);
}

void system_stop(struct endpoints *e)
{
	e->loop->timer_stop(e->system->timer);
	e->system->timer = NULL;
}
