/* SPDX-License-Identifier: MIT */
/* Reverse proxies: what one that we trust says about its client, and the prefix that our paths have behind it. */
#ifndef SERVER_PROXY_H
#define SERVER_PROXY_H

#include "exchange.h"

/* httpd_trusted_proxy and httpd_uri_prefix. On failure the reason was given to host->fail(). */
int proxy_configure(struct server *s, const struct aerie_config *c);
void proxy_unload(struct server *s);
/* Connections of these are not limited per address. */
bool proxy_trusts(const struct server *s, const struct sockaddr *a);
/* Sets peer, the jobs' client, secure and the header Host, and takes the prefix off path. False: the path does not have it. */
bool proxy_apply(struct exchange *x);

#endif
