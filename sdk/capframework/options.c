/* SPDX-License-Identifier: MIT */
/* The command line that all capture programs share. */
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "handler.h"
#include "remote.h"
#include "report.h"

enum option {
	OPT_IN_FD,
	OPT_OUT_FD,
	OPT_SOURCE,
	OPT_LIST,
	OPT_VERSION,
	OPT_HELP,
	OPT_CONNECT,
	OPT_TEXT, /* a text of struct remote */
	OPT_SECRET, /* the same, and other users are not to see it */
	OPT_SECRET_FILE, /* ... or it is in this file */
	OPT_FLAG, /* a flag of it */
	OPT_AUTODETECT,
	OPT_AUTODETECT_PORT,
	OPT_RETRY_DELAY,
	OPT_FIXED_GPS,
	OPT_GPS_NAME,
};

struct option_row {
	const char *name;
	enum option option;
	enum { ARG_NONE, ARG_NEEDED, ARG_MAY } arg;
	size_t offset; /* in struct remote */
};

#define AT(member) offsetof(struct remote, member)

static const struct option_row table[] = {
	{ "in-fd", OPT_IN_FD, ARG_NEEDED, 0 },
	{ "out-fd", OPT_OUT_FD, ARG_NEEDED, 0 },
	{ "source", OPT_SOURCE, ARG_NEEDED, 0 },
	{ "list", OPT_LIST, ARG_NONE, 0 },
	{ "version", OPT_VERSION, ARG_NONE, 0 },
	{ "help", OPT_HELP, ARG_NONE, 0 },
	{ "connect", OPT_CONNECT, ARG_NEEDED, 0 },
	{ "host", OPT_CONNECT, ARG_NEEDED, 0 },
	{ "tcp", OPT_FLAG, ARG_NONE, AT(tcp) },
	{ "ssl", OPT_FLAG, ARG_NONE, AT(tls) },
	{ "ssl-certificate", OPT_TEXT, ARG_NEEDED, AT(ca_file) },
	{ "user", OPT_TEXT, ARG_NEEDED, AT(user) },
	{ "password", OPT_SECRET, ARG_NEEDED, AT(password) },
	{ "password-file", OPT_SECRET_FILE, ARG_NEEDED, AT(password) },
	{ "apikey", OPT_SECRET, ARG_NEEDED, AT(apikey) },
	{ "apikey-file", OPT_SECRET_FILE, ARG_NEEDED, AT(apikey) },
	{ "endpoint", OPT_TEXT, ARG_NEEDED, AT(endpoint) },
	{ "disable-retry", OPT_FLAG, ARG_NONE, AT(disable_retry) },
	{ "retry-delay", OPT_RETRY_DELAY, ARG_NEEDED, 0 },
	{ "daemonize", OPT_FLAG, ARG_NONE, AT(daemonize) },
	{ "fixed-gps", OPT_FIXED_GPS, ARG_NEEDED, 0 },
	{ "gps-name", OPT_GPS_NAME, ARG_NEEDED, 0 },
	{ "autodetect", OPT_AUTODETECT, ARG_MAY, 0 },
	{ "autodetect-port", OPT_AUTODETECT_PORT, ARG_NEEDED, 0 },
};

