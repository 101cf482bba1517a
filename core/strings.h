/* SPDX-License-Identifier: MIT */
/* Interned text: each distinct text is stored once, reference-counted, safe from any thread. */
#ifndef CORE_STRINGS_H
#define CORE_STRINGS_H

#include <core/core.h>

struct strings *strings_new(void);
void strings_free(struct strings *t); /* all texts must have been released */
/* The text, with one more reference for the caller; NULL when memory is out. */
const struct aerie_str *strings_get(struct strings *t, const char *text, uint32_t len);
const struct aerie_str *strings_ref(const struct aerie_str *s);
void strings_put(const struct aerie_str *s); /* NULL is fine */
uint64_t strings_count(const struct strings *t);
uint32_t strings_longest(const struct strings *t); /* texts in the fullest bucket: for tests, without a lock */

#endif
