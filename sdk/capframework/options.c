/* SPDX-License-Identifier: MIT */
/* The command line that all capture programs share. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "handler.h"
#include "report.h"

enum option {
	OPT_IN_FD,
	OPT_OUT_FD,
	OPT_SOURCE,
	OPT_LIST,
	OPT_VERSION,
	OPT_HELP,
	OPT_TCP,    /* remote capture by TCP */
	OPT_REMOTE, /* what needs remote capture */
};

struct option_row {
	const char *name;
	enum option option;
	enum { ARG_NONE, ARG_NEEDED, ARG_MAY } arg;
};

static const struct option_row table[] = {
	{ "in-fd", OPT_IN_FD, ARG_NEEDED },
	{ "out-fd", OPT_OUT_FD, ARG_NEEDED },
	{ "source", OPT_SOURCE, ARG_NEEDED },
	{ "list", OPT_LIST, ARG_NONE },
	{ "version", OPT_VERSION, ARG_NONE },
	{ "help", OPT_HELP, ARG_NONE },
	{ "tcp", OPT_TCP, ARG_NONE },
	{ "connect", OPT_REMOTE, ARG_NEEDED },
	{ "host", OPT_REMOTE, ARG_NEEDED },
	{ "ssl", OPT_REMOTE, ARG_NONE },
	{ "ssl-certificate", OPT_REMOTE, ARG_NEEDED },
	{ "user", OPT_REMOTE, ARG_NEEDED },
	{ "password", OPT_REMOTE, ARG_NEEDED },
	{ "apikey", OPT_REMOTE, ARG_NEEDED },
	{ "endpoint", OPT_REMOTE, ARG_NEEDED },
	{ "disable-retry", OPT_REMOTE, ARG_NONE },
	{ "daemonize", OPT_REMOTE, ARG_NONE },
	{ "fixed-gps", OPT_REMOTE, ARG_NEEDED },
	{ "gps-name", OPT_REMOTE, ARG_NEEDED },
	{ "autodetect", OPT_REMOTE, ARG_MAY },
};

struct found {
	bool list, version, help, tcp;
	const char *remote; /* the first option that needs remote capture */
	int in_fd, out_fd;
};

static int parse_fd(const char *text)
{
	char *end;
	long v;

	errno = 0;
	v = strtol(text, &end, 10);
	return errno || end == text || *end || v < 0 || v > INT_MAX ? -1 : (int)v;
}

static int take(struct aeriecap *cap, struct found *f, const struct option_row *row, const char *value)
{
	switch (row->option) {
	case OPT_IN_FD:
	case OPT_OUT_FD:
		*(row->option == OPT_IN_FD ? &f->in_fd : &f->out_fd) = parse_fd(value);
		if (parse_fd(value) >= 0)
			return 0;
		fprintf(stderr, "%s: --%s=%s is not a descriptor's number\n", cap->program, row->name, value);
		return -1;
	case OPT_SOURCE:
		free(cap->source);
		cap->source = strdup(value);
		if (cap->source && *value && strlen(value) <= PROBE_DEFINITION_MAX)
			return 0;
		fprintf(stderr, "%s: --source needs a definition of 1 to %u octets\n", cap->program,
			PROBE_DEFINITION_MAX);
		return -1;
	case OPT_LIST:
		f->list = true;
		return 0;
	case OPT_VERSION:
		f->version = true;
		return 0;
	case OPT_HELP:
		f->help = true;
		return 0;
	case OPT_TCP:
		f->tcp = true;
		/* fall through */
	case OPT_REMOTE:
		if (!f->remote)
			f->remote = row->name;
		return 0;
	}
	return 0;
}

/* One argument; *i moves on when its value is the next one. */
static int parse_one(struct aeriecap *cap, struct found *f, int argc, char **argv, int *i)
{
	const char *arg = argv[*i], *name = arg + 2, *value = NULL;
	const struct option_row *row = NULL;
	size_t len, k;

	if (strcmp(arg, "-h") == 0)
		name = "help";
	else if (strcmp(arg, "-v") == 0)
		name = "version";
	else if (strncmp(arg, "--", 2) != 0 || !arg[2])
		name = "";
	len = strcspn(name, "=");
	for (k = 0; k < sizeof table / sizeof *table && !row; k++)
		if (strlen(table[k].name) == len && strncmp(table[k].name, name, len) == 0)
			row = &table[k];
	if (!row) { /* newer hosts may know more options than this program */
		fprintf(stderr, "%s: ignored the unknown argument '%s' (see --help)\n", cap->program, arg);
		return 0;
	}
	if (name[len] == '=')
		value = name + len + 1;
	else if (row->arg == ARG_NEEDED && *i + 1 < argc)
		value = argv[++*i];
	if ((row->arg == ARG_NEEDED && !value) || (row->arg == ARG_NONE && value)) {
		fprintf(stderr, "%s: --%s %s value\n", cap->program, row->name, value ? "takes no" : "needs a");
		return -1;
	}
	return take(cap, f, row, value);
}

