/* SPDX-License-Identifier: MIT */
/* Sessions: tokens that stand for a login until nobody has used them for a while. In memory only: they end with the server. */
#ifndef SERVER_SESSIONS_H
#define SERVER_SESSIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "credentials.h"
#include "throttle.h"

#define SESSIONS_MAX 256u         /* in all */
#define SESSIONS_PER_LOGIN 64u    /* of more, the one that was unused longest ends */
#define SESSION_TOKEN_OCTETS 33u  /* 128 bits in hexadecimal, with NUL */

struct sessions;

struct sessions *sessions_new(uint64_t timeout_s); /* NULL: out of memory */
void sessions_free(struct sessions *s);
/* Whose session is this? It has been used then. -ENOENT: nobody's. */
int sessions_use(struct sessions *s, const char *token, uint64_t now_s, char ret_login[CREDENTIAL_OCTETS]);
/* The session of this login from this address: the one that it has, or a new one. A program that sends its password with every
 * request so has one session. `generation` was asked for before the password was looked at; -ESTALE: all sessions have ended since,
 * so that may have been an old password. */
int sessions_open(struct sessions *s, uint64_t generation, const char *login, const struct throttle_peer *peer, uint64_t now_s,
		  char ret_token[SESSION_TOKEN_OCTETS]);
uint64_t sessions_generation(struct sessions *s);
/* Ends all, and begins another generation. */
void sessions_end(struct sessions *s);
unsigned sessions_count(struct sessions *s, uint64_t now_s);

#endif
