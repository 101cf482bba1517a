/* SPDX-License-Identifier: MIT */
/* The opening handshake on a connection of libmicrohttpd. What can be refused without a password's hash is refused before. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cors.h"
#include "handshake.h"
#include "upgrade.h"

static enum MHD_Result on_header(void *cls, enum MHD_ValueKind kind, const char *name, const char *value)
{
	handshake_header(cls, name, value);
	return MHD_YES;
}

static struct handshake read_headers(struct MHD_Connection *c, const char *protocol)
{
	struct handshake hs = { .protocol = protocol };

	(void)MHD_get_connection_values(c, MHD_HEADER_KIND, on_header, &hs);
	return hs;
}

bool upgrade_asked(struct MHD_Connection *c)
{
	return MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Upgrade") && read_headers(c, NULL).upgrade;
}

int upgrade_exists(const struct server *s, const struct aerie_http_request *req)
{
	const struct aerie_ws_route *route;
	void *pin;
	int err = s->websocket->match(s->h, req, &route, &pin);

	if (!err)
		s->websocket->unpin(pin);
	return err == -EACCES || err == -EPERM ? 0 : err;
}

unsigned upgrade_check(const struct server *s, struct MHD_Connection *c, const char *version,
		       const struct aerie_http_request *req, const char **ret_text)
{
	struct handshake hs = read_headers(c, NULL);
	unsigned status;

	if (strcmp(version, "HTTP/1.1") || req->body_len)
		return *ret_text = "ERROR: WebSocket: the request must be of HTTP/1.1 and without body\n", 400;
	if (req->header)
		hs.host = req->header(req, "Host"); /* as a proxy that we trust says */
	status = handshake_check(&hs, ret_text);
	if (status)
		return status;
	if (!cors_listed(s, "*") && !handshake_origin_allowed(&hs, s->origins, s->n_origins))
		return *ret_text = "ERROR: WebSocket: pages of that site may not open it (httpd_allowed_origin)\n", 403;
	return 0;
}

/* What the route itself says to the request. */
static int check_route(const struct aerie_ws_route *route, const struct aerie_http_request *req)
{
	return route->check ? route->check(route->user, req) : 0;
}

static struct MHD_Response *make_answer(struct MHD_Connection *c, const struct aerie_ws_route *route, MHD_UpgradeHandler handler,
					struct wsconn *conn)
{
	struct handshake hs = read_headers(c, route->protocol);
	char accept[HANDSHAKE_ACCEPT_OCTETS];
	struct MHD_Response *r;

	if (handshake_accept(hs.key, accept))
		return NULL;
	r = MHD_create_response_for_upgrade(handler, conn);
	if (!r)
		return NULL;
	if (MHD_add_response_header(r, "Upgrade", "websocket") == MHD_YES &&
	    MHD_add_response_header(r, "Sec-WebSocket-Accept", accept) == MHD_YES &&
	    (!hs.offered || MHD_add_response_header(r, "Sec-WebSocket-Protocol", route->protocol) == MHD_YES))
		return r;
	MHD_destroy_response(r);
	return NULL;
}

unsigned upgrade_accept(const struct server *s, struct MHD_Connection *c, const struct aerie_http_request *req,
			const struct auth_grant *grant, MHD_UpgradeHandler handler, struct wsconn **ret_conn, struct MHD_Response **ret_response, const char **ret_text)
{
	static const char full[] = "ERROR: WebSocket: too many connections (httpd_websocket_limit), try again later\n";
	const struct aerie_ws_route *route;
	struct MHD_Response *r;
	struct wsconn *conn;
	void *pin;
	int err = s->websocket->match(s->h, req, &route, &pin);

	if (err == -EACCES)
		return *ret_text = "ERROR: this needs a login; there was none, or not a valid one\n", 401;
	if (err == -EPERM)
		return *ret_text = "ERROR: the role of this login is not enough\n", 403;
	if (!err && (err = check_route(route, req)))
		s->websocket->unpin(pin);
	if (err == -ENOENT)
		return *ret_text = "ERROR: no such path\n", 404;
	if (!err)
		err = websocket_conn_new(s->sockets, route, pin, req, grant, &conn);
	if (err)
		return *ret_text = err == -EBUSY ? full : "ERROR: out of memory, or the server ends; try again later\n", 503;
	r = make_answer(c, route, handler, conn);
	if (!r) {
		websocket_conn_drop(conn);
		return *ret_text = "ERROR: out of memory, try again later\n", 503;
	}
	*ret_conn = conn;
	*ret_response = r;
	return 0;
}
