/* SPDX-License-Identifier: MIT */
/* Sockets of a Bluetooth controller: HCI monitor and raw channel, list, up and down. */
#include "controller.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <bluetooth/bluetooth.h>
#include <bluetooth/hci.h>
#include <bluetooth/hci_lib.h>
#include <linux/filter.h>

#include <aerie/cursor.h>

#define RECEIVE_BUFFER (1024 * 1024)
#define ID_MAX         65534 /* 65535 stands for none */

/* Header of the monitor channel, little-endian: opcode, index, length (BlueZ, doc/btmon and lib/hci). */
#define MONITOR_HEADER 6u
enum monitor_opcode {
	MONITOR_DEL_INDEX = 1,
	MONITOR_COMMAND = 2,
	MONITOR_EVENT = 3,
	MONITOR_ACL_TX = 4,
	MONITOR_ACL_RX = 5,
	MONITOR_SCO_TX = 6,
	MONITOR_SCO_RX = 7,
	MONITOR_CLOSE_INDEX = 9,
	MONITOR_MANAGEMENT = 16, /* a command of the management interface */
	MONITOR_ISO_TX = 18,
	MONITOR_ISO_RX = 19,
};

static const struct {
	uint8_t h4; /* 0: not an HCI packet */
	bool received;
} packets[] = {
	[MONITOR_COMMAND] = { 1, false }, [MONITOR_EVENT] = { 4, true },   [MONITOR_ACL_TX] = { 2, false },
	[MONITOR_ACL_RX] = { 2, true },   [MONITOR_SCO_TX] = { 3, false }, [MONITOR_SCO_RX] = { 3, true },
	[MONITOR_ISO_TX] = { 5, false },  [MONITOR_ISO_RX] = { 5, true },
};

#define MANAGEMENT_SET_POWERED 0x0005u

static const char *bus_text(unsigned bus)
{
	static const char *const texts[] = {
		[HCI_VIRTUAL] = "virtual", [HCI_USB] = "USB", [HCI_PCCARD] = "PC card", [HCI_UART] = "UART",
		[HCI_RS232] = "RS-232",    [HCI_PCI] = "PCI", [HCI_SDIO] = "SDIO",      [HCI_SPI] = "SPI",
		[HCI_I2C] = "I2C",         [HCI_SMD] = "SMD",
	};

	return bus < sizeof texts / sizeof *texts && texts[bus] ? texts[bus] : "Bluetooth";
}

static int info_from(int fd, int id, struct controller_info *ret_info)
{
	struct hci_dev_info di;
	unsigned i;

	memset(&di, 0, sizeof di);
	di.dev_id = (uint16_t)id;
	if (ioctl(fd, HCIGETDEVINFO, (void *)&di) < 0)
		return -errno;
	ret_info->id = id;
	snprintf(ret_info->name, sizeof ret_info->name, "hci%d", id);
	ba2str(&di.bdaddr, ret_info->address);
	for (i = 0; i < 6; i++)
		ret_info->bdaddr[i] = di.bdaddr.b[5 - i];
	ret_info->bus = bus_text(di.type & 0x0f);
	ret_info->up = hci_test_bit(HCI_UP, &di.flags) != 0;
	return 0;
}

int controllers(struct controller_info *infos, unsigned max)
{
	struct hci_dev_list_req *list;
	unsigned i, n = 0;
	int fd, r = 0;

	fd = socket(AF_BLUETOOTH, SOCK_RAW | SOCK_CLOEXEC, BTPROTO_HCI);
	if (fd < 0)
		return -errno;
	list = calloc(1, sizeof *list + CONTROLLERS_MAX * sizeof *list->dev_req);
	if (!list)
		r = -ENOMEM;
	else
		list->dev_num = CONTROLLERS_MAX;
	if (r == 0 && ioctl(fd, HCIGETDEVLIST, (void *)list) < 0)
		r = -errno;
	for (i = 0; r == 0 && i < list->dev_num && i < CONTROLLERS_MAX && n < max; i++)
		if (info_from(fd, list->dev_req[i].dev_id, &infos[n]) == 0)
			n++;
	free(list);
	close(fd);
	return r < 0 ? r : (int)n;
}

int controller_info(int id, struct controller_info *ret_info)
{
	int r, fd = socket(AF_BLUETOOTH, SOCK_RAW | SOCK_CLOEXEC, BTPROTO_HCI);

	if (fd < 0)
		return -errno;
	r = info_from(fd, id, ret_info);
	close(fd);
	return r;
}

