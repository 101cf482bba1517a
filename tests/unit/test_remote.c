/* SPDX-License-Identifier: MIT */
/* Capture programs that connect: by TCP (fake_capture.c), and by WebSocket, of which the HTTP side is played here. */
#include "sourceworld.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <spawn.h>

#include <aerie/websocket.h>
#include <core/announce.h>
#include <core/remote.h>
#include <core/source.h>
#include <core/wsroutes.h>

TestSuite(remote, .timeout = 60);

extern char **environ;

#define REMOTE_FLAGS (AERIE_DRIVER_REMOTE | AERIE_DRIVER_LOSSLESS)

static void up_remote(const char *const *more)
{
	const char *settings[16] = { "remote_capture_port=0" };
	unsigned n = 1;

	for (; more && *more; more++)
		settings[n++] = *more;
	up(settings);
	core.router = router_new(&core);
	cr_assert_not_null(core.router);
	cr_assert_eq(add_driver("fake", "fake_capture", REMOTE_FLAGS), 0);
	cr_assert_eq(add_driver("file", "fake_capture", REMOTE_FLAGS | AERIE_DRIVER_FINITE), 0);
	cr_assert_eq(add_driver("local", "fake_capture", AERIE_DRIVER_LOCAL), 0);
	commit();
	sources_listen(core.sources);
	cr_assert_neq(remote_port(core.sources->remote), 0);
}

static pid_t start(const char *source, const char *type, const char *uuid)
{
	char program[PATH_MAX + 16], args[3][512], uuid_arg[64];
	char *argv[] = { program, args[0], args[1], args[2], uuid ? uuid_arg : NULL, NULL };
	pid_t pid;

	snprintf(program, sizeof program, "%s/fake_capture", dir);
	snprintf(args[0], sizeof args[0], "--connect=%u", remote_port(core.sources->remote));
	snprintf(args[1], sizeof args[1], "--source=%s", source);
	snprintf(args[2], sizeof args[2], "--type=%s", type);
	snprintf(uuid_arg, sizeof uuid_arg, "--uuid=%s", uuid ? uuid : "");
	cr_assert_eq(posix_spawn(&pid, program, NULL, NULL, argv, environ), 0);
	return pid;
}

