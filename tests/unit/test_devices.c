/* SPDX-License-Identifier: MIT */
/* The device store: keys, the common fields, walks, threads. Rules of fields: doc/architecture.md, from the ecosystem's
 * field list; values in the tests are counted by hand from the packets given. */
#include <pthread.h>

#include "flow.h"

#define CREATE AERIE_TRACK_CREATE
#define MAC(n) { 0x02, 0, (uint8_t)((n) >> 24), (uint8_t)((n) >> 16), (uint8_t)((n) >> 8), (uint8_t)(n) }

static uint16_t wifi, bluetooth;

static void up(void)
{
	core_up(NULL);
	wifi = add_phy("IEEE802.11");
	bluetooth = add_phy("Bluetooth");
}

TestSuite(devices, .init = up, .fini = core_down);

static uint64_t key_of(uint16_t phy, uint32_t n)
{
	uint8_t mac[6] = MAC(n);

	return aerie_key_make(phy, mac);
}

static struct packet packet_at(uint64_t s)
{
	struct packet pk = { .now_s = (uint32_t)atomic_load(&clock_s) };

	pk.p.ts_us = s * 1000000;
	pk.p.frame_len = pk.p.caplen = pk.p.origlen = 100;
	return pk;
}

static int track(struct packet *pk, uint64_t key, uint32_t flags, uint32_t datasize)
{
	struct aerie_track t = { .size = sizeof t, .flags = flags, .key = key, .datasize = datasize };

	return devices_service.track(host, &pk->p, &t, NULL, NULL);
}

static void make(uint64_t key)
{
	struct packet pk = packet_at(1);

	cr_assert_eq(track(&pk, key, CREATE, 0), 0);
}

/* ---- keys ---- */

/* Values: text of the ecosystem's server of 2025 for these names. */
Test(devices, key_text_is_the_ecosystems)
{
	static const struct {
		const char *phy, *text;
	} rows[] = {
		{ "IEEE802.11", "4202770D00000000_554433221100" }, { "Bluetooth", "B603E01100000000_554433221100" },
		{ "BTLE", "2701E10200000000_554433221100" },       { "METER", "7D016D0400000000_554433221100" },
		{ "ADSB", "1A01B80200000000_554433221100" },       { "UAV", "EC00D70100000000_554433221100" },
		{ "Z-Wave", "1A02CD0600000000_554433221100" },     { "802.15.4", "9001150700000000_554433221100" },
	};
	const uint8_t mac[6] = { 0x00, 0x11, 0x22, 0x33, 0x44, 0x55 };
	uint64_t key, parsed;
	char text[41];
	size_t i;

	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		key = aerie_key_make(add_phy(rows[i].phy), mac);
		cr_expect_eq(devices_service.key_text(host, key, text), (int)strlen(rows[i].text));
		cr_expect_str_eq(text, rows[i].text);
		cr_expect_eq(devices_service.key_parse(host, text, &parsed), 0);
		cr_expect_eq(parsed, key);
	}
}

Test(devices, key_text_drops_zeros_of_the_address)
{
	const uint8_t mac[6] = { 0xaa, 0xbb, 0x01, 0x00, 0x00, 0x00 };
	uint64_t key = aerie_key_make(wifi, mac), parsed;
	char text[41];

	cr_assert_eq(devices_service.key_text(host, key, text), 22);
	cr_assert_str_eq(text, "4202770D00000000_1BBAA");
	cr_assert_eq(devices_service.key_parse(host, text, &parsed), 0);
	cr_assert_eq(parsed, key);
}

Test(devices, key_parse_takes_lower_case_and_any_leading_zeros)
{
	const uint8_t mac[6] = { 0x00, 0x11, 0x22, 0x33, 0x44, 0x5b };
	uint64_t key;

	cr_assert_eq(devices_service.key_parse(host, "4202770d00000000_00005b4433221100", &key), 0);
	cr_assert_eq(key, aerie_key_make(wifi, mac));
	cr_assert_eq(devices_service.key_parse(host, "b603e01100000000_5b4433221100", &key), 0);
	cr_assert_eq(key, aerie_key_make(bluetooth, mac));
}

Test(devices, key_parse_refuses_what_is_no_key)
{
	static const char *const bad[] = { "", "_", "12", "4202770D00000000", "4202770D00000000_", "_554433221100",
					   "4202770D00000000_554433221100 ", "4202770D00000000_55443322110g",
					   "04202770D00000000_554433221100", "4202770D00000000_0554433221100aabbcc",
					   "4202770D00000000-554433221100", "4202770D00000000_1122554433221100" };
	uint64_t key = 77;
	size_t i;

	for (i = 0; i < sizeof bad / sizeof *bad; i++)
		cr_expect_eq(devices_service.key_parse(host, bad[i], &key), -EINVAL, "%s", bad[i]);
	cr_expect_eq(devices_service.key_parse(host, "2701E10200000000_554433221100", &key), -ENOENT);
	cr_expect_eq(key, 77u, "untouched on failure");
}

Test(devices, key_text_of_an_unknown_phy_is_refused)
{
	char text[41] = "x";

	cr_assert_eq(devices_service.key_text(host, key_of(9, 1), text), -ENOENT);
	cr_assert_eq(devices_service.key_text(host, 0x112233445566ull, text), -ENOENT);
	cr_assert_str_eq(text, "x");
}

/* ---- PHYs ---- */

Test(devices, a_phy_keeps_its_number)
{
	cr_assert_eq(wifi, 1);
	cr_assert_eq(bluetooth, 2);
	cr_assert_eq(add_phy("IEEE802.11"), wifi);
	cr_assert_eq(devices_phy_last(core.devices), 2);
	cr_assert_str_eq(devices_phy_name(core.devices, bluetooth)->text, "Bluetooth");
	cr_assert_null(devices_phy_name(core.devices, 3));
	cr_assert_null(devices_phy_name(core.devices, 0));
}