static void print_help(const struct aeriecap *cap)
{
	printf("usage: %s --in-fd=N --out-fd=N\n"
	       "Captures for a host, which starts this program itself; source type \"%s\".\n"
	       "%s%s"
	       "\n"
	       "  --in-fd=N --out-fd=N  descriptors of the link to the host: read from, written to\n"
	       "  --source=DEFINITION   interface[:option=value,...], for remote capture\n"
	       "  --list                list the interfaces that can be opened, on standard error; exit status 2\n"
	       "  -v, --version         print the version\n"
	       "  -h, --help            print this\n"
	       "\n"
	       "Remote capture (--connect, --tcp and what belongs to them) is not available in this build.\n",
	       cap->program, cap->type, cap->help ? "\n" : "", cap->help ? cap->help : "");
}

static int list_local(struct aeriecap *cap)
{
	char msg[AERIECAP_MSG_MAX] = "";
	struct aeriecap_list list;
	uint32_t i;
	int r = 0;

	memset(&list, 0, sizeof list);
	if (cap->list)
		r = cap->list(cap, 0, &list, msg);
	fprintf(stderr, "%s supported data sources:\n", cap->type);
	for (i = 0; i < list.n; i++) {
		const struct list_entry *e = &list.entries[i];

		fprintf(stderr, "    %s%s%s", e->interface, e->flags ? ":" : "", e->flags ? e->flags : "");
		if (e->hardware)
			fprintf(stderr, " (%s)", e->hardware);
		fputc('\n', stderr);
	}
	if (r < 0)
		fprintf(stderr, "%s: cannot list interfaces%s%s\n", cap->program, msg[0] ? ": " : "", msg);
	list_clear(&list);
	return AERIECAP_EXIT_USAGE;
}

static int refuse_remote(const struct aeriecap *cap, const struct found *f)
{
	fprintf(stderr, "%s: --%s: remote capture %s is not available in this build\n", cap->program, f->remote,
		f->tcp ? "over TCP" : "over WebSocket");
	return f->tcp ? AERIECAP_EXIT_TCP : AERIECAP_EXIT_NO_WEBSOCKET;
}

static void set_program(struct aeriecap *cap, const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;
	char *name = path ? strdup(slash ? slash + 1 : path) : NULL;

	if (!name)
		return;
	free(cap->program);
	cap->program = name;
}

static int start_link(struct aeriecap *cap, const struct found *f)
{
	if (f->in_fd < 0 || f->out_fd < 0) {
		fprintf(stderr, "%s: needs --in-fd=N and --out-fd=N; a host starts this program itself (see --help)\n",
			cap->program);
		return -1;
	}
	if (aeriecap_set_link(cap, f->in_fd, f->out_fd) == 0)
		return 1;
	fprintf(stderr, "%s: cannot use descriptors %d and %d: %s\n", cap->program, f->in_fd, f->out_fd,
		strerror(errno));
	return -1;
}

int aeriecap_parse_options(struct aeriecap *cap, int argc, char **argv, int *ret_status)
{
	struct found f;
	int i;

	memset(&f, 0, sizeof f);
	f.in_fd = f.out_fd = -1;
	set_program(cap, argc > 0 ? argv[0] : NULL);
	for (i = 1; i < argc; i++)
		if (parse_one(cap, &f, argc, argv, &i) < 0) {
			*ret_status = AERIECAP_EXIT_USAGE;
			return -1;
		}
	if (f.help || f.version) {
		if (f.help)
			print_help(cap);
		else
			printf("%s %s\n", cap->program, cap->version);
		*ret_status = AERIECAP_EXIT_OK;
		return 0;
	}
	if (f.list) {
		*ret_status = list_local(cap);
		return 0;
	}
	if (f.remote) {
		*ret_status = refuse_remote(cap, &f);
		return -1;
	}
	if (start_link(cap, &f) > 0)
		return 1;
	*ret_status = AERIECAP_EXIT_USAGE;
	return -1;
}
