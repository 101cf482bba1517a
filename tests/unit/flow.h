/* SPDX-License-Identifier: MIT */
/* A core with the parts that packets and devices need, for the tests of the store and the pipeline. */
#ifndef TESTS_UNIT_FLOW_H
#define TESTS_UNIT_FLOW_H

#include <criterion/criterion.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <core/bus.h>
#include <core/config.h>
#include <core/devices.h>
#include <core/epoch.h>
#include <core/loop.h>
#include <core/module.h>
#include <core/pipeline.h>
#include <core/registry.h>
#include <core/strings.h>

static struct core core;
static const struct aerie_host *host;
static _Atomic uint64_t clock_s = 1000000;

static inline uint64_t fake_clock(void *user)
{
	return atomic_load(&clock_s) * 1000000;
}

/* settings: "key=value" of the core's options, up to a NULL; or NULL: the defaults. */
static inline void core_up(const char *const *settings)
{
	static const struct aerie_option options[] = {
		AERIE_OPTION(AERIE_OPT_INT, 0, "packet_backlog_limit", "8192", NULL, "Packets queued."),
		AERIE_OPTION(AERIE_OPT_INT, 0, "packet_dedup_size", "2048", NULL, "Frames remembered."),
		AERIE_OPTION(AERIE_OPT_BOOL, 0, "track_device_rrds", "true", NULL, "Series of devices."),
		AERIE_OPTION_END,
	};
	const char *error = NULL;

	core = (struct core){ 0 };
	atomic_store(&clock_s, 1000000);
	core.config = config_new();
	cr_assert_eq(config_declare(core.config, "core", options, &error), 0, "%s", error);
	for (; settings && *settings; settings++)
		cr_assert_eq(config_override(core.config, *settings), 0);
	core.strings = strings_new();
	core.registry = registry_new(&core);
	core.epochs = epochs_new();
	core.bus = bus_new(&core);
	core.loop = loop_new(&core);
	loop_set_clock(core.loop, fake_clock, NULL);
	core.self = module_new(&core, "core");
	host = &core.self->host;
	core.devices = devices_new(&core);
	cr_assert_not_null(core.devices);
}

static inline void core_down(void)
{
	epochs_withdraw(core.epochs, core.self);
	pipeline_free(core.pipeline);
	devices_free(core.devices);
	module_free(core.self);
	loop_free(core.loop);
	epochs_free(core.epochs);
	bus_free(core.bus);
	registry_free(core.registry);
	cr_assert_eq(strings_count(core.strings), 0, "%lu texts are still held",
		     (unsigned long)strings_count(core.strings));
	strings_free(core.strings);
	config_free(core.config);
}

static inline uint16_t add_phy(const char *name)
{
	uint16_t id;

	cr_assert_eq(devices_phy(core.devices, name, devices_service.base_type(host), &id), 0);
	return id;
}

static inline struct aerie_device_slots common_slots(void)
{
	struct aerie_device_slots s = { .size = sizeof s };

	cr_assert_eq(devices_service.slots(host, &s), 0);
	return s;
}

/* Slot of a field in the type of rec. */
static inline aerie_slot slot_of(const struct aerie_rec *rec, const char *field)
{
	aerie_field_id id;
	aerie_slot s;

	cr_assert_eq(fields_service.lookup(host, field, &id), 0, "%s", field);
	cr_assert_eq(fields_service.slot(host, rec->type, id, &s), 0, "%s", field);
	return s;
}

/* The record of a device, copied out of its lock: for tests on one thread only. */
static inline int keep_record(void *user, struct aerie_device *dev)
{
	*(struct aerie_rec **)user = dev->rec;
	return AERIE_DEVICE_UNCHANGED;
}

static inline struct aerie_rec *record_of(uint64_t key)
{
	struct aerie_rec *rec = NULL;

	cr_assert_eq(devices_service.with(host, key, keep_record, &rec), 0);
	return rec;
}

#endif
