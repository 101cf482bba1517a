/* SPDX-License-Identifier: MIT */
/* "aerie.serializer/1": formats in which records leave the host. Since ABI 1.0. */
#ifndef AERIE_SERIALIZER_H
#define AERIE_SERIALIZER_H

#include <aerie/plugin.h>
#include <aerie/visitor.h>

#ifdef __cplusplus
extern "C" {
#endif

#define AERIE_SERIALIZER_SERVICE "aerie.serializer/1"

/* Where a serializer writes. The host owns the buffer and empties it between elements of a list. */
struct aerie_sink {
	char *cur, *end;
	/* Makes room for n octets at cur; 0 or -ENOMEM. */
	int (*more)(struct aerie_sink *s, size_t n);
};

/* Room for n octets. */
static inline int aerie_sink_need(struct aerie_sink *s, size_t n)
{
	return n <= (size_t)(s->end - s->cur) ? 0 : s->more(s, n);
}

#define AERIE_SERIALIZER_COUNTS (1u << 0) /* needs exact counts of lists before their elements, as msgpack does */

struct aerie_serializer {
	uint32_t size;
	uint32_t flags;           /* AERIE_SERIALIZER_... */
	const char *suffix;       /* "json": [a-z0-9]{1,16} */
	const char *content_type; /* "application/json" */
	const char *help;         /* one sentence */
	const struct aerie_visitor *visitor; /* its functions get the state made by open() */
	/* [any] A new document that writes to sink, which outlives it; NULL when memory is out. */
	void *(*open)(void *user, struct aerie_sink *sink);
	/* [any] Completes the document and frees its state; 0 or a negative errno. NULL is fine. */
	int (*close)(void *state);
	void *user;
	void (*destroy)(void *user); /* or NULL */
};

struct aerie_serializers {
	uint32_t size;
	uint32_t reserved;
	/* [main, load] -EEXIST: the suffix is taken (told). The visitor table must live until unload(). */
	int (*register_serializer)(const struct aerie_host *h, const struct aerie_serializer *s);
	/* [any] Each serializer, until fn returns other than 0. */
	int (*each)(const struct aerie_host *h, int (*fn)(void *user, const char *suffix, const char *content_type,
							   const char *help), void *user);
	/* [any] One value as a document of its own, as for a message: emit writes it; the octets are handed to done, valid during the
	 * call. -ENOENT: no serializer has that suffix; -EMSGSIZE: more than max octets; else what emit or done returned. */
	int (*document)(const struct aerie_host *h, const char *suffix, int (*emit)(void *user, const struct aerie_visitor *vt, void *v),
			int (*done)(void *user, const char *data, uint64_t len), void *user, uint64_t max);
};

#ifdef __cplusplus
}
#endif
#endif
