# SPDX-License-Identifier: MIT
aerieincludedir = $(includedir)/aerie
aerieinclude_HEADERS = \
	sdk/include/aerie/abi.h sdk/include/aerie/aerie.h sdk/include/aerie/base64.h sdk/include/aerie/bus.h sdk/include/aerie/config.h \
	sdk/include/aerie/cursor.h sdk/include/aerie/devices.h sdk/include/aerie/fields.h sdk/include/aerie/http.h \
	sdk/include/aerie/loop.h sdk/include/aerie/manuf.h sdk/include/aerie/msgpack.h sdk/include/aerie/packets.h sdk/include/aerie/phy.h \
	sdk/include/aerie/plugin.h sdk/include/aerie/plugins.h sdk/include/aerie/select.h sdk/include/aerie/serializer.h \
	sdk/include/aerie/source.h sdk/include/aerie/stream.h sdk/include/aerie/system.h sdk/include/aerie/types.h sdk/include/aerie/utf8.h sdk/include/aerie/views.h \
	sdk/include/aerie/visitor.h sdk/include/aerie/websocket.h
pkgconfigdir = $(libdir)/pkgconfig
pkgconfig_DATA = sdk/aerie.pc

include $(top_srcdir)/sdk/capframework/local.mk
