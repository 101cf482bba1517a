/* SPDX-License-Identifier: MIT */
/* A module that publishes whatever it is told to, as often as it is told to, and changes devices: for the tests of aerie.live. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <aerie/bus.h>
#include <aerie/devices.h>
#include <aerie/http.h>

#define TEXT_MAX (1024u * 1024u)

static const struct aerie_host *host;
static const struct aerie_http *http;
static const struct aerie_bus *bus;
static const struct aerie_devices *devices;
static const struct aerie_fields *fields;
static aerie_record_id type;
static aerie_slot number, text;

static unsigned long variable(const struct aerie_request *req, const char *name)
{
	const char *value = http->query(req, name);

	return value ? strtoul(value, NULL, 10) : 0;
}

static uint64_t key_of(const struct aerie_request *req)
{
	const char *value = http->query(req, "key");
	uint64_t key = AERIE_KEY_NONE;

	if (value && devices->key_parse(host, value, &key))
		key = AERIE_KEY_NONE;
	return key;
}

static int ok(struct aerie_reply *rep)
{
	return http->reply_octets(rep, "text/plain", "ok", 2);
}

/* ?topic=T&count=N&key=K&text=OCTETS: with text, events have a record whose number counts from 0. */
static int publish(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	unsigned long i, n = variable(req, "count"), len = variable(req, "text");
	const char *topic = http->query(req, "topic");
	uint64_t key = key_of(req);
	struct aerie_rec *rec = len ? fields->new_record(host, type) : NULL;
	char *octets = len && len <= TEXT_MAX ? malloc(len) : NULL;

	if (octets && rec) {
		memset(octets, 'x', len);
		(void)fields->set_text(rec, text, octets, (uint32_t)len);
	}
	free(octets);
	for (i = 0; i < n; i++) {
		if (rec)
			aerie_set_u64(rec, number, i);
		bus->publish(host, topic, key, rec);
	}
	if (rec)
		fields->free_record(rec);
	return ok(rep);
}

static int touch(void *user, struct aerie_device *dev)
{
	return 0;
}

static int change_one(const struct aerie_request *req, struct aerie_reply *rep)
{
	return devices->with(host, key_of(req), touch, NULL) ? -ENOENT : ok(rep);
}

/* ?key=K, or all of them: they count as changed. */
static int change(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	struct aerie_cursor *c = http->query(req, "key") ? NULL : devices->cursor_open(host, NULL);
	uint64_t keys[64];
	int i, n;

	if (!c)
		return change_one(req, rep);
	while ((n = devices->cursor_next(c, keys, 64)) > 0)
		for (i = 0; i < n; i++)
			(void)devices->with(host, keys[i], touch, NULL);
	devices->cursor_close(c);
	return ok(rep);
}

static int load(const struct aerie_host *h, void **ret_state)
{
	const struct aerie_member members[] = {
		AERIE_MEMBER(AERIE_T_U64, 0, 0, "live_test.number", "", "Counts.", 0, &number),
		{ (uint32_t)sizeof(struct aerie_member),
		  AERIE_MEMBER_STORED,
		  { (uint32_t)sizeof(struct aerie_field_def), AERIE_T_STR, 0, 0, TEXT_MAX, 0, "live_test.text", "",
		    "Is long." },
		  0,
		  0,
		  { NULL, NULL, NULL, NULL },
		  &text },
	};
	struct aerie_route rows[] = {
		{ .path = "/live_test/publish", .handle = publish },
		{ .path = "/live_test/change", .handle = change },
	};
	size_t i;
	int err;

	host = h;
	http = h->get_service(h, AERIE_HTTP_SERVICE);
	bus = h->get_service(h, AERIE_BUS_SERVICE);
	devices = h->get_service(h, AERIE_DEVICES_SERVICE);
	fields = h->get_service(h, AERIE_FIELDS_SERVICE);
	err = fields->define_record(h, "live_test.record", 0, members, 2, &type);
	for (i = 0; !err && i < sizeof rows / sizeof rows[0]; i++) {
		rows[i].size = sizeof rows[i];
		rows[i].methods = AERIE_HTTP_GET;
		rows[i].formats = "";
		rows[i].summary = "Test.";
		rows[i].help = "Test.";
		err = http->register_route(h, &rows[i]);
	}
	*ret_state = &host;
	return err;
}

static void unload(void *state)
{
}

static const char *const needs[] = { AERIE_HTTP_SERVICE, AERIE_BUS_SERVICE, AERIE_DEVICES_SERVICE, AERIE_FIELDS_SERVICE,
	                             NULL };

static const struct aerie_plugin plugin = {
	.abi = AERIE_ABI_INIT,
	.id = "org.example.live_events",
	.version = "1",
	.summary = "Publishes events for a test",
	.license = "MIT",
	.requires_ = needs,
	.load = load,
	.unload = unload,
};
AERIE_PLUGIN_EXPORT(plugin);
