/* SPDX-License-Identifier: MIT */
/* Memory that is out at any point of a request, or of a registration: each allocation fails once, alone and with all behind it. The client
 * gets 503 or a connection that is cut, never a wrong answer, and nothing is left behind (which the sanitizers see). The linker puts these
 * functions in place of those of the libraries; jansson's allocations go through the host's. */
#include "failing.h"
#include "http.h"

WRAP(char *, strdup, (const char *text), (text))

static unsigned destroyed, begun;

static void destroy(void *user)
{
	destroyed++;
}

static int next(void *user, const struct aerie_visitor *vt, void *v)
{
	unsigned *at = user;

	return *at == 3 ? 0 : vt->u64(v, ++*at) ? -ENOMEM : 1;
}

static unsigned at;

/* Uses all there is to use: command, rest of the path, query, headers, and a list. */
static int everything(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	const struct aerie_value *command;
	uint32_t len;
	int err = http_service.command(req, &command);

	if (err)
		return err;
	if (!http_service.value_json(req, http_service.value_get(command, "a"), &len))
		return -ENOMEM;
	cr_assert_str_eq(http_service.param(req, "path"), "x/y z");
	cr_assert_str_eq(http_service.query(req, "q"), "1 2");
	cr_assert_str_eq(http_service.value_key(command, 1), "b");
	http_service.reply_status(rep, 201);
	err = http_service.reply_header(rep, "Location", "/here");
	if (!err)
		err = http_service.reply_header(rep, "X", "y");
	if (err)
		return err;
	at = 0;
	begun++;
	return http_service.reply_list(rep, next, NULL, &at, destroy);
}

static void up(void)
{
	router_up();
	cr_assert_eq(add_route(AERIE_HTTP_POST, "/all/*path", NULL, NULL, everything, NULL), 0, "%s", mod->fail_text);
	routes_done();
}

static void down(void)
{
	fail_at = 0;
	router_down();
}

TestSuite(router_memory, .init = up, .fini = down);

/* One request with the fail_at-th allocation failing; did it come to that? */
static bool ask_once(const char *type, const char *body, size_t len)
{
	struct aerie_http_request req = {
		.size = sizeof req, .method = AERIE_HTTP_POST, .path = "/all.json/x//y%20z", .query = "q=1+2&r", .content_type = type,
		.body = body, .body_len = len,
	};
	struct aerie_http_response res = { .size = sizeof res };
	char text[64] = "";
	struct aerie_reply *rep;
	int64_t n = 0;

	destroyed = begun = 0;
	allocations = 0;
	rep = http_service.dispatch(&mod->host, &req, &res);
	if (rep && res.status == 201) {
		n = http_service.read(rep, text, sizeof text);
		cr_assert(n == -ENOMEM || (n == 7 && !strcmp(text, "[1,2,3]")), "allocation %ld: %lld %s", fail_at, (long long)n, text);
		cr_assert_eq(res.n_headers, 2);
		cr_assert_str_eq(res.headers[0].value, "/here");
	} else if (rep) {
		cr_assert_eq(res.status, 503, "allocation %ld: %u", fail_at, res.status);
		cr_assert_eq(res.n_headers, 0);
	}
	http_service.reply_free(rep);
	cr_assert_eq(destroyed, begun, "allocation %ld", fail_at);
	return allocations >= fail_at;
}

static void try_all(const char *type, const char *body, size_t len)
{
	long n;
	int on;

	for (on = 0; on < 2; on++) {
		fail_on = on;
		for (n = 1;; n++) {
			fail_at = n;
			if (!ask_once(type, body, len))
				break;
		}
		fail_at = 0;
		cr_assert_gt(n, 10);
		cr_assert_eq(begun, 1, "without a failure it answers");
	}
}

Test(router_memory, of_a_request_with_json)
{
	static const char body[] = "{\"a\":[1,2.5,\"text\",{\"k\":null}],\"b\":true,\"c\":-7}";

	try_all("application/json", body, sizeof body - 1);
}

Test(router_memory, of_a_request_with_msgpack)
{
	static const char body[] = "\x83\xa1" "a\x94\x01\xcb\x40\x04\0\0\0\0\0\0\xa4text\x81\xa1k\xc0\xa1" "b\xc3\xa1" "c\xf9";

	try_all("application/msgpack", body, sizeof body - 1);
}

Test(router_memory, of_a_request_with_a_form)
{
	static const char json[] = "x=%31&json=%7B%22a%22:1,%22b%22:2%7D", packed[] = "msgpack=gqFhAaFiAg%3D%3D";

	try_all("application/x-www-form-urlencoded", json, sizeof json - 1);
	try_all("application/x-www-form-urlencoded", packed, sizeof packed - 1);
}

static void destroy_route(void *user)
{
	destroyed++;
}

Test(router_memory, of_a_registration)
{
	static const struct aerie_param params[] = {
		AERIE_PARAM(AERIE_IN_PATH, 0, "k", "key", "A key.", "\"x\""),
		AERIE_PARAM(AERIE_IN_QUERY, 0, "q", "string", "A text.", NULL),
	};
	const struct aerie_route r = {
		.size = sizeof r, .methods = AERIE_HTTP_GET, .path = "/by/:k", .formats = "json|html", .role = "admin", .summary = "s",
		.help = "h", .handle = everything, .destroy = destroy_route, .params = params, .n_params = 2, .record = "r", .fields = "a b",
	};
	int err = -ENOMEM;
	long n;

	for (n = 1; err; n++) {
		struct module *other = module_new(&core, "other");

		destroyed = 0;
		allocations = 0;
		fail_at = n;
		err = http_service.register_route(&other->host, &r);
		fail_at = 0;
		cr_assert(err == -ENOMEM || (!err && n > 8), "allocation %ld: %d", n, err);
		module_free(other);
		cr_assert_eq(destroyed, err ? 0 : 1, "what was refused stays the module's");
	}
}
