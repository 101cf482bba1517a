/* SPDX-License-Identifier: MIT */
/* aerie-cap-demo: a template for capture programs of radios. It opens a radio that does not exist, "demo0", and receives an
 * access point's beacon on each of its channels. Copy the folder, replace what is marked RADIO, give it a type of
 * your own; libaeriecap does the rest. The manual is aeriecap(3).
 *
 * Definition: demo0[:pps=N][,count=N][,uuid=UUID]: N beacons a second (10), end after N of them (never). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include <aeriecap.h>

#define TYPE "demo"
#define VERSION "1.0"
#define DLT_IEEE802_11 105

/* RADIO: what it can tune to. */
static const struct channel {
	const char *name;
	uint32_t mhz;
} channels[] = { { "1", 2412 }, { "6", 2437 }, { "11", 2462 }, { "36", 5180 } };

struct demo {
	uint32_t pps, count;
	const struct channel *tuned; /* RADIO: a descriptor, a handle of a driver's library... */
};

/* --- Definitions. */

static int is_ours(const char *definition)
{
	const char *interface;
	int len = aeriecap_parse_interface(definition, &interface);

	return len == 5 && memcmp(interface, "demo0", 5) == 0;
}

/* What stays the same however often the radio is plugged in: of its serial number or MAC, if it has one. */
static int fill_info(struct aeriecap_info *info, const char *definition, char *msg)
{
	char uuid[AERIECAP_UUID_ROOM];
	size_t i;

	snprintf(uuid, sizeof uuid, "%08X-0000-0000-0000-000000000001",
		 (unsigned)aeriecap_adler("aerie_cap_" TYPE, strlen("aerie_cap_" TYPE)));
	if (aeriecap_option_uuid(definition, uuid, msg) < 0) /* the user's, if there is one */
		return -1;
	for (i = 0; i < sizeof channels / sizeof *channels; i++)
		if (aeriecap_info_add_channel(info, channels[i].name) < 0)
			return -1;
	if (aeriecap_info_set_uuid(info, uuid) < 0 || aeriecap_info_set_capif(info, "demo0") < 0 ||
	    aeriecap_info_set_hardware(info, "none") < 0 || aeriecap_info_set_channel(info, channels[0].name) < 0)
		return -1;
	return 0;
}

/* --- Callbacks. */

static int on_list(struct aeriecap *cap, uint32_t seqno, struct aeriecap_list *list, char *msg)
{
	(void)cap, (void)seqno, (void)msg;
	return aeriecap_list_add(list, "demo0", NULL, "none") < 0 ? -1 : 1; /* RADIO: look for them */
}

static int on_probe(struct aeriecap *cap, uint32_t seqno, const char *definition, struct aeriecap_info *info, char *msg)
{
	(void)cap, (void)seqno;
	if (is_ours(definition))
		return fill_info(info, definition, msg) < 0 ? -1 : 1;
	snprintf(msg, AERIECAP_MSG_MAX, "not a radio of this program: only demo0 is");
	return 0;
}

static int on_open(struct aeriecap *cap, uint32_t seqno, const char *definition, struct aeriecap_info *info, char *msg)
{
	struct demo *demo = aeriecap_user(cap);

	(void)seqno;
	if (!is_ours(definition)) {
		snprintf(msg, AERIECAP_MSG_MAX, "there is no such radio");
		return -1;
	}
	demo->pps = 10;
	demo->count = 0;
	if (aeriecap_option_number(definition, "pps", 1, 1000000, "a number of beacons a second", &demo->pps, msg) < 0 ||
	    aeriecap_option_number(definition, "count", 1, 1000000, "a number of beacons", &demo->count, msg) < 0)
		return -1;
	demo->tuned = &channels[0]; /* RADIO: open it, tune to a first channel */
	aeriecap_info_set_dlt(info, DLT_IEEE802_11);
	if (fill_info(info, definition, msg) < 0)
		return -1;
	/* RADIO: keep what tuning needs, as in AERIECAP_CAPABILITY(12) for CAP_NET_ADMIN. */
	if (aeriecap_drop_capabilities(0) < 0)
		aeriecap_warn(cap, "cannot give up capabilities");
	return 0;
}

