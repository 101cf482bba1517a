/* SPDX-License-Identifier: MIT */
/* What users do to sources: open, close, pause, tune, list, feed; and what happens to radios on their own: hopping, sharing,
 * silence, tries. The capture program is fake_capture.c, which says as messages what it is asked for. */
#include "sourceworld.h"

#include <core/source.h>

#define UUID "12345678-0000-0000-0000-0000DEADBEEF" /* what the fake reports */
#define RADIO (AERIE_DRIVER_LOCAL | AERIE_DRIVER_TUNE | AERIE_DRIVER_HOP)

TestSuite(source_control, .timeout = 60);

static void up_radio(const char *const *settings)
{
	up(settings);
	cr_assert_eq(add_driver("radio", "fake_capture", RADIO), 0);
	cr_assert_eq(add_driver("passive", NULL, AERIE_DRIVER_PASSIVE), 0);
	commit();
}

struct result {
	atomic_uint n;
	int err;
	char text[512], uuid[40];
};

static void on_done(void *user, int err, const char *text, const struct aerie_uuid *uuid)
{
	struct result *r = user;

	r->err = err;
	normalize(text ? text : "", r->text);
	r->uuid[0] = '\0';
	if (uuid)
		format_uuid(r->uuid, uuid->b);
	atomic_fetch_add(&r->n, 1);
}

static struct result *awaited;

static bool is_done(void)
{
	return atomic_load(&awaited->n) > 0;
}

static void await(struct result *r)
{
	awaited = r;
	run_until(is_done);
	cr_expect_eq(r->n, 1, "done %u times", r->n);
}

static struct result add_and_wait(const char *definition)
{
	static struct result r;

	memset(&r, 0, sizeof r);
	cr_assert_eq(sources_service.add(&core.self->host, definition, on_done, &r), 0);
	await(&r);
	return r;
}

static int ask(const char *uuid, const struct aerie_source_control *c, struct result *r)
{
	struct aerie_uuid u;

	memset(r, 0, sizeof *r);
	cr_assert_eq(parse_uuid(uuid, u.b), 0);
	return sources_service.control(&core.self->host, &u, c, on_done, r);
}

static struct result control(uint32_t action, const char *channel)
{
	const struct aerie_source_control c = { .size = sizeof c, .action = action, .channel = channel, .shuffle = -1 };
	static struct result r;

	cr_assert_eq(ask(UUID, &c, &r), 0);
	await(&r);
	return r;
}

static void expect_result_at(int line, struct result r, int err, const char *text)
{
	cr_expect_eq(r.err, err, "line %d: %d", line, r.err);
	cr_expect_str_eq(r.text, text, "line %d: %s", line, r.text);
}
#define expect_result(...) expect_result_at(__LINE__, __VA_ARGS__)

/* ---- adding ---- */

Test(source_control, adding_is_done_when_the_source_runs)
{
	struct result r;

	up_radio(NULL);
	r = add_and_wait("live:type=radio,name=r");
	cr_expect_eq(r.err, 0);
	cr_expect_str_eq(r.text, "open");
	cr_expect_str_eq(r.uuid, UUID);
	cr_expect_eq(the_source().running, 1);
	cr_expect_eq(the_source().pending, 0);
	down();
}

Test(source_control, adding_what_fails_tells_the_reason_and_keeps_the_record)
{
	up_radio(NULL);
	expect_result(add_and_wait("open-refused:type=radio,retry=false"), -EIO, "cannot be opened: the antenna is not plugged in");
	cr_expect_eq(the_source().error, 1);
	expect_result(add_and_wait("open-kill:type=radio,retry=false"), -EIO,
		      "capture program fake_capture (pid N) was killed by signal 9 (Killed), after 0 packets");
	expect_result(add_and_wait("x:type=nothing"), -EINVAL, "no driver is of type 'nothing'; there are: radio, passive");
	expect_result(add_and_wait("x:type=radio,channel_hoprate=fast"), -EINVAL,
		      "option 'channel_hoprate' is 'fast'; it must be such as 5/sec, 10/min or 2/dwell");
	expect_result(add_and_wait("x:type=radio,channels=\"1,,6\""), -EINVAL,
		      "option 'channels' is '1,,6'; it must be channels such as \"1,6,11\", each of 1 to 63 octets");
	cr_expect_str_eq(source_at(2).reason, "");
	down();
}

/* E.g. a script that adds an adapter until it is plugged in. */
Test(source_control, adding_again_what_failed_opens_it_again)
{
	static const char refused[] = "cannot be opened: the antenna is not plugged in";
	struct result first, r;
	uint64_t n = 0;
	int i;

	up_radio(NULL);
	first = add_and_wait("open-refused:type=radio,retry=false");
	for (i = 0; i < 3; i++) {
		r = add_and_wait("open-refused:type=radio,retry=false");
		expect_result(r, -EIO, refused);
		cr_expect_str_eq(r.uuid, first.uuid);
	}
	expect_result(add_and_wait("open-refused:type=radio,retry=false,name=other"), -EIO, refused);
	sources_service.each_source(&core.self->host, count_drivers_only, &n);
	cr_expect_eq(n, 2);
	add_and_wait("live:type=radio");
	add_and_wait("live:type=radio");
	sources_service.each_source(&core.self->host, count_drivers_only, &n);
	cr_expect_eq(n - 2, 4, "what runs may be there twice");
	down();
}

/* E.g. an interface that is not there yet: what has never been open can be closed all the same. */
Test(source_control, a_radio_that_does_not_open_is_added_and_has_a_uuid_to_close_it_by)
{
	static const char *const settings[] = { "source_retry_delay=1h", NULL };
	const struct aerie_source_control close = { .size = sizeof close, .action = AERIE_SOURCE_CLOSE, .shuffle = -1 };
	struct result added, r;

	up_radio(settings);
	added = add_and_wait("open-refused:type=radio");
	expect_result(added, 0, "cannot be opened: the antenna is not plugged in");
	cr_expect_str_neq(added.uuid, "");
	cr_expect_str_neq(added.uuid, UUID);
	cr_expect_eq(the_source().error, 1);
	cr_expect_eq(the_source().retry, 1);
	cr_assert_eq(ask(added.uuid, &close, &r), 0);
	await(&r);
	expect_result(r, 0, "closed");
	cr_expect_str_eq(the_source().reason, "closed by a user");
	cr_expect_eq(the_source().retry, 0);
	run(); /* nothing is on its way */
	added = add_and_wait("open-refused:type=radio,uuid=AAAAAAAA-0000-0000-0000-000000000001");
	cr_expect_str_eq(added.uuid, "AAAAAAAA-0000-0000-0000-000000000001", "the definition's, from the beginning");
	down();
}

static bool both_run(void)
{
	return source_at(0).running && source_at(1).running;
}

