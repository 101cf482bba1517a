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
 * host and runs the list, probe, open and close callbacks; [capture] is started after a successful open and runs the
 * capture callback; [hop] exists while channels are hopped and runs the channel callback; [any] may be called from every
 * thread. Texts given to the library are copied.
 *
 * A radio adds two callbacks, and the library does the rest of tuning (requests of the host, hopping, reports):
 *
 *	aeriecap_on_translate(cap, my_translate);	"6HT40+" -> something of your own
 *	aeriecap_on_channel(cap, my_channel);		tune to it */
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

/* [main] Undoes what a successful open did. Called once for each, when the capture and hop threads have ended; when one of
 * them hangs and does not end, it is called all the same, and the process ends right after it. */
typedef void aeriecap_close_fn(struct aeriecap *cap);

/* [main] Turns a channel's text into something of the program's own, which the library keeps and hands back to the two
 * callbacks below. NULL: there is no such channel (msg may say why). */
typedef void *aeriecap_translate_fn(struct aeriecap *cap, const char *channel, char *msg);

/* Tunes to a channel. [main] with the number of the request for a channel that is to stay, or [hop] with seqno 0; never
 * both at once. 1 and more: tuned. 0: this channel cannot be tuned to (msg says why); when hopping it is taken off the
 * list at the end of the round. -1: the radio is of no use any more; msg is sent as an ERROR and the program ends. */
typedef int aeriecap_channel_fn(struct aeriecap *cap, uint32_t seqno, void *channel, char *msg);

/* [any] Frees what the translate callback made. free() unless there is a callback. */
typedef void aeriecap_channel_free_fn(void *channel);

/* [main] What a spectrum analyser is to measure: frequencies and widths in MHz, gains in dB; 0 -1 as above. Version 3 of
 * the protocol has no command that asks for it, so that nothing calls it yet. */
struct aeriecap_spectrum {
	uint64_t start_mhz, end_mhz, samples_per_freq, bin_width;
	uint8_t amp;
	uint64_t if_amp, baseband_amp;
};
typedef int aeriecap_spectrum_fn(struct aeriecap *cap, uint32_t seqno, const struct aeriecap_spectrum *spectrum,
				 char *msg);

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
AERIECAP_API void aeriecap_on_close(struct aeriecap *cap, aeriecap_close_fn *fn);
AERIECAP_API void aeriecap_on_translate(struct aeriecap *cap, aeriecap_translate_fn *fn);
AERIECAP_API void aeriecap_on_channel(struct aeriecap *cap, aeriecap_channel_fn *fn);
AERIECAP_API void aeriecap_on_channel_free(struct aeriecap *cap, aeriecap_channel_free_fn *fn);
AERIECAP_API void aeriecap_on_spectrum(struct aeriecap *cap, aeriecap_spectrum_fn *fn);
AERIECAP_API void aeriecap_on_unknown(struct aeriecap *cap, aeriecap_unknown_fn *fn);
AERIECAP_API void aeriecap_set_user(struct aeriecap *cap, void *user);
AERIECAP_API void *aeriecap_user(const struct aeriecap *cap); /* [any] */
/* What --help says of this program beside the options that all have. 0, or -1: no memory. */
AERIECAP_API int aeriecap_set_help(struct aeriecap *cap, const char *text);
/* [main, before the loop] The most hops per second that this radio can do; a higher rate that the host wishes is lowered
 * to it. 0: only the limit that holds for all, 20 hops per second. */
AERIECAP_API void aeriecap_set_max_hop_rate(struct aeriecap *cap, double hops_per_second);
/* [main, before the loop] Where the search for the step of shuffled hopping begins, for radios whose neighbouring
 * channels hear each other: 1 unless told. */
AERIECAP_API void aeriecap_set_shuffle_spacing(struct aeriecap *cap, unsigned spacing);
/* [main, before the options are parsed] 0: this program cannot capture for a host elsewhere; 1 unless told. */
AERIECAP_API void aeriecap_set_remote_capable(struct aeriecap *cap, int capable);
/* How long the host may be silent, in milliseconds: 15,000 unless told. For tests. */
AERIECAP_API void aeriecap_set_ping_timeout(struct aeriecap *cap, unsigned ms);

/* The command line, or, where there is none, the descriptors of the link (taken over, closed by aeriecap_free()).
 * 1: call aeriecap_loop(). 0: all done (--help, --version, --list), -1: bad usage, told on standard error; both set
 * *ret_status to the exit status. */
AERIECAP_API int aeriecap_parse_options(struct aeriecap *cap, int argc, char **argv, int *ret_status);
AERIECAP_API int aeriecap_set_link(struct aeriecap *cap, int in_fd, int out_fd);
AERIECAP_API const char *aeriecap_source(const struct aeriecap *cap); /* --source, or NULL */
AERIECAP_API int aeriecap_out_fd(const struct aeriecap *cap);         /* the descriptor written to, or -1 */
/* [any] Copies the channel that was tuned to last, empty when none was: its length, cut to room - 1. For the signal block
 * of packets. */
AERIECAP_API size_t aeriecap_current_channel(struct aeriecap *cap, char *channel, size_t room);

