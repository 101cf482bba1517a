/* SPDX-License-Identifier: MIT */
/* Exports under way: what is told of them, how they are asked to stop, and what a module leaves behind. Expected values are by
 * hand from <aerie/stream.h>. */
#include "host.h"

#include <pthread.h>
#include <stdatomic.h>

#include <core/streams.h>

static const struct aerie_host *h;
static atomic_uint asked;

static void on_stop(void *user)
{
	atomic_fetch_add((atomic_uint *)user, 1);
}

static void streams_up(void)
{
	up();
	core.streams = streams_new(&core);
	h = &core.self->host;
	atomic_store(&asked, 0);
}

static void streams_down(void)
{
	struct streams *all = core.streams;

	down();
	streams_free(all);
}

TestSuite(streams, .init = streams_up, .fini = streams_down);

static const struct aerie_stream_def events = {
	.size = sizeof events, .name = "events", .type = "websocket", .path = "/eventbus/events.ws", .description = "Events of a client.",
	.stop = on_stop, .user = &asked,
};

static struct aerie_stream *open_stream(const struct aerie_stream_def *def)
{
	struct aerie_stream *s = NULL;

	cr_assert_eq(streams_service.open(h, def, &s), 0);
	return s;
}

static int tell(void *user, const struct aerie_stream_info *i)
{
	char *text = user;

	(void)sprintf(text + strlen(text), "%llu %s|%s|%s|%s at %llu: %llu/%llu packets, %llu/%llu octets%s\n", (unsigned long long)i->id,
		      i->name, i->type, i->path, i->description, (unsigned long long)i->time_s, (unsigned long long)i->packets,
		      (unsigned long long)i->max_packets, (unsigned long long)i->octets, (unsigned long long)i->max_size,
		      i->paused ? ", paused" : "");
	return 0;
}

static const char *told(void)
{
	static char text[4096];

	text[0] = '\0';
	cr_assert_eq(streams_service.each(h, tell, text), 0);
	return text;
}

Test(streams, are_told_as_they_stand_and_their_texts_are_copied)
{
	char name[] = "log", path[] = "/tmp/x.pcapng";
	struct aerie_stream_def def = {
		.size = sizeof def, .name = name, .type = "pcapng", .path = path, .description = "A log.", .max_packets = 10, .max_size = 1000,
	};
	struct aerie_stream *a = open_stream(&def), *b = open_stream(&events);

	memset(name, 'x', sizeof name - 1);
	memset(path, 'x', sizeof path - 1);
	streams_service.count(a, 2, 300);
	streams_service.count(a, 1, 50);
	streams_service.pause(b, 7);
	cr_assert_str_eq(told(), "1 log|pcapng|/tmp/x.pcapng|A log. at 1700000000: 3/10 packets, 350/1000 octets\n"
				 "2 events|websocket|/eventbus/events.ws|Events of a client. at 1700000000: 0/0 packets, 0/0 octets, paused\n");
	streams_service.pause(b, 0);
	streams_service.close(a);
	cr_assert_str_eq(told(),
			 "2 events|websocket|/eventbus/events.ws|Events of a client. at 1700000000: 0/0 packets, 0/0 octets\n");
	streams_service.close(b);
	streams_service.close(NULL);
	cr_assert_str_eq(told(), "");
	def.path = NULL;
	a = open_stream(&def);
	cr_assert_str_eq(told(), "3 xxx|pcapng||A log. at 1700000000: 0/10 packets, 0/1000 octets\n", "ids are not reused");
	streams_service.close(a);
}

static int first(void *user, const struct aerie_stream_info *i)
{
	*(uint64_t *)user = i->id;
	return 5;
}

Test(streams, enumeration_ends_with_what_the_callback_returned)
{
	struct aerie_stream *a = open_stream(&events), *b = open_stream(&events);
	uint64_t id = 0;

	cr_assert_eq(streams_service.each(h, first, &id), 5);
	cr_assert_eq(id, 1);
	streams_service.close(b);
	streams_service.close(a);
}

