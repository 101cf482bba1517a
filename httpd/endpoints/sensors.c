/* SPDX-License-Identifier: MIT */
/* Reads /sys/class/power_supply and /sys/class/hwmon (Documentation/ABI/testing/sysfs-class-power and
 * Documentation/hwmon/sysfs-interface.rst of Linux). */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sensors.h"

/* The first line of dir/file, without its end; 0 when there is none. */
static int read_line(int dir, const char *file, char *dst, size_t room)
{
	int fd = openat(dir, file, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return 0;
	n = read(fd, dst, room - 1);
	(void)close(fd);
	if (n <= 0)
		return 0;
	dst[n] = '\0';
	dst[strcspn(dst, "\n")] = '\0';
	return 1;
}

static long long read_number(int dir, const char *file, long long dflt)
{
	char text[32];

	return read_line(dir, file, text, sizeof text) ? strtoll(text, NULL, 10) : dflt;
}

/* Calls fn with each entry of a folder, opened. */
static void each_folder(const char *root, const char *name, void (*fn)(struct sensors *s, int dir), struct sensors *s)
{
	char path[PATH_MAX];
	struct dirent *de;
	DIR *d;
	int dir;

	(void)snprintf(path, sizeof path, "%s/class/%s", root, name);
	d = opendir(path);
	if (!d)
		return;
	while ((de = readdir(d))) {
		if (de->d_name[0] == '.')
			continue;
		dir = openat(dirfd(d), de->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (dir < 0)
			continue;
		fn(s, dir);
		(void)close(dir);
	}
	(void)closedir(d);
}

/* ---- power ---- */

/* Energy in uWh over power in uW, or charge in uAh over current in uA, which some drivers tell as negative. */
static uint32_t remaining_s(int dir)
{
	long long now = read_number(dir, "energy_now", -1), rate = llabs(read_number(dir, "power_now", 0));

	if (now < 0 || !rate) {
		now = read_number(dir, "charge_now", -1);
		rate = llabs(read_number(dir, "current_now", 0));
	}
	return now > 0 && rate && now / rate < 1000 * 1000 ? (uint32_t)(now * 3600 / rate) : 0;
}

/* The state of all batteries together: one that discharges, or else one that charges, says what is going on. */
static void add_status(struct sensors *s, const char *status)
{
	if (!strcmp(status, "Discharging"))
		s->battery_charging = "discharging";
	else if (!strcmp(status, "Charging") && strcmp(s->battery_charging, "discharging"))
		s->battery_charging = "charging";
	else if (!s->battery_charging[0])
		s->battery_charging = "charged";
}

/* The battery of a mouse is not this machine's: its scope is "Device". */
static void on_supply(struct sensors *s, int dir)
{
	char type[32], status[32], scope[32];

	if (!read_line(dir, "type", type, sizeof type) ||
	    (read_line(dir, "scope", scope, sizeof scope) && !strcmp(scope, "Device")))
		return;
	if (!strcmp(type, "Mains")) {
		s->n_mains++;
		s->n_online += read_number(dir, "online", 1) != 0;
		return;
	}
	if (strcmp(type, "Battery") || !read_line(dir, "status", status, sizeof status))
		return;
	s->n_batteries++;
	s->percent += (int32_t)read_number(dir, "capacity", 0);
	add_status(s, status);
	if (!strcmp(status, "Discharging"))
		s->battery_remaining_s += remaining_s(dir);
}

/* ---- fans and temperatures ---- */

/* Adds kind%u_input where name is that; the numbers of a chip's sensors may have holes. */
static void add_input(struct sensor *list, uint32_t *n, int dir, const char *chip, const char *kind, const char *name,
                      double unit)
{
	char file[32], label[40];
	unsigned number;
	int end = 0;

	if (strncmp(name, kind, strlen(kind)) || sscanf(name + strlen(kind), "%4u_input%n", &number, &end) != 1 ||
	    !end || name[strlen(kind) + (size_t)end] || *n == SENSORS_MAX)
		return;
	(void)snprintf(file, sizeof file, "%s%u_label", kind, number);
	if (!read_line(dir, file, label, sizeof label))
		(void)snprintf(label, sizeof label, "%s%u", kind, number);
	(void)snprintf(list[*n].name, sizeof list[*n].name, "%s-%s", chip, label);
	(void)snprintf(file, sizeof file, "%s%u_input", kind, number);
	list[*n].value = (double)read_number(dir, file, INT64_MIN);
	if (list[*n].value == (double)INT64_MIN) /* a sensor that is there and tells nothing */
		return;
	list[(*n)++].value *= unit;
}

static void on_chip(struct sensors *s, int dir)
{
	char chip[32];
	struct dirent *de;
	int copy = read_line(dir, "name", chip, sizeof chip) ? fcntl(dir, F_DUPFD_CLOEXEC, 0) : -1;
	DIR *d = copy < 0 ? NULL : fdopendir(copy);

	if (!d) {
		if (copy >= 0)
			(void)close(copy);
		return;
	}
	while ((de = readdir(d))) {
		add_input(s->temp, &s->n_temp, dir, chip, "temp", de->d_name, 0.001);
		add_input(s->fan, &s->n_fan, dir, chip, "fan", de->d_name, 1);
	}
	(void)closedir(d);
}

void sensors_read(const char *root, struct sensors *s)
{
	memset(s, 0, sizeof *s);
	s->battery_charging = "";
	each_folder(root, "power_supply", on_supply, s);
	each_folder(root, "hwmon", on_chip, s);
	s->ac = !s->n_mains ? strcmp(s->battery_charging, "discharging") != 0 : s->n_online > 0;
	s->battery_percentage = s->n_batteries ? s->percent / (int32_t)s->n_batteries : 0;
}