/* [main] Talks to the host until the work is done or the host is gone. Gives the exit status. For a host elsewhere
 * (--connect) it also connects and, unless told otherwise, does so in a child process, again and again: whatever is opened
 * before this call is shared by all of them. */
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
/* [main, in the open callback] For radios that hop by themselves: over the channels of the info, as told here. */
AERIECAP_API void aeriecap_info_set_hop(struct aeriecap_info *info, double hops_per_second, int shuffle,
					unsigned skip, unsigned offset);

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
/* [any] Something is wrong, but the capture goes on: a MESSAGE of type AERIECAP_ERROR. */
AERIECAP_API int aeriecap_warn(struct aeriecap *cap, const char *format, ...) AERIECAP_PRINTF(2, 3);
/* [any] The capture cannot go on: an ERROR, and the program ends with exit status 1. */
AERIECAP_API int aeriecap_error(struct aeriecap *cap, const char *format, ...) AERIECAP_PRINTF(2, 3);
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
/* How many options of this name there are, or -1 as above. */
AERIECAP_API int aeriecap_count_options(const char *definition, const char *name);
/* The same with the value made of it: 1 given; 0 not given or empty, and nothing is written; -1 malformed or wrong, and msg
 * (AERIECAP_MSG_MAX octets) has a sentence for the user that names the option.
 * text: copied, NUL-terminated, of less than room octets. flag: true, t, false, f, whatever their case: 1 or 0. number: decimal,
 * or hexadecimal behind 0x, min to max; what names it in the sentence: "port=0 is not a UDP port from 1 to 65535". uuid: of
 * the option "uuid". */
#define AERIECAP_UUID_ROOM 37u
AERIECAP_API int aeriecap_option_text(const char *definition, const char *name, char *value, size_t room, char *msg);
AERIECAP_API int aeriecap_option_flag(const char *definition, const char *name, int *ret_on, char *msg);
AERIECAP_API int aeriecap_option_number(const char *definition, const char *name, uint32_t min, uint32_t max,
					const char *what, uint32_t *ret_number, char *msg);
AERIECAP_API int aeriecap_option_uuid(const char *definition, char uuid[AERIECAP_UUID_ROOM], char *msg);
/* The checksum that sources' UUIDs are made of: Adler's with both sums starting from 0 and without modulus; 0 for less
 * than four octets. adler("IEEE802.11") = 0x0D770242. */
AERIECAP_API uint32_t aeriecap_adler(const void *data, size_t len);

/* --- Programs of others that do the receiving and print it, line by line. [capture]
 *
 *	struct aeriecap_child *child = aeriecap_child_start(cap, argv, msg);
 *	...
 *	while (aeriecap_child_line(child, line, sizeof line) >= 0)
 *		aeriecap_send_json(cap, "RTL433", sec, usec, line);
 *	status = aeriecap_child_end(child);
 *
 * start	argv[0] is looked for as a shell does; its standard input is empty, its standard error ours. NULL: msg says why.
 * line	waits for the next line and gives its length, without its end; cut to room - 1 octets, of at most
 *	AERIECAP_LINE_MAX. -1: it has ended, or the capture is to end.
 * end	ends it if it still runs (SIGTERM, after a second SIGKILL). Its exit status, 128 and its signal, or -1: nobody
 *	knows; 0 for NULL. */
#define AERIECAP_LINE_MAX 65536u
struct aeriecap_child;
AERIECAP_API struct aeriecap_child *aeriecap_child_start(struct aeriecap *cap, char *const argv[], char *msg);
AERIECAP_API int aeriecap_child_line(struct aeriecap_child *child, char *line, size_t room);
AERIECAP_API int aeriecap_child_end(struct aeriecap_child *child);

/* --- Utilities. [any] */

/* Splits a text of len octets at every separator; empty pieces are left out, spaces around a piece as well. 0, or -1: no
 * memory. The list is freed with aeriecap_texts_free(). */
AERIECAP_API int aeriecap_split(const char *text, size_t len, char separator, char ***ret_texts, size_t *ret_n);
/* The texts of both lists, each once whatever its case, in the order of the first list and then of the second. */
AERIECAP_API int aeriecap_merge_channels(char *const *a, size_t n_a, char *const *b, size_t n_b, char ***ret_texts,
					 size_t *ret_n);
AERIECAP_API void aeriecap_texts_free(char **texts, size_t n);
/* "2437MHz", "2.437 GHz", "433.92e6" (Hz): in kHz. 0, or -1: not a frequency. */
AERIECAP_API int aeriecap_parse_frequency(const char *text, double *ret_khz);
/* Writes a text as it may stand in a JSON string, without the quotes; what is not UTF-8 becomes U+FFFD. Its length, or
 * -1: it does not fit in room octets, NUL included. */
AERIECAP_API int aeriecap_json_escape(const char *text, char *to, size_t room);

/* Gives up all capabilities for ever but those of the set, of which each bit is a capability's number (CAP_NET_ADMIN is
 * 12, CAP_NET_RAW 13); a capability that the process does not have is not gained. They are a thread's: call it from the
 * open callback, whose thread starts the capture and hop threads, before starting threads of your own. A set-user-ID
 * program runs as the user who started it from then on. 0, or -1 with errno. Where there are no capabilities (other systems
 * than Linux) it does nothing. */
#define AERIECAP_CAPABILITY(number) (UINT64_C(1) << (number))
AERIECAP_API int aeriecap_drop_capabilities(uint64_t keep);

#ifdef __cplusplus
}
#endif
#endif
