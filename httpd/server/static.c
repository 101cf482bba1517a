/* SPDX-License-Identifier: MIT */
/* See static.h. The kernel keeps a path below its folder: openat2() refuses "..", absolute symbolic links and those that lead out; where
 * it is not to be had, no symbolic link is followed at all. */
#define _GNU_SOURCE /* O_PATH */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <aerie/plugins.h>

#include "files.h"
#include "response.h"
#include "static.h"

#define INDEX "index.html"
#define FLAGS (O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
#define FOLDER_OCTETS 4096u

struct file {
	int fd;
	struct stat st;
	char path[FILES_PATH_OCTETS + sizeof INDEX + 1];
	bool moved; /* a folder, asked for without '/' */
};

/* ---- finding ---- */

/* Opens path below root, step by step, without following links. */
static int open_steps(int root, const char *path)
{
	char name[FILES_PATH_OCTETS];
	int at = dup(root), fd;
	size_t n;

	while (at >= 0) {
		n = strcspn(path, "/");
		memcpy(name, path, n);
		name[n] = '\0';
		fd = openat(at, name, (path[n] ? O_PATH | O_DIRECTORY | O_CLOEXEC : FLAGS) | O_NOFOLLOW);
		(void)close(at);
		if (fd < 0 || !path[n])
			return fd < 0 ? -errno : fd;
		at = fd;
		path += n + 1;
	}
	return -errno;
}

static int open_beneath(int root, const char *path)
{
	struct open_how how = { .flags = FLAGS, .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS };
	long fd = syscall(SYS_openat2, root, path, &how, sizeof how);

	if (fd >= 0)
		return (int)fd;
	return errno == ENOSYS || errno == EPERM ? open_steps(root, path) : -errno;
}

static int open_index(int root, struct file *f)
{
	size_t len = strlen(f->path);
	int fd;

	(void)snprintf(f->path + len, sizeof f->path - len, "%s" INDEX, len ? "/" : "");
	fd = open_beneath(root, f->path);
	if (fd >= 0 && fstat(fd, &f->st) < 0) {
		(void)close(fd);
		fd = -EIO;
	}
	return fd;
}

/* Looks for a path (of files_path()) in a folder. */
static int find_in(const char *folder, const char *path, bool slash, struct file *ret_file)
{
	int root = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC), fd;
	struct file f = { .moved = false };

	if (root < 0)
		return -errno;
	(void)snprintf(f.path, sizeof f.path, "%s", path);
	fd = open_beneath(root, *path ? path : ".");
	if (fd >= 0 && fstat(fd, &f.st) < 0) {
		(void)close(fd);
		fd = -EIO;
	}
	if (fd >= 0 && S_ISDIR(f.st.st_mode)) {
		(void)close(fd);
		fd = open_index(root, &f);
		f.moved = !slash;
		slash = false;
	}
	(void)close(root);
	if (fd >= 0 && (!S_ISREG(f.st.st_mode) || slash)) {
		(void)close(fd);
		fd = -ENOENT;
	}
	f.fd = fd;
	if (fd >= 0)
		*ret_file = f;
	return fd < 0 ? fd : 0;
}

struct wanted {
	const char *name; /* of the plugin; name_len octets */
	size_t name_len;
	char folder[2][FOLDER_OCTETS];
	bool found;
};

static int on_plugin(void *user, const struct aerie_plugin_info *info)
{
	struct wanted *w = user;
	const char *end = strrchr(info->path, '/');
	int len = end ? (int)(end - info->path) : 0;

	if (info->state != AERIE_PLUGIN_RUNNING || strlen(info->id) != w->name_len || strncmp(info->id, w->name, w->name_len) || !end)
		return 0;
	w->found = (size_t)snprintf(w->folder[0], FOLDER_OCTETS, "%.*s/%s.httpd", len, info->path, info->id) < FOLDER_OCTETS &&
		   (size_t)snprintf(w->folder[1], FOLDER_OCTETS, "%.*s/%s/httpd", len, info->path, info->id) < FOLDER_OCTETS;
	return 1;
}

