/* SPDX-License-Identifier: MIT */
/* "aerie.config/1": a module reads the options that it declared. Since ABI 1.0. */
#ifndef AERIE_CONFIG_H
#define AERIE_CONFIG_H

#include <aerie/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

#define AERIE_CONFIG_SERVICE "aerie.config/1"

/* All functions: [main, inside configure()]. name is an option of the module's own table; another name is
 * -ENOKEY and a fatal mistake of the module, told by name. An option without value and default is -ENODATA. The
 * host has checked type and range before configure() runs. Returned text is valid until unload(). */
struct aerie_config_service {
	uint32_t size;
	uint32_t reserved;
	int (*get_str)(const struct aerie_config *c, const char *name, const char **ret_text);
	int (*get_int)(const struct aerie_config *c, const char *name, int64_t *ret_value);
	int (*get_bool)(const struct aerie_config *c, const char *name, uint8_t *ret_value);
	int (*get_duration)(const struct aerie_config *c, const char *name, uint64_t *ret_us); /* microseconds */
	int (*get_size)(const struct aerie_config *c, const char *name, uint64_t *ret_bytes);
	/* Values of an AERIE_OPT_REPEATED option: how many, and the text of the i-th. */
	int (*count)(const struct aerie_config *c, const char *name, uint32_t *ret_count);
	int (*get_nth)(const struct aerie_config *c, const char *name, uint32_t i, const char **ret_text);
	/* The directory of the user's state (--home), absolute. */
	const char *(*home)(const struct aerie_config *c);
};

#ifdef __cplusplus
}
#endif
#endif
