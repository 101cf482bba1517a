/* SPDX-License-Identifier: MIT */
/* WebSocket routes: registration, and which route a request finds. The connections are a transport's. The service is
 * <aerie/websocket.h>. */
#ifndef CORE_WSROUTES_H
#define CORE_WSROUTES_H

#include <core/core.h>

extern const struct aerie_websocket websocket_service;

#endif
