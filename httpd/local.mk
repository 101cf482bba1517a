# SPDX-License-Identifier: MIT
EXTRA_DIST += httpd/README.md
include $(top_srcdir)/httpd/endpoints/local.mk
include $(top_srcdir)/httpd/docs/local.mk
include $(top_srcdir)/httpd/live/local.mk
include $(top_srcdir)/httpd/server/local.mk
include $(top_srcdir)/httpd/serializers/json/local.mk
include $(top_srcdir)/httpd/serializers/msgpack/local.mk
