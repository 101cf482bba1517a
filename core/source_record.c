/* SPDX-License-Identifier: MIT */
/* Records of sources and drivers: kismet.datasource.*. The tables are the documentation of the fields. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <core/bus.h>
#include <core/config.h>
#include <core/loop.h>
#include <core/module.h>
#include <core/pipeline.h>
#include <core/registry.h>
#include <core/remote.h>
#include <core/source.h>

struct row {
	const char *name, *unit, *help;
	uint32_t type, value;
	size_t slot;
};

#define ROW(type, name, unit, help, slot) { name, unit, help, type, 0, offsetof(struct source_slots, slot) }
#define TEXTS(name, help, slot) { name, "", help, AERIE_T_VEC, AERIE_T_STR, offsetof(struct source_slots, slot) }

static const struct row source_rows[] = {
	ROW(AERIE_T_U64, "kismet.datasource.source_number", "", "Running number of the source in this host.", source_number),
	ROW(AERIE_T_U32, "kismet.datasource.source_key", "", "Checksum of the source's UUID.", source_key),
	ROW(AERIE_T_U8, "kismet.datasource.cmd_pending", "", "1 while a command waits for the answer of the capture program.",
	    cmd_pending),
	ROW(AERIE_T_U8, "kismet.datasource.paused", "", "1 when packets of the source are discarded.", paused),
	ROW(AERIE_T_STR, "kismet.datasource.ipc_binary", "", "Capture program that opens the source.", ipc_binary),
	ROW(AERIE_T_I64, "kismet.datasource.ipc_pid", "", "Process id of the capture program, -1 when there is none.", ipc_pid),
	ROW(AERIE_T_U8, "kismet.datasource.running", "", "1 while the source is capturing.", running),
	ROW(AERIE_T_STR, "kismet.datasource.datasource_version", "", "Version that the capture program reported.",
	    datasource_version),
	ROW(AERIE_T_STR, "kismet.datasource.remote_ip", "", "Address of the peer of a remote capture.", remote_ip),
	ROW(AERIE_T_U8, "kismet.datasource.remote", "", "1 for a remote capture.", remote),
	ROW(AERIE_T_U8, "kismet.datasource.passive", "", "1 for a source that is fed over HTTP.", passive),
	ROW(AERIE_T_STR, "kismet.datasource.name", "", "Name given to the source, or its interface.", name),
	ROW(AERIE_T_UUID, "kismet.datasource.uuid", "", "Identity of the source.", uuid),
	ROW(AERIE_T_STR, "kismet.datasource.definition", "", "Definition of the source, as given.", definition),
	ROW(AERIE_T_STR, "kismet.datasource.interface", "", "Interface or file of the definition.", interface),
	ROW(AERIE_T_STR, "kismet.datasource.capture_interface", "", "Interface that is really captured from.",
	    capture_interface),
	ROW(AERIE_T_STR, "kismet.datasource.hardware", "", "Hardware or chipset, as the capture program tells.", hardware),
	ROW(AERIE_T_U32, "kismet.datasource.dlt", "", "Link type of the packets, of libpcap's registry.", dlt),
	ROW(AERIE_T_STR, "kismet.datasource.warning", "", "Condition of the source that is not fatal.", warning),
	TEXTS("kismet.datasource.channels", "Channels that the source supports.", channels),
	ROW(AERIE_T_U8, "kismet.datasource.hopping", "", "1 while the source hops over channels.", hopping),
	ROW(AERIE_T_STR, "kismet.datasource.channel", "", "Channel when the source does not hop.", channel),
	ROW(AERIE_T_F64, "kismet.datasource.hop_rate", "1/s", "Hops per second.", hop_rate),
	TEXTS("kismet.datasource.hop_channels", "Channels that the source hops over.", hop_channels),
	ROW(AERIE_T_U8, "kismet.datasource.hop_split", "", "1 when sources of the same type and list share it.", hop_split),
	ROW(AERIE_T_U32, "kismet.datasource.hop_offset", "", "Index of the channel that hopping starts at.", hop_offset),
	ROW(AERIE_T_U8, "kismet.datasource.hop_shuffle", "", "1 when the order of channels is shuffled.", hop_shuffle),
	ROW(AERIE_T_U32, "kismet.datasource.hop_shuffle_skip", "", "Step between channels when shuffled.", hop_shuffle_skip),
	ROW(AERIE_T_U8, "kismet.datasource.error", "", "1 when the source has failed.", error),
	ROW(AERIE_T_STR, "kismet.datasource.error_reason", "", "Why the source failed last.", error_reason),
	ROW(AERIE_T_U64, "kismet.datasource.num_packets", "packets", "Packets processed.", num_packets),
	ROW(AERIE_T_U64, "kismet.datasource.num_error_packets", "packets", "Packets that were broken.", num_error_packets),
	ROW(AERIE_T_RRD, "kismet.datasource.packets_rrd", "packets", "Packets per second.", packets_rrd),
	ROW(AERIE_T_RRD, "kismet.datasource.packets_datasize_rrd", "octets", "Octets per second.",
	    packets_datasize_rrd),
	ROW(AERIE_T_U8, "kismet.datasource.retry", "", "1 when the source is opened again after a failure.", retry),
	ROW(AERIE_T_U32, "kismet.datasource.retry_attempts", "", "Attempts to open it again since it last ran.",
	    retry_attempts),
	ROW(AERIE_T_U32, "kismet.datasource.total_retry_attempts", "", "Attempts to open it again, in all.",
	    total_retry_attempts),
	ROW(AERIE_T_STR, "kismet.datasource.info.antenna_type", "", "Type of the antenna, as noted by the user.", antenna_type),
	ROW(AERIE_T_F64, "kismet.datasource.info.antenna_gain", "dB", "Gain of the antenna, as noted by the user.", antenna_gain),
	ROW(AERIE_T_F64, "kismet.datasource.info.antenna_orientation", "degrees",
	    "Direction of the antenna, as noted by the user.", antenna_orientation),
	ROW(AERIE_T_F64, "kismet.datasource.info.antenna_beamwidth", "degrees",
	    "Width of the antenna's beam, as noted by the user.", antenna_beamwidth),
	ROW(AERIE_T_STR, "kismet.datasource.info.amp_type", "", "Type of the amplifier, as noted by the user.", amp_type),
	ROW(AERIE_T_F64, "kismet.datasource.info.amp_gain", "dB", "Gain of the amplifier, as noted by the user.", amp_gain),
	ROW(AERIE_T_U32, "kismet.datasource.linktype_override", "", "Link type that is assumed instead of the reported one.",
	    linktype_override),
	ROW(AERIE_T_RECORD, "kismet.datasource.type_driver", "", "Driver of the source.", type_driver),
};

#define DRIVER_ROW(type, name, help, slot) { name, "", help, type, 0, offsetof(struct driver_slots, slot) }
static const struct row driver_rows[] = {
	DRIVER_ROW(AERIE_T_STR, "kismet.datasource.driver.type", "Type that definitions name.", type),
	DRIVER_ROW(AERIE_T_STR, "kismet.datasource.driver.description", "What the driver opens.", description),
	DRIVER_ROW(AERIE_T_U8, "kismet.datasource.driver.probe_capable", "1 when it can tell whether a definition is its own.",
		   probe_capable),
	DRIVER_ROW(AERIE_T_U8, "kismet.datasource.driver.probe_ipc", "1 when its program is started for that.", probe_ipc),
	DRIVER_ROW(AERIE_T_U8, "kismet.datasource.driver.list_capable", "1 when it can list interfaces.", list_capable),
	DRIVER_ROW(AERIE_T_U8, "kismet.datasource.driver.list_ipc", "1 when its program is started for that.", list_ipc),
	DRIVER_ROW(AERIE_T_U8, "kismet.datasource.driver.local_capable", "1 when it opens sources of this machine.",
		   local_capable),
	DRIVER_ROW(AERIE_T_U8, "kismet.datasource.driver.local_ipc", "1 when its program is started for that.", local_ipc),
	DRIVER_ROW(AERIE_T_U8, "kismet.datasource.driver.remote_capable", "1 when its program can connect from elsewhere.",
		   remote_capable),
	DRIVER_ROW(AERIE_T_U8, "kismet.datasource.driver.passive_capable", "1 when its sources are fed over HTTP.",
		   passive_capable),
	DRIVER_ROW(AERIE_T_U8, "kismet.datasource.driver.tuning_capable", "1 when channels can be set.", tuning_capable),
	DRIVER_ROW(AERIE_T_U8, "kismet.datasource_driver.hop_capable", "1 when channels can be hopped over.", hop_capable),
};

#define P "kismet.datasource.probed."
#define PROBED_ROW(type, value, name, help, slot) { P name, "", help, type, value, offsetof(struct probed_slots, slot) }
static const struct row probed_rows[] = {
	PROBED_ROW(AERIE_T_STR, 0, "interface", "Interface that a definition may name.", interface),
	PROBED_ROW(AERIE_T_STR, 0, "capture_interface", "Interface that would really be captured from.", capture_interface),
	PROBED_ROW(AERIE_T_VEC, AERIE_T_STR, "options_vec", "Options that a definition of it needs, as name=value.", options_vec),
	PROBED_ROW(AERIE_T_UUID, 0, "in_use_uuid", "Identity of the source that has it open.", in_use_uuid),
	PROBED_ROW(AERIE_T_STR, 0, "hardware", "Hardware or chipset, as the capture program tells.", hardware),
	PROBED_ROW(AERIE_T_STR, 0, "datasource_version", "Version that the capture program reported.", datasource_version),
	{ "kismet.datasource.type_driver", "", "Driver of the source.", AERIE_T_RECORD, 0,
	  offsetof(struct probed_slots, type_driver) },
};
#undef P

#define D "kismet.datasourcetracker.default."
#define DEFAULT_ROW(type, name, unit, help, slot) { D name, unit, help, type, 0, offsetof(struct default_slots, slot) }
static const struct row default_rows[] = {
	DEFAULT_ROW(AERIE_T_F64, "hop_rate", "1/s", "Hops per second, when a definition names none.", hop_rate),
	DEFAULT_ROW(AERIE_T_U8, "hop", "", "1 when radios hop over channels.", hop),
	DEFAULT_ROW(AERIE_T_U8, "split", "", "1 when radios of the same type and list share it.", split),
	DEFAULT_ROW(AERIE_T_U8, "random_order", "", "1 when the order of channels is shuffled.", random_order),
	DEFAULT_ROW(AERIE_T_U8, "retry_on_error", "", "1 when a radio is opened again after a failure.", retry_on_error),
	DEFAULT_ROW(AERIE_T_STR, "remote_cap_listen", "", "Address where remote captures connect by TCP.", remote_cap_listen),
	DEFAULT_ROW(AERIE_T_U32, "remote_cap_port", "", "TCP port where remote captures connect, 0 when none do.",
		    remote_cap_port),
	DEFAULT_ROW(AERIE_T_U8, "remote_cap_timestamp", "", "1 when packets of remote captures get this host's time.",
		    remote_cap_timestamp),
};
#undef D

#define N_ROWS(rows) (sizeof(rows) / sizeof(rows)[0])

static int define(struct sources *s, const char *name, const struct row *rows, size_t n, void *slots,
		  aerie_record_id sub, aerie_record_id *ret_id)
{
	struct aerie_member *members = calloc(n, sizeof *members);
	size_t i;
	int r;

	if (!members)
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		const struct row *row = &rows[i];
		aerie_slot *slot = (aerie_slot *)((char *)slots + row->slot);

		members[i] = (struct aerie_member)AERIE_MEMBER(row->type, row->value, 0, row->name, row->unit, row->help,
							       row->type == AERIE_T_RECORD ? sub : 0, slot);
	}
	r = fields_service.define_record(&s->core->self->host, name, 0, members, (uint32_t)n, ret_id);
	free(members);
	return r;
}

int source_types_define(struct sources *s)
{
	int r = define(s, "kismet.datasourcetracker.driver", driver_rows, N_ROWS(driver_rows), &s->driver_slots, 0,
		       &s->driver_type);

	if (r == 0)
		r = define(s, "kismet.datasourcetracker.datasource", source_rows, N_ROWS(source_rows), &s->slots, s->driver_type,
			   &s->source_type);
	if (r == 0)
		r = define(s, "kismet.datasourcetracker.listed_interface", probed_rows, N_ROWS(probed_rows), &s->probed_slots,
			   s->driver_type, &s->probed_type);
	if (r == 0)
		r = define(s, "kismet.datasourcetracker.defaults", default_rows, N_ROWS(default_rows), &s->default_slots, 0,
			   &s->default_type);
	return r;
}

/* ---- Drivers ---- */

