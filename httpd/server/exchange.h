/* SPDX-License-Identifier: MIT */
/* One request and its answer, from the URI to the last octet. */
#ifndef SERVER_EXCHANGE_H
#define SERVER_EXCHANGE_H

#include <stdatomic.h>

#include "address.h"
#include "auth.h"
#include "body.h"
#include "server.h"

/* Where a browser says that the page comes from that sends the request. */
enum origin {
	ORIGIN_OURS,    /* from us, or no page sends it */
	ORIGIN_ALLOWED, /* httpd_allowed_origin names it */
	ORIGIN_ANY,     /* all are allowed: they read what anybody may */
	ORIGIN_FOREIGN,
};

#define PEER_OCTETS 64u
#define HOST_OCTETS 256u

struct header {
	const char *name, *value;
};

struct exchange {
	atomic_uint refs; /* libmicrohttpd's request and response, and a handler thread that makes a piece of the body */
	struct server *s;
	struct MHD_Connection *c;
	const char *method, *version; /* libmicrohttpd's, until the answer is queued */

	char *target;       /* as sent; cut at '?' */
	size_t target_len;  /* of all of it */
	const char *path;   /* in target, or a constant */
	char *query;        /* in target, or NULL */
	char *header_text;
	struct header *headers; /* n_headers; copies, because routes may use them as long as the reply */
	uint32_t n_headers;
	const char *content_type; /* of body; in headers, a constant, or NULL */
	uint8_t *body;
	uint64_t body_len, body_room;
	struct source *body_source; /* that body_room counts for; or NULL */
	bool begun, too_large, no_room, asked;

	char peer[PEER_OCTETS]; /* the client's address as text */
	char forwarded[ADDRESS_OCTETS], forwarded_host[HOST_OCTETS]; /* what a proxy said, or "" */
	bool secure;            /* it speaks TLS, to us or to a proxy that we trust */
	enum origin origin;
	bool varies;            /* the answer depends on Accept-Encoding */
	bool has_auth;          /* the login was looked for, and auth is the result */
	struct auth_result auth;
	struct aerie_reply *reply;
	struct wsconn *ws; /* answered 101, not upgraded yet */

	struct job job;                /* runs answer() */
	unsigned status;               /* of response */
	struct MHD_Response *response; /* or NULL: the connection is cut */
	struct body out;
	int file_fd;                   /* that out reads; or -1 */
	uint64_t file_at;
};

/* exchange.c */
struct exchange *exchange_new(struct server *s, const char *uri);
void exchange_ref(void *x);
void exchange_unref(void *x);
/* The body has been looked at; whoever reads the reply slowly shall not hold the room that it takes. */
void exchange_drop_body(struct exchange *x);
/* Copies the headers of its connection. -ENOMEM. */
int exchange_read_headers(struct exchange *x);
/* The first header of that name, or NULL; NULL is also a header without value. */
const char *exchange_header(const struct exchange *x, const char *name);
const char *exchange_last_header(const struct exchange *x, const char *name);
unsigned exchange_count_header(const struct exchange *x, const char *name);

/* What a thread has the time for. */
enum patience {
	PATIENCE_NONE,  /* connections wait for it: what answers at once */
	PATIENCE_SHORT, /* what may wait for a source, or hash a password */
	PATIENCE_LONG,  /* anything */
};

/* answer.c: sets status and response. False: it takes more patience, and nothing was sent. */
bool answer(struct exchange *x, enum patience patience);

#endif
