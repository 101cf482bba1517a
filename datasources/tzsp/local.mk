# SPDX-License-Identifier: MIT
bin_PROGRAMS += bin/aerie-cap-tzsp
bin_aerie_cap_tzsp_SOURCES = datasources/tzsp/capture_tzsp.c datasources/tzsp/tzsp.c datasources/tzsp/tzsp.h
bin_aerie_cap_tzsp_CPPFLAGS = -I$(top_srcdir)/sdk/include -D_GNU_SOURCE -DAERIECAP_VERSION='"$(PACKAGE_VERSION)"'
bin_aerie_cap_tzsp_CFLAGS = $(AM_CFLAGS)
bin_aerie_cap_tzsp_LDFLAGS = $(CAPLD)
bin_aerie_cap_tzsp_LDADD = libaeriecap.la

plugin_LTLIBRARIES += modules/tzsp.la
modules_tzsp_la_SOURCES = datasources/tzsp/driver.c
modules_tzsp_la_CPPFLAGS = $(MODCPP)
modules_tzsp_la_CFLAGS = $(AM_CFLAGS)
modules_tzsp_la_LDFLAGS = $(MODLD)
modules_tzsp_la_LIBTOOLFLAGS = $(MODLT)
EXTRA_DIST += datasources/tzsp/README.md
