/* SPDX-License-Identifier: MIT */
/* A JSON document under construction (jansson). Texts of strangers' modules become UTF-8; running out of memory is
 * remembered, so that it is asked for once, at the end. */
#ifndef DOCS_TREE_H
#define DOCS_TREE_H

#include <jansson.h>

struct tree {
	int err; /* -ENOMEM */
};

/* Octets that are no UTF-8 become U+FFFD. NULL when memory is out. */
json_t *tree_text(const char *text);
/* Puts value under key, or at the end, and takes it; NULL is a failure that was remembered by its maker or is
 * remembered now. */
void tree_put(struct tree *t, json_t *object, const char *key, json_t *value);
void tree_add(struct tree *t, json_t *array, json_t *value);
void tree_put_text(struct tree *t, json_t *object, const char *key, const char *text);
void tree_add_text(struct tree *t, json_t *array, const char *text);
/* A new object or array there, which stays valid with its parent; NULL when memory is out, which all functions here
 * accept. */
json_t *tree_object(struct tree *t, json_t *object, const char *key);
json_t *tree_array(struct tree *t, json_t *object, const char *key);
/* A value from JSON text of our own. */
json_t *tree_parse(struct tree *t, const char *json);

#endif
