# SPDX-License-Identifier: MIT
# aeried. Everything but main.c is a static library, so that unit tests link just what they test.
bin_PROGRAMS += bin/aeried
noinst_LIBRARIES += core/libcore.a
core_libcore_a_SOURCES = \
	core/core.h core/module.h core/module.c core/services.c \
	core/bus.h core/bus.c \
	core/config.h core/config_priv.h core/config.c core/config_file.c core/config_value.c core/config_known.c core/config_view.c \
	core/epoch.h core/epoch.c \
	core/loop.h core/loop.c \
	core/loader.h core/loader_priv.h core/loader.c core/loader_scan.c core/order.h core/order.c \
	core/descriptor.h core/descriptor.c core/probe.h core/probe.c \
	core/strings.h core/strings.c \
	core/heap.h core/heap.c \
	core/registry.h core/registry.c core/recdef.c core/describe.c core/types.c core/record.h core/record.c core/collections.c core/visit.h core/visit.c core/visit_series.c core/format.c \
	core/rrd.h core/rrd.c \
	core/devices.h core/store.h core/devices.c core/devfields.c core/devkeys.c core/track.c core/cursor.c core/forget.c \
	core/pipeline.h core/stages.h core/pipeline.c core/stages.c core/pipereg.c core/duplicates.h core/duplicates.c \
	core/link.h core/link.c core/link_tune.c \
	core/definition.h core/definition.c core/transport.h core/capproc.h core/capproc.c core/caplink.h core/caplink.c \
	core/channels.h core/channels.c core/announce.h core/announce.c core/remote.h core/remote.c core/remote_tcp.c core/remote_ws.c \
	core/sources.h core/source.h core/sources.c core/source_driver.c core/source_control.c core/source_tune.c core/source_list.c core/source_feed.c core/source_probe.c core/source_life.c core/source_record.c \
	core/router.h core/router.c core/write.c core/routes.h core/routes.c core/path.h core/path.c core/reply.h core/reply.c \
	core/wsroutes.h core/wsroutes.c core/value.h core/value.c core/command.h core/command.c \
	core/select.h core/select.c core/select_name.c core/select_path.c core/select_lookup.c core/select_look.c core/select_filter.c core/select_table.c core/select_play.c \
	core/recording.h core/recording.c \
	core/views.h core/views.c \
	core/streams.h core/streams.c
core_libcore_a_CPPFLAGS = $(AM_CPPFLAGS) -DDATADIR='"$(datadir)"'
core_libcore_a_CFLAGS = $(AM_CFLAGS) $(UV_CFLAGS) $(XXHASH_CFLAGS) $(MSGPACK_CFLAGS) $(JANSSON_CFLAGS) $(PCRE2_CFLAGS)
CORE_LIBS = core/libcore.a $(UV_LIBS) $(XXHASH_LIBS) $(MSGPACK_LIBS) $(JANSSON_LIBS) $(PCRE2_LIBS) -ldl -lpthread -lm
bin_aeried_SOURCES = core/main.c core/options.h core/options.c
bin_aeried_CFLAGS = $(AM_CFLAGS) $(UV_CFLAGS)
bin_aeried_LDADD = $(CORE_LIBS)
