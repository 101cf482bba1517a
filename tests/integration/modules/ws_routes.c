/* SPDX-License-Identifier: MIT */
/* A module with WebSocket routes that the transport is tested with: one that echoes, one that pauses until it is told to go
 * on, one that floods, one that closes or fails as it is told, and plain routes that tell what happened. */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <aerie/http.h>
#include <aerie/websocket.h>

#define PIECE (64u * 1024u)
#define PAUSED_MAX 16u

static const struct aerie_http *http;
static const struct aerie_websocket *websocket;
static atomic_uint opened, closed, messages, wrong; /* wrong: callbacks that should not have been */
static atomic_ullong octets, flooded, refused;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards the next two */
static struct conn *paused[PAUSED_MAX];
static unsigned seen_paused;

struct conn {
	struct aerie_ws *ws;
	bool open, threaded;
	atomic_bool end;
	pthread_t thread;
};

static int conn_new(struct aerie_ws *ws, void **ret_conn)
{
	struct conn *c = calloc(1, sizeof *c);

	if (!c)
		return -ENOMEM;
	c->ws = ws;
	c->open = true;
	atomic_fetch_add(&opened, 1);
	*ret_conn = c;
	return 0;
}

static int on_open(void *user, const struct aerie_http_request *req, struct aerie_ws *ws, void **ret_conn)
{
	return conn_new(ws, ret_conn);
}

static void on_close(void *conn)
{
	struct conn *c = conn;
	unsigned i;

	if (!c->open)
		atomic_fetch_add(&wrong, 1);
	c->open = false;
	atomic_store(&c->end, true);
	if (c->threaded)
		pthread_join(c->thread, NULL);
	pthread_mutex_lock(&lock);
	for (i = 0; i < PAUSED_MAX; i++)
		if (paused[i] == c)
			paused[i] = NULL;
	pthread_mutex_unlock(&lock);
	atomic_fetch_add(&closed, 1);
	free(c);
}

static void count(const struct conn *c, uint64_t len)
{
	if (!c->open)
		atomic_fetch_add(&wrong, 1);
	atomic_fetch_add(&messages, 1);
	atomic_fetch_add(&octets, len);
}

static int echo(void *conn, uint32_t kind, const uint8_t *data, uint64_t len)
{
	struct conn *c = conn;

	count(c, len);
	return websocket->send(c->ws, kind, data, len);
}

static int sink(void *conn, uint32_t kind, const uint8_t *data, uint64_t len)
{
	count(conn, len);
	return 0;
}

/* Tells who came. */
static int hello_open(void *user, const struct aerie_http_request *req, struct aerie_ws *ws, void **ret_conn)
{
	char text[512];
	int n = snprintf(text, sizeof text, "%s|%s|%s|%s", req->path, req->query ? req->query : "-", req->role ? req->role : "-",
			 strstr(req->peer, "127.0.0.1") ? "local" : req->peer);

	(void)websocket->send(ws, AERIE_WS_TEXT, text, (uint64_t)n);
	return conn_new(ws, ret_conn);
}

/* Pauses after each message. */
static int pausing(void *conn, uint32_t kind, const uint8_t *data, uint64_t len)
{
	struct conn *c = conn;
	unsigned i, at = PAUSED_MAX;

	count(c, len);
	pthread_mutex_lock(&lock);
	for (i = 0; i < PAUSED_MAX; i++)
		if (paused[i] == c)
			atomic_fetch_add(&wrong, 1);
		else if (!paused[i])
			at = i;
	if (at < PAUSED_MAX)
		paused[at] = c;
	seen_paused++;
	pthread_mutex_unlock(&lock);
	return AERIE_WS_PAUSE;
}

/* Sends until its queue is full, over and over, as many octets as it is asked for. */
static void *flood_thread(void *arg)
{
	struct conn *c = arg;
	static const char piece[PIECE];
	int err;

	while (!atomic_load(&c->end)) {
		err = websocket->send(c->ws, AERIE_WS_BINARY, piece, sizeof piece);
		if (err == -EPIPE)
			break;
		if (err == -EAGAIN) {
			atomic_fetch_add(&refused, 1);
			usleep(1000);
			continue;
		}
		atomic_fetch_add(&flooded, sizeof piece);
	}
	return NULL;
}

static int flood_open(void *user, const struct aerie_http_request *req, struct aerie_ws *ws, void **ret_conn)
{
	int err = conn_new(ws, ret_conn);
	struct conn *c = err ? NULL : *ret_conn;

	if (c)
		c->threaded = !pthread_create(&c->thread, NULL, flood_thread, c);
	return err;
}

