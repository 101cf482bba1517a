/* SPDX-License-Identifier: MIT */
/* What the files of the sources share: a driver, a source, its record. Everything is [main] but where a lock is named. */
#ifndef CORE_SOURCE_H
#define CORE_SOURCE_H

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <uv.h>

#include <core/caplink.h>
#include <core/channels.h>
#include <core/definition.h>
#include <core/sources.h>

#define SOURCE_PATH 4096u        /* room for the path of a program */
#define SOURCE_PROBES 64u        /* drivers that are asked at once */
#define SOURCE_TEXT 1536u        /* room for a reason */
#define SOURCES_MAX 4096u        /* sources of a host, with those that are no more */
#define SOURCES_RESERVED 256u    /* of them: not for programs that connect, with a new UUID each time perhaps */
#define SOURCE_BACKOFF_MAX 12u   /* times source_retry_delay */

/* Slots of the records; the names are those of kismet.datasource.NAME. */
struct source_slots {
	aerie_slot source_number, source_key, cmd_pending, paused, ipc_binary, ipc_pid, running, datasource_version, remote_ip, remote,
		passive, name, uuid, definition, interface, capture_interface, hardware, dlt, warning, channels, hopping, channel,
		hop_rate, hop_channels, hop_split, hop_offset, hop_shuffle, hop_shuffle_skip, error, error_reason, num_packets,
		num_error_packets, packets_rrd, packets_datasize_rrd, retry, retry_attempts, total_retry_attempts, linktype_override,
		type_driver;
	aerie_slot antenna_type, antenna_gain, antenna_orientation, antenna_beamwidth, amp_type, amp_gain;
};
struct driver_slots {
	aerie_slot type, description, probe_capable, probe_ipc, list_capable, list_ipc, local_capable, local_ipc, remote_capable,
		passive_capable, tuning_capable, hop_capable;
};

struct probed_slots {
	aerie_slot interface, capture_interface, options_vec, in_use_uuid, hardware, datasource_version, type_driver;
};
struct default_slots {
	aerie_slot hop_rate, hop, split, random_order, retry_on_error, remote_cap_listen, remote_cap_port, remote_cap_timestamp;
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
	SOURCE_FAILED,
	SOURCE_CLOSED /* by a user */
};

/* What a radio shall do, and does: the first from the definition, then by users, and by what it reports. */
struct tuning {
	bool known;   /* taken from a definition and the defaults */
	bool hopping; /* wanted */
	bool split;   /* of the defaults: the start of hopping depends on the others of its kind and list */
	struct channels supported, hop; /* radios with the same hop list share it */
	char channel[LINK_CHANNEL_TEXT]; /* wanted when not hopping, or to start with; "": none */
	double rate;
	bool shuffle;
	uint32_t offset;
	uint32_t first_seqno; /* the request after opening; 0: none is open */
	bool refused;         /* the warning of the record is about the last request */
};

enum op_kind { OP_ADD, OP_OPEN, OP_CLOSE, OP_TUNE };

struct source_op;
struct feed;

struct probe {
	struct source *source;
	struct driver *driver;
	struct caplink *link;
	uint32_t seqno;
	bool answered, ours;
	bool failed; /* its program could not be started now, or gave no answer in time */
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
	bool retry; /* may be opened again after a failure */
	enum source_state after; /* when its packets are processed */
	bool reopen;        /* then, at once */
	bool remote;        /* opened by a capture program that connects */
	bool disabled;      /* closed by a user: nobody opens it but a user */
	bool paused, lost;
	uint32_t backoff;   /* failures in a row */
	uint64_t opened_ms, pinged_ms, sampled_ms; /* loop time */
	struct tuning tuning;
	struct source_op *ops;     /* that wait for it */
	struct caplink *newcomer;  /* a connection that waits until the old one's packets are processed */
	char newcomer_peer[72], peer[72], address[72];
	struct definition *newcomer_def;
	_Atomic(struct feed *) feed; /* of a passive source */
	uv_timer_t answer; /* limit of an answer; delay of a retry */
	uv_timer_t tick;   /* PING */
	uint64_t second, told_second; /* messages are limited per second ... */
	uint32_t messages, suppressed;
	uint64_t sampled_packets, sampled_octets; /* of the pipe, that the series already have */
	char reason[SOURCE_TEXT]; /* why it failed, while packets are drained */

