# SPDX-License-Identifier: MIT
# Parts of the endpoints that need no host.
check_PROGRAMS += tests/unit/test_devrows tests/unit/test_sensors
TESTS += tests/unit/test_devrows tests/unit/test_sensors
tests_unit_test_devrows_SOURCES = tests/unit/test_devrows.c
tests_unit_test_devrows_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_devrows_LDADD = $(UNIT_LIBS)
tests_unit_test_sensors_SOURCES = tests/unit/test_sensors.c httpd/endpoints/sensors.c
tests_unit_test_sensors_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_sensors_LDADD = $(UNIT_LIBS)
