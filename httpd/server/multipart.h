/* SPDX-License-Identifier: MIT */
/* Forms of type multipart/form-data (RFC 7578), as a browser's FormData and curl -F send them. libmicrohttpd takes them apart; the
 * router gets them as the other kind of form, so that it reads one kind only. */
#ifndef SERVER_MULTIPART_H
#define SERVER_MULTIPART_H

#include "exchange.h"

/* Exchanges the body for application/x-www-form-urlencoded when it is such a form. A part that is a file is a variable with the file's content.
 * 0, or the status of the refusal (400, 413, 503) and its text. */
unsigned multipart_to_form(struct exchange *x, const char **ret_text);

#endif
