/* SPDX-License-Identifier: MIT */
/* Files: what lies in httpd_user_home and httpd_home, and the web content of plugins under /plugin/NAME/. */
#ifndef SERVER_STATIC_H
#define SERVER_STATIC_H

#include "exchange.h"

/* Answers a GET or HEAD with a file, a redirection to a folder, or httpd_redirect_unknown. False: there is nothing. */
bool static_answer(struct exchange *x, const struct aerie_http_request *req);
bool static_exists(struct exchange *x, const struct aerie_http_request *req);

#endif
