/* SPDX-License-Identifier: MIT */
/* The server's certificate and key. */
#ifndef SERVER_TLS_H
#define SERVER_TLS_H

#include "server.h"

#define TLS_FILE_OCTETS (256u * 1024u)
#define TLS_PRIORITIES "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

/* Reads and checks the two PEM files into s->cert and s->key. On failure the reason was given to host->fail(). */
int tls_load(struct server *s, const char *cert_path, const char *key_path);
void tls_unload(struct server *s);

#endif
