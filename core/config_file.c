/* SPDX-License-Identifier: MIT */
/* Configuration files: lines of key=value, comments, includes. The syntax is the ecosystem's, so that an existing
 * configuration is accepted: '#' starts a comment line, keys are case-insensitive, a key given again adds a value.
 *
 * opt_override= files are read after all others; in them `key=value` replaces what was there and `key+=value` adds to it. */
#include <config.h>

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <core/config_priv.h>

struct reading {
	struct config *c;
	const char *path;
	unsigned line, depth;
	bool override; /* in an opt_override= file */
};

static int read_path(struct config *c, const char *path, const char *named_at, unsigned depth, bool override);

bool config_key_ok(const char *key, size_t len)
{
	size_t i;

	if (!len || len > CONFIG_KEY_MAX)
		return false;
	for (i = 0; i < len; i++)
		if (!isalnum((unsigned char)key[i]) && !strchr("_.-", key[i]))
			return false;
	return true;
}

static const char *home_of_user(void)
{
	const char *home = getenv("HOME");
	const struct passwd *pw;

	if (home && *home)
		return home;
	pw = getpwuid(getuid());
	return pw && pw->pw_dir ? pw->pw_dir : "/";
}

static const char *macro(const struct config *c, char letter)
{
	switch (letter) {
	case 'h':
		return home_of_user();
	case 'E':
		return c->root_dir ? c->root_dir : SYSCONFDIR "/aerie";
	case 'S':
		return DATADIR;
	case 'B':
		return BINDIR;
	default: /* the others belong to the names of logs and are replaced there */
		return NULL;
	}
}

char *config_expand(const struct config *c, const char *text)
{
	char *out = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&out, &size);
	const char *m;

	if (!f)
		return NULL;
	for (; *text; text++) {
		m = *text == '%' ? macro(c, text[1]) : NULL;
		if (m)
			fputs(m, f), text++;
		else
			fputc(*text, f);
	}
	if (fclose(f) != 0) {
		free(out);
		return NULL;
	}
	return out;
}

static char *directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return strdup(".");
	return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

/* A path in an include line: macros replaced; relative ones start at the directory of the file that names them. */
static char *resolve(const struct reading *r, const char *text)
{
	char *path = config_expand(r->c, text), *dir, *full = NULL;

	if (!path || path[0] == '/')
		return path;
	dir = directory_of(r->path);
	if (!dir || asprintf(&full, "%s/%s", dir, path) < 0)
		full = NULL;
	free(dir);
	free(path);
	return full;
}

static void include_path(const struct reading *r, const char *path)
{
	char *at = NULL;

	if (path && asprintf(&at, "%s:%u", r->path, r->line) >= 0)
		(void)read_path(r->c, path, at, r->depth + 1, r->override);
	else
		config_complain(r->c, "memory is out");
	free(at);
}

static void include(const struct reading *r, const char *text)
{
	char *path = resolve(r, text);

	include_path(r, path);
	free(path);
}

static void opt_include(const struct reading *r, const char *text)
{
	char *pattern = resolve(r, text);
	glob_t g = { 0 };
	size_t i;

	if (!pattern) {
		config_complain(r->c, "memory is out");
		return;
	}
	if (!glob(pattern, 0, NULL, &g))
		for (i = 0; i < g.gl_pathc; i++)
			include_path(r, g.gl_pathv[i]);
	globfree(&g);
	free(pattern);
}

static void opt_override(const struct reading *r, const char *text)
{
	struct config *c = r->c;
	char *path = resolve(r, text), **list;

	list = path ? realloc(c->overrides, (c->n_overrides + 1) * sizeof(char *)) : NULL;
	if (!list) {
		config_complain(c, "memory is out");
		free(path);
		return;
	}
	c->overrides = list;
	c->overrides[c->n_overrides++] = path;
}

static const struct {
	const char *key;
	void (*run)(const struct reading *r, const char *text);
} directives[] = { { "include", include }, { "opt_include", opt_include }, { "opt_override", opt_override } };

static void set_value(const struct reading *r, const char *key, const char *value, bool append)
{
	char *where = NULL;
	size_t i;

	for (i = 0; i < sizeof directives / sizeof directives[0]; i++)
		if (!strcmp(directives[i].key, key)) {
			if (!r->c->no_includes)
				directives[i].run(r, value);
			return;
		}
	if (r->override && !append)
		config_drop_values(r->c, key);
	if (asprintf(&where, "%s:%u", r->path, r->line) < 0)
		where = NULL;
	if (!where || config_add_value(r->c, key, value, where, r->c->roots) == -ENOMEM)
		config_complain(r->c, "memory is out");
	free(where);
}

static char *trim(char *s, char *end)
{
	while (s < end && isspace((unsigned char)*s))
		s++;
	while (end > s && isspace((unsigned char)end[-1]))
		end--;
	*end = '\0';
	return s;
}

