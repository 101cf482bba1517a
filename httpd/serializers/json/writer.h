/* SPDX-License-Identifier: MIT */
/* The JSON writer that all flavours of JSON share: a visitor that writes to a sink. */
#ifndef JSON_WRITER_H
#define JSON_WRITER_H

#include <aerie/serializer.h>

#define WRITER_DEPTH 64u /* nested maps and lists; deeper is -E2BIG */

#define WRITER_UNDERSCORES (1u << 0) /* field names with '_' for '.' */
#define WRITER_LINES (1u << 1)       /* a list at the top as one value per line; any other value as one line */

struct writer {
	struct aerie_sink *sink;
	uint32_t flags;
	uint32_t depth;
	int32_t line_depth; /* a value that ends at this depth ends its line; -1: none */
	uint8_t comma;      /* what follows needs a comma before it */
	uint8_t bare_list;  /* the list at the top has no brackets */
	uint8_t after_key;  /* pretty.c: the next value stands behind its key */
};

extern const struct aerie_visitor writer_visitor;
/* Flags of the writer are the serializer's `user`, as a pointer to uint32_t. */
void *writer_open(void *user, struct aerie_sink *sink);
int writer_close(void *state);
/* Text as it stands between quotes; the sink has room for 4 octets behind it. */
int writer_escaped(struct writer *w, const char *text, uint32_t len);

/* pretty.c: the same writer, for people. Its state is that of writer_open() and is closed with pretty_close(). */
extern const struct aerie_visitor pretty_visitor;
int pretty_close(void *state);

#endif
