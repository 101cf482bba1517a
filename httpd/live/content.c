/* SPDX-License-Identifier: MIT */
/* What a message has in it. Everything is a record, so that a selection of fields works for every event alike: those that come with
 * one, devices, and what is filled into a record of ours for a moment. All but content_lost() is for the module's thread only. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "live.h"

struct content {
	struct aerie_rec *message, *timestamp, *phy;
	struct aerie_selection *battery; /* of the host's state */
	aerie_slot text, flags, time;
	aerie_slot sec, usec;
	aerie_slot phy_name, phy_id, phy_devices, phy_packets;
};

static const char battery_fields[] = "[\"kismet.system.battery.percentage\", \"kismet.system.battery.charging\", "
				     "\"kismet.system.battery.ac\", \"kismet.system.battery.remaining\"]";

/* Under which name an event that has a record of its own shows its device. */
static const struct {
	const char *topic, *device;
} device_names[] = {
	{ "DOT11_ADVERTISED_SSID", "DOT11_NEW_SSID_BASEDEV" },
	{ "DOT11_PROBED_SSID", "DOT11_NEW_SSID_BASEDEV" },
	{ "DOT11_RESPONSE_SSID", "DOT11_NEW_SSID_BASEDEV" },
};
#define DEVICE_SUFFIX "_BASEDEV" /* all others: behind the topic */

/* ---- definitions ---- */

#define NAME(type, name, unit, help) AERIE_FIELD_DEF(type, 0, 0, name, unit, help)
static const struct aerie_field_def names[NAMES] = {
	[NAME_SEQUENCE] = NAME(AERIE_T_U64, "aerie.event.sequence", "",
	                       "Number of an event, counted for each connection from 1 without gaps."),
	[NAME_TIME] = NAME(AERIE_T_F64, "aerie.event.time", "s", "When an event happened, since 1970-01-01 UTC."),
	[NAME_LOST_COUNT] = NAME(AERIE_T_U64, "aerie.lost.count", "",
	                         "How many events are missing here; of a monitor: looks at the devices, or devices, "
	                         "that were left out."),
	[NAME_LOST_FIRST] =
		NAME(AERIE_T_U64, "aerie.lost.first", "", "Number of the first event that is missing here."),
	[NAME_LOST_LAST] = NAME(AERIE_T_U64, "aerie.lost.last", "", "Number of the last event that is missing here."),
	[NAME_LOST_REASON] = NAME(AERIE_T_STR, "aerie.lost.reason", "", "Why something is missing, for people."),
	[NAME_LOST_REQUEST] =
		NAME(AERIE_T_I64, "aerie.lost.request", "", "Number of the monitor that something is missing from."),
};

static int define_names(struct live *l)
{
	aerie_field_id id;
	unsigned i;
	int err;

	for (i = 0; i < NAMES; i++) {
		err = l->fields->define(l->h, &names[i], &id);
		if (err)
			return err;
		l->name[i] = l->fields->name(l->h, id);
	}
	return 0;
}

static int define(struct live *l, const char *name, const struct aerie_member *members, uint32_t n,
                  struct aerie_rec **ret_rec)
{
	aerie_record_id type;
	int err = l->fields->define_record(l->h, name, 0, members, n, &type);

	if (err)
		return err;
	*ret_rec = l->fields->new_record(l->h, type);
	return *ret_rec ? 0 : l->h->fail(l->h, -ENOMEM, "out of memory");
}
#define DEFINE(l, name, members, rec) define(l, name, members, sizeof(members) / sizeof(members)[0], rec)

static int define_records(struct live *l, struct content *c)
{
	const struct aerie_member message[] = {
		AERIE_MEMBER(AERIE_T_STR, 0, 0, "kismet.messagebus.message_string", "", "Text of a message for people.",
		             0, &c->text),
		AERIE_MEMBER(AERIE_T_I32, 0, 0, "kismet.messagebus.message_flags", "",
		             "Level of a message: debug 1, info 2, error 4, alert 8, fatal 16.", 0, &c->flags),
		AERIE_MEMBER(AERIE_T_U64, 0, 0, "kismet.messagebus.message_time", "s",
		             "When a message was given, since 1970-01-01 UTC.", 0, &c->time),
	};
	const struct aerie_member timestamp[] = {
		AERIE_MEMBER(AERIE_T_U64, 0, 0, "kismet.system.timestamp.sec", "s",
		             "Server time, whole seconds since 1970-01-01 UTC.", 0, &c->sec),
		AERIE_MEMBER(AERIE_T_U64, 0, 0, "kismet.system.timestamp.usec", "us",
		             "Microseconds of the server time's second.", 0, &c->usec),
	};
	const struct aerie_member phy[] = {
		AERIE_MEMBER(AERIE_T_STR, 0, 0, "kismet.phy.phy_name", "", "Name of a PHY.", 0, &c->phy_name),
		AERIE_MEMBER(AERIE_T_U32, 0, 0, "kismet.phy.phy_id", "",
		             "Number of a PHY, the same while the server runs.", 0, &c->phy_id),
		AERIE_MEMBER(AERIE_T_U64, 0, 0, "kismet.phy.device_count", "devices", "Devices of a PHY.", 0,
		             &c->phy_devices),
		AERIE_MEMBER(AERIE_T_U64, 0, 0, "kismet.phy.packet_count", "packets", "Packets that a PHY dissected.",
		             0, &c->phy_packets),
	};
	int err = DEFINE(l, "aerie.event.message", message, &c->message);

	if (!err)
		err = DEFINE(l, "aerie.event.timestamp", timestamp, &c->timestamp);
	return err ? err : DEFINE(l, "aerie.event.phy", phy, &c->phy);
}

