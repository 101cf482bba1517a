/* SPDX-License-Identifier: MIT */
/* A Bluetooth controller of this machine, through the kernel's sockets. Two of them:
 *
 * The monitor channel gives every packet that passes between kernel and controller, in order, in both directions
 * and with the kernel's time stamps: the stream that btmon shows. It changes nothing, and a raw socket could not
 * replace it: that does not show the commands that it sends itself. The raw channel sends our commands. They go
 * through the kernel's command queue, so that they do not get in the way of those of others. Its filter lets
 * nothing through. */
#ifndef LINUX_BLUETOOTH_CONTROLLER_H
#define LINUX_BLUETOOTH_CONTROLLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONTROLLERS_MAX       16u /* the kernel's limit of one list */
#define CONTROLLER_PHDR       4u  /* direction, big-endian: LINKTYPE_BLUETOOTH_HCI_H4_WITH_PHDR */
#define CONTROLLER_PACKET_MAX (CONTROLLER_PHDR + 1 + 65535u)

struct controller_info {
	int id;
	char name[16];     /* "hci0" */
	char address[18];  /* "00:AA:01:00:00:00" */
	uint8_t bdaddr[6]; /* in the order of the text */
	const char *bus;
	bool up;
};

struct controller {
	struct controller_info info;
	int monitor, raw; /* -1: closed */
	bool brought_up;
	bool others_power; /* meanwhile another program wants it up, too */
	uint8_t packet[CONTROLLER_PACKET_MAX];
};

struct controller_packet {
	const uint8_t *data; /* direction, then H4; in the controller, until the next read */
	size_t len;
	bool received; /* by the host; false: sent */
	uint64_t ts_sec;
	uint32_t ts_usec;
};

/* How many there are, at most max of them written; negative errno: no Bluetooth here. */
int controllers(struct controller_info *infos, unsigned max);
/* -ENODEV: there is none of this number. */
int controller_info(int id, struct controller_info *ret_info);
/* "hci0": 0, or -EINVAL. */
int controller_parse(const char *name, size_t len, int *ret_id);

/* Opens both sockets and brings the controller up. 0, or -1 with a text. */
int controller_open(struct controller *c, int id, char *msg, size_t room);
/* Waits: 1 there is something to read, 0 not. */
int controller_wait(const struct controller *c, int timeout_ms);
/* 1 a packet, 0 none now, -1 the controller is gone or cannot be read, with a text. */
int controller_read(struct controller *c, struct controller_packet *ret_packet, char *msg, size_t room);
/* 0, or -1 with a text. */
int controller_send(const struct controller *c, const uint8_t *command, size_t len, char *msg, size_t room);
/* Takes the controller down again when it was, and closes the sockets. */
void controller_close(struct controller *c);

#endif
