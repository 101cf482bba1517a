/* SPDX-License-Identifier: MIT */
/* A module for `make bench`: measures what a reply costs inside the host, without sockets, on one thread.
 *
 *   POST /bench/measure?path=PATH&rounds=N   dispatches PATH, with this request's body, and reads the reply to its end; answers "octets
 *                                            seconds copy": of the best round in CPU time, and of copying as many octets
 *   GET, POST /bench/devices                 all devices, with the fields that the command selects: nothing but store, selection
 *                                            and serializer
 *   type=benchradio                          a source that reads a file as a radio would be read: what finds no room is dropped */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <aerie/devices.h>
#include <aerie/http.h>
#include <aerie/select.h>
#include <aerie/source.h>

#define KEYS 256u
#define CHUNK 65536u

struct bench {
	const struct aerie_host *h;
	const struct aerie_http *http;
	const struct aerie_devices *devices;
	const struct aerie_select *select;
};

/* ---- /bench/devices ---- */

struct walk {
	const struct bench *b;
	struct aerie_cursor *cursor;
	struct aerie_selection *selection;
	uint64_t keys[KEYS];
	int n, i;
	const struct aerie_visitor *vt;
	void *v;
};

static int visit(void *user, struct aerie_device *dev)
{
	struct walk *w = user;
	int err = w->b->select->visit(w->b->h, w->selection, dev->rec, w->vt, w->v);

	return err < 0 ? err : AERIE_DEVICE_UNCHANGED;
}

static int next(void *user, const struct aerie_visitor *vt, void *v)
{
	struct walk *w = user;
	int r;

	w->vt = vt;
	w->v = v;
	do {
		if (w->i == w->n) {
			w->i = 0;
			w->n = w->b->devices->cursor_next(w->cursor, w->keys, KEYS);
			if (w->n <= 0)
				return w->n;
		}
		r = w->b->devices->with(w->b->h, w->keys[w->i++], visit, w);
	} while (r == -ENOENT);
	return r < 0 ? r : 1;
}

static int64_t count(void *user)
{
	struct walk *w = user;

	return w->b->devices->cursor_fix(w->cursor, NULL, NULL);
}

static void walk_free(void *user)
{
	struct walk *w = user;

	w->b->select->selection_free(w->selection);
	if (w->cursor)
		w->b->devices->cursor_close(w->cursor);
	free(w);
}

static int devices(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	static const struct aerie_device_query all = { .size = sizeof all };
	const struct bench *b = user;
	const struct aerie_value *command = NULL, *fields;
	struct walk *w = calloc(1, sizeof *w);
	char why[256];

	if (!w)
		return -ENOMEM;
	w->b = b;
	w->cursor = b->devices->cursor_open(b->h, &all);
	fields = b->http->command(req, &command) ? NULL : b->http->value_get(command, "fields");
	if (!w->cursor || b->select->selection_new(b->h, fields, &w->selection, why, sizeof why) < 0) {
		walk_free(w);
		return -EINVAL;
	}
	return b->http->reply_list(rep, next, count, w, walk_free);
}

/* ---- /bench/measure ---- */