/* "plugin/NAME/..." */
static int find_plugin(const struct server *s, const char *path, bool slash, struct file *ret_file)
{
	struct wanted w = { .name = path + 7 };
	const char *rest;
	int err;

	w.name_len = strcspn(w.name, "/");
	rest = w.name + w.name_len;
	(void)s->plugins->each(s->h, on_plugin, &w);
	if (!w.found)
		return -ENOENT;
	rest += *rest == '/';
	err = find_in(w.folder[0], rest, slash, ret_file);
	return err ? find_in(w.folder[1], rest, slash, ret_file) : 0;
}

static int find(const struct exchange *x, struct file *ret_file)
{
	const char *const folders[] = { x->s->user_folder, x->s->folder };
	char path[FILES_PATH_OCTETS];
	bool slash;
	int err = files_path(x->path, path, &slash);
	size_t i;

	if (err)
		return err;
	if (!strncmp(path, "plugin/", 7))
		return find_plugin(x->s, path, slash, ret_file);
	for (i = 0, err = -ENOENT; err && i < sizeof folders / sizeof folders[0]; i++)
		if (folders[i] && *folders[i])
			err = find_in(folders[i], path, slash, ret_file);
	return err;
}

bool static_exists(struct exchange *x, const struct aerie_http_request *req)
{
	struct file f;

	if (find(x, &f))
		return false;
	(void)close(f.fd);
	return true;
}

/* ---- answering ---- */

struct validators {
	char etag[FILES_ETAG_OCTETS], date[FILES_DATE_OCTETS];
};

static struct validators validators_of(const struct file *f, bool gzip)
{
	struct validators v;

	(void)snprintf(v.etag, sizeof v.etag, "\"%llx-%llx-%llx%s\"", (unsigned long long)f->st.st_ino, (unsigned long long)f->st.st_size,
		       (unsigned long long)f->st.st_mtim.tv_sec * 1000000000ull + (unsigned long long)f->st.st_mtim.tv_nsec, gzip ? "-gz" : "");
	files_date(f->st.st_mtim.tv_sec, v.date);
	return v;
}

static bool unchanged(const struct exchange *x, const struct file *f, const struct validators *v)
{
	const char *tags = exchange_header(x, "If-None-Match"), *date = exchange_header(x, "If-Modified-Since");
	time_t t;

	if (tags)
		return files_etag_listed(tags, v->etag);
	return date && !files_read_date(date, &t) && f->st.st_mtim.tv_sec <= t;
}

static void finish(struct exchange *x, unsigned status, const char *type, const struct validators *v)
{
	response_header(x, "Content-Type", type);
	response_header(x, "ETag", v->etag);
	response_header(x, "Last-Modified", v->date);
	if (status != MHD_HTTP_NOT_MODIFIED)
		response_header(x, "Accept-Ranges", "bytes");
	response_drop(x, "Content-Security-Policy"); /* what an administrator installs may bring what it needs */
	response_header(x, "Content-Security-Policy", "frame-ancestors 'self'");
	response_finish(x, status, true);
}

static int64_t read_file(void *user, char *buf, uint64_t max)
{
	struct exchange *x = user;
	ssize_t n = pread(x->file_fd, buf, (size_t)max, (off_t)x->file_at);

	if (n < 0)
		return -errno;
	x->file_at += (uint64_t)n;
	return n;
}

/* The file belongs to the exchange from here on. */
static bool answer_compressed(struct exchange *x, const struct file *f, const char *type)
{
	struct validators v = validators_of(f, true);
	bool compressed;

	x->file_fd = f->fd;
	x->out.source = read_file;
	if (unchanged(x, f, &v)) {
		x->response = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
		finish(x, MHD_HTTP_NOT_MODIFIED, type, &v);
		return true;
	}
	if (response_body(x, type, (int64_t)f->st.st_size, true, &compressed))
		return false;
	if (!compressed)
		v = validators_of(f, false);
	finish(x, MHD_HTTP_OK, type, &v);
	return true;
}

/* The range that is asked for, if it still is of this file. As files_range(). */
static int range_of(const struct exchange *x, const struct file *f, const struct validators *v, uint64_t *ret_first, uint64_t *ret_len)
{
	const char *range = exchange_header(x, "Range"), *condition = exchange_header(x, "If-Range");

	if (!range || (condition && strcmp(condition, v->etag) && strcmp(condition, v->date)))
		return -ENOENT;
	return files_range(range, (uint64_t)f->st.st_size, ret_first, ret_len);
}