static void set_text(struct aerie_rec *rec, aerie_slot slot, const char *text)
{
	(void)fields_service.set_text(rec, slot, text ? text : "", text ? (uint32_t)strlen(text) : 0);
}

static void fill_driver(struct sources *s, struct aerie_rec *rec, const struct driver *d)
{
	const struct driver_slots *k = &s->driver_slots;
	bool program = d->program != NULL;

	set_text(rec, k->type, d->type);
	set_text(rec, k->description, d->help);
	aerie_set_u8(rec, k->probe_capable, !!(d->flags & AERIE_DRIVER_PROBE));
	aerie_set_u8(rec, k->probe_ipc, program && d->flags & AERIE_DRIVER_PROBE);
	aerie_set_u8(rec, k->list_capable, !!(d->flags & AERIE_DRIVER_LIST));
	aerie_set_u8(rec, k->list_ipc, program && d->flags & AERIE_DRIVER_LIST);
	aerie_set_u8(rec, k->local_capable, !!(d->flags & AERIE_DRIVER_LOCAL));
	aerie_set_u8(rec, k->local_ipc, program && d->flags & AERIE_DRIVER_LOCAL);
	aerie_set_u8(rec, k->remote_capable, !!(d->flags & AERIE_DRIVER_REMOTE));
	aerie_set_u8(rec, k->passive_capable, !!(d->flags & AERIE_DRIVER_PASSIVE));
	aerie_set_u8(rec, k->tuning_capable, !!(d->flags & AERIE_DRIVER_TUNE));
	aerie_set_u8(rec, k->hop_capable, !!(d->flags & AERIE_DRIVER_HOP));
}

