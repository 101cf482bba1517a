# SPDX-License-Identifier: MIT
# One folder, one plugin, one line.
include $(top_srcdir)/plugins/manuf/local.mk
include $(top_srcdir)/plugins/phy80211/local.mk
# A folder's local.mk looks like this:
#   plugin_LTLIBRARIES += modules/NAME.la
#   modules_NAME_la_SOURCES = plugins/NAME/a.c ...
#   modules_NAME_la_CPPFLAGS = $(MODCPP)
#   modules_NAME_la_CFLAGS = $(AM_CFLAGS)
#   modules_NAME_la_LDFLAGS = $(MODLD)
#   modules_NAME_la_LIBTOOLFLAGS = $(MODLT)
