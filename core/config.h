/* SPDX-License-Identifier: MIT */
/* Configuration: files of key=value with includes, -s overrides, declared keys, and a module's view of its options. */
#ifndef CORE_CONFIG_H
#define CORE_CONFIG_H

#include <stdbool.h>

#include <core/core.h>

struct config *config_new(void);
void config_free(struct config *c);

/* Reads a file and what it includes. Errors (file and line, cause, remedy) are kept as text: config_error(). 0, or -EINVAL when
 * there was one. */
int config_read_file(struct config *c, const char *path);
/* The same from memory, for tests; path is what messages call it. Includes are not followed. */
int config_read_text(struct config *c, const char *path, const char *text, size_t len);
/* The i-th error of reading, or NULL. */
const char *config_error(const struct config *c, uint32_t i);
/* "key=value" of the command line; replaces all values that files gave to the key (for repeated ones: the first override does). */
int config_override(struct config *c, const char *key_value);
void config_set_home(struct config *c, const char *dir);
const char *config_home(const struct config *c);

/* Declares the options of an owner ("core", a module's id). -EINVAL with a text for a malformed table; -EEXIST when another owner
 * has the key with another type. */
int config_declare(struct config *c, const char *owner, const struct aerie_option *options, const char **ret_error);
/* Checks every key that files and overrides set: declared and of the right type and range, or a known key of the
 * ecosystem (a warning), or an error that names the nearest declared key. Calls report for each; 0 or -EINVAL. */
/* Afterwards an unknown key is a warning: it may belong to a module that was not looked at. */
void config_tolerate_unknown(struct config *c);
int config_check(struct config *c, void (*report)(void *user, bool is_error, const char *text), void *user);
/* Checks only what the options of one owner need: required ones present, values valid. */
int config_check_owner(struct config *c, const char *owner, const char **ret_error);

/* A module's view: handed to its configure(). Valid as long as c. */
const struct aerie_config *config_view(struct config *c, struct module *m);
/* Did the module read an option that it had not declared, or in another type? Its configure() has failed then, whatever it says. */
bool config_view_misused(const struct aerie_config *view);

/* The core's own reads; the key must be declared. NULL / dflt when unset. */
const char *config_str(const struct config *c, const char *key);
int64_t config_int(const struct config *c, const char *key, int64_t dflt);
bool config_bool(const struct config *c, const char *key, bool dflt);
uint64_t config_duration_us(const struct config *c, const char *key, uint64_t dflt);
uint32_t config_count(const struct config *c, const char *key);
const char *config_nth(const struct config *c, const char *key, uint32_t i);

extern const struct aerie_config_service config_service;

#endif
