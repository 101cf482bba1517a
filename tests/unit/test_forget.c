/* SPDX-License-Identifier: MIT */
/* Forgetting devices: which, when, and what becomes of their memory, and of those who look at them meanwhile. Which devices must
 * be left is counted by hand, or kept beside the store in the plainest way (the model). */
#include <pthread.h>

#include <core/views.h>

#include "flow.h"

#define CREATE AERIE_TRACK_CREATE

static uint16_t wifi;
static uint32_t steady_s;

static void up_with(const char *const *settings)
{
	core_up(settings);
	core.views = views_new(&core);
	wifi = add_phy("IEEE802.11");
	steady_s = 500;
}

static void down(void)
{
	views_free(core.views);
	core_down();
}

TestSuite(forget, .fini = down);

static uint64_t key_of(uint32_t n)
{
	uint8_t mac[6] = { 0x02, 0, (uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n };

	return aerie_key_make(wifi, mac);
}

static int created(void *user, struct aerie_device *dev)
{
	*(uint32_t *)user = dev->created;
	return 0;
}

/* A packet of the device now; was it new? */
static uint32_t hear_by(uint32_t n, const struct pipe_source *by)
{
	struct packet pk = { .source = by, .now_s = (uint32_t)atomic_load(&clock_s) };
	struct aerie_track t = { .size = sizeof t, .flags = CREATE | AERIE_TRACK_TX, .key = key_of(n) };
	uint32_t new;

	pk.p.ts_us = 1000000;
	cr_assert_eq(devices_service.track(host, &pk.p, &t, created, &new), 0);
	return new;
}

static uint32_t hear(uint32_t n)
{
	return hear_by(n, NULL);
}

static void run_posts(void)
{
	unsigned i;

	for (i = 0; i < 100; i++)
		uv_run(loop_uv(core.loop), UV_RUN_NOWAIT);
}

/* A second passes on both clocks; what is due is done. */
static void second(void)
{
	atomic_fetch_add(&clock_s, 1);
	devices_tick(core.devices, ++steady_s);
	run_posts();
}

static void seconds(unsigned n)
{
	while (n--)
		second();
}

static int touch_nothing(void *user, struct aerie_device *dev)
{
	return AERIE_DEVICE_UNCHANGED;
}

static bool is_there(uint32_t n)
{
	int r = devices_service.with(host, key_of(n), touch_nothing, NULL);

	cr_assert(r == 0 || r == -ENOENT);
	return r == 0;
}

static uint32_t walk(uint64_t since)
{
	struct aerie_device_query q = { .size = sizeof q, .changed_since = since };
	struct aerie_cursor *c = devices_service.cursor_open(host, &q);
	uint64_t keys[64];
	uint32_t n = 0;
	int got, i;

	while ((got = devices_service.cursor_next(c, keys, 64)) > 0)
		for (i = 0; i < got; i++, n++)
			cr_assert_eq(devices_service.with(host, keys[i], touch_nothing, NULL), 0, "a walk finds what is there");
	devices_service.cursor_close(c);
	return n;
}

/* ---- idle ---- */

static const char *const after_60_s[] = { "tracker_device_timeout=60", NULL };

Test(forget, nothing_is_forgotten_unless_asked_for)
{
	up_with(NULL);
	hear(1);
	seconds(100);
	atomic_fetch_add(&clock_s, 1000000);
	second();
	cr_assert(is_there(1));
}

Test(forget, a_device_that_did_not_change_for_the_timeout_goes)
{
	up_with(after_60_s);
	second();
	hear(1);
	hear(2);
	seconds(30);
	hear(2);
	seconds(30);
	cr_expect(is_there(1), "60 seconds later, the first at which it may go has not passed");
	seconds(4); /* a note is made every two seconds, and a device's second is whole */
	cr_expect_not(is_there(1));
	cr_expect(is_there(2));
	cr_expect_eq(devices_service.count(host), 1);
	cr_expect_eq(devices_phy_count(core.devices, wifi), 1);
	cr_expect_eq(walk(0), 1);
	cr_expect_eq(walk(1), 1);
	seconds(30);
	cr_expect_not(is_there(2));
	cr_expect_eq(devices_service.count(host), 0);
	cr_expect_eq(walk(0), 0);
}

Test(forget, a_device_that_comes_back_is_a_new_one)
{
	up_with(after_60_s);
	cr_expect_eq(hear(1), 1);
	hear(1);
	cr_expect_eq(aerie_get_u64(record_of(key_of(1)), common_slots().packets_total), 2);
	seconds(70);
	cr_expect_eq(hear(1), 1);
	cr_expect_eq(aerie_get_u64(record_of(key_of(1)), common_slots().packets_total), 1);
	cr_expect_eq(devices_service.count(host), 1);
}

Test(forget, what_users_write_keeps_a_device)
{
	uint32_t new;

	up_with(after_60_s);
	hear(1);
	seconds(50);
	cr_assert_eq(devices_service.with(host, key_of(1), created, &new), 0); /* returns 0: it changed */
	seconds(50);
	cr_expect(is_there(1));
	seconds(14);
	cr_expect_not(is_there(1));
}

Test(forget, devices_with_many_packets_stay_after_the_timeout)
{
	static const char *const settings[] = { "tracker_device_timeout=60", "tracker_device_packets=3", NULL };
	unsigned i, n;

	up_with(settings);
	for (n = 0; n < 2000; n++)
		for (i = 0; i <= n % 4; i++)
			hear(n);
	seconds(70);
	for (n = 0; n < 2000; n++)
		cr_expect_eq(is_there(n), n % 4 >= 2, "%u packets", n % 4 + 1);
	cr_expect_eq(devices_service.count(host), 1000);
	hear(3); /* moves one that was judged; others come behind it */
	hear(5000);
	seconds(70);
	cr_expect(is_there(3));
	cr_expect_not(is_there(5000));
	cr_expect_eq(devices_service.count(host), 1000);
}

Test(forget, a_clock_that_jumps_ahead_makes_nobody_idle)
{
	up_with(after_60_s);
	seconds(10);
	hear(1);
	seconds(5);
	atomic_fetch_add(&clock_s, 50ull * 365 * 86400); /* the time server was found */
	seconds(40);
	cr_expect(is_there(1), "it was heard 45 seconds ago");
	seconds(20);
	cr_expect_not(is_there(1));
}

Test(forget, a_clock_that_is_set_back_makes_nobody_idle)
{
	unsigned n;

	up_with(after_60_s);
	seconds(100);
	for (n = 0; n < 1000; n++)
		hear(n);
	atomic_fetch_sub(&clock_s, 90);
	second();
	for (n = 0; n < 80; n++) {
		hear(n);
		second();
	}
	for (n = 20; n < 80; n++)
		cr_expect(is_there(n), "%u was heard %u seconds ago", n, 80 - n);
}

/* ---- too many ---- */

Test(forget, the_oldest_go_when_there_are_too_many)
{
	static const char *const settings[] = { "tracker_max_devices=640", NULL };
	unsigned n;

	up_with(settings);
	for (n = 0; n < 640; n++) {
		hear(n);
		atomic_fetch_add(&clock_s, 1);
	}
	hear(0); /* is the newest now */
	run_posts();
	cr_assert_eq(devices_service.count(host), 640, "as many as are allowed");
	atomic_fetch_add(&clock_s, 1);
	hear(640);
	run_posts();
	cr_expect_eq(devices_service.count(host), 630, "room for a 64th of them, so that not every new device needs a look");
	for (n = 0; n <= 640; n++)
		cr_expect_eq(is_there(n), n == 0 || n > 11, "%u", n);
}

Test(forget, a_device_with_many_packets_goes_when_there_are_too_many)
{
	static const char *const settings[] = { "tracker_device_timeout=60", "tracker_device_packets=2", "tracker_max_devices=63",
						NULL };
	unsigned n;

	up_with(settings);
	for (n = 0; n < 63; n++) {
		hear(n);
		hear(n);
		second();
	}
	seconds(70);
	cr_assert_eq(devices_service.count(host), 63);
	hear(63);
	run_posts();
	cr_expect_eq(devices_service.count(host), 63);
	cr_expect_not(is_there(0));
	hear(1);
	hear(64);
	run_posts();
	cr_expect_not(is_there(2));
	cr_expect(is_there(1));
	cr_expect(is_there(64));
}

static void told(void *user, const struct aerie_message *m)
{
	if (strstr(m->text, "tracker_max_devices"))
		++*(unsigned *)user;
}

Test(forget, it_is_told_once_that_there_are_too_many)
{
	static const char *const settings[] = { "tracker_max_devices=5", NULL };
	unsigned n, messages = 0;

	up_with(settings);
	for (n = 0; n < 20; n++) {
		hear(n);
		run_posts();
	}
	bus_service.recent(host, 0, told, &messages);
	cr_expect_eq(messages, 1);
}

/* ---- those who look ---- */

static int64_t view_size(const char *id)
{
	struct aerie_device_query q = { .size = sizeof q };
	struct aerie_view_ref *ref = NULL;
	int64_t n;

	cr_assert_eq(views_service.find(host, id, &ref, &q), 0, "%s", id);
	n = views_service.devices(host, ref);
	views_service.release(ref);
	return n;
}

Test(forget, views_count_what_is_left)
{
	static const struct aerie_uuid uuids[3] = { { { 1 } }, { { 2 } }, { { 1 } } };
	struct pipe_source by[3];
	unsigned i;

	up_with(after_60_s);
	for (i = 0; i < 3; i++)
		by[i] = (struct pipe_source){ .number = i, .uuid = uuids[i], .heard = views_source(core.views, &uuids[i]) };
	for (i = 0; i < 3; i++)
		hear_by(1, &by[i]); /* twice by the first datasource, under two numbers */
	hear_by(2, &by[0]);
	second();
	seconds(50);
	hear_by(2, &by[1]);
	cr_expect_eq(view_size("seenby-01000000-0000-0000-0000-000000000000"), 2);
	cr_expect_eq(view_size("seenby-02000000-0000-0000-0000-000000000000"), 2);
	seconds(20);
	cr_expect_eq(view_size("all"), 1);
	cr_expect_eq(view_size("phy-IEEE802.11"), 1);
	cr_expect_eq(view_size("seenby-01000000-0000-0000-0000-000000000000"), 1);
	cr_expect_eq(view_size("seenby-02000000-0000-0000-0000-000000000000"), 1);
	seconds(60);
	cr_expect_eq(view_size("seenby-01000000-0000-0000-0000-000000000000"), 0);
	cr_expect_eq(view_size("seenby-02000000-0000-0000-0000-000000000000"), 0);
}

Test(forget, a_walk_goes_on_when_its_devices_are_forgotten)
{
	struct aerie_device_query q = { .size = sizeof q };
	struct aerie_cursor *c;
	uint64_t key;
	unsigned n, i, found = 0;

	up_with(after_60_s);
	for (n = 0; n < 1000; n++)
		hear(n);
	seconds(30);
	for (n = 0; n < 1000; n += 2)
		hear(n);
	c = devices_service.cursor_open(host, &q);
	cr_assert_eq(devices_service.cursor_fix(c, NULL, NULL), 1000);
	for (n = 0; n < 100; n++)
		cr_assert_eq(devices_service.cursor_next(c, &key, 1), 1);
	seconds(40);
	for (i = 2000; i < 2500; i++) /* these get the places of those that were forgotten */
		hear(i);
	for (; devices_service.cursor_next(c, &key, 1) == 1; n++) {
		cr_expect_lt((uint32_t)key, 2000, "the set was fixed");
		found += devices_service.with(host, key, touch_nothing, NULL) == 0;
	}
	cr_expect_lt(n, 1000, "forgotten devices are left out");
	cr_expect(found > 300 && found < 500, "%u of the 500 that are left, less those among the first 100", found);
	cr_expect_eq(devices_service.cursor_fix(c, NULL, NULL), 1000);
	devices_service.cursor_close(c);
}

/* ---- the store against a model ---- */

#define MODEL 3000u
#define STEPS 60000u

static uint32_t random_below(uint32_t n)
{
	static uint64_t state = 88172645463325252ull;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 32) % n;
}

