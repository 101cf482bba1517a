/* SPDX-License-Identifier: MIT */
/* WebSocket routes: which one a path and a role find, what is refused at registration, how calls reach the transport, and how
 * long a connection keeps its module. Expected values are by hand from <aerie/websocket.h> and RFC 6455 7.4. */
#include "http.h"

#include <core/wsroutes.h>

static unsigned destroyed;

static int on_open(void *user, const struct aerie_http_request *req, struct aerie_ws *ws, void **ret_conn)
{
	*ret_conn = ws;
	return 0;
}

static int on_request(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	return -ENOENT;
}

static int on_message(void *conn, uint32_t kind, const uint8_t *data, uint64_t len)
{
	return 0;
}

static void on_close(void *conn)
{
}

static void on_destroy(void *user)
{
	destroyed++;
}

static int add(const char *path, const char *protocol, const char *role, void *user)
{
	struct aerie_ws_route r = {
		.size = sizeof r, .path = path, .protocol = protocol, .role = role, .summary = "s", .help = "h", .open = on_open,
		.message = on_message, .close = on_close, .user = user, .destroy = on_destroy,
	};

	return websocket_service.register_route(&mod->host, &r);
}

static void up(void)
{
	router_up();
	destroyed = 0;
}

TestSuite(wsroutes, .init = up, .fini = router_down);

/* The `user` of the route that is found, or "" and the error. */
static const char *find(const char *path, const char *role, int *ret_err)
{
	struct aerie_http_request req = { .size = sizeof req, .method = AERIE_HTTP_GET, .path = path, .role = role, .peer = "test" };
	const struct aerie_ws_route *r = NULL;
	void *pin = NULL;
	const char *user;

	*ret_err = websocket_service.match(&mod->host, &req, &r, &pin);
	if (*ret_err) {
		cr_assert_null(r);
		cr_assert_null(pin);
		return "";
	}
	user = r->user;
	websocket_service.unpin(pin);
	return user;
}

static void finds(const char *path, const char *role, int err, const char *user)
{
	int got;
	const char *found = find(path, role, &got);

	cr_assert_eq(got, err, "%s as %s: %d", path, role ? role : "nobody", got);
	cr_assert_str_eq(found, user, "%s: %s", path, found);
}

Test(wsroutes, path_and_role_find_the_route)
{
	char long_path[8192];

	cr_assert_eq(add("/datasource/remote/remotesource.ws", "kismet-remote", "datasource", "remote"), 0, "%s", mod->fail_text);
	cr_assert_eq(add("/open/:key/events.ws", NULL, NULL, "events"), 0, "%s", mod->fail_text);
	cr_assert_eq(add("/open/all/events.ws", NULL, NULL, "all"), 0, "%s", mod->fail_text);
	cr_assert_eq(add_route(AERIE_HTTP_GET, "/http/only", "", NULL, NULL, NULL), -EINVAL);
	routes_done();
	finds("/datasource/remote/remotesource.ws", "datasource", 0, "remote");
	finds("/datasource/remote/remotesource.ws", "admin", 0, "remote");
	finds("/datasource/remote/remotesource.ws", "readonly", -EPERM, "");
	finds("/datasource/remote/remotesource.ws", "", -EACCES, "");
	finds("/datasource/remote/remotesource.ws", NULL, -EACCES, "");
	finds("/datasource//remote/remote%73ource%2ews", "admin", 0, "remote");
	finds("/datasource/remote/remotesource", "admin", -ENOENT, "");
	finds("/datasource/remote/remotesource.ws/more", "admin", -ENOENT, "");
	finds("/datasource/remote/remotesource.ws.json", "admin", -ENOENT, "");
	finds("/open/x/events.ws", NULL, 0, "events");
	finds("/open/all/events.ws", NULL, 0, "all");
	finds("/open/%zz/events.ws", NULL, -ENOENT, "");
	finds("open/x/events.ws", NULL, -ENOENT, "");
	memset(long_path, 'a', sizeof long_path - 1);
	memcpy(long_path, "/open/", 6);
	memcpy(long_path + sizeof long_path - 12, "/events.ws", 11);
	finds(long_path, NULL, -ENOENT, "");
}