Test(devices, a_phy_needs_a_type_with_the_common_members)
{
	static const struct aerie_member members[] = {
		AERIE_MEMBER(AERIE_T_U64, 0, 0, "test.other", "", "A test's.", 0, NULL),
	};
	aerie_record_id type;
	uint16_t id = 99;

	cr_assert_eq(fields_service.define_record(host, "test.record", 0, members, 1, &type), 0);
	cr_assert_eq(devices_phy(core.devices, "Other", type, &id), -EINVAL);
	cr_assert_eq(devices_phy(core.devices, "Other", 0, &id), -EINVAL);
	cr_assert_eq(id, 99);
}

Test(devices, phys_are_limited)
{
	char name[16];
	uint16_t id;
	unsigned i;

	for (i = 3; i <= PHY_MAX; i++) {
		snprintf(name, sizeof name, "P%u", i);
		cr_assert_eq(add_phy(name), i);
	}
	cr_assert_eq(devices_phy(core.devices, "one too many", devices_service.base_type(host), &id), -ENOSPC);
	cr_assert_eq(add_phy("P200"), 200, "those that are known still are");
}

/* ---- life of a device ---- */

Test(devices, only_create_makes_a_device)
{
	struct packet pk = packet_at(5);
	struct aerie_rec *rec = NULL;

	cr_assert_eq(track(&pk, key_of(wifi, 1), 0, 0), -ENOENT);
	cr_assert_eq(devices_service.with(host, key_of(wifi, 1), keep_record, &rec), -ENOENT);
	cr_assert_eq(devices_service.count(host), 0);
	cr_assert_eq(track(&pk, key_of(wifi, 1), CREATE, 0), 0);
	cr_assert_eq(track(&pk, key_of(wifi, 1), 0, 0), 0);
	cr_assert_eq(track(&pk, key_of(bluetooth, 1), CREATE, 0), 0);
	cr_assert_eq(devices_service.count(host), 2);
	cr_assert_eq(devices_phy_count(core.devices, wifi), 1);
	cr_assert_eq(devices_phy_count(core.devices, bluetooth), 1);
	cr_assert_eq(track(&pk, key_of(77, 1), CREATE, 0), -EINVAL, "nobody has PHY 77");
}

static int note_created(void *user, struct aerie_device *dev)
{
	*(uint32_t *)user = dev->created;
	return 0;
}

static int fail_busy(void *user, struct aerie_device *dev)
{
	return -EBUSY;
}

Test(devices, track_tells_what_it_made_and_hands_on_errors)
{
	struct packet pk = packet_at(5);
	struct aerie_track t = { .size = sizeof t, .flags = CREATE, .key = key_of(wifi, 1) };
	uint32_t created = 9;

	cr_assert_eq(devices_service.track(host, &pk.p, &t, note_created, &created), 0);
	cr_assert_eq(created, 1);
	cr_assert_eq(devices_service.track(host, &pk.p, &t, note_created, &created), 0);
	cr_assert_eq(created, 0);
	cr_assert_eq(devices_service.track(host, &pk.p, &t, fail_busy, NULL), -EBUSY);
	cr_assert_eq(devices_service.with(host, t.key, fail_busy, NULL), -EBUSY);
}

static unsigned n_events;
static uint64_t event_key;

static void on_event(void *user, const struct aerie_event *e)
{
	n_events++;
	event_key = e->key;
	cr_assert_str_eq(e->topic, "NEW_DEVICE");
}

Test(devices, a_new_device_is_an_event)
{
	cr_assert_eq(bus_service.subscribe(host, "NEW_DEVICE", on_event, NULL, NULL), 0);
	cr_assert_eq(epochs_commit(core.epochs, core.self), 0);
	make(key_of(wifi, 3));
	cr_assert_eq(n_events, 1);
	cr_assert_eq(event_key, key_of(wifi, 3));
	make(key_of(wifi, 3));
	cr_assert_eq(n_events, 1);
}

static int nested(void *user, struct aerie_device *dev)
{
	struct aerie_rec *rec = NULL;
	struct packet pk = packet_at(1);
	struct aerie_device_query q = { .size = sizeof q };
	struct aerie_cursor *c = devices_service.cursor_open(host, &q);
	uint64_t keys[4];
	int *errors = user;

	errors[0] = devices_service.with(host, key_of(wifi, 2), keep_record, &rec);
	errors[1] = devices_service.with(host, dev->key, keep_record, &rec);
	errors[2] = track(&pk, key_of(wifi, 2), CREATE, 0);
	errors[3] = devices_service.cursor_next(c, keys, 4);
	devices_service.cursor_close(c);
	return AERIE_DEVICE_UNCHANGED;
}

Test(devices, a_second_device_at_a_time_is_refused)
{
	int errors[4] = { 0 }, i;

	make(key_of(wifi, 1));
	make(key_of(wifi, 2));
	cr_assert_eq(devices_service.with(host, key_of(wifi, 1), nested, errors), 0);
	for (i = 0; i < 4; i++)
		cr_expect_eq(errors[i], -EDEADLK, "case %d: %d", i, errors[i]);
	make(key_of(wifi, 2)); /* and is possible again afterwards */
}

/* ---- common fields ---- */

Test(devices, times_follow_the_clock_they_should)
{
	struct aerie_device_slots s = common_slots();
	struct aerie_rec *rec;
	struct packet pk;

	atomic_store(&clock_s, 5000);
	pk = packet_at(100);
	track(&pk, key_of(wifi, 1), CREATE, 0);
	rec = record_of(key_of(wifi, 1));
	pk = packet_at(200);
	track(&pk, key_of(wifi, 1), 0, 0);
	atomic_store(&clock_s, 5001);
	pk = packet_at(150);
	track(&pk, key_of(wifi, 1), 0, 0);
	cr_expect_eq(aerie_get_key(rec, s.key), key_of(wifi, 1));
	cr_expect_eq(aerie_get_time(rec, s.first_time), 100);
	cr_expect_eq(aerie_get_time(rec, s.last_time), 200, "never backwards");
	cr_expect_eq(aerie_get_time(rec, s.mod_time), 5001);
}

