/* SPDX-License-Identifier: MIT */
/* Passwords and keys: from a file, from the environment, or from the command line, where other users of the machine see
 * them until they are overwritten. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "remote.h"

#define SECRET_MAX 1024u

/* Capture programs of radios may be set-user-id root: a file that their user may not read is not read for them. */
static int open_as_user(const char *path)
{
	uid_t effective = geteuid();
	int fd, error;

	if (seteuid(getuid()) < 0)
		return -1;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	error = errno;
	if (seteuid(effective) < 0) {
		error = errno;
		if (fd >= 0)
			close(fd);
		fd = -1;
	}
	errno = error;
	return fd;
}

/* The first line, without its end. Its length, or -1 with errno. */
static ssize_t read_line(int fd, char *line, size_t room)
{
	size_t n = 0;
	ssize_t r;

	while (n < room - 1 && !memchr(line, '\n', n)) {
		r = read(fd, line + n, room - 1 - n);
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return -1;
		if (r == 0)
			break;
		n += (size_t)r;
	}
	line[n] = 0;
	n = strcspn(line, "\r\n");
	line[n] = 0;
	return (ssize_t)n;
}

int secret_from_file(const struct aeriecap *cap, const char *option, const char *path, char **to)
{
	char line[SECRET_MAX + 2];
	const char *why = NULL;
	int fd = open_as_user(path);
	ssize_t n = fd < 0 ? -1 : read_line(fd, line, sizeof line);

	if (n < 0)
		why = strerror(errno);
	else if (n == 0)
		why = "its first line is empty";
	else if ((size_t)n > SECRET_MAX)
		why = "its first line is too long";
	if (fd >= 0)
		close(fd);
	if (!why) {
		free(*to);
		*to = strdup(line);
		why = *to ? NULL : strerror(ENOMEM);
	}
	memset(line, 0, sizeof line);
	if (!why)
		return 0;
	fprintf(stderr, "%s: --%s=%s cannot be used: %s\n", cap->program, option, path, why);
	return -1;
}

int secret_from_environment(const char *name, char **to)
{
	const char *value = getenv(name);

	if (*to || !value || !*value)
		return 0;
	*to = strdup(value);
	return *to ? 0 : -1;
}

void secret_hide(char *argument)
{
	memset(argument, 0, strlen(argument));
}
