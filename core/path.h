/* SPDX-License-Identifier: MIT */
/* Paths and queries of HTTP requests: splitting and percent-decoding (RFC 3986 2.1, 3.3, 3.4), with limits. */
#ifndef CORE_PATH_H
#define CORE_PATH_H

#include <stddef.h>
#include <stdint.h>

#define PATH_OCTETS 4096u  /* of a path as sent; longer: 414 */
#define PATH_SEGMENTS 32u  /* of a path; more: 400 */
#define QUERY_OCTETS 16384u /* of a query as sent; longer: 414 */
#define QUERY_VARIABLES 256u /* of a query; more: 400 */

struct path {
	uint32_t n;
	char *seg[PATH_SEGMENTS]; /* decoded; runs of '/' count as one, one at the end as none */
};

struct query {
	uint32_t n;
	struct query_variable {
		const char *name, *value; /* decoded */
	} *var;
};

/* Splits and decodes text in place. -EINVAL: does not begin with '/', a malformed escape, a NUL, too many segments. */
int path_split(char *text, struct path *ret_path);
/* Splits and decodes text in place; var is allocated (free it), NULL when there is none. -EINVAL as above, -ENOMEM. */
int query_split(char *text, struct query *ret_query);
/* Decodes in place, '+' as a space when plus is set; the new length, or -EINVAL. */
int percent_decode(char *text, size_t len, int plus);
/* Where the suffix of a last segment begins: the octet after its last '.', or NULL when it has none. */
const char *path_suffix(const char *segment);

#endif
