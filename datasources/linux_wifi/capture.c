/* SPDX-License-Identifier: MIT */
/* Live capture by libpcap. The kernel gathers frames in its ring and wakes us after at most RING_MS, so that a busy air
 * costs a wake-up per ring block and not per frame; the radiotap header of each frame has its channel, thus hopping
 * does not mind. Frames that the ring has no room for are lost: they are counted by the kernel and told. */
#include "capture.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <pcap/pcap.h>

#include "interface.h"
#include "truncate.h"

#define SNAPLEN            16384
#define RING_SIZE          (8 * 1024 * 1024)
#define RING_MS            50
#define POLL_MS            100 /* how soon an idle capture notices that it is to end */
#define BATCH_SIZE         (128u * 1024u)
#define DISPATCH_MAX       1024
#define CHECK_EVERY_S      1
#define COUNT_EVERY_S      10 /* between looks at the counters, and so between messages */
#define STATISTICS_EVERY_S 60

struct capture {
	struct aeriecap *cap;
	pcap_t *pcap;
	struct aeriecap_batch *batch;
	char interface[IFNAMSIZ];
	uint32_t index, dlt;
	bool truncate_data, statistics, ended;
	uint64_t packets;
	uint64_t lost, seen_drops; /* of the kernel's 32-bit counter */
	time_t count_at, statistics_at, check_at;
};

static time_t now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

/* --- Opening. */

static int activate(pcap_t *pcap, char *why, size_t room)
{
	int r = pcap_set_snaplen(pcap, SNAPLEN);

	if (r == 0)
		r = pcap_set_timeout(pcap, RING_MS);
	if (r == 0)
		r = pcap_set_buffer_size(pcap, RING_SIZE);
	if (r == 0)
		r = pcap_activate(pcap);
	if (r == PCAP_ERROR_PERM_DENIED)
		snprintf(why, room, "it needs CAP_NET_RAW");
	else if (r < 0)
		snprintf(why, room, "%s: %.256s", pcap_statustostr(r), pcap_geterr(pcap));
	return r < 0 ? -1 : 0;
}

static int set_filter(pcap_t *pcap, const char *text, char *why, size_t room)
{
	struct bpf_program program;
	int r;

	if (!text[0])
		return 0;
	r = pcap_compile(pcap, &program, text, 1, PCAP_NETMASK_UNKNOWN);
	if (r == 0) {
		r = pcap_setfilter(pcap, &program);
		pcap_freecode(&program);
	}
	if (r < 0)
		snprintf(why, room, "the filter: %.256s", pcap_geterr(pcap));
	return r;
}

static bool is_80211(int dlt)
{
	return dlt == DLT_IEEE802_11_RADIO || dlt == DLT_IEEE802_11 || dlt == DLT_PRISM_HEADER ||
	       dlt == DLT_IEEE802_11_RADIO_AVS;
}

static int open_pcap(struct capture *c, const struct capture_wish *wish, char *why, size_t room)
{
	char error[PCAP_ERRBUF_SIZE] = "";

	c->pcap = pcap_create(wish->interface, error);
	if (!c->pcap) {
		snprintf(why, room, "%s", error);
		return -1;
	}
	if (activate(c->pcap, why, room) < 0)
		return -1;
	c->dlt = (uint32_t)pcap_datalink(c->pcap);
	if (!is_80211((int)c->dlt)) {
		snprintf(why, room, "it gives no 802.11 frames but link type %u: it is not in monitor mode", c->dlt);
		return -1;
	}
	if (set_filter(c->pcap, wish->filter, why, room) < 0)
		return -1;
	if (pcap_setnonblock(c->pcap, 1, error) < 0 || pcap_get_selectable_fd(c->pcap) < 0) {
		snprintf(why, room, "%s", error[0] ? error : "there is nothing to wait for");
		return -1;
	}
	return 0;
}

int capture_open(struct capture **ret_capture, struct aeriecap *cap, const struct capture_wish *wish, char *msg,
                 size_t room)
{
	struct capture *c = calloc(1, sizeof *c);
	char why[PCAP_ERRBUF_SIZE + 64] = "out of memory";

	if (c) {
		c->cap = cap;
		c->index = wish->index;
		snprintf(c->interface, sizeof c->interface, "%s", wish->interface);
		c->truncate_data = wish->truncate_data;
		c->statistics = wish->statistics;
		c->batch = aeriecap_batch_new(cap, BATCH_SIZE);
	}
	if (!c || !c->batch || open_pcap(c, wish, why, sizeof why) < 0) {
		snprintf(msg, room, "cannot capture from %s: %s", wish->interface, why);
		capture_close(c);
		return -1;
	}
	*ret_capture = c;
	return 0;
}