/* "close CODE REASON", "fail ERRNO", "burst N": N messages and a close. */
static int obey(void *conn, uint32_t kind, const uint8_t *data, uint64_t len)
{
	struct conn *c = conn;
	char text[512] = "", number[32];
	unsigned code, i;
	int at = 0, n;

	count(c, len);
	memcpy(text, data, len < sizeof text ? len : sizeof text - 1);
	if (sscanf(text, "close %u %n", &code, &at) == 1) {
		websocket->close(c->ws, (uint16_t)code, text + at);
		websocket->close(c->ws, 1000, "too late");
		if (websocket->send(c->ws, kind, data, len) != -EPIPE)
			atomic_fetch_add(&wrong, 1);
		return 0;
	}
	if (sscanf(text, "fail %u", &code) == 1)
		return -(int)code;
	if (sscanf(text, "burst %u", &code) == 1) {
		for (i = 0; i < code; i++) {
			n = snprintf(number, sizeof number, "%u", i);
			if (websocket->send(c->ws, AERIE_WS_TEXT, number, (uint64_t)n))
				atomic_fetch_add(&wrong, 1);
		}
		websocket->close(c->ws, 1000, "done");
	}
	return 0;
}

static int never_open(void *user, const struct aerie_http_request *req, struct aerie_ws *ws, void **ret_conn)
{
	return -EBUSY;
}

static int tell(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	char text[512];
	unsigned waiting;
	int n;

	pthread_mutex_lock(&lock);
	waiting = seen_paused;
	pthread_mutex_unlock(&lock);
	n = snprintf(text, sizeof text, "{\"opened\":%u,\"closed\":%u,\"messages\":%u,\"octets\":%llu,\"wrong\":%u,\"paused\":%u,"
		     "\"flooded\":%llu,\"refused\":%llu}", atomic_load(&opened), atomic_load(&closed), atomic_load(&messages),
		     (unsigned long long)atomic_load(&octets), atomic_load(&wrong), waiting, (unsigned long long)atomic_load(&flooded),
		     (unsigned long long)atomic_load(&refused));
	return http->reply_octets(rep, "application/json", text, (uint64_t)n);
}

static int resume(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	unsigned i;

	pthread_mutex_lock(&lock);
	for (i = 0; i < PAUSED_MAX; i++) {
		struct conn *c = paused[i];

		paused[i] = NULL;
		if (c)
			websocket->resume(c->ws);
	}
	pthread_mutex_unlock(&lock);
	return http->reply_octets(rep, "text/plain", "ok", 2);
}

static int load(const struct aerie_host *h, void **ret_state)
{
	struct aerie_route plain[] = {
		{ .path = "/ws/tell", .handle = tell },
		{ .path = "/ws/resume", .handle = resume },
	};
	struct aerie_ws_route rows[] = {
		{ .path = "/ws/echo.ws", .open = on_open, .message = echo },
		{ .path = "/ws/:name/hello.ws", .protocol = "hello-2", .open = hello_open, .message = sink },
		{ .path = "/ws/secret.ws", .protocol = "hello-2", .role = "datasource", .open = hello_open, .message = sink },
		{ .path = "/ws/sink.ws", .open = on_open, .message = sink },
		{ .path = "/ws/pause.ws", .open = on_open, .message = pausing },
		{ .path = "/ws/flood.ws", .open = flood_open, .message = sink },
		{ .path = "/ws/obey.ws", .open = on_open, .message = obey },
		{ .path = "/ws/never.ws", .open = never_open, .message = sink },
	};
	size_t i;
	int err = 0;

	http = h->get_service(h, AERIE_HTTP_SERVICE);
	websocket = h->get_service(h, AERIE_WEBSOCKET_SERVICE);
	for (i = 0; !err && i < sizeof plain / sizeof plain[0]; i++) {
		plain[i].size = sizeof plain[i];
		plain[i].methods = AERIE_HTTP_GET;
		plain[i].formats = "";
		plain[i].summary = plain[i].help = "A test.";
		err = http->register_route(h, &plain[i]);
	}
	for (i = 0; !err && i < sizeof rows / sizeof rows[0]; i++) {
		rows[i].size = sizeof rows[i];
		rows[i].close = on_close;
		rows[i].summary = rows[i].help = "A test.";
		err = websocket->register_route(h, &rows[i]);
	}
	*ret_state = NULL;
	return err;
}

static const char *const needs[] = { AERIE_HTTP_SERVICE, AERIE_WEBSOCKET_SERVICE, NULL };

static const struct aerie_plugin plugin = {
	.abi = AERIE_ABI_INIT,
	.id = "test.ws_routes",
	.version = "1",
	.summary = "WebSocket routes for tests",
	.license = "MIT",
	.requires_ = needs,
	.load = load,
};
AERIE_PLUGIN_EXPORT(plugin);
