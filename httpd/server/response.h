/* SPDX-License-Identifier: MIT */
/* What every answer has: its headers. */
#ifndef SERVER_RESPONSE_H
#define SERVER_RESPONSE_H

#include "exchange.h"

#define ERROR_TYPE "text/plain; charset=utf-8"

/* Puts a header into x->response; a NULL value is left out. */
void response_header(struct exchange *x, const char *name, const char *value);
void response_drop(struct exchange *x, const char *name);
/* The rest of what every answer has; the last step of each. cached: a file, whose validators were put already. */
void response_finish(struct exchange *x, unsigned status, bool cached);
/* Answers with a constant text. */
void response_text(struct exchange *x, unsigned status, const char *content_type, const char *text);
/* Refuses: text is "ERROR: ...\n". The connection is closed. */
void response_refuse(struct exchange *x, unsigned status, const char *text);
/* Answers with x->out, whose source is set; length: its own, or -1. 0, -ENOMEM, or the error that the
 * body began with. */
int response_body(struct exchange *x, const char *content_type, int64_t length, bool may_compress, bool *ret_compressed);

#endif
