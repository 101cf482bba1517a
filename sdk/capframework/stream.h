/* SPDX-License-Identifier: MIT */
/* The octets below a WebSocket: a connected socket that does not block, as it is or through TLS. */
#ifndef CAP_STREAM_H
#define CAP_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct stream;

#define STREAM_TIMEOUT_MS 10000 /* for the beginnings: TLS, the upgrade */

struct stream *stream_new(int fd); /* NULL: no memory. The socket stays the caller's. */
void stream_free(struct stream *s);
/* Makes it TLS with a server of this name, whose certificate must be good: of an authority in the file, or, NULL, of one
 * that the system trusts. Blocks. 0, or -1 with a reason. */
int stream_start_tls(struct stream *s, const char *host, const char *ca_file, char *why, size_t room);
/* As read() and write() of a socket that does not block. */
ssize_t stream_read(struct stream *s, void *to, size_t len);
ssize_t stream_write(struct stream *s, const void *from, size_t len);
bool stream_buffered(const struct stream *s); /* something to read may be there that poll() does not show */
void stream_bye(struct stream *s);
/* Waits, for the beginnings, until there is something to read, or room to write. 0, or -1: not in time. */
int stream_wait(const struct stream *s, bool write, unsigned long long until_ms);

/* SHA-1 of a text, 20 octets. 0 or -1. */
int sha1_text(const char *text, unsigned char *digest);

#endif
