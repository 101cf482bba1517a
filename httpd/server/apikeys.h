/* SPDX-License-Identifier: MIT */
/* API keys: named tokens with a role, for programs. They lie in a file, each as the digest of its token. */
#ifndef SERVER_APIKEYS_H
#define SERVER_APIKEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define APIKEYS_MAX 256u
#define APIKEY_NAME_OCTETS 65u
#define APIKEY_ROLE_OCTETS 33u
#define APIKEY_TOKEN_OCTETS 33u /* 128 bits in hexadecimal, with NUL */
#define APIKEY_DIGEST 32u
#define APIKEY_DURATION_MAX_S UINT64_C(3153600000) /* 100 years */

struct apikey {
	char name[APIKEY_NAME_OCTETS];
	char role[APIKEY_ROLE_OCTETS];
	char token[APIKEY_TOKEN_OCTETS]; /* "" unless tokens are kept */
	uint8_t digest[APIKEY_DIGEST];
	uint64_t created_s, accessed_s, expires_s; /* since 1970; 0: never */
};

struct apikeys;

/* Reads the file, if there is one. With `keep` tokens are kept as they are. A file that makes no sense is set aside, and ret_damaged
 * says where it went and why ("" otherwise). -EPERM: others may read or write the file; other negative errno of reading it. */
int apikeys_new(const char *path, bool keep, char *ret_damaged, size_t room, struct apikeys **ret_keys);
/* Writes what is new about the use of keys, and frees. */
void apikeys_free(struct apikeys *k);

bool apikey_name_valid(const char *name); /* 1 to 64 octets without control characters */
bool apikey_role_valid(const char *role); /* [A-Za-z0-9_-]{1,32}, and not "any" */

/* The key with this token; it has been used then. -ENOENT: there is none, or it has expired. */
int apikeys_use(struct apikeys *k, const char *token, uint64_t now_s, char ret_name[APIKEY_NAME_OCTETS],
		char ret_role[APIKEY_ROLE_OCTETS]);
/* A new one, valid for duration_s, or for ever with 0. -EALREADY: the name is taken; -EUSERS: APIKEYS_MAX are there; or why the
 * file could not be written. */
int apikeys_add(struct apikeys *k, const char *name, const char *role, uint64_t duration_s, uint64_t now_s,
		char ret_token[APIKEY_TOKEN_OCTETS]);
/* -ENOKEY: there is none; or why the file could not be written: then the key is still valid. */
int apikeys_revoke(struct apikeys *k, const char *name, uint64_t now_s);
/* A copy of those that are valid, in the order of their making; freed by the caller. */
int apikeys_copy(struct apikeys *k, uint64_t now_s, struct apikey **ret_keys, uint32_t *ret_n);

#endif
