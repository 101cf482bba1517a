# SPDX-License-Identifier: MIT
# Datasources over HTTP: with a radio that is not there, passive sources, and TZSP sensors.
check_LTLIBRARIES += tests/integration/radio/fake_radio.la
tests_integration_radio_fake_radio_la_SOURCES = tests/integration/modules/fake_radio.c
tests_integration_radio_fake_radio_la_CPPFLAGS = $(MODCPP)
tests_integration_radio_fake_radio_la_LDFLAGS = $(MODLD) -rpath /nowhere
tests_integration_radio_fake_radio_la_LIBTOOLFLAGS = $(MODLT)
check_PROGRAMS += tests/integration/fake_radio
tests_integration_fake_radio_SOURCES = tests/integration/fake_radio.c
tests_integration_fake_radio_CPPFLAGS = -I$(top_srcdir)/sdk/include
tests_integration_fake_radio_LDFLAGS = $(CAPLD)
tests_integration_fake_radio_LDADD = libaeriecap.la
dist_check_SCRIPTS += tests/integration/test_datasource_http.py tests/integration/test_tzsp.py
TESTS += tests/integration/test_datasource_http.py tests/integration/test_tzsp.py
