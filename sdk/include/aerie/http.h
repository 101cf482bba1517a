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
 * 404 (-ENOENT), 400 (-EINVAL; -EBADMSG and -ENODATA of command(), with the reason), 503 (-ENOMEM, -EAGAIN) or 500; -EDQUOT (more work than a request may make): 400. [http] */
typedef int aerie_handler_fn(void *user, const struct aerie_request *req, struct aerie_reply *rep);

/* Where a parameter of a route is given. */
#define AERIE_IN_PATH 1u    /* a named segment */
#define AERIE_IN_QUERY 2u   /* a variable of the query, or, with POST, of the form */
#define AERIE_IN_COMMAND 3u /* a key of the command */
#define AERIE_IN_MESSAGE 4u /* a key of a WebSocket message of the client */

#define AERIE_PARAM_REQUIRED (1u << 0) /* those in the path always are */

/* A parameter, for the endpoint reference and for programs that read it. Texts are copied. */
struct aerie_param {
	uint32_t size;  /* sizeof (struct aerie_param), in each row of a table */
	uint16_t in;    /* AERIE_IN_... */
	uint16_t flags; /* AERIE_PARAM_... */
	const char *name;
	/* "string", "integer", "number", "boolean", "mac", "maskedmac", "key", "uuid", "time" (seconds since 1970, negative: before
	 * now), "fields" (a field specification), "regex" (a filter specification), "map", "any", or one of these and "[]": a list. */
	const char *type;
	const char *help;    /* one sentence; required */
	const char *example; /* a value that can be sent, as JSON; or NULL */
};
#define AERIE_PARAM(in, flags, name, type, help, example) \
	{ (uint32_t)sizeof(struct aerie_param), in, flags, name, type, help, example }

/* What a route answers. */
#define AERIE_RESULT_UNKNOWN 0u
#define AERIE_RESULT_OBJECT 1u /* one map */
#define AERIE_RESULT_LIST 2u   /* a list of maps */
#define AERIE_RESULT_OCTETS 3u /* a page, text, file or stream */
#define AERIE_RESULT_VALUE 4u  /* any one value */
#define AERIE_RESULT_MAP 5u    /* maps by keys that are no fields: device keys, UUIDs, numbers */

/* Other forms in which a route with AERIE_RESULT_LIST answers. */
#define AERIE_FORM_WRAPPED 1u /* {NAME: [...]}, for the command's `wrapper` */
#define AERIE_FORM_PAGE 2u    /* {"data": [...], "last_page": n, "last_row": n, "total_row": n}, for `page` and its like; or NAME for data */
#define AERIE_FORM_TABLE 4u   /* {"draw": n, NAME: [...], "recordsFiltered": n, "recordsTotal": n}, for the command's `datatable` */

struct aerie_route {
	uint32_t size;
	uint32_t methods;    /* AERIE_HTTP_... */
	/* "/devices/by-key/:key/device": segments that start with ':' match one segment and are named. A last segment that starts
	 * with '*' matches one or more segments; the suffix then belongs to the segment before it: "/device/ *path" without the
	 * space matches "/device.json/a/b". */
	const char *path;
	/* NULL: the suffix names a serializer (".json"); "": no suffix, the handler replies with octets; otherwise the only
	 * suffixes, separated by '|', each a serializer's or one for which the handler replies with octets ("html"). */
	const char *formats;
	/* NULL: open to all, unless the server asks for a login for everything, which then needs "readonly"; "": always open to all;
	 * "any": every login; otherwise the roles one of which a login needs, separated by '|' ("readonly", "datasource", a user's
	 * own). "admin" may do everything. */
	const char *role;
	const char *summary; /* one line; required */
	const char *help;    /* parameters and result, for the endpoint reference; required */
	aerie_handler_fn *handle;
	void *user;
	void (*destroy)(void *user); /* or NULL */

	const struct aerie_param *params; /* n_params rows */
	uint32_t n_params;
	uint32_t result;    /* AERIE_RESULT_... */
	const char *record; /* name of the record type of the map, or of each of the maps; NULL: none */
	const char *fields; /* names of registered fields in it beside those of record, separated by spaces; NULL: none */
	uint32_t flags;     /* AERIE_ROUTE_... */
	uint32_t forms;     /* AERIE_FORM_... of a list */
};
#define AERIE_ROUTE_LONG (1u << 0)  /* may look at very many devices: transports run it where it delays no short request */
#define AERIE_ROUTE_QUICK (1u << 1) /* not with LONG: only reads, and never waits, whatever a command of 1 KiB asks for: transports may run it on a
				     * thread that serves many connections. When its value is longer than 64 KiB, that is given up and the
				     * route is run again, elsewhere */