Test(source_control, the_uuid_that_a_source_began_with_still_finds_it)
{
	const struct aerie_source_control pause = { .size = sizeof pause, .action = AERIE_SOURCE_PAUSE, .shuffle = -1 };
	char first[40];
	struct result r;

	up_radio(NULL);
	add("live:type=radio");
	format_uuid(first, core.sources->first->uuid.b);
	cr_expect_str_neq(first, UUID);
	memset(&r, 0, sizeof r);
	add("live:type=radio,uuid=AAAAAAAA-0000-0000-0000-000000000001");
	run_until(both_run);
	cr_assert_eq(ask(first, &pause, &r), 0);
	await(&r);
	expect_result(r, 0, "paused");
	cr_expect_str_eq(r.uuid, UUID, "the program's, since it is open");
	cr_expect_eq(source_at(0).paused, 1);
	cr_expect_eq(source_at(1).paused, 0);
	down();
}

/* Two drivers take it when it is probed; the first has not the option that the second has. */
Test(source_control, an_option_that_the_driver_does_not_have_is_refused_again_when_opened_again)
{
	static const char refused[] = "option 'loop' is not known; remove it";
	const struct aerie_source_control open = { .size = sizeof open, .action = AERIE_SOURCE_OPEN, .shuffle = -1 };
	const struct aerie_driver plain = { .size = sizeof plain, .flags = RADIO | AERIE_DRIVER_PROBE, .type = "plain", .help = "A fake.",
					    .program = "fake_capture" };
	struct result added, r;

	up(NULL);
	cr_assert_eq(sources_service.register_driver(&core.self->host, &plain), 0);
	cr_assert_eq(add_driver("radio", "fake_capture", RADIO | AERIE_DRIVER_PROBE), 0);
	commit();
	added = add_and_wait("live:loop=true");
	expect_result(added, -EIO, refused);
	cr_assert_eq(ask(added.uuid, &open, &r), 0);
	await(&r);
	expect_result(r, -EIO, refused);
	cr_expect_eq(the_source().running, 0);
	down();
}

Test(source_control, notes_are_numbers_and_what_is_not_used_is_told)
{
	static const struct {
		const char *name, *text;
		double number;
	} notes[] = { { "antenna_type", "yagi, 12 elements", 0 }, { "antenna_gain", NULL, 2.5 }, { "antenna_orientation", NULL, 270 },
		      { "antenna_beamwidth", NULL, 30 }, { "amp_type", "lna", 0 }, { "amp_gain", NULL, -3 } };
	char field[64], text[64];
	const struct aerie_rec *rec;
	size_t i;

	up_radio(NULL);
	expect_result(add_and_wait("live:type=radio,info_amp_gain=loud"), -EINVAL,
		      "option 'info_amp_gain' is 'loud'; it must be a number such as 2.5");
	expect_result(add_and_wait("live:type=radio,metagps=car,info_antenna_type=\"yagi, 12 elements\",info_antenna_gain=2.5,"
				   "info_antenna_orientation=270,info_antenna_beamwidth=3e1,info_amp_type=lna,info_amp_gain=-3"), 0, "open");
	rec = core.sources->first->rec;
	for (i = 0; i < sizeof notes / sizeof notes[0]; i++) {
		snprintf(field, sizeof field, "kismet.datasource.info.%s", notes[i].name);
		if (!notes[i].text) {
			cr_expect_float_eq(aerie_get_f64(rec, slot(rec, field)), notes[i].number, 1e-9, "%s", field);
			continue;
		}
		text_of(rec, field, text, sizeof text);
		cr_expect_str_eq(text, notes[i].text, "%s", field);
	}
	cr_expect_eq(count_messages(AERIE_LOG_INFO, "source live (radio): warning: option 'metagps' is ignored: this version knows no GPS"), 1);
	down();
}

Test(source_control, settings_and_definitions_are_checked_without_a_driver)
{
	static const char *const settings[] = { "channel_hop_speed=banana", NULL };
	const char *error = "";

	up_radio(settings);
	cr_expect_eq(sources_check(core.sources, NULL, &error), -EINVAL);
	cr_expect_str_eq(error, "\"channel_hop_speed\" is \"banana\"; it must be such as 5/sec, 10/min or 2/dwell");
	cr_expect_eq(sources_check(core.sources, "wlan7:whatever=1", &error), 0);
	cr_expect_eq(sources_check(core.sources, "wlan7:channel_hoprate=fast", &error), -EINVAL);
	cr_expect_str_eq(error, "option 'channel_hoprate' is 'fast'; it must be such as 5/sec, 10/min or 2/dwell");
	cr_expect_eq(sources_check(core.sources, "wlan7:uuid=1", &error), -EINVAL);
	cr_expect_eq(sources_check(core.sources, ":name=a", &error), -EINVAL);
	down();
}

static void *add_from_thread(void *user)
{
	unsigned i;

	for (i = 0; i < 50; i++)
		cr_assert_eq(sources_service.add(&core.self->host, "good:type=radio,count=0,retry=false", on_done, user), 0);
	return NULL;
}

static bool is_50(void)
{
	return atomic_load(&awaited->n) == 50;
}

Test(source_control, requests_of_other_threads_are_each_answered_once)
{
	struct result r = { 0 };
	pthread_t thread;

	up_radio(NULL);
	awaited = &r;
	cr_assert_eq(pthread_create(&thread, NULL, add_from_thread, &r), 0);
	run_until(is_50);
	pthread_join(thread, NULL);
	sources_stop(core.sources);
	cr_expect_eq(r.n, 50);
	down();
}

Test(source_control, stopping_the_host_answers_what_is_open)
{
	struct result r[3];
	const struct aerie_source_control hop = { .size = sizeof hop, .action = AERIE_SOURCE_SET_CHANNEL, .channel = "6", .shuffle = -1 };
	struct aerie_uuid u;

	up_radio(NULL);
	memset(r, 0, sizeof r);
	add_and_wait("config-silent:type=radio");
	cr_assert_eq(sources_service.add(&core.self->host, "open-silent:type=radio", on_done, &r[0]), 0);
	cr_assert_eq(ask(UUID, &hop, &r[1]), 0);
	uv_run(loop_uv(core.loop), UV_RUN_NOWAIT);
	cr_assert_eq(sources_service.add(&core.self->host, "open-silent:type=radio", on_done, &r[2]), 0);
	sources_stop(core.sources);
	expect_result(r[0], -ESHUTDOWN, "the host is stopping");
	expect_result(r[1], -ESHUTDOWN, "the host is stopping");
	expect_result(r[2], -ESHUTDOWN, "the host is stopping");
	cr_expect_eq(r[0].n + r[1].n + r[2].n, 3);
	cr_expect_eq(sources_service.add(&core.self->host, "live:type=radio", on_done, &r[0]), -ESHUTDOWN);
	parse_uuid(UUID, u.b);
	cr_expect_eq(sources_service.control(&core.self->host, &u, &hop, on_done, &r[0]), -ESHUTDOWN);
	cr_expect_eq(r[0].n, 1);
	down();
}

Test(source_control, a_source_that_is_not_there_is_told_at_once)
{
	const struct aerie_source_control c = { .size = sizeof c, .action = AERIE_SOURCE_CLOSE };
	const struct aerie_source_control wrong = { .size = sizeof wrong, .action = 99 };
	struct result r;

	up_radio(NULL);
	cr_expect_eq(ask(UUID, &c, &r), -ENOENT);
	add_and_wait("live:type=radio");
	cr_expect_eq(ask(UUID, &wrong, &r), -EINVAL);
	cr_expect_eq(r.n, 0);
	down();
}

