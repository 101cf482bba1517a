/* SPDX-License-Identifier: MIT */
/* The message bus and event topics. Expected behaviour: <aerie/bus.h>. */
#include "host.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <time.h>
#include <unistd.h>

TestSuite(bus, .init = up, .fini = down);

struct seen {
	unsigned n, destroyed;
	uint64_t first, last, key;
	char text[BUS_TEXT_MAX + 1], topic[32];
	int level;
	uint64_t time_s, time_us;
};

static void on_message(void *user, const struct aerie_message *m)
{
	struct seen *s = user;

	if (!s->n++)
		s->first = m->seq;
	s->last = m->seq;
	s->level = m->level;
	s->time_s = m->time_s;
	snprintf(s->text, sizeof s->text, "%s", m->text);
}

static void on_event(void *user, const struct aerie_event *e)
{
	struct seen *s = user;

	s->n++;
	s->key = e->key;
	s->time_us = e->time_us;
	snprintf(s->topic, sizeof s->topic, "%s", e->topic);
}

static void on_destroy(void *user)
{
	((struct seen *)user)->destroyed++;
}

Test(bus, keeps_the_last_fifty_in_order)
{
	struct seen s = { 0 };
	int i;

	for (i = 1; i <= 73; i++)
		bus_printf(core.bus, AERIE_LOG_INFO, "message %d", i);
	bus_service.recent(&core.self->host, 0, on_message, &s);
	cr_assert_eq(s.n, 50);
	cr_assert_eq(s.first, 24);
	cr_assert_eq(s.last, 73);
	cr_assert_str_eq(s.text, "message 73");
	cr_assert_eq(s.time_s, 1700000000);
	memset(&s, 0, sizeof s);
	bus_service.recent(&core.self->host, 71, on_message, &s);
	cr_assert_eq(s.n, 2);
	cr_assert_eq(s.first, 72);
	memset(&s, 0, sizeof s);
	bus_service.recent(&core.self->host, 73, on_message, &s);
	cr_assert_eq(s.n, 0);
	bus_service.recent(&core.self->host, UINT64_MAX, on_message, &s);
	cr_assert_eq(s.n, 0);
}

Test(bus, subscribers_see_messages_from_commit_to_withdrawal)
{
	struct module *m = module_new(&core, "org.test.m");
	struct seen s = { 0 };

	cr_assert_eq(bus_service.subscribe_messages(&m->host, on_message, &s, on_destroy), 0);
	bus_printf(core.bus, AERIE_LOG_INFO, "before");
	cr_assert_eq(s.n, 0);
	cr_assert_eq(epochs_commit(core.epochs, m), 0);
	m->host.log(&m->host, AERIE_LOG_ERROR, "during");
	cr_assert_eq(s.n, 1);
	cr_assert_str_eq(s.text, "org.test.m: during");
	cr_assert_eq(s.level, AERIE_LOG_ERROR);
	bus_service.message(&m->host, AERIE_LOG_ALERT, "plain");
	cr_assert_str_eq(s.text, "plain");
	epochs_withdraw(core.epochs, m);
	cr_assert_eq(s.destroyed, 1);
	bus_printf(core.bus, AERIE_LOG_INFO, "after");
	cr_assert_eq(s.n, 2);
	module_free(m);
}

Test(bus, events_reach_their_topic_and_the_star)
{
	struct module *m = module_new(&core, "org.test.m");
	struct seen one = { 0 }, all = { 0 };

	bus_publish(core.bus, "NEW_DEVICE", 1, NULL);
	cr_assert_eq(bus_service.subscribe(&m->host, "NEW_DEVICE", on_event, &one, NULL), 0);
	cr_assert_eq(bus_service.subscribe(&m->host, "*", on_event, &all, on_destroy), 0);
	cr_assert_eq(bus_service.subscribe(&m->host, "", on_event, &all, NULL), -EINVAL);
	cr_assert_eq(bus_service.subscribe(&m->host, "X", NULL, &all, NULL), -EINVAL);
	cr_assert_eq(epochs_commit(core.epochs, m), 0);
	bus_service.publish(&m->host, "NEW_DEVICE", 77, NULL);
	bus_publish(core.bus, "NEW_DATASOURCE", 78, NULL);
	cr_assert_eq(one.n, 1);
	cr_assert_eq(one.key, 77);
	cr_assert_eq(one.time_us, 1700000000123456);
	cr_assert_eq(all.n, 2);
	cr_assert_str_eq(all.topic, "NEW_DATASOURCE");
	module_free(m);
	cr_assert_eq(all.destroyed, 1);
}