static int select_battery(struct live *l, struct content *c)
{
	const struct aerie_value *v;
	char why[ASK_WHY];
	int err = l->http->value_parse(battery_fields, sizeof battery_fields - 1, &v, why, sizeof why);

	if (err)
		return l->h->fail(l->h, err, why);
	err = l->select->selection_new(l->h, v, &c->battery, why, sizeof why);
	l->http->value_free(v);
	return err ? l->h->fail(l->h, err, why) : 0;
}

int content_new(struct live *l)
{
	struct content *c = calloc(1, sizeof *c);
	int err;

	if (!c)
		return l->h->fail(l->h, -ENOMEM, "out of memory");
	l->content = c;
	err = define_names(l);
	if (!err)
		err = define_records(l, c);
	return err ? err : select_battery(l, c);
}

void content_free(struct live *l)
{
	struct content *c = l->content;

	if (!c)
		return;
	l->fields->free_record(c->message);
	l->fields->free_record(c->timestamp);
	l->fields->free_record(c->phy);
	l->select->selection_free(c->battery);
	free(c);
}

/* ---- writing ---- */

/* One value, wherever it comes from. */
struct writing {
	struct live *l;
	const struct event *e;
	const struct spec *spec;
	const struct aerie_visitor *vt;
	void *v;
};

static int write_rec(const struct writing *w, const struct aerie_selection *s, const struct aerie_rec *rec)
{
	return w->l->select->visit(w->l->h, s, rec, w->vt, w->v);
}

static int on_device(void *user, struct aerie_device *dev)
{
	const struct writing *w = user;
	int err = write_rec(w, w->spec->selection, dev->rec);

	return err < 0 ? err : AERIE_DEVICE_UNCHANGED;
}

static int write_device(struct writing *w)
{
	int err = w->l->devices->with(w->l->h, w->e->key, on_device, w);

	return err > 0 ? 0 : err;
}

static int write_recorded(struct writing *w)
{
	uint64_t at = 0;

	return w->l->select->recording_play(w->l->h, w->e->recording, &at, w->spec->selection, w->vt, w->v);
}

/* Somebody published nothing but the topic. */
static int write_nothing(struct writing *w)
{
	int err = w->vt->begin_map(w->v, 0);

	return err ? err : w->vt->end_map(w->v);
}

static int write_message(struct writing *w)
{
	const struct content *c = w->l->content;

	(void)w->l->fields->set_text(c->message, c->text, w->e->text, (uint32_t)strlen(w->e->text));
	aerie_set_i32(c->message, c->flags, w->e->level);
	aerie_set_u64(c->message, c->time, w->e->time_us / 1000000u);
	return write_rec(w, w->spec->selection, c->message);
}

static int write_timestamp(struct writing *w)
{
	const struct content *c = w->l->content;

	aerie_set_u64(c->timestamp, c->sec, w->e->time_us / 1000000u);
	aerie_set_u64(c->timestamp, c->usec, w->e->time_us % 1000000u);
	return write_rec(w, w->spec->selection, c->timestamp);
}

static int on_phy(void *user, const struct aerie_phy_info *info)
{
	const struct writing *w = user;
	const struct content *c = w->l->content;

	if (info->id != aerie_key_phy(w->e->key))
		return 0;
	(void)w->l->fields->set_text(c->phy, c->phy_name, info->name, (uint32_t)strlen(info->name));
	aerie_set_u32(c->phy, c->phy_id, info->id);
	aerie_set_u64(c->phy, c->phy_devices, info->devices);
	aerie_set_u64(c->phy, c->phy_packets, info->packets);
	return 1;
}