static bool both_have_packets(void)
{
	return source_at(0).packets == 3 && source_at(1).packets == 4;
}

static struct source *found_by(const char *uuid)
{
	struct aerie_uuid u;

	cr_assert_eq(parse_uuid(uuid, u.b), 0, "%s", uuid);
	return sources_find(core.sources, &u);
}

/* E.g. the same file again. */
Test(source_control, the_uuid_of_an_answer_finds_the_source_that_it_is_about)
{
	struct source *second, *third, *fourth;
	char first_uuid[40];

	up_radio(NULL);
	add_and_wait("live:type=radio,name=a");
	second = found_by(add_and_wait("live:type=radio,name=b").uuid);
	cr_expect_str_eq(second->name, "b");
	third = found_by(add_and_wait("live:type=radio,name=c,uuid=" UUID).uuid);
	cr_expect_str_eq(third->name, "c");
	fourth = found_by(add_and_wait("open-refused:type=radio,name=d,uuid=" UUID).uuid);
	cr_expect_str_eq(fourth->name, "d");
	format_uuid(first_uuid, fourth->uuid.b);
	cr_expect_str_eq(first_uuid, UUID, "which all of them have");
	down();
}

Test(source_control, the_nil_uuid_is_none)
{
	struct result r;

	up_radio(NULL);
	expect_result(add_and_wait("live:type=radio,uuid=00000000-0000-0000-0000-000000000000"), -EINVAL,
		      "option 'uuid' is '00000000-0000-0000-0000-000000000000', which names no source; leave it out for one of its own");
	r = add_and_wait("nil-uuid:type=radio");
	expect_result(r, 0, "open");
	cr_expect_str_neq(r.uuid, "");
	cr_expect_str_neq(r.uuid, "00000000-0000-0000-0000-000000000000");
	down();
}

/* Hardware without a number of its own, twice: both work, the second says what to do, and requests reach the first. */
Test(source_control, two_sources_with_one_uuid_both_run_and_the_second_is_warned)
{
	up_radio(NULL);
	expect_result(add_and_wait("live:type=radio,name=a,count=3,channel_hop=false"), 0, "open");
	expect_result(add_and_wait("live:type=radio,name=b,count=4,channel_hop=false"), 0, "open");
	run_until(both_have_packets);
	cr_expect_str_eq(source_at(0).warning, "");
	cr_expect_str_eq(source_at(1).warning, "another source has the same UUID; give one of them another with uuid=");
	cr_expect_eq(told("source b (radio): another source has the same UUID; give one of them another with uuid="), 1);
	expect_result(control(AERIE_SOURCE_CLOSE, NULL), 0, "closed");
	cr_expect_eq(source_at(0).running, 0);
	cr_expect_eq(source_at(1).running, 1);
	expect_result(add_and_wait("live:type=radio,uuid=AAAAAAAA-0000-0000-0000-000000000001"), 0, "open");
	cr_expect_str_eq(source_at(2).warning, "");
	down();
}

/* ---- open, close, pause ---- */

static uint64_t expected_packets;

static bool has_packets(void)
{
	return the_source().packets == expected_packets;
}

static void wait_for_packets(uint64_t n)
{
	expected_packets = n;
	run_until(has_packets);
}

Test(source_control, a_closed_source_ends_its_program_stays_listed_and_opens_again)
{
	int64_t pid;

	up_radio(NULL);
	add_and_wait("live:type=radio,count=5");
	wait_for_packets(5);
	pid = the_source().pid;
	expect_result(control(AERIE_SOURCE_CLOSE, NULL), 0, "closed");
	cr_expect_eq(the_source().running, 0);
	cr_expect_str_eq(the_source().reason, "closed by a user");
	cr_expect_eq(the_source().packets, 5);
	cr_expect_eq(sources_failed(core.sources), 0, "that is no failure");
	expect_result(control(AERIE_SOURCE_CLOSE, NULL), -EALREADY, "it is closed already");
	expect_result(control(AERIE_SOURCE_SET_CHANNEL, "6"), -ENOTCONN, "it is not running; open it first");
	expect_result(control(AERIE_SOURCE_OPEN, NULL), 0, "open");
	cr_expect_eq(the_source().running, 1);
	cr_expect_eq(the_source().error, 0);
	cr_expect_neq(the_source().pid, pid);
	expect_result(control(AERIE_SOURCE_OPEN, NULL), -EALREADY, "it is open already");
	wait_for_packets(10); /* counters go on */
	down();
}

Test(source_control, closing_ends_retries)
{
	static const char *const settings[] = { "source_retry_delay=1h", NULL };

	up_radio(settings);
	add_and_wait("exit:type=radio,count=0");
	expect_result(control(AERIE_SOURCE_CLOSE, NULL), 0, "closed");
	run(); /* nothing is on its way */
	expect_result(control(AERIE_SOURCE_OPEN, NULL), 0, "open");
	down();
}

static bool drained_pause(void)
{
	struct aerie_packet_stats stats = { .size = sizeof stats };

	packets_service.stats(&core.self->host, &stats);
	return stats.dropped == 4000;
}

Test(source_control, packets_of_a_paused_source_are_discarded_and_counted)
{
	static const char *const settings[] = { "packet_backlog_limit=3", NULL }; /* less than what comes at once */

	up_radio(settings);
	cr_assert_eq(add_driver("recorder", "fake_capture", RADIO | AERIE_DRIVER_LOSSLESS), 0); /* a radio's may be lost */
	commit();
	add_and_wait("live:type=recorder,count=4000");
	wait_for_packets(4000);
	expect_result(control(AERIE_SOURCE_CLOSE, NULL), 0, "closed");
	n_packets = 0;
	expect_result(control(AERIE_SOURCE_PAUSE, NULL), 0, "paused");
	cr_expect_eq(the_source().paused, 1);
	expect_result(control(AERIE_SOURCE_PAUSE, NULL), -EALREADY, "it is paused already");
	expect_result(control(AERIE_SOURCE_OPEN, NULL), 0, "open");
	run_until(drained_pause);
	cr_expect_eq(n_packets, 0);
	cr_expect_eq(the_source().running, 1);
	cr_expect_eq(the_source().packets, 4000, "those before");
	expect_result(control(AERIE_SOURCE_RESUME, NULL), 0, "resumed");
	expect_result(control(AERIE_SOURCE_RESUME, NULL), -EALREADY, "it is not paused");
	cr_expect_eq(the_source().paused, 0);
	down();
}

/* ---- channels ---- */

/* The fake reports channels 1 and 6HT40+. Defaults: 5 hops a second, shuffled. */
static bool hops(void)
{
	return the_source().hopping;
}

