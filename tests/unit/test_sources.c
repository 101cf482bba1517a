/* SPDX-License-Identifier: MIT */
/* Sources against a capture program that fails in every way (fake_capture.c): states, messages, counters. */
#include "sourceworld.h"

#include <core/select.h>

#include <sys/resource.h>

/* Opens a definition with the file-like driver, waits for its end, and expects it to have failed so. */
static void expect_failure(const char *definition, const char *reason, uint64_t packets)
{
	char message[2048];
	struct seen s;

	up_fake(NULL);
	add(definition);
	run();
	s = the_source();
	cr_expect_str_eq(s.reason, reason);
	cr_expect_eq(s.error, 1);
	cr_expect_eq(s.running, 0);
	cr_expect_eq(s.pid, -1);
	cr_expect_eq(s.packets, packets, "%lu packets", (unsigned long)s.packets);
	cr_expect_eq(n_packets, packets);
	cr_expect_eq(n_disorder, 0);
	cr_expect_eq(sources_failed(core.sources), 1);
	snprintf(message, sizeof message, "source %.*s (fake): %s", (int)strcspn(definition, ":"), definition, reason);
	cr_expect_eq(count_messages(AERIE_LOG_ERROR, message), 1);
	down();
}

/* ---- good ---- */

TestSuite(sources, .timeout = 60);

Test(sources, a_file_is_read_to_its_end_and_is_then_neither_running_nor_failed)
{
	struct seen s;

	up_fake(NULL);
	add("good:type=fake,name=My file,count=1234");
	run();
	s = the_source();
	cr_expect_eq(n_packets, 1234);
	cr_expect_eq(n_disorder, 0);
	cr_expect_eq(s.packets, 1234);
	cr_expect_eq(s.errors, 0);
	cr_expect_eq(s.running, 0);
	cr_expect_eq(s.error, 0);
	cr_expect_str_eq(s.reason, "");
	cr_expect_str_eq(s.name, "My file");
	cr_expect_str_eq(s.type, "fake");
	cr_expect_str_eq(s.interface, "fake0");
	cr_expect_str_eq(s.hardware, "fake radio");
	cr_expect_str_eq(s.channels, "1,6HT40+,");
	cr_expect_str_eq(s.definition, "good:type=fake,name=My file,count=1234");
	cr_expect_eq(s.dlt, DLT_USER0);
	cr_expect_eq(s.pid, -1);
	cr_expect_eq(sources_failed(core.sources), 0);
	cr_expect_eq(count_messages(AERIE_LOG_INFO, "source My file (fake): opened, fake radio, DLT 147"), 1);
	cr_expect_eq(count_messages(AERIE_LOG_INFO, "source My file (fake): done, 1234 packets"), 1);
	down();
}

static int ok(void *user, const struct aerie_rec *rec)
{
	return 42;
}

Test(sources, a_source_is_found_by_the_uuid_that_its_program_reported)
{
	struct aerie_uuid u;

	up_fake(NULL);
	add("good:type=fake");
	run();
	cr_assert_eq(parse_uuid("12345678-0000-0000-0000-0000DEADBEEF", u.b), 0);
	cr_expect_eq(sources_service.with_source(&core.self->host, &u, ok, NULL), 42);
	u.b[15]++;
	cr_expect_eq(sources_service.with_source(&core.self->host, &u, ok, NULL), -ENOENT);
	down();
}

Test(sources, the_uuid_of_the_definition_wins_over_the_reported_one)
{
	struct aerie_uuid u;

	up_fake(NULL);
	add("good:type=fake,uuid=AAAAAAAA-0000-0000-0000-000000000001");
	run();
	cr_assert_eq(parse_uuid("AAAAAAAA-0000-0000-0000-000000000001", u.b), 0);
	cr_expect_eq(sources_service.with_source(&core.self->host, &u, ok, NULL), 42);
	cr_assert_eq(parse_uuid("12345678-0000-0000-0000-0000DEADBEEF", u.b), 0);
	cr_expect_eq(sources_service.with_source(&core.self->host, &u, ok, NULL), -ENOENT);
	down();
}

