/* SPDX-License-Identifier: MIT */
/* "aerie.websocket/1": routes that a client talks to over WebSocket (RFC 6455). Since ABI 1.0.
 *
 * The transport (httpd/server) runs the connections; whoever registers a route gets whole messages. */
#ifndef AERIE_WEBSOCKET_H
#define AERIE_WEBSOCKET_H

#include <aerie/http.h>

#ifdef __cplusplus
extern "C" {
#endif

#define AERIE_WEBSOCKET_SERVICE "aerie.websocket/1"

#define AERIE_WS_TEXT 1u
#define AERIE_WS_BINARY 2u

/* Octets of a message, and octets queued to a client, at most. */
#define AERIE_WS_MESSAGE_MAX (256u * 1024u)
#define AERIE_WS_QUEUE_MAX (4u * 1024u * 1024u)

struct aerie_ws; /* a connection; valid from open() until close() has returned */

struct aerie_ws_route {
	uint32_t size;
	uint32_t reserved;
	const char *path;     /* as in struct aerie_route: "/datasource/remote/remotesource.ws" */
	const char *protocol; /* subprotocol that is chosen when the client offers it; NULL: none */
	const char *role;     /* as in struct aerie_route */
	const char *summary, *help; /* required */
	/* [http] A client connected: 0 and *ret_conn, which the other callbacks get; or a negative errno: it is closed. */
	int (*open)(void *user, const struct aerie_http_request *req, struct aerie_ws *ws, void **ret_conn);
	/* [http] A whole message, valid during the call. 0: go on; AERIE_WS_PAUSE: taken, but read no more until resume();
	 * a negative errno closes the connection. */
	int (*message)(void *conn, uint32_t kind, const uint8_t *data, uint64_t len);
	/* [http] The connection is gone; called exactly once after an open() that succeeded. No send() after it. */
	void (*close)(void *conn);
	void *user;
	void (*destroy)(void *user); /* or NULL */

	const struct aerie_param *params; /* n_params rows; what the client sends is AERIE_IN_MESSAGE */
	uint32_t n_params;
	uint32_t reserved2;
	/* [http] May the request have a connection? 0, or -ENOENT: it is answered with 404; -EAGAIN: 503. The role was checked. NULL:
	 * yes. */
	int (*check)(void *user, const struct aerie_http_request *req);
	/* [http] Everything that was queued has been handed to the network; for those who look at queued() before they send. Not
	 * called after close(). May be NULL. */
	void (*drained)(void *conn);
};
#define AERIE_WS_PAUSE 1

struct aerie_websocket {
	uint32_t size;
	uint32_t reserved;
	/* [main, load] -EEXIST: the path is taken (told). */
	int (*register_route)(const struct aerie_host *h, const struct aerie_ws_route *r);
	/* [any] Queues a message; octets are copied. -EAGAIN: the queue is full, nothing was queued; -EPIPE: closing;
	 * -EMSGSIZE: more than AERIE_WS_MESSAGE_MAX; -EINVAL: kind. */
	int (*send)(struct aerie_ws *ws, uint32_t kind, const void *data, uint64_t len);
	/* [any] Reads on after AERIE_WS_PAUSE. */
	void (*resume)(struct aerie_ws *ws);
	/* [any] Closes with a status code (RFC 6455 7.4) after what is queued has been sent; the reason (or NULL) is cut to 123
	 * octets. No message() follows. */
	void (*close)(struct aerie_ws *ws, uint16_t code, const char *reason);

	/* For transports. [http] The route of a request, with a pin that must be given back; -ENOENT, -EACCES (login needed), -EPERM
	 * (the login's role is not enough). */
	int (*match)(const struct aerie_host *h, const struct aerie_http_request *req, const struct aerie_ws_route **ret_route,
		     void **ret_pin);
	void (*unpin)(void *pin);

	/* [any] Octets that wait: queued and not yet handed to the network, each message with some overhead. 0 once it is closing. */
	uint64_t (*queued)(struct aerie_ws *ws);
};

/* A transport's connection begins with its functions, so that the host can hand calls through. */
struct aerie_ws_ops {
	uint32_t size;
	uint32_t reserved;
	int (*send)(struct aerie_ws *ws, uint32_t kind, const void *data, uint64_t len);
	void (*resume)(struct aerie_ws *ws);
	void (*close)(struct aerie_ws *ws, uint16_t code, const char *reason);
	uint64_t (*queued)(struct aerie_ws *ws);
};
struct aerie_ws {
	const struct aerie_ws_ops *ops;
};

#ifdef __cplusplus
}
#endif
#endif
