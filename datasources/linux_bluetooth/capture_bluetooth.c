/* SPDX-License-Identifier: MIT */
/* aerie-cap-linux-bluetooth: scans with a Bluetooth controller and sends every HCI packet that passes between the
 * kernel and it to the host, whoever caused it. hciscan.c decides what to ask of the controller, controller.c has
 * the sockets, this file brings both together. */
#include <errno.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <aeriecap.h>

#include "controller.h"
#include "hciscan.h"
#include "options.h"

#define DLT_BLUETOOTH_HCI_H4_WITH_PHDR 201u
#define WAIT_MS                        200
#define PACKETS_MAX                    256u  /* read between two looks at the scan */
#define UNDO_MAX_MS                    2000u /* for leaving the controller as it was */
#define HARDWARE_MAX                   80u

struct bluetooth {
	struct aeriecap *cap;
	struct controller controller;
	struct hciscan scan;
	bool gone;
	bool malformed_told;
};

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* --- List and probe. */

static void hardware_text(const struct controller_info *i, char text[HARDWARE_MAX])
{
	snprintf(text, HARDWARE_MAX, "%s controller %s", i->bus, i->address);
}

static int on_list(struct aeriecap *cap, uint32_t seqno, struct aeriecap_list *list, char *msg)
{
	struct controller_info infos[CONTROLLERS_MAX];
	int i, n = controllers(infos, CONTROLLERS_MAX);
	char hardware[HARDWARE_MAX], text[HARDWARE_MAX + 8];

	if (n == -EAFNOSUPPORT) /* a kernel without Bluetooth */
		return 0;
	if (n < 0) {
		snprintf(msg, AERIECAP_MSG_MAX, "cannot list Bluetooth controllers: %s", strerror(-n));
		return -1;
	}
	for (i = 0; i < n; i++) {
		hardware_text(&infos[i], hardware);
		snprintf(text, sizeof text, "%s, %s", hardware, infos[i].up ? "up" : "down");
		if (aeriecap_list_add(list, infos[i].name, "", text) < 0)
			return -1;
	}
	return n;
}

/* The number of the definition's controller: 0, or -1 with msg. */
static int get_id(const char *definition, int *ret_id, char *msg)
{
	const char *interface;
	int len = aeriecap_parse_interface(definition, &interface);

	if (len > 0 && controller_parse(interface, (size_t)len, ret_id) == 0)
		return 0;
	snprintf(msg, AERIECAP_MSG_MAX, "'%.200s' does not begin with the name of a Bluetooth controller, as in hci0",
	         definition);
	return -1;
}

static int fill_info(struct aeriecap_info *info, const struct controller_info *c, const char *definition, char *msg)
{
	char uuid[AERIECAP_UUID_ROOM], hardware[HARDWARE_MAX];

	hardware_text(c, hardware);
	if (options_uuid(definition, c->bdaddr, uuid, msg) < 0 ||
	    aeriecap_info_set_uuid(info, uuid) < 0 || aeriecap_info_set_capif(info, c->name) < 0 ||
	    aeriecap_info_set_hardware(info, hardware) < 0)
		return -1;
	aeriecap_info_set_dlt(info, DLT_BLUETOOTH_HCI_H4_WITH_PHDR);
	return 0;
}

static int on_probe(struct aeriecap *cap, uint32_t seqno, const char *definition, struct aeriecap_info *info, char *msg)
{
	struct controller_info c;
	int id, r;

	if (get_id(definition, &id, msg) < 0)
		return 0;
	r = controller_info(id, &c);
	if (r < 0) {
		snprintf(msg, AERIECAP_MSG_MAX, "there is no controller hci%d: %s", id, strerror(-r));
		return 0;
	}
	return fill_info(info, &c, definition, msg) < 0 ? -1 : 1;
}

/* --- Open. */