Test(wsroutes, login_for_all_is_asked_of_open_routes_only)
{
	struct aerie_http_request req = {
		.size = sizeof req, .method = AERIE_HTTP_GET, .path = "/closed.ws", .peer = "test", .flags = AERIE_REQUEST_LOGIN_FOR_ALL,
	};
	const struct aerie_ws_route *r;
	void *pin;

	cr_assert_eq(add("/closed.ws", NULL, NULL, NULL), 0);
	cr_assert_eq(add("/always.ws", NULL, "", NULL), 0);
	routes_done();
	cr_assert_eq(websocket_service.match(&mod->host, &req, &r, &pin), -EACCES);
	req.role = "other";
	cr_assert_eq(websocket_service.match(&mod->host, &req, &r, &pin), -EPERM);
	req.role = "readonly";
	cr_assert_eq(websocket_service.match(&mod->host, &req, &r, &pin), 0);
	websocket_service.unpin(pin);
	req.role = NULL;
	req.path = "/always.ws";
	cr_assert_eq(websocket_service.match(&mod->host, &req, &r, &pin), 0);
	websocket_service.unpin(pin);
	req.path = "/closed.ws";
	req.size = offsetof(struct aerie_http_request, login); /* of a transport that knows of no flags */
	cr_assert_eq(websocket_service.match(&mod->host, &req, &r, &pin), 0);
	websocket_service.unpin(pin);
}

Test(wsroutes, route_is_told_with_the_others_without_methods)
{
	struct answer a;
	int err;

	cr_assert_eq(add("/events.ws", NULL, NULL, "events"), 0);
	routes_done();
	a = ask("/events.ws");
	cr_assert_eq(a.status, 404, "a WebSocket route answers no plain request");
	free(a.body);
	cr_assert_str_eq(find("/events.ws", NULL, &err), "events");
}

static int see(void *user, const struct aerie_route *r, const char *owner)
{
	(void)sprintf(user, "%s %u %s %s %s %u %s:%s", r->path, r->methods, r->role, r->summary, owner, r->n_params,
		      r->params[0].name, r->params[0].help);
	return 0;
}

Test(wsroutes, enumeration_has_them_and_their_parameters)
{
	struct aerie_param params[] = { AERIE_PARAM(AERIE_IN_MESSAGE, 0, "SUBSCRIBE", "string", "An event.", "\"ALERT\"") };
	struct aerie_ws_route r = {
		.size = sizeof r, .path = "/events.ws", .role = "readonly", .summary = "s", .help = "h", .open = on_open,
		.message = on_message, .close = on_close, .params = params, .n_params = 1,
	};
	char text[256] = "";

	cr_assert_eq(websocket_service.register_route(&mod->host, &r), 0, "%s", mod->fail_text);
	memset(params, 0, sizeof params); /* they were copied */
	routes_done();
	http_service.each_route(&mod->host, see, text);
	cr_assert_str_eq(text, "/events.ws 0 readonly s test 1 SUBSCRIBE:An event.");
}