struct aerie_rec *driver_record_new(struct sources *s, const struct driver *d)
{
	struct aerie_rec *rec = fields_service.new_record(&s->core->self->host, s->driver_type);

	if (rec)
		fill_driver(s, rec, d);
	return rec;
}

/* ---- Listed interfaces, defaults ---- */

static void push_text(struct aerie_rec *rec, const struct aerie_host *h, aerie_slot slot, const char *text, size_t len)
{
	const struct aerie_str *str = fields_service.intern(h, text, (uint32_t)len);

	if (!str)
		return;
	(void)fields_service.vec_push_str(rec, slot, str);
	fields_service.release(h, str);
}

struct aerie_rec *probed_record_new(struct sources *s, const struct driver *d, const struct link_interface *i,
				    const char *version, const struct aerie_uuid *in_use)
{
	const struct aerie_host *h = &s->core->self->host;
	const struct probed_slots *k = &s->probed_slots;
	struct aerie_rec *rec = fields_service.new_record(h, s->probed_type), *sub;
	const char *at;
	size_t n;

	if (!rec)
		return NULL;
	set_text(rec, k->interface, i->interface);
	set_text(rec, k->capture_interface, i->capture_interface);
	set_text(rec, k->hardware, i->hardware);
	set_text(rec, k->datasource_version, version);
	for (at = i->flags; *at; at += n + (at[n] != '\0')) {
		n = strcspn(at, ",");
		if (n)
			push_text(rec, h, k->options_vec, at, n);
	}
	(void)fields_service.set_uuid(rec, k->in_use_uuid, in_use);
	sub = fields_service.sub(rec, k->type_driver);
	if (sub)
		fill_driver(s, sub, d);
	return rec;
}

