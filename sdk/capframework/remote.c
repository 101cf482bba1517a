/* SPDX-License-Identifier: MIT */
/* Capture for a host elsewhere: probe first, connect, introduce the source, and do so again when the link breaks.
 *
 * Each connection is a child process, so that whatever a capture leaves behind (a stuck driver, a leak in a library) ends
 * with it. The child returns from aeriecap_loop() like a program that the host started; the parent returns when there
 * is nothing more to do: the capture ended in order, or a signal said so. */
#ifdef __linux__
#define _GNU_SOURCE
#include <sys/prctl.h>
#endif
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "remote.h"
#include "report.h"

void remote_clear(struct remote *r)
{
	free(r->target);
	free(r->ca_file);
	free(r->user);
	free(r->password);
	free(r->apikey);
	free(r->endpoint);
	free(r->announced_uuid);
	free(r->uuid);
	memset(r, 0, sizeof *r);
}

/* --- Who we are. */

/* Hosts know a remote source by its UUID, and refuse one without. A program that has none gets one of its type, this
 * machine's name and the definition, which is the same each time. */
static int make_uuid(const struct aeriecap *cap, char *uuid, size_t room)
{
	char type[128], machine[256] = "";
	uint32_t m;

	snprintf(type, sizeof type, "kismet_cap_%.100s", cap->type); /* what the sources' UUIDs are derived from everywhere */
	if (gethostname(machine, sizeof machine - 1) < 0)
		machine[0] = 0;
	m = aeriecap_adler(machine, strlen(machine));
	return snprintf(uuid, room, "%08" PRIX32 "-0000-0000-%04X-%04X%08" PRIX32, aeriecap_adler(type, strlen(type)),
			(unsigned)(m >> 16), (unsigned)(m & 0xffff), aeriecap_adler(cap->source, strlen(cap->source)));
}

static int set_uuid(struct aeriecap *cap, const struct aeriecap_info *info)
{
	const char *value;
	char uuid[64];
	int len = aeriecap_find_option(cap->source, "uuid", &value);

	if (len > 0 && len < (int)sizeof uuid) {
		memcpy(uuid, value, (size_t)len);
		uuid[len] = 0;
	} else if (info->uuid && strlen(info->uuid) < sizeof uuid) {
		memcpy(uuid, info->uuid, strlen(info->uuid) + 1);
	} else {
		make_uuid(cap, uuid, sizeof uuid);
	}
	free(cap->remote.uuid);
	cap->remote.uuid = strdup(uuid);
	return cap->remote.uuid ? 0 : -1;
}

/* Is the source ours? Asked before anything is connected, so that the user sees what is wrong. */
static int probe_source(struct aeriecap *cap)
{
	char msg[AERIECAP_MSG_MAX] = "";
	struct aeriecap_info info;
	int r = 1;

	memset(&info, 0, sizeof info);
	if (cap->probe)
		r = cap->probe(cap, 0, cap->source, &info, msg);
	if (r > 0)
		r = set_uuid(cap, &info) == 0 ? 1 : -1;
	info_clear(&info);
	if (r > 0)
		return 0;
	fprintf(stderr, "%s: cannot capture from '%s': %s\n", cap->program, cap->source,
		msg[0] ? msg : "it is no source of this program");
	return -1;
}

/* --- One connection. */

static int find_host(struct aeriecap *cap, struct address *ret, char *why, size_t room)
{
	const struct remote *r = &cap->remote;

	if (r->target)
		return parse_address(r->target, r->tcp ? PORT_TCP : PORT_WEB, ret); /* was well-formed before */
	fprintf(stderr, "%s: waiting for the announcement of a host\n", cap->program);
	return await_announcement(r->autodetect_port, r->announced_uuid, r->tcp, ret, why, room);
}

static int remote_connect(struct aeriecap *cap, char *why, size_t room)
{
	struct address to;
	int fd;

	memset(&to, 0, sizeof to);
	if (find_host(cap, &to, why, room) < 0)
		return -1;
	fd = connect_tcp(&to, why, room);
	if (fd < 0)
		return -1;
	cap->in_fd = cap->out_fd = fd;
	if (!cap->remote.tcp && websocket_start(cap, fd, &to, why, room) < 0) {
		link_close(cap);
		return -1;
	}
	fprintf(stderr, "%s: connected to %s port %s\n", cap->program, to.host, to.port);
	return 0;
}

static int remote_session(struct aeriecap *cap)
{
	char why[AERIECAP_MSG_MAX] = "";
	int status;

	if (remote_connect(cap, why, sizeof why) < 0) {
		fprintf(stderr, "%s: %s\n", cap->program, why);
		return cap->remote.tcp ? AERIECAP_EXIT_TCP : AERIECAP_EXIT_WEBSOCKET;
	}
	if (report_newsource(cap, cap->source, cap->remote.uuid) <= 0) {
		fprintf(stderr, "%s: cannot introduce the source: the link is down\n", cap->program);
		return AERIECAP_EXIT_FAILED;
	}
	status = link_run(cap);
	if (cap->out.down || cap->host_silent || link_finish(cap) < 0)
		cap->remote.finished = false;
	return status;
}

/* --- Again and again. */

static void on_child(int sig)
{
	(void)sig; /* the signal is waited for; ignored, it would not come */
}

