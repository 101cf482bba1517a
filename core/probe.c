/* SPDX-License-Identifier: MIT */
/* Trust in files of modules, and probes: an unknown module is first opened in a child process, so that one that crashes or
 * hangs on the spot takes nothing with it. What was learned is kept in two lists in the home directory:
 * plugins.known has "SIZE MTIME_NS INODE PATH" per line, plugins.quarantine the same with a tab and the reason behind it,
 * plugins.starting one such line while that module is started. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <core/descriptor.h>
#include <core/probe.h>

#define LISTS_LINES_MAX 4096u
#define MARK_OK "aerie-probe: ok"
#define MARK_REFUSED "aerie-probe: refused: "

extern char **environ;

/* ---- Trust ---- */

static int complain(char **ret_reason, int err, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static int complain(char **ret_reason, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(ret_reason, fmt, ap) < 0)
		*ret_reason = NULL;
	va_end(ap);
	return err;
}

static bool is_ours(const struct stat *st)
{
	return st->st_uid == 0 || st->st_uid == geteuid();
}

static int check_directory(const char *path, char **ret_reason)
{
	char *dir = strdup(path), *slash = dir ? strrchr(dir, '/') : NULL;
	struct stat st;
	int err = 0;

	if (!slash)
		err = complain(ret_reason, -ENOMEM, "memory is out");
	else
		slash[slash == dir] = '\0';
	if (!err && stat(dir, &st) < 0)
		err = complain(ret_reason, -errno, "its directory %s cannot be looked at: %s", dir, strerror(errno));
	if (!err && !is_ours(&st))
		err = complain(ret_reason, -EPERM, "its directory %s belongs to user %u, who could exchange it: move it to a directory of root or "
			       "of the user that runs aeried", dir, (unsigned)st.st_uid);
	if (!err && (st.st_mode & S_IWOTH))
		err = complain(ret_reason, -EPERM, "its directory is writable by others: chmod o-w %s", dir);
	free(dir);
	return err;
}

int probe_trust(const char *path, char **ret_resolved, struct file_id *ret_id, char **ret_reason)
{
	char *full = realpath(path, NULL);
	struct stat st;
	int err = 0;

	if (!full || stat(full, &st) < 0)
		err = complain(ret_reason, -errno, "it cannot be looked at: %s: correct its name or permissions", strerror(errno));
	else if (!S_ISREG(st.st_mode))
		err = complain(ret_reason, -EINVAL, "it is not a regular file: remove it");
	else if (!is_ours(&st))
		err = complain(ret_reason, -EPERM, "it belongs to user %u: it must belong to root or to the user that runs aeried: chown it",
			       (unsigned)st.st_uid);
	else if (st.st_mode & (S_IWGRP | S_IWOTH))
		err = complain(ret_reason, -EPERM, "it is writable by %s: chmod go-w %s", st.st_mode & S_IWOTH ? "others" : "its group", full);
	else if (strpbrk(full, "\n\t"))
		err = complain(ret_reason, -EINVAL, "its path has a tab or newline: rename it");
	if (!err)
		err = check_directory(full, ret_reason);
	if (err < 0) {
		free(full);
		return err;
	}
	*ret_resolved = full;
	ret_id->size = (uint64_t)st.st_size;
	ret_id->mtime_ns = (uint64_t)st.st_mtim.tv_sec * 1000000000u + (uint64_t)st.st_mtim.tv_nsec;
	ret_id->inode = st.st_ino;
	return 0;
}

/* ---- Lists ---- */

struct noted {
	struct noted *next;
	struct file_id id;
	char *path, *reason; /* reason NULL: known to be good */
};

struct probe_lists {
	char *home;
	struct noted *first;
	bool changed;
	bool interrupted; /* plugins.starting named one, which is among them now */
};

static void noted_free(struct noted *n)
{
	free(n->path);
	free(n->reason);
	free(n);
}

static int add_noted(struct probe_lists *l, const char *path, const struct file_id *id, const char *reason)
{
	struct noted *n = calloc(1, sizeof *n);

	if (!n)
		return -ENOMEM;
	n->id = *id;
	n->path = strdup(path);
	n->reason = reason ? strdup(reason) : NULL;
	if (!n->path || (reason && !n->reason)) {
		noted_free(n);
		return -ENOMEM;
	}
	n->next = l->first;
	l->first = n;
	return 0;
}

/* The path in a line; NULL when it is not of the form: it was not written by us, and the worst is one more probe. */
static char *parse_line(char *line, struct file_id *ret_id)
{
	int used = 0;

	line[strcspn(line, "\n")] = '\0';
	if (sscanf(line, "%" SCNu64 " %" SCNu64 " %" SCNu64 " %n", &ret_id->size, &ret_id->mtime_ns, &ret_id->inode, &used) != 3 || !used)
		return NULL;
	return line[used] == '/' ? line + used : NULL;
}