Test(sources, no_packet_of_a_file_is_lost_with_a_queue_of_one_packet)
{
	static const char *const settings[] = { "packet_backlog_limit=1", NULL };

	up_fake(settings);
	add("good:type=fake,count=20000");
	run();
	cr_expect_eq(n_packets, 20000);
	cr_expect_eq(n_disorder, 0);
	cr_expect_eq(the_source().packets, 20000);
	down();
}

Test(sources, no_packet_of_a_file_is_lost_with_odd_queues_and_large_packets)
{
	static const char *const settings[] = { "packet_backlog_limit=7", NULL };

	up_fake(settings);
	add("good:type=fake,count=300,size=100000");
	run();
	cr_expect_eq(n_packets, 300);
	cr_expect_eq(n_octets, 300 * 100000);
	cr_expect_eq(n_disorder, 0);
	down();
}

Test(sources, frames_that_arrive_octet_by_octet_are_put_together)
{
	up_fake(NULL);
	add("bytewise:type=fake,count=100");
	run();
	cr_expect_eq(n_packets, 100);
	cr_expect_eq(n_disorder, 0);
	cr_expect_eq(sources_failed(core.sources), 0);
	down();
}

static void open_gate(uv_timer_t *t)
{
	sem_post(&gate);
	uv_close((uv_handle_t *)t, NULL);
}

static uv_timer_t gate_timer;

/* Workers stand still until the queue has long been full. */
static void hold_workers(void)
{
	atomic_store(&gate_used, true);
	uv_timer_init(loop_uv(core.loop), &gate_timer);
	uv_timer_start(&gate_timer, open_gate, 300, 0);
}

Test(sources, a_file_waits_for_workers_that_stand_still)
{
	up_fake(NULL);
	hold_workers();
	add("good:type=fake,count=100000");
	run();
	cr_expect_eq(n_packets, 100000);
	cr_expect_eq(n_disorder, 0);
	cr_expect_eq(the_source().packets, 100000);
	down();
}

static struct seen at_end;
static unsigned n_ends;

static void on_end(void *user, const struct aerie_event *e)
{
	n_ends++;
	see(&at_end, e->rec);
}

Test(sources, one_that_is_said_to_have_ended_has_all_its_packets_counted)
{
	n_ends = 0;
	up(NULL);
	cr_assert_eq(add_driver("fake", "fake_capture", FILE_FLAGS), 0);
	cr_assert_eq(bus_service.subscribe(&core.self->host, "DATASOURCE_CLOSED", on_end, NULL, NULL), 0);
	commit();
	hold_workers();
	add("good:type=fake,count=100");
	run();
	cr_expect_eq(n_ends, 1);
	cr_expect_eq(at_end.running, 0);
	cr_expect_eq(at_end.packets, 100);
	down();
}

static uint64_t clock_us;

static uint64_t read_clock(void *user)
{
	return clock_us;
}

/* The time of the newest sample in the series of a record. */
struct newest {
	bool is_time;
	uint64_t time_s;
};

static int newest_key(void *v, const struct aerie_name *name)
{
	((struct newest *)v)->is_time = strcmp(name->text, "kismet.common.rrd.last_time") == 0;
	return 0;
}

static int newest_u64(void *v, uint64_t value)
{
	struct newest *n = v;

	if (n->is_time && value > n->time_s)
		n->time_s = value;
	return 0;
}

static int find_newest(void *user, const struct aerie_rec *rec)
{
	struct aerie_visitor vt = look_visitor;

	vt.key = newest_key;
	vt.u64 = newest_u64;
	return fields_service.visit(&core.self->host, rec, &vt, user);
}

static uint64_t newest_sample(void)
{
	struct newest n = { 0 };

	cr_assert_eq(sources_service.each_source(&core.self->host, find_newest, &n), 0);
	return n.time_s;
}

static bool is_read_again(void)
{
	return the_source().packets == 6 && !the_source().running;
}

