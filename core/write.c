/* SPDX-License-Identifier: MIT */
/* --write-devices: all devices into a file, through the same serializers and the same pull that HTTP uses. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <core/devices.h>
#include <core/registry.h>
#include <core/router.h>
#include <core/routes.h>

#define WALK_KEYS 256u

struct walk {
	struct core *core;
	struct aerie_cursor *cursor;
	uint64_t keys[WALK_KEYS];
	int n, i;
	const struct aerie_visitor *vt;
	void *v;
};

static int walk_visit(void *user, struct aerie_device *dev)
{
	struct walk *w = user;
	int err = fields_service.visit(&w->core->self->host, dev->rec, w->vt, w->v);

	return err < 0 ? err : AERIE_DEVICE_UNCHANGED;
}

static int walk_next(void *user, const struct aerie_visitor *vt, void *v)
{
	struct walk *w = user;
	int r;

	w->vt = vt;
	w->v = v;
	for (;;) {
		if (w->i == w->n) {
			w->i = 0;
			w->n = devices_service.cursor_next(w->cursor, w->keys, WALK_KEYS);
			if (w->n <= 0) {
				r = w->n;
				w->n = 0;
				return r;
			}
		}
		r = devices_service.with(&w->core->self->host, w->keys[w->i++], walk_visit, w);
		if (r != -ENOENT)
			return r < 0 ? r : 1;
	}
}

static int64_t walk_count(void *user)
{
	return devices_service.cursor_fix(((struct walk *)user)->cursor, NULL, NULL);
}

static int write_all(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t w = write(fd, p, n);

		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0)
			return -errno;
		p += w;
		n -= (size_t)w;
	}
	return 0;
}

static int write_list(struct core *core, struct aerie_reply *rep, int fd)
{
	static const struct aerie_device_query all = { .size = sizeof all };
	struct walk walk = { .core = core };
	char *buf = malloc(REPLY_CHUNK);
	int64_t n = -ENOMEM;
	int err;

	walk.cursor = devices_service.cursor_open(&core->self->host, &all);
	err = buf && walk.cursor ? reply_list(rep, walk_next, walk_count, &walk, NULL) : -ENOMEM;
	while (!err && (n = reply_read(rep, buf, REPLY_CHUNK)) > 0)
		err = write_all(fd, buf, (size_t)n);
	if (!err && n < 0)
		err = (int)n;
	reply_reset(rep);
	if (walk.cursor)
		devices_service.cursor_close(walk.cursor);
	free(buf);
	return err;
}

/* Writes beside the target and renames, so that a reader never sees a part; a pipe or terminal is written directly. */
static int write_file(struct router *r, struct aerie_reply *rep, const char *path)
{
	struct stat st;
	bool direct = stat(path, &st) == 0 && !S_ISREG(st.st_mode);
	size_t room = strlen(path) + sizeof ".tmp";
	char *tmp = malloc(room);
	int fd, err;

	if (!tmp)
		return -ENOMEM;
	(void)snprintf(tmp, room, "%s%s", path, direct ? "" : ".tmp");
	fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0644);
	if (fd < 0) {
		err = -errno;
		free(tmp);
		return err;
	}
	err = write_list(r->core, rep, fd);
	if (close(fd) < 0 && !err)
		err = -errno;
	if (!err && !direct && rename(tmp, path) < 0)
		err = -errno;
	if (err && !direct)
		(void)unlink(tmp);
	free(tmp);
	return err;
}

static int write_failed(struct router *r, const char **ret_error, int err, const char *path, const char *why)
{
	(void)snprintf(r->error, sizeof r->error, "cannot write the devices to %s: %s", path, why);
	*ret_error = r->error;
	return err;
}

int router_write_devices(struct router *r, const char *path, const char **ret_error)
{
	const char *slash = strrchr(path, '/'), *end;
	struct aerie_reply *rep = reply_new();
	int err;

	if (!rep)
		return write_failed(r, ret_error, -ENOMEM, path, "memory is out");
	rep->epoch = epoch_pin(r->core->epochs);
	end = path_suffix(slash ? slash + 1 : path);
	rep->serializer = end ? serializer_find(rep->epoch->index[REG_SERIALIZER], end) : NULL;
	if (rep->serializer)
		err = write_file(r, rep, path);
	else
		err = -EINVAL;
	reply_free(rep);
	if (err == -EINVAL)
		return write_failed(r, ret_error, err, path,
				    "no serializer has its suffix; use .json, .ekjson or .msgpack, or load the module that has it");
	return err ? write_failed(r, ret_error, err, path, strerror(-err)) : 0;
}
