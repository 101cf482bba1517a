/* SPDX-License-Identifier: MIT */
/* A module with routes that the transport is tested with: one that needs a login, one that echoes its body, a list that is large and
 * one that breaks off. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <aerie/http.h>

#define BIG_ELEMENTS 1000000u
#define CUT_AT 20000u

static const struct aerie_http *http;

static int secret(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	const char *role = http->raw(req)->role;

	return http->reply_octets(rep, "text/plain", role, strlen(role));
}

static int whoami(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	const char *role = http->raw(req)->role;

	return http->reply_octets(rep, "text/plain", role ? role : "nobody", role ? strlen(role) : 6);
}

static int echo(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	const struct aerie_http_request *raw = http->raw(req);

	return http->reply_octets(rep, raw->content_type ? raw->content_type : "none/none", raw->body, raw->body_len);
}

static int peer(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	const struct aerie_http_request *raw = http->raw(req);
	const char *host = raw->header(raw, "Host");
	char text[512];
	int len = snprintf(text, sizeof text, "%s %s", raw->peer, host ? host : "-");

	return http->reply_octets(rep, "text/plain", text, (uint64_t)len);
}

/* As a command that waits for a source. */
static int slow(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	const struct timespec two_seconds = { .tv_sec = 2 };

	(void)nanosleep(&two_seconds, NULL);
	return http->reply_octets(rep, "text/plain", "slow", 4);
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static unsigned waiting, released;

/* As a search of very many devices, or a source that does not answer: takes until /test/release is asked. */
static int take_long(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	unsigned before;

	(void)pthread_mutex_lock(&lock);
	before = released;
	waiting++;
	while (released == before)
		(void)pthread_cond_wait(&changed, &lock);
	waiting--;
	(void)pthread_mutex_unlock(&lock);
	return http->reply_octets(rep, "text/plain", "long", 4);
}

static int count_waiting(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	char text[16];
	int len;

	(void)pthread_mutex_lock(&lock);
	len = snprintf(text, sizeof text, "%u", waiting);
	(void)pthread_mutex_unlock(&lock);
	return http->reply_octets(rep, "text/plain", text, (uint64_t)len);
}

static int release(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	(void)pthread_mutex_lock(&lock);
	released++;
	(void)pthread_cond_broadcast(&changed);
	(void)pthread_mutex_unlock(&lock);
	return http->reply_octets(rep, "text/plain", "", 0);
}

static int page(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	static const char text[] = "<!DOCTYPE html><title>x</title><script>document.title = 'y'</script>";
	int err = http->reply_header(rep, "Content-Disposition", "inline; filename=\"x.html\"");

	return err ? err : http->reply_octets(rep, "text/html; charset=utf-8", text, sizeof text - 1);
}

struct numbers {
	uint32_t at, fail_at;
};

static int next(void *user, const struct aerie_visitor *vt, void *v)
{
	struct numbers *n = user;
	int err;

	if (n->at == n->fail_at)
		return -EIO;
	if (n->at == BIG_ELEMENTS)
		return 0;
	err = vt->str(v, "0123456789012345678901234567890123456789012345678901234567890", 61);
	n->at++;
	return err ? err : 1;
}

static int64_t count(void *user)
{
	return BIG_ELEMENTS;
}

static int big(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	struct numbers *n = calloc(1, sizeof *n);

	if (!n)
		return -ENOMEM;
	n->fail_at = user ? CUT_AT : UINT32_MAX;
	return http->reply_list(rep, next, count, n, free);
}

static int load(const struct aerie_host *h, void **ret_state)
{
	static int cut;
	struct aerie_route rows[] = {
		{ .methods = AERIE_HTTP_GET, .path = "/test/secret", .formats = "", .role = "admin", .handle = secret },
		{ .methods = AERIE_HTTP_GET, .path = "/test/whoami", .formats = "", .handle = whoami },
		{ .methods = AERIE_HTTP_GET, .path = "/test/peer", .formats = "", .handle = peer },
		{ .methods = AERIE_HTTP_GET, .path = "/test/slow", .formats = "", .handle = slow },
		{ .methods = AERIE_HTTP_GET, .path = "/test/long", .formats = "", .handle = take_long, .flags = AERIE_ROUTE_LONG },
		{ .methods = AERIE_HTTP_GET, .path = "/test/wait", .formats = "", .handle = take_long },
		{ .methods = AERIE_HTTP_GET, .path = "/test/waiting", .formats = "", .handle = count_waiting, .flags = AERIE_ROUTE_QUICK },
		{ .methods = AERIE_HTTP_GET, .path = "/test/release", .formats = "", .handle = release, .flags = AERIE_ROUTE_QUICK },
		{ .methods = AERIE_HTTP_GET, .path = "/test/page", .formats = "", .handle = page },
		{ .methods = AERIE_HTTP_POST | AERIE_HTTP_PUT, .path = "/test/echo", .formats = "", .handle = echo },
		{ .methods = AERIE_HTTP_GET | AERIE_HTTP_POST, .path = "/test/big", .handle = big },
		{ .methods = AERIE_HTTP_GET, .path = "/test/cut", .handle = big, .user = &cut },
	};
	size_t i;
	int err = 0;

	http = h->get_service(h, AERIE_HTTP_SERVICE);
	for (i = 0; !err && i < sizeof rows / sizeof rows[0]; i++) {
		rows[i].size = sizeof rows[i];
		rows[i].summary = "A test.";
		rows[i].help = "For the tests of the transport.";
		err = http->register_route(h, &rows[i]);
	}
	*ret_state = NULL;
	return err;
}

static const char *const needs[] = { AERIE_HTTP_SERVICE, NULL };

static const struct aerie_plugin plugin = {
	.abi = AERIE_ABI_INIT,
	.id = "test.http_routes",
	.version = "1",
	.summary = "routes for tests",
	.license = "MIT",
	.requires_ = needs,
	.load = load,
};
AERIE_PLUGIN_EXPORT(plugin);
