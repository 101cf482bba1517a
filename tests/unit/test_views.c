/* SPDX-License-Identifier: MIT */
/* Named parts of the device store. Expected members and sizes are counted by hand from the packets given. */
#include <pthread.h>

#include <core/views.h>

#include "flow.h"

#define UUID(n) { { 0x5f, 0xe3, 0x08, 0xbd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, n } }
#define UUID_TEXT(n) "5FE308BD-0000-0000-0000-0000000000" n

static uint16_t wifi, bluetooth;
static struct module *mod;
static struct pipe_source sources[3];

static void up_with(const char *const *settings)
{
	static const struct aerie_uuid uuids[3] = { UUID(1), UUID(2), UUID(1) };
	uint32_t i;

	core_up(settings);
	wifi = add_phy("IEEE802.11");
	bluetooth = add_phy("Bluetooth");
	core.views = views_new(&core);
	mod = module_new(&core, "test");
	for (i = 0; i < 3; i++)
		sources[i] = (struct pipe_source){ .number = i, .uuid = uuids[i], .heard = views_source(core.views, &uuids[i]) };
}

static void up(void)
{
	up_with(NULL);
}

static void down(void)
{
	module_free(mod);
	views_free(core.views);
	core_down();
}

TestSuite(views, .init = up, .fini = down);

