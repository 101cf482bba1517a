/* SPDX-License-Identifier: MIT */
/* The module aerie.manuf: offers "aerie.manuf/1" from Debian's ieee-data or from a file of the user's. */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>

#include <aerie/aerie.h>

#include "blocks.h"

#define FILE_MAX (64u << 20) /* octets of one registry, unpacked */
#define IEEE_DATA "/usr/share/ieee-data"

struct state {
	struct aerie_manuf service;
	const struct aerie_host *host;
	const struct aerie_fields *f;
	const struct aerie_config_service *config;
	const struct aerie_str *unknown;
	struct blocks blocks;
};

static const struct aerie_str *lookup(const struct aerie_manuf *m, const uint8_t mac[6])
{
	struct state *s = m->priv;
	struct block *block = blocks_find(&s->blocks, mac);
	const struct aerie_str *str;
	const void *none = NULL;
	const char *name;

	if (!block)
		return s->unknown;
	str = __atomic_load_n(&block->cache, __ATOMIC_ACQUIRE);
	if (str)
		return str;
	name = blocks_name(&s->blocks, block);
	str = s->f->intern(s->host, name, (uint32_t)strlen(name));
	if (!str)
		return s->unknown;
	if (!__atomic_compare_exchange_n(&block->cache, &none, str, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
		s->f->release(s->host, str);
		str = none;
	}
	return str;
}

/* The whole file, unpacked when it is gzip. */
static int read_file(const char *path, char **ret_text, size_t *ret_len)
{
	gzFile gz = gzopen(path, "rbe");
	size_t len = 0, cap = 1u << 20;
	char *text, *more;
	int n, err = 0;

	if (!gz)
		return errno ? -errno : -ENOMEM;
	text = malloc(cap);
	if (!text) {
		gzclose(gz);
		return -ENOMEM;
	}
	while ((n = gzread(gz, text + len, (unsigned)(cap - len))) != 0) {
		if (n < 0) {
			err = -EIO;
			break;
		}
		len += (size_t)n;
		if (len < cap)
			continue;
		if (cap >= FILE_MAX) {
			err = -EFBIG;
			break;
		}
		more = realloc(text, cap *= 2);
		if (!more) {
			err = -ENOMEM;
			break;
		}
		text = more;
	}
	gzclose(gz);
	if (err < 0) {
		free(text);
		return err;
	}
	*ret_text = text;
	*ret_len = len;
	return 0;
}

static int add_file(struct state *s, const char *path)
{
	char *text = NULL;
	size_t len = 0;
	int r = read_file(path, &text, &len);

	if (r < 0)
		return r;
	r = blocks_add_text(&s->blocks, text, len);
	free(text);
	return r;
}

static int add_directory(struct state *s, const char *dir)
{
	/* Of each registry the first file that is there. */
	static const char *const files[][2] = {
		{ "oui.csv", "oui.txt" }, { "mam.csv", "mam.csv" }, { "oui36.csv", "oui36.csv" }, { "iab.csv", "iab.csv" },
	};
	char path[PATH_MAX];
	int total = 0, r;
	size_t i, k;

	for (i = 0; i < sizeof files / sizeof files[0]; i++) {
		for (k = 0; k < 2; k++) {
			if (snprintf(path, sizeof path, "%s/%s", dir, files[i][k]) >= (int)sizeof path)
				return -ENAMETOOLONG;
			if (access(path, R_OK) == 0)
				break;
		}
		if (k == 2)
			continue;
		r = add_file(s, path);
		if (r < 0)
			return r;
		total += r;
	}
	return total;
}

static int load_registry(struct state *s, const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return -errno;
	return S_ISDIR(st.st_mode) ? add_directory(s, path) : add_file(s, path);
}

/* "AA:BB:CC,Name" */
static int add_option(struct state *s, const char *text)
{
	const char *comma = strchr(text, ',');

	return comma ? blocks_add(&s->blocks, text, (size_t)(comma - text), comma + 1, strlen(comma + 1)) : -EINVAL;
}

static int configure(void *state, const struct aerie_config *config)
{
	struct state *s = state;
	const char *text, *path = IEEE_DATA;
	char msg[PATH_MAX + 200];
	uint32_t n, i;
	int r;

	r = s->config->count(config, "manuf", &n);
	for (i = 0; r >= 0 && i < n; i++) {
		r = s->config->get_nth(config, "manuf", i, &text);
		if (r < 0)
			break;
		r = add_option(s, text);
		if (r == -EINVAL) {
			snprintf(msg, sizeof msg, "manuf=%.200s is not an address block and a name; write manuf=AA:BB:CC,Name", text);
			return s->host->fail(s->host, r, msg);
		}
	}
	if (r < 0 && r != -ENODATA)
		return r;
	(void)s->config->get_str(config, "ouifile", &path);
	r = load_registry(s, path);
	if (r < 0) {
		snprintf(msg, sizeof msg, "cannot read makers of devices from %s: %s; install ieee-data or set ouifile=", path,
			 strerror(-r));
		s->host->log(s->host, AERIE_LOG_ERROR, msg);
	} else if (r == 0) {
		snprintf(msg, sizeof msg, "%s names no maker of devices; set ouifile= to an IEEE registry (.csv, .txt) or a manuf file",
			 path);
		s->host->log(s->host, AERIE_LOG_ERROR, msg);
	}
	blocks_sort(&s->blocks);
	return 0;
}

static void unload(void *state)
{
	struct state *s = state;
	unsigned i;
	uint32_t k;

	for (i = 0; i < BLOCK_SIZES; i++)
		for (k = 0; k < s->blocks.sizes[i].n; k++)
			if (s->blocks.sizes[i].items[k].cache)
				s->f->release(s->host, s->blocks.sizes[i].items[k].cache);
	if (s->unknown)
		s->f->release(s->host, s->unknown);
	blocks_done(&s->blocks);
	free(s);
}

static int load(const struct aerie_host *h, void **ret_state)
{
	struct state *s = calloc(1, sizeof *s);

	if (!s)
		return h->fail(h, -ENOMEM, "no memory for the makers of devices");
	s->host = h;
	s->f = h->get_service(h, AERIE_FIELDS_SERVICE);
	s->config = h->get_service(h, AERIE_CONFIG_SERVICE);
	if (!s->f || !s->config) {
		free(s);
		return h->fail(h, -ENOENT, "the host offers no fields or configuration: it is older than this module");
	}
	s->unknown = s->f->intern(h, "Unknown", 7);
	if (!s->unknown) {
		free(s);
		return h->fail(h, -ENOMEM, "no memory for the makers of devices");
	}
	s->service = (struct aerie_manuf){ .size = sizeof s->service, .lookup = lookup, .priv = s };
	*ret_state = s;
	return 0;
}

static const void *get_ext(void *state, const char *id)
{
	struct state *s = state;

	return strcmp(id, AERIE_MANUF_SERVICE) == 0 ? &s->service : NULL;
}

static const struct aerie_option options[] = {
	AERIE_OPTION(AERIE_OPT_STR, 0, "ouifile", IEEE_DATA, NULL,
		     "Directory of the IEEE's registries, or one file of address blocks and names (may be gzip)."),
	AERIE_OPTION(AERIE_OPT_STR, AERIE_OPT_REPEATED, "manuf", NULL, NULL,
		     "A further maker, as AA:BB:CC,Name; goes before the registries."),
	AERIE_OPTION_END,
};

static const char *const provides[] = { AERIE_MANUF_SERVICE, NULL };
static const char *const requires_[] = { AERIE_FIELDS_SERVICE, AERIE_CONFIG_SERVICE, NULL };

static const struct aerie_plugin plugin = {
	.abi = AERIE_ABI_INIT,
	.id = "aerie.manuf",
	.version = "0.1.0",
	.summary = "Names of hardware makers by address block",
	.license = "MIT",
	.provides = provides,
	.requires_ = requires_,
	.options = options,
	.thread_model = AERIE_THREADS_FREE,
	.load = load,
	.configure = configure,
	.unload = unload,
	.get_ext = get_ext,
};
AERIE_PLUGIN_EXPORT(plugin);