	pthread_mutex_t lock; /* guards what follows: HTTP threads read it */
	struct aerie_rec *rec;
	struct aerie_uuid uuid;
	struct aerie_uuid first_uuid;      /* it began with, and no other source; still finds it */
	bool has_own_uuid;                 /* of its definition or program; else a random one, until that is known */
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
	aerie_record_id source_type, driver_type, probed_type, default_type;
	struct source_slots slots;
	struct driver_slots driver_slots;
	struct probed_slots probed_slots;
	struct default_slots default_slots;
	struct list *lists;     /* questions for interfaces that are under way */
	struct remote *remote;  /* remote.c: who listens for connections */

	pthread_mutex_t lock; /* guards what follows */
	struct source_op *asked, **last_asked; /* handed over by other threads, oldest first */
	bool asked_posted, ended;              /* ended: nobody looks at them any more */
	struct aerie_rec *defaults;
};

/* source_record.c */
int source_types_define(struct sources *s);
int source_record_new(struct source *src);
struct aerie_rec *driver_record_new(struct sources *s, const struct driver *d);
struct aerie_rec *probed_record_new(struct sources *s, const struct driver *d, const struct link_interface *i,
				    const char *version, const struct aerie_uuid *in_use);
/* Each takes the lock. */
void source_set_driver(struct source *src);
void source_set_definition(struct source *src); /* also the address of its peer */
void source_set_state(struct source *src, bool running, const char *error); /* error NULL: none */
void source_set_open(struct source *src, const struct link_report *r, const struct aerie_uuid *uuid, const char *program);
void source_set_uuid(struct source *src, const struct aerie_uuid *uuid);
void source_count_retry(struct source *src);
void source_set_paused(struct source *src);
void source_set_pending(struct source *src, bool pending);
void source_set_warning(struct source *src, const char *text);
void source_set_tuning(struct source *src, bool hopping, const char *channel); /* and what src->tuning says */
void source_set_skip(struct source *src, uint32_t skip);
/* Tells subscribers of a topic. */
void source_event(struct source *src, const char *topic);
/* Under the lock: brings counters up to date. */
void source_refresh(struct source *src);
/* Every second while there is a pipe: adds to the series. */
void source_sample(struct source *src);
/* Keeps the counters of the pipe, which goes. */
void source_take_counters(struct source *src);
/* The record of defaults, under the lock of all; NULL when memory is out. */
struct aerie_rec *sources_defaults(struct sources *s);