struct aerie_rec *sources_defaults(struct sources *s)
{
	const struct config *c = s->core->config;
	const struct default_slots *k = &s->default_slots;
	struct aerie_rec *rec = s->defaults;

	if (!rec)
		rec = s->defaults = fields_service.new_record(&s->core->self->host, s->default_type);
	if (!rec)
		return NULL;
	aerie_set_f64(rec, k->hop_rate, sources_hop_rate(s));
	aerie_set_u8(rec, k->hop, config_bool(c, "channel_hop", true));
	aerie_set_u8(rec, k->split, config_bool(c, "split_source_hopping", true));
	aerie_set_u8(rec, k->random_order, config_bool(c, "randomized_hopping", true));
	aerie_set_u8(rec, k->retry_on_error, config_bool(c, "retry_on_source_error", true));
	set_text(rec, k->remote_cap_listen, config_str(c, "remote_capture_listen"));
	aerie_set_u32(rec, k->remote_cap_port, remote_port(s->remote));
	aerie_set_u8(rec, k->remote_cap_timestamp, config_bool(c, "override_remote_timestamp", true));
	return rec;
}

/* ---- Sources ---- */

static void set_note(struct source *src, aerie_slot slot, const char *option)
{
	const char *text = definition_get(src->def, option);

	if (aerie_slot_type(slot) == AERIE_T_F64)
		aerie_set_f64(src->rec, slot, text ? strtod(text, NULL) : 0);
	else
		set_text(src->rec, slot, text);
}

