/* SPDX-License-Identifier: MIT */
/* What the files of the configuration share: values as they were set, options as they were declared. */
#ifndef CORE_CONFIG_PRIV_H
#define CORE_CONFIG_PRIV_H

#include <core/config.h>

#define CONFIG_FILE_MAX (1024u * 1024u) /* octets of a file */
#define CONFIG_LINE_MAX 8192u           /* octets of a line */
#define CONFIG_DEPTH_MAX 16u            /* files including files */
#define CONFIG_FILES_MAX 256u           /* files in all */
#define CONFIG_VALUES_MAX 10000u        /* values in all */
#define CONFIG_KEY_MAX 64u              /* octets of a key */
#define CONFIG_ERRORS_MAX 100u          /* errors kept; the rest is counted */
#define CONFIG_OPTIONS_MAX 256u         /* rows of one table of options */
#define CONFIG_OPTION_SIZE_MAX 1024u    /* octets of a row, as newer modules may have longer ones */

struct config_value {
	struct config_value *next;
	char *key;     /* lower case */
	char *raw;     /* as written */
	char *text;    /* with %h, %E, %S, %B replaced */
	char *where;   /* "/etc/aerie/aerie.conf:12", "-s" */
	unsigned root; /* which file of the command line or default it came through; 0: -s */
};

struct config_option {
	struct config_option *next;
	char *key, *owner, *dflt, *range;
	uint32_t type, flags;
};

struct config {
	char *home;
	struct config_value *values, **last_value;
	uint32_t n_values;
	struct config_option *options, **last_option;
	struct aerie_config *views;
	char **errors;
	uint32_t n_errors;
	char *table_error; /* what config_declare() or config_check_owner() said last */
	bool tolerate_unknown;
	/* reading */
	unsigned roots, files;
	bool no_includes;
	char *root_dir;   /* %E */
	char **overrides; /* opt_override= files of this root, read last */
	uint32_t n_overrides;
};

/* config.c */
void config_complain(struct config *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int config_add_value(struct config *c, const char *key, const char *raw, const char *where, unsigned root);
void config_drop_values(struct config *c, const char *key);
const struct config_option *config_option_of(const struct config *c, const char *owner, const char *key); /* owner NULL: any */
const char *config_text_of(const struct config_option *o, const struct config_value *v);
uint32_t config_count_of(const struct config *c, const struct config_option *o);
const char *config_nth_of(const struct config *c, const struct config_option *o, uint32_t i); /* NULL: there are fewer */
const char *config_last_of(const struct config *c, const struct config_option *o); /* NULL: neither set nor default */

/* config_view.c */
void config_views_free(struct config *c);

/* config_file.c */
char *config_expand(const struct config *c, const char *text); /* NULL when memory is out */
bool config_key_ok(const char *key, size_t len);

/* config_value.c: text forms of values. Each 0 or -EINVAL / -ERANGE. */
int config_parse_int(const char *text, int64_t *ret_value);
int config_parse_bool(const char *text, uint8_t *ret_value);
int config_parse_duration(const char *text, uint64_t *ret_us);
int config_parse_size(const char *text, uint64_t *ret_bytes);
/* Is text a value of this type and range? 0, or -EINVAL and what was expected, in words (room octets at expected). */
int config_check_text(uint32_t type, const char *range, const char *text, char *expected, size_t room);
/* Is range well-formed for the type? */
bool config_range_ok(uint32_t type, const char *range);
const char *config_type_word(uint32_t type); /* NULL for a type that does not exist */

/* config_known.c */
bool config_key_of_ecosystem(const char *key);
/* How many letters are wrong, missing, too many, or have changed places with their neighbour; without regard to case. */
unsigned config_distance(const char *a, const char *b);
/* The same, or UINT_MAX when that is more than a third of the longer one's letters: then it is no misspelling of it. */
unsigned config_nearness(const char *given, const char *known_name);

#endif
