/* SPDX-License-Identifier: MIT */
/* Values of commands: JSON and msgpack from a client become one representation, jansson's, with limits. Behind the opaque
 * struct aerie_value of <aerie/http.h> is a json_t. */
#ifndef CORE_VALUE_H
#define CORE_VALUE_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include <aerie/http.h>

#define VALUE_OCTETS (16u * 1024u * 1024u) /* of a text that value_parse() reads, at most */
#define VALUE_DEPTH 32u        /* maps and lists within one another, at most */
#define VALUE_ELEMENTS 100000u /* values in one command, at most */
#define VALUE_KEY 256u         /* octets of a key in msgpack, at most */
#define VALUE_KEYS 4096u       /* keys of one map, at most: value_key() counts its way */

/* Makes jansson's allocations, in all of the process, such that value_from_json() tells those that fail from malformed text. To be
 * called before there are threads. */
void value_note_memory(void);
/* -EBADMSG with a reason for people that fits room; -ENOMEM. */
int value_from_json(const char *text, size_t len, json_t **ret, char *why, size_t room);
int value_from_msgpack(const uint8_t *data, size_t len, json_t **ret, char *why, size_t room);

/* "a map", "a list", ...: for messages. */
const char *value_kind_name(const json_t *v);

/* Members of struct aerie_http. */
uint32_t value_kind(const struct aerie_value *v);
const struct aerie_value *value_get(const struct aerie_value *map, const char *key);
const struct aerie_value *value_at(const struct aerie_value *list, uint32_t i);
uint32_t value_count(const struct aerie_value *v);
const char *value_str(const struct aerie_value *v, uint32_t *ret_len);
int64_t value_int(const struct aerie_value *v, int64_t dflt);
double value_real(const struct aerie_value *v, double dflt);
int value_parse(const char *json, uint64_t len, const struct aerie_value **ret_value, char *ret_why, uint32_t room);
void value_free(const struct aerie_value *v);
const char *value_key(const struct aerie_value *map, uint32_t i);

#endif