Test(sources, series_go_on_when_the_clock_is_set_back)
{
	const struct aerie_source_control open = { .size = sizeof open, .action = AERIE_SOURCE_OPEN, .shuffle = -1 };
	struct aerie_uuid u;

	up_fake(NULL);
	loop_set_clock(core.loop, read_clock, NULL);
	clock_us = 1900000000000000;
	add("good:type=fake,count=3,uuid=AAAAAAAA-0000-0000-0000-000000000001");
	run();
	cr_expect_eq(newest_sample(), 1900000000);
	clock_us = 1800000000000000;
	parse_uuid("AAAAAAAA-0000-0000-0000-000000000001", u.b);
	cr_assert_eq(sources_service.control(&core.self->host, &u, &open, NULL, NULL), 0);
	run_until(is_read_again);
	cr_expect_eq(newest_sample(), 1800000000);
	down();
}

Test(sources, a_radio_that_outruns_the_workers_drops_and_counts_what_it_drops)
{
	struct aerie_packet_stats stats = { .size = sizeof stats };

	up(NULL);
	cr_assert_eq(add_driver("radio", "fake_capture", AERIE_DRIVER_LOCAL), 0);
	commit();
	hold_workers();
	add("good:type=radio,count=100000,retry=false");
	run();
	cr_assert_eq(packets_service.stats(&core.self->host, &stats), 0);
	cr_expect_gt(stats.dropped, 0);
	cr_expect_eq(n_packets + stats.dropped, 100000, "%u + %lu", n_packets, (unsigned long)stats.dropped);
	cr_expect_str_eq(the_source().reason, "capture program fake_capture (pid N) ended after 100000 packets");
	down();
}

Test(sources, a_ping_of_the_program_is_answered)
{
	up_fake(NULL);
	add("ping:type=fake,count=3");
	run();
	cr_expect_eq(n_packets, 3);
	cr_expect_eq(sources_failed(core.sources), 0);
	down();
}

Test(sources, a_running_program_is_pinged)
{
	up_fake(NULL);
	add("pinged:type=fake,count=3");
	run();
	cr_expect_eq(n_packets, 3);
	cr_expect_eq(sources_failed(core.sources), 0);
	down();
}

static void add_suppressed(void *user, const struct aerie_message *m)
{
	unsigned n;

	if (sscanf(m->text, "source messages (fake): %u messages suppressed", &n) == 1)
		*(unsigned *)user += n;
}

Test(sources, messages_of_a_program_are_passed_on_with_a_limit)
{
	unsigned shown, suppressed = 0;

	up_fake(NULL);
	add("messages:type=fake,count=1");
	run();
	shown = count_messages(AERIE_LOG_INFO, "source messages (fake): hello");
	bus_service.recent(&core.self->host, 0, add_suppressed, &suppressed);
	cr_expect(shown == 20 || shown == 40, "20 a second, and it may span two; %u", shown);
	cr_expect_eq(shown + suppressed, 100);
	down();
}

static atomic_bool reading;

static int touch(void *user, const struct aerie_rec *rec)
{
	struct seen s;

	*(uint64_t *)user += 1;
	return see(&s, rec);
}

static void *read_records(void *user)
{
	struct aerie_uuid u;

	parse_uuid("12345678-0000-0000-0000-0000DEADBEEF", u.b);
	while (atomic_load(&reading)) {
		sources_service.each_source(&core.self->host, touch, user);
		sources_service.with_source(&core.self->host, &u, touch, user);
		sources_service.each_driver(&core.self->host, count_drivers_only, user);
	}
	return NULL;
}

/* What races there are is for the thread sanitizer to see. */
Test(sources, records_are_read_by_other_threads_while_sources_come_and_go)
{
	uint64_t n_read = 0;
	pthread_t thread;

	up_fake(NULL);
	atomic_store(&reading, true);
	add("good:type=fake,count=20000");
	cr_assert_eq(pthread_create(&thread, NULL, read_records, &n_read), 0);
	add("kill:type=fake,count=20000");
	add("good:type=fake,count=0");
	run();
	atomic_store(&reading, false);
	pthread_join(thread, NULL);
	cr_expect_gt(n_read, 0);
	cr_expect_eq(n_packets, 40000);
	down();
}