Test(wsroutes, incomplete_route_is_refused_with_the_reason)
{
	const struct aerie_ws_route good = {
		.size = sizeof good, .path = "/x.ws", .summary = "s", .help = "h", .open = on_open, .message = on_message, .close = on_close,
		.destroy = on_destroy,
	};
	struct aerie_ws_route r;
	unsigned i;

	for (i = 0; i < 8; i++) {
		r = good;
		switch (i) {
		case 0: r.open = NULL; break;
		case 1: r.message = NULL; break;
		case 2: r.close = NULL; break;
		case 3: r.path = NULL; break;
		case 4: r.path = "x.ws"; break;
		case 5: r.summary = NULL; break;
		case 6: r.help = ""; break;
		case 7: r.protocol = "two words"; break;
		}
		free(mod->fail_text);
		mod->fail_text = NULL;
		cr_assert_eq(websocket_service.register_route(&mod->host, &r), -EINVAL, "row %u", i);
		cr_assert_not_null(mod->fail_text, "row %u", i);
	}
	r = good;
	r.size = offsetof(struct aerie_ws_route, user);
	cr_assert_eq(websocket_service.register_route(&mod->host, &r), 0, "%s", mod->fail_text);
	routes_done();
	cr_assert_eq(destroyed, 0);
}

Test(wsroutes, second_route_for_a_path_is_refused)
{
	cr_assert_eq(add("/a/:x/b.ws", NULL, NULL, "1"), 0);
	cr_assert_eq(add("/a/:y/b.ws", NULL, NULL, "2"), -EEXIST);
	cr_assert_not_null(strstr(mod->fail_text, "test has one for the same path (/a/:x/b.ws)"), "%s", mod->fail_text);
	cr_assert_eq(destroyed, 0, "what was refused stays the module's");
	cr_assert_eq(add("/a/c/b.ws", NULL, NULL, "3"), 0);
	routes_done();
}

Test(wsroutes, registration_after_load_is_refused)
{
	routes_done();
	cr_assert_eq(add("/late.ws", NULL, NULL, NULL), -EPERM);
	cr_assert_eq(destroyed, 0);
}

Test(wsroutes, connection_keeps_its_module_and_no_other)
{
	struct aerie_http_request req = { .size = sizeof req, .method = AERIE_HTTP_GET, .path = "/events.ws" };
	struct module *other = module_new(&core, "other");
	const struct aerie_ws_route *r;
	struct aerie_route plain = {
		.size = sizeof plain, .methods = AERIE_HTTP_GET, .path = "/other", .formats = "", .summary = "s", .help = "h",
		.handle = on_request,
	};
	void *pin;
	int err;

	cr_assert_eq(add("/events.ws", "p", NULL, "events"), 0);
	cr_assert_eq(http_service.register_route(&other->host, &plain), 0);
	routes_done();
	cr_assert_eq(epochs_commit(core.epochs, other), 0);
	cr_assert_eq(websocket_service.match(&mod->host, &req, &r, &pin), 0);
	epochs_withdraw(core.epochs, other);
	cr_assert_eq(epochs_holding(core.epochs, other), 0, "no connection of another module's route may delay it");
	epochs_withdraw(core.epochs, mod);
	cr_assert_str_eq(find("/events.ws", NULL, &err), "", "it was withdrawn");
	cr_assert_eq(epochs_holding(core.epochs, mod), 1);
	cr_assert_eq(destroyed, 0);
	cr_assert_str_eq(r->path, "/events.ws");
	cr_assert_str_eq(r->protocol, "p");
	websocket_service.unpin(pin);
	cr_assert_eq(epochs_holding(core.epochs, mod), 0);
	cr_assert_eq(destroyed, 1);
	module_free(other);
}

/* A transport that notes what it is asked to do. */
struct noting {
	struct aerie_ws ws;
	uint32_t kind;
	uint64_t len;
	unsigned sent, resumed;
	uint16_t code;
	const char *reason;
};

static int note_send(struct aerie_ws *ws, uint32_t kind, const void *data, uint64_t len)
{
	struct noting *n = (struct noting *)ws;

	n->sent++;
	n->kind = kind;
	n->len = len;
	return len == 7 ? -EAGAIN : 0;
}

static void note_resume(struct aerie_ws *ws)
{
	((struct noting *)ws)->resumed++;
}

static void note_close(struct aerie_ws *ws, uint16_t code, const char *reason)
{
	((struct noting *)ws)->code = code;
	((struct noting *)ws)->reason = reason;
}

