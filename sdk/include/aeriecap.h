/* SPDX-License-Identifier: MIT */
/* libaeriecap: what every capture program needs to feed a host over the capture protocol, version 3. Since 0.1.
 *
 * A capture program opens one kind of radio (or file) and nothing else. It describes itself with callbacks and hands
 * the rest to this library:
 *
 *	struct aeriecap *cap = aeriecap_new("mytype", "1.0");
 *	int status;
 *
 *	aeriecap_on_probe(cap, my_probe);
 *	aeriecap_on_open(cap, my_open);
 *	aeriecap_on_capture(cap, my_capture);
 *	if (aeriecap_parse_options(cap, argc, argv, &status) > 0)
 *		status = aeriecap_loop(cap);
 *	aeriecap_free(cap);
 *	return status;
 *
 * The library is plain C99 and POSIX threads. Threads: [main] is the one that calls aeriecap_loop(), it talks to the
 * host and runs the list, probe and open callbacks; [capture] is started after a successful open and runs the capture
 * callback; [any] may be called from every thread. Texts given to the library are copied. */
#ifndef AERIECAP_H
#define AERIECAP_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define AERIECAP_API __attribute__((visibility("default")))
#define AERIECAP_PRINTF(f, a) __attribute__((format(printf, f, a)))
#else
#define AERIECAP_API
#define AERIECAP_PRINTF(f, a)
#endif

#define AERIECAP_MSG_MAX 1024u       /* room of a callback's message, NUL included */
#define AERIECAP_CONTENT_MAX 16000u  /* octets of a packet that are sent; hosts refuse frames of 16,384 and more */
#define AERIECAP_FRAME_MAX 16383u    /* the longest frame sent, with its header */

struct aeriecap;      /* the handler: one per program */
struct aeriecap_list; /* what the list callback found */
struct aeriecap_info; /* what the probe and open callbacks tell about an interface */
struct aeriecap_batch;

/* Message types of the protocol. */
#define AERIECAP_DEBUG 1u
#define AERIECAP_INFO 2u
#define AERIECAP_ERROR 4u
#define AERIECAP_ALERT 8u
#define AERIECAP_FATAL 16u

/* Exit status of a capture program. */
#define AERIECAP_EXIT_OK 0
#define AERIECAP_EXIT_FAILED 1
#define AERIECAP_EXIT_USAGE 2 /* also of --list */
#define AERIECAP_EXIT_FORK 3
#define AERIECAP_EXIT_TCP 4
#define AERIECAP_EXIT_WEBSOCKET 5
#define AERIECAP_EXIT_NO_WEBSOCKET 6

/* --- Callbacks. msg has AERIECAP_MSG_MAX octets and is empty at first; what is written to it is told to the host. */

/* [main] Fills the list with aeriecap_list_add(). Number of interfaces, 0 none, -1 error (msg says which). */
typedef int aeriecap_list_fn(struct aeriecap *cap, uint32_t seqno, struct aeriecap_list *list, char *msg);

/* [main] Is this definition ours? 1 yes, 0 no (msg says why), -1 error. May fill info. */
typedef int aeriecap_probe_fn(struct aeriecap *cap, uint32_t seqno, const char *definition, struct aeriecap_info *info,
			      char *msg);

/* [main] Opens the source. 0 and more: opened, the capture callback is started; -1: msg says why not. */
typedef int aeriecap_open_fn(struct aeriecap *cap, uint32_t seqno, const char *definition, struct aeriecap_info *info,
			     char *msg);

/* [capture] Sends packets until the source ends: 0 ended in order (the program flushes and exits with status 0), -1
 * failed (msg is sent as an ERROR, exit status 1). Must return soon when a send or wait function gives -1. */
typedef int aeriecap_capture_fn(struct aeriecap *cap, char *msg);

/* [main] A command that the library does not know: 0 handled, -1 close the link. */
typedef int aeriecap_unknown_fn(struct aeriecap *cap, uint32_t seqno, uint16_t command, const void *body, size_t len);