static void answer_no_range(struct exchange *x, const struct file *f)
{
	char text[64];

	response_refuse(x, MHD_HTTP_RANGE_NOT_SATISFIABLE, "ERROR: the file has nothing in that range\n");
	(void)snprintf(text, sizeof text, "bytes */%llu", (unsigned long long)f->st.st_size);
	response_header(x, "Content-Range", text);
	(void)close(f->fd);
}

static void answer_plain(struct exchange *x, const struct file *f, const char *type)
{
	struct validators v = validators_of(f, false);
	uint64_t first = 0, len = (uint64_t)f->st.st_size;
	unsigned status = MHD_HTTP_OK;
	char text[96];
	int err = unchanged(x, f, &v) ? -EALREADY : range_of(x, f, &v, &first, &len);

	if (err == -ERANGE) {
		answer_no_range(x, f);
		return;
	}
	if (err == -EALREADY || !len) {
		(void)close(f->fd);
		x->response = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
		finish(x, err == -EALREADY ? MHD_HTTP_NOT_MODIFIED : MHD_HTTP_OK, type, &v);
		return;
	}
	x->response = MHD_create_response_from_fd_at_offset64(len, f->fd, first);
	if (!x->response)
		(void)close(f->fd);
	if (!err) {
		status = MHD_HTTP_PARTIAL_CONTENT;
		(void)snprintf(text, sizeof text, "bytes %llu-%llu/%llu", (unsigned long long)first, (unsigned long long)(first + len - 1),
			       (unsigned long long)f->st.st_size);
		response_header(x, "Content-Range", text);
	}
	finish(x, status, type, &v);
}

static void answer_file(struct exchange *x, const struct file *f)
{
	const char *type = files_type(f->path, x->s->mime, x->s->n_mime);

	x->varies = x->s->gzip && gzip_worthwhile(type, f->st.st_size);
	if (!x->varies || exchange_header(x, "Range") || !gzip_accepted(exchange_header(x, "Accept-Encoding")))
		answer_plain(x, f, type);
	else if (!answer_compressed(x, f, type))
		response_refuse(x, MHD_HTTP_SERVICE_UNAVAILABLE, "ERROR: out of memory, try again later\n");
}

/* To the folder's own name, so that links in its index.html lead into it. Relative: no client is led to another host by it. */
static void answer_moved(struct exchange *x)
{
	const char *name = strrchr(x->path, '/') + 1;
	char text[FILES_PATH_OCTETS * 3 + 8];

	if ((size_t)snprintf(text, sizeof text, "./%s/", name) >= sizeof text) {
		response_refuse(x, MHD_HTTP_URI_TOO_LONG, "ERROR: the path is too long\n");
		return;
	}
	response_text(x, MHD_HTTP_MOVED_PERMANENTLY, ERROR_TYPE, "It is a folder.\n");
	response_header(x, "Location", text);
}

static bool may_read(const struct aerie_http_request *req)
{
	return !(req->flags & AERIE_REQUEST_LOGIN_FOR_ALL) || (req->role && (!strcmp(req->role, "admin") || !strcmp(req->role, "readonly")));
}

bool static_answer(struct exchange *x, const struct aerie_http_request *req)
{
	struct file f;
	int err = find(x, &f);

	if (err && (!x->s->redirect_unknown || !*x->s->redirect_unknown))
		return false;
	if (err) {
		response_text(x, MHD_HTTP_FOUND, ERROR_TYPE, "There is nothing here.\n");
		response_header(x, "Location", x->s->redirect_unknown);
		return true;
	}
	if (!may_read(req)) {
		(void)close(f.fd);
		if (req->role)
			response_refuse(x, MHD_HTTP_FORBIDDEN, "ERROR: this needs a login with the role readonly or admin\n");
		else
			response_refuse(x, MHD_HTTP_UNAUTHORIZED, "ERROR: this needs a login; there was none, or not a valid one\n");
	} else if (f.moved) {
		(void)close(f.fd);
		answer_moved(x);
	} else {
		answer_file(x, &f);
	}
	return true;
}
