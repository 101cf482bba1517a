/* SPDX-License-Identifier: MIT */
/* aerie-cap-pcapfile: reads a capture file and sends its packets to the host, as fast as the host takes them, at the
 * pace they were recorded (realtime=true) or at a steady pace (pps=N).
 *
 * How a source ends, and what the host is told:
 *   end of the file               nothing; exit status 0
 *   the file ends in a record     all packets before it, then a MESSAGE with how many; exit status 0, for recordings
 *                                 are cut short all the time and there is nothing more to be had
 *   a record that makes no sense  all packets before it, then an ERROR with how many and libpcap's reason; status 1
 *
 * With loop=true a file starts again when it ends, for demonstrations: its clock goes on, as if the recording were repeated.
 * A named pipe, and "-" for standard input, are read as they come: not compressed, without a second look at what they hold.
 *
 * A pcapng file with interfaces of different link types ends in the last way: libpcap does not read on. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>

#include <aeriecap.h>

#include "capture_file.h"

#define PIPE_SIZE (1024 * 1024)       /* asked of the kernel; more of it means fewer changes between host and us */
#define BATCH_SIZE (256u * 1024u)
#define DISPATCH_MAX 4096             /* packets per call of libpcap */
#define PPS_MAX 1000000000u
#define REALTIME_GAP_MAX_US 60000000u /* a longer silence in a recording is not waited for */
#define PATH_MAX_LEN 4096u
#define CAP_TO_READ_FILES AERIECAP_CAPABILITY(2) /* CAP_DAC_READ_SEARCH of Linux */
#define LOOP_GAP_US 1000000 /* from the newest packet of a round to the first of the next */

enum pace { PACE_FULL, PACE_REALTIME, PACE_PPS };

struct pcapfile {
	struct aeriecap *cap;
	struct capture_file file;
	struct aeriecap_batch *batch;
	char path[PATH_MAX_LEN];
	uint32_t dlt;
	enum pace pace;
	uint32_t pps;
	uint64_t packets;
	uint64_t start_us; /* when the first packet was sent */
	uint64_t due_us;   /* when the next is to be sent, after start_us */
	int64_t newest_us; /* of the packets until now; from where the clock was set back, if it was */
	bool loop;
	int64_t shift_us;  /* loop: added to the recording's clock */
	int64_t first_ts_us, newest_ts_us; /* loop: of this round, on the recording's clock */
	uint64_t round_packets;
	bool gap_told, ended;
};

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* --- Definition. */