int controller_parse(const char *name, size_t len, int *ret_id)
{
	int id = 0;
	size_t i;

	if (len < 4 || len > 8 || memcmp(name, "hci", 3) != 0 || (name[3] == '0' && len > 4))
		return -EINVAL;
	for (i = 3; i < len; i++) {
		if (name[i] < '0' || name[i] > '9')
			return -EINVAL;
		id = id * 10 + name[i] - '0';
	}
	if (id > ID_MAX)
		return -EINVAL;
	*ret_id = id;
	return 0;
}

/* Lets through what concerns our controller: with many, each capture is not woken for all. Where the kernel does
 * not take it, controller_read() sorts the rest out. */
static void filter_index(int fd, int id)
{
	uint32_t index = (uint32_t)(id & 0xff) << 8 | (uint32_t)id >> 8; /* the filter reads big-endian */
	struct sock_filter code[] = {
		{ BPF_LD | BPF_H | BPF_ABS, 0, 0, 2 },
		{ BPF_JMP | BPF_JEQ | BPF_K, 0, 1, index },
		{ BPF_RET | BPF_K, 0, 0, UINT32_MAX },
		{ BPF_RET | BPF_K, 0, 0, 0 },
	};
	struct sock_fprog program = { sizeof code / sizeof *code, code };

	(void)setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

static int open_monitor(int id)
{
	struct sockaddr_hci address = { AF_BLUETOOTH, HCI_DEV_NONE, HCI_CHANNEL_MONITOR };
	int e, on = 1, room = RECEIVE_BUFFER, fd;

	fd = socket(AF_BLUETOOTH, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, BTPROTO_HCI);
	if (fd < 0)
		return -errno;
	filter_index(fd, id);
	(void)setsockopt(fd, SOL_SOCKET, SO_TIMESTAMP, &on, sizeof on);
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room) < 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
	if (bind(fd, (struct sockaddr *)&address, sizeof address) == 0)
		return fd;
	e = -errno;
	close(fd);
	return e;
}

static int open_raw(int id)
{
	struct hci_filter nothing;
	int e, fd = hci_open_dev(id);

	if (fd < 0)
		return -errno;
	hci_filter_clear(&nothing);
	if (setsockopt(fd, SOL_HCI, HCI_FILTER, &nothing, sizeof nothing) == 0)
		return fd;
	e = -errno;
	close(fd);
	return e;
}

static const char *up_text(int e)
{
	switch (e) {
	case EPERM:
		return "that needs CAP_NET_ADMIN: start as root, or give the program its capabilities (see its man "
		       "page)";
	case ERFKILL:
		return "rfkill blocks it: 'rfkill unblock bluetooth', or its switch";
	case EBUSY:
		return "another program has it for itself";
	case ETIMEDOUT:
		return "it does not answer: unplug it and plug it in again";
	default:
		return strerror(e);
	}
}

static int bring_up(struct controller *c, char *msg, size_t room)
{
	if (c->info.up)
		return 0;
	/* "Already": the kernel was about to switch it off, since nobody used it, and now is not. */
	if (ioctl(c->raw, HCIDEVUP, c->info.id) < 0 && errno != EALREADY) {
		snprintf(msg, room, "%s is down and cannot be brought up: %s", c->info.name, up_text(errno));
		return -1;
	}
	c->brought_up = true;
	return 0;
}

static const char *open_text(int e)
{
	return e == -EPERM || e == -EACCES ? "that needs CAP_NET_RAW: start as root, or give the program its "
	                                     "capabilities (see its man page)"
	                                   : strerror(-e);
}

int controller_open(struct controller *c, int id, char *msg, size_t room)
{
	int r = controller_info(id, &c->info);

	c->monitor = c->raw = -1;
	c->brought_up = c->others_power = false;
	if (r < 0) {
		snprintf(msg, room, "there is no controller hci%d: %s", id, strerror(-r));
		return -1;
	}
	c->monitor = open_monitor(id); /* first, so that it shows how the controller is brought up */
	c->raw = c->monitor < 0 ? -1 : open_raw(id);
	if (c->monitor < 0 || c->raw < 0) {
		snprintf(msg, room, "cannot open %s: %s", c->info.name,
		         open_text(c->monitor < 0 ? c->monitor : c->raw));
		controller_close(c);
		return -1;
	}
	if (bring_up(c, msg, room) < 0) {
		controller_close(c);
		return -1;
	}
	controller_info(id, &c->info); /* some have no address before */
	return 0;
}

int controller_wait(const struct controller *c, int timeout_ms)
{
	struct pollfd fds = { .fd = c->monitor, .events = POLLIN };

	return poll(&fds, 1, timeout_ms) > 0;
}

