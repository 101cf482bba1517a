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

# The driver plugin.
plugin_LTLIBRARIES += modules/linuxwifi.la
modules_linuxwifi_la_SOURCES = datasources/linux_wifi/linuxwifi.c
modules_linuxwifi_la_CPPFLAGS = $(MODCPP)
modules_linuxwifi_la_CFLAGS = $(AM_CFLAGS)
modules_linuxwifi_la_LDFLAGS = $(MODLD)
modules_linuxwifi_la_LIBTOOLFLAGS = $(MODLT)
EXTRA_DIST += datasources/linux_wifi/README.md
dist_man_MANS += doc/aerie-cap-linux-wifi.1