static void compare_with(const uint32_t *changed_s, uint32_t since)
{
	uint32_t n, there = 0, recent = 0;

	for (n = 0; n < MODEL; n++) {
		cr_assert_eq(is_there(n), changed_s[n] != 0, "device %u", n);
		there += changed_s[n] != 0;
		recent += changed_s[n] >= since;
	}
	cr_assert_eq(devices_service.count(host), there);
	cr_assert_eq(walk(0), there);
	cr_assert_eq(walk(since), recent);
}

/* Devices come, change and go in any order; after each round the same ones are there, and the same ones changed lately. */
Test(forget, store_and_model_agree)
{
	static uint32_t changed_s[MODEL];
	uint32_t step, n, now;

	up_with(after_60_s);
	second();
	for (step = 1; step <= STEPS; step++) {
		n = random_below(random_below(2) ? MODEL : 200);
		now = (uint32_t)atomic_load(&clock_s);
		cr_assert_eq(hear(n), changed_s[n] == 0);
		changed_s[n] = now;
		if (random_below(20))
			continue;
		seconds(random_below(20) ? 1 : 4 + random_below(100));
		now = (uint32_t)atomic_load(&clock_s);
		/* Whoever changed less than 60 s ago is there, whoever did not for 64 is not; between these, either will do. */
		for (n = 0; n < MODEL; n++)
			if (changed_s[n] && changed_s[n] + 60 < now && (changed_s[n] + 64 <= now || !is_there(n)))
				changed_s[n] = 0;
		compare_with(changed_s, now > 30 ? now - 30 : 1);
	}
}

