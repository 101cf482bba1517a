/* SPDX-License-Identifier: MIT */
/* Names from sysfs: the driver, the bus's numbers of the device, and what a USB device says of itself. */
#include "hardware.h"

#include <ctype.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define VALUE_ROOM 64u
#define UEVENT_MAX 4096u

/* The first octets of a file, ended with NUL; empty when it cannot be read. */
static void read_text(const char *path, char *text, size_t room)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, text, room - 1);

	text[n > 0 ? n : 0] = 0;
	if (fd >= 0)
		close(fd);
}

/* One line of printable characters, as devices may say anything of themselves. */
static void clean(char *text)
{
	size_t len = strcspn(text, "\n");

	text[len] = 0;
	while (len > 0 && isspace((unsigned char)text[len - 1]))
		text[--len] = 0;
	for (; *text; text++)
		if (!isprint((unsigned char)*text))
			*text = '?';
}

/* The value of KEY=value in an uevent text. */
static void find_key(const char *uevent, const char *key, char *value, size_t room)
{
	size_t len = strlen(key);
	const char *p = uevent;

	value[0] = 0;
	while (p && *p) {
		if (strncmp(p, key, len) == 0 && p[len] == '=') {
			snprintf(value, room, "%.*s", (int)strcspn(p + len + 1, "\n"), p + len + 1);
			clean(value);
			return;
		}
		p = strchr(p, '\n');
		p = p ? p + 1 : NULL;
	}
}

static void driver_name(const char *device, char *name, size_t room)
{
	char path[PATH_MAX], target[PATH_MAX];
	const char *slash;
	ssize_t n;

	snprintf(path, sizeof path, "%.3000s/driver", device);
	n = readlink(path, target, sizeof target - 1);
	target[n > 0 ? n : 0] = 0;
	slash = strrchr(target, '/');
	snprintf(name, room, "%.*s", (int)room - 1, slash ? slash + 1 : target);
	clean(name);
}

/* A file of the USB device, which is one up from the interface of it that the driver has. */
static void usb_text(const char *device, const char *file, char *text, size_t room)
{
	char path[PATH_MAX];

	snprintf(path, sizeof path, "%.3000s/../%s", device, file);
	read_text(path, text, room);
	clean(text);
}

static void bus_text(const char *device, const char *uevent, char *text, size_t room)
{
	char id[VALUE_ROOM], maker[VALUE_ROOM], product[VALUE_ROOM];
	unsigned vendor, model;

	text[0] = 0;
	find_key(uevent, "PCI_ID", id, sizeof id);
	if (id[0]) {
		snprintf(text, room, "PCI %s", id);
		return;
	}
	find_key(uevent, "SDIO_ID", id, sizeof id);
	if (id[0]) {
		snprintf(text, room, "SDIO %s", id);
		return;
	}
	find_key(uevent, "PRODUCT", id, sizeof id); /* vendor/product/version, in hexadecimal */
	if (sscanf(id, "%x/%x/", &vendor, &model) != 2)
		return;
	usb_text(device, "manufacturer", maker, sizeof maker);
	usb_text(device, "product", product, sizeof product);
	snprintf(text, room, "USB %04x:%04x%s%s%s%s", vendor, model, maker[0] || product[0] ? "," : "",
	         maker[0] ? " " : "", maker, product[0] ? " " : "");
	if (strlen(text) + strlen(product) < room)
		strcat(text, product);
}

void hardware_text(const char *net, const char *interface, const char *phy, char *text, size_t room)
{
	char device[PATH_MAX], path[PATH_MAX], driver[VALUE_ROOM], uevent[UEVENT_MAX], bus[160];

	snprintf(device, sizeof device, "%.1000s/%.64s/device", net, interface);
	snprintf(path, sizeof path, "%.3000s/uevent", device);
	driver_name(device, driver, sizeof driver);
	read_text(path, uevent, sizeof uevent);
	bus_text(device, uevent, bus, sizeof bus);
	if (!driver[0])
		find_key(uevent, "DRIVER", driver, sizeof driver);
	if (!driver[0])
		snprintf(driver, sizeof driver, "%.60s", phy);
	snprintf(text, room, bus[0] ? "%s (%s)" : "%s", driver, bus);
}

void hardware_address(const char *radios, const char *phy, uint8_t address[6])
{
	char path[PATH_MAX], text[VALUE_ROOM];
	unsigned o[6];
	int i;

	snprintf(path, sizeof path, "%.1000s/%.64s/macaddress", radios, phy);
	read_text(path, text, sizeof text);
	if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x", &o[0], &o[1], &o[2], &o[3], &o[4], &o[5]) != 6)
		return;
	for (i = 0; i < 6; i++)
		address[i] = (uint8_t)o[i];
}
