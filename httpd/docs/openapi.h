/* SPDX-License-Identifier: MIT */
/* The OpenAPI document under construction. */
#ifndef DOCS_OPENAPI_H
#define DOCS_OPENAPI_H

#include "docs.h"
#include "tree.h"

struct openapi {
	const struct docs *d;
	struct tree tree;
	json_t *root, *paths, *schemas, *websockets; /* parts of root */
	json_t *work; /* what is looked up while the document is made; the next are parts of it */
	json_t *formats; /* suffix -> content type, of the loaded serializers */
	json_t *shapes;	 /* a path without the names of its parameters -> the path as it stands in paths */
	json_t *claimed; /* "1/path.suffix": method and path of routes that name their suffixes */
	json_t *ids;	 /* operationIds that are taken */
	json_t *holds;	 /* name of a field -> name of the record type of what it holds */
	json_t *extended; /* name of a record type -> names of those that begin with its members and have more */
	json_t *series, *series_minute, *selection; /* references to their schemas */
	struct aerie_field_info *fields; /* in the order of ids */
	size_t n_fields, room_fields;
};

/* schemas.c. Values are new references, NULL when memory is out (remembered). */
void schemas_build(struct openapi *o); /* components of all record types, and of series */
json_t *schemas_of_param(struct openapi *o, const struct aerie_param *p); /* with its example */
json_t *schemas_of_params(struct openapi *o, const struct aerie_route *r, uint16_t in); /* a map; NULL: there is none */
json_t *schemas_of_result(struct openapi *o, const struct aerie_route *r, uint32_t method);
/* Keeps a schema, which it takes, as a component, and gives a reference to it. */
json_t *schemas_keep(struct openapi *o, const char *name, json_t *schema);

/* paths.c */
#define OPENAPI_METHODS 4u
#define NAMES_MAX 33u /* of a path: the host's 32 segments, and the format */
struct openapi_method {
	uint32_t bit; /* AERIE_HTTP_... */
	const char *name;
};
extern const struct openapi_method openapi_methods[OPENAPI_METHODS];
const char *paths_format_name(const struct aerie_route *r);
char *paths_text(struct openapi *o, const struct aerie_route *r, const char *suffix, int names);
size_t paths_split_names(char *text, const char *ret_names[NAMES_MAX]);
int paths_each_suffix(struct openapi *o, const struct aerie_route *r,
		      int (*fn)(struct openapi *o, const struct aerie_route *r, const char *suffix, const char *owner),
		      const char *owner);
int paths_claim(void *user, const struct aerie_route *r, const char *owner); /* for each_route, before the next */
int paths_serves(struct openapi *o, const struct aerie_route *r, const char *suffix, uint32_t bit);

/* operations.c */
int operations_add(void *user, const struct aerie_route *r, const char *owner); /* for each_route */

#endif
