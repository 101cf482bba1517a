/* SPDX-License-Identifier: MIT */
/* What a request's header looked like before libmicrohttpd took it apart. */
#ifndef SERVER_LAYOUT_H
#define SERVER_LAYOUT_H

#include "exchange.h"

/* Does each line end with CRLF, with no NUL in it, does none continue the one before, and do the headers end with an empty line? Asked while
 * the connection's header is there and x has its method and version. */
bool layout_is_plain(const struct exchange *x);

#endif
