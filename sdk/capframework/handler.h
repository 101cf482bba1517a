/* SPDX-License-Identifier: MIT */
/* The handler, shared by the files of the library.
 *
 * Way of a packet: the capture thread gathers frames in a batch of its own, without a lock, and writes them itself.
 * What the link does not take at once of a frame goes to the out ring, so that frames of both threads never mix; the
 * rest stays in the batch. Way of everything else: a frame is put together on the stack, appended to the out ring and
 * written as far as the link takes it; the main thread watches the link for what is left.
 *
 * A link is two descriptors, which for TCP are the same, or a transport (WebSocket) that takes the place of read() and
 * write(). To it, too, frames are a stream of octets: it finds their ends itself, and may keep some for later. */
#ifndef CAP_HANDLER_H
#define CAP_HANDLER_H

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

#include <aeriecap.h>

#include "protocol.h"
#include "ring.h"

#define OUT_RING (4u * 1024u * 1024u)
#define OUT_RESERVE (64u * 1024u) /* of it, kept free of packets for reports, messages and PONG */
#define PING_TIMEOUT_MS 15000u
#define STOP_WAIT_MS 1000 /* how long the capture thread may take to notice that it is to end */
#define QUIT_WAIT_MS 10000 /* from a signal until a callback of the main thread is taken to hang: the above, and closing */
#define HOP_CHANNELS_MAX 1024u   /* of a host's hop list; more are left out, and the host told so */
#define CHANNEL_TEXT_MAX 63u
#define HOP_INTERVAL_MIN_US 50000u
#define COMPLAINTS_MAX 8u /* unknown commands that are told to the host; more are ignored silently */

struct out {
	pthread_mutex_t lock; /* guards all of this struct */
	struct ring ring;
	uint32_t seqno;     /* the last number used */
	bool down;          /* the link cannot be written to any more */
	bool watched;       /* the main thread polls for room */
	bool waiting;       /* the capture thread does */
	bool stopping;      /* the capture thread is to end */
	bool spindown;      /* aeriecap_spindown() was called */
	bool watching;      /* the signal thread runs, and has given up what it does not need */
	bool quit;          /* a signal said so */
	bool capture_ended;
	int capture_result;
	bool failing;       /* aeriecap_error() was called */
	bool failed;        /* ... and has sent its ERROR */
	bool hop_stop;      /* the hop thread is to end */
	bool hop_ended;
	int hop_result;     /* -1: it failed, and said why in hop_msg */
	char channel[CHANNEL_TEXT_MAX + 1]; /* tuned to last */
	bool cut_told;
	bool old_host; /* spoke version 2 first: shows a MESSAGE, but ignores an ERROR */
	pthread_cond_t changed; /* watching, stopping, capture_ended, hop_stop or hop_ended were set */
};

struct remote { /* what the command line says of a host elsewhere */
	bool wanted, tcp, tls, autodetect, disable_retry, daemonize;
	char *target; /* HOST:PORT, or NULL with autodetect */
	char *ca_file, *user, *password, *apikey, *endpoint, *announced_uuid;
	unsigned autodetect_port, retry_s;
	char *uuid;    /* of the source, for NEWSOURCE */
	bool finished; /* the capture ended in order and all of it was sent: nothing to try again for */
};

struct transport {
	ssize_t (*read)(void *data, void *to, size_t len); /* as read(), never blocks */
	ssize_t (*write)(void *data, const void *from, size_t len);
	int (*flush)(void *data);                          /* 1 all is sent, 0 not all, -1 with errno */
	bool (*pending)(const void *data);                 /* has something to flush */
	bool (*buffered)(const void *data);                /* has something to read although its descriptor may not */
	void (*end)(void *data);                           /* says goodbye, as far as that does not block */
	bool (*goodbye)(const void *data);                 /* has the host, which had then read all before ours? */
	void (*free)(void *data);
};

struct hop_channel {
	char name[CHANNEL_TEXT_MAX + 1];
	void *channel; /* the program's own */
	bool failed;   /* could not be tuned to in this round */
};

struct hop {
	double rate; /* hops per second */
	bool shuffle;
	uint32_t spacing; /* the step of shuffled hopping, as the host or the program wants it */
	uint32_t step;    /* ... as it fits the list */
	uint32_t offset;
	struct hop_channel *channels;
	uint32_t n;
};

enum phase { PHASE_RUN, PHASE_DRAIN, PHASE_DONE };