static void read_line(struct probe_lists *l, char *line, bool quarantine)
{
	struct file_id id;
	char *path = parse_line(line, &id), *tab = NULL;

	if (!path)
		return;
	if (quarantine) {
		tab = strchr(path, '\t');
		if (!tab)
			return;
		*tab++ = '\0';
	}
	(void)add_noted(l, path, &id, tab);
}

static bool note_interrupted(struct probe_lists *l, char *line)
{
	struct file_id id;
	const char *path = parse_line(line, &id);

	return path && probe_note(l, path, &id, "aeried ended while it was starting this module") == 0;
}

static void read_list(struct probe_lists *l, const char *name, bool quarantine)
{
	char *path = NULL, *line = NULL;
	size_t size = 0;
	unsigned n;
	FILE *f;

	if (asprintf(&path, "%s/%s", l->home, name) < 0)
		return;
	f = fopen(path, "re");
	for (n = 0; f && n < LISTS_LINES_MAX && getline(&line, &size, f) >= 0; n++)
		read_line(l, line, quarantine);
	if (f)
		fclose(f);
	free(line);
	free(path);
}

/* The module in whose start an earlier process ended. While a process has the file, nothing has happened yet. */
static void read_interrupted(struct probe_lists *l)
{
	char *path = NULL, *line = NULL;
	size_t size = 0;
	FILE *f;

	if (asprintf(&path, "%s/plugins.starting", l->home) < 0)
		return;
	f = fopen(path, "re");
	if (f && flock(fileno(f), LOCK_EX | LOCK_NB) == 0 && getline(&line, &size, f) > 0)
		l->interrupted = note_interrupted(l, line);
	if (f)
		fclose(f);
	free(line);
	free(path);
}

struct probe_lists *probe_lists_read(const char *home)
{
	struct probe_lists *l = calloc(1, sizeof *l);

	if (!l || !home)
		return l;
	l->home = strdup(home);
	if (!l->home) {
		free(l);
		return NULL;
	}
	read_list(l, "plugins.known", false);
	read_list(l, "plugins.quarantine", true);
	read_interrupted(l);
	return l;
}

void probe_lists_free(struct probe_lists *l)
{
	struct noted *n;

	if (!l)
		return;
	while ((n = l->first)) {
		l->first = n->next;
		noted_free(n);
	}
	free(l->home);
	free(l);
}

static const struct noted *find_noted(const struct probe_lists *l, const char *path, const struct file_id *id)
{
	const struct noted *n;

	for (n = l->first; n; n = n->next)
		if (n->id.size == id->size && n->id.mtime_ns == id->mtime_ns && n->id.inode == id->inode && !strcmp(n->path, path))
			return n;
	return NULL;
}

bool probe_known(const struct probe_lists *l, const char *path, const struct file_id *id)
{
	const struct noted *n = find_noted(l, path, id);

	return n && !n->reason;
}

const char *probe_quarantined(const struct probe_lists *l, const char *path, const struct file_id *id)
{
	const struct noted *n = find_noted(l, path, id);

	return n ? n->reason : NULL;
}

void probe_forget(struct probe_lists *l, const char *path)
{
	struct noted **link = &l->first, *n;

	while ((n = *link)) {
		if (strcmp(n->path, path)) {
			link = &n->next;
			continue;
		}
		*link = n->next;
		noted_free(n);
		l->changed = true;
	}
}

int probe_note(struct probe_lists *l, const char *path, const struct file_id *id, const char *reason)
{
	probe_forget(l, path);
	l->changed = true;
	return add_noted(l, path, id, reason);
}

/* Written beside and renamed, so that a reader never sees half a list. */
static int write_list(const struct probe_lists *l, const char *name, bool quarantine)
{
	char *path = NULL, *tmp = NULL;
	const struct noted *n;
	FILE *f = NULL;
	int err = -ENOMEM;

	if (asprintf(&path, "%s/%s", l->home, name) < 0)
		path = NULL;
	if (!path || asprintf(&tmp, "%s.new.%ld", path, (long)getpid()) < 0)
		tmp = NULL;
	if (!tmp)
		goto out;
	f = fopen(tmp, "we");
	err = f ? 0 : -errno;
	for (n = l->first; f && n; n = n->next) {
		if (quarantine != (n->reason != NULL))
			continue;
		fprintf(f, "%" PRIu64 " %" PRIu64 " %" PRIu64 " %s", n->id.size, n->id.mtime_ns, n->id.inode, n->path);
		fprintf(f, quarantine ? "\t%s\n" : "\n", n->reason);
	}
	if (f && (fflush(f) || ferror(f)))
		err = errno ? -errno : -EIO;
	if (f && fclose(f) && !err)
		err = -EIO;
	if (!err && rename(tmp, path) < 0)
		err = -errno;
	if (err < 0 && f)
		unlink(tmp);
out:
	free(tmp);
	free(path);
	return err;
}

