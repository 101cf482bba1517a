/* SPDX-License-Identifier: MIT */
/* The router from within, and its table: compiled patterns of one epoch, in the order in which they are tried. */
#ifndef CORE_ROUTES_H
#define CORE_ROUTES_H

#include <stdatomic.h>
#include <stdbool.h>

#include <core/path.h>
#include <core/reply.h>

#define ROUTE_FORMATS 16u /* suffixes in a route's own list */
#define ROUTE_PARAMS 256u /* rows of a route's parameters */
#define SUFFIX_OCTETS 16u

struct route {
	struct aerie_route r; /* texts are copies */
	struct aerie_ws_route *ws; /* of a WebSocket (REG_WS), otherwise NULL; its texts but the protocol are those of r */
	char *owner;
	char *text;   /* what seg[], format[] and the parameters' texts point into */
	uint32_t n;   /* segments */
	bool rest;    /* the last one matches the rest of the path */
	uint32_t n_formats;
	struct route_segment {
		const char *text; /* a literal, or a parameter's name */
		uint32_t len;
		bool param;
	} seg[PATH_SEGMENTS];
	const char *format[ROUTE_FORMATS];
};

struct router {
	struct core *core;
	char error[256]; /* of router_write_devices(); main thread */
	_Atomic int64_t connections;
};

struct route_table {
	size_t n;
	const struct route *route[];
};

struct serializer_table {
	size_t n;
	const struct serializer *serializer[]; /* in the order of suffixes */
};

/* A copy, checked and compiled, without the destroy function. -EINVAL with a text that says what is wrong. */
int route_new(const struct aerie_route *r, const char *owner, struct route **ret_route, const char **ret_error);
void route_free(void *route);
/* Would a request exist that both match? */
bool route_conflicts(const struct route *a, const struct route *b);

bool suffix_valid(const char *suffix);
const struct serializer *serializer_find(const struct serializer_table *t, const char *suffix);

/* May this request's login use a route with that role? 0, -EACCES: it needs a login, -EPERM: its role is not enough. */
int role_check(const char *needed, const struct aerie_http_request *req);

/* Epoch builders. */
void *route_table_build(void *user, const struct epoch *ep);
void *ws_table_build(void *user, const struct epoch *ep);
void *serializer_table_build(void *user, const struct epoch *ep);

struct route_match {
	const struct route *route; /* NULL unless path, suffix and method fit */
	const struct serializer *serializer; /* NULL: the route's own octets */
	const char *suffix;        /* "" for none */
	bool path_known, format_known;
	uint32_t methods; /* of all routes that path and suffix fit */
};
/* Cuts the suffix off the segment that has it, when the route wants it. */
void route_table_match(const struct route_table *t, const struct serializer_table *ser, struct path *path, uint32_t method,
		       struct route_match *ret_match);
/* The suffixes that a known path has, "json, msgpack"; cut to room. */
void route_table_formats(const struct route_table *t, const struct serializer_table *ser, const struct path *path,
			 char *dst, size_t room);

#endif
