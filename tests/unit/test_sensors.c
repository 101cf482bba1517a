/* SPDX-License-Identifier: MIT */
/* What sysfs tells of batteries, fans and temperatures, from a folder that is laid out as sysfs is (Linux, Documentation/ABI/testing/
 * sysfs-class-power; Documentation/hwmon/sysfs-interface.rst). */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "httpd/endpoints/sensors.h"

static char root[] = "/tmp/sensors.XXXXXX";

static void make_root(void)
{
	cr_assert(mkdtemp(root));
}

static void remove_root(void)
{
	char command[64];

	(void)snprintf(command, sizeof command, "rm -rf '%s'", root);
	cr_assert_eq(system(command), 0);
}

/* A file below root, and the folders that lead to it. */
static void put(const char *path, const char *text)
{
	char whole[256], *slash;
	FILE *f;

	(void)snprintf(whole, sizeof whole, "%s/class/%s", root, path);
	for (slash = strchr(whole + strlen(root) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		(void)mkdir(whole, 0700);
		*slash = '/';
	}
	f = fopen(whole, "w");
	cr_assert(f, "%s", whole);
	(void)fprintf(f, "%s\n", text);
	cr_assert_eq(fclose(f), 0);
}

static const struct sensor *find(const struct sensor *list, uint32_t n, const char *name)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		if (!strcmp(list[i].name, name))
			return &list[i];
	cr_assert_fail("no sensor %s", name);
	return NULL;
}

TestSuite(sensors, .init = make_root, .fini = remove_root);

Test(sensors, a_machine_without_any_is_on_mains)
{
	struct sensors s;

	sensors_read(root, &s);
	cr_expect_eq(s.ac, 1);
	cr_expect_eq(s.battery_percentage, 0);
	cr_expect_eq(s.battery_remaining_s, 0u);
	cr_expect_str_eq(s.battery_charging, "");
	cr_expect_eq(s.n_fan + s.n_temp, 0u);
}

Test(sensors, a_battery_that_discharges_tells_how_long_it_lasts)
{
	struct sensors s;

	put("power_supply/AC/type", "Mains");
	put("power_supply/AC/online", "0");
	put("power_supply/BAT0/type", "Battery");
	put("power_supply/BAT0/status", "Discharging");
	put("power_supply/BAT0/capacity", "73");
	put("power_supply/BAT0/energy_now", "20000000");
	put("power_supply/BAT0/power_now", "10000000");
	sensors_read(root, &s);
	cr_expect_eq(s.ac, 0);
	cr_expect_eq(s.battery_percentage, 73);
	cr_expect_eq(s.battery_remaining_s, 7200u);
	cr_expect_str_eq(s.battery_charging, "discharging");
	put("power_supply/BAT0/power_now", "0");
	sensors_read(root, &s);
	cr_expect_eq(s.battery_remaining_s, 0u);
	put("power_supply/BAT0/charge_now", "1500000");
	put("power_supply/BAT0/current_now", "-500000");
	sensors_read(root, &s);
	cr_expect_eq(s.battery_remaining_s, 10800u);
}

Test(sensors, batteries_that_do_not_discharge_charge_or_are_charged)
{
	static const char *const rows[][2] = {
		{ "Charging", "charging" },
		{ "Full", "charged" },
		{ "Not charging", "charged" },
	};
	struct sensors s;
	size_t i;

	put("power_supply/AC/type", "Mains");
	put("power_supply/AC/online", "1");
	put("power_supply/BAT0/type", "Battery");
	put("power_supply/BAT0/capacity", "99");
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		put("power_supply/BAT0/status", rows[i][0]);
		sensors_read(root, &s);
		cr_expect_str_eq(s.battery_charging, rows[i][1]);
		cr_expect_eq(s.battery_remaining_s, 0u);
		cr_expect_eq(s.ac, 1);
	}
}

Test(sensors, several_batteries_count_together_and_those_of_devices_do_not)
{
	struct sensors s;

	put("power_supply/BAT0/type", "Battery");
	put("power_supply/BAT0/status", "Full");
	put("power_supply/BAT0/capacity", "100");
	put("power_supply/BAT1/type", "Battery");
	put("power_supply/BAT1/status", "Discharging");
	put("power_supply/BAT1/capacity", "40");
	put("power_supply/BAT1/energy_now", "5000000");
	put("power_supply/BAT1/power_now", "10000000");
	put("power_supply/mouse/type", "Battery");
	put("power_supply/mouse/scope", "Device");
	put("power_supply/mouse/status", "Charging");
	put("power_supply/mouse/capacity", "5");
	sensors_read(root, &s);
	cr_expect_eq(s.battery_percentage, 70);
	cr_expect_str_eq(s.battery_charging, "discharging");
	cr_expect_eq(s.battery_remaining_s, 1800u);
	cr_expect_eq(s.ac, 0, "what discharges is not on mains, whether mains are told of or not");
}

Test(sensors, mains_are_there_when_any_of_them_is)
{
	struct sensors s;

	put("power_supply/ADP0/type", "Mains");
	put("power_supply/ADP0/online", "1");
	put("power_supply/ADP1/type", "Mains");
	put("power_supply/ADP1/online", "0");
	sensors_read(root, &s);
	cr_expect_eq(s.ac, 1);
	put("power_supply/ADP0/online", "0");
	sensors_read(root, &s);
	cr_expect_eq(s.ac, 0);
}

Test(sensors, temperatures_and_fans_have_the_name_of_their_chip_and_label)
{
	struct sensors s;

	put("hwmon/hwmon0/name", "coretemp");
	put("hwmon/hwmon0/temp1_input", "54500");
	put("hwmon/hwmon0/temp1_label", "Package id 0");
	put("hwmon/hwmon0/temp1_crit", "100000");
	put("hwmon/hwmon0/temp10_input", "-3000"); /* numbers have holes: one for each core that there could be */
	put("hwmon/hwmon1/name", "nct6775");
	put("hwmon/hwmon1/fan2_input", "1200");
	put("hwmon/hwmon1/fan2_inputs", "1");
	put("hwmon/hwmon2/temp1_input", "1000"); /* a chip without a name */
	sensors_read(root, &s);
	cr_assert_eq(s.n_temp, 2u);
	cr_assert_eq(s.n_fan, 1u);
	cr_expect_float_eq(find(s.temp, 2, "coretemp-Package id 0")->value, 54.5, 1e-9);
	cr_expect_float_eq(find(s.temp, 2, "coretemp-temp10")->value, -3, 1e-9);
	cr_expect_float_eq(find(s.fan, 1, "nct6775-fan2")->value, 1200, 1e-9);
}

Test(sensors, more_than_there_is_room_for_are_left_out)
{
	struct sensors s;
	char path[64];
	unsigned i;

	put("hwmon/hwmon0/name", "many");
	for (i = 1; i <= SENSORS_MAX + 3; i++) {
		(void)snprintf(path, sizeof path, "hwmon/hwmon0/temp%u_input", i);
		put(path, "1000");
	}
	sensors_read(root, &s);
	cr_expect_eq(s.n_temp, SENSORS_MAX);
}