static void loud(void *user, const struct aerie_message *m)
{
	(*(unsigned *)user)++;
	bus_printf(core.bus, AERIE_LOG_INFO, "I heard %s", m->text);
}

Test(bus, subscriber_that_publishes_is_not_called_for_its_own_message)
{
	struct module *m = module_new(&core, "org.test.m");
	struct seen s = { 0 };
	unsigned calls = 0;

	cr_assert_eq(bus_service.subscribe_messages(&m->host, loud, &calls, NULL), 0);
	cr_assert_eq(epochs_commit(core.epochs, m), 0);
	bus_printf(core.bus, AERIE_LOG_INFO, "x");
	cr_assert_eq(calls, 1);
	bus_service.recent(&core.self->host, 0, on_message, &s);
	cr_assert_eq(s.n, 2);
	cr_assert_str_eq(s.text, "I heard x");
	module_free(m);
}

static void said(const char *text, const char *kept)
{
	struct seen s = { 0 };

	bus_service.message(&core.self->host, AERIE_LOG_INFO, text);
	bus_service.recent(&core.self->host, 0, on_message, &s);
	cr_assert_str_eq(s.text, kept);
}

/* RFC 3629 section 4 says which sequences are UTF-8; C0 and C1 are control characters (ISO 6429). */
Test(bus, texts_become_one_clean_line_of_utf8)
{
	said("two\nlines\r\n", "two lines");
	said("\x1b[31mred\x07", " [31mred");
	said("caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x93\xa1", "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x93\xa1");
	said("bad \xff\xc0\x80 \xed\xa0\x80 \xf5", "bad ??? ??? ?");
	said("cut \xe2\x82", "cut ??");
	said("\xc2\x9b" "31m", " 31m");
}

Test(bus, long_texts_are_cut_at_a_character)
{
	char text[BUS_TEXT_MAX + 10];
	struct seen s = { 0 };

	memset(text, 'a', sizeof text);
	memcpy(text + BUS_TEXT_MAX - 1, "\xc3\xa9", 2);
	text[sizeof text - 1] = '\0';
	bus_service.message(&core.self->host, AERIE_LOG_INFO, text);
	bus_service.recent(&core.self->host, 0, on_message, &s);
	cr_assert_eq(strlen(s.text), BUS_TEXT_MAX - 1);
}

#define WRITERS 4
#define LINES 500

static void *writer(void *user)
{
	int i;

	for (i = 0; i < LINES; i++)
		bus_printf(core.bus, i % 2 ? AERIE_LOG_INFO : AERIE_LOG_ERROR, "writer %d line %d of some length to be torn apart",
			   *(int *)user, i);
	return NULL;
}

Test(bus, lines_of_many_threads_are_neither_lost_nor_torn)
{
	char path[] = "/tmp/aerie-bus-XXXXXX", line[256], word[16];
	unsigned next[WRITERS] = { 0 }, w, n, lines = 0;
	int fd = mkstemp(path), ids[WRITERS], i;
	pthread_t threads[WRITERS];
	struct seen s = { 0 };
	FILE *f;

	bus_set_output(core.bus, fd, AERIE_LOG_INFO | AERIE_LOG_ERROR);
	bus_printf(core.bus, AERIE_LOG_DEBUG, "not shown");
	for (i = 0; i < WRITERS; i++) {
		ids[i] = i;
		cr_assert_eq(pthread_create(&threads[i], NULL, writer, &ids[i]), 0);
	}
	for (i = 0; i < WRITERS; i++)
		pthread_join(threads[i], NULL);
	f = fopen(path, "r");
	while (fgets(line, sizeof line, f)) {
		cr_assert_eq(sscanf(line, "%15s writer %u line %u of some length to be torn apart\n", word, &w, &n), 3);
		cr_assert_str_eq(word, n % 2 ? "INFO:" : "ERROR:");
		cr_assert_eq(n, next[w]++, "the lines of one thread keep their order");
		lines++;
	}
	cr_assert_eq(lines, WRITERS * LINES);
	bus_service.recent(&core.self->host, 0, on_message, &s);
	cr_assert_eq(s.last, WRITERS * LINES + 1);
	fclose(f);
	close(fd);
	unlink(path);
}

/* Reads lines until there are no more for now; checks their order, and returns the number of the next. */
static unsigned read_shown(FILE *f, unsigned next)
{
	char line[256];
	unsigned n, lost;

	while (fgets(line, sizeof line, f)) {
		if (sscanf(line, "INFO: line %u", &n) == 1)
			cr_assert_eq(n, next++);
		else if (sscanf(line, "ERROR: %u messages were not shown here", &lost) == 1)
			next += lost;
		else
			cr_assert_fail("%s", line);
	}
	clearerr(f);
	return next;
}