Test(source_control, a_radio_hops_over_all_its_channels)
{
	struct seen s;

	up_radio(NULL);
	add_and_wait("config:type=radio");
	run_until(hops);
	s = the_source();
	cr_expect_eq(told("asked to hop 5.000/s shuffle 1 offset 0 over 1 6HT40+"), 1);
	cr_expect_str_eq(s.channels, "1,6HT40+,");
	cr_expect_str_eq(s.hop_channels, "1,6HT40+,");
	cr_expect_str_eq(s.channel, "");
	cr_expect_float_eq(s.hop_rate, 5, 1e-6);
	cr_expect_eq(s.shuffle, 1);
	cr_expect_eq(s.split, 1);
	down();
}

Test(source_control, the_options_of_a_definition_make_the_list)
{
	static const struct {
		const char *options, *message, *channels;
	} cases[] = {
		{ "channels=\"11,6ht40+\"", "asked to hop 5.000/s shuffle 1 offset 0 over 11 6ht40+", "1,6HT40+,11," },
		{ "channels=\"11,1\",add_channels=\"13\",block_channels=\"1\"", "asked to hop 5.000/s shuffle 1 offset 0 over 11 1",
		  "1,6HT40+,11," },
		{ "add_channels=\"36, 1 ,40\"", "asked to hop 5.000/s shuffle 1 offset 0 over 1 6HT40+ 36 40", "1,6HT40+,36,40," },
		{ "block_channels=\"6HT40+,99\"", "asked to hop 5.000/s shuffle 1 offset 0 over 1", "1," },
		{ "channel_hoprate=30/min", "asked to hop 0.500/s shuffle 1 offset 0 over 1 6HT40+", "1,6HT40+," },
		{ "channel_hoprate=4/dwell", "asked to hop 0.250/s shuffle 1 offset 0 over 1 6HT40+", "1,6HT40+," },
		{ "channel=6ht40+,channel_hop=true", "asked to hop 5.000/s shuffle 1 offset 1 over 1 6HT40+", "1,6HT40+," },
	};
	size_t i;

	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char definition[256];

		up_radio(NULL);
		snprintf(definition, sizeof definition, "config:type=radio,%s", cases[i].options);
		add_and_wait(definition);
		run_until(hops);
		cr_expect_eq(told(cases[i].message), 1, "%s", cases[i].options);
		cr_expect_str_eq(the_source().channels, cases[i].channels, "%s", cases[i].options);
		down();
	}
}

static bool on_channel(void)
{
	return the_source().channel[0] != '\0';
}

Test(source_control, a_channel_of_the_definition_is_set_and_joins_the_supported_ones)
{
	up_radio(NULL);
	add_and_wait("config:type=radio,channel=11");
	run_until(on_channel);
	cr_expect_eq(told("asked for channel 11"), 1);
	cr_expect_str_eq(the_source().channel, "11");
	cr_expect_eq(the_source().hopping, 0);
	cr_expect_str_eq(the_source().channels, "1,6HT40+,11,");
	down();
}

Test(source_control, without_hopping_nothing_is_asked)
{
	static const char *const settings[] = { "channel_hop=false", NULL };

	up_radio(settings);
	add_and_wait("config:type=radio");
	expect_result(control(AERIE_SOURCE_SET_CHANNEL, "3"), 0, "tuned");
	cr_expect_eq(told("asked"), 1);
	cr_expect_eq(told("asked for channel 3"), 1);
	down();
}

Test(source_control, a_radio_that_hops_by_itself_is_shown_as_it_says)
{
	struct seen s;

	up_radio(NULL);
	add_and_wait("hops-already:type=radio,channel_hop=false");
	s = the_source();
	cr_expect_eq(s.hopping, 1);
	cr_expect_float_eq(s.hop_rate, 2.5, 1e-6);
	cr_expect_eq(s.shuffle, 1);
	cr_expect_eq(s.offset, 1);
	cr_expect_str_eq(s.hop_channels, "6HT40+,11,");
	cr_expect_str_eq(s.channels, "1,6HT40+,");
	cr_expect_eq(told("asked"), 0);
	down();
	up_radio(NULL);
	add_and_wait("hops-already:type=radio"); /* what the host asks for counts */
	run_until(hops);
	cr_expect_eq(told("asked to hop 5.000/s shuffle 1 offset 0 over 1 6HT40+"), 1);
	cr_expect_float_eq(the_source().hop_rate, 5, 1e-6);
	cr_expect_str_eq(the_source().hop_channels, "1,6HT40+,");
	down();
}

Test(source_control, users_set_a_channel_and_hop_again)
{
	static const char *const list[] = { "1", "2", "3" };
	struct aerie_source_control c = { .size = sizeof c, .action = AERIE_SOURCE_SET_HOP, .hop_rate = 2.5, .channels = list,
					  .n_channels = 3, .shuffle = 0 };
	struct result r;
	struct seen s;

	up_radio(NULL);
	add_and_wait("config:type=radio");
	expect_result(control(AERIE_SOURCE_SET_CHANNEL, "6"), 0, "tuned");
	cr_expect_str_eq(the_source().channel, "6");
	cr_expect_eq(the_source().hopping, 0);
	cr_assert_eq(ask(UUID, &c, &r), 0);
	await(&r);
	expect_result(r, 0, "tuned");
	s = the_source();
	cr_expect_eq(told("asked to hop 2.500/s shuffle 0 offset 0 over 1 2 3"), 1);
	cr_expect_eq(s.hopping, 1);
	cr_expect_eq(s.shuffle, 0);
	cr_expect_float_eq(s.hop_rate, 2.5, 1e-6);
	cr_expect_str_eq(s.hop_channels, "1,2,3,");
	expect_result(control(AERIE_SOURCE_SET_CHANNEL, "6"), 0, "tuned");
	expect_result(control(AERIE_SOURCE_SET_HOP, NULL), 0, "tuned");
	cr_expect_eq(told("asked to hop 2.500/s shuffle 0 offset 0 over 1 2 3"), 2, "as it was");
	down();
}

Test(source_control, a_refused_channel_is_told_and_the_source_goes_on)
{
	struct aerie_source_control c = { .size = sizeof c, .action = AERIE_SOURCE_SET_HOP, .hop_rate = -1, .shuffle = -1 };
	struct result r;

	up_radio(NULL);
	add_and_wait("config:type=radio");
	expect_result(control(AERIE_SOURCE_SET_CHANNEL, "99"), -EIO, "no such channel here");
	cr_expect_eq(the_source().running, 1);
	cr_expect_str_eq(the_source().warning, "no such channel here");
	expect_result(control(AERIE_SOURCE_SET_CHANNEL, "6"), 0, "tuned");
	cr_expect_str_eq(the_source().warning, "", "it is not so any more");
	expect_result(control(AERIE_SOURCE_SET_CHANNEL, ""), -EINVAL, "no channel was given, or one longer than 63 octets");
	expect_result(control(AERIE_SOURCE_SET_CHANNEL, NULL), -EINVAL, "no channel was given, or one longer than 63 octets");
	cr_assert_eq(ask(UUID, &c, &r), 0);
	await(&r);
	expect_result(r, -EINVAL, "the hop rate must be a number of hops per second above 0");
	down();
}