static int change(void *user, struct aerie_device *dev)
{
	return 0;
}

Test(devices, a_change_by_with_is_a_change)
{
	struct aerie_device_slots s = common_slots();
	struct aerie_rec *rec;

	atomic_store(&clock_s, 5000);
	make(key_of(wifi, 1));
	atomic_store(&clock_s, 6000);
	rec = record_of(key_of(wifi, 1));
	cr_assert_eq(aerie_get_time(rec, s.mod_time), 5000, "reading is none");
	cr_assert_eq(devices_service.with(host, key_of(wifi, 1), change, NULL), 0);
	cr_assert_eq(aerie_get_time(rec, s.mod_time), 6000);
}

Test(devices, each_change_is_counted_also_within_a_second)
{
	struct packet pk = packet_at(1);
	struct aerie_rec *rec;
	uint32_t first;

	atomic_store(&clock_s, 5000);
	make(key_of(wifi, 1));
	rec = record_of(key_of(wifi, 1));
	first = rec->changes;
	cr_assert_neq(first, 0);
	cr_assert_eq(rec, record_of(key_of(wifi, 1)));
	cr_assert_eq(rec->changes, first, "reading is none");
	cr_assert_eq(devices_service.with(host, key_of(wifi, 1), change, NULL), 0);
	cr_assert_eq(rec->changes, first + 1);
	cr_assert_eq(track(&pk, key_of(wifi, 1), CREATE, 0), 0);
	cr_assert_eq(rec->changes, first + 2);
}

Test(devices, counters_follow_the_flags)
{
	struct aerie_device_slots s = common_slots();
	struct packet pk = packet_at(5);
	uint64_t key = key_of(wifi, 1);
	struct aerie_rec *rec;

	track(&pk, key, CREATE | AERIE_TRACK_TX | AERIE_TRACK_LLC, 0);
	track(&pk, key, AERIE_TRACK_TX | AERIE_TRACK_RX, 0); /* to itself: counts as sent */
	track(&pk, key, AERIE_TRACK_RX, 0);
	cr_assert_not(pk.data);
	track(&pk, key, AERIE_TRACK_TX | AERIE_TRACK_DATA | AERIE_TRACK_CRYPT, 1000);
	cr_assert(pk.data);
	track(&pk, key, AERIE_TRACK_RX | AERIE_TRACK_DATA, 24);
	track(&pk, key, 0, 7);
	rec = record_of(key);
	cr_expect_eq(aerie_get_u64(rec, s.packets_total), 6);
	cr_expect_eq(aerie_get_u64(rec, s.packets_tx), 3);
	cr_expect_eq(aerie_get_u64(rec, s.packets_rx), 2);
	cr_expect_eq(aerie_get_u64(rec, s.packets_llc), 1);
	cr_expect_eq(aerie_get_u64(rec, s.packets_data), 2);
	cr_expect_eq(aerie_get_u64(rec, s.packets_crypt), 1);
	cr_expect_eq(aerie_get_u64(rec, s.packets_error), 0);
	cr_expect_eq(aerie_get_u64(rec, s.packets_filtered), 0);
	cr_expect_eq(aerie_get_u64(rec, s.datasize), 1024);
}

static void with_signal(struct packet *pk, uint32_t known, int32_t signal, int32_t noise)
{
	pk->p.radio.known = known;
	pk->p.radio.signal = signal;
	pk->p.radio.noise = noise;
}

static int32_t level(const struct aerie_rec *rec, const char *name)
{
	return aerie_get_i32(rec, slot_of(rec, name));
}

Test(devices, signal_keeps_last_least_and_most)
{
	static const int32_t samples[][2] = { { -60, -95 }, { -40, -90 }, { 0, 0 }, { -75, -99 }, { -70, 0 } };
	const uint32_t both = AERIE_RADIO_SIGNAL | AERIE_RADIO_NOISE, flags = CREATE | AERIE_TRACK_SIGNAL;
	struct packet pk = packet_at(5);
	struct aerie_rec *sig;
	size_t i;

	for (i = 0; i < sizeof samples / sizeof *samples; i++) {
		with_signal(&pk, both, samples[i][0], samples[i][1]);
		track(&pk, key_of(wifi, 1), flags, 0);
	}
	with_signal(&pk, both | AERIE_RADIO_RSSI, 10, 10); /* another unit: does not compare */
	track(&pk, key_of(wifi, 1), flags, 0);
	with_signal(&pk, 0, -1, -1); /* not known */
	track(&pk, key_of(wifi, 1), flags, 0);
	with_signal(&pk, both, -1, -1); /* not its own */
	track(&pk, key_of(wifi, 1), 0, 0);
	sig = aerie_get_rec(record_of(key_of(wifi, 1)), common_slots().signal);
	cr_assert_not_null(sig);
	cr_expect_str_eq(aerie_get_str(sig, slot_of(sig, "kismet.common.signal.type"))->text, "dbm");
	cr_expect_eq(level(sig, "kismet.common.signal.last_signal"), -70);
	cr_expect_eq(level(sig, "kismet.common.signal.last_noise"), -99);
	cr_expect_eq(level(sig, "kismet.common.signal.min_signal"), -75);
	cr_expect_eq(level(sig, "kismet.common.signal.max_signal"), -40);
	cr_expect_eq(level(sig, "kismet.common.signal.min_noise"), -99);
	cr_expect_eq(level(sig, "kismet.common.signal.max_noise"), -90);
}

