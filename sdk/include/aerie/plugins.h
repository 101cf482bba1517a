/* SPDX-License-Identifier: MIT */
/* "aerie.plugins/1": which modules are there, and which were refused and why. Since ABI 1.0. */
#ifndef AERIE_PLUGINS_H
#define AERIE_PLUGINS_H

#include <aerie/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

#define AERIE_PLUGINS_SERVICE "aerie.plugins/1"

#define AERIE_PLUGIN_RUNNING 1u
#define AERIE_PLUGIN_FAILED 2u      /* load, configure or start failed, or a requirement is missing */
#define AERIE_PLUGIN_REFUSED 3u     /* the file or its descriptor is not acceptable */
#define AERIE_PLUGIN_QUARANTINED 4u /* it crashed or hung while probed */
#define AERIE_PLUGIN_DISABLED 5u    /* by --no-plugin, --safe-mode or configuration */

struct aerie_plugin_info {
	uint32_t size;
	uint32_t state; /* AERIE_PLUGIN_... */
	const char *id; /* or the file's name when the descriptor could not be read */
	const char *version, *summary, *license, *url; /* "" when unknown */
	const char *path;   /* the file */
	const char *reason; /* why it does not run, and what to do; "" when it runs */
};

struct aerie_plugins {
	uint32_t size;
	uint32_t reserved;
	/* [any] Every module found, until fn returns other than 0. */
	int (*each)(const struct aerie_host *h, int (*fn)(void *user, const struct aerie_plugin_info *info), void *user);
	/* [any] Facts about the host. */
	const char *(*host_version)(const struct aerie_host *h);
	const char *(*server_uuid)(const struct aerie_host *h); /* text; kept in the home directory */
	uint64_t (*start_time_s)(const struct aerie_host *h); /* when it started, seconds since 1970 */
};

#ifdef __cplusplus
}
#endif
#endif