/* What the radio refused is not what set_hop goes back to. */
Test(source_control, a_refused_list_is_forgotten)
{
	static const char *const wrong[] = { "99", "100" };
	const struct aerie_source_control c = { .size = sizeof c, .action = AERIE_SOURCE_SET_HOP, .hop_rate = 9, .channels = wrong,
						.n_channels = 2, .shuffle = 0 };
	struct result r;

	up_radio(NULL);
	add_and_wait("config:type=radio,channels=\"1,6\",channel_hoprate=3/sec");
	expect_result(control(AERIE_SOURCE_SET_HOP, NULL), 0, "tuned");
	cr_assert_eq(ask(UUID, &c, &r), 0);
	await(&r);
	expect_result(r, -EIO, "the radio is stuck");
	expect_result(control(AERIE_SOURCE_SET_HOP, NULL), 0, "tuned");
	cr_expect_eq(told("asked to hop 3.000/s shuffle 1 offset 0 over 1 6"), 3);
	cr_expect_str_eq(the_source().hop_channels, "1,6,");
	cr_expect_float_eq(the_source().hop_rate, 3, 1e-6);
	cr_expect_eq(the_source().hopping, 1);
	down();
}

Test(source_control, a_first_request_that_is_refused_is_a_failure)
{
	up_radio(NULL);
	add_and_wait("config-refused:type=radio,retry=false");
	run();
	cr_expect_str_eq(the_source().reason, "cannot be tuned: the radio is stuck");
	cr_expect_eq(sources_failed(core.sources), 1);
	down();
}

Test(source_control, a_request_without_answer_ends_in_time)
{
	static const char *const settings[] = { "source_answer_timeout=300ms", "source_silence_limit=1s", NULL };

	up_radio(settings);
	add_and_wait("config-silent:type=radio");
	expect_result(control(AERIE_SOURCE_SET_CHANNEL, "6"), -ETIMEDOUT, "its capture program did not answer the request in time");
	down();
	up_radio(settings);
	add_and_wait("config-wrong-number:type=radio,channel_hop=false");
	expect_result(control(AERIE_SOURCE_SET_CHANNEL, "6"), -ETIMEDOUT, "its capture program did not answer the request in time");
	cr_expect_str_eq(the_source().channel, "6", "what it reports counts all the same");
	down();
}

Test(source_control, a_file_cannot_be_tuned)
{
	up(NULL);
	cr_assert_eq(add_driver("fake", "fake_capture", AERIE_DRIVER_LOCAL), 0);
	commit();
	add_and_wait("live:type=fake");
	expect_result(control(AERIE_SOURCE_SET_CHANNEL, "6"), -ENOTSUP, "its driver cannot set channels");
	down();
}

static bool three_hop(void)
{
	return source_at(0).hopping && source_at(1).hopping && source_at(2).hopping && source_at(2).offset == 8 &&
	       source_at(1).offset == 4;
}

static bool two_hop(void)
{
	return source_at(0).offset == 0 && source_at(2).offset == 6;
}

/* E.4: source i of n begins at (channels / n) * i; 13 channels: 13 / 3 = 4, 13 / 2 = 6. */
Test(source_control, radios_of_one_type_share_their_list)
{
	static const char options[] = "type=radio,channels=\"1,2,3,4,5,6,7,8,9,10,11,12,13\"";
	struct aerie_source_control c = { .size = sizeof c, .action = AERIE_SOURCE_CLOSE, .shuffle = -1 };
	char text[256];
	struct result r;
	unsigned i;

	up_radio(NULL);
	for (i = 0; i < 3; i++) {
		snprintf(text, sizeof text, "config:%s,uuid=AAAAAAAA-0000-0000-0000-00000000000%u", options, i);
		add_and_wait(text);
	}
	run_until(three_hop);
	cr_expect_eq(source_at(0).offset, 0);
	cr_assert_eq(ask("AAAAAAAA-0000-0000-0000-000000000001", &c, &r), 0);
	await(&r);
	run_until(two_hop);
	c.action = AERIE_SOURCE_OPEN;
	cr_assert_eq(ask("AAAAAAAA-0000-0000-0000-000000000001", &c, &r), 0);
	run_until(three_hop);
	c.action = AERIE_SOURCE_SET_CHANNEL; /* one that stays on a channel is not of the group */
	c.channel = "6";
	cr_assert_eq(ask("AAAAAAAA-0000-0000-0000-000000000001", &c, &r), 0);
	run_until(two_hop);
	c.action = AERIE_SOURCE_SET_HOP;
	cr_assert_eq(ask("AAAAAAAA-0000-0000-0000-000000000001", &c, &r), 0);
	run_until(three_hop);
	down();
}

/* The record shows what was asked for before the program says that it was asked. */
static bool two_of_one_list(void)
{
	return told("asked to hop") >= 3 && source_at(0).offset == 0 && source_at(1).offset == 0 && source_at(2).offset == 2;
}

static bool other_two_of_one_list(void)
{
	return source_at(0).offset == 0 && source_at(1).offset == 0 && source_at(2).offset == 1;
}

static bool each_alone(void)
{
	return source_at(0).offset == 0 && source_at(2).offset == 0;
}

/* One that hops over other channels takes no place from them; a list that a user sets counts like that of a definition. */
Test(source_control, radios_share_with_those_of_the_same_list)
{
	static const char *const list[] = { "26", "11" };
	struct aerie_source_control c = { .size = sizeof c, .action = AERIE_SOURCE_SET_HOP, .shuffle = -1, .channels = list, .n_channels = 2 };
	struct result r;

	up_radio(NULL);
	add_and_wait("config:type=radio,channels=\"1,2,3,4\",uuid=AAAAAAAA-0000-0000-0000-000000000001");
	add_and_wait("config:type=radio,channels=\"11,26\",uuid=AAAAAAAA-0000-0000-0000-000000000002");
	add_and_wait("config:type=radio,channels=\"4,3,2,1\",uuid=AAAAAAAA-0000-0000-0000-000000000003");
	run_until(two_of_one_list);
	cr_expect_eq(told("asked to hop"), 3, "nobody twice");
	cr_assert_eq(ask("AAAAAAAA-0000-0000-0000-000000000003", &c, &r), 0);
	await(&r);
	cr_expect_eq(r.err, 0, "%s", r.text);
	run_until(other_two_of_one_list);
	c.action = AERIE_SOURCE_CLOSE;
	cr_assert_eq(ask("AAAAAAAA-0000-0000-0000-000000000002", &c, &r), 0);
	await(&r);
	run_until(each_alone);
	down();
}

Test(source_control, radios_do_not_share_when_told_so)
{
	static const char *const settings[] = { "split_source_hopping=false", NULL };

	up_radio(settings);
	add_and_wait("config:type=radio,uuid=AAAAAAAA-0000-0000-0000-000000000001");
	add_and_wait("config:type=radio,uuid=AAAAAAAA-0000-0000-0000-000000000002");
	expect_result(add_and_wait("config:type=radio,uuid=AAAAAAAA-0000-0000-0000-000000000003"), 0, "open");
	cr_expect_eq(source_at(1).offset, 0);
	cr_expect_eq(source_at(2).offset, 0);
	cr_expect_eq(source_at(2).split, 0);
	down();
}

