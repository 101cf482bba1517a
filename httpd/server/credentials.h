/* SPDX-License-Identifier: MIT */
/* The texts in which a request brings a login: Cookie (RFC 6265), Authorization (RFC 7617), and variables of the query. Text in, text
 * out: knows neither connections nor logins. */
#ifndef SERVER_CREDENTIALS_H
#define SERVER_CREDENTIALS_H

#include <stddef.h>

#define CREDENTIAL_OCTETS 256u /* of a user's name or a password, with NUL */
#define TOKEN_OCTETS 129u      /* of a token that somebody sends, with NUL */
#define TOKENS_MAX 4u          /* cookies of our name that are looked at: other paths and ports of this host have theirs */

/* The i-th cookie KISMET of a Cookie header whose value could be a token. -ENOENT: there is none. */
int credentials_cookie(const char *header, unsigned i, char ret_token[TOKEN_OCTETS]);
/* User and password of a value of Authorization. -ENOENT: another scheme; -EINVAL: malformed, one of the two is empty or too long, or
 * has control characters. */
int credentials_basic(const char *header, char ret_user[CREDENTIAL_OCTETS], char ret_password[CREDENTIAL_OCTETS]);
/* The first variable of that name of a query as sent, percent-decoded, into room octets. -ENOENT; -EINVAL: malformed, or too long. */
int credentials_query(const char *query, const char *name, char *dst, size_t room);
/* Can this be a token, by length and letters? */
int credentials_is_token(const char *text);

#endif
