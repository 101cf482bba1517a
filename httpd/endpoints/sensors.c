/* SPDX-License-Identifier: MIT */
/* Reads /sys/class/power_supply and /sys/class/hwmon (Documentation/ABI/testing/sysfs-class-power and
 * Documentation/hwmon/sysfs-interface.rst of Linux). */
#include <dirent.h>
#include <fcntl.h>
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
static void each_folder(const char *path, void (*fn)(struct sensors *s, int dir), struct sensors *s)
{
	DIR *d = opendir(path);
	struct dirent *de;
	int dir;

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

/* Energy in uWh over power in uW, or charge in uAh over current in uA. */
static uint32_t remaining_s(int dir)
{
	long long now = read_number(dir, "energy_now", -1), rate = read_number(dir, "power_now", -1);

	if (now < 0 || rate <= 0) {
		now = read_number(dir, "charge_now", -1);
		rate = read_number(dir, "current_now", -1);
	}
	return now > 0 && rate > 0 ? (uint32_t)(now * 3600 / rate) : 0;
}

static void on_supply(struct sensors *s, int dir)
{
	char type[32], status[32];

	if (!read_line(dir, "type", type, sizeof type))
		return;
	if (!strcmp(type, "Mains")) {
		s->ac = read_number(dir, "online", 1) != 0;
		return;
	}
	if (strcmp(type, "Battery") || !read_line(dir, "status", status, sizeof status))
		return;
	s->battery_percentage = (int32_t)read_number(dir, "capacity", 0);
	if (!strcmp(status, "Discharging")) {
		s->battery_charging = "discharging";
		s->battery_remaining_s = remaining_s(dir);
	} else {
		s->battery_charging = !strcmp(status, "Charging") ? "charging" : "charged";
	}
}

static void add(struct sensor *list, uint32_t *n, const char *chip, const char *label, double value)
{
	if (*n == SENSORS_MAX)
		return;
	(void)snprintf(list[*n].name, sizeof list[*n].name, "%s-%s", chip, label);
	list[(*n)++].value = value;
}

static void on_chip(struct sensors *s, int dir)
{
	char chip[32], label[40], file[32];
	long long value;
	unsigned i;

	if (!read_line(dir, "name", chip, sizeof chip))
		return;
	for (i = 1; i <= SENSORS_MAX; i++) {
		(void)snprintf(file, sizeof file, "temp%u_input", i);
		value = read_number(dir, file, INT64_MIN);
		if (value == INT64_MIN)
			break;
		(void)snprintf(file, sizeof file, "temp%u_label", i);
		if (!read_line(dir, file, label, sizeof label))
			(void)snprintf(label, sizeof label, "temp%u", i);
		add(s->temp, &s->n_temp, chip, label, (double)value / 1000);
	}
	for (i = 1; i <= SENSORS_MAX; i++) {
		(void)snprintf(file, sizeof file, "fan%u_input", i);
		value = read_number(dir, file, INT64_MIN);
		if (value == INT64_MIN)
			break;
		(void)snprintf(label, sizeof label, "fan%u", i);
		add(s->fan, &s->n_fan, chip, label, (double)value);
	}
}

void sensors_read(struct sensors *s)
{
	memset(s, 0, sizeof *s);
	s->battery_charging = "";
	s->ac = 1;
	each_folder("/sys/class/power_supply", on_supply, s);
	each_folder("/sys/class/hwmon", on_chip, s);
}