Test(sources, a_source_outlives_the_registration_of_its_driver)
{
	const struct aerie_driver d = { .size = sizeof d, .flags = FILE_FLAGS, .type = "fake", .help = "A fake.",
					.program = "fake_capture", .options = fake_options };
	struct module *m;

	up(NULL);
	commit();
	m = module_new(&core, "org.example.gone");
	cr_assert_eq(sources_service.register_driver(&m->host, &d), 0);
	cr_assert_eq(epochs_commit(core.epochs, m), 0);
	add("good:type=fake,count=7");
	module_free(m);
	run();
	cr_expect_eq(n_packets, 7);
	cr_expect_str_eq(the_source().type, "fake");
	down();
}

Test(sources, several_sources_run_side_by_side)
{
	up_fake(NULL);
	add("good:type=fake,count=500");
	add("good:type=fake,count=0");
	add("kill:type=fake,count=100");
	run();
	cr_expect_eq(n_packets, 600);
	cr_expect_eq(sources_failed(core.sources), 1);
	down();
}

Test(sources, without_sources_all_is_done_at_once)
{
	up_fake(NULL);
	run();
	cr_expect_eq(sources_failed(core.sources), 0);
	down();
}

/* ---- programs that fail ---- */

#define PROGRAM "capture program fake_capture (pid N) "

Test(sources, a_program_that_exits_on_the_open_request_is_told)
{
	expect_failure("open-exit:type=fake", PROGRAM "exited with status 4, after 0 packets", 0);
}

Test(sources, a_program_that_is_killed_on_the_open_request_is_told)
{
	expect_failure("open-kill:type=fake", PROGRAM "was killed by signal 9 (Killed), after 0 packets", 0);
}

Test(sources, a_refused_open_request_tells_the_programs_reason)
{
	expect_failure("open-refused:type=fake", "cannot be opened: the antenna is not plugged in", 0);
}

Test(sources, an_answer_to_another_request_is_told)
{
	expect_failure("open-wrong-number:type=fake", PROGRAM "answered request 6, but the open request was 1", 0);
}

Test(sources, a_malformed_open_report_is_told)
{
	expect_failure("open-malformed:type=fake", PROGRAM "sent an open report that is malformed", 0);
}

Test(sources, a_packet_before_the_open_report_is_told)
{
	expect_failure("early-packet:type=fake", PROGRAM "sent a packet before the source was open, after 0 packets", 0);
}

Test(sources, garbage_instead_of_the_open_report_is_told)
{
	expect_failure("open-garbage:type=fake",
		       PROGRAM "sent octets that are no frame of the capture protocol, after 0 packets", 0);
}

Test(sources, a_program_of_another_protocol_version_is_told)
{
	expect_failure("version-2:type=fake", PROGRAM "speaks another version of the capture protocol than 3; install one that "
		       "fits this host, after 0 packets", 0);
}

Test(sources, a_program_that_is_killed_half_way_is_told_and_what_it_sent_counts)
{
	expect_failure("kill:type=fake,count=777", PROGRAM "was killed by signal 9 (Killed), after 777 packets", 777);
}

Test(sources, a_program_that_exits_with_a_status_half_way_is_told)
{
	expect_failure("exit:type=fake,count=5", PROGRAM "exited with status 5, after 5 packets", 5);
}

Test(sources, garbage_half_way_is_told)
{
	expect_failure("garbage:type=fake,count=50",
		       PROGRAM "sent octets that are no frame of the capture protocol, after 50 packets", 50);
}

Test(sources, a_frame_one_octet_too_long_is_told)
{
	expect_failure("huge:type=fake,count=2", PROGRAM "sent a frame longer than 131072 octets, the limit, after 2 packets", 2);
}