Test(devices, signal_record_collects_rates_encodings_and_carriers)
{
	const uint32_t flags = CREATE | AERIE_TRACK_SIGNAL;
	struct packet pk = packet_at(5);
	struct aerie_rec *sig;

	with_signal(&pk, AERIE_RADIO_RATE, 0, 0);
	pk.p.radio.rate_100k = 540;
	pk.p.radio.encoding = AERIE_ENCODING_OFDM;
	pk.p.radio.carrier = AERIE_CARRIER_80211B;
	track(&pk, key_of(wifi, 1), flags, 0);
	sig = aerie_get_rec(record_of(key_of(wifi, 1)), common_slots().signal);
	cr_assert_str_eq(aerie_get_str(sig, slot_of(sig, "kismet.common.signal.type"))->text, "none");
	pk.p.radio.rate_100k = 60;
	pk.p.radio.encoding = AERIE_ENCODING_DYNAMIC;
	pk.p.radio.carrier = AERIE_CARRIER_80211G;
	with_signal(&pk, AERIE_RADIO_RATE | AERIE_RADIO_SIGNAL | AERIE_RADIO_RSSI, 33, 0);
	track(&pk, key_of(wifi, 1), flags, 0);
	cr_expect_str_eq(aerie_get_str(sig, slot_of(sig, "kismet.common.signal.type"))->text, "rssi");
	cr_expect_eq(aerie_get_f64(sig, slot_of(sig, "kismet.common.signal.maxseenrate")), 540.0);
	cr_expect_eq(aerie_get_u64(sig, slot_of(sig, "kismet.common.signal.encodingset")), 3 | 4);
	cr_expect_eq(aerie_get_u64(sig, slot_of(sig, "kismet.common.signal.carrierset")), 1 | 4);
	cr_expect_eq(level(sig, "kismet.common.signal.max_signal"), 33);
}

Test(devices, a_device_without_signal_has_no_signal_record)
{
	struct packet pk = packet_at(5);

	pk.p.radio.known = AERIE_RADIO_FREQ;
	track(&pk, key_of(wifi, 1), CREATE | AERIE_TRACK_SIGNAL, 0);
	cr_assert_null(aerie_get_rec(record_of(key_of(wifi, 1)), common_slots().signal));
}

static uint64_t packets_on(const struct aerie_rec *rec, uint32_t khz)
{
	const uint64_t *cell = fields_service.map_find(rec, common_slots().freq_khz_map, aerie_f64_key(khz));

	return cell ? *cell : 0;
}

Test(devices, channel_and_frequency_follow_the_packets)
{
	static const uint32_t khz[] = { 2412000, 2437000, 2412000, 5180000 };
	struct aerie_device_slots s = common_slots();
	struct packet pk = packet_at(5);
	char channel[] = "6";
	struct aerie_rec *rec;
	size_t i;

	pk.p.radio.known = AERIE_RADIO_FREQ;
	for (i = 0; i < 4; i++) {
		pk.p.radio.freq_khz = khz[i];
		pk.p.channel = i < 2 ? channel : NULL;
		track(&pk, key_of(wifi, 1), CREATE | AERIE_TRACK_CHANNEL, 0);
	}
	pk.p.radio.freq_khz = 9999;
	pk.p.channel = "9";
	track(&pk, key_of(wifi, 1), 0, 0); /* not its own */
	rec = record_of(key_of(wifi, 1));
	cr_expect_eq(packets_on(rec, 2412000), 2);
	cr_expect_eq(packets_on(rec, 2437000), 1);
	cr_expect_eq(packets_on(rec, 5180000), 1);
	cr_expect_eq(fields_service.count(rec, s.freq_khz_map), 3);
	cr_expect_eq(aerie_get_f64(rec, s.frequency), 5180000.0);
	channel[0] = 'x'; /* the record has a text of its own */
	cr_expect_str_eq(aerie_get_str(rec, s.channel)->text, "6");
	pk.p.channel = "36";
	track(&pk, key_of(wifi, 1), AERIE_TRACK_CHANNEL, 0);
	cr_expect_str_eq(aerie_get_str(rec, s.channel)->text, "36");
}

static struct aerie_rec *seen_by(const struct aerie_rec *rec, uint32_t source)
{
	const uint64_t *cell = fields_service.map_find(rec, common_slots().seenby, source);

	return cell ? (struct aerie_rec *)(uintptr_t)*cell : NULL;
}

Test(devices, seenby_has_each_source_and_its_share)
{
	struct pipe_source a = { .number = 3, .uuid = { { 0xab } } }, b = { .number = 8, .uuid = { { 0xcd } } };
	struct aerie_rec *rec, *seen;
	struct packet pk;
	unsigned i;

	for (i = 0; i < 5; i++) {
		pk = packet_at(100 + i);
		pk.source = i == 2 ? &b : &a;
		track(&pk, key_of(wifi, 1), CREATE, 0);
	}
	rec = record_of(key_of(wifi, 1));
	cr_assert_eq(fields_service.count(rec, common_slots().seenby), 2);
	seen = seen_by(rec, 3);
	cr_expect_eq(aerie_get_u64(seen, slot_of(seen, "kismet.common.seenby.num_packets")), 4);
	cr_expect_eq(aerie_get_time(seen, slot_of(seen, "kismet.common.seenby.first_time")), 100);
	cr_expect_eq(aerie_get_time(seen, slot_of(seen, "kismet.common.seenby.last_time")), 104);
	cr_expect_eq((*(struct aerie_uuid *const *)aerie_slot_cptr(seen, slot_of(seen, "kismet.common.seenby.uuid")))->b[0],
		     0xab);
	seen = seen_by(rec, 8);
	cr_expect_eq(aerie_get_u64(seen, slot_of(seen, "kismet.common.seenby.num_packets")), 1);
	cr_expect_eq(aerie_get_time(seen, slot_of(seen, "kismet.common.seenby.first_time")), 102);
	cr_expect_eq(aerie_get_time(seen, slot_of(seen, "kismet.common.seenby.last_time")), 102);
}

