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
	const char *type;    /* "pcapfile": the type= of a definition; [a-z0-9_-]{1,32} */
	const char *help;    /* one sentence, shown as description */
	const char *program; /* file name of the capture program, searched in the helper path; NULL: none */
	/* The options of a definition that its program understands beside the generic ones; ends with a NULL name. */
	const struct aerie_option *options;
};

/* What can be done to a source that exists. */
#define AERIE_SOURCE_OPEN 1u        /* open again after close, error or end */
#define AERIE_SOURCE_CLOSE 2u       /* stop capturing; stays listed; no retry */
#define AERIE_SOURCE_PAUSE 3u       /* packets are discarded, and counted as such */
#define AERIE_SOURCE_RESUME 4u
#define AERIE_SOURCE_SET_CHANNEL 5u /* one fixed channel */
#define AERIE_SOURCE_SET_HOP 6u     /* hop, with what is given; the rest as it was */

struct aerie_source_control {
	uint32_t size;
	uint32_t action;     /* AERIE_SOURCE_... */
	const char *channel; /* SET_CHANNEL */
	double hop_rate;     /* SET_HOP: hops per second; 0: as it was */
	const char *const *channels; /* SET_HOP: the list to hop over; NULL: as it was */
	uint32_t n_channels;
	int32_t shuffle; /* SET_HOP: 0, 1; -1: as it was */
};

/* The end of an operation: err 0, or a negative errno and a text for people. uuid: the source is found by it, NULL when there
 * is none. Called once, on the main thread; must not block. */
typedef void aerie_source_done_fn(void *user, int err, const char *text, const struct aerie_uuid *uuid);

/* A frame or a report for a source that is fed without a capture program. */
struct aerie_feed {
	uint32_t size;
	uint32_t dlt;
	uint64_t ts_us; /* 0: now */
	const uint8_t *data; /* a frame; NULL: none */
	uint32_t len, origlen;
	int32_t signal_dbm; /* 0: not known */
	uint32_t freq_khz;  /* 0: not known */
	const char *channel;   /* or NULL */
	const char *json_type; /* a report: its type and text; NULL: none */
	const char *json;
	uint32_t json_len;
	uint32_t reserved;
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
	/* [any] Adds a source by its definition; done tells when it runs, why it does not yet (err 0: it is tried again), or why it
	 * does not (it stays listed then, and the same definition opens it again). A negative result means that done is not called. */
	int (*add)(const struct aerie_host *h, const char *definition, aerie_source_done_fn *done, void *user);
	/* [any] Acts on a source; -ENOENT at once when there is none. */
	int (*control)(const struct aerie_host *h, const struct aerie_uuid *uuid, const struct aerie_source_control *c,
		       aerie_source_done_fn *done, void *user);
	/* [any] Asks every driver that can list at once. fn gets each interface found (kismet.datasource.probed.*), and NULL at the
	 * end, on the main thread; takes at most 10 s. */
	int (*list_interfaces)(const struct aerie_host *h, void (*fn)(void *user, const struct aerie_rec *rec), void *user);
	/* [any] Hands a frame or report to a passive source. -ENOENT; -EAGAIN: its queue is full, nothing was taken; -EINVAL. */
	int (*feed)(const struct aerie_host *h, const struct aerie_uuid *uuid, const struct aerie_feed *f);
	/* [any] The record of defaults (kismet.datasourcetracker.default.*). */
	int (*with_defaults)(const struct aerie_host *h, int (*fn)(void *user, const struct aerie_rec *rec), void *user);
};

#ifdef __cplusplus
}
#endif
#endif