/* --- Handler. */

/* type: the source type ("pcapfile"); version: of the program. NULL: no memory. */
AERIECAP_API struct aeriecap *aeriecap_new(const char *type, const char *version);
AERIECAP_API void aeriecap_free(struct aeriecap *cap);

/* [main, before the loop] */
AERIECAP_API void aeriecap_on_list(struct aeriecap *cap, aeriecap_list_fn *fn);
AERIECAP_API void aeriecap_on_probe(struct aeriecap *cap, aeriecap_probe_fn *fn);
AERIECAP_API void aeriecap_on_open(struct aeriecap *cap, aeriecap_open_fn *fn);
AERIECAP_API void aeriecap_on_capture(struct aeriecap *cap, aeriecap_capture_fn *fn);
AERIECAP_API void aeriecap_on_unknown(struct aeriecap *cap, aeriecap_unknown_fn *fn);
AERIECAP_API void aeriecap_set_user(struct aeriecap *cap, void *user);
AERIECAP_API void *aeriecap_user(const struct aeriecap *cap); /* [any] */
/* What --help says of this program beside the options that all have. 0, or -1: no memory. */
AERIECAP_API int aeriecap_set_help(struct aeriecap *cap, const char *text);
/* How long the host may be silent, in milliseconds: 15,000 unless told. For tests. */
AERIECAP_API void aeriecap_set_ping_timeout(struct aeriecap *cap, unsigned ms);

/* The command line, or, where there is none, the descriptors of the link (taken over, closed by aeriecap_free()).
 * 1: call aeriecap_loop(). 0: all done (--help, --version, --list), -1: bad usage, told on standard error; both set
 * *ret_status to the exit status. */
AERIECAP_API int aeriecap_parse_options(struct aeriecap *cap, int argc, char **argv, int *ret_status);
AERIECAP_API int aeriecap_set_link(struct aeriecap *cap, int in_fd, int out_fd);
AERIECAP_API const char *aeriecap_source(const struct aeriecap *cap); /* --source, or NULL */
AERIECAP_API int aeriecap_out_fd(const struct aeriecap *cap);         /* the descriptor written to, or -1 */

/* [main] Talks to the host until the work is done or the host is gone. Gives the exit status. */
AERIECAP_API int aeriecap_loop(struct aeriecap *cap);

/* [any] Ends the loop: what has been sent is flushed, exit status 0. */
AERIECAP_API void aeriecap_spindown(struct aeriecap *cap);

/* --- Filling reports. 0, or -1: no memory. */
AERIECAP_API int aeriecap_list_add(struct aeriecap_list *list, const char *interface, const char *flags,
				   const char *hardware);
AERIECAP_API int aeriecap_info_set_uuid(struct aeriecap_info *info, const char *uuid);
AERIECAP_API int aeriecap_info_set_capif(struct aeriecap_info *info, const char *capif);
AERIECAP_API int aeriecap_info_set_hardware(struct aeriecap_info *info, const char *hardware);
AERIECAP_API int aeriecap_info_set_channel(struct aeriecap_info *info, const char *channel);
AERIECAP_API int aeriecap_info_add_channel(struct aeriecap_info *info, const char *channel);
AERIECAP_API void aeriecap_info_set_dlt(struct aeriecap_info *info, uint32_t dlt);

/* --- Sending. All return 1 sent, 0 the buffer has no room now (nothing was taken: aeriecap_wait(), try again), -1
 * failed: the link is down or the program is to end. */

struct aeriecap_signal {
	int32_t signal_dbm, noise_dbm;    /* 0: unknown, as all below */
	uint32_t signal_rssi, noise_rssi;
	uint64_t freq_khz, datarate;
	const char *channel;
};

