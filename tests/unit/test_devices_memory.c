/* SPDX-License-Identifier: MIT */
/* The device store when memory is out: what cannot be made is refused and counted, and all else goes on. */
#include "flow.h"

#include "failing.h"

static uint16_t wifi;

static void up(void)
{
	core_up(NULL);
	wifi = add_phy("IEEE802.11");
}

TestSuite(devices_memory, .init = up, .fini = core_down);

static int hear(uint32_t n)
{
	uint8_t mac[6] = { 0x02, 0, (uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n };
	struct aerie_track t = { .size = sizeof t, .flags = AERIE_TRACK_CREATE, .key = aerie_key_make(wifi, mac) };
	struct packet pk = { .now_s = (uint32_t)atomic_load(&clock_s) };

	pk.p.ts_us = 1000000;
	return devices_service.track(host, &pk.p, &t, NULL, NULL);
}

/* 0 from the first allocation on, until the test says otherwise. */
static void memory_is_out(bool out)
{
	allocations = 0;
	fail_at = out ? 1 : 0;
	fail_on = out;
}

Test(devices_memory, a_device_that_cannot_be_made_is_counted_and_made_later)
{
	cr_assert_eq(registry_refusals(core.registry), 0);
	memory_is_out(true);
	cr_expect_eq(hear(1), -ENOMEM, "its shard has no node yet");
	memory_is_out(false);
	cr_expect_eq(registry_refusals(core.registry), 1);
	cr_expect_eq(devices_service.count(host), 0);
	cr_expect_eq(hear(1), 0);
	cr_expect_eq(devices_service.count(host), 1);
}

/* A shard has nodes for 16 devices, then for 32 more, then for 64; its table is to grow with the 17th and the 33rd. */
Test(devices_memory, a_table_that_cannot_grow_costs_no_device)
{
	uint32_t n, made = 0;

	for (n = 0; n < 256 * 24; n++) /* 24 in each shard, more or less: nodes for 48 */
		cr_assert_eq(hear(n), 0);
	memory_is_out(true);
	for (; n < 256 * 36; n++) /* 36: most tables should grow, few shards need more nodes */
		made += hear(n) == 0;
	memory_is_out(false);
	cr_expect_gt(made, 256 * 10, "%u of %u", made, 256 * 12);
	cr_expect_eq(devices_service.count(host), 256 * 24 + made);
	for (n = 0; n < 256 * 36; n++)
		cr_assert_eq(hear(n), 0, "device %u", n);
	cr_expect_eq(devices_service.count(host), 256 * 36);
}

static struct aerie_rec *record_number(uint32_t n)
{
	uint8_t mac[6] = { 0x02, 0, (uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n };

	return record_of(aerie_key_make(wifi, mac));
}

static void second(uint32_t steady_s, bool out)
{
	unsigned i;

	atomic_fetch_add(&clock_s, 1);
	memory_is_out(out);
	devices_tick(core.devices, steady_s);
	memory_is_out(false);
	for (i = 0; i < 250; i++)
		uv_run(loop_uv(core.loop), UV_RUN_NOWAIT);
	cr_assert_neq(devices_service.count(host), 0);
}

/* When a crowd has gone, the records that are left move to a place of their own: in the next second in which there is one. */
Test(devices_memory_of_a_crowd, records_stay_where_they_are_without_memory_to_move_them, .fini = core_down)
{
	static const char *const settings[] = { "tracker_device_timeout=60", NULL };
	const uint32_t crowd = 200000;
	struct aerie_rec *first;
	uint32_t n, s;

	core_up(settings);
	wifi = add_phy("IEEE802.11");
	for (n = 0; n < crowd; n++)
		cr_assert_eq(hear(n), 0);
	for (s = 0; s < 50; s++)
		second(100 + s, false);
	for (n = 0; n < crowd; n += 100)
		cr_assert_eq(hear(n), 0);
	first = record_number(0);
	while (devices_service.count(host) == crowd)
		second(100 + s++, false);
	cr_assert_eq(devices_service.count(host), crowd / 100, "all at once");
	for (; s < 80; s++)
		second(100 + s, true);
	cr_expect_eq(record_number(0), first);
	for (; s < 100; s++) /* a turn has time for some 17 shards of 256 */
		second(100 + s, false);
	cr_expect_neq(record_number(0), first);
	for (n = 0; n < crowd; n += 100)
		cr_assert_eq(aerie_get_u64(record_number(n), common_slots().packets_total), 2);
}