struct found {
	bool list, version, help;
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

static int set_text(char **to, const char *value)
{
	char *copy = strdup(value);

	if (!copy)
		return -1;
	free(*to);
	*to = copy;
	return 0;
}

/* A whole number from 1 to max, or 0: it is none. */
static unsigned parse_number(const char *text, unsigned long max)
{
	char *end;
	unsigned long v;

	errno = 0;
	v = strtoul(text, &end, 10);
	return errno || *text < '0' || *text > '9' || *end || v > max ? 0 : (unsigned)v;
}

/* "lat,lon[,alt]": degrees, degrees, metres. */
static int parse_location(const char *text, struct aeriecap_gps *gps)
{
	double v[3] = { 0, 0, 0 };
	int n = 0;

	for (;;) {
		char *end;

		v[n] = strtod(text, &end);
		if (end == text || (*end && *end != ',') || !isfinite(v[n]))
			return -1;
		n++;
		if (!*end)
			break;
		if (n == 3)
			return -1;
		text = end + 1;
	}
	if (n < 2 || fabs(v[0]) > 90 || fabs(v[1]) > 180)
		return -1;
	gps->lat = v[0];
	gps->lon = v[1];
	gps->alt = (float)v[2];
	gps->fix = 3;
	gps->type = "remote-fixed";
	return 0;
}

static int refuse(const struct aeriecap *cap, const char *name, const char *value, const char *why)
{
	fprintf(stderr, "%s: --%s=%s %s\n", cap->program, name, value, why);
	return -1;
}

static int take_remote(struct aeriecap *cap, const struct option_row *row, const char *value)
{
	struct remote *r = &cap->remote;
	struct address address;
	char *name;

	switch (row->option) {
	case OPT_CONNECT:
		r->wanted = true;
		if (parse_address(value, PORT_WEB, &address) < 0)
			return refuse(cap, row->name, value, "is not HOST:PORT");
		return set_text(&r->target, value);
	case OPT_AUTODETECT:
		r->wanted = r->autodetect = true;
		return value ? set_text(&r->announced_uuid, value) : 0;
	case OPT_AUTODETECT_PORT:
		r->autodetect_port = parse_number(value, UINT16_MAX);
		return r->autodetect_port ? 0 : refuse(cap, row->name, value, "is not a port");
	case OPT_RETRY_DELAY:
		r->retry_s = parse_number(value, 86400);
		return r->retry_s ? 0 : refuse(cap, row->name, value, "is not a number of seconds from 1 to 86400");
	case OPT_FIXED_GPS:
		cap->have_fixed_gps = parse_location(value, &cap->fixed_gps) == 0;
		return cap->have_fixed_gps ? 0 : refuse(cap, row->name, value, "is not LATITUDE,LONGITUDE[,ALTITUDE]");
	case OPT_GPS_NAME:
		name = strdup(value);
		free((char *)(uintptr_t)cap->fixed_gps.name);
		cap->fixed_gps.name = name;
		return name ? 0 : -1;
	default:
		return 0;
	}
}

static int take(struct aeriecap *cap, struct found *f, const struct option_row *row, char *value)
{
	char **text = (char **)((char *)&cap->remote + row->offset);
	int r;

	switch (row->option) {
	case OPT_IN_FD:
	case OPT_OUT_FD:
		*(row->option == OPT_IN_FD ? &f->in_fd : &f->out_fd) = parse_fd(value);
		return parse_fd(value) >= 0 ? 0 : refuse(cap, row->name, value, "is not a descriptor's number");
	case OPT_SOURCE:
		if (*value && strlen(value) <= PROBE_DEFINITION_MAX)
			return set_text(&cap->source, value);
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
	case OPT_TEXT:
		return set_text(text, value);
	case OPT_SECRET:
		r = set_text(text, value);
		secret_hide(value);
		return r;
	case OPT_SECRET_FILE:
		return secret_from_file(cap, row->name, value, text);
	case OPT_FLAG:
		*(bool *)((char *)&cap->remote + row->offset) = true;
		return 0;
	default:
		return take_remote(cap, row, value);
	}
}

/* One argument; *i moves on when its value is the next one. */
static int parse_one(struct aeriecap *cap, struct found *f, int argc, char **argv, int *i)
{
	const char *arg = argv[*i], *name = arg + 2;
	char *value = NULL;
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
		value = argv[*i] + (name - arg) + len + 1;
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
	       "       %s --connect=HOST:PORT --source=DEFINITION [OPTION...]\n"
	       "Captures for a host, which starts this program itself when it is on the same machine; source type \"%s\".\n"
	       "%s%s"
	       "\n"
	       "  --in-fd=N --out-fd=N    descriptors of the link to the host: read from, written to\n"
	       "  --list                  list the interfaces that can be opened, on standard error; exit status 2\n"
	       "  -v, --version           print the version\n"
	       "  -h, --help              print this\n"
	       "\n",
	       cap->program, cap->program, cap->type, cap->help ? "\n" : "", cap->help ? cap->help : "");
	if (!cap->remote_capable)
		return;
	printf("For a host on another machine, by WebSocket%s or TCP:\n"
	       "  --connect=HOST:PORT     the host; --host is the same\n"
	       "  --autodetect[=UUID]     the host that announces itself (UDP port %u), or the one with this UUID\n"
	       "  --autodetect-port=PORT  ... on another port\n"
	       "  --source=DEFINITION     interface[:option=value,...]\n"
	       "  --tcp                   by TCP: no login, no encryption; the host's remote capture port (%s)\n"
	       "  --user=U                log in, as a user of role datasource or admin, with the password in the file of\n"
	       "  --password-file=FILE    ... this, in the variable AERIE_PASSWORD, or of --password=P, which others may see\n"
	       "  --apikey-file=FILE      ... or with an API key: in a file, in AERIE_APIKEY, or of --apikey=KEY\n"
	       "  --endpoint=PATH         another path than %s\n"
	       "  --ssl                   encrypt\n"
	       "  --ssl-certificate=FILE  the same, and trust the certificates in FILE, not the system's\n"
	       "  --disable-retry         end when the link ends, instead of connecting again\n"
	       "  --retry-delay=SECONDS   wait so long before connecting again (%u)\n"
	       "  --daemonize             go to the background\n"
	       "  --fixed-gps=LAT,LON[,ALT]  tell this location with every packet: degrees, metres\n"
	       "  --gps-name=NAME         ... under this name\n",
	       websocket_available() ? "" : " (not in this build)", ANNOUNCE_PORT, PORT_TCP, ENDPOINT, RETRY_S);
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

/* What the command line leaves to the environment. 0, or -1: no memory. */
static int take_environment(struct remote *r)
{
	if (r->tcp)
		return 0;
	if (r->user && !r->apikey)
		return secret_from_environment("AERIE_PASSWORD", &r->password);
	return r->user || r->password ? 0 : secret_from_environment("AERIE_APIKEY", &r->apikey);
}

/* Does what the command line says of another host fit together? 0, or -1 with the exit status. */
static int check_remote(struct aeriecap *cap, int *ret_status)
{
	struct remote *r = &cap->remote;
	const char *why = NULL;

	r->tls = r->tls || r->ca_file; /* whoever gives a certificate does not want to log in unencrypted */
	*ret_status = AERIECAP_EXIT_USAGE;
	if (!cap->remote_capable)
		why = "this program cannot capture for a host elsewhere";
	else if (!cap->source)
		why = "--connect needs --source=DEFINITION: what is to be captured from";
	else if (r->autodetect && r->target)
		why = "--autodetect and --connect exclude each other";
	else if (!r->user != !r->password)
		why = "--user and a password go together (--password-file, AERIE_PASSWORD, --password)";
	else if (r->tcp && (r->tls || r->user || r->apikey))
		why = "--tcp has neither login nor encryption: leave it out, or --ssl, --user and --apikey";
	else if (!r->tcp && !websocket_available()) {
		*ret_status = AERIECAP_EXIT_NO_WEBSOCKET;
		why = "this build has no WebSocket (it was made without libwslay): use --tcp";
	} else if (r->tls && !tls_available()) {
		*ret_status = AERIECAP_EXIT_NO_WEBSOCKET;
		why = "this build has no TLS (it was made without GnuTLS): leave out --ssl";
	}
	if (!why)
		return 0;
	fprintf(stderr, "%s: %s\n", cap->program, why);
	return -1;
}

/* A location goes with a name. */
static int name_location(struct aeriecap *cap)
{
	if (cap->have_fixed_gps && !cap->fixed_gps.name)
		cap->fixed_gps.name = strdup("remote-fixed");
	return cap->have_fixed_gps && !cap->fixed_gps.name ? -1 : 0;
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
		fprintf(stderr, "%s: needs --in-fd=N and --out-fd=N, or --connect=HOST:PORT (see --help)\n",
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
	cap->remote.autodetect_port = ANNOUNCE_PORT;
	cap->remote.retry_s = RETRY_S;
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
	*ret_status = AERIECAP_EXIT_FAILED;
	if (name_location(cap) < 0 || take_environment(&cap->remote) < 0)
		return -1;
	if (cap->remote.wanted)
		return check_remote(cap, ret_status) < 0 ? -1 : 1;
	if (start_link(cap, &f) > 0)
		return 1;
	*ret_status = AERIECAP_EXIT_USAGE;
	return -1;
}