static int write_phy(struct writing *w)
{
	return w->l->phys->each(w->l->h, on_phy, w) == 1 ? write_rec(w, w->spec->selection, w->l->content->phy)
	                                                 : -ENOENT;
}

static int on_system(void *user, const struct aerie_rec *rec)
{
	const struct writing *w = user;
	const struct aerie_selection *s = w->spec->selection;

	return write_rec(w, !s && w->e->kind == EVENT_BATTERY ? w->l->content->battery : s, rec);
}

static int write_system(struct writing *w)
{
	return w->l->system ? w->l->system->with(w->l->system, on_system, w) : -ENOENT;
}

static int on_packets(void *user, const struct aerie_rec *rec)
{
	const struct writing *w = user;

	return write_rec(w, w->spec->selection, rec);
}

static int write_packets(struct writing *w)
{
	return w->l->system ? w->l->system->with_packets(w->l->system, on_packets, w) : -ENOENT;
}

static int (*const writers[])(struct writing *w) = {
	[EVENT_RECORDED] = write_recorded, [EVENT_DEVICE] = write_device,       [EVENT_MESSAGE] = write_message,
	[EVENT_PHY] = write_phy,           [EVENT_TIMESTAMP] = write_timestamp, [EVENT_BATTERY] = write_system,
	[EVENT_STATISTICS] = write_system, [EVENT_PACKETS] = write_packets,     [EVENT_BARE] = write_nothing,
};

static int write_device_name(const struct writing *w)
{
	char name[ASK_NAME_MAX + sizeof DEVICE_SUFFIX];
	size_t i, n = strlen(w->e->topic);

	for (i = 0; i < sizeof device_names / sizeof device_names[0]; i++)
		if (!strcmp(device_names[i].topic, w->e->topic))
			return w->vt->key_text(w->v, device_names[i].device, (uint32_t)strlen(device_names[i].device));
	memcpy(name, w->e->topic, n);
	memcpy(name + n, DEVICE_SUFFIX, sizeof DEVICE_SUFFIX);
	return w->vt->key_text(w->v, name, (uint32_t)strlen(name));
}

/* The device that an event with a record is about; null when it is gone. */
static int write_its_device(struct writing *w)
{
	int err = write_device_name(w);

	if (!err)
		err = write_device(w);
	return err == -ENOENT ? w->vt->null(w->v) : err;
}

static int write_number(const struct writing *w, uint64_t sequence)
{
	int err = w->vt->key(w->v, w->l->name[NAME_SEQUENCE]);

	if (!err)
		err = w->vt->u64(w->v, sequence);
	if (!err)
		err = w->vt->key(w->v, w->l->name[NAME_TIME]);
	return err ? err : w->vt->f64(w->v, (double)w->e->time_us / 1e6);
}

int content_event(struct live *l, const struct event *e, const struct spec *spec, uint64_t sequence,
                  const struct aerie_visitor *vt, void *v)
{
	struct writing w = { l, e, spec, vt, v };
	bool device = e->kind == EVENT_RECORDED && e->key != AERIE_KEY_NONE;
	int err = vt->begin_map(v, 1u + device + (spec->sequence ? 2 : 0));

	if (!err)
		err = vt->key_text(v, e->topic, (uint32_t)strlen(e->topic));
	if (!err)
		err = writers[e->kind](&w);
	if (!err && device)
		err = write_its_device(&w);
	if (!err && spec->sequence)
		err = write_number(&w, sequence);
	return err ? err : vt->end_map(v);
}

static int write_count(const struct aerie_visitor *vt, void *v, const struct aerie_name *name, uint64_t n)
{
	int err = vt->key(v, name);

	return err ? err : vt->u64(v, n);
}

int content_lost(const struct live *l, const struct gap *g, const int64_t *request, const struct aerie_visitor *vt,
                 void *v)
{
	int err = vt->begin_map(v, 1);

	if (!err)
		err = vt->key_text(v, "LOST", 4);
	if (!err)
		err = vt->begin_map(v, request ? 3 : 4);
	if (!err)
		err = write_count(vt, v, l->name[NAME_LOST_COUNT], g->last - g->first + 1);
	if (!err && request)
		err = vt->key(v, l->name[NAME_LOST_REQUEST]);
	if (!err && request)
		err = vt->i64(v, *request);
	if (!err && !request)
		err = write_count(vt, v, l->name[NAME_LOST_FIRST], g->first);
	if (!err && !request)
		err = write_count(vt, v, l->name[NAME_LOST_LAST], g->last);
	if (!err)
		err = vt->key(v, l->name[NAME_LOST_REASON]);
	if (!err)
		err = vt->str(v, g->reason, (uint32_t)strlen(g->reason));
	if (!err)
		err = vt->end_map(v);
	return err ? err : vt->end_map(v);
}
