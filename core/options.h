/* SPDX-License-Identifier: MIT */
/* The command line of aeried. */
#ifndef CORE_OPTIONS_H
#define CORE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

/* A NULL-terminated list of arguments; `items` is never NULL after options_parse(). */
struct arguments {
	const char **items;
	size_t n;
};

enum run_mode { RUN_HOST, RUN_LIST_PLUGINS, RUN_DUMP_PLUGIN, RUN_CHECK_CONFIG, RUN_PROBE, RUN_VERSION, RUN_HELP };

struct options {
	enum run_mode mode;
	const char *file; /* of --dump-plugin or the probe */
	const char *config_file;
	const char *home; /* NULL: ~/.aerie */
	const char *write_devices;
	const char *port, *bind;
	struct arguments sources, settings, plugin_dirs, plugins, no_plugins;
	bool safe_mode, exit_when_done, daemonize;
};

/* 0, or -EINVAL after a line on standard error. */
int options_parse(struct options *o, int argc, char **argv);
void options_free(struct options *o);
void options_help(void);

#endif