/* Sending inquiries and LE commands takes CAP_NET_RAW each time; CAP_NET_ADMIN only if it is to be taken down again. */
static int drop_privileges(const struct controller *c, char *msg)
{
	uint64_t keep = AERIECAP_CAPABILITY(CAP_NET_RAW);

	if (c->brought_up)
		keep |= AERIECAP_CAPABILITY(CAP_NET_ADMIN);
	if (aeriecap_drop_capabilities(keep) == 0)
		return 0;
	snprintf(msg, AERIECAP_MSG_MAX, "cannot give up capabilities that are not needed: %s", strerror(errno));
	return -1;
}

static int on_open(struct aeriecap *cap, uint32_t seqno, const char *definition, struct aeriecap_info *info, char *msg)
{
	static const uint8_t no_address[6];
	struct bluetooth *b = aeriecap_user(cap);
	struct hciscan_config config;
	int id;

	if (get_id(definition, &id, msg) < 0 || options_parse(definition, &config, msg) < 0 ||
	    controller_open(&b->controller, id, msg, AERIECAP_MSG_MAX) < 0)
		return -1;
	if (fill_info(info, &b->controller.info, definition, msg) < 0 || drop_privileges(&b->controller, msg) < 0) {
		controller_close(&b->controller);
		return -1;
	}
	config.own_random = memcmp(b->controller.info.bdaddr, no_address, 6) == 0;
	hciscan_init(&b->scan, &config, now_ms());
	b->gone = false;
	return 0;
}

/* --- Capture. */

static int send_packet(struct bluetooth *b, const struct controller_packet *p)
{
	struct aeriecap_packet packet = {
		.content = p->data,
		.caplen = (uint32_t)p->len,
		.origlen = (uint32_t)p->len,
		.dlt = DLT_BLUETOOTH_HCI_H4_WITH_PHDR,
		.ts_sec = p->ts_sec,
		.ts_usec = p->ts_usec,
	};
	int r;

	while ((r = aeriecap_send_packet(b->cap, &packet)) == 0)
		if (aeriecap_wait(b->cap) < 0)
			return -1;
	return r < 0 ? -1 : 0;
}

static void tell_scan(struct bluetooth *b, const struct controller_packet *p)
{
	if (p->received)
		hciscan_received(&b->scan, p->data + CONTROLLER_PHDR, p->len - CONTROLLER_PHDR, now_ms());
	else
		hciscan_sent(&b->scan, p->data + CONTROLLER_PHDR, p->len - CONTROLLER_PHDR, now_ms());
}

enum taken { TAKEN_ALL, TAKEN_MANY, HOST_GONE, CONTROLLER_GONE };

/* Takes what the kernel has, or PACKETS_MAX of it. CONTROLLER_GONE comes with msg. */
static enum taken take_packets(struct bluetooth *b, bool send, char *msg)
{
	struct controller_packet p;
	unsigned i;
	int r;

	for (i = 0; i < PACKETS_MAX; i++) {
		r = controller_read(&b->controller, &p, msg, AERIECAP_MSG_MAX);
		if (r == 0)
			return TAKEN_ALL;
		if (r < 0) {
			b->gone = true;
			return CONTROLLER_GONE;
		}
		if (p.len == 0)
			continue;
		tell_scan(b, &p);
		if (send && send_packet(b, &p) < 0)
			return HOST_GONE;
	}
	return TAKEN_MANY;
}

static int send_commands(struct bluetooth *b, char *msg)
{
	uint8_t command[HCISCAN_COMMAND_MAX];
	size_t n = hciscan_next(&b->scan, now_ms(), command);

	if (n == 0)
		return 0;
	if (controller_send(&b->controller, command, n, msg, AERIECAP_MSG_MAX) == 0)
		return 0;
	b->gone = true;
	return -1;
}

