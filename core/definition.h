/* SPDX-License-Identifier: MIT */
/* Source definitions: interface[:option=value,option="quoted, value",...].
 *
 * The interface ends at the first ':', unless a file is named by the whole text or by what lies before a later ':': then
 * the longest such name is the interface, so that files with ':' in their names can be opened. A quoted value reaches to the
 * next '"' and has no escapes. Option names are compared without regard to case. */
#ifndef CORE_DEFINITION_H
#define CORE_DEFINITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <aerie/plugin.h>

#define DEFINITION_MAX 4096u   /* octets of the whole text: what a PROBEREQ may carry */
#define DEFINITION_OPTIONS 64u /* options of one definition */
#define DEFINITION_ERROR 512u  /* room for an error text */

struct definition_option {
	char *name, *value;
};

struct definition {
	char *text; /* as given */
	char *interface;
	struct definition_option *options;
	uint32_t n_options;
	char *parts; /* what the others point into */
};

/* is_file: whether a path names a file; NULL asks the file system. error has room for DEFINITION_ERROR octets.
 * -EINVAL with an error text, -ENOMEM. */
int definition_parse(const char *text, bool (*is_file)(const char *path), struct definition **ret, char *error);
void definition_free(struct definition *d);

/* The value of an option, or NULL. */
const char *definition_get(const struct definition *d, const char *name);
/* The value of a boolean option; dflt when it is not given. Call after definition_check(). */
bool definition_bool(const struct definition *d, const char *name, bool dflt);

/* Checks that every option is in one of the tables (each ends with a NULL name), and its value of the right type and
 * range. -EINVAL with an error text that names the nearest option. */
int definition_check(const struct definition *d, const struct aerie_option *const *tables, size_t n_tables, char *error);
/* The same for options of one table; others are somebody else's. */
int definition_check_known(const struct definition *d, const struct aerie_option *table, char *error);

#endif
