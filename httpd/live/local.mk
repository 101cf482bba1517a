# SPDX-License-Identifier: MIT
plugin_LTLIBRARIES += modules/live.la
modules_live_la_SOURCES = httpd/live/live.c httpd/live/live.h httpd/live/ask.c httpd/live/ask.h httpd/live/hub.c httpd/live/content.c \
	httpd/live/client.c httpd/live/events.c httpd/live/monitor.c httpd/live/queue.c httpd/live/queue.h httpd/live/seen.c httpd/live/seen.h \
	httpd/live/worker.c
modules_live_la_CPPFLAGS = $(MODCPP)
modules_live_la_CFLAGS = $(AM_CFLAGS)
modules_live_la_LDFLAGS = $(MODLD)
modules_live_la_LIBADD = -lpthread
modules_live_la_LIBTOOLFLAGS = $(MODLT)
EXTRA_DIST += httpd/live/README.md
