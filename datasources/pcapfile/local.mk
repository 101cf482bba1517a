# SPDX-License-Identifier: MIT

# The capture program: shares nothing with the driver but the protocol.
bin_PROGRAMS += bin/aerie-cap-pcapfile
bin_aerie_cap_pcapfile_SOURCES = datasources/pcapfile/capture_pcapfile.c datasources/pcapfile/capture_file.c \
	datasources/pcapfile/capture_file.h
bin_aerie_cap_pcapfile_CPPFLAGS = -I$(top_srcdir)/sdk/include -D_GNU_SOURCE -DAERIECAP_VERSION='"$(PACKAGE_VERSION)"'
bin_aerie_cap_pcapfile_CFLAGS = $(AM_CFLAGS) $(PCAP_CFLAGS) $(ZLIB_CFLAGS)
bin_aerie_cap_pcapfile_LDFLAGS = $(CAPLD)
bin_aerie_cap_pcapfile_LDADD = libaeriecap.la $(PCAP_LIBS) $(ZLIB_LIBS)

# The driver module.
plugin_LTLIBRARIES += modules/pcapfile.la
modules_pcapfile_la_SOURCES = datasources/pcapfile/pcapfile.c
modules_pcapfile_la_CPPFLAGS = $(MODCPP)
modules_pcapfile_la_CFLAGS = $(AM_CFLAGS)
modules_pcapfile_la_LDFLAGS = $(MODLD)
modules_pcapfile_la_LIBTOOLFLAGS = $(MODLT)
EXTRA_DIST += datasources/pcapfile/README.md