static void *on_translate(struct aeriecap *cap, const char *name, char *msg)
{
	size_t i;

	(void)cap;
	for (i = 0; i < sizeof channels / sizeof *channels; i++)
		if (strcmp(channels[i].name, name) == 0)
			return (void *)(uintptr_t)&channels[i];
	snprintf(msg, AERIECAP_MSG_MAX, "demo0 has no channel %s", name);
	return NULL;
}

static void on_channel_free(void *channel)
{
	(void)channel; /* of a table; what is allocated in on_translate() is freed here, or with free() unless told */
}

static int on_channel(struct aeriecap *cap, uint32_t seqno, void *channel, char *msg)
{
	struct demo *demo = aeriecap_user(cap);

	(void)seqno, (void)msg;
	__atomic_store_n(&demo->tuned, channel, __ATOMIC_RELAXED); /* RADIO: tune; the capture thread goes on meanwhile */
	return 1;
}

static void on_close(struct aeriecap *cap)
{
	struct demo *demo = aeriecap_user(cap);

	demo->tuned = NULL; /* RADIO: undo what was changed, close it */
}

/* RADIO: receive. Here, the beacon of an access point whose address has the channel in it. */
static uint32_t receive(const struct channel *on, uint8_t *frame)
{
	static const uint8_t beacon[] = {
		0x80, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00,
		0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0, 0, 0, 0, 0, 0, 0, 0, 0x64, 0x00, 0x01, 0x00,
		0x00, 0x04, 'd',  'e',  'm',  'o',  0x01, 0x01, 0x8c, 0x03, 0x01, 0x00
	};

	memcpy(frame, beacon, sizeof beacon);
	frame[15] = frame[21] = frame[sizeof beacon - 1] = (uint8_t)atoi(on->name);
	return sizeof beacon;
}

static int on_capture(struct aeriecap *cap, char *msg)
{
	struct demo *demo = aeriecap_user(cap);
	struct aeriecap_signal signal;
	struct aeriecap_packet packet;
	struct timeval now;
	uint8_t frame[256];
	uint32_t n;
	int r;

	(void)msg;
	for (n = 0; demo->count == 0 || n < demo->count; n++) {
		const struct channel *on = __atomic_load_n(&demo->tuned, __ATOMIC_RELAXED);

		memset(&signal, 0, sizeof signal);
		signal.signal_dbm = -42;
		signal.freq_khz = on->mhz * UINT64_C(1000);
		signal.channel = on->name;
		memset(&packet, 0, sizeof packet);
		packet.caplen = packet.origlen = receive(on, frame);
		packet.content = frame;
		packet.dlt = DLT_IEEE802_11;
		packet.signal = &signal;
		gettimeofday(&now, NULL);
		packet.ts_sec = (uint64_t)now.tv_sec;
		packet.ts_usec = (uint32_t)now.tv_usec;
		/* 0: the host is slow. A radio that goes on receiving may also count and drop the packet. */
		while ((r = aeriecap_send_packet(cap, &packet)) == 0)
			if (aeriecap_wait(cap) < 0)
				return 0;
		if (r < 0 || aeriecap_sleep(cap, 1000000 / demo->pps) < 0)
			return 0; /* the host is gone, or wants no more */
	}
	return 0; /* or -1 with msg: the radio is gone */
}

int main(int argc, char **argv)
{
	struct demo demo;
	struct aeriecap *cap = aeriecap_new(TYPE, VERSION);
	int status = AERIECAP_EXIT_FAILED;

	if (!cap) {
		fprintf(stderr, "aerie-cap-demo: out of memory\n");
		return AERIECAP_EXIT_FAILED;
	}
	memset(&demo, 0, sizeof demo);
	aeriecap_set_user(cap, &demo);
	aeriecap_set_help(cap, "Definition: demo0[:pps=N][,count=N][,uuid=UUID]\n");
	aeriecap_on_list(cap, on_list);
	aeriecap_on_probe(cap, on_probe);
	aeriecap_on_open(cap, on_open);
	aeriecap_on_close(cap, on_close);
	aeriecap_on_translate(cap, on_translate);
	aeriecap_on_channel(cap, on_channel);
	aeriecap_on_channel_free(cap, on_channel_free);
	aeriecap_on_capture(cap, on_capture);
	if (aeriecap_parse_options(cap, argc, argv, &status) > 0)
		status = aeriecap_loop(cap);
	aeriecap_free(cap);
	return status;
}
