# SPDX-License-Identifier: MIT
plugin_LTLIBRARIES += modules/passive.la
modules_passive_la_SOURCES = datasources/passive/passive.c
modules_passive_la_CPPFLAGS = $(MODCPP)
modules_passive_la_CFLAGS = $(AM_CFLAGS)
modules_passive_la_LDFLAGS = $(MODLD)
modules_passive_la_LIBTOOLFLAGS = $(MODLT)
EXTRA_DIST += datasources/passive/README.md
