/* SPDX-License-Identifier: MIT */
/* WebSocket routes are the router's routes, of a kind of their own: the same patterns, table and roles, always without
 * format. A connection keeps its route by a hold on that one entry, because a connection may live for days and an epoch
 * that is pinned for so long would keep every module of the host. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <core/routes.h>
#include <core/wsroutes.h>

#define CODE_NORMAL 1000u

/* ---- registration ---- */

struct conflict {
	struct module *m;
	const struct route *route;
};

static int find_conflict(void *user, const struct reg *reg)
{
	const struct conflict *c = user;
	const struct route *other = reg->item;

	if (!route_conflicts(c->route, other))
		return 0;
	return module_fail(c->m, -EEXIST, "WebSocket route %s: %s has one for the same path (%s)", c->route->r.path, other->owner,
			   other->r.path);
}

/* RFC 6455 4.1: a subprotocol is a token (RFC 9110 5.6.2). */
static bool protocol_valid(const char *protocol)
{
	static const char token[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~";

	return *protocol && strspn(protocol, token) == strlen(protocol);
}

static int ws_new(struct module *m, const struct aerie_ws_route *given, struct route **ret_route)
{
	struct aerie_route http = {
		.size = sizeof http, .methods = AERIE_HTTP_GET, .path = given->path, .formats = "", .role = given->role,
		.summary = given->summary, .help = given->help, .params = given->params, .n_params = given->n_params,
	};
	const char *error, *path = given->path ? given->path : "(none)";
	struct aerie_ws_route *ws;
	struct route *route;
	int err;

	if (!given->open || !given->message || !given->close)
		return module_fail(m, -EINVAL, "WebSocket route %s: it lacks open(), message() or close()", path);
	if (given->protocol && !protocol_valid(given->protocol))
		return module_fail(m, -EINVAL, "WebSocket route %s: its subprotocol is not a token", path);
	err = route_new(&http, m->id, &route, &error);
	if (err)
		return module_fail(m, err, "WebSocket route %s: %s", path, error);
	ws = route->ws = calloc(1, sizeof *ws);
	if (ws) {
		*ws = (struct aerie_ws_route){
			.size = sizeof *ws, .path = route->r.path, .role = route->r.role, .summary = route->r.summary,
			.help = route->r.help, .open = given->open, .message = given->message, .close = given->close,
			.user = given->user, .protocol = given->protocol ? strdup(given->protocol) : NULL,
			.check = given->check, .drained = given->drained,
			.params = route->r.params, .n_params = route->r.n_params,
		};
	}
	if (!ws || (given->protocol && !ws->protocol)) {
		route_free(route);
		return module_fail(m, -ENOMEM, "WebSocket route %s: memory is out", path);
	}
	*ret_route = route;
	return 0;
}

static int register_route(const struct aerie_host *h, const struct aerie_ws_route *r)
{
	struct module *m = module_of(h);
	struct aerie_ws_route full = { 0 };
	struct conflict c = { .m = m };
	struct route *route = NULL;
	int err;

	memcpy(&full, r, r->size < sizeof full ? r->size : sizeof full);
	err = ws_new(m, &full, &route);
	if (err)
		return err;
	c.route = route;
	err = module_each_reg(m, REG_WS, find_conflict, &c);
	if (!err)
		err = module_register(m, REG_WS, route, route_free);
	if (err) {
		route_free(route);
		return err;
	}
	route->ws->destroy = full.destroy; /* until here `user` was the module's own */
	return 0;
}

/* ---- what transports ask ---- */

/* The entry whose route the path finds, held; or NULL. */
static struct reg *find(struct epochs *epochs, struct path *path)
{
	struct epoch *ep = epoch_pin(epochs);
	struct route_match m;
	struct reg *found = NULL;
	size_t i;

	route_table_match(ep->index[REG_WS], NULL, path, AERIE_HTTP_GET, &m);
	for (i = 0; m.route && !found && i < ep->n_regs[REG_WS]; i++)
		if (ep->regs[REG_WS][i]->item == m.route)
			found = ep->regs[REG_WS][i];
	if (found)
		reg_hold(found);
	epoch_unpin(ep);
	return found;
}

static int match(const struct aerie_host *h, const struct aerie_http_request *req, const struct aerie_ws_route **ret_route,
		 void **ret_pin)
{
	struct aerie_http_request full = { 0 };
	size_t len = strlen(req->path) + 1;
	struct path path;
	struct reg *found = NULL;
	const struct route *route;
	char *text;
	int err;

	if (len > PATH_OCTETS)
		return -ENOENT;
	text = malloc(len);
	if (!text)
		return -ENOMEM;
	memcpy(text, req->path, len);
	if (!path_split(text, &path))
		found = find(module_of(h)->core->epochs, &path);
	free(text);
	if (!found)
		return -ENOENT;
	route = found->item;
	memcpy(&full, req, req->size < sizeof full ? req->size : sizeof full);
	err = role_check(route->r.role, &full);
	if (err) {
		reg_release(found);
		return err;
	}
	*ret_route = route->ws;
	*ret_pin = found;
	return 0;
}

static void unpin(void *pin)
{
	if (pin)
		reg_release(pin);
}

/* ---- what routes ask ---- */

static int ws_send(struct aerie_ws *ws, uint32_t kind, const void *data, uint64_t len)
{
	if (kind != AERIE_WS_TEXT && kind != AERIE_WS_BINARY)
		return -EINVAL;
	if (len > AERIE_WS_MESSAGE_MAX)
		return -EMSGSIZE;
	return ws->ops->send(ws, kind, data, len);
}

static void ws_resume(struct aerie_ws *ws)
{
	ws->ops->resume(ws);
}

/* RFC 6455 7.4: some codes are reserved, or must not be sent. */
static bool code_valid(uint16_t code)
{
	if (code >= 3000)
		return code <= 4999;
	return code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006;
}

static void ws_close(struct aerie_ws *ws, uint16_t code, const char *reason)
{
	ws->ops->close(ws, code_valid(code) ? code : CODE_NORMAL, reason);
}

static uint64_t ws_queued(struct aerie_ws *ws)
{
	return ws->ops->queued ? ws->ops->queued(ws) : 0;
}

const struct aerie_websocket websocket_service = {
	.size = sizeof websocket_service,
	.register_route = register_route,
	.send = ws_send,
	.resume = ws_resume,
	.close = ws_close,
	.match = match,
	.unpin = unpin,
	.queued = ws_queued,
};