/* ---- memory ---- */

#define MANY 16384u

static void hear_and_run(uint32_t n)
{
	hear(n);
	if (n % 64 == 0)
		run_posts();
}

Test(forget, memory_of_the_forgotten_is_used_again)
{
	static const char *const settings[] = { "tracker_max_devices=16384", NULL };
	uint64_t filled, churned;
	uint32_t n;

	up_with(settings);
	for (n = 0; n < 10 * MANY; n++)
		hear_and_run(n);
	filled = devices_bytes(core.devices);
	for (; n < 20 * MANY; n++)
		hear_and_run(n);
	churned = devices_bytes(core.devices);
	cr_expect_leq(devices_service.count(host), MANY + 64);
	/* Without reuse it would be ten times that. Shards are not equally full all the time: one takes another page now and then. */
	cr_expect_lt(churned, 2 * filled, "%llu octets, then %llu", (unsigned long long)filled, (unsigned long long)churned);
}

static bool is_named(uint32_t n)
{
	const struct aerie_str *name = aerie_get_str(record_of(key_of(n)), common_slots().name);
	char want[16];

	snprintf(want, sizeof want, "n%u", n % 100);
	return name && !strcmp(name->text, want);
}

/* A hundred thousand pass by, and one in a hundred stays. */
Test(forget, memory_goes_back_when_a_crowd_has_gone)
{
	const uint32_t crowd = 100000;
	struct pipe_source by = { .number = 1, .uuid = { { 7 } } };
	uint64_t full, left;
	char name[16];
	uint32_t n;

	up_with(after_60_s);
	for (n = 0; n < crowd; n++) {
		hear_by(n, &by);
		hear_by(n, &by);
		snprintf(name, sizeof name, "n%u", n % 100);
		fields_service.set_text(record_of(key_of(n)), common_slots().name, name, (uint32_t)strlen(name));
	}
	full = devices_bytes(core.devices);
	second();
	seconds(40);
	for (n = 0; n < crowd; n += 100)
		hear_by(n, &by);
	seconds(40);
	cr_expect_eq(devices_service.count(host), crowd / 100);
	left = devices_bytes(core.devices);
	cr_expect_lt(left, full);
	/* 256 shards with a page each, and nodes and tables, which stay: 48 octets a device, twice as many at most. */
	cr_expect_lt(left, 256 * 65536 + 2 * crowd * 48, "%llu octets of %llu are left", (unsigned long long)left,
		     (unsigned long long)full);
	for (n = 0; n < crowd; n++)
		if (n % 100 == 0)
			cr_assert(is_named(n) && hear_by(n, &by) == 0, "%u", n);
		else
			cr_assert_not(is_there(n));
	for (n = 0; n < crowd; n += 100) {
		struct aerie_rec *rec = record_of(key_of(n)), *seen;

		cr_assert_eq(aerie_get_u64(rec, common_slots().packets_total), 4);
		seen = (struct aerie_rec *)(uintptr_t)*fields_service.map_find(rec, common_slots().seenby, 1);
		cr_assert_eq(aerie_get_u64(seen, slot_of(seen, "kismet.common.seenby.num_packets")), 4);
	}
	for (n = 0; n < crowd; n++)
		hear_by(n, &by); /* a new crowd */
	cr_expect_eq(devices_service.count(host), crowd);
}