/* Writes one value to a visitor. [http] */
typedef int aerie_emit_fn(void *user, const struct aerie_visitor *vt, void *v);
#define AERIE_WRAPPER_MAX 255u /* octets of the name of a wrapped list */

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
	const char *login;  /* name of the login or API key, or NULL */
	/* A header of the request, or NULL; valid until reply_free(). May be NULL: none are known. */
	const char *(*header)(const struct aerie_http_request *req, const char *name);
	void *transport;    /* the transport's own */
	uint32_t flags;     /* AERIE_REQUEST_... */
	uint32_t reserved;
};
#define AERIE_REQUEST_LOGIN_FOR_ALL (1u << 0) /* routes that are open to all need a login with role "readonly" */
#define AERIE_REQUEST_NOT_LONG (1u << 1) /* a route with AERIE_ROUTE_LONG is not run: the reply has status 0, and the request is to
					  * be dispatched again without this flag, on a thread that has the time */
#define AERIE_REQUEST_FOREIGN (1u << 2)  /* a page of another site had the browser send it with the user's login: 403 for anything but GET, and
					  * for GET of a command (suffix "cmd" or "jcmd") */
#define AERIE_REQUEST_ONLY_QUICK (1u << 3) /* only a route with AERIE_ROUTE_QUICK is run, and what no route may run for is refused: for
					    * all else, also paths that are unknown and long values, the reply has status 0 */

/* A header of a reply. */
struct aerie_header {
	const char *name, *value;
};

/* What a transport sends back. Texts are valid until reply_free(). */
struct aerie_http_response {
	uint32_t size;
	uint32_t status;          /* 200, 404, ... ; 401: ask for a login; 403: the login's role is not enough; 0: see AERIE_REQUEST_NOT_LONG and ONLY_QUICK */
	const char *content_type;
	const char *allow;        /* for 405: "GET, HEAD"; else NULL */
	int64_t length;           /* octets in all, or -1: not known, read until 0 */
	const struct aerie_header *headers; /* that the handler added */
	uint32_t n_headers;
	uint32_t methods;         /* of the routes that path and suffix fit, for the answer to OPTIONS; 0: the path is unknown */
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
	 * the number of elements; NULL: such serializers (msgpack) cannot give the list, and the request fails. With fewer elements than
	 * counted the rest is filled with null values, those beyond are left out. */
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

	/* A segment that a last '*name' matched, decoded; i counts from 0; NULL behind the last. param() gives them all, joined by '/'. */
	const char *(*rest)(const struct aerie_request *req, uint32_t i);
	/* The status of a reply that is not an error: 200 unless set. */
	void (*reply_status)(struct aerie_reply *rep, uint32_t status);
	/* Adds a header, copied: "Content-Disposition", "Location", ... -EINVAL: not a token, a value with control characters,
	 * one that is the transport's or the reply's own (Content-Length, Content-Type, Transfer-Encoding, Connection), or too many or too
	 * long; -ENOMEM. reply_error() forgets those before it. */
	int (*reply_header)(struct aerie_reply *rep, const char *name, const char *value);
	/* A value from JSON text, for messages of WebSockets; given back with value_free(). -EBADMSG with a sentence in ret_why, which
	 * has room octets; -ENOMEM. [any] */
	int (*value_parse)(const char *json, uint64_t len, const struct aerie_value **ret_value, char *ret_why, uint32_t room);
	void (*value_free)(const struct aerie_value *v);
	/* The key of a map's i-th entry, in the order in which they came; NULL behind the last. */
	const char *(*value_key)(const struct aerie_value *map, uint32_t i);
	/* As reply_list(), with the list as the only entry of a map: {"name": [...]}. name is copied; -EINVAL: more than
	 * AERIE_WRAPPER_MAX octets. */
	int (*reply_wrapped)(struct aerie_reply *rep, const char *name, aerie_next_fn *next, int64_t (*count)(void *user), void *user,
			     void (*destroy)(void *user));

	/* As reply_list(), as a map: each call of next writes one key and its value. count says exactly how many calls there will be. */
	int (*reply_map)(struct aerie_reply *rep, aerie_next_fn *next, int64_t (*count)(void *user), void *user, void (*destroy)(void *user));

	/* For transports. [any] A client has connected: 1, or has gone: -1. */
	void (*connection)(const struct aerie_host *h, int32_t change);
	/* [any] Clients that are connected now, WebSockets among them. */
	uint64_t (*connections)(const struct aerie_host *h);

	/* As reply_value(), for a large value: next writes it in pieces, as the client takes them, until it returns 0. A piece may end
	 * within a map or list. */
	int (*reply_pieces)(struct aerie_reply *rep, aerie_next_fn *next, void *user, void (*destroy)(void *user));
};

#ifdef __cplusplus
}
#endif
#endif
