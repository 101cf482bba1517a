/* SPDX-License-Identifier: MIT */
/* "aerie.source/1": datasource drivers, and the sources that run. Since ABI 1.0.
 *
 * A driver names the capture program that opens its kind of radio; the host spawns it, speaks the capture protocol
 * (version 3) with it and keeps the source's record. */
#ifndef AERIE_SOURCE_H
#define AERIE_SOURCE_H

#include <aerie/fields.h>

#ifdef __cplusplus
extern "C" {
#endif

#define AERIE_SOURCE_SERVICE "aerie.source/1"

#define AERIE_DRIVER_PROBE (1u << 0)    /* its program can tell whether a definition is its own */
#define AERIE_DRIVER_LIST (1u << 1)     /* its program can list interfaces */
#define AERIE_DRIVER_LOCAL (1u << 2)    /* can be opened on this machine */
#define AERIE_DRIVER_REMOTE (1u << 3)   /* its program can connect from elsewhere */
#define AERIE_DRIVER_PASSIVE (1u << 4)  /* fed over HTTP, without a program */
#define AERIE_DRIVER_TUNE (1u << 5)     /* channels can be set */
#define AERIE_DRIVER_HOP (1u << 6)      /* channels can be hopped over */
#define AERIE_DRIVER_LOSSLESS (1u << 7) /* a file: a full queue stops reading; otherwise it drops and counts */
#define AERIE_DRIVER_FINITE (1u << 8)   /* a file: the end of the program with status 0 is the end of the source, not a failure */

struct aerie_driver {
	uint32_t size;
	uint32_t flags;      /* AERIE_DRIVER_... */
	const char *type;    /* "pcapfile": the type= of a definition */
	const char *help;    /* one sentence, shown as description */
	const char *program; /* file name of the capture program, searched in the helper path; NULL: none */
	/* The options of a definition that its program understands beside the generic ones; ends with a NULL name. */
	const struct aerie_option *options;
};

struct aerie_sources {
	uint32_t size;
	uint32_t reserved;
	/* [main, load] -EEXIST: the type is taken (told). */
	int (*register_driver)(const struct aerie_host *h, const struct aerie_driver *d);
	/* [any] Drivers, and sources, as records (kismet.datasource.*), each locked during its call, until fn returns other
	 * than 0. */
	int (*each_driver)(const struct aerie_host *h, int (*fn)(void *user, const struct aerie_rec *rec), void *user);
	int (*each_source)(const struct aerie_host *h, int (*fn)(void *user, const struct aerie_rec *rec), void *user);
	/* [any] The source with this UUID; -ENOENT. */
	int (*with_source)(const struct aerie_host *h, const struct aerie_uuid *uuid,
			   int (*fn)(void *user, const struct aerie_rec *rec), void *user);
};

#ifdef __cplusplus
}
#endif
#endif
