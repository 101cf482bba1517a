/* SPDX-License-Identifier: MIT */
/* Programs of others that receive for a capture program, as rtl_433 does: started, and read line by line. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "handler.h"

#define END_WAIT_MS 1000 /* from SIGTERM to SIGKILL; also for one that has closed its output, before SIGTERM */
#define END_STEP_MS 10

extern char **environ;

struct aeriecap_child {
	struct aeriecap *cap;
	pid_t pid;
	int fd; /* its standard output */
	bool ended;
	bool passing; /* over the rest of a line that was too long */
	size_t start, end; /* what is in buf and not taken */
	char buf[AERIECAP_LINE_MAX];
};

/* Its input is empty, its output ours; signals are as for a program that a shell starts, not blocked as in our threads. */
static int spawn(char *const argv[], int out, pid_t *ret_pid)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t none, defaults;
	int r;

	sigemptyset(&none);
	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	r = posix_spawn_file_actions_init(&files);
	if (r != 0)
		return r;
	r = posix_spawnattr_init(&attr);
	if (r != 0) {
		posix_spawn_file_actions_destroy(&files);
		return r;
	}
	r = posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (r == 0)
		r = posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
	if (r == 0)
		r = posix_spawnattr_setsigmask(&attr, &none);
	if (r == 0)
		r = posix_spawnattr_setsigdefault(&attr, &defaults);
	if (r == 0)
		r = posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	if (r == 0)
		r = posix_spawnp(ret_pid, argv[0], &files, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&files);
	return r;
}

struct aeriecap_child *aeriecap_child_start(struct aeriecap *cap, char *const argv[], char *msg)
{
	struct aeriecap_child *child = malloc(sizeof *child);
	int fds[2] = { -1, -1 }, r = ENOMEM;

	/* Only our end shall not block: few programs expect that of their output. */
	if (child)
		r = make_pipe(fds) < 0 || fcntl(fds[1], F_SETFL, 0) < 0 ? errno : spawn(argv, fds[1], &child->pid);
	close_fd(fds[1]);
	if (r != 0) {
		close_fd(fds[0]);
		free(child);
		snprintf(msg, AERIECAP_MSG_MAX, "cannot start %.200s: %s", argv[0], strerror(r));
		return NULL;
	}
	child->cap = cap;
	child->fd = fds[0];
	child->ended = child->passing = false;
	child->start = child->end = 0;
	return child;
}

/* Waits for more of its output. False: there is none, or the capture is to end. */
static bool fill(struct aeriecap_child *child)
{
	struct pollfd fds[2] = { { child->fd, POLLIN, 0 }, { child->cap->stop[0], POLLIN, 0 } };
	ssize_t n;

	if (poll(fds, 2, -1) < 0)
		return errno == EINTR;
	if (fds[1].revents)
		return false;
	n = read(child->fd, child->buf + child->end, sizeof child->buf - child->end);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	child->ended = n <= 0;
	child->end += n > 0 ? (size_t)n : 0;
	return true;
}

static int give(const char *from, size_t len, char *line, size_t room)
{
	if (len > 0 && from[len - 1] == '\r')
		len--;
	if (len >= room)
		len = room - 1;
	memcpy(line, from, len);
	line[len] = 0;
	return (int)len;
}

/* The next line of what is there: its length, -1: there is none. */
static int take(struct aeriecap_child *child, char *line, size_t room)
{
	const char *from = child->buf + child->start, *stop;
	size_t left = child->end - child->start, len;
	bool passing = child->passing;

	stop = memchr(from, '\n', left);
	if (!stop && !child->ended && left < sizeof child->buf)
		return -1;
	if (!stop && left == 0)
		return -1;
	len = stop ? (size_t)(stop - from) : left;
	child->start += stop ? len + 1 : len;
	child->passing = !stop;
	return passing ? -1 : give(from, len, line, room);
}

int aeriecap_child_line(struct aeriecap_child *child, char *line, size_t room)
{
	for (;;) {
		size_t before = child->start;
		int n = take(child, line, room);

		if (n >= 0)
			return n;
		if (child->start != before) /* the rest of one that was too long */
			continue;
		if (child->ended)
			return -1;
		memmove(child->buf, child->buf + child->start, child->end - child->start);
		child->end -= child->start;
		child->start = 0;
		if (!fill(child))
			return -1;
	}
}

static bool stopping(const struct aeriecap *cap)
{
	struct pollfd p = { cap->stop[0], POLLIN, 0 };

	return poll(&p, 1, 0) > 0;
}

/* Not cancelled in here, or the program would go on with the radio: the main thread, which cancels after a second, waits for
 * another one. */
int aeriecap_child_end(struct aeriecap_child *child)
{
	const struct timespec step = { 0, END_STEP_MS * 1000000L };
	uint64_t until; /* the next signal */
	bool told = false;
	int status = 0, cancel;
	pid_t r;

	if (!child)
		return 0;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
	until = now_ms() + (child->ended ? END_WAIT_MS : 0);
	close(child->fd);
	while ((r = waitpid(child->pid, &status, WNOHANG)) == 0 || (r < 0 && errno == EINTR)) {
		if (!told && (now_ms() >= until || stopping(child->cap))) {
			kill(child->pid, SIGTERM);
			told = true;
			until = now_ms() + END_WAIT_MS;
		} else if (told && now_ms() >= until) {
			kill(child->pid, SIGKILL);
		}
		nanosleep(&step, NULL);
	}
	free(child);
	pthread_setcancelstate(cancel, NULL);
	if (r < 0)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