Test(sources, an_end_in_the_middle_of_a_frame_is_told)
{
	/* 20 of header; 3 + 6 + 10 + 6 + 6 + 6 of maps, keys and numbers; 100 of content */
	expect_failure("half:type=fake,count=2",
		       PROGRAM "exited with status 0, in the middle of a frame (50 of 157 octets), after 2 packets", 2);
}

Test(sources, a_kill_in_the_middle_of_a_frame_is_told)
{
	expect_failure("half-kill:type=fake,count=2", PROGRAM "was killed by signal 9 (Killed), in the middle of a frame "
		       "(50 of 157 octets), after 2 packets", 2);
}

Test(sources, an_error_report_ends_the_source_with_its_text)
{
	expect_failure("error:type=fake,count=9", PROGRAM "failed: the antenna fell off", 9);
}

Test(sources, a_shutdown_ends_the_source_with_its_text)
{
	expect_failure("shutdown:type=fake,count=9", PROGRAM "shut down: out of coffee", 9);
}

Test(sources, a_malformed_message_ends_the_source)
{
	expect_failure("bad-message:type=fake,count=9", PROGRAM "sent a message that is malformed", 9);
}

Test(sources, a_program_that_closes_its_output_and_stays_is_told_and_killed)
{
	expect_failure("hang:type=fake,count=4", PROGRAM "closed its output but did not exit within 10 s, after 4 packets", 4);
}

Test(sources, an_open_request_without_answer_ends_in_time)
{
	static const char *const settings[] = { "source_answer_timeout=200ms", "source_retry_delay=10ms", NULL };

	up_fake(settings);
	add("open-silent:type=fake");
	run();
	cr_expect_str_eq(the_source().reason, PROGRAM "did not answer the open request in time");
	cr_expect_eq(the_source().retries, 3, "a slow machine is no reason to give up a file at once");
	cr_expect_eq(sources_failed(core.sources), 1);
	down();
}

Test(sources, a_missing_program_is_told_with_the_directories)
{
	static const char *const settings[] = { "helper_binary_path=/nonexistent/a", NULL };
	struct seen s;

	up(settings);
	cr_assert_eq(add_driver("fake", "aerie-cap-nothing", FILE_FLAGS), 0);
	commit();
	add("good:type=fake");
	run();
	s = the_source();
	cr_expect_str_eq(s.reason, "capture program aerie-cap-nothing was not found in DIR, /nonexistent/a; install it, or set "
			 "helper_binary_path");
	cr_expect_eq(s.error, 1);
	cr_expect_eq(sources_failed(core.sources), 1);
	down();
}

Test(sources, a_radio_whose_program_is_missing_is_not_tried_again)
{
	up(NULL);
	cr_assert_eq(add_driver("radio", "aerie-cap-nothing", AERIE_DRIVER_LOCAL), 0);
	commit();
	add("good:type=radio");
	run();
	cr_expect_eq(the_source().error, 1);
	cr_expect_eq(the_source().retry, 0);
	down();
}

Test(sources, a_program_that_cannot_be_executed_is_told)
{
	char path[PATH_MAX + 32], setting[PATH_MAX + 64], reason[PATH_MAX + 128];
	char tmp[] = "/tmp/aerie-test-XXXXXX";
	const char *settings[] = { setting, NULL };
	FILE *f;

	cr_assert_not_null(mkdtemp(tmp));
	snprintf(path, sizeof path, "%s/broken", tmp);
	f = fopen(path, "w");
	fputs("#!/nonexistent/interpreter\n", f);
	fclose(f);
	cr_assert_eq(chmod(path, 0755), 0);
	snprintf(setting, sizeof setting, "helper_binary_path=%s", tmp);
	up(settings);
	cr_assert_eq(add_driver("fake", "broken", FILE_FLAGS), 0);
	commit();
	add("good:type=fake");
	run();
	snprintf(reason, sizeof reason, "%s cannot be started: No such file or directory", path);
	cr_expect_str_eq(the_source().reason, reason);
	unlink(path);
	rmdir(tmp);
	down();
}

/* ---- radios ---- */

static uv_timer_t watch;