static int remove_starting(const char *home)
{
	char *path;
	int err;

	if (asprintf(&path, "%s/plugins.starting", home) < 0)
		return -ENOMEM;
	err = unlink(path) < 0 && errno != ENOENT ? -errno : 0;
	free(path);
	return err;
}

int probe_lists_write(const struct probe_lists *l)
{
	int err;

	if (!l->home || !l->changed)
		return 0;
	err = write_list(l, "plugins.known", false);
	if (!err)
		err = write_list(l, "plugins.quarantine", true);
	if (!err && l->interrupted)
		err = remove_starting(l->home);
	return err;
}

/* ---- What is being started ---- */

struct probe_start {
	char *home;
	int fd;
};

struct probe_start *probe_start_new(const char *home)
{
	struct probe_start *s = home ? calloc(1, sizeof *s) : NULL;
	char *path;

	if (!s)
		return NULL;
	s->fd = -1;
	s->home = strdup(home);
	if (s->home && asprintf(&path, "%s/plugins.starting", home) >= 0) {
		s->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		free(path);
	}
	if (s->fd >= 0 && flock(s->fd, LOCK_EX | LOCK_NB) == 0)
		return s;
	if (s->fd >= 0)
		close(s->fd);
	free(s->home);
	free(s);
	return NULL;
}

/* What cannot be written down is started all the same: a module that behaves loses nothing. */
void probe_start_note(struct probe_start *s, const char *path, const struct file_id *id)
{
	if (!s || ftruncate(s->fd, 0) < 0 || !path)
		return;
	(void)lseek(s->fd, 0, SEEK_SET);
	(void)dprintf(s->fd, "%" PRIu64 " %" PRIu64 " %" PRIu64 " %s\n", id->size, id->mtime_ns, id->inode, path);
}

void probe_start_free(struct probe_start *s)
{
	if (!s)
		return;
	(void)remove_starting(s->home);
	close(s->fd);
	free(s->home);
	free(s);
}

/* ---- Probes ---- */

struct child {
	struct probe_job *job; /* NULL: free */
	pid_t pid;
	int pidfd, out;
	uint64_t deadline_ms;
	char *text; /* PROBE_OUTPUT_MAX + 1 */
	size_t len;
};

static uint64_t clock_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000u + (uint64_t)ts.tv_nsec / 1000000u;
}

static int could_not(struct probe_job *job, int err)
{
	job->result = complain(&job->reason, err, "it could not be probed: %s", strerror(-err));
	return err;
}

static int spawn(const char *self, const char *path, int out, pid_t *ret_pid)
{
	char *argv[] = { (char *)self, "--probe-plugin", (char *)path, NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t none, dflt;
	int err;

	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attr);
	sigemptyset(&none);
	sigemptyset(&dflt);
	sigaddset(&dflt, SIGPIPE);
	posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&files, out, 1);
	posix_spawn_file_actions_adddup2(&files, out, 2);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setpgroup(&attr, 0);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &dflt);
	err = posix_spawn(ret_pid, self, &files, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&files);
	return -err;
}

static int child_start(struct child *c, const char *self, struct probe_job *job, unsigned timeout_ms)
{
	int fds[2], err;

	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0)
		return could_not(job, -errno);
	err = spawn(self, job->path, fds[1], &c->pid);
	close(fds[1]);
	if (err < 0) {
		close(fds[0]);
		return could_not(job, err);
	}
	c->job = job;
	c->out = fds[0];
	c->pidfd = (int)syscall(SYS_pidfd_open, c->pid, 0); /* close-on-exec by itself; -1: an old kernel, then we look often */
	c->deadline_ms = clock_ms() + timeout_ms;
	c->len = 0;
	return 0;
}

static void child_read(struct child *c)
{
	char rest[512];
	ssize_t n;

	if (c->out < 0)
		return;
	do {
		if (c->len < PROBE_OUTPUT_MAX)
			n = read(c->out, c->text + c->len, PROBE_OUTPUT_MAX - c->len);
		else
			n = read(c->out, rest, sizeof rest); /* let it talk; nobody listens */
		if (n > 0 && c->len < PROBE_OUTPUT_MAX)
			c->len += (size_t)n;
	} while (n > 0);
	if (n == 0) {
		close(c->out);
		c->out = -1;
	}
}

