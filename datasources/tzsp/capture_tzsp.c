/* SPDX-License-Identifier: MIT */
/* aerie-cap-tzsp: listens on a UDP port for TZSP, and sends the frames to the host with the signal that the sensor
 * told.
 *
 * Anybody can send a datagram, so nothing in one ends the source: what is malformed, not of a radio, damaged or
 * from another sender is counted, and the host is told of it when that begins, and of the sums at the end. Frames
 * get this machine's time, because a sensor's own is a counter without a beginning. */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <aeriecap.h>

#include "tzsp.h"

#define DEFAULT_PORT 37008u
#define DEFAULT_BIND "0.0.0.0"
#define DATAGRAM_MAX 65536u
#define BURST 64u /* datagrams that are read before what they held is sent */
#define BATCH_SIZE (256u * 1024u)
#define RECEIVE_BUFFER (4 * 1024 * 1024) /* asked of the kernel; what the host does not take in time waits there */
#define IDLE_MS 250

struct tzsp {
	struct aeriecap *cap;
	struct aeriecap_batch *batch;
	char port[8], bind[64], sender[64]; /* sender "": all */
	struct sockaddr_storage from;	    /* the sender, when there is one */
	bool fcsfail;
	int fd;
	uint64_t packets, foreign, kinds[TZSP_KINDS];
	uint8_t datagram[DATAGRAM_MAX];
};

static const char *const unwanted[TZSP_KINDS] = {
	[TZSP_OTHER] = "frames that are not of a radio (Ethernet, ...)",
	[TZSP_BAD_FCS] = "damaged frames (fcsfail=true passes them on)",
	[TZSP_MALFORMED] = "malformed datagrams",
};

/* --- Definition. */

static int read_definition(struct tzsp *t, const char *definition, char *msg)
{
	uint32_t port = DEFAULT_PORT;
	int fcsfail = 0;

	snprintf(t->bind, sizeof t->bind, DEFAULT_BIND);
	if (aeriecap_option_text(definition, "bind", t->bind, sizeof t->bind, msg) < 0 ||
	    aeriecap_option_text(definition, "sender", t->sender, sizeof t->sender, msg) < 0 ||
	    aeriecap_option_number(definition, "port", 1, 65535, "a UDP port", &port, msg) < 0 ||
	    aeriecap_option_flag(definition, "fcsfail", &fcsfail, msg) < 0)
		return -1;
	snprintf(t->port, sizeof t->port, "%" PRIu32, port);
	t->fcsfail = fcsfail;
	return 0;
}

/* "tzsp", and "tzsp" with a number for whoever has several. */
static bool is_ours(const char *definition)
{
	const char *interface;
	int len = aeriecap_parse_interface(definition, &interface), i;

	if (len < 4 || strncmp(interface, "tzsp", 4))
		return false;
	for (i = 4; i < len; i++)
		if (interface[i] < '0' || interface[i] > '9')
			return false;
	return true;
}

static int set_uuid(struct aeriecap_info *info, const struct tzsp *t, const char *definition, char *msg)
{
	static const char program[] = "aerie-cap-tzsp";
	char uuid[AERIECAP_UUID_ROOM];
	int r = aeriecap_option_uuid(definition, uuid, msg);

	if (r < 0)
		return -1;
	if (r == 0)
		snprintf(uuid, sizeof uuid, "%08" PRIX32 "-0000-0000-0000-%04X%08" PRIX32,
			 aeriecap_adler(program, sizeof program - 1), (unsigned)strtoul(t->port, NULL, 10),
			 aeriecap_adler(t->bind, strlen(t->bind)));
	return aeriecap_info_set_uuid(info, uuid);
}

static int fill_info(struct aeriecap_info *info, const struct tzsp *t, const char *definition, char *msg)
{
	char name[96];

	snprintf(name, sizeof name, "udp %s port %s", t->bind, t->port);
	if (aeriecap_info_set_capif(info, name) < 0 || aeriecap_info_set_hardware(info, "tzsp") < 0)
		return -1;
	aeriecap_info_set_dlt(info, 105);
	return set_uuid(info, t, definition, msg);
}

/* --- Socket. */

/* A numeric address; the caller frees it. */
static struct addrinfo *address(const char *what, const char *host, const char *port, char *msg)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_DGRAM },
			*found = NULL;
	int r = getaddrinfo(host, port, &hints, &found);

	if (!r)
		return found;
	snprintf(msg, AERIECAP_MSG_MAX, "%s=%s is no address of IPv4 or IPv6: %s", what, host, gai_strerror(r));
	return NULL;
}