static void fill_definition(struct source *src)
{
	const struct source_slots *k = &src->all->slots;

	set_text(src->rec, k->name, src->name);
	set_text(src->rec, k->definition, src->def->text);
	set_text(src->rec, k->interface, src->def->interface);
	set_text(src->rec, k->remote_ip, src->address);
	aerie_set_u8(src->rec, k->remote, src->remote);
	set_note(src, k->antenna_type, "info_antenna_type");
	set_note(src, k->antenna_gain, "info_antenna_gain");
	set_note(src, k->antenna_orientation, "info_antenna_orientation");
	set_note(src, k->antenna_beamwidth, "info_antenna_beamwidth");
	set_note(src, k->amp_type, "info_amp_type");
	set_note(src, k->amp_gain, "info_amp_gain");
}

int source_record_new(struct source *src)
{
	const struct source_slots *k = &src->all->slots;

	src->rec = fields_service.new_record(&src->all->core->self->host, src->all->source_type);
	if (!src->rec)
		return -ENOMEM;
	aerie_set_u64(src->rec, k->source_number, src->number);
	aerie_set_i64(src->rec, k->ipc_pid, -1);
	fill_definition(src);
	return 0;
}

/* Under the lock. Nobody opens again what a user closed, and what would fail again the same way. */
static void set_retry(struct source *src)
{
	bool finite = src->driver && src->driver->flags & AERIE_DRIVER_FINITE;
	enum source_state state = src->state == SOURCE_DRAINING ? src->after : src->state;

	aerie_set_u8(src->rec, src->all->slots.retry, src->retry && !src->disabled && !finite && state != SOURCE_FAILED);
}

void source_set_driver(struct source *src)
{
	const struct source_slots *k = &src->all->slots;
	struct aerie_rec *sub;

	pthread_mutex_lock(&src->lock);
	sub = fields_service.sub(src->rec, k->type_driver);
	if (sub)
		fill_driver(src->all, sub, src->driver);
	set_retry(src);
	aerie_set_u8(src->rec, k->passive, !!(src->driver->flags & AERIE_DRIVER_PASSIVE));
	pthread_mutex_unlock(&src->lock);
}

void source_set_definition(struct source *src)
{
	pthread_mutex_lock(&src->lock);
	fill_definition(src);
	pthread_mutex_unlock(&src->lock);
}

void source_set_state(struct source *src, bool running, const char *error)
{
	const struct source_slots *k = &src->all->slots;

	pthread_mutex_lock(&src->lock);
	aerie_set_u8(src->rec, k->running, running);
	aerie_set_u8(src->rec, k->error, error != NULL);
	set_retry(src);
	aerie_set_i64(src->rec, k->ipc_pid, src->link ? caplink_pid(src->link) : -1); /* one that is lost is there still */
	set_text(src->rec, k->error_reason, error ? error : "");
	pthread_mutex_unlock(&src->lock);
}

/* The ecosystem's checksum: two sums, without modulus. */
static uint32_t checksum(const char *text)
{
	uint32_t a = 0, b = 0;

	for (; *text; text++) {
		a += (uint8_t)*text;
		b += a;
	}
	return (a & 0xffff) + (b << 16);
}

/* Under the lock. */
static void set_uuid(struct source *src, const struct aerie_uuid *uuid)
{
	char text[37];

	format_uuid(text, uuid->b);
	src->uuid = *uuid;
	(void)fields_service.set_uuid(src->rec, src->all->slots.uuid, uuid);
	aerie_set_u32(src->rec, src->all->slots.source_key, checksum(text));
}

void source_set_uuid(struct source *src, const struct aerie_uuid *uuid)
{
	pthread_mutex_lock(&src->lock);
	set_uuid(src, uuid);
	pthread_mutex_unlock(&src->lock);
}

static void set_channels(struct source *src, aerie_slot slot, const struct channels *c)
{
	uint32_t i;

	fields_service.clear(src->rec, slot);
	for (i = 0; i < c->n; i++)
		push_text(src->rec, &src->all->core->self->host, slot, c->names[i], strlen(c->names[i]));
}

void source_set_open(struct source *src, const struct link_report *r, const struct aerie_uuid *uuid, const char *program)
{
	const struct source_slots *k = &src->all->slots;

	pthread_mutex_lock(&src->lock);
	set_uuid(src, uuid);
	src->has_own_uuid = true;
	aerie_set_u32(src->rec, k->dlt, r->dlt);
	set_text(src->rec, k->capture_interface, r->capture_interface[0] ? r->capture_interface : src->def->interface);
	set_text(src->rec, k->hardware, r->hardware);
	set_text(src->rec, k->channel, r->channel);
	set_text(src->rec, k->datasource_version, r->version);
	set_text(src->rec, k->warning, r->cut ? "some texts or channels of the open report were too long and cut" : "");
	aerie_set_u32(src->rec, k->retry_attempts, 0);
	set_text(src->rec, k->ipc_binary, program);
	pthread_mutex_unlock(&src->lock);
}