/* The probe's own line in what the child said; the module may have talked before it. */
static const char *find_mark(struct child *c, const char *mark)
{
	char *line, *save = NULL;

	for (line = strtok_r(c->text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (!strncmp(line, mark, strlen(mark)))
			return line + strlen(mark);
	return NULL;
}

static void judge(struct child *c, int status)
{
	struct probe_job *job = c->job;
	const char *reason;
	size_t i;

	child_read(c);
	for (i = 0; i < c->len; i++)
		if (!c->text[i])
			c->text[i] = ' ';
	c->text[c->len] = '\0';
	if (WIFSIGNALED(status)) {
		job->result = complain(&job->reason, -EFAULT, "it crashed when it was opened (signal %d, %s)", WTERMSIG(status),
				       strsignal(WTERMSIG(status)));
	} else if (WEXITSTATUS(status) == 0 && (reason = find_mark(c, MARK_OK))) {
		job->result = 0;
	} else if (WEXITSTATUS(status) == 2 && (reason = find_mark(c, MARK_REFUSED))) {
		job->result = complain(&job->reason, -EINVAL, "%s", reason);
	} else {
		job->result = complain(&job->reason, -EFAULT, "it ended the program that opened it (exit status %d)", WEXITSTATUS(status));
	}
}

static void child_end(struct child *c)
{
	if (c->pidfd >= 0)
		close(c->pidfd);
	if (c->out >= 0)
		close(c->out);
	c->job = NULL;
}

/* Has it ended, or is its time up? */
static void child_look(struct child *c, unsigned timeout_ms)
{
	int status;
	pid_t pid = waitpid(c->pid, &status, WNOHANG);

	child_read(c);
	if (pid == c->pid) {
		kill(-c->pid, SIGKILL); /* whatever it left behind */
		judge(c, status);
		child_end(c);
	} else if (clock_ms() >= c->deadline_ms) {
		kill(-c->pid, SIGKILL);
		kill(c->pid, SIGKILL);
		waitpid(c->pid, &status, 0);
		c->job->result = complain(&c->job->reason, -ETIMEDOUT, "it did not answer within %u ms when it was opened", timeout_ms);
		child_end(c);
	}
}

static void wait_for_any(const struct child *children)
{
	struct pollfd fds[2 * PROBE_PARALLEL];
	uint64_t now = clock_ms(), wait = 60000;
	nfds_t n = 0;
	size_t i;

	for (i = 0; i < PROBE_PARALLEL; i++) {
		const struct child *c = &children[i];

		if (!c->job)
			continue;
		if (c->pidfd >= 0)
			fds[n++] = (struct pollfd){ .fd = c->pidfd, .events = POLLIN };
		else
			wait = 10;
		if (c->deadline_ms <= now)
			wait = 0;
		else if (c->deadline_ms - now < wait)
			wait = c->deadline_ms - now;
		if (c->out >= 0)
			fds[n++] = (struct pollfd){ .fd = c->out, .events = POLLIN };
	}
	poll(fds, n, (int)wait);
}

void probe_run(const char *self, struct probe_job *jobs, size_t n, unsigned timeout_ms)
{
	struct child children[PROBE_PARALLEL] = { 0 };
	size_t next = 0, running = 0, i;

	for (i = 0; i < PROBE_PARALLEL; i++)
		children[i].text = malloc(PROBE_OUTPUT_MAX + 1);
	while (next < n || running) {
		running = 0;
		for (i = 0; i < PROBE_PARALLEL; i++) {
			if (children[i].job)
				child_look(&children[i], timeout_ms);
			while (!children[i].job && next < n) {
				if (!children[i].text)
					could_not(&jobs[next], -ENOMEM);
				else
					(void)child_start(&children[i], self, &jobs[next], timeout_ms);
				next++;
			}
			running += children[i].job != NULL;
		}
		if (running)
			wait_for_any(children);
	}
	for (i = 0; i < PROBE_PARALLEL; i++)
		free(children[i].text);
}

int probe_child(const char *path)
{
	const struct rlimit no_core = { 0, 0 };
	struct descriptor d;
	char *reason = NULL;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setrlimit(RLIMIT_CORE, &no_core);
	if (descriptor_open(path, &d, &reason) < 0) {
		printf("\n" MARK_REFUSED "%s\n", reason ? reason : "memory is out");
		fflush(stdout);
		free(reason);
		return 2;
	}
	printf("\n" MARK_OK "\n");
	fflush(stdout);
	descriptor_close(&d);
	return 0;
}
