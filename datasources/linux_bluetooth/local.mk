# SPDX-License-Identifier: MIT
LINUX_BLUETOOTH_SCAN = datasources/linux_bluetooth/hciscan.c datasources/linux_bluetooth/hciscan.h \
	datasources/linux_bluetooth/hcicommand.c datasources/linux_bluetooth/hcicommand.h \
	datasources/linux_bluetooth/names.c datasources/linux_bluetooth/names.h
EXTRA_DIST += datasources/linux_bluetooth/README.md tests/lab/bluetooth.sh tests/lab/hcitap.py tests/lab/test_bluetooth.py

# In the lab's machine (QEMU), with emulated controllers.
.PHONY: lab-bluetooth
lab-bluetooth: all
	AERIE_BUILD='$(abs_top_builddir)' $(top_srcdir)/tests/lab/test_bluetooth.py

# The capture program.
if HAVE_BLUEZ
bin_PROGRAMS += bin/aerie-cap-linux-bluetooth
endif
bin_aerie_cap_linux_bluetooth_SOURCES = datasources/linux_bluetooth/capture_bluetooth.c \
	datasources/linux_bluetooth/controller.c datasources/linux_bluetooth/controller.h \
	datasources/linux_bluetooth/options.c datasources/linux_bluetooth/options.h $(LINUX_BLUETOOTH_SCAN)
bin_aerie_cap_linux_bluetooth_CPPFLAGS = -I$(top_srcdir)/sdk/include -D_GNU_SOURCE -DAERIECAP_VERSION='"$(PACKAGE_VERSION)"'
bin_aerie_cap_linux_bluetooth_CFLAGS = $(AM_CFLAGS) $(BLUEZ_CFLAGS)
bin_aerie_cap_linux_bluetooth_LDFLAGS = $(CAPLD)
bin_aerie_cap_linux_bluetooth_LDADD = libaeriecap.la $(BLUEZ_LIBS)

# The driver module.
plugin_LTLIBRARIES += modules/linuxbluetooth.la
modules_linuxbluetooth_la_SOURCES = datasources/linux_bluetooth/linuxbluetooth.c
modules_linuxbluetooth_la_CPPFLAGS = $(MODCPP)
modules_linuxbluetooth_la_CFLAGS = $(AM_CFLAGS)
modules_linuxbluetooth_la_LDFLAGS = $(MODLD)
modules_linuxbluetooth_la_LIBTOOLFLAGS = $(MODLT)

if HAVE_CRITERION
check_PROGRAMS += datasources/linux_bluetooth/tests/test_scan
TESTS += datasources/linux_bluetooth/tests/test_scan
datasources_linux_bluetooth_tests_test_scan_SOURCES = datasources/linux_bluetooth/tests/test_scan.c \
	datasources/linux_bluetooth/options.c datasources/linux_bluetooth/options.h $(LINUX_BLUETOOTH_SCAN)
datasources_linux_bluetooth_tests_test_scan_CFLAGS = $(UNIT_CFLAGS)
datasources_linux_bluetooth_tests_test_scan_LDFLAGS = $(CAPLD)
datasources_linux_bluetooth_tests_test_scan_LDADD = libaeriecap.la $(CRITERION_LIBS)
endif
