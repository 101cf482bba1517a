/* SPDX-License-Identifier: MIT */
/* A stream of octets, compressed as it is read (RFC 1952). */
#ifndef SERVER_GZIP_H
#define SERVER_GZIP_H

#include <stdbool.h>
#include <stdint.h>

#define GZIP_INPUT_OCTETS (16u * 1024u)
#define GZIP_WINDOW_BITS 14 /* 16 KiB of history: what repeats in lists repeats from one record to the next */
#define GZIP_MEMORY 7       /* with the window: 128 KiB for a stream, in all */
#define GZIP_LEAST 1024u    /* a reply with fewer octets is not worth it */

struct gzip;

/* Up to max octets: their number, 0 at the end, or a negative errno. Fewer than max: there are no more for now. */
typedef int64_t gzip_source_fn(void *user, char *buf, uint64_t max);

/* NULL: memory is out. level: 1..9. */
struct gzip *gzip_new(int level);
/* As gzip_source_fn. What the source had for now comes out, so that a slow stream is not held back. max is 16 at least: zlib repeats
 * the mark of a flush for which it had no room. */
int64_t gzip_read(struct gzip *g, gzip_source_fn *source, void *user, char *buf, uint64_t max);
void gzip_free(struct gzip *g);

/* Does a client with this Accept-Encoding (or NULL) take gzip, and rather than plain (RFC 9110 12.5.3)? */
bool gzip_accepted(const char *accept_encoding);
/* Is a body of this content type, whose length is known (or -1), worth compressing? */
bool gzip_worthwhile(const char *content_type, int64_t length);

#endif