Test(devices, a_duplicate_updates_seenby_signal_and_channel_only)
{
	const uint32_t flags = AERIE_TRACK_TX | AERIE_TRACK_DATA | AERIE_TRACK_SIGNAL | AERIE_TRACK_CHANNEL;
	struct pipe_source a = { .number = 1 }, b = { .number = 2 };
	struct aerie_device_slots s = common_slots();
	struct packet pk = packet_at(100);
	struct aerie_rec *rec;

	pk.source = &a;
	track(&pk, key_of(wifi, 1), flags | CREATE, 50);
	pk = packet_at(101);
	pk.source = &b;
	with_signal(&pk, AERIE_RADIO_SIGNAL | AERIE_RADIO_FREQ, -30, 0);
	pk.p.radio.freq_khz = 2412000;
	track(&pk, key_of(wifi, 1), flags | AERIE_TRACK_SEEN, 50);
	rec = record_of(key_of(wifi, 1));
	cr_expect_eq(aerie_get_u64(rec, s.packets_total), 1);
	cr_expect_eq(aerie_get_u64(rec, s.packets_tx), 1);
	cr_expect_eq(aerie_get_u64(rec, s.datasize), 50);
	cr_expect_eq(aerie_get_time(rec, s.last_time), 100);
	cr_expect_eq(packets_on(rec, 2412000), 1);
	cr_expect_eq(fields_service.count(rec, s.seenby), 2);
	cr_expect_eq(level(aerie_get_rec(rec, s.signal), "kismet.common.signal.last_signal"), -30);
}

static bool has_samples(const struct aerie_rec *rec, const char *name)
{
	return aerie_present(rec, slot_of(rec, name));
}

Test(devices, frames_fall_into_their_size_bin)
{
	static const struct {
		uint32_t octets;
		const char *bin;
	} rows[] = {
		{ 250, "kismet.device.packet.bin.250" },   { 251, "kismet.device.packet.bin.500" },
		{ 500, "kismet.device.packet.bin.500" },   { 501, "kismet.device.packet.bin.1000" },
		{ 1000, "kismet.device.packet.bin.1000" }, { 1001, "kismet.device.packet.bin.1500" },
		{ 1500, "kismet.device.packet.bin.1500" }, { 1501, "kismet.device.packet.bin.jumbo" },
	};
	size_t i, j;

	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		uint64_t key = key_of(wifi, 100 + (uint32_t)i);
		struct packet pk = packet_at(5);

		pk.p.frame_len = 80; /* cut after 80 octets, behind 20 of a radio header */
		pk.p.caplen = 100;
		pk.p.origlen = rows[i].octets + 20;
		track(&pk, key, CREATE, 0);
		for (j = 0; j < sizeof rows / sizeof *rows; j++)
			cr_expect_eq(has_samples(record_of(key), rows[j].bin), strcmp(rows[j].bin, rows[i].bin) == 0,
				     "%u octets, %s", rows[i].octets, rows[j].bin);
	}
}

Test(devices, series_get_samples_by_direction)
{
	struct packet pk = packet_at(5);
	struct aerie_rec *rec;

	track(&pk, key_of(wifi, 1), CREATE | AERIE_TRACK_TX, 0);
	track(&pk, key_of(wifi, 2), CREATE | AERIE_TRACK_RX | AERIE_TRACK_DATA, 9);
	rec = record_of(key_of(wifi, 1));
	cr_expect(has_samples(rec, "kismet.device.base.packets.rrd"));
	cr_expect(has_samples(rec, "kismet.device.base.tx_packets.rrd"));
	cr_expect_not(has_samples(rec, "kismet.device.base.rx_packets.rrd"));
	cr_expect_not(has_samples(rec, "kismet.device.base.datasize.rrd"));
	rec = record_of(key_of(wifi, 2));
	cr_expect(has_samples(rec, "kismet.device.base.packets.rrd"));
	cr_expect_not(has_samples(rec, "kismet.device.base.tx_packets.rrd"));
	cr_expect(has_samples(rec, "kismet.device.base.rx_packets.rrd"));
	cr_expect(has_samples(rec, "kismet.device.base.datasize.rrd"));
}

Test(devices_without_rrds, the_option_switches_series_off, .fini = core_down)
{
	static const char *const settings[] = { "track_device_rrds=false", NULL };
	struct packet pk = packet_at(5);
	struct aerie_rec *rec, *sig;

	core_up(settings);
	wifi = add_phy("IEEE802.11");
	with_signal(&pk, AERIE_RADIO_SIGNAL, -50, 0);
	track(&pk, key_of(wifi, 1), CREATE | AERIE_TRACK_TX | AERIE_TRACK_SIGNAL | AERIE_TRACK_DATA, 5);
	rec = record_of(key_of(wifi, 1));
	sig = aerie_get_rec(rec, common_slots().signal);
	cr_expect_not(has_samples(rec, "kismet.device.base.packets.rrd"));
	cr_expect_not(has_samples(rec, "kismet.device.base.tx_packets.rrd"));
	cr_expect_not(has_samples(rec, "kismet.device.base.datasize.rrd"));
	cr_expect_not(has_samples(rec, "kismet.device.packet.bin.250"));
	cr_expect_not(has_samples(sig, "kismet.common.signal.signal_rrd"));
	cr_expect_eq(aerie_get_u64(rec, common_slots().packets_total), 1);
}

/* ---- what clients see ---- */

struct shown {
	char name[64];
	char text[4096]; /* "name=value\n" of all texts */
	unsigned depth;
};

static int show_begin(void *v, uint32_t n)
{
	((struct shown *)v)->depth++;
	return 0;
}

static int show_end(void *v)
{
	((struct shown *)v)->depth--;
	return 0;
}

static int show_key(void *v, const struct aerie_name *name)
{
	struct shown *s = v;

	snprintf(s->name, sizeof s->name, "%s", name->text);
	return 0;
}

static int show_key_text(void *v, const char *text, uint32_t len)
{
	return 0;
}

static int show_str(void *v, const char *text, uint32_t len)
{
	struct shown *s = v;
	size_t at = strlen(s->text);

	if (s->depth == 1)
		snprintf(s->text + at, sizeof s->text - at, "%s=%.*s\n", s->name, (int)len, text);
	return 0;
}