void capture_close(struct capture *c)
{
	if (!c)
		return;
	if (c->pcap)
		pcap_close(c->pcap);
	aeriecap_batch_free(c->batch);
	free(c);
}

uint32_t capture_dlt(const struct capture *c)
{
	return c->dlt;
}

/* --- Running. */

static void on_packet(u_char *user, const struct pcap_pkthdr *h, const u_char *content)
{
	struct capture *c = (struct capture *)user;
	struct aeriecap_packet p = {
		.content = content,
		.caplen = h->caplen,
		.origlen = h->len,
		.dlt = c->dlt,
		.ts_sec = (uint64_t)h->ts.tv_sec,
		.ts_usec = (uint32_t)h->ts.tv_usec,
	};
	int r;

	if (c->truncate_data && c->dlt == DLT_IEEE802_11_RADIO)
		p.caplen = truncate_data(content, h->caplen);
	while ((r = aeriecap_batch_add(c->batch, &p)) == 0)
		if (aeriecap_batch_flush(c->batch) < 0) {
			r = -1;
			break;
		}
	if (r < 0) {
		c->ended = true;
		pcap_breakloop(c->pcap);
		return;
	}
	c->packets++;
}

static void count_losses(struct capture *c)
{
	struct pcap_stat s;
	uint32_t drops, more;

	if (pcap_stats(c->pcap, &s) < 0)
		return;
	drops = (uint32_t)s.ps_drop + (uint32_t)s.ps_ifdrop;
	more = drops - (uint32_t)c->seen_drops; /* they wrap */
	c->seen_drops = drops;
	if (more == 0 || more > UINT32_MAX / 2)
		return;
	c->lost += more;
	aeriecap_warn(c->cap,
	              "%s: %" PRIu32 " frames were lost, %" PRIu64 " in all: they come faster than the host takes them",
	              c->interface, more, c->lost);
}

static void look_at_counters(struct capture *c)
{
	time_t now = now_s();

	if (now >= c->count_at) {
		count_losses(c);
		c->count_at = now + COUNT_EVERY_S;
	}
	if (c->statistics && now >= c->statistics_at) {
		aeriecap_send_message(c->cap, AERIECAP_INFO, "%s: %" PRIu64 " frames captured, %" PRIu64 " lost",
		                      c->interface, c->packets, c->lost);
		c->statistics_at = now + STATISTICS_EVERY_S;
	}
}

static int gone(const struct capture *c, int state, const char *why, char *msg, size_t room)
{
	if (state < 0)
		snprintf(msg, room, "%s has gone: the radio was unplugged, or something else removed the interface",
		         c->interface);
	else if (state == 0)
		snprintf(msg, room, "something else took the interface %s down", c->interface);
	else
		snprintf(msg, room, "cannot capture from %s any more: %.256s", c->interface, why);
	return -1;
}

/* libpcap waits for an interface that is down to come up again, and says nothing. */
static int check_interface(struct capture *c, char *msg, size_t room)
{
	int state;

	if (now_s() < c->check_at)
		return 0;
	c->check_at = now_s() + CHECK_EVERY_S;
	state = interface_still_up(c->index);
	return state > 0 ? 0 : gone(c, state, "", msg, room);
}

/* Takes what there is: 0, or -1 with what libpcap says. */
static int take(struct capture *c)
{
	int r;

	do
		r = pcap_dispatch(c->pcap, DISPATCH_MAX, on_packet, (u_char *)c);
	while (r == DISPATCH_MAX && !c->ended);
	if (!c->ended && aeriecap_batch_flush(c->batch) < 0)
		c->ended = true;
	return r < 0 && !c->ended ? -1 : 0;
}

int capture_run(struct capture *c, char *msg, size_t room)
{
	struct pollfd fd = { .fd = pcap_get_selectable_fd(c->pcap), .events = POLLIN };

	c->count_at = now_s() + COUNT_EVERY_S;
	c->statistics_at = now_s() + STATISTICS_EVERY_S;
	while (!c->ended) {
		int n = poll(&fd, 1, POLL_MS);

		if (n < 0 && errno != EINTR)
			return gone(c, interface_still_up(c->index), strerror(errno), msg, room);
		if (n > 0 && take(c) < 0)
			return gone(c, interface_still_up(c->index), pcap_geterr(c->pcap), msg, room);
		if (check_interface(c, msg, room) < 0)
			return -1;
		look_at_counters(c);
		if (aeriecap_sleep(c->cap, 0) < 0)
			return 0;
	}
	return 0;
}