static bool is_file(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* The file's name ends at the first ':', unless there is a file whose name goes on to a later one or to the end: then
 * the longest such, as in the host. path is scratch. */
static size_t path_length(const char *definition, char *path)
{
	size_t len = strlen(definition), end;

	if (len >= PATH_MAX_LEN || !strchr(definition, ':'))
		return strcspn(definition, ":");
	memcpy(path, definition, len + 1);
	for (end = len; end > 0; end--) {
		if (end < len && definition[end] != ':')
			continue;
		path[end] = 0;
		if (is_file(path))
			return end;
	}
	return strcspn(definition, ":");
}

/* *ret_options is what follows the name: a definition with an empty interface. */
static int get_path(const char *definition, char *path, const char **ret_options, char *msg)
{
	size_t len = path_length(definition, path);

	if (len == 0 || len >= PATH_MAX_LEN) {
		snprintf(msg, AERIECAP_MSG_MAX, "the definition '%.200s' names no file: %s", definition,
			 len ? "the name is too long" : "it begins with ':'");
		return -1;
	}
	memcpy(path, definition, len);
	path[len] = 0;
	*ret_options = definition + len;
	return 0;
}

static int parse_pace(struct pcapfile *pf, const char *options, char *msg)
{
	int realtime = 0, loop = 0;

	pf->pps = 0;
	if (aeriecap_option_flag(options, "realtime", &realtime, msg) < 0 ||
	    aeriecap_option_flag(options, "loop", &loop, msg) < 0 ||
	    aeriecap_option_number(options, "pps", 1, PPS_MAX, "a number of packets per second", &pf->pps, msg) < 0)
		return -1;
	pf->loop = loop;
	if (realtime && pf->pps) {
		snprintf(msg, AERIECAP_MSG_MAX,
			 "realtime=true and pps=%" PRIu32 " exclude each other: give one of them", pf->pps);
		return -1;
	}
	if (pf->loop && capture_file_is_stream(pf->path)) {
		snprintf(msg, AERIECAP_MSG_MAX, "loop=true wants a file that can be read again: %.600s is a pipe", pf->path);
		return -1;
	}
	pf->pace = realtime ? PACE_REALTIME : pf->pps ? PACE_PPS : PACE_FULL;
	return 0;
}

static int set_uuid(struct aeriecap_info *info, const char *options, const char *path, char *msg)
{
	static const char program[] = "kismet_cap_pcapfile"; /* what the sources' UUIDs are derived from everywhere */
	char uuid[AERIECAP_UUID_ROOM];
	int r = aeriecap_option_uuid(options, uuid, msg);

	if (r < 0)
		return -1;
	if (r == 0)
		snprintf(uuid, sizeof uuid, "%08" PRIX32 "-0000-0000-0000-0000%08" PRIX32,
			 aeriecap_adler(program, sizeof program - 1), aeriecap_adler(path, strlen(path)));
	return aeriecap_info_set_uuid(info, uuid);
}

/* --- Callbacks of the framework. */

static int fill_info(struct aeriecap_info *info, const char *path)
{
	return aeriecap_info_set_capif(info, path) < 0 || aeriecap_info_set_hardware(info, "pcapfile") < 0 ? -1 : 0;
}

static int on_probe(struct aeriecap *cap, uint32_t seqno, const char *definition, struct aeriecap_info *info, char *msg)
{
	struct capture_file file;
	char path[PATH_MAX_LEN];
	const char *options;

	if (get_path(definition, path, &options, msg) < 0)
		return 0;
	if (!capture_file_is_stream(path)) { /* looking into a pipe would take from it */
		if (capture_file_open(&file, path, msg, AERIECAP_MSG_MAX) < 0)
			return 0;
		capture_file_close(&file);
	}
	return fill_info(info, path) < 0 || set_uuid(info, options, path, msg) < 0 ? -1 : 1;
}

/* What is read now may be anybody's. A host that root runs gives us root's privileges; a file that is read again takes one. */
static int give_up_privileges(const struct pcapfile *pf, char *msg)
{
	if (aeriecap_drop_capabilities(pf->loop ? CAP_TO_READ_FILES : 0) == 0)
		return 0;
	snprintf(msg, AERIECAP_MSG_MAX, "cannot give up privileges: %s", strerror(errno));
	return -1;
}

static int on_open(struct aeriecap *cap, uint32_t seqno, const char *definition, struct aeriecap_info *info, char *msg)
{
	struct pcapfile *pf = aeriecap_user(cap);
	const char *options;

	if (get_path(definition, pf->path, &options, msg) < 0 || parse_pace(pf, options, msg) < 0 ||
	    fill_info(info, pf->path) < 0 || set_uuid(info, options, pf->path, msg) < 0 ||
	    capture_file_open(&pf->file, pf->path, msg, AERIECAP_MSG_MAX) < 0)
		return -1;
	pf->dlt = (uint32_t)pcap_datalink(pf->file.pcap);
	aeriecap_info_set_dlt(info, pf->dlt);
	if (give_up_privileges(pf, msg) == 0)
		return 0;
	capture_file_close(&pf->file);
	return -1;
}

/* --- Capture. */

/* The times of a file may be anything, and their sums may wrap. */
static int64_t plus(int64_t a, int64_t b)
{
	return (int64_t)((uint64_t)a + (uint64_t)b);
}

static int64_t minus(int64_t a, int64_t b)
{
	return (int64_t)((uint64_t)a - (uint64_t)b);
}

/* A pcap file has 32 bits without a sign, for a time until 2106, which libpcap takes for a number with one. */
static int64_t seconds(const struct pcap_pkthdr *h)
{
	int64_t s = h->ts.tv_sec;

	return s < 0 && s >= INT32_MIN ? s + (INT64_C(1) << 32) : s;
}

/* When a packet is due, in microseconds after the first. */
static void plan(struct pcapfile *pf, int64_t ts)
{
	int64_t step = minus(ts, pf->newest_us);

	/* A step back is common where several radios were recorded, and needs no wait; the clock may also have been set. */
	if (pf->packets == 0 || step > 0 || step < -(int64_t)REALTIME_GAP_MAX_US)
		pf->newest_us = ts;
	if (pf->packets == 0)
		return;
	if (pf->pace == PACE_PPS) {
		pf->due_us = pf->packets / pf->pps * 1000000 + pf->packets % pf->pps * 1000000 / pf->pps;
		return;
	}
	if (step >= 0 && step <= (int64_t)REALTIME_GAP_MAX_US) {
		pf->due_us += (uint64_t)step;
		return;
	}
	if (step > 0 && !pf->gap_told)
		aeriecap_send_message(pf->cap, AERIECAP_INFO,
				      "%.600s: silences of more than %u s, as before packet %" PRIu64 ", are skipped",
				      pf->path, REALTIME_GAP_MAX_US / 1000000, pf->packets + 1);
	pf->gap_told = pf->gap_told || step > 0;
}

/* Waits until the packet is due; what was gathered before goes out first. */
static int keep_pace(struct pcapfile *pf, int64_t ts)
{
	uint64_t now = now_us();

	if (pf->packets == 0)
		pf->start_us = now;
	plan(pf, ts);
	if (pf->start_us + pf->due_us <= now)
		return 0;
	if (aeriecap_batch_flush(pf->batch) < 0)
		return -1;
	now = now_us();
	return pf->start_us + pf->due_us <= now ? 0 : aeriecap_sleep(pf->cap, pf->start_us + pf->due_us - now);
}

static void note_round(struct pcapfile *pf, int64_t ts)
{
	if (pf->round_packets == 0)
		pf->first_ts_us = pf->newest_ts_us = ts;
	if (ts > pf->newest_ts_us)
		pf->newest_ts_us = ts;
	pf->round_packets++;
}

static void on_packet(u_char *user, const struct pcap_pkthdr *h, const u_char *content)
{
	struct pcapfile *pf = (struct pcapfile *)user;
	int64_t sec = seconds(h), ts = plus((int64_t)((uint64_t)sec * 1000000u), h->ts.tv_usec);
	struct aeriecap_packet packet = {
		.content = content,
		.caplen = h->caplen,
		.origlen = h->len,
		.dlt = pf->dlt,
		.ts_sec = (uint64_t)sec,
		.ts_usec = (uint32_t)h->ts.tv_usec,
	};
	int r = 0;

	if (pf->ended)
		return;
	if (pf->loop) {
		note_round(pf, ts);
		ts = plus(ts, pf->shift_us);
		packet.ts_sec = (uint64_t)ts / 1000000;
		packet.ts_usec = (uint32_t)((uint64_t)ts % 1000000);
	}
	if (pf->pace != PACE_FULL)
		r = keep_pace(pf, ts);
	while (r >= 0 && aeriecap_batch_add(pf->batch, &packet) == 0)
		r = aeriecap_batch_flush(pf->batch);
	if (r < 0) { /* the host is gone */
		pf->ended = true;
		pcap_breakloop(pf->file.pcap);
		return;
	}
	pf->packets++;
}

/* What came through a pipe goes on while it is quiet there. */
static int on_idle(void *user)
{
	struct pcapfile *pf = user;

	if (aeriecap_batch_flush(pf->batch) < 0)
		pf->ended = true;
	return pf->ended ? -1 : 0;
}

/* Reads the file from the start, with its clock moved on past the round before. */
static int start_again(struct pcapfile *pf, char *msg)
{
	capture_file_close(&pf->file);
	if (capture_file_open(&pf->file, pf->path, msg, AERIECAP_MSG_MAX) < 0)
		return -1;
	pf->dlt = (uint32_t)pcap_datalink(pf->file.pcap);
	pf->shift_us = plus(pf->shift_us, plus(minus(pf->newest_ts_us, pf->first_ts_us), LOOP_GAP_US));
	pf->round_packets = 0;
	return 0;
}

static enum capture_end read_all(struct pcapfile *pf, const char **ret_why)
{
	enum capture_end end;

	do
		end = capture_file_end(&pf->file, pcap_dispatch(pf->file.pcap, DISPATCH_MAX, on_packet, (u_char *)pf),
				       ret_why);
	while (end == CAPTURE_MORE && !pf->ended);
	return end;
}

static int on_capture(struct aeriecap *cap, char *msg)
{
	struct pcapfile *pf = aeriecap_user(cap);
	const char *why = "";
	enum capture_end end;

	capture_file_on_idle(&pf->file, on_idle, pf);
	end = read_all(pf, &why);
	/* A file without packets would be read again and again for nothing: it just ends. */
	while (pf->loop && end == CAPTURE_COMPLETE && !pf->ended && pf->round_packets > 0) {
		if (start_again(pf, msg) < 0)
			return -1;
		end = read_all(pf, &why);
	}
	if (pf->ended || aeriecap_batch_flush(pf->batch) < 0)
		return 0;
	if (end == CAPTURE_COMPLETE)
		return 0;
	snprintf(msg, AERIECAP_MSG_MAX, "%.600s: %s after %" PRIu64 " packets: %.256s", pf->path,
		 end == CAPTURE_TRUNCATED ? "truncated" : "corrupt", pf->packets, why);
	if (end == CAPTURE_CORRUPT)
		return -1;
	aeriecap_send_message(cap, AERIECAP_ERROR, "%s", msg);
	msg[0] = 0;
	return 0;
}

static const char help[] = "Definition: FILE[:realtime=BOOL,pps=N,loop=BOOL,uuid=UUID]; FILE is pcap or pcapng, also gzipped;\n"
			   "a named pipe; or - for standard input. realtime=true and pps exclude each other.\n";

static int run(struct pcapfile *pf)
{
#ifdef F_SETPIPE_SZ
	/* Not a pipe, or more than an ordinary user may have: then it stays as it is. */
	(void)fcntl(aeriecap_out_fd(pf->cap), F_SETPIPE_SZ, PIPE_SIZE);
#endif
	pf->batch = aeriecap_batch_new(pf->cap, BATCH_SIZE);
	if (!pf->batch) {
		fprintf(stderr, "aerie-cap-pcapfile: out of memory\n");
		return AERIECAP_EXIT_FAILED;
	}
	return aeriecap_loop(pf->cap);
}

int main(int argc, char **argv)
{
	struct pcapfile *pf = calloc(1, sizeof *pf);
	int status = AERIECAP_EXIT_FAILED;

	if (pf)
		pf->cap = aeriecap_new("pcapfile", AERIECAP_VERSION);
	if (!pf || !pf->cap) {
		fprintf(stderr, "aerie-cap-pcapfile: cannot start: %s\n", strerror(errno));
		free(pf);
		return AERIECAP_EXIT_FAILED;
	}
	aeriecap_set_user(pf->cap, pf);
	aeriecap_set_help(pf->cap, help);
	aeriecap_on_probe(pf->cap, on_probe);
	aeriecap_on_open(pf->cap, on_open);
	aeriecap_on_capture(pf->cap, on_capture);
	if (aeriecap_parse_options(pf->cap, argc, argv, &status) > 0)
		status = run(pf);
	aeriecap_batch_free(pf->batch);
	capture_file_close(&pf->file);
	aeriecap_free(pf->cap);
	free(pf);
	return status;
}