Test(bus, a_place_that_takes_no_more_lines_does_not_stop_the_host, .timeout = 60)
{
	int ends[2], round;
	unsigned i, n = 0, shown = 0;
	struct seen s = { 0 };
	time_t begun = time(NULL);
	FILE *f;

	cr_assert_eq(pipe(ends), 0);
	cr_assert_eq(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
	f = fdopen(ends[0], "r");
	bus_set_output(core.bus, ends[1], AERIE_LOG_INFO);
	for (round = 0; round < 2; round++) {
		for (i = 0; i < 5000; i++)
			bus_printf(core.bus, AERIE_LOG_INFO, "line %u of those that fill the pipe", n++);
		shown = read_shown(f, shown);
		cr_assert_lt(shown, n, "the pipe was full");
		bus_printf(core.bus, AERIE_LOG_INFO, "line %u after a pause", n++);
		shown = read_shown(f, shown);
		cr_assert_eq(shown, n, "what is missing was counted");
	}
	cr_assert_lt(time(NULL) - begun, 10);
	bus_service.recent(&core.self->host, 0, on_message, &s);
	cr_assert_eq(s.last, n, "the bus has them all");
	bus_set_output(core.bus, -1, 0);
	fclose(f);
	close(ends[1]);
}

static _Atomic unsigned delivered, after_end;
static _Atomic bool ended;

static void count_event(void *user, const struct aerie_event *e)
{
	atomic_fetch_add(&delivered, 1);
	if (atomic_load(&ended))
		atomic_fetch_add(&after_end, 1);
}

static _Atomic bool quit;

static void *publisher(void *user)
{
	while (!atomic_load(&quit))
		bus_publish(core.bus, "TOPIC", 1, NULL);
	return NULL;
}

Test(bus, no_event_reaches_a_subscriber_after_its_module_is_let_go)
{
	pthread_t threads[2];
	struct module *m;
	int round, i;

	atomic_store(&quit, false);
	for (i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, publisher, NULL);
	for (round = 0; round < 50; round++) {
		m = module_new(&core, "org.test.m");
		atomic_store(&ended, false);
		atomic_store(&delivered, 0);
		cr_assert_eq(bus_service.subscribe(&m->host, "TOPIC", count_event, NULL, NULL), 0);
		cr_assert_eq(epochs_commit(core.epochs, m), 0);
		while (!atomic_load(&delivered))
			;
		epochs_withdraw(core.epochs, m);
		cr_assert(epochs_wait(core.epochs, m, 10000));
		atomic_store(&ended, true);
		module_free(m);
	}
	atomic_store(&quit, true);
	for (i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	cr_assert_eq(atomic_load(&after_end), 0);
}

/* ---- looking after a time ---- */

static atomic_ulong ticks;
static _Thread_local bool dawdles;

/* Every look at the clock is later than those before it; a publisher is interrupted right behind it. */
static uint64_t counting_clock(void *user)
{
	uint64_t now = 1 + atomic_fetch_add(&ticks, 1);

	if (dawdles)
		(void)sched_yield();
	return now;
}

static void *publish_many(void *user)
{
	int i;

	dawdles = true;
	for (i = 0; i < 20000; i++)
		bus_printf(core.bus, AERIE_LOG_DEBUG, "message");
	atomic_store((atomic_bool *)user, true);
	return NULL;
}

struct look {
	uint64_t seq, looked_us; /* the newest message of the look before, and when that was */
	unsigned n, late;
};

static void on_new(void *user, const struct aerie_message *m)
{
	struct look *l = user;

	l->n++;
	l->late += m->time_us < l->looked_us;
	l->seq = m->seq;
}

/* Whoever asks for what came since the time at which it looked last must get all that it has not seen. */
Test(bus, no_message_is_older_than_a_look_that_did_not_see_it)
{
	atomic_bool published = false;
	struct look l = { 0 };
	pthread_t thread;

	loop_set_clock(core.loop, counting_clock, NULL);
	cr_assert_eq(pthread_create(&thread, NULL, publish_many, &published), 0);
	while (!atomic_load(&published)) {
		uint64_t now = loop_now_us(core.loop);

		bus_service.recent(&core.self->host, l.seq, on_new, &l);
		l.looked_us = now;
	}
	pthread_join(thread, NULL);
	cr_expect_gt(l.n, 0u);
	cr_expect_eq(l.late, 0u, "%u of %u", l.late, l.n);
}