struct aeriecap_gps {
	double lat, lon;
	float alt, speed, heading, precision; /* m, km/h, degrees, m */
	uint8_t fix;                          /* 0 none, 2, 3 */
	uint64_t ts_sec;
	uint32_t ts_usec;
	const char *type, *name, *uuid;       /* at most 63 octets each are sent; NULL: none */
};

struct aeriecap_packet {
	const void *content;
	uint32_t caplen;  /* octets in content; above AERIECAP_CONTENT_MAX it is cut, and the host told so once */
	uint32_t origlen; /* octets on the air */
	uint32_t dlt;
	uint64_t ts_sec;
	uint32_t ts_usec;
	const struct aeriecap_signal *signal; /* NULL: none */
	const struct aeriecap_gps *gps;       /* NULL: none */
};

/* [any] One packet, at once. */
AERIECAP_API int aeriecap_send_packet(struct aeriecap *cap, const struct aeriecap_packet *packet);
/* [any] A sensor's report as JSON text, of a type that names its decoder. Too long for a frame: -1. */
AERIECAP_API int aeriecap_send_json(struct aeriecap *cap, const char *type, uint64_t ts_sec, uint32_t ts_usec,
				    const char *json);
/* [any] */
AERIECAP_API int aeriecap_send_message(struct aeriecap *cap, unsigned type, const char *format, ...)
	AERIECAP_PRINTF(3, 4);
/* [any] seqno: of the request that failed, or 0. */
AERIECAP_API int aeriecap_send_error(struct aeriecap *cap, uint32_t seqno, const char *format, ...)
	AERIECAP_PRINTF(3, 4);
/* [any] Asks the host for a PONG. */
AERIECAP_API int aeriecap_send_ping(struct aeriecap *cap);

/* [capture] Blocks until the host has taken something: 1, or -1 as above. */
AERIECAP_API int aeriecap_wait(struct aeriecap *cap);
/* [capture] Sleeps: 0, or -1: the program is to end. */
AERIECAP_API int aeriecap_sleep(struct aeriecap *cap, uint64_t usec);

/* Packets in bulk, for whoever has many at once: they are gathered by one thread without any lock, and written in one
 * piece. A batch belongs to one thread.
 *
 *	aeriecap_batch_add()   1 added, 0 the batch is full: send it. Sends nothing itself.
 *	aeriecap_batch_send()  1 all sent, the batch is empty; 0 a part was (aeriecap_wait(), call it again); -1 failed.
 *	aeriecap_batch_flush() send and wait until all is sent: 1, or -1. */
AERIECAP_API struct aeriecap_batch *aeriecap_batch_new(struct aeriecap *cap, size_t room); /* octets; NULL: no memory */
AERIECAP_API void aeriecap_batch_free(struct aeriecap_batch *batch);
AERIECAP_API int aeriecap_batch_add(struct aeriecap_batch *batch, const struct aeriecap_packet *packet);
AERIECAP_API int aeriecap_batch_send(struct aeriecap_batch *batch);
AERIECAP_API int aeriecap_batch_flush(struct aeriecap_batch *batch);
AERIECAP_API size_t aeriecap_batch_pending(const struct aeriecap_batch *batch); /* octets gathered and not sent */

/* --- Definitions: interface[:option=value,option="quoted, value",...]. [any] */

/* Length of the interface, which starts at *ret_interface: the text before the first ':'. */
AERIECAP_API int aeriecap_parse_interface(const char *definition, const char **ret_interface);
/* Length of the value of the first option of this name (case-insensitive), which starts at *ret_value; 0: there is no
 * such option, or it is empty; -1: malformed (a quote that does not end, an option without '='). */
AERIECAP_API int aeriecap_find_option(const char *definition, const char *name, const char **ret_value);
/* The checksum that sources' UUIDs are made of: Adler's with both sums starting from 0 and without modulus; 0 for less
 * than four octets. adler("IEEE802.11") = 0x0D770242. */
AERIECAP_API uint32_t aeriecap_adler(const void *data, size_t len);

#ifdef __cplusplus
}
#endif
#endif