static int show_null(void *v)
{
	return 0;
}

static int show_u64(void *v, uint64_t n)
{
	return 0;
}

static int show_i64(void *v, int64_t n)
{
	return 0;
}

static int show_f64(void *v, double n)
{
	return 0;
}

static int show_bytes(void *v, const uint8_t *data, uint32_t len)
{
	return 0;
}

static int show_f64s(void *v, const double *values, uint32_t len)
{
	return 0;
}

static const struct aerie_visitor shower = {
	sizeof shower, 0, show_begin, show_key, show_key_text, show_end, show_begin, show_end, show_null, show_u64,
	show_i64, show_f64, show_str, show_str, show_bytes, show_f64s,
};

static bool shows(const struct aerie_rec *rec, const char *line)
{
	struct shown s = { .depth = 0 };

	cr_assert_eq(fields_service.visit(host, rec, &shower, &s), 0);
	return strstr(s.text, line);
}

Test(devices, a_device_shows_what_follows_from_its_key)
{
	struct aerie_device_slots s = common_slots();
	struct aerie_rec *rec;

	cr_assert_eq(devices_set_server(core.devices, "01234567-89AB-CDEF-0123-456789ABCDEF"), 0);
	make(key_of(bluetooth, 0x112233));
	rec = record_of(key_of(bluetooth, 0x112233));
	/* Octets of the address from the last to the first. */
	cr_expect(shows(rec, "kismet.device.base.key=B603E01100000000_332211000002\n"));
	cr_expect(shows(rec, "kismet.device.base.macaddr=02:00:00:11:22:33\n"));
	cr_expect(shows(rec, "kismet.device.base.phyname=Bluetooth\n"));
	cr_expect(shows(rec, "kismet.device.base.commonname=02:00:00:11:22:33\n"));
	cr_expect(shows(rec, "kismet.server.uuid=01234567-89AB-CDEF-0123-456789ABCDEF\n"));
	cr_expect(shows(rec, "kismet.device.base.name=\n"), "always there");
	cr_expect_not(shows(rec, "kismet.device.base.username="), "there once it is set");
	cr_assert_eq(fields_service.set_text(rec, s.name, "cafe", 4), 0);
	cr_expect(shows(rec, "kismet.device.base.commonname=cafe\n"));
	cr_assert_eq(fields_service.set_text(rec, s.username, "mine", 4), 0);
	cr_expect(shows(rec, "kismet.device.base.commonname=mine\n"));
}

/* ---- walks ---- */

