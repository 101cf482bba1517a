/* SPDX-License-Identifier: MIT */
/* What the machine tells of its battery, fans and temperatures. */
#ifndef ENDPOINTS_SENSORS_H
#define ENDPOINTS_SENSORS_H

#include <stdint.h>

#define SENSORS_MAX 64u /* of each kind; more are left out */

struct sensor {
	char name[80];
	double value; /* 1/min or degrees Celsius */
};

struct sensors {
	int32_t battery_percentage; /* of all batteries, each counts the same; 0 without any */
	uint32_t battery_remaining_s; /* of all that discharge; 0: not known */
	uint8_t ac; /* on mains; also when nothing says otherwise */
	const char *battery_charging; /* "discharging", "charging", "charged" or "" */
	uint32_t n_mains, n_online, n_batteries;
	int32_t percent; /* of all batteries, added up */
	uint32_t n_fan, n_temp;
	struct sensor fan[SENSORS_MAX], temp[SENSORS_MAX];
};

/* Reads sysfs, which can block for as long as a sensor takes. root: "/sys". */
void sensors_read(const char *root, struct sensors *ret);

#endif