struct aeriecap {
	char *type, *version, *program, *source, *help;
	void *user;
	aeriecap_list_fn *list;
	aeriecap_probe_fn *probe;
	aeriecap_open_fn *open;
	aeriecap_capture_fn *capture;
	aeriecap_unknown_fn *unknown;
	aeriecap_close_fn *close;
	aeriecap_translate_fn *translate;
	aeriecap_channel_fn *set_channel;
	aeriecap_channel_free_fn *free_channel;
	aeriecap_spectrum_fn *spectrum;
	double max_hop_rate;
	bool remote_capable;

	struct remote remote;
	bool have_fixed_gps;
	struct aeriecap_gps fixed_gps; /* of every packet that has none; its name is allocated */
	const struct transport *transport; /* NULL: the descriptors themselves */
	void *transport_data;
	int in_fd, out_fd;
	int wake[2]; /* wakes the main thread out of poll() */
	int stop[2]; /* readable for ever once the capture thread is to end */
	struct out out;

	/* main thread only */
	struct ring in;
	enum phase phase;
	int status;
	bool in_ended;
	bool host_silent; /* given up */
	bool opened, capture_running;
	bool pong_due; /* there was no room for it */
	uint32_t pong_seqno;
	unsigned ping_timeout_ms, complaints;
	uint64_t last_ping_ms;
	pthread_t capture_thread, signal_thread;
	char capture_msg[AERIECAP_MSG_MAX];
	struct hop hop; /* the hop thread's own while it runs */
	bool hop_running;
	pthread_t hop_thread;
	char hop_msg[AERIECAP_MSG_MAX];
};

/* link.c. Both never block: octets, 0: the end, -1 with errno. All but link_read() with the lock held. */
ssize_t link_read(struct aeriecap *cap, void *data, size_t len);
ssize_t link_write(struct aeriecap *cap, const void *data, size_t len);
int link_flush(struct aeriecap *cap); /* what a transport kept: 1, 0, -1 as there */
bool link_pending(const struct aeriecap *cap);
bool link_buffered(const struct aeriecap *cap); /* main thread */
/* Ends a link by TCP so that nothing sent is lost: waits until the host has read it all and hung up, too: 0, or -1: it
 * did not, or nobody knows. */
int link_finish(struct aeriecap *cap);
void link_close(struct aeriecap *cap);

/* remote.c */
int remote_run(struct aeriecap *cap); /* as aeriecap_loop() */
void remote_clear(struct remote *remote);

/* handler.c */
int make_pipe(int fds[2]);
int set_fd(int fd);
void close_fd(int fd);
/* New pipes between the threads: those of before a fork() belong to other processes, too. 0 or -1. */
int renew_pipes(struct aeriecap *cap);
uint64_t now_ms(void);
void out_lock(struct aeriecap *cap, int *ret_cancel);
void out_unlock(struct aeriecap *cap, int cancel);
void wake_main(struct aeriecap *cap);

/* out.c: with the lock held. */
void out_flush(struct aeriecap *cap);
bool out_pending(const struct aeriecap *cap);
/* A whole frame, whose header except for its number is made; seqno NULL: a fresh one. As the send functions. */
int out_append(struct aeriecap *cap, uint8_t *frame, size_t len, const uint32_t *seqno, bool packet);

/* requests.c: takes a frame off the in ring. 1 taken, 0 there is no whole one, -1 the link is broken (msg says how). */
int request_next(struct aeriecap *cap, char *msg, size_t room);

/* loop.c */
/* What ends the program: not what it was started to ignore. Before they are blocked. */
void ending_signals(sigset_t *ret_set);
int link_run(struct aeriecap *cap);
void loop_drain(struct aeriecap *cap, int status);
void loop_pong(struct aeriecap *cap); /* the one for pong_seqno, or marks it as due */
int capture_start(struct aeriecap *cap); /* 0 or -1 */
void capture_stop(struct aeriecap *cap);
/* With the lock held: until *flag is set, at most STOP_WAIT_MS. Was it? */
bool wait_flag(struct aeriecap *cap, const bool *flag);
void close_source(struct aeriecap *cap);

/* privileges.c: of this thread alone, and whoever its user is. 0 or -1 with errno. */
int drop_capabilities(uint64_t keep);

/* hop.c */
int hop_start(struct aeriecap *cap); /* over cap->hop: 0 or -1 */
void hop_stop(struct aeriecap *cap);
void hop_clear(struct aeriecap *cap, struct hop *hop);
void hop_fit_step(struct hop *hop);
uint64_t hop_interval_us(const struct hop *hop);

#endif