static int set_sender(struct tzsp *t, char *msg)
{
	struct addrinfo *a;

	if (!t->sender[0])
		return 0;
	a = address("sender", t->sender, NULL, msg);
	if (!a)
		return -1;
	memcpy(&t->from, a->ai_addr, a->ai_addrlen);
	freeaddrinfo(a);
	return 0;
}

static int open_socket(struct tzsp *t, char *msg)
{
	struct addrinfo *a = address("bind", t->bind, t->port, msg);
	int size = RECEIVE_BUFFER;

	if (!a)
		return -1;
	t->fd = socket(a->ai_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (t->fd >= 0)
		(void)setsockopt(t->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size); /* the kernel may give less */
	if (t->fd < 0 || bind(t->fd, a->ai_addr, a->ai_addrlen) < 0)
		snprintf(msg, AERIECAP_MSG_MAX, "cannot listen at UDP %s port %s: %s", t->bind, t->port,
			 strerror(errno));
	freeaddrinfo(a);
	return msg[0] ? -1 : 0;
}

/* What comes now is anybody's. A host that root runs gives us root's privileges. */
static int give_up_privileges(char *msg)
{
	if (aeriecap_drop_capabilities(0) == 0)
		return 0;
	snprintf(msg, AERIECAP_MSG_MAX, "cannot give up privileges: %s", strerror(errno));
	return -1;
}

/* Port numbers of sensors change. An IPv4 address may show as one of IPv6 (RFC 4291 2.5.5.2). */
static bool is_sender(const struct tzsp *t, const struct sockaddr_storage *from)
{
	const struct sockaddr_in *want4 = (const void *)&t->from, *got4 = (const void *)from;
	const struct sockaddr_in6 *want6 = (const void *)&t->from, *got6 = (const void *)from;

	if (!t->sender[0])
		return true;
	if (t->from.ss_family == AF_INET && from->ss_family == AF_INET)
		return want4->sin_addr.s_addr == got4->sin_addr.s_addr;
	if (t->from.ss_family == AF_INET && from->ss_family == AF_INET6)
		return IN6_IS_ADDR_V4MAPPED(&got6->sin6_addr) &&
		       !memcmp(got6->sin6_addr.s6_addr + 12, &want4->sin_addr, 4);
	return from->ss_family == AF_INET6 && t->from.ss_family == AF_INET6 &&
	       IN6_ARE_ADDR_EQUAL(&want6->sin6_addr, &got6->sin6_addr);
}

/* --- Callbacks of the framework. */

static int on_probe(struct aeriecap *cap, uint32_t seqno, const char *definition, struct aeriecap_info *info, char *msg)
{
	struct tzsp t = { .fd = -1 };

	if (!is_ours(definition)) {
		snprintf(msg, AERIECAP_MSG_MAX, "only interfaces named tzsp, tzsp0, tzsp1, ... are TZSP");
		return 0;
	}
	return read_definition(&t, definition, msg) < 0 ? 0 : fill_info(info, &t, definition, msg) < 0 ? -1 : 1;
}

static void close_socket(struct tzsp *t)
{
	if (t->fd >= 0)
		close(t->fd);
	t->fd = -1;
}

static void on_close(struct aeriecap *cap)
{
	close_socket(aeriecap_user(cap));
}

static int on_open(struct aeriecap *cap, uint32_t seqno, const char *definition, struct aeriecap_info *info, char *msg)
{
	struct tzsp *t = aeriecap_user(cap);

	close_socket(t);
	if (read_definition(t, definition, msg) < 0 || fill_info(info, t, definition, msg) < 0 ||
	    set_sender(t, msg) < 0 || open_socket(t, msg) < 0 || give_up_privileges(msg) < 0) {
		close_socket(t);
		return -1;
	}
	return 0;
}

/* --- Capture. */

/* Adds a frame to the batch: 0, or -1: the host is gone. */
static int add_frame(struct tzsp *t, const struct tzsp_frame *f)
{
	struct aeriecap_signal signal = { .signal_dbm = f->signal_dbm,
					  .freq_khz = f->freq_khz,
					  .datarate = f->rate_100kbps };
	struct aeriecap_packet packet = {
		.content = f->data, .caplen = f->len, .origlen = f->origlen, .dlt = f->dlt, .signal = &signal
	};
	char channel[12];
	struct timespec now;
	int r;

	clock_gettime(CLOCK_REALTIME, &now);
	packet.ts_sec = (uint64_t)now.tv_sec;
	packet.ts_usec = (uint32_t)(now.tv_nsec / 1000);
	if (f->channel) {
		snprintf(channel, sizeof channel, "%" PRIu32, f->channel);
		signal.channel = channel;
	}
	while ((r = aeriecap_batch_add(t->batch, &packet)) == 0)
		if (aeriecap_batch_flush(t->batch) < 0)
			return -1;
	t->packets += r > 0;
	return r < 0 ? -1 : 0;
}

static int on_datagram(struct tzsp *t, size_t len)
{
	struct tzsp_frame f;
	enum tzsp_kind kind = tzsp_parse(t->datagram, len, &f);
	int r = 0;

	t->kinds[kind]++;
	if (kind == TZSP_FRAME || (kind == TZSP_BAD_FCS && t->fcsfail))
		return add_frame(t, &f);
	if (unwanted[kind] && t->kinds[kind] == 1)
		r = aeriecap_send_message(t->cap, AERIECAP_INFO, "TZSP port %s: %s come in, are counted and discarded",
					  t->port, unwanted[kind]);
	return r < 0 ? -1 : 0;
}

/* Reads what is there, up to a burst: datagrams read, or -1 with msg (empty: the host is gone). */
static int read_burst(struct tzsp *t, char *msg)
{
	struct sockaddr_storage from;
	unsigned n;

	for (n = 0; n < BURST; n++) {
		socklen_t from_len = sizeof from;
		ssize_t len = recvfrom(t->fd, t->datagram, sizeof t->datagram, 0, (struct sockaddr *)&from, &from_len);

		if (len < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (len < 0) {
			snprintf(msg, AERIECAP_MSG_MAX, "reading UDP port %s: %s", t->port, strerror(errno));
			return -1;
		}
		if (!is_sender(t, &from))
			t->foreign++;
		else if (on_datagram(t, (size_t)len) < 0)
			return -1;
	}
	return aeriecap_batch_flush(t->batch) < 0 ? -1 : (int)n;
}

static void tell_sums(struct tzsp *t)
{
	unsigned kind;

	for (kind = 0; kind < TZSP_KINDS; kind++)
		if (unwanted[kind] && t->kinds[kind])
			(void)aeriecap_send_message(t->cap, AERIECAP_INFO, "TZSP port %s: %" PRIu64 " %s in all",
						    t->port, t->kinds[kind], unwanted[kind]);
	if (t->foreign)
		(void)aeriecap_send_message(t->cap, AERIECAP_INFO,
					    "TZSP port %s: %" PRIu64 " datagrams came from others than %s", t->port,
					    t->foreign, t->sender);
}

static int on_capture(struct aeriecap *cap, char *msg)
{
	struct tzsp *t = aeriecap_user(cap);
	struct pollfd p = { .fd = t->fd, .events = POLLIN };
	int r = 0;

	while (r >= 0 && aeriecap_sleep(cap, 0) >= 0) {
		if (poll(&p, 1, IDLE_MS) > 0)
			r = read_burst(t, msg);
	}
	tell_sums(t);
	return msg[0] ? -1 : 0;
}

static const char help[] =
	"Definition: tzsp[:port=37008,bind=ADDRESS,sender=ADDRESS,fcsfail=BOOL,uuid=UUID]; a second one is tzsp1, and so on.\n";

int main(int argc, char **argv)
{
	struct tzsp *t = calloc(1, sizeof *t);
	int status = AERIECAP_EXIT_FAILED;

	if (t)
		t->cap = aeriecap_new("tzsp", AERIECAP_VERSION);
	if (t && t->cap)
		t->batch = aeriecap_batch_new(t->cap, BATCH_SIZE);
	if (!t || !t->batch) {
		fprintf(stderr, "aerie-cap-tzsp: cannot start: %s\n", strerror(ENOMEM));
		if (t)
			aeriecap_free(t->cap);
		free(t);
		return AERIECAP_EXIT_FAILED;
	}
	t->fd = -1;
	aeriecap_set_user(t->cap, t);
	aeriecap_set_help(t->cap, help);
	aeriecap_on_probe(t->cap, on_probe);
	aeriecap_on_open(t->cap, on_open);
	aeriecap_on_capture(t->cap, on_capture);
	aeriecap_on_close(t->cap, on_close);
	if (aeriecap_parse_options(t->cap, argc, argv, &status) > 0)
		status = aeriecap_loop(t->cap);
	aeriecap_batch_free(t->batch);
	close_socket(t);
	aeriecap_free(t->cap);
	free(t);
	return status;
}