static void tell_notes(struct bluetooth *b)
{
	const char *name = b->controller.info.name;
	enum hciscan_note note;
	uint8_t status;

	while ((note = hciscan_note(&b->scan, &status)) != HCISCAN_NOTE_NONE) {
		if (status)
			aeriecap_send_message(b->cap, AERIECAP_ERROR, "%s: %s (status 0x%02x)", name,
			                      hciscan_note_text(note), status);
		else
			aeriecap_send_message(b->cap, AERIECAP_INFO, "%s: %s", name, hciscan_note_text(note));
	}
	if (b->scan.counts.malformed && !b->malformed_told) {
		b->malformed_told = true;
		aeriecap_send_message(
			b->cap, AERIECAP_INFO,
			"%s: the controller sent an event whose lengths do not fit; it is passed on as it is", name);
	}
}

static int on_capture(struct aeriecap *cap, char *msg)
{
	struct bluetooth *b = aeriecap_user(cap);
	bool caught_up = false; /* commands wait until all is known that has happened: it began before us */
	enum taken taken;

	for (;;) {
		(void)controller_wait(&b->controller, caught_up ? WAIT_MS : 0);
		if (aeriecap_sleep(cap, 0) < 0)
			return 0;
		taken = take_packets(b, true, msg);
		if (taken == HOST_GONE || taken == CONTROLLER_GONE)
			return taken == HOST_GONE ? 0 : -1;
		caught_up = caught_up || taken == TAKEN_ALL;
		if (caught_up && send_commands(b, msg) < 0)
			return -1;
		tell_notes(b);
		if (b->scan.fault == HCISCAN_OK)
			continue;
		snprintf(msg, AERIECAP_MSG_MAX, b->scan.fault_status ? "%s: %s (status 0x%02x)" : "%s: %s",
		         b->controller.info.name, hciscan_fault_text(b->scan.fault), b->scan.fault_status);
		return -1;
	}
}

/* --- Close. */

static void undo(struct bluetooth *b)
{
	uint64_t end = now_ms() + UNDO_MAX_MS;
	char msg[AERIECAP_MSG_MAX];

	hciscan_stop(&b->scan);
	while (!hciscan_stopped(&b->scan)) {
		if (send_commands(b, msg) < 0)
			break;
		(void)controller_wait(&b->controller, WAIT_MS / 4);
		if (take_packets(b, false, msg) == CONTROLLER_GONE)
			break;
		if (now_ms() < end)
			continue;
		snprintf(msg, sizeof msg, "%s does not answer", b->controller.info.name);
		break;
	}
	if (!hciscan_stopped(&b->scan))
		fprintf(stderr, "aerie-cap-linux-bluetooth: the controller is not as it was: %s\n", msg);
}

static void on_close(struct aeriecap *cap)
{
	struct bluetooth *b = aeriecap_user(cap);

	if (!b->gone)
		undo(b);
	controller_close(&b->controller);
}

static const char help[] =
	"Definition: hciN[:classic=BOOL,le=BOOL,active=BOOL,names=BOOL,inquiry_length=1..48,uuid=UUID]\n";

int main(int argc, char **argv)
{
	struct bluetooth *b = calloc(1, sizeof *b);
	int status = AERIECAP_EXIT_FAILED;

	if (b)
		b->cap = aeriecap_new("linuxbluetooth", AERIECAP_VERSION);
	if (!b || !b->cap) {
		fprintf(stderr, "aerie-cap-linux-bluetooth: cannot start: %s\n", strerror(errno));
		free(b);
		return AERIECAP_EXIT_FAILED;
	}
	b->controller.monitor = b->controller.raw = -1;
	aeriecap_set_user(b->cap, b);
	aeriecap_set_help(b->cap, help);
	aeriecap_on_list(b->cap, on_list);
	aeriecap_on_probe(b->cap, on_probe);
	aeriecap_on_open(b->cap, on_open);
	aeriecap_on_capture(b->cap, on_capture);
	aeriecap_on_close(b->cap, on_close);
	if (aeriecap_parse_options(b->cap, argc, argv, &status) > 0)
		status = aeriecap_loop(b->cap);
	aeriecap_free(b->cap);
	free(b);
	return status;
}