/* Waits until the child has ended; true: a signal said that it is to. */
static bool await_child(pid_t pid, const sigset_t *set)
{
	bool quit = false;
	int sig, status;

	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (sigwait(set, &sig) != 0 || sig == SIGCHLD)
			continue;
		quit = true;
		kill(pid, SIGTERM);
	}
	return quit;
}

/* Until the time is up; true: a signal came. */
static bool sleep_or_quit(const sigset_t *set, unsigned seconds)
{
	uint64_t until = now_ms() + seconds * UINT64_C(1000), now;

	while ((now = now_ms()) < until) {
		struct timespec left = { (time_t)((until - now) / 1000), (long)((until - now) % 1000) * 1000000 };
		int sig = sigtimedwait(set, NULL, &left);

		if (sig > 0 && sig != SIGCHLD)
			return true;
	}
	return false;
}

/* The child's part. */
static int run_child(struct aeriecap *cap, int done, const sigset_t *old_mask, const struct sigaction *old_child)
{
	int status;

#ifdef __linux__
	prctl(PR_SET_PDEATHSIG, SIGTERM); /* a parent that is killed cannot end us */
#endif
	sigaction(SIGCHLD, old_child, NULL);
	pthread_sigmask(SIG_SETMASK, old_mask, NULL);
	if (renew_pipes(cap) < 0) {
		fprintf(stderr, "%s: cannot make pipes: %s\n", cap->program, strerror(errno));
		return AERIECAP_EXIT_FAILED;
	}
	status = remote_session(cap);
	if (cap->remote.finished && status == AERIECAP_EXIT_OK && write(done, "", 1) < 0)
		fprintf(stderr, "%s: cannot tell that all is done: %s\n", cap->program, strerror(errno));
	close(done);
	return status;
}

/* Runs a child for a connection. 1: in the child, *ret_status is its result; 0: try again; -1: there is nothing more to
 * do. */
static int run_once(struct aeriecap *cap, const sigset_t *set, const sigset_t *old_mask,
		    const struct sigaction *old_child, int *ret_status)
{
	int done[2];
	char octet;
	bool quit, finished;
	pid_t pid;

	*ret_status = AERIECAP_EXIT_FORK;
	if (make_pipe(done) < 0)
		pid = -1;
	else if (fflush(NULL), (pid = fork()) < 0)
		close(done[0]), close(done[1]);
	if (pid < 0) {
		fprintf(stderr, "%s: cannot start a process: %s\n", cap->program, strerror(errno));
		return -1;
	}
	if (pid == 0) {
		close(done[0]);
		*ret_status = run_child(cap, done[1], old_mask, old_child);
		return 1;
	}
	close(done[1]);
	*ret_status = AERIECAP_EXIT_OK;
	quit = await_child(pid, set);
	finished = read(done[0], &octet, 1) == 1;
	close(done[0]);
	if (quit || finished)
		return -1;
	fprintf(stderr, "%s: the link has ended: connecting again in %u s\n", cap->program, cap->remote.retry_s);
	return sleep_or_quit(set, cap->remote.retry_s) ? -1 : 0;
}

static int remote_again(struct aeriecap *cap)
{
	struct sigaction child, old_child;
	sigset_t set, old_mask;
	int r, status;

	memset(&child, 0, sizeof child);
	child.sa_handler = on_child;
	sigemptyset(&child.sa_mask);
	sigaction(SIGCHLD, &child, &old_child);
	ending_signals(&set);
	sigaddset(&set, SIGCHLD);
	pthread_sigmask(SIG_BLOCK, &set, &old_mask);
	while ((r = run_once(cap, &set, &old_mask, &old_child, &status)) == 0)
		;
	if (r > 0)
		return status;
	pthread_sigmask(SIG_SETMASK, &old_mask, NULL);
	sigaction(SIGCHLD, &old_child, NULL);
	return status;
}

/* 1 in the process that goes on, 0 in the one that is to return, -1: cannot. */
static int daemonize(struct aeriecap *cap)
{
	pid_t pid;
	int null;

	fflush(NULL);
	pid = fork();
	if (pid != 0)
		return pid > 0 ? 0 : -1;
	setsid();
	null = open("/dev/null", O_RDWR);
	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0)
		return -1;
	if (null > 2)
		close(null);
	return 1;
}

int remote_run(struct aeriecap *cap)
{
	struct sigaction ignore, old_pipe;
	int r = 1, status;

	if (probe_source(cap) < 0)
		return AERIECAP_EXIT_FAILED;
	if (cap->remote.daemonize)
		r = daemonize(cap);
	if (r < 0)
		fprintf(stderr, "%s: cannot go to the background: %s\n", cap->program, strerror(errno));
	if (r <= 0)
		return r < 0 ? AERIECAP_EXIT_FORK : AERIECAP_EXIT_OK;
	memset(&ignore, 0, sizeof ignore);
	ignore.sa_handler = SIG_IGN;
	sigemptyset(&ignore.sa_mask);
	sigaction(SIGPIPE, &ignore, &old_pipe);
	status = cap->remote.disable_retry ? remote_session(cap) : remote_again(cap);
	sigaction(SIGPIPE, &old_pipe, NULL);
	return status;
}