/* ---- threads ---- */

#define HEARERS 2
#define HEARD 8000u

static _Atomic int running;

static void *hearer(void *user)
{
	uint32_t first = (uint32_t)(uintptr_t)user * 1000000u, i;

	for (i = 0; i < HEARD; i++) {
		devices_prefetch(core.devices, key_of(first + i % 100), PREFETCH_RECORD);
		hear(first + i);
		hear(first + i % 100);
	}
	atomic_fetch_sub(&running, 1);
	return NULL;
}

static int look_at(void *user, struct aerie_device *dev)
{
	cr_assert_gt(aerie_get_u64(dev->rec, common_slots().packets_total), 0);
	return AERIE_DEVICE_UNCHANGED;
}

static void *walker(void *user)
{
	struct aerie_device_query q = { .size = sizeof q };
	uint64_t keys[32];
	int got, i, r;

	while (atomic_load(&running)) {
		struct aerie_cursor *c = devices_service.cursor_open(host, &q);

		while ((got = devices_service.cursor_next(c, keys, 32)) > 0)
			for (i = 0; i < got; i++) {
				r = devices_service.with(host, keys[i], look_at, NULL);
				cr_assert(r == 0 || r == -ENOENT);
			}
		cr_assert_eq(got, 0);
		devices_service.cursor_close(c);
		q.changed_since = q.changed_since ? 0 : 1;
	}
	return NULL;
}

Test(forget, devices_come_and_go_while_they_are_read)
{
	static const char *const settings[] = { "tracker_max_devices=500", "tracker_device_timeout=5", NULL };
	pthread_t threads[HEARERS + 1];
	unsigned i;

	up_with(settings);
	atomic_store(&running, HEARERS);
	for (i = 0; i < HEARERS; i++)
		pthread_create(&threads[i], NULL, hearer, (void *)(uintptr_t)(i + 1));
	pthread_create(&threads[HEARERS], NULL, walker, NULL);
	while (atomic_load(&running))
		second();
	for (i = 0; i <= HEARERS; i++)
		pthread_join(threads[i], NULL);
	second();
	cr_assert_leq(devices_service.count(host), 500);
	seconds(10);
	cr_assert_eq(devices_service.count(host), 0);
	cr_assert_eq(walk(0), 0);
}
