/* SPDX-License-Identifier: MIT */
/* The command line of aeried: each option is a row. */
#include <config.h>

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <core/options.h>

enum kind { TEXT, LIST, FLAG, MODE, MODE_FILE };

struct row {
	const char *name;
	char letter; /* 0: only the long form */
	enum kind kind;
	size_t offset; /* of what it sets in struct options */
	enum run_mode mode;
	const char *argument, *help; /* help NULL: not for people */
};

#define AT(member) offsetof(struct options, member)

static const struct row rows[] = {
	{ "capture-source", 'c', LIST, AT(sources), RUN_HOST, "SOURCE", "capture from an interface or file; may be repeated" },
	{ "config-file", 'f', TEXT, AT(config_file), RUN_HOST, "FILE", "read this configuration instead of the usual ones" },
	{ "set", 's', LIST, AT(settings), RUN_HOST, "KEY=VALUE", "set a configuration key; may be repeated" },
	{ "port", 'p', TEXT, AT(port), RUN_HOST, "PORT", "the same as -s httpd_port=PORT" },
	{ "bind", 0, TEXT, AT(bind), RUN_HOST, "ADDRESS", "the same as -s httpd_bind_address=ADDRESS" },
	{ "home", 0, TEXT, AT(home), RUN_HOST, "DIR", "where state is kept, ~/.aerie otherwise" },
	{ "plugin-dir", 0, LIST, AT(plugin_dirs), RUN_HOST, "DIR", "search modules here first; may be repeated" },
	{ "plugin", 0, LIST, AT(plugins), RUN_HOST, "ID", "only this module and what it requires; may be repeated" },
	{ "no-plugin", 0, LIST, AT(no_plugins), RUN_HOST, "GLOB", "leave out modules whose id matches; may be repeated" },
	{ "safe-mode", 0, FLAG, AT(safe_mode), RUN_HOST, NULL, "only the host's own modules" },
	{ "exit-when-done", 0, FLAG, AT(exit_when_done), RUN_HOST, NULL, "end when all files are read and processed" },
	{ "write-devices", 0, TEXT, AT(write_devices), RUN_HOST, "FILE", "write all devices on exit; the suffix picks the format" },
	{ "list-plugins", 0, MODE, 0, RUN_LIST_PLUGINS, NULL, "list the modules found, and end" },
	{ "dump-plugin", 0, MODE_FILE, 0, RUN_DUMP_PLUGIN, "FILE", "describe a module as key=value lines, and end" },
	{ "check-config", 0, MODE, 0, RUN_CHECK_CONFIG, NULL, "check the configuration, and end" },
	{ "daemonize", 0, FLAG, AT(daemonize), RUN_HOST, NULL, "run in the background, messages in DIR/aeried.log" },
	{ "version", 0, MODE, 0, RUN_VERSION, NULL, "print the version, and end" },
	{ "help", 'h', MODE, 0, RUN_HELP, NULL, "print this, and end" },
	{ "probe-plugin", 0, MODE_FILE, 0, RUN_PROBE, "FILE", NULL },
};
#define N_ROWS (sizeof rows / sizeof rows[0])

static int list_add(struct arguments *list, const char *text)
{
	const char **items = realloc(list->items, (list->n + 2) * sizeof *items);

	if (!items)
		return -ENOMEM;
	list->items = items;
	if (text)
		items[list->n++] = text;
	items[list->n] = NULL;
	return 0;
}

static int apply(struct options *o, const struct row *r, const char *argument)
{
	char *at = (char *)o + r->offset;
	bool on = true;

	switch (r->kind) {
	case TEXT:
		memcpy(at, &argument, sizeof argument);
		return 0;
	case LIST:
		return list_add((void *)at, argument);
	case FLAG:
		memcpy(at, &on, sizeof on);
		return 0;
	case MODE_FILE:
		o->file = argument;
		o->mode = r->mode;
		return 0;
	case MODE:
		o->mode = r->mode;
		return 0;
	}
	return -EINVAL;
}

static const struct row *row_of_letter(int letter)
{
	size_t i;

	for (i = 0; i < N_ROWS; i++)
		if (rows[i].letter == letter)
			return &rows[i];
	return NULL;
}

static int complain(int c, char **argv, int before)
{
	if (c == ':')
		fprintf(stderr, "aeried: %s needs an argument: see aeried --help\n", argv[optind - 1]);
	else if (optopt && !strncmp(argv[before], "-", 1) && strncmp(argv[before], "--", 2))
		fprintf(stderr, "aeried: unknown option -%c: see aeried --help\n", optopt);
	else
		fprintf(stderr, "aeried: unknown option %s: see aeried --help\n", argv[before]);
	return -EINVAL;
}

static int parse(struct options *o, int argc, char **argv)
{
	struct option longs[N_ROWS + 1] = { 0 };
	char shorts[2 * N_ROWS + 3] = ":";
	const struct row *r;
	int c, index, before, err = 0;
	size_t i, n = 1;

	for (i = 0; i < N_ROWS; i++) {
		longs[i].name = rows[i].name;
		longs[i].has_arg = rows[i].argument ? required_argument : no_argument;
		if (!rows[i].letter)
			continue;
		shorts[n++] = rows[i].letter;
		if (rows[i].argument)
			shorts[n++] = ':';
	}
	opterr = 0;
	for (before = optind; !err && (index = -1, c = getopt_long(argc, argv, shorts, longs, &index)) != -1; before = optind) {
		if (c == '?' || c == ':')
			return complain(c, argv, before);
		r = c ? row_of_letter(c) : &rows[index];
		err = apply(o, r, optarg);
	}
	if (!err && optind < argc) {
		fprintf(stderr, "aeried: unexpected argument %s: sources are given with -c; see aeried --help\n", argv[optind]);
		return -EINVAL;
	}
	return err;
}

int options_parse(struct options *o, int argc, char **argv)
{
	struct arguments *lists[] = { &o->sources, &o->settings, &o->plugin_dirs, &o->plugins, &o->no_plugins };
	size_t i;

	memset(o, 0, sizeof *o);
	for (i = 0; i < sizeof lists / sizeof lists[0]; i++)
		if (list_add(lists[i], NULL) < 0)
			return -ENOMEM;
	return parse(o, argc, argv);
}

void options_free(struct options *o)
{
	free(o->sources.items);
	free(o->settings.items);
	free(o->plugin_dirs.items);
	free(o->plugins.items);
	free(o->no_plugins.items);
}

void options_help(void)
{
	char left[64];
	size_t i;

	printf("Usage: aeried [OPTION]...\n"
	       "Monitors radio: takes in frames from capture processes, tracks the devices in them, serves them over HTTP.\n\n");
	for (i = 0; i < N_ROWS; i++) {
		if (!rows[i].help)
			continue;
		snprintf(left, sizeof left, "%s%c%s--%s%s%s", rows[i].letter ? "-" : " ", rows[i].letter ? rows[i].letter : ' ',
			 rows[i].letter ? ", " : "  ", rows[i].name, rows[i].argument ? " " : "", rows[i].argument ? rows[i].argument : "");
		printf("  %-32s %s\n", left, rows[i].help);
	}
	printf("\nExit status: 0 done, 1 failed while running, 2 bad usage or configuration. The manual is aeried(8).\n");
}
