/* SPDX-License-Identifier: MIT */
/* Everything a module may include, in one header. Since ABI 1.0. */
#ifndef AERIE_AERIE_H
#define AERIE_AERIE_H

#include <aerie/abi.h>
#include <aerie/base64.h>
#include <aerie/bus.h>
#include <aerie/config.h>
#include <aerie/cursor.h>
#include <aerie/devices.h>
#include <aerie/fields.h>
#include <aerie/http.h>
#include <aerie/loop.h>
#include <aerie/manuf.h>
#include <aerie/msgpack.h>
#include <aerie/packets.h>
#include <aerie/phy.h>
#include <aerie/plugin.h>
#include <aerie/plugins.h>
#include <aerie/select.h>
#include <aerie/serializer.h>
#include <aerie/source.h>
#include <aerie/stream.h>
#include <aerie/system.h>
#include <aerie/types.h>
#include <aerie/utf8.h>
#include <aerie/views.h>
#include <aerie/visitor.h>
#include <aerie/websocket.h>

#endif