static uint64_t note_queued(struct aerie_ws *ws)
{
	return ((struct noting *)ws)->len;
}

static const struct aerie_ws_ops noting_ops = {
	.size = sizeof noting_ops, .send = note_send, .resume = note_resume, .close = note_close, .queued = note_queued,
};

static int refuse(void *user, const struct aerie_http_request *req)
{
	return -ENOENT;
}

Test(wsroutes, transport_gets_what_the_route_says_of_itself)
{
	const struct aerie_param params[] = {
		AERIE_PARAM(AERIE_IN_MESSAGE, AERIE_PARAM_REQUIRED, "SUBSCRIBE", "string", "An event.", "\"X\""),
	};
	const struct aerie_ws_route given = {
		.size = sizeof given, .path = "/x.ws", .summary = "s", .help = "h", .open = on_open, .message = on_message, .close = on_close,
		.check = refuse, .drained = on_close, .params = params, .n_params = 1,
	};
	struct aerie_http_request req = { .size = sizeof req, .method = AERIE_HTTP_GET, .path = "/x.ws" };
	const struct aerie_ws_route *r;
	void *pin;

	cr_assert_eq(websocket_service.register_route(&mod->host, &given), 0, "%s", mod->fail_text);
	routes_done();
	cr_assert_eq(websocket_service.match(&mod->host, &req, &r, &pin), 0);
	cr_assert_eq(r->check, refuse);
	cr_assert_eq(r->drained, on_close);
	cr_assert_eq(r->n_params, 1);
	cr_assert_neq(r->params, params, "a copy");
	cr_assert_str_eq(r->params[0].name, "SUBSCRIBE");
	websocket_service.unpin(pin);
}

Test(wsroutes, calls_reach_the_transport_within_limits)
{
	static const struct {
		uint16_t given, used;
	} codes[] = {
		{ 1000, 1000 }, { 1001, 1001 }, { 1003, 1003 }, { 1007, 1007 }, { 1011, 1011 }, { 1013, 1013 }, { 3000, 3000 }, { 4999, 4999 },
		{ 0, 1000 },    { 999, 1000 },  { 1004, 1000 }, { 1005, 1000 }, { 1006, 1000 }, { 1015, 1000 }, { 2999, 1000 }, { 5000, 1000 },
	};
	struct noting n = { .ws = { &noting_ops } };
	static uint8_t data[AERIE_WS_MESSAGE_MAX + 1];
	size_t i;

	cr_assert_eq(websocket_service.send(&n.ws, AERIE_WS_BINARY, data, AERIE_WS_MESSAGE_MAX), 0);
	cr_assert_eq(n.kind, AERIE_WS_BINARY);
	cr_assert_eq(n.len, AERIE_WS_MESSAGE_MAX);
	cr_assert_eq(websocket_service.queued(&n.ws), AERIE_WS_MESSAGE_MAX);
	cr_assert_eq(websocket_service.send(&n.ws, AERIE_WS_TEXT, data, 7), -EAGAIN);
	cr_assert_eq(n.sent, 2);
	cr_assert_eq(websocket_service.send(&n.ws, AERIE_WS_TEXT, data, sizeof data), -EMSGSIZE);
	cr_assert_eq(websocket_service.send(&n.ws, 0, data, 1), -EINVAL);
	cr_assert_eq(websocket_service.send(&n.ws, 3, data, 1), -EINVAL);
	cr_assert_eq(n.sent, 2);
	websocket_service.resume(&n.ws);
	cr_assert_eq(n.resumed, 1);
	for (i = 0; i < sizeof codes / sizeof codes[0]; i++) {
		websocket_service.close(&n.ws, codes[i].given, "why");
		cr_assert_eq(n.code, codes[i].used, "%u became %u", codes[i].given, n.code);
		cr_assert_str_eq(n.reason, "why");
	}
}