/* source_life.c */
extern const struct aerie_option source_options[]; /* what every definition may have */
void source_start(struct source *src);
void source_end(struct source *src); /* at once, without a reason */
void source_fail(struct source *src, bool may_retry, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Of a program that could not be started: something is used up, which may be over in a moment. */
static inline bool source_is_shortage(int err)
{
	return err == -EMFILE || err == -ENFILE || err == -ENOMEM || err == -EAGAIN;
}
/* The same, because it took too long, or for a shortage: perhaps the machine is slow, so that even a file is tried again, a few times. */
void source_fail_late(struct source *src, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void source_close(struct source *src); /* by a user */
/* By a user: one that does nothing. A remote source opens when its capture program connects. */
void source_reopen(struct source *src);
bool source_is_idle(const struct source *src);
void source_running(struct source *src, const struct link_report *r, const char *program); /* it is open */
void source_chosen(struct source *src, struct driver *d); /* takes the reference */
/* What of a definition needs no driver to be checked; -EINVAL with a text. */
int source_check_values(const struct definition *d, char *error);
/* -EINVAL: no UUID; -ENODATA: the nil UUID (RFC 9562 5.9), which names nothing. *ret only when it is one. */
int source_parse_uuid(const char *text, struct aerie_uuid *ret);
void source_pause(struct source *src, bool paused);
/* A connection opens it, once its packets are processed: takes link and definition. */
void source_take_link(struct source *src, struct caplink *link, struct definition *d, const char *peer);
/* The path of a driver's program, in path (SOURCE_PATH octets); else -ENOENT and a reason. */
int source_find_program(struct sources *s, const char *program, char *path, char *reason, size_t room);

/* source_probe.c */
void source_probe(struct source *src);
void source_probe_end(struct source *src);

/* source_tune.c */
int tuning_check(const struct definition *d, char *error); /* -EINVAL with a text */
void tuning_opened(struct source *src, const struct link_report *r);
void tuning_ended(struct source *src); /* it runs no more */
void tuning_report(struct source *src, const struct link_frame *f, const struct link_report *r);
/* Sends what a user wants; *ret_seqno is the request's number. A negative errno and a reason in src->reason... */
int tuning_control(struct source *src, const struct aerie_source_control *c, uint32_t *ret_seqno, const char **ret_error);
void tuning_free(struct source *src);
double sources_hop_rate(const struct sources *s);

/* source_control.c */
int sources_add_service(const struct aerie_host *h, const char *definition, aerie_source_done_fn *done, void *user);
int sources_control(const struct aerie_host *h, const struct aerie_uuid *uuid, const struct aerie_source_control *c,
		    aerie_source_done_fn *done, void *user);
int sources_list_interfaces(const struct aerie_host *h, void (*fn)(void *user, const struct aerie_rec *rec), void *user);
/* Ends operations of a kind that wait for the source; seqno 0: any. */
void source_ops_done(struct source *src, enum op_kind kind, uint32_t seqno, int err, const char *text);
bool source_has_op(const struct source *src, enum op_kind kind, uint32_t seqno);
void source_ops_tick(struct source *src); /* those that wait for too long */
void sources_end_ops(struct sources *s);  /* all of them, and no more */

/* source_list.c */
void sources_list(struct sources *s, void (*fn)(void *user, const struct aerie_rec *rec), void *user); /* [main] */
void sources_end_lists(struct sources *s);

/* source_feed.c */
int sources_feed(const struct aerie_host *h, const struct aerie_uuid *uuid, const struct aerie_feed *f);
int source_feed_open(struct source *src); /* its pipe is there */
void source_feed_flush(struct source *src);
void source_feed_close(struct source *src);
void source_feed_free(struct source *src);

/* source_driver.c */
int driver_register(const struct aerie_host *h, const struct aerie_driver *given);
int driver_each(const struct aerie_host *h, int (*fn)(void *user, const struct aerie_rec *rec), void *user);
struct driver *sources_driver(struct sources *s, const char *type); /* with a reference; NULL: none */
/* Drivers with a flag and a program, with a reference each; up to n. */
uint32_t sources_drivers(struct sources *s, uint32_t flag, struct driver **ret, uint32_t n);

/* sources.c */
/* A source in the list; not started. Takes definition and driver when it succeeds; else -ENOMEM or -ENOSPC. */
int sources_create(struct sources *s, struct definition *d, struct driver *driver, struct source **ret);
/* The source with a UUID; one that runs, when there are several. [any] */
struct source *sources_find(struct sources *s, const struct aerie_uuid *uuid);
int sources_add_definition(struct sources *s, const char *definition, struct source **ret, const char **ret_error);
void sources_check_done(struct sources *s);
/* With a limit when it is remote: who connects in a loop must not fill the log. */
void source_log(struct source *src, int level, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* What its program said, always with the limit. */
void source_log_said(struct source *src, int level, const char *text);
void source_tell_suppressed(struct source *src);

#endif