static int by_key(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* All keys of a walk, sorted; the number of keys is asked for first, in the middle, or never. */
static uint32_t walk(const struct aerie_device_query *q, uint64_t *keys, uint32_t room, uint32_t step)
{
	struct aerie_cursor *c = devices_service.cursor_open(host, q);
	uint32_t n = 0;
	int got;

	cr_assert_not_null(c);
	while ((got = devices_service.cursor_next(c, keys + n, room - n < step ? room - n : step)) > 0)
		n += (uint32_t)got;
	cr_assert_eq(got, 0);
	devices_service.cursor_close(c);
	qsort(keys, n, sizeof *keys, by_key);
	return n;
}

Test(devices, a_walk_finds_every_device_once)
{
	struct aerie_device_query q = { .size = sizeof q };
	uint64_t keys[2001];
	uint32_t i, step;

	cr_assert_eq(walk(&q, keys, 2001, 100), 0);
	for (i = 0; i < 2000; i++)
		make(key_of(wifi, i));
	for (step = 1; step < 3000; step = step * 5 + 2) {
		cr_assert_eq(walk(&q, keys, 2001, step), 2000);
		for (i = 0; i < 2000; i++)
			cr_assert_eq(keys[i], key_of(wifi, i));
	}
}

Test(devices, a_walk_keeps_to_a_phy_or_mask)
{
	const uint8_t mask[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0x00 }, mac[6] = MAC(0x0300);
	struct aerie_device_query q = { .size = sizeof q };
	uint64_t keys[2001];
	uint32_t i;

	for (i = 0; i < 1000; i++) {
		make(key_of(wifi, i));
		make(key_of(bluetooth, i));
	}
	q.phy = bluetooth;
	cr_assert_eq(walk(&q, keys, 2001, 64), 1000);
	for (i = 0; i < 1000; i++)
		cr_assert_eq(keys[i], key_of(bluetooth, i));
	q.mac = aerie_mac_u64(mac);
	q.mac_mask = aerie_mac_u64(mask);
	cr_assert_eq(walk(&q, keys, 2001, 64), 232, "0x300 to 999"); /* 999 - 768 + 1 */
	for (i = 0; i < 232; i++)
		cr_assert_eq(keys[i], key_of(bluetooth, 0x300 + i));
	q.phy = 0;
	cr_assert_eq(walk(&q, keys, 2001, 64), 2 * 232);
	q.phy = 7;
	cr_assert_eq(walk(&q, keys, 2001, 64), 0);
}

Test(devices, a_whole_address_is_found_in_every_phy)
{
	const uint8_t mac[6] = MAC(17);
	struct aerie_device_query q = { .size = sizeof q, .mac = aerie_mac_u64(mac), .mac_mask = UINT64_MAX };
	uint64_t keys[8];
	uint32_t i;

	for (i = 0; i < 100; i++)
		make(key_of(wifi, i));
	cr_assert_eq(walk(&q, keys, 8, 8), 1);
	cr_assert_eq(keys[0], key_of(wifi, 17));
	make(key_of(bluetooth, 17));
	cr_assert_eq(walk(&q, keys, 8, 1), 2);
	cr_assert_eq(keys[1], key_of(bluetooth, 17));
	q.phy = wifi;
	cr_assert_eq(walk(&q, keys, 8, 8), 1);
	q.phy = 0;
	q.changed_since = atomic_load(&clock_s) + 1;
	cr_assert_eq(walk(&q, keys, 8, 8), 0);
	q.changed_since = 0;
	q.mac = 1;
	cr_assert_eq(walk(&q, keys, 8, 8), 0);
}

Test(devices, changed_since_finds_what_changed)
{
	struct aerie_device_query q = { .size = sizeof q };
	uint64_t keys[1001];
	uint32_t i;

	for (i = 0; i < 1000; i++) {
		atomic_store(&clock_s, 2000 + i);
		make(key_of(wifi, i));
	}
	q.changed_since = 2900;
	cr_assert_eq(walk(&q, keys, 1001, 10), 100);
	cr_assert_eq(keys[0], key_of(wifi, 900));
	atomic_store(&clock_s, 3000);
	for (i = 0; i < 10; i++)
		make(key_of(wifi, i * 10));
	q.changed_since = 3000;
	cr_assert_eq(walk(&q, keys, 1001, 10), 10);
	for (i = 0; i < 10; i++)
		cr_assert_eq(keys[i], key_of(wifi, i * 10));
	q.changed_since = 2900;
	cr_assert_eq(walk(&q, keys, 1001, 10), 110);
	q.changed_since = 3001;
	cr_assert_eq(walk(&q, keys, 1001, 10), 0);
	q.changed_since = 1;
	cr_assert_eq(walk(&q, keys, 1001, 10), 1000);
}

Test(devices, a_clock_set_back_loses_no_change)
{
	struct aerie_device_query q = { .size = sizeof q };
	uint64_t keys[600];
	uint32_t i;

	atomic_store(&clock_s, 3000);
	for (i = 0; i < 500; i++)
		make(key_of(wifi, i));
	atomic_store(&clock_s, 2000);
	for (i = 0; i < 500; i += 5)
		make(key_of(wifi, i));
	for (i = 500; i < 550; i++)
		make(key_of(wifi, i)); /* new ones, too */
	q.changed_since = 2000;
	cr_assert_eq(walk(&q, keys, 600, 100), 550);
	q.changed_since = 2500; /* a new one does not hide those that changed at 3000 */
	cr_assert_geq(walk(&q, keys, 600, 100), 500);
	for (i = 0; i < 500; i++)
		cr_assert_eq(keys[i], key_of(wifi, i));
	atomic_store(&clock_s, 3001);
	make(key_of(wifi, 5));
	q.changed_since = 3001;
	cr_assert_eq(walk(&q, keys, 600, 100), 1);
}

/* A worker reads the clock once for many packets, so it may write down a second that an answer has already passed. */
Test(devices, a_change_that_no_answer_had_counts_as_after_it)
{
	struct aerie_device_query q = { .size = sizeof q, .changed_since = 5000 };
	struct packet late;
	uint64_t keys[4];

	atomic_store(&clock_s, 4999);
	late = packet_at(1);
	make(key_of(wifi, 1));
	atomic_store(&clock_s, 5000);
	cr_assert_eq(walk(&q, keys, 4, 4), 0);
	cr_assert_eq(track(&late, key_of(wifi, 2), CREATE, 0), 0);
	cr_assert_eq(track(&late, key_of(wifi, 1), CREATE, 0), 0);
	cr_assert_eq(walk(&q, keys, 4, 4), 2);
	cr_assert_eq(aerie_get_time(record_of(key_of(wifi, 2)), common_slots().mod_time), 5000);
}

Test(devices, count_fixes_the_set_of_a_walk)
{
	struct aerie_device_query q = { .size = sizeof q };
	struct aerie_cursor *c;
	uint64_t keys[400];
	uint32_t i;

	for (i = 0; i < 300; i++)
		make(key_of(wifi, i));
	c = devices_service.cursor_open(host, &q);
	cr_assert_eq(devices_service.cursor_next(c, keys, 7), 7);
	cr_assert_eq(devices_service.cursor_fix(c, NULL, NULL), 300);
	for (i = 300; i < 400; i++)
		make(key_of(wifi, i));
	cr_assert_eq(devices_service.cursor_fix(c, NULL, NULL), 300);
	cr_assert_eq(devices_service.cursor_next(c, keys + 7, 393), 293);
	cr_assert_eq(devices_service.cursor_next(c, keys + 300, 100), 0);
	cr_assert_eq(devices_service.cursor_fix(c, NULL, NULL), 300);
	devices_service.cursor_close(c);
	qsort(keys, 300, sizeof *keys, by_key);
	for (i = 0; i < 300; i++)
		cr_assert_eq(keys[i], key_of(wifi, i));
}

static int keep_multiples_of_3(void *user, uint64_t key)
{
	uint32_t number = (uint32_t)key;

	++*(unsigned *)user;
	return number == 299 ? -EIO : number % 3 == 0;
}

Test(devices, a_fixed_set_is_what_was_wanted)
{
	struct aerie_device_query q = { .size = sizeof q };
	struct aerie_cursor *c;
	uint64_t keys[300];
	unsigned asked = 0;
	uint32_t i;

	for (i = 0; i < 298; i++)
		make(key_of(wifi, i));
	c = devices_service.cursor_open(host, &q);
	cr_assert_eq(devices_service.cursor_fix(c, keep_multiples_of_3, &asked), 100);
	cr_assert_eq(asked, 298);
	make(key_of(wifi, 300));
	cr_assert_eq(devices_service.cursor_fix(c, NULL, NULL), 100, "fixed once");
	cr_assert_eq(devices_service.cursor_next(c, keys, 300), 100);
	qsort(keys, 100, sizeof *keys, by_key);
	for (i = 0; i < 100; i++)
		cr_expect_eq(keys[i], key_of(wifi, 3 * i));
	devices_service.cursor_close(c);

	q.mac = key_of(wifi, 6) & AERIE_KEY_MAC_MASK;
	q.mac_mask = AERIE_KEY_MAC_MASK;
	c = devices_service.cursor_open(host, &q);
	cr_expect_eq(devices_service.cursor_fix(c, keep_multiples_of_3, &asked), 1);
	cr_expect_eq(devices_service.cursor_next(c, keys, 300), 1);
	devices_service.cursor_close(c);
	q.mac = key_of(wifi, 7) & AERIE_KEY_MAC_MASK;
	c = devices_service.cursor_open(host, &q);
	cr_expect_eq(devices_service.cursor_fix(c, keep_multiples_of_3, &asked), 0);
	cr_expect_eq(devices_service.cursor_next(c, keys, 300), 0);
	devices_service.cursor_close(c);

	make(key_of(wifi, 299));
	q.mac_mask = 0;
	c = devices_service.cursor_open(host, &q);
	cr_expect_eq(devices_service.cursor_fix(c, keep_multiples_of_3, &asked), -EIO);
	devices_service.cursor_close(c);
}

/* ---- threads ---- */

#define TRACKERS 3
#define ROUNDS 3000u
#define SHARED_DEVICES 50u

static _Atomic int running;

static void *tracker(void *user)
{
	uint32_t base = 1000000u * (uint32_t)(uintptr_t)user, i;
	struct pipe_source source = { .number = (uint32_t)(uintptr_t)user };
	struct packet pk = packet_at(10);

	pk.source = &source;
	with_signal(&pk, AERIE_RADIO_SIGNAL | AERIE_RADIO_FREQ, -50, 0);
	pk.p.radio.freq_khz = 2412000;
	pk.p.channel = "1";
	for (i = 0; i < ROUNDS; i++) {
		pk.p.ts_us += 10000;
		pk.now_s = (uint32_t)(atomic_fetch_add(&clock_s, i % 100 == 0) & 0xffffffffu);
		devices_prefetch(core.devices, key_of(wifi, i % SHARED_DEVICES), PREFETCH_RECORD);
		cr_assert_eq(track(&pk, key_of(wifi, i % SHARED_DEVICES),
				   CREATE | AERIE_TRACK_TX | AERIE_TRACK_SIGNAL | AERIE_TRACK_CHANNEL, 0), 0);
		cr_assert_eq(track(&pk, key_of(wifi, base + i), CREATE | AERIE_TRACK_RX, 0), 0);
	}
	atomic_fetch_sub(&running, 1);
	return NULL;
}

static int read_device(void *user, struct aerie_device *dev)
{
	const struct aerie_device_slots *s = user;

	cr_assert_eq(aerie_get_u64(dev->rec, s->packets_total),
		     aerie_get_u64(dev->rec, s->packets_tx) + aerie_get_u64(dev->rec, s->packets_rx), "half an update");
	return AERIE_DEVICE_UNCHANGED;
}

static void *reader(void *user)
{
	struct aerie_device_slots s = common_slots();
	struct aerie_device_query q = { .size = sizeof q };
	uint64_t keys[100];
	unsigned turn = 0;
	int n, i;

	while (atomic_load(&running)) {
		struct aerie_cursor *c;

		q.changed_since = turn++ % 2 ? atomic_load(&clock_s) - 1 : 0;
		c = devices_service.cursor_open(host, &q);
		while ((n = devices_service.cursor_next(c, keys, 100)) > 0)
			for (i = 0; i < n; i++)
				cr_assert_eq(devices_service.with(host, keys[i], read_device, &s), 0);
		cr_assert_eq(n, 0);
		devices_service.cursor_close(c);
		(void)devices_bytes(core.devices);
	}
	return NULL;
}

Test(devices, threads_track_and_read_at_the_same_time, .timeout = 120)
{
	struct aerie_device_slots s = common_slots();
	pthread_t trackers[TRACKERS], readers[2];
	uint32_t i, total = 0;

	atomic_store(&running, TRACKERS);
	for (i = 0; i < TRACKERS; i++)
		cr_assert_eq(pthread_create(&trackers[i], NULL, tracker, (void *)(uintptr_t)(i + 1)), 0);
	for (i = 0; i < 2; i++)
		cr_assert_eq(pthread_create(&readers[i], NULL, reader, NULL), 0);
	for (i = 0; i < TRACKERS; i++)
		pthread_join(trackers[i], NULL);
	for (i = 0; i < 2; i++)
		pthread_join(readers[i], NULL);
	cr_assert_eq(devices_service.count(host), SHARED_DEVICES + TRACKERS * ROUNDS);
	for (i = 0; i < SHARED_DEVICES; i++) {
		struct aerie_rec *rec = record_of(key_of(wifi, i));

		total += (uint32_t)aerie_get_u64(rec, s.packets_total);
		cr_assert_eq(fields_service.count(rec, s.seenby), TRACKERS);
		cr_assert_eq(packets_on(rec, 2412000), aerie_get_u64(rec, s.packets_total));
	}
	cr_assert_eq(total, TRACKERS * ROUNDS);
}

/* ---- memory: a figure for people, and a bound that a leak of the design would break ---- */

Test(devices, memory_per_device_stays_small, .timeout = 60)
{
	struct pipe_source source = { .number = 1, .uuid = { { 1 } } };
	struct packet pk = packet_at(10);
	const uint32_t n = 100000;
	double octets;
	uint32_t i;

	pk.source = &source;
	with_signal(&pk, AERIE_RADIO_SIGNAL | AERIE_RADIO_FREQ, -50, 0);
	pk.p.radio.freq_khz = 2412000;
	pk.p.channel = "1";
	for (i = 0; i < n; i++) {
		pk.p.ts_us += 1000;
		track(&pk, key_of(wifi, i), CREATE | AERIE_TRACK_TX | AERIE_TRACK_SIGNAL | AERIE_TRACK_CHANNEL, 0);
	}
	octets = (double)devices_bytes(core.devices) / n;
	fprintf(stderr, "%u devices with common fields: %.0f octets each\n", n, octets);
	cr_assert_lt(octets, 1200.0);
}