static void read_line(const struct reading *r, char *line, size_t len)
{
	char *eq, *key, *value, *p;
	bool append;

	line = trim(line, line + len);
	if (!*line || *line == '#')
		return;
	eq = strchr(line, '=');
	if (!eq) {
		config_complain(r->c, "%s:%u: \"%.40s\" is not key=value: add a '=' and a value, or start the line with '#'",
				r->path, r->line, line);
		return;
	}
	append = eq > line && eq[-1] == '+';
	value = trim(eq + 1, eq + 1 + strlen(eq + 1));
	key = trim(line, eq - append);
	if (!config_key_ok(key, strlen(key))) {
		config_complain(r->c, "%s:%u: \"%.40s\" is not a key: keys are 1 to %u letters, digits, '_', '.' or '-'", r->path,
				r->line, key, CONFIG_KEY_MAX);
		return;
	}
	for (p = key; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	if (!*value) {
		config_complain(r->c, "%s:%u: \"%s\" has no value: give it one or remove the line", r->path, r->line, key);
		return;
	}
	set_value(r, key, value, append);
}

static void read_lines(struct reading *r, const char *text, size_t len)
{
	const char *end = text + len, *nl;
	char line[CONFIG_LINE_MAX + 1];
	size_t n;

	if (len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3))
		text += 3;
	for (r->line = 1; text < end; r->line++, text = nl + 1) {
		nl = memchr(text, '\n', (size_t)(end - text));
		if (!nl)
			nl = end;
		n = (size_t)(nl - text);
		if (n > CONFIG_LINE_MAX) {
			config_complain(r->c, "%s:%u: the line has more than %u octets: shorten it", r->path, r->line,
					CONFIG_LINE_MAX);
			continue;
		}
		if (memchr(text, '\0', n)) {
			config_complain(r->c, "%s:%u: the line has a NUL octet: this is not a text file", r->path, r->line);
			return;
		}
		memcpy(line, text, n);
		line[n] = '\0';
		read_line(r, line, n);
	}
}

/* The octets of a file; 0 or a negative errno: -EFBIG, -EISDIR, or what the system said. */
static int load(const char *path, char **ret_text, size_t *ret_len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	size_t len = 0;
	ssize_t n = 1;
	char *text;
	int err = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		err = -errno;
	else if (!S_ISREG(st.st_mode))
		err = S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	text = err ? NULL : malloc(CONFIG_FILE_MAX + 1);
	if (!err && !text)
		err = -ENOMEM;
	while (!err && n > 0 && len <= CONFIG_FILE_MAX) {
		n = read(fd, text + len, CONFIG_FILE_MAX + 1 - len);
		if (n > 0)
			len += (size_t)n;
		else if (n < 0 && errno != EINTR)
			err = -errno;
		else if (n < 0)
			n = 1;
	}
	close(fd);
	if (!err && len > CONFIG_FILE_MAX)
		err = -EFBIG;
	if (err < 0) {
		free(text);
		return err;
	}
	*ret_text = text;
	*ret_len = len;
	return 0;
}

/* named_at: "file:line: " of the include line, or NULL for a file of the command line. */
static int read_path(struct config *c, const char *path, const char *named_at, unsigned depth, bool override)
{
	struct reading r = { .c = c, .path = path, .depth = depth, .override = override };
	const char *at = named_at ? named_at : "", *sep = named_at ? ": " : "";
	char *text = NULL;
	size_t len = 0;
	int err;

	if (depth > CONFIG_DEPTH_MAX || c->files >= CONFIG_FILES_MAX) {
		config_complain(c, "%s%sincluding %s goes too far (%u files deep, %u in all): does a file include itself?", at, sep,
				path, CONFIG_DEPTH_MAX, CONFIG_FILES_MAX);
		return -ELOOP;
	}
	c->files++;
	err = load(path, &text, &len);
	if (err == -EFBIG)
		config_complain(c, "%s%s%s has more than %u octets: is it a configuration file? Split it up if so", at, sep, path,
				CONFIG_FILE_MAX);
	else if (err < 0)
		config_complain(c, "%s%scannot read %s: %s: create the file, or correct its name or permissions", at, sep, path,
				err == -EINVAL ? "not a regular file" : strerror(-err));
	if (err < 0)
		return err;
	read_lines(&r, text, len);
	free(text);
	return 0;
}

static void read_overrides(struct config *c)
{
	uint32_t i;

	for (i = 0; i < c->n_overrides; i++) {
		if (access(c->overrides[i], F_OK) == 0)
			(void)read_path(c, c->overrides[i], NULL, 1, true);
		free(c->overrides[i]);
	}
	free(c->overrides);
	c->overrides = NULL;
	c->n_overrides = 0;
}

static int begin_root(struct config *c, const char *path)
{
	char *dir = directory_of(path), *full;

	if (!dir)
		return -ENOMEM;
	full = realpath(dir, NULL);
	free(c->root_dir);
	c->root_dir = full ? full : dir;
	if (full)
		free(dir);
	c->roots++;
	return 0;
}

int config_read_file(struct config *c, const char *path)
{
	uint32_t before = c->n_errors;
	int err = begin_root(c, path);

	if (err < 0)
		return err;
	(void)read_path(c, path, NULL, 0, false);
	read_overrides(c);
	return c->n_errors == before ? 0 : -EINVAL;
}

int config_read_text(struct config *c, const char *path, const char *text, size_t len)
{
	struct reading r = { .c = c, .path = path };
	uint32_t before = c->n_errors;
	int err = begin_root(c, path);

	if (err < 0)
		return err;
	if (len > CONFIG_FILE_MAX) {
		config_complain(c, "%s has more than %u octets: is it a configuration file? Split it up if so", path,
				CONFIG_FILE_MAX);
		return -EINVAL;
	}
	c->no_includes = true;
	read_lines(&r, text, len);
	c->no_includes = false;
	return c->n_errors == before ? 0 : -EINVAL;
}
