# SPDX-License-Identifier: MIT
include $(top_srcdir)/datasources/pcapfile/local.mk
include $(top_srcdir)/datasources/passive/local.mk
include $(top_srcdir)/datasources/linux_wifi/local.mk
include $(top_srcdir)/datasources/tzsp/local.mk
include $(top_srcdir)/datasources/linux_bluetooth/local.mk