/* ---- silence and retries ---- */

static bool is_lost(void)
{
	return the_source().error;
}

static bool is_found(void)
{
	return the_source().running;
}

Test(source_control, a_stopped_process_is_shown_as_lost_and_found_again)
{
	static const char *const settings[] = { "source_silence_limit=600ms", NULL };
	pid_t pid;

	up_radio(settings);
	add_and_wait("live:type=radio");
	pid = (pid_t)the_source().pid;
	cr_assert_gt(pid, 1); /* -1, when there is none, would stop every process of the machine */
	cr_assert_eq(kill(pid, SIGSTOP), 0);
	run_until(is_lost);
	cr_expect_eq(the_source().running, 0);
	cr_expect_str_eq(the_source().reason, "capture program fake_capture (pid N) did not answer for 0.6 s");
	cr_expect_eq(the_source().pid, pid, "it is there still");
	cr_assert_eq(kill(pid, SIGCONT), 0);
	run_until(is_found);
	cr_expect_eq(the_source().pid, pid);
	cr_expect_eq(the_source().error, 0);
	cr_expect_str_eq(the_source().reason, "");
	cr_expect_eq(told("answers again"), 1);
	cr_expect_eq(the_source().retries, 0, "it was not opened again");
	down();
}

Test(source_control, a_program_that_never_answers_is_lost)
{
	static const char *const settings[] = { "source_silence_limit=300ms", NULL };

	up_radio(settings);
	add_and_wait("deaf:type=radio,channel_hop=false");
	run_until(is_lost);
	cr_expect_str_eq(the_source().reason, "capture program fake_capture (pid N) did not answer for 0.3 s");
	down();
}

/* In one of four tries the machine has time for us. Looking every 108 ms, a multiple of which is 648, is 106 ms too late. */
Test(source_control, a_silent_program_is_lost_when_the_limit_is_over_and_no_later)
{
	static const char *const settings[] = { "source_silence_limit=650ms", NULL };
	uint64_t begun;
	int64_t late = INT64_MAX;
	unsigned i;

	for (i = 0; i < 4 && late > 50; i++) {
		up_radio(settings);
		add_and_wait("deaf:type=radio,channel_hop=false,count=0");
		begun = uv_hrtime();
		run_until(is_lost);
		late = (int64_t)((uv_hrtime() - begun) / 1000000) - 650; /* below 0: we learned late that it runs */
		down();
	}
	cr_expect_leq(late, 50, "%" PRId64 " ms", late);
}

static bool saw_two_limits(void)
{
	static uint64_t begun;
	uint64_t now = uv_now(loop_uv(core.loop));

	if (!begun)
		begun = now;
	cr_expect_eq(the_source().error, 0);
	return now - begun > 900;
}

/* A file whose workers stand still is held back by us: its PONG cannot come. */
Test(source_control, a_source_that_is_held_back_is_not_lost)
{
	static const char *const settings[] = { "source_silence_limit=300ms", NULL };

	up(settings);
	cr_assert_eq(add_driver("fake", "fake_capture", AERIE_DRIVER_LOCAL | AERIE_DRIVER_LOSSLESS | AERIE_DRIVER_FINITE), 0);
	commit();
	atomic_store(&gate_used, true);
	add_and_wait("good:type=fake,count=100000");
	run_until(saw_two_limits);
	sem_post(&gate);
	run();
	cr_expect_eq(n_packets, 100000);
	cr_expect_eq(told("did not answer"), 0);
	down();
}

static bool tried_five_times(void)
{
	return the_source().retries >= 5;
}

/* 10 + 20 + 40 + 80 + 120 ms: it takes at least 270 ms */
Test(source_control, tries_become_rarer)
{
	static const char *const settings[] = { "source_retry_delay=10ms", NULL };
	uint64_t begun;

	up_radio(settings);
	begun = uv_hrtime();
	add("open-exit:type=radio");
	run_until(tried_five_times);
	cr_expect_geq(uv_hrtime() - begun, 270000000u);
	cr_expect_geq(the_source().attempts, 5);
	cr_expect_eq(the_source().retry, 1);
	down();
}

static uint32_t expected_tries;

static bool tried_so_often_and_runs(void)
{
	return the_source().retries >= expected_tries && the_source().running;
}

static uint64_t resume_ns;

static bool is_later(void)
{
	return uv_hrtime() >= resume_ns;
}

/* One that ran for longer than the longest pause was all right: what comes then is the first failure again. */
Test(source_control, tries_become_frequent_again_after_a_good_time)
{
	static const char *const settings[] = { "source_retry_delay=10ms", NULL };
	uint32_t n;

	up_radio(settings);
	add_and_wait("live:type=radio");
	for (n = 1; n <= 3; n++) {
		kill((pid_t)the_source().pid, SIGKILL);
		expected_tries = n;
		run_until(tried_so_often_and_runs);
	}
	cr_expect_geq(core.sources->first->backoff, 2u, "a slow machine may have let it run for long once");
	resume_ns = uv_hrtime() + 200000000u; /* 12 times 10 ms, and some more */
	run_until(is_later);
	kill((pid_t)the_source().pid, SIGKILL);
	expected_tries = 4;
	run_until(tried_so_often_and_runs);
	cr_expect_eq(core.sources->first->backoff, 1u);
	cr_expect_eq(the_source().attempts, 0, "since it last ran");
	down();
}

/* The last of the stages at which a program can go: test_sources.c has the others. */
Test(source_control, a_program_that_goes_while_it_is_tuned_is_told)
{
	static const char gone[] = "capture program fake_capture (pid N) exited with status 6, after 10 packets";
	struct result r;

	up_radio(NULL);
	expect_result(add_and_wait("config-exit:type=radio,channel_hop=false,retry=false"), 0, "open");
	r = control(AERIE_SOURCE_SET_CHANNEL, "6");
	expect_result(r, -EPIPE, gone);
	cr_expect_str_eq(the_source().reason, gone);
	cr_expect_eq(the_source().pending, 0);
	add_and_wait("config-exit:type=radio,retry=false");
	run();
	cr_expect_str_eq(source_at(1).reason, gone);
	cr_expect_eq(source_at(1).running, 0);
	down();
}

Test(source_control, a_frame_of_4_gib_is_refused)
{
	up_radio(NULL);
	add("gigantic:type=radio,count=3,retry=false");
	run();
	cr_expect_str_eq(the_source().reason, "capture program fake_capture (pid N) sent a frame longer than 131072 octets, the limit, "
			 "after 3 packets");
	cr_expect_eq(the_source().packets, 3);
	down();
}

/* ---- lists ---- */

struct found {
	unsigned n, ended;
	char text[1024], used[128];
};

static struct found found;