static uint64_t key_of(uint16_t phy, uint32_t n)
{
	uint8_t mac[6] = { 0x02, 0, (uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n };

	return aerie_key_make(phy, mac);
}

/* A packet of the device, heard by a source. */
static void hear(uint16_t phy, uint32_t n, const struct pipe_source *by)
{
	struct packet pk = { .source = by, .now_s = (uint32_t)atomic_load(&clock_s) };
	struct aerie_track t = { .size = sizeof t, .flags = AERIE_TRACK_CREATE, .key = key_of(phy, n) };

	pk.p.ts_us = 1000000;
	cr_assert_eq(devices_service.track(host, &pk.p, &t, NULL, NULL), 0);
}

static struct aerie_view_ref *view(const char *id)
{
	struct aerie_device_query q = { .size = sizeof q };
	struct aerie_view_ref *ref = NULL;

	cr_assert_eq(views_service.find(host, id, &ref, &q), 0, "%s", id);
	return ref;
}

static int64_t size_of(const char *id)
{
	struct aerie_view_ref *ref = view(id);
	int64_t n = views_service.devices(host, ref);

	views_service.release(ref);
	return n;
}

static int belongs(const char *id, uint64_t key)
{
	struct aerie_view_ref *ref = view(id);
	int r = views_service.match(ref, record_of(key));

	views_service.release(ref);
	return r;
}

/* ---- the host's ---- */

Test(views, devices_are_counted_by_phy_and_by_source)
{
	hear(wifi, 1, &sources[0]);
	hear(wifi, 1, &sources[0]);
	hear(wifi, 2, &sources[0]);
	hear(wifi, 2, &sources[1]);
	hear(bluetooth, 1, &sources[1]);
	cr_expect_eq(size_of("all"), 3);
	cr_expect_eq(size_of("phy-IEEE802.11"), 2);
	cr_expect_eq(size_of("phy-Bluetooth"), 1);
	cr_expect_eq(size_of("seenby-" UUID_TEXT("01")), 2);
	cr_expect_eq(size_of("seenby-" UUID_TEXT("02")), 2);
}

Test(views, source_that_comes_back_under_another_number_does_not_count_a_device_twice)
{
	hear(wifi, 1, &sources[0]);
	hear(wifi, 1, &sources[2]); /* the same UUID */
	cr_expect_eq(size_of("seenby-" UUID_TEXT("01")), 1);
	hear(wifi, 2, &sources[2]);
	cr_expect_eq(size_of("seenby-" UUID_TEXT("01")), 2);
	cr_expect_eq(belongs("seenby-" UUID_TEXT("01"), key_of(wifi, 2)), 1);
}

Test(views, device_belongs_to_its_phy_and_to_the_sources_that_heard_it)
{
	hear(wifi, 1, &sources[0]);
	hear(bluetooth, 2, &sources[1]);
	cr_expect_eq(belongs("all", key_of(wifi, 1)), 1);
	cr_expect_eq(belongs("phy-IEEE802.11", key_of(wifi, 1)), 1);
	cr_expect_eq(belongs("phy-IEEE802.11", key_of(bluetooth, 2)), 0);
	cr_expect_eq(belongs("seenby-" UUID_TEXT("01"), key_of(wifi, 1)), 1);
	cr_expect_eq(belongs("seenby-" UUID_TEXT("02"), key_of(wifi, 1)), 0);
	cr_expect_eq(belongs("seenby-5fe308bd-0000-0000-0000-000000000002", key_of(bluetooth, 2)), 1, "the case of a UUID does not matter");
}

Test(views, cursor_of_a_phys_view_finds_only_its_devices)
{
	struct aerie_device_query q = { .size = sizeof q, .changed_since = 7 };
	struct aerie_view_ref *ref = NULL;
	struct aerie_cursor *c;

	hear(wifi, 1, &sources[0]);
	hear(bluetooth, 2, &sources[0]);
	cr_assert_eq(views_service.find(host, "phy-Bluetooth", &ref, &q), 0);
	cr_expect_eq(q.changed_since, 0, "the whole query is the view's");
	c = devices_service.cursor_open(host, &q);
	cr_expect_eq(devices_service.cursor_fix(c, NULL, NULL), 1);
	devices_service.cursor_close(c);
	views_service.release(ref);
}

Test(views, unknown_ids_are_not_found)
{
	static const char *const ids[] = { "", "ALL", "phy-", "phy-ieee802.11", "phy-Nothing", "seenby-", "seenby-" UUID_TEXT("07"), "nobodys" };
	struct aerie_device_query q = { .size = sizeof q };
	struct aerie_view_ref *ref = NULL;
	size_t i;

	for (i = 0; i < sizeof ids / sizeof *ids; i++)
		cr_expect_eq(views_service.find(host, ids[i], &ref, &q), -ENOENT, "%s", ids[i]);
	cr_expect_null(ref);
}

Test(views, source_without_uuid_has_no_view)
{
	static const struct aerie_uuid none;

	cr_expect_null(views_source(core.views, &none));
	heard_count(NULL);
}

static int list_ids(void *user, const struct aerie_view_info *info)
{
	strcat(user, info->id);
	strcat(user, info->indexed ? " " : "? ");
	cr_expect(info->description && *info->description);
	return 0;
}

/* ---- those of modules ---- */

static _Atomic int asked, destroyed;

static int odd(void *user, const struct aerie_rec *rec)
{
	atomic_fetch_add(&asked, 1);
	return (int)(aerie_get_key(rec, common_slots().key) & 1);
}

static void destroy(void *user)
{
	atomic_fetch_add(&destroyed, 1);
}

static int define(const char *id, uint32_t phy, int (*match)(void *user, const struct aerie_rec *rec))
{
	struct aerie_view v = {
		.size = sizeof v, .phy = phy, .id = id, .description = "Odd ones.", .match = match, .destroy = destroy,
	};

	return views_service.register_view(&mod->host, &v);
}

Test(views, views_of_modules_are_listed_and_count_what_matches)
{
	char ids[1024] = "";
	uint32_t i;

	atomic_store(&asked, 0);
	cr_assert_eq(define("odd", wifi, odd), 0);
	cr_assert_eq(define("whole", bluetooth, NULL), 0);
	cr_assert_eq(epochs_commit(core.epochs, mod), 0);
	for (i = 0; i < 10; i++)
		hear(wifi, i, &sources[0]);
	hear(bluetooth, 1, &sources[0]);
	cr_expect_eq(views_service.each(host, list_ids, ids), 0);
	cr_expect_str_eq(ids, "all phy-IEEE802.11 phy-Bluetooth seenby-" UUID_TEXT("02") " seenby-" UUID_TEXT("01") " odd? whole ");
	cr_expect_eq(size_of("odd"), 5);
	cr_expect_eq(atomic_load(&asked), 10, "Bluetooth is not asked");
	cr_expect_eq(size_of("whole"), 1);
	cr_expect_eq(belongs("odd", key_of(wifi, 3)), 1);
	cr_expect_eq(belongs("odd", key_of(wifi, 4)), 0);
	cr_expect_eq(belongs("odd", key_of(bluetooth, 1)), 0, "of another PHY");
}

Test(views, size_is_counted_again_only_after_a_while)
{
	atomic_store(&asked, 0);
	cr_assert_eq(define("odd", 0, odd), 0);
	cr_assert_eq(epochs_commit(core.epochs, mod), 0);
	hear(wifi, 1, &sources[0]);
	cr_expect_eq(size_of("odd"), 1);
	hear(wifi, 3, &sources[0]);
	atomic_fetch_add(&clock_s, 2);
	cr_expect_eq(size_of("odd"), 1);
	cr_expect_eq(atomic_load(&asked), 1);
	atomic_fetch_add(&clock_s, 1);
	cr_expect_eq(size_of("odd"), 2);
	atomic_fetch_sub(&clock_s, 100);
	hear(wifi, 5, &sources[0]);
	cr_expect_eq(size_of("odd"), 3, "a clock that was set back does not freeze the figure");
}

Test(views, registration_refuses_what_is_malformed_or_taken)
{
	atomic_store(&destroyed, 0);
	cr_expect_eq(define("", 0, NULL), -EINVAL);
	cr_expect_eq(define("a b", 0, NULL), -EINVAL);
	cr_expect_eq(define("x", 77, NULL), -EINVAL);
	cr_expect_not_null(strstr(mod->fail_text, "no PHY with number 77"));
	cr_expect_eq(define("all", 0, NULL), -EEXIST);
	cr_expect_eq(define("phy-mine", 0, NULL), -EEXIST);
	cr_expect_eq(define("seenby-mine", 0, NULL), -EEXIST);
	cr_expect_eq(define("mine", 0, NULL), 0);
	cr_expect_eq(define("mine", 0, NULL), -EEXIST);
	cr_expect_str_eq(mod->fail_text, "view mine: test has a view of this id; use another");
	mod->loading = false;
	cr_expect_eq(define("late", 0, NULL), -EPERM);
	cr_expect_eq(atomic_load(&destroyed), 0, "what was refused is the module's still");
}

Test(views, view_in_use_outlives_its_module)
{
	struct aerie_view_ref *ref;

	atomic_store(&destroyed, 0);
	cr_assert_eq(define("odd", 0, odd), 0);
	cr_assert_eq(epochs_commit(core.epochs, mod), 0);
	hear(wifi, 1, &sources[0]);
	ref = view("odd");
	epochs_withdraw(core.epochs, mod);
	cr_expect_eq(atomic_load(&destroyed), 0);
	cr_expect_neq(epochs_holding(core.epochs, mod), 0);
	cr_expect_eq(views_service.match(ref, record_of(key_of(wifi, 1))), 1);
	views_service.release(ref);
	cr_expect_eq(atomic_load(&destroyed), 1);
	cr_expect_eq(epochs_holding(core.epochs, mod), 0);
}

static int never(void *user)
{
	return 0;
}

Test(views, unwanted_views_are_neither_listed_nor_found)
{
	static const char *const off[] = { "track_device_phy_views=false", "track_device_seenby_views=false", NULL };
	struct aerie_device_query q = { .size = sizeof q };
	struct aerie_view v = { .size = sizeof v, .id = "off", .description = "Off.", .wanted = never };
	struct aerie_view_ref *ref = NULL;
	char ids[1024] = "";

	down();
	up_with(off);
	cr_assert_eq(views_service.register_view(&mod->host, &v), 0);
	cr_assert_eq(epochs_commit(core.epochs, mod), 0);
	hear(wifi, 1, &sources[0]);
	cr_expect_eq(views_service.each(host, list_ids, ids), 0);
	cr_expect_str_eq(ids, "all ");
	cr_expect_eq(views_service.find(host, "off", &ref, &q), -ENOENT);
	cr_expect_eq(views_service.find(host, "phy-IEEE802.11", &ref, &q), -ENOENT);
	cr_expect_eq(views_service.find(host, "seenby-" UUID_TEXT("01"), &ref, &q), -ENOENT);
}

/* ---- threads ---- */

#define DEVICES 2000u

static void *hear_many(void *arg)
{
	uint32_t i;

	for (i = 0; i < DEVICES; i++)
		hear(wifi, i, arg);
	return NULL;
}

static void *count_many(void *arg)
{
	int64_t n, before = 0;
	unsigned i;

	for (i = 0; i < 200; i++) {
		n = size_of("odd");
		cr_assert(n >= before, "%ld after %ld", (long)n, (long)before);
		before = n;
		if (arg)
			atomic_fetch_add(&clock_s, 4);
	}
	return NULL;
}

Test(views, sizes_can_be_asked_while_devices_are_heard)
{
	pthread_t t[4];
	unsigned i;

	cr_assert_eq(define("odd", 0, odd), 0);
	cr_assert_eq(epochs_commit(core.epochs, mod), 0);
	pthread_create(&t[0], NULL, hear_many, &sources[0]);
	pthread_create(&t[1], NULL, hear_many, &sources[1]);
	pthread_create(&t[2], NULL, count_many, NULL);
	pthread_create(&t[3], NULL, count_many, &t);
	for (i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	atomic_fetch_add(&clock_s, 100);
	cr_expect_eq(size_of("odd"), DEVICES / 2);
	cr_expect_eq(size_of("seenby-" UUID_TEXT("01")), DEVICES);
	cr_expect_eq(size_of("seenby-" UUID_TEXT("02")), DEVICES);
}