void source_count_retry(struct source *src)
{
	const struct source_slots *k = &src->all->slots;

	pthread_mutex_lock(&src->lock);
	aerie_set_u32(src->rec, k->retry_attempts, aerie_get_u32(src->rec, k->retry_attempts) + 1);
	aerie_set_u32(src->rec, k->total_retry_attempts, aerie_get_u32(src->rec, k->total_retry_attempts) + 1);
	pthread_mutex_unlock(&src->lock);
}

void source_set_paused(struct source *src)
{
	pthread_mutex_lock(&src->lock);
	aerie_set_u8(src->rec, src->all->slots.paused, src->paused);
	pthread_mutex_unlock(&src->lock);
}

void source_set_pending(struct source *src, bool pending)
{
	pthread_mutex_lock(&src->lock);
	aerie_set_u8(src->rec, src->all->slots.cmd_pending, pending);
	pthread_mutex_unlock(&src->lock);
}

void source_set_warning(struct source *src, const char *text)
{
	pthread_mutex_lock(&src->lock);
	set_text(src->rec, src->all->slots.warning, text);
	pthread_mutex_unlock(&src->lock);
}

void source_set_tuning(struct source *src, bool hopping, const char *channel)
{
	const struct source_slots *k = &src->all->slots;
	const struct tuning *t = &src->tuning;

	pthread_mutex_lock(&src->lock);
	aerie_set_u8(src->rec, k->hopping, hopping);
	set_text(src->rec, k->channel, channel);
	aerie_set_f64(src->rec, k->hop_rate, t->rate);
	aerie_set_u8(src->rec, k->hop_split, t->split);
	aerie_set_u32(src->rec, k->hop_offset, t->offset);
	aerie_set_u8(src->rec, k->hop_shuffle, t->shuffle);
	set_channels(src, k->channels, &t->supported);
	set_channels(src, k->hop_channels, &t->hop);
	pthread_mutex_unlock(&src->lock);
}

void source_set_skip(struct source *src, uint32_t skip)
{
	pthread_mutex_lock(&src->lock);
	aerie_set_u32(src->rec, src->all->slots.hop_shuffle_skip, skip);
	pthread_mutex_unlock(&src->lock);
}

void source_event(struct source *src, const char *topic)
{
	pthread_mutex_lock(&src->lock);
	source_refresh(src);
	bus_publish(src->all->core->bus, topic, AERIE_KEY_NONE, src->rec);
	pthread_mutex_unlock(&src->lock);
}

static uint64_t read_counter(const uint64_t *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

void source_refresh(struct source *src)
{
	const struct source_slots *k = &src->all->slots;
	uint64_t packets = src->base_packets, errors = src->base_errors;

	if (src->pipe) {
		packets += read_counter(&src->pipe->packets);
		errors += read_counter(&src->pipe->errors);
	}
	aerie_set_u64(src->rec, k->num_packets, packets);
	aerie_set_u64(src->rec, k->num_error_packets, errors);
}

void source_take_counters(struct source *src)
{
	pthread_mutex_lock(&src->lock);
	src->base_packets += read_counter(&src->pipe->packets);
	src->base_errors += read_counter(&src->pipe->errors);
	src->pipe = NULL;
	pthread_mutex_unlock(&src->lock);
}

static void add_sample(struct source *src, aerie_slot slot, uint64_t now, uint64_t *before)
{
	if (now != *before)
		(void)aerie_rrd_now(&fields_service, src->rec, slot, (uint32_t)(loop_now_us(src->all->core->loop) / 1000000u),
				    (double)(now - *before));
	*before = now;
}

void source_sample(struct source *src)
{
	const struct source_slots *k = &src->all->slots;

	pthread_mutex_lock(&src->lock);
	source_refresh(src);
	add_sample(src, k->packets_rrd, read_counter(&src->pipe->packets), &src->sampled_packets);
	add_sample(src, k->packets_datasize_rrd, read_counter(&src->pipe->octets), &src->sampled_octets);
	pthread_mutex_unlock(&src->lock);
}