static void on_found(void *unused, const struct aerie_rec *rec)
{
	char text[128], options[128] = "";
	const struct aerie_rec *driver;
	const struct aerie_uuid *user;

	if (!rec) {
		found.ended++;
		return;
	}
	found.n++;
	driver = aerie_get_rec(rec, slot(rec, "kismet.datasource.type_driver"));
	text_of(driver, "kismet.datasource.driver.type", text, sizeof text);
	strcat(strcat(found.text, text), ":");
	text_of(rec, "kismet.datasource.probed.interface", text, sizeof text);
	strcat(strcat(found.text, text), ":");
	text_of(rec, "kismet.datasource.probed.hardware", text, sizeof text);
	strcat(strcat(found.text, text), ":");
	text_of(rec, "kismet.datasource.probed.datasource_version", text, sizeof text);
	strcat(strcat(found.text, text), ":");
	fields_service.iterate(rec, slot(rec, "kismet.datasource.probed.options_vec"), add_channel, options);
	strcat(strcat(found.text, options), "|");
	user = *(const struct aerie_uuid *const *)aerie_slot_cptr(rec, slot(rec, "kismet.datasource.probed.in_use_uuid"));
	if (user && memcmp(user, &(struct aerie_uuid){ { 0 } }, sizeof *user))
		text_of(rec, "kismet.datasource.probed.interface", found.used, sizeof found.used);
}

static bool list_ended(void)
{
	return found.ended > 0;
}

static void list(void)
{
	memset(&found, 0, sizeof found);
	cr_assert_eq(sources_service.list_interfaces(&core.self->host, on_found, NULL), 0);
	run_until(list_ended);
	cr_expect_eq(found.ended, 1);
}

Test(source_control, interfaces_are_listed_with_what_is_known_of_them)
{
	up(NULL);
	cr_assert_eq(add_driver("one", "fake_capture", RADIO | AERIE_DRIVER_LIST), 0);
	cr_assert_eq(add_driver("two", "fake_capture", RADIO), 0);
	commit();
	list();
	cr_expect_str_eq(found.text, "one:fake0:fake radio:2025.09.0-abcdef1:channel=6,fast=true,|one:fake1::2025.09.0-abcdef1:|");
	down();
}

/* As wlan0mon, of a source on wlan0: the program captures from fake0, whatever the definition names. */
Test(source_control, an_interface_that_a_source_captures_from_is_listed_as_used)
{
	up(NULL);
	cr_assert_eq(add_driver("radio", "fake_capture", RADIO | AERIE_DRIVER_LIST), 0);
	commit();
	list();
	cr_expect_str_eq(found.used, "");
	expect_result(add_and_wait("live:type=radio"), 0, "open");
	list();
	cr_expect_str_eq(found.used, "fake0");
	expect_result(control(AERIE_SOURCE_CLOSE, NULL), 0, "closed");
	list();
	cr_expect_str_eq(found.used, "");
	down();
}

static char list_dir[64];

static void add_list_driver(const char *type, const char *program)
{
	char from[PATH_MAX + 32], to[PATH_MAX + 64];

	snprintf(from, sizeof from, "%s/fake_capture", dir);
	snprintf(to, sizeof to, "%s/%s", list_dir, program);
	cr_assert_eq(symlink(from, to), 0);
	cr_assert_eq(add_driver(type, program, RADIO | AERIE_DRIVER_LIST), 0);
}

Test(source_control, programs_that_fail_to_list_are_told_and_do_not_keep_others_from_it)
{
	static const char *const programs[] = { "list-exit", "list-error", "list-failed", "list-cut", "list-wrong" };
	static const char *const reasons[] = {
		"type exit cannot be listed: capture program list-exit (pid N) exited with status 7, after 0 packets",
		"type error cannot be listed: the bus is on fire",
		"type failed cannot be listed: its program gave no reason",
		"type cut cannot be listed: its program sent a report that is malformed",
		"type wrong cannot be listed: its program answered a request that was not made",
		"type missing cannot be listed: capture program aerie-cap-nothing was not found in ",
	};
	char setting[128], path[128];
	const char *settings[] = { setting, NULL };
	size_t i;

	strcpy(list_dir, "/tmp/aerie-test-XXXXXX");
	cr_assert_not_null(mkdtemp(list_dir));
	snprintf(setting, sizeof setting, "helper_binary_path=%s", list_dir);
	up(settings);
	for (i = 0; i < 5; i++)
		add_list_driver(programs[i] + 5, programs[i]);
	cr_assert_eq(add_driver("missing", "aerie-cap-nothing", RADIO | AERIE_DRIVER_LIST), 0);
	cr_assert_eq(add_driver("good", "fake_capture", RADIO | AERIE_DRIVER_LIST), 0);
	commit();
	list();
	cr_expect_eq(found.n, 2);
	for (i = 0; i < 6; i++)
		cr_expect_eq(told(reasons[i]), 1, "%s", reasons[i]);
	down();
	for (i = 0; i < 5; i++) {
		snprintf(path, sizeof path, "%s/%s", list_dir, programs[i]);
		unlink(path);
	}
	rmdir(list_dir);
}

/* Two programs answer when both have been asked, and one never does: it is left out after 10 s. */
Test(source_control, all_programs_are_asked_for_interfaces_at_once)
{
	static const char *const programs[] = { "list-silent", "list-meet-reader", "list-meet-writer" }, *const types[] = { "silent", "reader", "writer" };
	char setting[128], path[128];
	const char *settings[] = { setting, NULL };
	uint64_t begun;
	size_t i;

	strcpy(list_dir, "/tmp/aerie-test-XXXXXX");
	cr_assert_not_null(mkdtemp(list_dir));
	snprintf(setting, sizeof setting, "helper_binary_path=%s", list_dir);
	snprintf(path, sizeof path, "%s/pipe", list_dir);
	cr_assert_eq(mkfifo(path, 0600), 0);
	up(settings);
	for (i = 0; i < 3; i++)
		add_list_driver(types[i], programs[i]);
	commit();
	begun = uv_hrtime();
	list();
	cr_expect_eq(found.n, 4);
	cr_expect_eq(told("type silent cannot be listed: its program did not answer in time"), 1);
	cr_expect_geq(uv_hrtime() - begun, 9900000000u);
	cr_expect_leq(uv_hrtime() - begun, 19000000000u, "not one after the other");
	down();
	unlink(path);
	for (i = 0; i < 3; i++) {
		snprintf(path, sizeof path, "%s/%s", list_dir, programs[i]);
		unlink(path);
	}
	rmdir(list_dir);
}

Test(source_control, without_drivers_that_list_there_is_nothing)
{
	up_radio(NULL);
	list();
	cr_expect_eq(found.n, 0);
	down();
}

/* ---- sources that are fed ---- */

static struct aerie_feed frame_of(const uint8_t *data, uint32_t len)
{
	const struct aerie_feed f = { .size = sizeof f, .dlt = DLT_USER0, .data = data, .len = len, .ts_us = 1700000000000001 };

	return f;
}

static struct aerie_uuid passive_uuid;

static void open_passive(const char *const *settings)
{
	struct result r;

	up_radio(settings);
	r = add_and_wait("desk:type=passive");
	cr_expect_eq(r.err, 0);
	cr_assert_eq(parse_uuid(r.uuid, passive_uuid.b), 0);
}

