/* SPDX-License-Identifier: MIT */
/* "aerie.http/1": routes for endpoints, and dispatch for transports. Since ABI 1.0.
 *
 * The router knows methods, paths, roles and formats, and nothing of sockets. A path's suffix picks the serializer, so an
 * endpoint that replies with values supports every serializer that is loaded. */
#ifndef AERIE_HTTP_H
#define AERIE_HTTP_H

#include <aerie/plugin.h>
#include <aerie/visitor.h>

#ifdef __cplusplus
extern "C" {
#endif

#define AERIE_HTTP_SERVICE "aerie.http/1"

struct aerie_request; /* opaque; valid during the handler */
struct aerie_value;   /* opaque; a parsed value of a command; valid as long as its request */
struct aerie_reply;   /* opaque; valid during the handler, and for a transport until reply_free() */

#define AERIE_HTTP_GET (1u << 0) /* HEAD goes with it */
#define AERIE_HTTP_POST (1u << 1)
#define AERIE_HTTP_PUT (1u << 2)
#define AERIE_HTTP_DELETE (1u << 3)

/* Kinds of a value. */
#define AERIE_VALUE_NULL 0u
#define AERIE_VALUE_BOOL 1u
#define AERIE_VALUE_INT 2u
#define AERIE_VALUE_REAL 3u
#define AERIE_VALUE_STR 4u
#define AERIE_VALUE_LIST 5u
#define AERIE_VALUE_MAP 6u

/* Handles a request: calls exactly one of the reply_ functions and returns 0, or returns a negative errno, which becomes
 * 404 (-ENOENT), 400 (-EINVAL; -EBADMSG and -ENODATA of command(), with the reason), 503 (-ENOMEM, -EAGAIN) or 500. [http] */
typedef int aerie_handler_fn(void *user, const struct aerie_request *req, struct aerie_reply *rep);

struct aerie_route {
	uint32_t size;
	uint32_t methods;    /* AERIE_HTTP_... */
	/* "/devices/by-key/:key/device": segments that start with ':' match one segment and are named. */
	const char *path;
	/* NULL: the suffix names a serializer (".json"); "": no suffix, the handler replies with octets; otherwise the only
	 * suffixes, separated by '|', each a serializer's or one for which the handler replies with octets ("html"). */
	const char *formats;
	/* NULL: open to all; otherwise the role that a login needs ("readonly", "admin", ...). "admin" may do everything. */
	const char *role;
	const char *summary; /* one line; required */
	const char *help;    /* parameters and result, for the endpoint reference; required */
	aerie_handler_fn *handle;
	void *user;
	void (*destroy)(void *user); /* or NULL */
};

/* Writes one value to a visitor. [http] */
typedef int aerie_emit_fn(void *user, const struct aerie_visitor *vt, void *v);
/* Writes the next element of a list: 1 and one value, or 0 and nothing at the end, or a negative errno, which cuts the
 * connection so that a client cannot take a part for the whole. [http] */
typedef int aerie_next_fn(void *user, const struct aerie_visitor *vt, void *v);

/* A request as a transport brings it. Texts and body stay valid until reply_free(). */
struct aerie_http_request {
	uint32_t size;
	uint32_t method;   /* one of AERIE_HTTP_..., 0 for one that is none of them */
	const char *path;  /* as sent, without query; percent-encoding intact */
	const char *query; /* as sent, without '?'; or NULL */
	const char *role;  /* of the login, or NULL: not logged in */
	const char *peer;  /* address text, for messages */
	const char *content_type; /* of the body, or NULL */
	const void *body;
	uint64_t body_len;
};

/* What a transport sends back. Texts are valid until reply_free(). */
struct aerie_http_response {
	uint32_t size;
	uint32_t status;          /* 200, 404, ... ; 401: ask for a login */
	const char *content_type;
	const char *allow;        /* for 405: "GET, HEAD"; else NULL */
	int64_t length;           /* octets in all, or -1: not known, read until 0 */
};

struct aerie_http {
	uint32_t size;
	uint32_t reserved;
	/* [main, load] -EEXIST: another route matches the same path, method and format (told). */
	int (*register_route)(const struct aerie_host *h, const struct aerie_route *r);
	/* [any] Every route in the order of registration, then every WebSocket route (its methods are 0), until fn returns other
	 * than 0. */
	int (*each_route)(const struct aerie_host *h, int (*fn)(void *user, const struct aerie_route *r,
								 const char *owner), void *user);

	/* For handlers. */
	/* A named segment, percent-decoded, without the suffix; NULL when the path has no such name. */
	const char *(*param)(const struct aerie_request *req, const char *name);
	/* A variable of the query, percent-decoded ('+' is a space); NULL when absent. */
	const char *(*query)(const struct aerie_request *req, const char *name);
	const char *(*suffix)(const struct aerie_request *req); /* "json"; "" when the path has none */
	const struct aerie_http_request *(*raw)(const struct aerie_request *req);
	/* One value, written by emit when the client is ready to take it; destroy(user) follows, also when emit never runs. */
	int (*reply_value)(struct aerie_reply *rep, aerie_emit_fn *emit, void *user, void (*destroy)(void *user));
	/* A list, one element per call. count is asked only when the serializer needs it, and before the first next; it returns
	 * the number of elements. With fewer elements than counted the rest is filled with null values. */
	int (*reply_list)(struct aerie_reply *rep, aerie_next_fn *next, int64_t (*count)(void *user), void *user,
			  void (*destroy)(void *user));
	/* Octets, copied. */
	int (*reply_octets)(struct aerie_reply *rep, const char *content_type, const void *data, uint64_t len);
	/* An error with a sentence for people. */
	int (*reply_error)(struct aerie_reply *rep, uint32_t status, const char *text);

	/* For transports. [any] */
	/* Runs the handler; always gives a reply (a 4xx or 5xx one when something is wrong), or NULL when memory is out. */
	struct aerie_reply *(*dispatch)(const struct aerie_host *h, const struct aerie_http_request *req,
					struct aerie_http_response *ret_response);
	/* Up to max octets of the body: their number, 0 at the end, or a negative errno: cut the connection. */
	int64_t (*read)(struct aerie_reply *rep, char *buf, uint64_t max);
	void (*reply_free)(struct aerie_reply *rep);

	/* For handlers of POST. The command of a request: a map from the form variable json= or msgpack= (base64), or from a body of
	 * type application/json or application/msgpack. -ENODATA when there is none; -EBADMSG when it does not parse or is no
	 * map, or the body is of another type: the handler returns that, and the client gets 400 (415) with the reason. */
	int (*command)(const struct aerie_request *req, const struct aerie_value **ret_map);
	/* A variable of a form body, percent-decoded; NULL when absent. */
	const char *(*form)(const struct aerie_request *req, const char *name);
	/* Reading values; NULL is a value of kind NULL. Texts are UTF-8 and valid as long as the request. */
	uint32_t (*value_kind)(const struct aerie_value *v);
	const struct aerie_value *(*value_get)(const struct aerie_value *map, const char *key);  /* or NULL */
	const struct aerie_value *(*value_at)(const struct aerie_value *list, uint32_t i);       /* or NULL */
	uint32_t (*value_count)(const struct aerie_value *v);                                    /* of a list or map */
	const char *(*value_str)(const struct aerie_value *v, uint32_t *ret_len);                /* NULL: no text */
	int64_t (*value_int)(const struct aerie_value *v, int64_t dflt);  /* of INT, REAL without fraction, BOOL; else dflt */
	double (*value_real)(const struct aerie_value *v, double dflt);   /* of INT, REAL; else dflt */
	/* A value of this request's command as JSON text, valid as long as the request; NULL when memory is out. */
	const char *(*value_json)(const struct aerie_request *req, const struct aerie_value *v, uint32_t *ret_len);
};

#ifdef __cplusplus
}
#endif
#endif
