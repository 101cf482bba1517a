/* SPDX-License-Identifier: MIT */
/* What the files of the sources share: a driver, a source, its record. Everything is [main] but where a lock is named. */
#ifndef CORE_SOURCE_H
#define CORE_SOURCE_H

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <uv.h>

#include <core/caplink.h>
#include <core/definition.h>
#include <core/sources.h>

#define SOURCE_PATH 4096u        /* room for the path of a program */
#define SOURCE_PROBES 64u        /* drivers that are asked at once */
#define SOURCE_TEXT 1536u        /* room for a reason */

/* Slots of the records; the names are those of kismet.datasource.NAME. */
struct source_slots {
	aerie_slot source_number, source_key, paused, ipc_binary, ipc_pid, running, datasource_version, remote, passive, name, uuid,
		definition, interface, capture_interface, hardware, dlt, warning, channels, hopping, channel, hop_channels, error,
		error_reason, num_packets, num_error_packets, packets_rrd,
		packets_datasize_rrd, retry, retry_attempts, total_retry_attempts, type_driver;
	aerie_slot antenna_type, antenna_gain, antenna_orientation, antenna_beamwidth, amp_type, amp_gain;
};
struct driver_slots {
	aerie_slot type, description, probe_capable, probe_ipc, list_capable, list_ipc, local_capable, local_ipc, remote_capable,
		passive_capable, tuning_capable, hop_capable;
};

/* A registered driver; outlives its module while a source uses it. */
struct driver {
	atomic_uint refs;
	uint32_t flags;
	char *type, *help, *program;
	struct aerie_option *options; /* a copy that ends with a NULL name */
	struct aerie_rec *rec;        /* never changes */
};
void driver_unref(void *driver);
static inline struct driver *driver_ref(struct driver *d)
{
	atomic_fetch_add(&d->refs, 1);
	return d;
}

enum source_state {
	SOURCE_WAITING, /* to be started, or to be tried again */
	SOURCE_PROBING,
	SOURCE_OPENING,
	SOURCE_RUNNING,
	SOURCE_DRAINING, /* the process has ended, packets are still processed */
	SOURCE_DONE,
	SOURCE_FAILED
};

struct probe {
	struct source *source;
	struct driver *driver;
	struct caplink *link;
	uint32_t seqno;
	bool answered, ours;
	char message[SOURCE_TEXT];
};

struct source {
	_Atomic(struct source *) next;
	struct sources *all;
	uint32_t number;
	struct definition *def;
	const char *name;
	enum source_state state;
	struct driver *driver; /* NULL until known */
	struct probe *probes;
	uint32_t n_probes;
	struct caplink *link;
	uint32_t open_seqno;
	bool retry, again; /* may be opened again; will be */
	uint32_t ticks;
	uv_timer_t answer; /* limit of an answer; delay of a retry */
	uv_timer_t tick;   /* PING */
	uint64_t second;   /* MESSAGE frames are limited per second ... */
	uint32_t messages, suppressed;
	uint64_t sampled_packets, sampled_octets; /* of the pipe, that the series already have */
	char reason[SOURCE_TEXT]; /* why it failed, while packets are drained */

	pthread_mutex_t lock; /* guards what follows: HTTP threads read it */
	struct aerie_rec *rec;
	struct aerie_uuid uuid;
	struct pipe_source *pipe;          /* while open */
	uint64_t base_packets, base_errors; /* of pipes that are gone */
};

struct sources {
	struct core *core;
	_Atomic(struct source *) first; /* append only, so that walking needs no lock */
	struct source *last;
	uint32_t n_sources;
	uint32_t handles; /* libuv handles and links that are not closed yet */
	bool stopping, check_posted;
	void (*done)(void *user);
	void *done_user;
	char error[DEFINITION_ERROR];
	aerie_record_id source_type, driver_type;
	struct source_slots slots;
	struct driver_slots driver_slots;
};

/* source_record.c */
int source_types_define(struct sources *s);
int source_record_new(struct source *src);
struct aerie_rec *driver_record_new(struct sources *s, const struct driver *d);
/* Each takes the lock. */
void source_set_driver(struct source *src);
void source_set_state(struct source *src, bool running, const char *error); /* error NULL: none */
void source_set_open(struct source *src, const struct link_report *r, const struct aerie_uuid *uuid, const char *program);
void source_count_retry(struct source *src);
/* Under the lock: brings counters up to date. */
void source_refresh(struct source *src);
/* Every second while there is a pipe: adds to the series. */
void source_sample(struct source *src);
/* Keeps the counters of the pipe, which goes. */
void source_take_counters(struct source *src);

/* source_life.c */
extern const struct aerie_option source_options[]; /* what every definition may have */
void source_start(struct source *src);
void source_end(struct source *src); /* at once, without a reason */
/* The path of a driver's program, in path (SOURCE_PATH octets); else -ENOENT and a reason. */
int source_find_program(struct sources *s, const char *program, char *path, char *reason, size_t room);

/* source_probe.c */
void source_probe(struct source *src);
void source_probe_end(struct source *src);

/* source_driver.c */
int driver_register(const struct aerie_host *h, const struct aerie_driver *given);
int driver_each(const struct aerie_host *h, int (*fn)(void *user, const struct aerie_rec *rec), void *user);
struct driver *sources_driver(struct sources *s, const char *type); /* with a reference; NULL: none */
/* Drivers that can probe, with a reference each; up to n. */
uint32_t sources_probers(struct sources *s, struct driver **ret, uint32_t n);

/* sources.c */
void sources_check_done(struct sources *s);
void source_log(struct source *src, int level, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* For source_probe.c */
void source_chosen(struct source *src, struct driver *d); /* takes the reference */
void source_fail(struct source *src, bool may_retry, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#endif