static void reap(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* One that ends by itself: killed while it checks itself for leaks, it would complain. */
static void leave(pid_t pid)
{
	int status;

	cr_expect_eq(waitpid(pid, &status, 0), pid);
}

static const char *awaited_text;
static unsigned awaited_n;

static bool text_told(void)
{
	return told(awaited_text) >= awaited_n;
}

static void await_text(const char *text, unsigned n)
{
	awaited_text = text;
	awaited_n = n;
	run_until(text_told);
}

static bool is_settled(void)
{
	return source_is_idle(core.sources->first);
}

/* What ended has been told; now its packets are processed, too. */
static void await_end(const char *text)
{
	await_text(text, 1);
	run_until(is_settled);
}

static unsigned count_sources(void)
{
	uint64_t n = 0;

	sources_service.each_source(&core.self->host, count_drivers_only, &n);
	return (unsigned)n;
}

#define UUID_A "AAAAAAAA-0000-0000-0000-00000000000A"
#define UUID_B "AAAAAAAA-0000-0000-0000-00000000000B"

/* ---- good ---- */

static bool all_77(void)
{
	return the_source().packets == 77;
}

Test(remote, a_program_that_connects_is_a_source_and_its_packets_are_taken)
{
	struct seen s;
	pid_t pid;

	up_remote(NULL);
	pid = start("live:count=77,name=far", "fake", UUID_A);
	run_until(all_77);
	s = the_source();
	cr_expect_eq(n_packets, 77);
	cr_expect_eq(n_disorder, 0);
	cr_expect_eq(s.running, 1);
	cr_expect_eq(s.remote, 1);
	cr_expect_eq(s.retry, 0);
	cr_expect_eq(s.pid, -1);
	cr_expect_str_eq(s.remote_ip, "127.0.0.1");
	cr_expect_str_eq(s.type, "fake");
	cr_expect_str_eq(s.name, "far");
	cr_expect_str_eq(s.definition, "live:count=77,name=far");
	cr_expect_str_eq(s.hardware, "fake radio");
	reap(pid);
	down();
}

Test(remote, a_file_that_comes_to_its_end_is_done)
{
	pid_t pid;

	up_remote(NULL);
	pid = start("good:count=20000", "file", UUID_A);
	await_text("done, 20000 packets", 1);
	cr_expect_eq(n_packets, 20000);
	cr_expect_eq(the_source().error, 0);
	cr_expect_eq(sources_failed(core.sources), 0);
	leave(pid);
	down();
}

Test(remote, a_radio_that_goes_has_failed)
{
	pid_t pid;

	up_remote(NULL);
	pid = start("good:count=5", "fake", UUID_A);
	await_end("ended after 5 packets");
	cr_expect_eq(the_source().error, 1);
	cr_expect_eq(the_source().packets, 5);
	leave(pid);
	down();
}

static bool twice_over(void)
{
	return the_source().packets == 1000;
}

Test(remote, a_link_that_is_cut_in_a_frame_is_told_and_resumed_with_its_record)
{
	pid_t pid;

	up_remote(NULL);
	pid = start("half:count=500", "fake", UUID_A);
	await_end("closed the connection, in the middle of a frame (50 of 157 octets), after 500 packets");
	cr_expect_eq(the_source().error, 1);
	leave(pid);
	pid = start("live:count=500", "fake", UUID_A);
	run_until(twice_over);
	cr_expect_eq(count_sources(), 1);
	cr_expect_eq(the_source().running, 1);
	cr_expect_eq(the_source().error, 0);
	cr_expect_str_eq(the_source().definition, "live:count=500");
	reap(pid);
	down();
}

static bool has_300(void)
{
	return the_source().packets == 300;
}

static bool has_700(void)
{
	return the_source().packets == 700;
}

Test(remote, a_newcomer_with_the_same_uuid_takes_the_place_of_the_first)
{
	pid_t first, second;
	int status;

	up_remote(NULL);
	first = start("live:count=300", "fake", UUID_A);
	run_until(has_300);
	second = start("live:count=400", "fake", UUID_A);
	run_until(has_700);
	cr_expect_eq(count_sources(), 1);
	cr_expect_eq(the_source().running, 1);
	cr_expect_eq(told("is replaced by a new connection from 127.0.0.1:"), 1);
	cr_expect_eq(waitpid(first, &status, 0), first);
	cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the first saw the end of its connection");
	reap(second);
	down();
}

static bool remote_hops(void)
{
	return the_source().running && the_source().hopping;
}

static bool is_on_6(void)
{
	return the_source().running && !the_source().hopping && strcmp(the_source().channel, "6") == 0;
}

static void on_tuned(void *user, int err, const char *text, const struct aerie_uuid *uuid)
{
	*(int *)user = err;
}

static bool is_gone(void)
{
	return !the_source().running;
}

/* The fake hops over 1 and 6HT40+ unless told; the user's channel holds for the same definition, not for another. */
Test(remote, what_a_user_tuned_it_to_holds_over_a_cut_link)
{
	const struct aerie_source_control c = { .size = sizeof c, .action = AERIE_SOURCE_SET_CHANNEL, .channel = "6", .shuffle = -1 };
	struct aerie_uuid uuid;
	int err = 1;
	pid_t pid;

	up_remote(NULL);
	cr_assert_eq(add_driver("radio", "fake_capture", AERIE_DRIVER_REMOTE | AERIE_DRIVER_TUNE | AERIE_DRIVER_HOP), 0);
	commit();
	pid = start("config", "radio", UUID_A);
	run_until(remote_hops);
	cr_assert_eq(parse_uuid(UUID_A, uuid.b), 0);
	cr_assert_eq(sources_service.control(&core.self->host, &uuid, &c, on_tuned, &err), 0);
	run_until(is_on_6);
	cr_expect_eq(err, 0);
	cr_expect_eq(told("asked for channel 6"), 1);
	reap(pid);
	run_until(is_gone);
	pid = start("config", "radio", UUID_A);
	run_until(is_on_6);
	cr_expect_eq(told("asked for channel 6"), 2);
	cr_expect_eq(told("asked to hop"), 1);
	reap(pid);
	run_until(is_gone);
	pid = start("config:channels=\"1,11\"", "radio", UUID_A);
	run_until(remote_hops);
	cr_expect_eq(told("over 1 11"), 1);
	reap(pid);
	down();
}

static bool two_sources(void)
{
	return source_at(0).packets == 10 && source_at(1).packets == 10;
}

Test(remote, others_are_sources_of_their_own)
{
	pid_t a, b;

	up_remote(NULL);
	a = start("live:count=10", "fake", UUID_A);
	b = start("live:count=10", "fake", UUID_B);
	run_until(two_sources);
	reap(a);
	reap(b);
	down();
}

/* What programs send that have no number of their own. */
Test(remote, the_nil_uuid_is_none)
{
	static const char nil[] = "00000000-0000-0000-0000-000000000000";
	pid_t a, b;

	up_remote(NULL);
	a = start("live:count=10,name=a", "fake", nil);
	b = start("live:count=10,name=b", "fake", nil);
	run_until(two_sources);
	reap(a);
	reap(b);
	down();
}

static bool failed_once(void)
{
	return count_sources() == 1 && the_source().error;
}

static bool has_six(void)
{
	return the_source().packets == 6;
}

Test(remote, without_a_uuid_the_same_definition_from_the_same_address_is_the_same_source)
{
	pid_t pid;

	up_remote(NULL);
	pid = start("good:count=3", "fake", NULL);
	run_until(failed_once);
	leave(pid);
	pid = start("good:count=3", "fake", NULL);
	run_until(has_six);
	cr_expect_eq(count_sources(), 1);
	leave(pid);
	down();
}

static bool all_200_run(void)
{
	unsigned n = 0, i;

	if (count_sources() < 200)
		return false;
	for (i = 0; i < 200; i++)
		n += source_at(i).packets == 50 && source_at(i).running;
	return n == 200;
}

Test(remote, two_hundred_at_once)
{
	static const char *const settings[] = { "remote_capture_connections_per_address=200", NULL };
	char uuid[40];
	pid_t pids[200];
	unsigned i;

	up_remote(settings);
	for (i = 0; i < 200; i++) {
		snprintf(uuid, sizeof uuid, "AAAAAAAA-0000-0000-0000-%012X", i);
		pids[i] = start("live:count=50", "fake", uuid);
	}
	run_until(all_200_run);
	cr_expect_eq(n_packets, 10000);
	cr_expect_eq(the_source().errors, 0);
	for (i = 0; i < 200; i++)
		reap(pids[i]);
	down();
}

static int see_port(void *user, const struct aerie_rec *rec)
{
	return (int)aerie_get_u32(rec, slot(rec, "kismet.datasourcetracker.default.remote_cap_port"));
}

Test(remote, the_port_is_told_and_in_the_defaults)
{
	char text[128];

	up_remote(NULL);
	snprintf(text, sizeof text, "remote captures may connect to 127.0.0.1 port %u", remote_port(core.sources->remote));
	cr_expect_eq(told(text), 1);
	cr_expect_eq(sources_service.with_defaults(&core.self->host, see_port, NULL), (int)remote_port(core.sources->remote));
	down();
}

Test(remote, a_port_that_is_taken_is_told_and_the_host_goes_on)
{
	char setting[64], text[64];
	const char *settings[] = { setting, NULL };
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof a;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	cr_assert_eq(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
	cr_assert_eq(listen(fd, 1), 0);
	cr_assert_eq(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	snprintf(setting, sizeof setting, "remote_capture_port=%u", ntohs(a.sin_port));
	up(settings);
	sources_listen(core.sources);
	snprintf(text, sizeof text, "cannot connect to 127.0.0.1 port %u: Address already in use", ntohs(a.sin_port));
	cr_expect_eq(told(text), 1);
	cr_expect_eq(remote_port(core.sources->remote), 0);
	close(fd);
	down();
}

Test(remote, nobody_connects_by_tcp_when_it_is_disabled)
{
	static const char *const settings[] = { "remote_capture_enabled=false", NULL };

	up(settings);
	sources_listen(core.sources);
	cr_expect_eq(remote_port(core.sources->remote), 0);
	down();
}

static uint64_t first_ts;

static void note_time(void *user, const struct aerie_packet *const *p, uint32_t n)
{
	__atomic_store_n(&first_ts, p[0]->ts_us, __ATOMIC_SEQ_CST);
}

static uint64_t time_of_packets(const char *definition, const char *setting)
{
	const char *settings[] = { "remote_capture_port=0", setting, NULL };
	pid_t pid;

	up(settings);
	cr_assert_eq(add_driver("fake", "fake_capture", REMOTE_FLAGS), 0);
	cr_assert_eq(packets_service.register_observer(&core.self->host, note_time, NULL, NULL), 0);
	commit();
	sources_listen(core.sources);
	pid = start(definition, "fake", UUID_A);
	run_until(all_77);
	reap(pid);
	down();
	return __atomic_load_n(&first_ts, __ATOMIC_SEQ_CST);
}

/* The fake's packets are of 1700000000, November 2023. */
Test(remote, packets_have_the_time_of_the_host_unless_told_otherwise)
{
	uint64_t now = (uint64_t)time(NULL) * 1000000;

	cr_expect_geq(time_of_packets("live:count=77", NULL), now);
	cr_expect_eq(time_of_packets("live:count=77,timestamp=false", NULL) / 1000000, 1700000000);
	cr_expect_eq(time_of_packets("live:count=77", "override_remote_timestamp=false") / 1000000, 1700000000);
	cr_expect_geq(time_of_packets("live:count=77,timestamp=true", "override_remote_timestamp=false"), now);
}

/* ---- refused ---- */

static void expect_refused(const char *source, const char *type, const char *uuid, const char *text)
{
	pid_t pid = start(source, type, uuid);
	int status;

	await_text(text, 1);
	cr_expect_eq(waitpid(pid, &status, 0), pid, "its connection was closed");
}

Test(remote, wrong_newcomers_are_told_and_closed)
{
	up_remote(NULL);
	expect_refused("x", "nothing", UUID_A, "is refused: no loaded driver is of type 'nothing'; load its datasource module");
	expect_refused("x", "local", UUID_A, "is refused: sources of type 'local' cannot be remote");
	expect_refused("x:retry=perhaps", "fake", UUID_A, "is refused: option 'retry' is 'perhaps'; it must be true or false");
	expect_refused("x:uuid=1", "fake", UUID_A, "is refused: option 'uuid' is '1', which is not a UUID");
	expect_refused("x:name=y,verbose", "fake", UUID_A, "is refused: 'verbose' stands without '='; write name=value, and a value with ','");
	expect_refused(":", "fake", UUID_A, "is refused: the definition has no interface");
	expect_refused("bad-newsource", "fake", UUID_A, "is refused: it did not say its definition and type");
	expect_refused("half-newsource", "fake", UUID_A, "closed the connection, in the middle of a frame");
	expect_refused("http", "fake", UUID_A, "sent octets that are no frame of the capture protocol");
	expect_refused("version-2-ping", "fake", UUID_A, "speaks another version of the capture protocol than 3");
	cr_expect_eq(count_sources(), 0);
	down();
}

Test(remote, a_connection_that_says_nothing_is_closed_after_5_s)
{
	uint64_t begun = uv_hrtime();

	up_remote(NULL);
	expect_refused("mute", "fake", UUID_A, "is refused: it named no source within 5 s");
	cr_expect_geq(uv_hrtime() - begun, 4900000000u);
	down();
}

Test(remote, a_uuid_of_another_type_or_of_a_local_source_is_refused)
{
	pid_t pid;

	up_remote(NULL);
	pid = start("live:count=77", "fake", UUID_A);
	run_until(all_77);
	expect_refused("live", "file", UUID_A, "is refused: its UUID belongs to source live of type fake; give it another with uuid=");
	cr_expect_eq(the_source().running, 1);
	reap(pid);
	add("live:type=fake,name=here,uuid=" UUID_B);
	await_text("source here (fake): ready", 1);
	expect_refused("live", "fake", UUID_B, "is refused: its UUID belongs to source here of this host, which is open");
	cr_expect_eq(source_at(1).running, 1);
	down();
}

Test(remote, programs_that_connect_leave_places_for_sources_of_this_host)
{
	const char *error = NULL;

	up_remote(NULL);
	core.sources->n_sources = SOURCES_MAX - SOURCES_RESERVED; /* as if so many had been */
	expect_refused("live", "fake", UUID_A, "is refused: there are too many sources already; restart the host");
	cr_expect_eq(sources_add(core.sources, "here:type=fake", &error), 0, "%s", error);
	down();
}

Test(remote, the_uuid_of_the_definition_wins)
{
	pid_t pid;
	struct aerie_uuid u;

	up_remote(NULL);
	pid = start("live:count=77,uuid=" UUID_B, "fake", UUID_A);
	run_until(all_77);
	parse_uuid(UUID_B, u.b);
	cr_expect_not_null(sources_find(core.sources, &u));
	parse_uuid(UUID_A, u.b);
	cr_expect_null(sources_find(core.sources, &u));
	reap(pid);
	down();
}

static atomic_uint n_done;

static void on_done(void *user, int err, const char *text, const struct aerie_uuid *uuid)
{
	cr_expect_eq(err, 0, "%s", text);
	atomic_fetch_add(&n_done, 1);
}

static bool done_once(void)
{
	return atomic_exchange(&n_done, 0) > 0;
}

static void control(uint32_t action)
{
	const struct aerie_source_control c = { .size = sizeof c, .action = action, .shuffle = -1 };
	struct aerie_uuid u;

	parse_uuid(UUID_A, u.b);
	cr_assert_eq(sources_service.control(&core.self->host, &u, &c, on_done, NULL), 0);
	run_until(done_once);
}

static bool has_154(void)
{
	return the_source().packets == 154;
}

Test(remote, what_a_user_closed_stays_closed_until_a_user_opens_it)
{
	pid_t pid;

	up_remote(NULL);
	pid = start("live:count=77", "fake", UUID_A);
	run_until(all_77);
	control(AERIE_SOURCE_CLOSE);
	reap(pid);
	expect_refused("live", "fake", UUID_A, "is refused: source live was closed by a user; open it first");
	control(AERIE_SOURCE_OPEN);
	pid = start("live:count=77", "fake", UUID_A);
	run_until(has_154);
	reap(pid);
	down();
}

Test(remote, what_was_opened_and_closed_again_before_it_came_back_stays_closed)
{
	pid_t pid;

	up_remote(NULL);
	pid = start("live:count=77", "fake", UUID_A);
	run_until(all_77);
	control(AERIE_SOURCE_CLOSE);
	reap(pid);
	control(AERIE_SOURCE_OPEN);
	cr_expect_str_eq(the_source().reason, "waits for its capture program to connect");
	control(AERIE_SOURCE_CLOSE);
	cr_expect_str_eq(the_source().reason, "closed by a user");
	expect_refused("live", "fake", UUID_A, "is refused: source live was closed by a user; open it first");
	cr_expect_eq(the_source().packets, 77);
	down();
}

static bool done_twice(void)
{
	return atomic_load(&n_done) == 2;
}

Test(remote, a_source_that_is_opened_while_it_closes_has_answered_both)
{
	const struct aerie_source_control close = { .size = sizeof close, .action = AERIE_SOURCE_CLOSE, .shuffle = -1 };
	const struct aerie_source_control open = { .size = sizeof open, .action = AERIE_SOURCE_OPEN, .shuffle = -1 };
	struct aerie_uuid u;
	pid_t pid;

	up_remote(NULL);
	atomic_store(&gate_used, true); /* its packets are not processed, so it cannot be closed yet */
	pid = start("live:count=77", "fake", UUID_A);
	await_text("opened, ", 1);
	await_text("ready", 1);
	parse_uuid(UUID_A, u.b);
	atomic_store(&n_done, 0);
	cr_assert_eq(sources_service.control(&core.self->host, &u, &close, on_done, NULL), 0);
	cr_assert_eq(sources_service.control(&core.self->host, &u, &open, on_done, NULL), 0);
	await_text("closed by a user", 1);
	sem_post(&gate);
	run_until(done_twice);
	cr_expect_eq(the_source().pending, 0);
	cr_expect_str_eq(the_source().reason, "waits for its capture program to connect");
	reap(pid);
	pid = start("live:count=77", "fake", UUID_A);
	run_until(has_154);
	reap(pid);
	down();
}

/* It could not be opened here, so nobody knows its driver; then a program says what it is. */
Test(remote, a_definition_that_failed_here_is_taken_over_by_its_uuid)
{
	pid_t pid;

	up_remote(NULL);
	add("nothing-here:uuid=" UUID_A);
	run();
	cr_expect_eq(the_source().error, 1);
	cr_expect_str_eq(the_source().type, "");
	pid = start("live:count=77,info_antenna_type=yagi", "fake", UUID_A);
	run_until(all_77);
	cr_expect_eq(count_sources(), 1);
	cr_expect_str_eq(the_source().type, "fake");
	cr_expect_eq(the_source().remote, 1);
	reap(pid);
	down();
}

Test(remote, connections_have_limits_in_all_and_per_address)
{
	static const char *const one[] = { "remote_capture_connections_per_address=1", NULL };
	static const char *const two[] = { "remote_capture_connections=1", NULL };
	const char *const *cases[] = { one, two };
	unsigned i;
	pid_t pid;

	for (i = 0; i < 2; i++) {
		up_remote(cases[i]);
		pid = start("live:count=77", "fake", UUID_A);
		run_until(all_77);
		expect_refused("live", "fake", UUID_B, "is refused: there are ");
		reap(pid);
		run_until(failed_once);
		pid = start("live:count=77", "fake", UUID_A);
		run_until(has_154); /* its place is free again */
		reap(pid);
		down();
	}
}

static bool is_lost(void)
{
	return the_source().error;
}

static bool is_back(void)
{
	return the_source().running;
}

Test(remote, a_silent_connection_is_lost_found_again_and_cut_when_it_stays_silent)
{
	static const char *const settings[] = { "source_silence_limit=300ms", NULL };
	double silence = 0;
	const char *cut;
	struct seen s;
	pid_t pid;

	up_remote(settings);
	pid = start("live:count=77", "fake", UUID_A);
	run_until(all_77);
	kill(pid, SIGSTOP);
	run_until(is_lost);
	cr_expect_not_null(strstr(the_source().reason, "did not answer for 0.3 s"));
	kill(pid, SIGCONT);
	run_until(is_back);
	kill(pid, SIGSTOP);
	await_text("s and was cut", 1);
	s = the_source();
	cut = strstr(s.reason, "did not answer for ");
	cr_assert(cut && sscanf(cut, "did not answer for %lf s and was cut", &silence) == 1, "%s", s.reason);
	cr_expect(silence >= 1.2 && silence < 6, "four times the limit, and what a slow machine adds: %g s", silence);
	reap(pid);
	down();
}

static bool has_come(void)
{
	return count_sources() > 1 || core.sources->first->newcomer;
}

/* It comes back at once, when the packets of its last connection are not processed yet. */
Test(remote, without_a_uuid_a_source_that_is_drained_is_the_same_source)
{
	pid_t pid;

	up_remote(NULL);
	atomic_store(&gate_used, true);
	pid = start("good:count=3", "fake", NULL);
	await_text("ended after 3 packets", 1);
	leave(pid);
	pid = start("good:count=3", "fake", NULL);
	run_until(has_come);
	sem_post(&gate);
	run_until(has_six);
	cr_expect_eq(count_sources(), 1);
	leave(pid);
	down();
}

static bool is_back_or_another(void)
{
	return the_source().packets == 154 || count_sources() > 1;
}

/* A sensor that lost its power: its old connection is silent, and not closed for a minute. */
Test(remote, without_a_uuid_a_source_whose_connection_is_dead_is_the_same_source)
{
	static const char *const settings[] = { "source_silence_limit=2s", NULL };
	pid_t pid, again;

	up_remote(settings);
	pid = start("live:count=77", "fake", NULL);
	run_until(all_77);
	kill(pid, SIGSTOP);
	run_until(is_lost);
	again = start("live:count=77", "fake", NULL);
	run_until(is_back_or_another);
	cr_expect_eq(count_sources(), 1);
	reap(pid);
	reap(again);
	down();
}

/* ---- WebSocket: the HTTP side is a thread of this test ---- */

struct fake_ws {
	struct aerie_ws ws;
	const struct aerie_ws_route *route;
	void *pin, *conn;
	pthread_mutex_t lock;
	pthread_cond_t news;
	uint32_t open_seqno;
	bool paused;
	atomic_bool closed;
	unsigned pauses;
	uint32_t n, size; /* packets to send */
	const char *definition;
	int result;
};

static int fake_send(struct aerie_ws *ws, uint32_t kind, const void *data, uint64_t len)
{
	struct fake_ws *f = (struct fake_ws *)ws;
	const uint8_t *p = data;

	cr_assert_eq(kind, AERIE_WS_BINARY);
	cr_assert_geq(len, 20);
	pthread_mutex_lock(&f->lock);
	if (p[13] == 12) /* OPENREQ */
		f->open_seqno = p[19];
	pthread_cond_signal(&f->news);
	pthread_mutex_unlock(&f->lock);
	return 0;
}

static void fake_resume(struct aerie_ws *ws)
{
	struct fake_ws *f = (struct fake_ws *)ws;

	pthread_mutex_lock(&f->lock);
	f->paused = false;
	pthread_cond_signal(&f->news);
	pthread_mutex_unlock(&f->lock);
}

static void fake_close(struct aerie_ws *ws, uint16_t code, const char *reason)
{
	struct fake_ws *f = (struct fake_ws *)ws;

	pthread_mutex_lock(&f->lock);
	f->closed = true;
	pthread_cond_signal(&f->news);
	pthread_mutex_unlock(&f->lock);
}

static const struct aerie_ws_ops fake_ops = { .size = sizeof fake_ops, .send = fake_send, .resume = fake_resume, .close = fake_close };

static void put(uint8_t *frame, size_t *n, uint64_t v, int octets)
{
	while (octets--)
		frame[(*n)++] = (uint8_t)(v >> 8 * octets);
}

static void head(uint8_t *frame, uint32_t command, uint32_t code, size_t body)
{
	size_t n = 0;

	put(frame, &n, 0xDECAFBADA9A90003, 8);
	put(frame, &n, body, 4);
	put(frame, &n, command, 2);
	put(frame, &n, code, 2);
	put(frame, &n, 5, 4);
}

static size_t new_source(uint8_t *frame, const char *definition)
{
	size_t n = 20;

	put(frame, &n, 0x8301da, 3);
	put(frame, &n, strlen(definition), 2);
	memcpy(frame + n, definition, strlen(definition));
	n += strlen(definition);
	put(frame, &n, 0x02a4, 2);
	memcpy(frame + n, "fake", 4);
	n += 4;
	put(frame, &n, 0x03d924, 3);
	memcpy(frame + n, UUID_A, 36);
	n += 36;
	head(frame, 19, 0, n - 20);
	return n;
}

static size_t packet(uint8_t *frame, uint32_t number, uint32_t size)
{
	size_t n = 20;

	put(frame, &n, 0x8104820193, 4);
	n = 20;
	put(frame, &n, 0x810482, 3);
	put(frame, &n, 0x01ccu, 2);
	put(frame, &n, 147, 1);
	put(frame, &n, 0x06c6, 2);
	put(frame, &n, size, 4);
	put(frame, &n, number, 4);
	memset(frame + n, 0, size - 4);
	n += size - 4;
	head(frame, 16, 0, n - 20);
	return n;
}

/* A whole message, after a pause has ended. */
static int give(struct fake_ws *f, const uint8_t *data, size_t n)
{
	int r;

	pthread_mutex_lock(&f->lock);
	while (f->paused && !f->closed)
		pthread_cond_wait(&f->news, &f->lock);
	pthread_mutex_unlock(&f->lock);
	r = f->route->message(f->conn, AERIE_WS_BINARY, data, n);
	if (r != AERIE_WS_PAUSE)
		return r;
	pthread_mutex_lock(&f->lock);
	/* resume() may have come before: a real transport must stand that, too */
	f->pauses++;
	pthread_mutex_unlock(&f->lock);
	return 0;
}

static void *run_ws(void *user)
{
	static const uint8_t open_body[] = { 0x82, 0x01, 0x00, 0x02, 0xcc, 147 };
	struct fake_ws *f = user;
	uint8_t *frame = malloc(300000);
	size_t n = new_source(frame, f->definition);
	uint32_t i;

	f->result = give(f, frame, n);
	pthread_mutex_lock(&f->lock);
	while (!f->open_seqno && !f->closed)
		pthread_cond_wait(&f->news, &f->lock);
	pthread_mutex_unlock(&f->lock);
	memcpy(frame + 20, open_body, sizeof open_body);
	frame[22] = (uint8_t)f->open_seqno;
	head(frame, 13, 1, sizeof open_body);
	if (!f->closed)
		f->result = give(f, frame, 20 + sizeof open_body);
	for (i = 0; i < f->n && f->result == 0 && !f->closed; i++) {
		n = packet(frame, i, f->size);
		while ((f->result = give(f, frame, n)) == -ENOBUFS)
			sched_yield(); /* this fake does not remember pauses, so it tries again */
	}
	f->route->close(f->conn);
	free(frame);
	return NULL;
}

static void open_ws(struct fake_ws *f, const char *definition, uint32_t n, uint32_t size)
{
	const struct aerie_http_request req = { .size = sizeof req, .method = AERIE_HTTP_GET, .role = "datasource",
						.path = "/datasource/remote/remotesource.ws", .peer = "192.0.2.7" };

	*f = (struct fake_ws){ .ws = { &fake_ops }, .n = n, .size = size, .definition = definition };
	pthread_mutex_init(&f->lock, NULL);
	pthread_cond_init(&f->news, NULL);
	cr_assert_eq(websocket_service.match(&core.self->host, &req, &f->route, &f->pin), 0);
	cr_assert_str_eq(f->route->protocol, "kismet-remote");
	cr_assert_eq(f->route->open(f->route->user, &req, &f->ws, &f->conn), 0);
}

static void close_ws(struct fake_ws *f)
{
	websocket_service.unpin(f->pin);
	pthread_mutex_destroy(&f->lock);
	pthread_cond_destroy(&f->news);
}

Test(remote, messages_of_a_websocket_are_packets_of_a_source)
{
	struct fake_ws f;
	pthread_t thread;

	up_remote(NULL);
	open_ws(&f, "air", 5000, 100);
	cr_assert_eq(pthread_create(&thread, NULL, run_ws, &f), 0);
	await_end("ended after 5000 packets");
	pthread_join(thread, NULL);
	cr_expect_eq(f.result, 0);
	cr_expect_eq(n_packets, 5000);
	cr_expect_eq(n_disorder, 0);
	cr_expect_str_eq(the_source().remote_ip, "192.0.2.7");
	close_ws(&f);
	down();
}

static struct fake_ws *watched_ws;

static bool ws_has_paused(void)
{
	bool paused;

	pthread_mutex_lock(&watched_ws->lock);
	paused = watched_ws->pauses > 0;
	pthread_mutex_unlock(&watched_ws->lock);
	return paused;
}

Test(remote, a_websocket_waits_for_workers_that_stand_still)
{
	static const char *const settings[] = { "packet_backlog_limit=2", NULL };
	struct fake_ws f;
	pthread_t thread;

	up_remote(settings);
	open_ws(&f, "air", 100, 60000);
	atomic_store(&gate_used, true);
	cr_assert_eq(pthread_create(&thread, NULL, run_ws, &f), 0);
	watched_ws = &f;
	run_until(ws_has_paused);
	sem_post(&gate);
	await_end("ended after 100 packets");
	pthread_join(thread, NULL);
	cr_expect_eq(n_packets, 100);
	cr_expect_eq(n_octets, 6000000);
	cr_expect_eq(n_disorder, 0);
	close_ws(&f);
	down();
}

Test(remote, a_login_of_another_role_may_not_connect)
{
	const struct aerie_http_request req = { .size = sizeof req, .method = AERIE_HTTP_GET, .role = "readonly",
						.path = "/datasource/remote/remotesource.ws", .peer = "192.0.2.7" };
	const struct aerie_ws_route *route;
	void *pin;

	up_remote(NULL);
	cr_expect_eq(websocket_service.match(&core.self->host, &req, &route, &pin), -EPERM);
	down();
}

Test(remote, stopping_closes_a_websocket_that_is_open)
{
	struct fake_ws f;
	pthread_t thread;

	up_remote(NULL);
	open_ws(&f, "air", UINT32_MAX, 100);
	cr_assert_eq(pthread_create(&thread, NULL, run_ws, &f), 0);
	run_until(is_back);
	sources_stop(core.sources);
	pthread_join(thread, NULL);
	cr_expect(f.closed);
	close_ws(&f);
	down();
}

Test(remote, garbage_and_text_from_a_websocket_end_it)
{
	struct fake_ws f;

	up_remote(NULL);
	open_ws(&f, "air", 0, 0);
	cr_expect_eq(f.route->message(f.conn, AERIE_WS_TEXT, (const uint8_t *)"{}", 2), -EINVAL);
	cr_expect_eq(f.route->message(f.conn, AERIE_WS_BINARY, (const uint8_t *)"garbage", 7), 0);
	await_text("remote capture 192.0.2.7 sent octets that are no frame of the capture protocol", 1);
	cr_expect(f.closed);
	cr_expect_eq(f.route->message(f.conn, AERIE_WS_BINARY, (const uint8_t *)"more", 4), -EPIPE);
	f.route->close(f.conn);
	close_ws(&f);
	down();
}

/* ---- announcements ---- */

Test(remote, an_announcement_has_these_octets)
{
	static const uint8_t head[] = { 0x00, 0x00, 'K',  'I',  'S',  'M',  'E',  'T',  0x00, 0x01, 0x00, 0x00, 0x09, 0xc5, 0x00, 0x00, 0x0d,
					0xad, 0x00, 0x00, 0x00, 0x00, 0x65, 0x53, 0xf1, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x07 };
	uint8_t out[ANNOUNCE_OCTETS];

	cr_expect_eq(ANNOUNCE_OCTETS, 102);
	announce_write(out, 2501, 3501, 1700000000000007, UUID_A, "a host with a name that is longer than thirty-two octets");
	cr_expect_arr_eq(out, head, sizeof head);
	cr_expect_eq(memcmp(out + 34, UUID_A, 36), 0);
	cr_expect_str_eq((const char *)out + 70, "a host with a name that is long");
}

static int announced = -1;
static uint8_t datagram[256];
static ssize_t n_datagram;

static bool is_announced(void)
{
	n_datagram = recv(announced, datagram, sizeof datagram, MSG_DONTWAIT);
	return n_datagram > 0;
}

Test(remote, a_host_is_announced_when_it_shall_be)
{
	char setting[64];
	const char *settings[] = { setting, "server_announce=true", "server_announce_address=127.0.0.1", "servername=attic", NULL };
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof a;

	announced = socket(AF_INET, SOCK_DGRAM, 0);
	cr_assert_eq(bind(announced, (struct sockaddr *)&a, sizeof a), 0);
	cr_assert_eq(getsockname(announced, (struct sockaddr *)&a, &len), 0);
	snprintf(setting, sizeof setting, "server_announce_port=%u", ntohs(a.sin_port));
	up_remote(settings);
	run_until(is_announced);
	cr_expect_eq(n_datagram, 102);
	cr_expect_eq((uint32_t)datagram[16] << 8 | datagram[17], remote_port(core.sources->remote));
	cr_expect_str_eq((const char *)datagram + 70, "attic");
	close(announced);
	down();
}
