/* SPDX-License-Identifier: MIT */
/* A request under way and its reply. The reply's body is pulled: a list is serialized as the client takes it, in pieces
 * of about REPLY_CHUNK octets, so that its memory does not depend on its length. */
#ifndef CORE_REPLY_H
#define CORE_REPLY_H

#include <stdbool.h>

#include <core/core.h>
#include <core/epoch.h>
#include <core/path.h>

#define REPLY_CHUNK (64u * 1024u)          /* octets of a list that are made at once */
#define REPLY_VALUE_MAX (64u * 1024u * 1024u) /* octets of one value, or of one element of a list */
#define REPLY_HEADERS 64u                  /* headers that a handler adds to one reply */
#define REPLY_HEADER_OCTETS 8192u          /* of a header's name and value together */

/* A registered serializer. */
struct serializer {
	struct aerie_serializer s; /* texts are copies */
	struct aerie_visitor visitor;
};

struct command;
struct route;

struct aerie_request {
	struct aerie_http_request raw;
	const struct route *route;
	struct path path;
	struct query query;
	const char *suffix;
	char *text; /* what path, query and rest point into */
	char *rest; /* the segments that a last '*' matched, joined */
	struct command *command; /* made when a handler first asks; command.c */
};

enum reply_kind { REPLY_NONE, REPLY_OCTETS, REPLY_VALUE, REPLY_LIST };

struct sink {
	struct aerie_sink s; /* first: serializers get its address */
	char *buf, *taken;   /* allocated; what was read already ends here */
	size_t size, max;
	bool over; /* more than max was wanted */
};

struct aerie_reply {
	uint32_t magic;
	enum reply_kind kind;
	struct epoch *epoch; /* pinned, or NULL */
	struct core *core;   /* whose bus is told of a body that fails, or NULL */
	const struct serializer *serializer; /* NULL: octets only */
	struct aerie_request request;

	uint32_t status;
	bool is_error; /* reply_error() set the status */
	char content_type[64];
	char allow[40];
	struct aerie_header *headers; /* each one allocation, which begins at name */
	uint32_t n_headers;

	aerie_emit_fn *emit;
	aerie_next_fn *next;
	int64_t (*count)(void *user);
	void (*destroy)(void *user);
	void *user;

	struct sink sink;
	char *wrapper;    /* name of a list in a map, or NULL */
	bool is_map;      /* the elements are entries of a map */
	bool is_pieces;   /* they are pieces of one value, of no list */
	void *document;   /* the serializer's state, while a list is under way */
	int64_t expected; /* elements still owed to a serializer that counts, or -1 */
	bool begun, ended;
	int error; /* what ended it early; stays */
};

struct aerie_reply *reply_new(void);
/* Releases what the handler gave, and makes it a reply without content again. */
void reply_reset(struct aerie_reply *rep);

/* The members of struct aerie_http. They take `user` over in every case: when they fail, destroy(user) has been called. */
int reply_value(struct aerie_reply *rep, aerie_emit_fn *emit, void *user, void (*destroy)(void *user));
int reply_list(struct aerie_reply *rep, aerie_next_fn *next, int64_t (*count)(void *user), void *user,
	       void (*destroy)(void *user));
int reply_wrapped(struct aerie_reply *rep, const char *name, aerie_next_fn *next, int64_t (*count)(void *user), void *user,
		  void (*destroy)(void *user));
int reply_map(struct aerie_reply *rep, aerie_next_fn *next, int64_t (*count)(void *user), void *user, void (*destroy)(void *user));
int reply_pieces(struct aerie_reply *rep, aerie_next_fn *next, void *user, void (*destroy)(void *user));
int reply_octets(struct aerie_reply *rep, const char *content_type, const void *data, uint64_t len);
int reply_error(struct aerie_reply *rep, uint32_t status, const char *text);
void reply_status(struct aerie_reply *rep, uint32_t status);
int reply_header(struct aerie_reply *rep, const char *name, const char *value);
/* Makes the value, if it is one, before it is read. False: the serializer wanted more room than max octets; only to be reset or freed. */
bool reply_fits(struct aerie_reply *rep, size_t max);
int64_t reply_read(struct aerie_reply *rep, char *buf, uint64_t max);
void reply_free(struct aerie_reply *rep);

/* One value as a document of its own: document() of <aerie/serializer.h>. */
int serializer_document(const struct serializer *s, aerie_emit_fn *emit,
			int (*done)(void *user, const char *data, uint64_t len), void *user, uint64_t max);

#endif
