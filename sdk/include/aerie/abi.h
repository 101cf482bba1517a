/* SPDX-License-Identifier: MIT */
/* The versioned contract between the host and a module: magic numbers, version rules, export macro.
 *
 * Promise (doc/abi.md has the long form): a module built against minor N runs on every host of the same
 * major and minor >= N. Structs that cross the boundary begin with their size; members are only ever
 * appended. An incompatible table gets a new id ("aerie.fields/2") and may be served beside the old one.
 *
 * Thread tags used in all headers:
 *   [main]    only the main thread, which runs the event loop and the plugin life cycle
 *   [worker]  only a packet worker, inside a decode, dissect, track or observe callback
 *   [http]    only a thread of the HTTP transport, inside a route handler or a reply callback
 *   [any]     any thread
 * and a state, where it matters: [load] means "only while the module's load() runs".
 *
 * Results: 0 (or a documented positive number) is success, a negative errno is failure; out-parameters are
 * named ret_... and stay untouched on failure.
 *
 * Ownership: nothing is allocated on one side and freed on the other. Strings and tables handed to a
 * registration are copied by the host before it returns; a `void *user` travels with its destroy function.
 *
 * Since ABI 1.0. */
#ifndef AERIE_ABI_H
#define AERIE_ABI_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define AERIE_ABI_MAGIC 0x41455231u /* "AER1" */
#define AERIE_ABI_MAJOR 1
#define AERIE_ABI_MINOR 0
#ifndef AERIE_ABI_TARGET /* oldest host minor that the module accepts to run on */
#define AERIE_ABI_TARGET AERIE_ABI_MINOR
#endif

/* First member of every module descriptor: 16 bytes that never change, in any major. */
struct aerie_abi {
	uint32_t magic;        /* AERIE_ABI_MAGIC */
	uint16_t major;        /* AERIE_ABI_MAJOR of the headers it was compiled with */
	uint16_t minor_built;  /* AERIE_ABI_MINOR of the headers it was compiled with */
	uint16_t minor_needed; /* oldest host minor it runs on */
	uint16_t flags;        /* 0 */
	uint32_t size;         /* sizeof the whole descriptor, as the module knows it */
};

/* Does the table t (of struct type) reach as far as member m, and is m set? */
#define AERIE_HAS(type, t, m) (offsetof(type, m) + sizeof((t)->m) <= (t)->size && (t)->m)

#if defined(__GNUC__)
#define AERIE_EXPORT __attribute__((visibility("default")))
#else
#define AERIE_EXPORT
#endif

#ifdef __cplusplus
}
#endif
#endif