static void stop_when_retried(uv_timer_t *t)
{
	if (the_source().retries >= 3)
		loop_stop(core.loop);
}

Test(sources, a_radio_is_opened_again_after_a_failure)
{
	static const char *const settings[] = { "source_retry_delay=10ms", NULL };
	struct seen s;

	up(settings);
	cr_assert_eq(add_driver("radio", "fake_capture", AERIE_DRIVER_LOCAL), 0);
	commit();
	add("exit:type=radio,count=0");
	uv_timer_init(loop_uv(core.loop), &watch);
	uv_timer_start(&watch, stop_when_retried, 5, 5);
	loop_run(core.loop);
	s = the_source();
	cr_expect_geq(s.retries, 3);
	cr_expect_geq(count_messages(AERIE_LOG_ERROR, "source exit (radio): " PROGRAM "exited with status 5, after 0 packets "
				     "(it is opened again)"), 3);
	cr_expect_eq(sources_failed(core.sources), 0);
	down();
}

Test(sources, a_radio_with_retry_false_is_not_opened_again)
{
	up(NULL);
	cr_assert_eq(add_driver("radio", "fake_capture", AERIE_DRIVER_LOCAL), 0);
	commit();
	add("exit:type=radio,count=0,retry=false");
	run();
	cr_expect_eq(the_source().retries, 0);
	cr_expect_eq(sources_failed(core.sources), 1);
	down();
}

static void stop_when_ready(uv_timer_t *t)
{
	struct hunt h = { "source live (fake): ready", AERIE_LOG_INFO, 0 };

	bus_service.recent(&core.self->host, 0, hunt, &h);
	h.text = "source stubborn (fake): ready";
	bus_service.recent(&core.self->host, 0, hunt, &h);
	if (h.n)
		loop_stop(core.loop);
}

static void run_until_ready(const char *definition)
{
	up_fake(NULL);
	add(definition);
	uv_timer_init(loop_uv(core.loop), &watch);
	uv_timer_start(&watch, stop_when_ready, 5, 5);
	loop_run(core.loop);
}

Test(sources, stopping_ends_a_running_program)
{
	int64_t pid;

	run_until_ready("live:type=fake");
	pid = the_source().pid;
	cr_expect_eq(the_source().running, 1);
	cr_assert_gt(pid, 0);
	cr_expect_eq(kill((pid_t)pid, 0), 0);
	sources_stop(core.sources);
	cr_expect_eq(kill((pid_t)pid, 0), -1);
	cr_expect_eq(errno, ESRCH);
	cr_expect_eq(the_source().running, 0);
	down();
}

/* down() expects that nothing is left. */
Test(sources, stopping_ends_programs_that_are_being_probed)
{
	up(NULL);
	cr_assert_eq(add_driver("first", "fake_capture", FILE_FLAGS | AERIE_DRIVER_PROBE), 0);
	cr_assert_eq(add_driver("second", "fake_capture", FILE_FLAGS | AERIE_DRIVER_PROBE), 0);
	commit();
	add("probe-silent");
	add("good:type=first,count=100000");
	uv_run(loop_uv(core.loop), UV_RUN_NOWAIT);
	uv_run(loop_uv(core.loop), UV_RUN_NOWAIT);
	sources_stop(core.sources);
	cr_expect_eq(waitpid(-1, NULL, WNOHANG), -1);
	cr_expect_eq(errno, ECHILD);
	down();
}

Test(sources, a_program_that_ignores_sigterm_is_killed)
{
	int64_t pid;

	run_until_ready("stubborn:type=fake");
	pid = the_source().pid;
	sources_stop(core.sources);
	cr_expect_eq(kill((pid_t)pid, 0), -1);
	down();
}

/* ---- probing ---- */

static void up_probe(const char *const *settings)
{
	up(settings);
	cr_assert_eq(add_driver("first", "fake_capture", FILE_FLAGS | AERIE_DRIVER_PROBE), 0);
	cr_assert_eq(add_driver("second", "fake_capture", FILE_FLAGS | AERIE_DRIVER_PROBE), 0);
	cr_assert_eq(add_driver("third", "fake_capture", FILE_FLAGS), 0);
	commit();
}

