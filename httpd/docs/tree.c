/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <aerie/utf8.h>

#include "tree.h"

/* Each ill-formed part of text as U+FFFD: three octets for one at most. */
static char *repaired(const char *text)
{
	size_t n = strlen(text), i = 0;
	char *copy = malloc(3 * n + 1), *p = copy;

	while (copy && i < n) {
		int len = aerie_utf8_next((const uint8_t *)text + i, n - i);

		if (len > 0) {
			memcpy(p, text + i, (size_t)len);
			p += len;
			i += (size_t)len;
		} else {
			memcpy(p, AERIE_UTF8_REPLACEMENT, 3);
			p += 3;
			i += (size_t)-len;
		}
	}
	if (copy)
		*p = '\0';
	return copy;
}

json_t *tree_text(const char *text)
{
	json_t *value = json_string(text ? text : "");
	char *copy;

	if (value)
		return value;
	copy = repaired(text);
	value = copy ? json_string(copy) : NULL;
	free(copy);
	return value;
}

void tree_put(struct tree *t, json_t *object, const char *key, json_t *value)
{
	json_t *name;

	if (!object || !value) {
		json_decref(value);
		t->err = -ENOMEM;
		return;
	}
	name = tree_text(key); /* as JSON would have it */
	if (!name || json_object_set_new(object, json_string_value(name), value))
		t->err = -ENOMEM;
	if (!name)
		json_decref(value);
	json_decref(name);
}

void tree_add(struct tree *t, json_t *array, json_t *value)
{
	if (!array)
		json_decref(value);
	if (!array || json_array_append_new(array, value))
		t->err = -ENOMEM;
}

void tree_put_text(struct tree *t, json_t *object, const char *key, const char *text)
{
	tree_put(t, object, key, tree_text(text));
}

void tree_add_text(struct tree *t, json_t *array, const char *text)
{
	tree_add(t, array, tree_text(text));
}

json_t *tree_object(struct tree *t, json_t *object, const char *key)
{
	json_t *value = json_object();

	tree_put(t, object, key, value);
	return t->err ? NULL : value;
}

json_t *tree_array(struct tree *t, json_t *object, const char *key)
{
	json_t *value = json_array();

	tree_put(t, object, key, value);
	return t->err ? NULL : value;
}

json_t *tree_parse(struct tree *t, const char *json)
{
	json_t *value = json_loads(json, JSON_DECODE_ANY, NULL);

	if (!value)
		t->err = -ENOMEM;
	return value;
}
