# SPDX-License-Identifier: MIT
plugin_LTLIBRARIES += modules/json.la
modules_json_la_SOURCES = httpd/serializers/json/json.c \
	httpd/serializers/json/pretty.c httpd/serializers/json/writer.c httpd/serializers/json/writer.h \
	httpd/serializers/json/number.c httpd/serializers/json/number.h
modules_json_la_CPPFLAGS = $(MODCPP)
modules_json_la_CFLAGS = $(AM_CFLAGS)
modules_json_la_LDFLAGS = $(MODLD)
modules_json_la_LIBADD = -lm
modules_json_la_LIBTOOLFLAGS = $(MODLT)
EXTRA_DIST += httpd/serializers/json/README.md