static void expect_probe_failure(const char *definition, const char *reason)
{
	bool silent = strcmp(definition, "probe-silent") == 0;
	const char *const settings[] = { silent ? "source_answer_timeout=200ms" : "source_answer_timeout=1m", "source_retry_delay=10ms", NULL };
	char message[2048];
	struct seen s;

	up_probe(settings);
	add(definition);
	run();
	s = the_source();
	cr_expect_str_eq(s.reason, reason);
	cr_expect_eq(s.error, 1);
	cr_expect_eq(sources_failed(core.sources), 1);
	cr_expect_eq(s.retries, silent ? 3 : 0, "tried %u times again", s.retries);
	snprintf(message, sizeof message, "source %s: %s", definition, reason);
	cr_expect_eq(count_messages(AERIE_LOG_ERROR, message), 1);
	sources_tell_failed(core.sources);
	snprintf(message, sizeof message, "source %s: failed: %s", definition, reason);
	cr_expect_eq(count_messages(AERIE_LOG_FATAL, message), 1);
	cr_expect_eq(the_source().retry, 0, "it stays so");
	down();
}

Test(sources, the_first_driver_that_says_yes_gets_the_definition)
{
	up_probe(NULL);
	add("good:count=17");
	run();
	cr_expect_str_eq(the_source().type, "first");
	cr_expect_eq(n_packets, 17);
	cr_expect_eq(sources_failed(core.sources), 0);
	down();
}

Test(sources, a_later_driver_gets_it_when_the_program_of_the_first_is_missing)
{
	up(NULL);
	cr_assert_eq(add_driver("first", "aerie-cap-nothing", FILE_FLAGS | AERIE_DRIVER_PROBE), 0);
	cr_assert_eq(add_driver("second", "fake_capture", FILE_FLAGS | AERIE_DRIVER_PROBE), 0);
	commit();
	add("good:count=3");
	run();
	cr_expect_str_eq(the_source().type, "second");
	cr_expect_eq(n_packets, 3);
	down();
}

#define BOTH(text) "first: " text "; second: " text

Test(sources, a_definition_that_nobody_takes_lists_who_was_asked)
{
	expect_probe_failure("not-mine", "no driver opens it; check the interface, or name a driver with type=. Tried "
			     BOTH("not a thing of mine"));
}

Test(sources, a_program_that_dies_while_probed_is_told)
{
	expect_probe_failure("probe-exit", "no driver opens it; check the interface, or name a driver with type=. Tried "
			     BOTH(PROGRAM "exited with status 3, after 0 packets"));
}

Test(sources, garbage_while_probed_is_told)
{
	expect_probe_failure("probe-garbage", "no driver opens it; check the interface, or name a driver with type=. Tried "
			     BOTH(PROGRAM "sent octets that are no frame of the capture protocol, after 0 packets"));
}

Test(sources, a_malformed_probe_report_is_told)
{
	expect_probe_failure("probe-malformed", "no driver opens it; check the interface, or name a driver with type=. Tried "
			     BOTH("its program sent a report that is malformed"));
}

Test(sources, a_probe_without_answer_ends_in_time)
{
	expect_probe_failure("probe-silent", "it is not known which driver opens it. Tried "
			     BOTH(PROGRAM "did not answer in time"));
}

static bool both_were_retried(void)
{
	return source_at(0).retries && source_at(1).retries;
}

Test(sources, files_are_opened_when_there_are_file_descriptors_again)
{
	static const char *const settings[] = { "source_retry_delay=100ms", NULL };
	struct rlimit all, none;
	int fd;

	up_probe(settings);
	add("good:type=third,count=3");
	add("good:count=4");
	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &all), 0);
	none = all;
	fd = dup(STDIN_FILENO);
	close(fd);
	none.rlim_cur = (rlim_t)fd; /* the lowest that is free */
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	run_until(both_were_retried);
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &all), 0);
	run();
	cr_expect_eq(sources_failed(core.sources), 0);
	cr_expect_eq(source_at(0).packets, 3);
	cr_expect_eq(source_at(1).packets, 4);
	cr_expect_geq(told("fake_capture cannot be started: Too many open files (it is opened again)"), 1);
	down();
}