static double cpu_seconds(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int64_t read_all(const struct bench *b, const struct aerie_http_request *req, char *chunk, double *ret_seconds)
{
	struct aerie_http_response res = { .size = sizeof res };
	double before = cpu_seconds();
	struct aerie_reply *rep = b->http->dispatch(b->h, req, &res);
	int64_t n = 0, octets = 0;

	if (!rep)
		return -ENOMEM;
	while ((n = b->http->read(rep, chunk, CHUNK)) > 0)
		octets += n;
	b->http->reply_free(rep);
	*ret_seconds = cpu_seconds() - before;
	return n < 0 ? n : res.status != 200 ? -(int64_t)res.status : octets;
}

static double copy_seconds(size_t octets)
{
	char *from = malloc(octets), *to = malloc(octets);
	double seconds = 0;

	if (from && to) {
		memset(from, 'x', octets);
		memset(to, 'y', octets);
		seconds = cpu_seconds();
		memcpy(to, from, octets);
		__asm__ volatile("" : : "r"(to) : "memory"); /* somebody may look at it */
		seconds = cpu_seconds() - seconds;
	}
	free(from);
	free(to);
	return seconds;
}

static int measure(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	const struct bench *b = user;
	const char *path = b->http->query(req, "path"), *rounds = b->http->query(req, "rounds");
	struct aerie_http_request inner = *b->http->raw(req);
	double best = 1e9, seconds = 0;
	int64_t octets = 0;
	char text[128], *chunk = malloc(CHUNK);
	int i, len;

	if (!path || !chunk) {
		free(chunk);
		return -EINVAL;
	}
	inner.path = path;
	inner.query = NULL;
	inner.method = inner.body_len > 2 ? AERIE_HTTP_POST : AERIE_HTTP_GET;
	for (i = 0; i < (rounds ? atoi(rounds) : 1) && octets >= 0; i++) {
		octets = read_all(b, &inner, chunk, &seconds);
		best = seconds < best ? seconds : best;
	}
	free(chunk);
	len = snprintf(text, sizeof text, "%lld %.9f %.9f\n", (long long)octets, best,
		       octets > 0 ? copy_seconds((size_t)octets) : 0);
	return b->http->reply_octets(rep, "text/plain", text, (uint64_t)len);
}

/* ---- a radio: packets of a file, for which nobody waits ---- */

static const struct aerie_option radio_options[] = {
	AERIE_OPTION(AERIE_OPT_INT, 0, "pps", NULL, "1..1000000000", "Packets per second."),
	AERIE_OPTION(AERIE_OPT_BOOL, 0, "loop", "false", NULL, "Starts again when the file ends."),
	AERIE_OPTION_END,
};

static const struct aerie_driver radio = {
	.size = sizeof radio,
	.flags = AERIE_DRIVER_LOCAL,
	.type = "benchradio",
	.help = "For make bench.",
	.program = "aerie-cap-pcapfile",
	.options = radio_options,
};

/* ---- the module ---- */

static int load(const struct aerie_host *h, void **ret_state)
{
	struct bench *b = calloc(1, sizeof *b);
	struct aerie_route routes[] = {
		{ .size = sizeof routes[0], .methods = AERIE_HTTP_GET | AERIE_HTTP_POST, .path = "/bench/devices",
		  .summary = "All devices", .help = "For make bench.", .handle = devices, .user = b },
		{ .size = sizeof routes[0], .methods = AERIE_HTTP_POST, .path = "/bench/measure", .formats = "",
		  .summary = "Measures a reply", .help = "For make bench.", .handle = measure, .user = b },
	};
	size_t i;
	int err = 0;

	if (!b)
		return -ENOMEM;
	b->h = h;
	b->http = h->get_service(h, AERIE_HTTP_SERVICE);
	b->devices = h->get_service(h, AERIE_DEVICES_SERVICE);
	b->select = h->get_service(h, AERIE_SELECT_SERVICE);
	for (i = 0; !err && i < sizeof routes / sizeof routes[0]; i++)
		err = b->http->register_route(h, &routes[i]);
	if (!err)
		err = ((const struct aerie_sources *)h->get_service(h, AERIE_SOURCE_SERVICE))->register_driver(h, &radio);
	if (err) {
		free(b);
		return err;
	}
	*ret_state = b;
	return 0;
}

static void unload(void *state)
{
	free(state);
}

static const char *const needs[] = { AERIE_HTTP_SERVICE, AERIE_DEVICES_SERVICE, AERIE_SELECT_SERVICE, AERIE_SOURCE_SERVICE, NULL };

static const struct aerie_plugin plugin = {
	.abi = AERIE_ABI_INIT,
	.id = "bench.routes",
	.version = "1.0",
	.summary = "Routes that measure",
	.license = "MIT",
	.requires_ = needs,
	.load = load,
	.unload = unload,
};
AERIE_PLUGIN_EXPORT(plugin);