static void get_time(struct msghdr *m, struct controller_packet *p)
{
	struct timespec now;
	struct cmsghdr *h;
	struct timeval tv;

	for (h = CMSG_FIRSTHDR(m); h; h = CMSG_NXTHDR(m, h))
		if (h->cmsg_level == SOL_SOCKET && h->cmsg_type == SCM_TIMESTAMP &&
		    h->cmsg_len >= CMSG_LEN(sizeof tv)) {
			memcpy(&tv, CMSG_DATA(h), sizeof tv);
			p->ts_sec = (uint64_t)tv.tv_sec;
			p->ts_usec = (uint32_t)tv.tv_usec;
			return;
		}
	clock_gettime(CLOCK_REALTIME, &now);
	p->ts_sec = (uint64_t)now.tv_sec;
	p->ts_usec = (uint32_t)(now.tv_nsec / 1000);
}

/* Cookie of the client, opcode, parameters (BlueZ, doc/mgmt-api). */
static void management(struct controller *c, const uint8_t *data, size_t len)
{
	struct aerie_cur cur = aerie_cur_make(data, len);

	aerie_cur_skip(&cur, 4);
	if (aerie_cur_le16(&cur) == MANAGEMENT_SET_POWERED)
		c->others_power = aerie_cur_u8(&cur) == 1;
}

int controller_read(struct controller *c, struct controller_packet *ret_packet, char *msg, size_t room)
{
	uint8_t header[MONITOR_HEADER], *data = c->packet + CONTROLLER_PHDR + 1;
	struct iovec iov[2] = { { header, sizeof header }, { data, sizeof c->packet - CONTROLLER_PHDR - 1 } };
	union {
		struct cmsghdr align;
		uint8_t octets[256];
	} control;
	struct msghdr m = {
		.msg_iov = iov, .msg_iovlen = 2, .msg_control = &control, .msg_controllen = sizeof control
	};
	ssize_t n = recvmsg(c->monitor, &m, 0);
	struct controller_info now;
	struct aerie_cur cur;
	uint16_t opcode, index, len;

	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		return 0;
	if (n < 0) {
		snprintf(msg, room, "%s: cannot read from the kernel: %s", c->info.name, strerror(errno));
		return -1;
	}
	memset(ret_packet, 0, sizeof *ret_packet);
	cur = aerie_cur_make(header, (size_t)n < sizeof header ? (size_t)n : sizeof header);
	opcode = aerie_cur_le16(&cur);
	index = aerie_cur_le16(&cur);
	len = aerie_cur_le16(&cur);
	if (cur.bad || len != (size_t)n - sizeof header || index != c->info.id)
		return 1; /* with len 0: nothing for us */
	if (opcode == MONITOR_DEL_INDEX || opcode == MONITOR_CLOSE_INDEX) {
		/* One that is removed is closed first, but cannot be found any more by then. */
		bool removed = opcode == MONITOR_DEL_INDEX || controller_info(c->info.id, &now) == -ENODEV;

		snprintf(msg, room, removed ? "%s was removed" : "%s was switched off by another program",
		         c->info.name);
		return -1;
	}
	if (opcode == MONITOR_MANAGEMENT)
		management(c, data, len);
	if (opcode >= sizeof packets / sizeof *packets || !packets[opcode].h4)
		return 1;
	memset(c->packet, 0, CONTROLLER_PHDR);
	c->packet[CONTROLLER_PHDR - 1] = packets[opcode].received;
	c->packet[CONTROLLER_PHDR] = packets[opcode].h4;
	ret_packet->data = c->packet;
	ret_packet->len = CONTROLLER_PHDR + 1 + len;
	ret_packet->received = packets[opcode].received;
	get_time(&m, ret_packet);
	return 1;
}

int controller_send(const struct controller *c, const uint8_t *command, size_t len, char *msg, size_t room)
{
	ssize_t n;

	do
		n = write(c->raw, command, len);
	while (n < 0 && errno == EINTR);
	if (n >= 0)
		return 0;
	snprintf(msg, room, "%s takes no commands any more: %s", c->info.name,
	         errno == EPIPE || errno == EBADFD || errno == ENODEV ? "it was removed"
	         : errno == ENETDOWN                                  ? "it was switched off by another program"
	                                                              : strerror(errno));
	return -1;
}

void controller_close(struct controller *c)
{
	if (c->brought_up && !c->others_power && ioctl(c->raw, HCIDEVDOWN, c->info.id) < 0 && errno != ENODEV)
		fprintf(stderr, "%s was down, and cannot be taken down again: %s\n", c->info.name, strerror(errno));
	c->brought_up = false;
	if (c->raw >= 0)
		close(c->raw);
	if (c->monitor >= 0)
		close(c->monitor);
	c->raw = c->monitor = -1;
}