Test(sources, a_missing_file_is_told_as_such)
{
	up(NULL);
	cr_assert_eq(add_driver("first", "aerie-cap-nothing", FILE_FLAGS | AERIE_DRIVER_PROBE), 0);
	commit();
	add("/nonexistent/a.pcap");
	run();
	cr_expect_str_eq(the_source().reason, "/nonexistent/a.pcap does not exist; check the path. Tried first: capture program "
			 "aerie-cap-nothing was not found in DIR; install it, or set helper_binary_path");
	down();
}

Test(sources, without_a_driver_that_can_probe_the_remedy_is_told)
{
	up_fake(NULL);
	add("good");
	run();
	cr_expect_str_eq(the_source().reason, "no loaded driver can tell what it is; load a datasource module, or name one with type=");
	down();
}

/* ---- definitions and drivers that are refused at once ---- */

static void expect_refused(const char *definition, const char *text)
{
	const char *error = "";

	cr_expect_eq(sources_add(core.sources, definition, &error), -EINVAL, "%s", definition);
	cr_expect_str_eq(error, text);
}

Test(sources, wrong_definitions_are_refused_at_once)
{
	up_probe(NULL);
	expect_refused("good:type=fke", "no driver is of type 'fke'; there are: first, second, third");
	expect_refused("good:type=first,cuont=3", "option 'cuont' is not known; the nearest is 'count'");
	expect_refused("good:cuont=3", "option 'cuont' is not known; the nearest is 'count'");
	expect_refused("good:type=first,count=x", "option 'count' is 'x'; it must be a number such as 10 or 0x1f");
	expect_refused("good:size=3", "option 'size' is '3'; it must be a value in 4..150000");
	expect_refused("good:retry=perhaps", "option 'retry' is 'perhaps'; it must be true or false");
	expect_refused("good:uuid=1234", "option 'uuid' is '1234', which is not a UUID");
	expect_refused("", "the definition has no interface; write interface:option=value,...");
	run();
	cr_expect_eq(sources_failed(core.sources), 0);
	down();
}

Test(sources, wrong_drivers_are_refused_with_a_text)
{
	up(NULL);
	cr_assert_eq(add_driver("fake", "fake_capture", 0), 0);
	cr_expect_eq(add_driver("fake", "other", 0), -EEXIST);
	cr_expect_str_eq(core.self->fail_text, "driver \"fake\": core has a driver of this type; use another");
	cr_expect_eq(add_driver("Fake One", "other", 0), -EINVAL);
	cr_expect_str_eq(core.self->fail_text, "a driver's type must be 1 to 32 of a-z, 0-9, '_', '-'");
	cr_expect_eq(add_driver("two", "../bin/sh", 0), -EINVAL);
	cr_expect_str_eq(core.self->fail_text, "driver \"two\" must name its program without a directory");
	cr_expect_eq(add_driver("three", NULL, AERIE_DRIVER_PROBE), -EINVAL);
	cr_expect_str_eq(core.self->fail_text, "driver \"three\" can probe but has no program to do it");
	commit();
	down();
}

static int count_drivers(void *user, const struct aerie_rec *rec)
{
	char type[64];

	text_of(rec, "kismet.datasource.driver.type", type, sizeof type);
	strcat(strcat(user, type), aerie_get_u8(rec, slot(rec, "kismet.datasource.driver.probe_capable")) ? "+" : "-");
	return 0;
}

Test(sources, drivers_are_listed_with_what_they_can)
{
	char types[256] = "";

	up_probe(NULL);
	cr_assert_eq(sources_service.each_driver(&core.self->host, count_drivers, types), 0);
	cr_expect_str_eq(types, "first+second+third-");
	down();
}
