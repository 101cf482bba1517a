# SPDX-License-Identifier: MIT
LINUX_WIFI_PURE = datasources/linux_wifi/channels.c datasources/linux_wifi/channels.h datasources/linux_wifi/wiphy.c \
	datasources/linux_wifi/wiphy.h datasources/linux_wifi/truncate.c datasources/linux_wifi/truncate.h
LINUX_WIFI_PARTS = $(LINUX_WIFI_PURE) datasources/linux_wifi/options.c datasources/linux_wifi/options.h \
	datasources/linux_wifi/filter.c datasources/linux_wifi/filter.h datasources/linux_wifi/hardware.c \
	datasources/linux_wifi/hardware.h datasources/linux_wifi/interface.c datasources/linux_wifi/interface.h \
	datasources/linux_wifi/nl.c datasources/linux_wifi/nl.h
LINUX_WIFI_CPPFLAGS = -I$(top_srcdir)/sdk/include -D_GNU_SOURCE -DAERIECAP_VERSION='"$(PACKAGE_VERSION)"'

# The capture program.
bin_PROGRAMS += bin/aerie-cap-linux-wifi
bin_aerie_cap_linux_wifi_SOURCES = $(LINUX_WIFI_PARTS) datasources/linux_wifi/capture.c datasources/linux_wifi/capture.h \
	datasources/linux_wifi/main.c
bin_aerie_cap_linux_wifi_CPPFLAGS = $(LINUX_WIFI_CPPFLAGS)
bin_aerie_cap_linux_wifi_CFLAGS = $(AM_CFLAGS) $(PCAP_CFLAGS) $(NL_CFLAGS)
bin_aerie_cap_linux_wifi_LDFLAGS = $(CAPLD)
bin_aerie_cap_linux_wifi_LDADD = libaeriecap.la $(PCAP_LIBS) $(NL_LIBS)

# The driver module.
plugin_LTLIBRARIES += modules/linuxwifi.la
modules_linuxwifi_la_SOURCES = datasources/linux_wifi/linuxwifi.c
modules_linuxwifi_la_CPPFLAGS = $(MODCPP)
modules_linuxwifi_la_CFLAGS = $(AM_CFLAGS)
modules_linuxwifi_la_LDFLAGS = $(MODLD)
modules_linuxwifi_la_LIBTOOLFLAGS = $(MODLT)
EXTRA_DIST += datasources/linux_wifi/README.md
dist_man_MANS += doc/aerie-cap-linux-wifi.1

if HAVE_CRITERION
LINUX_WIFI_TESTS = datasources/linux_wifi/tests/test_channels datasources/linux_wifi/tests/test_wiphy datasources/linux_wifi/tests/test_parts \
	datasources/linux_wifi/tests/test_nl
check_PROGRAMS += $(LINUX_WIFI_TESTS)
TESTS += $(LINUX_WIFI_TESTS)
LINUX_WIFI_TEST_CFLAGS = $(UNIT_CFLAGS) $(NL_CFLAGS) $(PCAP_CFLAGS)
datasources_linux_wifi_tests_test_channels_SOURCES = datasources/linux_wifi/tests/test_channels.c $(LINUX_WIFI_PURE)
datasources_linux_wifi_tests_test_channels_CPPFLAGS = $(LINUX_WIFI_CPPFLAGS)
datasources_linux_wifi_tests_test_channels_CFLAGS = $(LINUX_WIFI_TEST_CFLAGS)
datasources_linux_wifi_tests_test_channels_LDADD = $(NL_LIBS) $(CRITERION_LIBS)
datasources_linux_wifi_tests_test_wiphy_SOURCES = datasources/linux_wifi/tests/test_wiphy.c $(LINUX_WIFI_PURE)
datasources_linux_wifi_tests_test_wiphy_CPPFLAGS = $(LINUX_WIFI_CPPFLAGS)
datasources_linux_wifi_tests_test_wiphy_CFLAGS = $(LINUX_WIFI_TEST_CFLAGS)
datasources_linux_wifi_tests_test_wiphy_LDADD = $(NL_LIBS) $(CRITERION_LIBS)
datasources_linux_wifi_tests_test_parts_SOURCES = datasources/linux_wifi/tests/test_parts.c $(LINUX_WIFI_PARTS)
datasources_linux_wifi_tests_test_parts_CPPFLAGS = $(LINUX_WIFI_CPPFLAGS)
datasources_linux_wifi_tests_test_parts_CFLAGS = $(LINUX_WIFI_TEST_CFLAGS)
datasources_linux_wifi_tests_test_parts_LDFLAGS = $(CAPLD)
datasources_linux_wifi_tests_test_parts_LDADD = libaeriecap.la $(PCAP_LIBS) $(NL_LIBS) $(CRITERION_LIBS)
# It has nl.c in it.
datasources_linux_wifi_tests_test_nl_SOURCES = datasources/linux_wifi/tests/test_nl.c $(LINUX_WIFI_PURE)
datasources_linux_wifi_tests_test_nl_CPPFLAGS = $(LINUX_WIFI_CPPFLAGS)
datasources_linux_wifi_tests_test_nl_CFLAGS = $(LINUX_WIFI_TEST_CFLAGS)
datasources_linux_wifi_tests_test_nl_LDFLAGS = $(AM_LDFLAGS) -pthread
datasources_linux_wifi_tests_test_nl_LDADD = $(NL_LIBS) $(CRITERION_LIBS)
endif
EXTRA_DIST += tests/lab/wifi.sh datasources/linux_wifi/tests/data/hwsim_us.wiphy datasources/linux_wifi/tests/data/hwsim_world.wiphy \
	datasources/linux_wifi/tests/data/hwsim.interfaces