Test(streams, are_asked_to_stop_once_for_each_wish_and_never_after_close)
{
	struct aerie_stream_def silent = events;
	struct aerie_stream *a, *b;

	silent.stop = NULL;
	a = open_stream(&events);
	b = open_stream(&silent);
	cr_assert_eq(streams_service.stop(h, 1), 0);
	cr_assert_eq(atomic_load(&asked), 1);
	cr_assert_eq(streams_service.stop(h, 2), -ENOTSUP);
	cr_assert_eq(streams_service.stop(h, 3), -ENOENT);
	cr_assert_eq(streams_service.stop(h, 0), -ENOENT);
	streams_service.close(a);
	cr_assert_eq(streams_service.stop(h, 1), -ENOENT);
	cr_assert_eq(atomic_load(&asked), 1);
	streams_service.close(b);
}

Test(streams, without_a_text_are_refused)
{
	struct aerie_stream_def def;
	struct aerie_stream *s = NULL;
	unsigned i;

	for (i = 0; i < 6; i++) {
		def = events;
		switch (i) {
		case 0: def.name = NULL; break;
		case 1: def.name = ""; break;
		case 2: def.type = NULL; break;
		case 3: def.type = ""; break;
		case 4: def.description = NULL; break;
		case 5: def.description = ""; break;
		}
		cr_assert_eq(streams_service.open(h, &def, &s), -EINVAL, "row %u", i);
	}
	cr_assert_null(s);
	cr_assert_str_eq(told(), "");
}

Test(streams, are_limited_in_number)
{
	static struct aerie_stream *s[STREAMS_MAX];
	struct aerie_stream *more = NULL;
	unsigned i;

	for (i = 0; i < STREAMS_MAX; i++)
		s[i] = open_stream(&events);
	cr_assert_eq(streams_service.open(h, &events, &more), -ENOSPC);
	cr_assert_null(more);
	streams_service.close(s[STREAMS_MAX / 2]);
	s[STREAMS_MAX / 2] = open_stream(&events);
	for (i = 0; i < STREAMS_MAX; i++)
		streams_service.close(s[i]);
}

Test(streams, that_a_module_left_open_are_closed_with_it)
{
	struct module *other = module_new(&core, "other");
	struct aerie_stream *mine = open_stream(&events), *left = NULL, *last;

	cr_assert_eq(streams_service.open(&other->host, &events, &left), 0);
	module_free(other);
	cr_assert_eq(streams_service.stop(h, 2), -ENOENT);
	cr_assert_eq(atomic_load(&asked), 0);
	last = open_stream(&events);
	cr_assert_eq(streams_service.stop(h, 3), 0, "the list still ends where it ends");
	streams_service.close(mine);
	streams_service.close(last);
}

/* ---- threads ---- */

#define ROUNDS 2000u

struct own {
	atomic_uint open; /* what stop() may only find set */
	unsigned found_closed, stops;
};

static void stop_own(void *user)
{
	struct own *o = user;

	o->stops++;
	if (!atomic_load(&o->open))
		o->found_closed++;
}

static void *come_and_go(void *user)
{
	struct own *o = user;
	struct aerie_stream_def def = events;
	unsigned i;

	def.stop = stop_own;
	def.user = o;
	for (i = 0; i < ROUNDS; i++) {
		struct aerie_stream *s;

		atomic_store(&o->open, 1);
		s = open_stream(&def);
		streams_service.count(s, 1, 10);
		streams_service.close(s);
		atomic_store(&o->open, 0);
	}
	return NULL;
}

static void *ask_them(void *user)
{
	uint64_t id;

	for (id = 1; id <= ROUNDS; id++) {
		(void)streams_service.stop(h, id);
		(void)told();
	}
	return NULL;
}

Test(streams, may_close_while_they_are_asked_to_stop)
{
	struct own own[2] = { { 0 } };
	pthread_t thread[3];
	unsigned i;

	cr_assert_eq(pthread_create(&thread[0], NULL, come_and_go, &own[0]), 0);
	cr_assert_eq(pthread_create(&thread[1], NULL, come_and_go, &own[1]), 0);
	cr_assert_eq(pthread_create(&thread[2], NULL, ask_them, NULL), 0);
	for (i = 0; i < 3; i++)
		(void)pthread_join(thread[i], NULL);
	cr_assert_eq(own[0].found_closed + own[1].found_closed, 0);
	cr_assert_str_eq(told(), "");
}
