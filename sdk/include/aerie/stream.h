/* SPDX-License-Identifier: MIT */
/* "aerie.stream/1": whatever keeps exporting: logs on disk, exports over HTTP and WebSocket. Whoever runs one registers it while it
 * runs, so that it is listed and can be closed. Since ABI 1.0. */
#ifndef AERIE_STREAM_H
#define AERIE_STREAM_H

#include <aerie/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

#define AERIE_STREAM_SERVICE "aerie.stream/1"

struct aerie_stream; /* opaque; valid until close() */

struct aerie_stream_def {
	uint32_t size;
	uint32_t reserved;
	const char *name, *type; /* "events", "websocket"; required */
	const char *path;        /* of the file or the endpoint; "" for none */
	const char *description; /* one sentence; required */
	uint64_t max_packets, max_size; /* where it ends by itself; 0: nowhere */
	/* [any] Somebody wants it closed: starts that and returns; it is not waited for. May be NULL: it cannot be closed. Runs under a
	 * lock that close() takes too, so after close() it is not called again; it must not call this service. */
	void (*stop)(void *user);
	void *user;
};

struct aerie_stream_info {
	uint32_t size;
	uint32_t paused;
	uint64_t id;     /* counts up from 1, never reused */
	uint64_t time_s; /* when it began, seconds since 1970 */
	uint64_t packets, octets, max_packets, max_size;
	const char *name, *type, *path, *description; /* valid during the call */
};

struct aerie_streams {
	uint32_t size;
	uint32_t reserved;
	/* [any] -ENOMEM; -ENOSPC: too many; -EINVAL: a text is missing. Texts are copied. */
	int (*open)(const struct aerie_host *h, const struct aerie_stream_def *def, struct aerie_stream **ret_stream);
	/* [any] It has sent so many packets (or records) and octets more. Costs two additions. */
	void (*count)(struct aerie_stream *s, uint64_t packets, uint64_t octets);
	void (*pause)(struct aerie_stream *s, uint32_t paused);
	void (*close)(struct aerie_stream *s); /* NULL is fine */
	/* [any] Every stream, until fn returns other than 0. */
	int (*each)(const struct aerie_host *h, int (*fn)(void *user, const struct aerie_stream_info *info), void *user);
	/* [any] Asks one to stop. -ENOENT; -ENOTSUP: it cannot be. */
	int (*stop)(const struct aerie_host *h, uint64_t id);
};

#ifdef __cplusplus
}
#endif
#endif
