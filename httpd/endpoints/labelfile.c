/* SPDX-License-Identifier: MIT */
/* The file of names and tags: read with checks, written as a whole. */
#define _GNU_SOURCE /* asprintf */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "labels.h"

#define VERSION 1
#define ASIDE_MAX 100u /* damaged files that are kept */

/* ---- reading ---- */

static int text_fits(const json_t *text, size_t max)
{
	return json_is_string(text) && json_string_length(text) <= max && strlen(json_string_value(text)) == json_string_length(text);
}

static int entry_valid(json_t *entry)
{
	json_t *name = json_object_get(entry, "name"), *tags = json_object_get(entry, "tags"), *value;
	const char *tag;

	if (!json_is_object(entry) || (!name && !tags))
		return 0;
	if (name && (!text_fits(name, LABELS_NAME_MAX) || !json_string_length(name)))
		return 0;
	if (tags && (!json_is_object(tags) || json_object_size(tags) > LABELS_TAGS_MAX))
		return 0;
	json_object_foreach(tags, tag, value)
		if (!*tag || strlen(tag) > LABELS_NAME_MAX || !text_fits(value, LABELS_VALUE_MAX))
			return 0;
	return 1;
}

/* Takes out what is malformed, or too much. */
static size_t clean(json_t *devices)
{
	size_t n = 0, bad = 0;
	const char *key;
	json_t *entry;
	void *tmp;

	json_object_foreach_safe(devices, tmp, key, entry) {
		if (n < LABELS_DEVICES_MAX && entry_valid(entry)) {
			n++;
			continue;
		}
		(void)json_object_del(devices, key);
		bad++;
	}
	return bad;
}

static int parse(FILE *f, json_t **ret_devices, char *ret_why)
{
	json_error_t error;
	json_t *root = json_loadf(f, JSON_REJECT_DUPLICATES, &error), *devices = json_object_get(root, "devices");

	if (!root)
		(void)snprintf(ret_why, LABELS_WHY, "line %d: %.200s", error.line, error.text);
	else if (json_integer_value(json_object_get(root, "version")) != VERSION || !json_is_object(devices))
		(void)snprintf(ret_why, LABELS_WHY, "it is no list of names and tags of version %d", VERSION);
	else
		*ret_devices = json_incref(devices);
	json_decref(root);
	return *ret_devices ? 0 : -EBADMSG;
}

int labelfile_read(const char *path, json_t **ret_devices, size_t *ret_bad, char *ret_why)
{
	json_t *devices = NULL;
	struct stat st;
	int err = 0, fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "r");

	if (!f) {
		err = errno ? -errno : -ENOMEM;
		(void)snprintf(ret_why, LABELS_WHY, "%s", strerror(-err));
		if (fd >= 0)
			close(fd);
		return err;
	}
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > (off_t)LABELS_FILE_MAX) {
		(void)snprintf(ret_why, LABELS_WHY, "it is no regular file of at most %u octets", LABELS_FILE_MAX);
		err = -EBADMSG;
	}
	if (!err)
		err = parse(f, &devices, ret_why);
	(void)fclose(f);
	if (err)
		return err;
	*ret_bad = clean(devices);
	*ret_devices = devices;
	return 0;
}

/* ---- writing ---- */

static int write_all(int fd, const char *data, size_t len)
{
	ssize_t n;

	while (len) {
		n = write(fd, data, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		len -= (size_t)n;
	}
	return fsync(fd) < 0 ? -errno : 0;
}

/* So that the new name is on the disk, too. There are file systems that cannot do it; the file is in its place all the same. */
static void sync_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder = slash ? strndup(path, slash > path ? (size_t)(slash - path) : 1) : strdup(".");
	int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	free(folder);
	if (fd < 0)
		return;
	(void)fsync(fd);
	(void)close(fd);
}

static int replace(const char *path, const char *data, size_t len)
{
	char *next = NULL;
	int fd, err;

	if (asprintf(&next, "%s.new", path) < 0)
		return -ENOMEM;
	(void)unlink(next); /* of a run that was cut off */
	fd = open(next, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	err = fd < 0 ? -errno : write_all(fd, data, len);
	if (fd >= 0 && close(fd) < 0 && !err)
		err = -errno;
	if (!err && rename(next, path) < 0)
		err = -errno;
	if (err)
		(void)unlink(next);
	else
		sync_folder(path);
	free(next);
	return err;
}

int labelfile_write(const char *path, json_t *devices)
{
	json_t *root = json_pack("{sisO}", "version", VERSION, "devices", devices);
	char *text = root ? json_dumps(root, JSON_INDENT(1) | JSON_SORT_KEYS) : NULL;
	size_t len = text ? strlen(text) : 0;
	int err;

	json_decref(root);
	if (!text)
		return -ENOMEM;
	err = len > LABELS_FILE_MAX ? -EFBIG : replace(path, text, len);
	free(text);
	return err;
}

int labelfile_set_aside(const char *path, char *ret_to)
{
	unsigned i;

	for (i = 1; i <= ASIDE_MAX; i++) {
		if (snprintf(ret_to, LABELS_WHY, "%s.damaged-%u", path, i) >= (int)LABELS_WHY)
			return -ENAMETOOLONG;
		if (access(ret_to, F_OK) < 0 && errno == ENOENT)
			return rename(path, ret_to) < 0 ? -errno : 0;
	}
	return -EEXIST;
}
