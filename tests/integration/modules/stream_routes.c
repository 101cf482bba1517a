/* SPDX-License-Identifier: MIT */
/* A module with two streams: one that closes when it is asked to, and one that cannot be closed. A POST to /test/streams/count
 * counts on the first; one to /test/streams/more opens as many as there may be, and one to /test/streams/fewer closes the oldest of these. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include <aerie/http.h>
#include <aerie/loop.h>
#include <aerie/stream.h>

#define MORE 5000u

struct state {
	const struct aerie_host *h;
	const struct aerie_http *http;
	const struct aerie_streams *streams;
	const struct aerie_loop *loop;
	struct aerie_stream *a, *b, *more[MORE];
	unsigned first, n_more; /* of more: the oldest that is open, and the end */
	pthread_mutex_t lock; /* guards a, and more */
};

static void close_a(void *user)
{
	struct state *s = user;
	struct aerie_stream *a;

	(void)pthread_mutex_lock(&s->lock);
	a = s->a;
	s->a = NULL;
	(void)pthread_mutex_unlock(&s->lock);
	s->streams->close(a);
}

static void on_stop(void *user)
{
	struct state *s = user;

	(void)s->loop->post(s->h, close_a, s);
}

static int count(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	struct state *s = user;

	(void)pthread_mutex_lock(&s->lock);
	if (s->a)
		s->streams->count(s->a, 3, 1000);
	(void)pthread_mutex_unlock(&s->lock);
	s->streams->pause(s->b, 1);
	return s->http->reply_octets(rep, "text/plain", "counted", 7);
}

static int more(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	struct state *s = user;
	const struct aerie_stream_def def = { .size = sizeof def, .name = "more", .type = "export", .description = "One of many." };

	(void)pthread_mutex_lock(&s->lock);
	while (s->n_more < MORE && !s->streams->open(s->h, &def, &s->more[s->n_more]))
		s->n_more++;
	(void)pthread_mutex_unlock(&s->lock);
	return s->http->reply_octets(rep, "text/plain", "opened", 6);
}

static int fewer(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	struct state *s = user;

	(void)pthread_mutex_lock(&s->lock);
	if (s->first < s->n_more)
		s->streams->close(s->more[s->first++]);
	(void)pthread_mutex_unlock(&s->lock);
	return s->http->reply_octets(rep, "text/plain", "closed", 6);
}

static int add_route(const struct state *s, const char *path, const char *summary, const char *help, aerie_handler_fn *handle)
{
	const struct aerie_route r = {
		.size = sizeof r, .methods = AERIE_HTTP_POST, .path = path, .formats = "", .summary = summary, .help = help, .handle = handle,
		.user = (void *)s,
	};

	return s->http->register_route(s->h, &r);
}

static void unload(void *state)
{
	struct state *s = state;

	(void)pthread_mutex_destroy(&s->lock);
	free(s);
}

static int load(const struct aerie_host *h, void **ret_state)
{
	struct state *s = calloc(1, sizeof *s);
	int err;

	if (!s)
		return h->fail(h, -ENOMEM, "out of memory");
	(void)pthread_mutex_init(&s->lock, NULL);
	s->h = h;
	s->http = h->get_service(h, AERIE_HTTP_SERVICE);
	s->streams = h->get_service(h, AERIE_STREAM_SERVICE);
	s->loop = h->get_service(h, AERIE_LOOP_SERVICE);
	err = add_route(s, "/test/streams/count", "Counts.", "Counts three packets and 1000 octets.", count);
	if (!err)
		err = add_route(s, "/test/streams/more", "Opens.", "Opens as many streams as there may be.", more);
	if (!err)
		err = add_route(s, "/test/streams/fewer", "Closes.", "Closes the oldest of those.", fewer);
	if (err) {
		unload(s);
		return err;
	}
	*ret_state = s;
	return 0;
}

static int start(void *state)
{
	struct state *s = state;
	const struct aerie_stream_def a = {
		.size = sizeof a, .name = "log", .type = "pcapng", .path = "/somewhere/a \"log\".pcapng", .description = "Packets of a test.",
		.max_packets = 100, .max_size = 1000000, .stop = on_stop, .user = s,
	};
	const struct aerie_stream_def b = {
		.size = sizeof b, .name = "endless", .type = "export", .path = "", .description = "Cannot be closed.",
	};
	int err = s->streams->open(s->h, &a, &s->a);

	return err ? err : s->streams->open(s->h, &b, &s->b);
}

static void stop(void *state)
{
	struct state *s = state;

	close_a(s);
	s->streams->close(s->b);
	while (s->first < s->n_more)
		s->streams->close(s->more[s->first++]);
}

static const char *const needs[] = { AERIE_HTTP_SERVICE, AERIE_STREAM_SERVICE, AERIE_LOOP_SERVICE, NULL };

static const struct aerie_plugin plugin = {
	.abi = AERIE_ABI_INIT,
	.id = "org.example.streams",
	.version = "1",
	.summary = "Streams for tests",
	.license = "MIT",
	.requires_ = needs,
	.load = load,
	.start = start,
	.stop = stop,
	.unload = unload,
};
AERIE_PLUGIN_EXPORT(plugin);