static int feed_number(uint32_t number)
{
	const uint8_t data[5] = { (uint8_t)(number >> 24), (uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number, 7 };
	const struct aerie_feed f = frame_of(data, sizeof data);

	return sources_service.feed(&core.self->host, &passive_uuid, &f);
}

static bool fed_1000(void)
{
	return the_source().packets == 1000;
}

static void *feed_1000(void *user)
{
	uint32_t i = 0;

	while (i < 1000) {
		int r = feed_number(i);

		cr_assert(r == 0 || r == -EAGAIN, "%d", r);
		if (r == 0)
			i++;
		else
			sched_yield();
	}
	return NULL;
}

Test(source_control, frames_that_are_fed_arrive_in_order_and_none_is_lost)
{
	static const char *const settings[] = { "packet_backlog_limit=3", NULL };
	pthread_t thread;

	open_passive(settings);
	cr_assert_eq(pthread_create(&thread, NULL, feed_1000, NULL), 0);
	run_until(fed_1000);
	pthread_join(thread, NULL);
	cr_expect_eq(n_packets, 1000);
	cr_expect_eq(n_disorder, 0);
	cr_expect_eq(n_octets, 5000);
	cr_expect_eq(the_source().errors, 0);
	down();
}

static bool has_one(void)
{
	return the_source().packets == 1;
}

static bool one_is_dropped(void)
{
	return core.sources->first->pipe->dropped == 1;
}

static bool has_two(void)
{
	return the_source().packets == 2;
}

Test(source_control, a_source_is_paused_and_resumed_while_it_runs)
{
	const struct aerie_source_control pause = { .size = sizeof pause, .action = AERIE_SOURCE_PAUSE, .shuffle = -1 };
	const struct aerie_source_control resume = { .size = sizeof resume, .action = AERIE_SOURCE_RESUME, .shuffle = -1 };
	struct result r;

	open_passive(NULL);
	cr_expect_eq(feed_number(0), 0);
	run_until(has_one);
	memset(&r, 0, sizeof r);
	cr_assert_eq(sources_service.control(&core.self->host, &passive_uuid, &pause, on_done, &r), 0);
	await(&r);
	cr_expect_eq(feed_number(77), 0);
	run_until(one_is_dropped);
	memset(&r, 0, sizeof r);
	cr_assert_eq(sources_service.control(&core.self->host, &passive_uuid, &resume, on_done, &r), 0);
	await(&r);
	cr_expect_eq(feed_number(1), 0);
	run_until(has_two);
	cr_expect_eq(n_packets, 2);
	cr_expect_eq(n_disorder, 0, "the one in between never came");
	down();
}

Test(source_control, a_full_feed_says_so_and_takes_nothing)
{
	uint32_t n = 0;

	open_passive(NULL);
	while (feed_number(n) == 0)
		n++;
	cr_expect_eq(n, 1024, "BATCH_PACKETS; %u", n);
	cr_expect_eq(feed_number(n), -EAGAIN);
	while (the_source().packets < n)
		uv_run(loop_uv(core.loop), UV_RUN_ONCE);
	cr_expect_eq(n_packets, n);
	cr_expect_eq(feed_number(n), 0);
	down();
}

Test(source_control, what_cannot_be_fed_is_refused)
{
	static uint8_t big[LINK_FRAME_MAX + 1];
	struct aerie_feed f = { .size = sizeof f };
	struct aerie_uuid other = { { 1 } };

	open_passive(NULL);
	cr_expect_eq(sources_service.feed(&core.self->host, &passive_uuid, &f), -EINVAL);
	f = frame_of(big, sizeof big);
	cr_expect_eq(sources_service.feed(&core.self->host, &passive_uuid, &f), -EINVAL);
	f = (struct aerie_feed){ .size = sizeof f, .json = "{}", .json_len = 2 };
	cr_expect_eq(sources_service.feed(&core.self->host, &passive_uuid, &f), -EINVAL);
	cr_expect_eq(sources_service.feed(&core.self->host, &other, &f), -ENOENT);
	add_and_wait("live:type=radio");
	cr_assert_eq(parse_uuid(UUID, other.b), 0);
	f.json_type = "x";
	cr_expect_eq(sources_service.feed(&core.self->host, &other, &f), -ENOENT, "a radio is not fed");
	down();
}

Test(source_control, a_closed_feed_takes_nothing_and_opens_again_under_its_name)
{
	struct aerie_source_control c = { .size = sizeof c, .action = AERIE_SOURCE_CLOSE, .shuffle = -1 };
	struct result r;
	char uuid[40];

	open_passive(NULL);
	format_uuid(uuid, passive_uuid.b);
	cr_expect_eq(feed_number(0), 0);
	cr_assert_eq(ask(uuid, &c, &r), 0);
	await(&r);
	expect_result(r, 0, "closed");
	cr_expect_eq(the_source().packets, 1, "what was taken before is processed");
	cr_expect_eq(feed_number(1), -ENOENT);
	c.action = AERIE_SOURCE_OPEN;
	cr_assert_eq(ask(uuid, &c, &r), 0);
	await(&r);
	expect_result(r, 0, "open");
	cr_expect_str_eq(r.uuid, uuid);
	cr_expect_eq(feed_number(1), 0);
	down();
}

/* ---- defaults ---- */

static int see_defaults(void *user, const struct aerie_rec *rec)
{
	char listen[64];

	text_of(rec, "kismet.datasourcetracker.default.remote_cap_listen", listen, sizeof listen);
	snprintf(user, 256, "%g %u %u %u %u %s %u", aerie_get_f64(rec, slot(rec, "kismet.datasourcetracker.default.hop_rate")),
		 aerie_get_u8(rec, slot(rec, "kismet.datasourcetracker.default.hop")),
		 aerie_get_u8(rec, slot(rec, "kismet.datasourcetracker.default.split")),
		 aerie_get_u8(rec, slot(rec, "kismet.datasourcetracker.default.random_order")),
		 aerie_get_u8(rec, slot(rec, "kismet.datasourcetracker.default.retry_on_error")), listen,
		 aerie_get_u8(rec, slot(rec, "kismet.datasourcetracker.default.remote_cap_timestamp")));
	return 0;
}

/* Capture programs give up when they hear no PING for 15 s, and hosts lose them after as long. */
Test(source_control, limits_are_those_of_the_protocol_unless_told_otherwise)
{
	static const struct {
		const char *option;
		uint64_t seconds;
	} limits[] = { { "source_silence_limit", 15 }, { "source_retry_delay", 5 }, { "source_answer_timeout", 10 } };
	size_t i;

	up_radio(NULL);
	for (i = 0; i < sizeof limits / sizeof limits[0]; i++)
		cr_expect_eq(config_duration_us(core.config, limits[i].option, 0), limits[i].seconds * 1000000, "%s", limits[i].option);
	down();
}

Test(source_control, defaults_are_a_record)
{
	static const char *const settings[] = { "channel_hop_speed=12/min", "randomized_hopping=false", NULL };
	char text[256];

	up_radio(settings);
	cr_assert_eq(sources_service.with_defaults(&core.self->host, see_defaults, text), 0);
	cr_expect_str_eq(text, "0.2 1 1 0 1 127.0.0.1 1");
	down();
}
