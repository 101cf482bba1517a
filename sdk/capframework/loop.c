/* SPDX-License-Identifier: MIT */
/* The main thread: a poll loop over the link, and the lives of the capture and signal threads. */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "handler.h"

void loop_drain(struct aeriecap *cap, int status)
{
	if (cap->phase == PHASE_RUN)
		cap->phase = PHASE_DRAIN;
	if (cap->status == AERIECAP_EXIT_OK)
		cap->status = status;
}

static void loop_done(struct aeriecap *cap, int status)
{
	cap->phase = PHASE_DONE;
	if (cap->status == AERIECAP_EXIT_OK)
		cap->status = status;
}

/* --- The capture thread. */

static void capture_ended(void *data)
{
	struct aeriecap *cap = data;
	int cancel;

	out_lock(cap, &cancel);
	cap->out.capture_ended = true;
	pthread_cond_broadcast(&cap->out.changed);
	wake_main(cap);
	out_unlock(cap, cancel);
}

static void *capture_main(void *data)
{
	struct aeriecap *cap = data;
	int cancel, r;

	pthread_cleanup_push(capture_ended, cap);
	r = cap->capture(cap, cap->capture_msg);
	out_lock(cap, &cancel);
	cap->out.capture_result = r;
	out_unlock(cap, cancel);
	pthread_cleanup_pop(1);
	return NULL;
}

int capture_start(struct aeriecap *cap)
{
	if (!cap->capture)
		return 0;
	if (pthread_create(&cap->capture_thread, NULL, capture_main, cap) != 0)
		return -1;
	cap->capture_running = true;
	return 0;
}

bool wait_flag(struct aeriecap *cap, const bool *flag)
{
	struct timespec until;
	int r = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += STOP_WAIT_MS / 1000;
	while (!*flag && r == 0)
		r = pthread_cond_timedwait(&cap->out.changed, &cap->out.lock, &until);
	return *flag;
}

void close_source(struct aeriecap *cap)
{
	if (cap->opened && cap->close)
		cap->close(cap);
	cap->opened = false;
}

void capture_stop(struct aeriecap *cap)
{
	bool ended;

	if (!cap->capture_running)
		return;
	cap->capture_running = false;
	pthread_mutex_lock(&cap->out.lock);
	cap->out.stopping = true;
	pthread_cond_broadcast(&cap->out.changed);
	if (write(cap->stop[1], "", 1) < 0)
		fprintf(stderr, "%s: cannot tell the capture thread to end: %s\n", cap->program, strerror(errno));
	ended = wait_flag(cap, &cap->out.capture_ended);
	if (!ended) {
		pthread_cancel(cap->capture_thread);
		ended = wait_flag(cap, &cap->out.capture_ended);
	}
	pthread_mutex_unlock(&cap->out.lock);
	if (ended) {
		pthread_join(cap->capture_thread, NULL);
		return;
	}
	fprintf(stderr, "%s: the capture did not end when told to: ending without it\n", cap->program);
	close_source(cap);
	_exit(AERIECAP_EXIT_FAILED); /* it may still use anything that the caller would free */
}

static void after_capture(struct aeriecap *cap)
{
	bool failed;

	pthread_join(cap->capture_thread, NULL);
	cap->capture_running = false;
	failed = cap->out.capture_result < 0; /* no lock: its thread is gone */
	if (!failed) {
		if (cap->capture_msg[0])
			aeriecap_send_message(cap, AERIECAP_INFO, "%s", cap->capture_msg);
		loop_drain(cap, AERIECAP_EXIT_OK);
		cap->remote.finished = true;
		return;
	}
	aeriecap_send_error(cap, 0, "%s", cap->capture_msg[0] ? cap->capture_msg : "the capture failed");
	loop_drain(cap, AERIECAP_EXIT_FAILED);
}

static void after_hop(struct aeriecap *cap)
{
	bool failed = cap->out.hop_result < 0;

	hop_stop(cap);
	if (!failed)
		return;
	aeriecap_send_error(cap, 0, "%s", cap->hop_msg[0] ? cap->hop_msg : "the radio cannot be tuned any more");
	loop_drain(cap, AERIECAP_EXIT_FAILED);
}

/* --- Signals: a thread that waits for them, so that no handler interrupts a callback. */

void ending_signals(sigset_t *ret_set)
{
	static const int by_terminal[] = { SIGINT, SIGHUP };
	struct sigaction old;
	size_t i;

	sigemptyset(ret_set);
	sigaddset(ret_set, SIGTERM);
	for (i = 0; i < sizeof by_terminal / sizeof *by_terminal; i++)
		if (sigaction(by_terminal[i], NULL, &old) < 0 || old.sa_handler != SIG_IGN) /* nohup; a shell's '&' */
			sigaddset(ret_set, by_terminal[i]);
}

static void *signal_main(void *data)
{
	struct aeriecap *cap = data;
	sigset_t set;
	int sig, cancel;

	ending_signals(&set);
	(void)drop_capabilities(0); /* it needs none */
	out_lock(cap, &cancel);
	cap->out.watching = true;
	pthread_cond_broadcast(&cap->out.changed);
	out_unlock(cap, cancel);
	while (sigwait(&set, &sig) != 0)
		;
	out_lock(cap, &cancel);
	cap->out.quit = true;
	wake_main(cap);
	out_unlock(cap, cancel);
	(void)poll(NULL, 0, QUIT_WAIT_MS); /* this thread is cancelled when all is closed */
	fprintf(stderr, "%s: opening or closing the source hangs: ending without it\n", cap->program);
	_exit(AERIECAP_EXIT_FAILED);
}

/* False: there can be no such thread. Before anything is opened: no thread of a source that is open has more than it needs. */
static bool watch_signals(struct aeriecap *cap)
{
	cap->out.watching = false;
	if (pthread_create(&cap->signal_thread, NULL, signal_main, cap) != 0)
		return false;
	pthread_mutex_lock(&cap->out.lock);
	while (!cap->out.watching)
		pthread_cond_wait(&cap->out.changed, &cap->out.lock);
	pthread_mutex_unlock(&cap->out.lock);
	return true;
}

/* --- The loop. */

/* The host closed the source. Elsewhere, hosts also hang up without a word on what they do not want. */
static void host_ended(struct aeriecap *cap, bool failed)
{
	bool refused = cap->remote.wanted && !cap->opened;

	if (refused && !failed)
		fprintf(stderr, "%s: the host hung up without opening the source: does it take the type %s?\n",
			cap->program, cap->type);
	loop_done(cap, failed || refused ? AERIECAP_EXIT_FAILED : AERIECAP_EXIT_OK);
}

/* What has come, once. Was there something? */
static bool read_once(struct aeriecap *cap)
{
	char msg[AERIECAP_MSG_MAX];
	size_t room;
	uint8_t *space = ring_space(&cap->in, &room);
	ssize_t n = link_read(cap, space, room);
	int r;

	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return false;
	if (n < 0)
		fprintf(stderr, "%s: cannot read from the host: %s\n", cap->program, strerror(errno));
	if (n <= 0) {
		cap->in_ended = true;
		if (cap->phase == PHASE_RUN)
			host_ended(cap, n < 0);
		return false;
	}
	ring_filled(&cap->in, (size_t)n);
	do
		r = request_next(cap, msg, sizeof msg);
	while (r > 0);
	if (r == 0)
		return true;
	cap->in_ended = true; /* nothing that comes after can be told apart */
	fprintf(stderr, "%s: %s\n", cap->program, msg);
	hop_stop(cap);
	capture_stop(cap);
	aeriecap_send_error(cap, 0, "%s", msg);
	loop_drain(cap, AERIECAP_EXIT_FAILED);
	return false;
}

static void read_link(struct aeriecap *cap)
{
	while (read_once(cap) && cap->phase != PHASE_DONE && link_buffered(cap))
		;
}

void loop_pong(struct aeriecap *cap)
{
	uint8_t frame[PROTOCOL_HEADER];
	int cancel;

	put_header(frame, 0, CMD_PONG, 0, 0);
	out_lock(cap, &cancel);
	cap->pong_due = out_append(cap, frame, sizeof frame, &cap->pong_seqno, false) == 0;
	out_unlock(cap, cancel);
}

/* Everything that other threads may have brought about. */
static void look_around(struct aeriecap *cap)
{
	bool down, quit, spindown, failed, ended, hop_ended, empty;
	int cancel;

	if (cap->pong_due)
		loop_pong(cap);
	out_lock(cap, &cancel);
	out_flush(cap);
	down = cap->out.down;
	quit = cap->out.quit;
	spindown = cap->out.spindown;
	failed = cap->out.failed;
	ended = cap->capture_running && cap->out.capture_ended;
	hop_ended = cap->hop_running && cap->out.hop_ended;
	out_unlock(cap, cancel);

	if (down || quit) {
		loop_done(cap, AERIECAP_EXIT_OK);
		return;
	}
	if (hop_ended)
		after_hop(cap);
	if (ended)
		after_capture(cap);
	if (failed)
		loop_drain(cap, AERIECAP_EXIT_FAILED);
	if (spindown)
		loop_drain(cap, AERIECAP_EXIT_OK);
	if (cap->phase != PHASE_DRAIN)
		return;
	hop_stop(cap);
	capture_stop(cap);
	out_lock(cap, &cancel);
	empty = !out_pending(cap);
	out_unlock(cap, cancel);
	if (empty)
		loop_done(cap, AERIECAP_EXIT_OK);
}

static void check_ping(struct aeriecap *cap)
{
	if (now_ms() - cap->last_ping_ms <= cap->ping_timeout_ms)
		return;
	fprintf(stderr, "%s: no PING from the host for %u s: giving up\n", cap->program, cap->ping_timeout_ms / 1000);
	cap->host_silent = true;
	loop_done(cap, AERIECAP_EXIT_FAILED);
}

static int until_ping_timeout(const struct aeriecap *cap)
{
	uint64_t silent = now_ms() - cap->last_ping_ms, left;

	if (silent > cap->ping_timeout_ms)
		return 0;
	left = cap->ping_timeout_ms - silent + 1;
	return left > INT_MAX ? INT_MAX : (int)left;
}

static void loop_once(struct aeriecap *cap)
{
	bool buffered = !cap->in_ended && link_buffered(cap); /* poll() does not see it */
	struct pollfd fds[3];
	char woken[64];
	int cancel, n;

	memset(fds, 0, sizeof fds);
	fds[0].fd = cap->in_ended ? -1 : cap->in_fd;
	fds[0].events = POLLIN;
	fds[1].fd = cap->wake[0];
	fds[1].events = POLLIN;
	fds[2].fd = cap->out_fd;
	out_lock(cap, &cancel);
	cap->out.watched = out_pending(cap) && !cap->out.waiting;
	if (cap->out.watched)
		fds[2].events = POLLOUT;
	out_unlock(cap, cancel);

	n = poll(fds, 3, buffered ? 0 : until_ping_timeout(cap));
	if (n < 0 && errno != EINTR) {
		fprintf(stderr, "%s: cannot wait for the host: %s\n", cap->program, strerror(errno));
		loop_done(cap, AERIECAP_EXIT_FAILED);
		return;
	}
	if (n > 0 && fds[1].revents)
		while (read(cap->wake[0], woken, sizeof woken) == (ssize_t)sizeof woken)
			;
	if (buffered || (n > 0 && fds[0].revents))
		read_link(cap);
	if (n > 0 && (fds[2].revents & (POLLERR | POLLNVAL))) /* nobody reads any more */
		loop_done(cap, AERIECAP_EXIT_OK);
	if (!buffered && (n <= 0 || !fds[0].revents)) /* a PING that has come and not been read counts */
		check_ping(cap);
	if (cap->phase != PHASE_DONE)
		look_around(cap);
}

int link_run(struct aeriecap *cap)
{
	struct sigaction ignore, old_pipe;
	sigset_t set, old_mask;
	bool have_signals;

	memset(&ignore, 0, sizeof ignore);
	ignore.sa_handler = SIG_IGN;
	sigemptyset(&ignore.sa_mask);
	sigaction(SIGPIPE, &ignore, &old_pipe);
	ending_signals(&set);
	pthread_sigmask(SIG_BLOCK, &set, &old_mask);
	have_signals = watch_signals(cap);
	if (!have_signals)
		pthread_sigmask(SIG_SETMASK, &old_mask, NULL); /* then they simply end the program */

	cap->last_ping_ms = now_ms();
	while (cap->phase != PHASE_DONE)
		loop_once(cap);
	hop_stop(cap);
	capture_stop(cap);
	close_source(cap);
	if (cap->out.failing) /* no lock: the threads are gone; even when the host hung up before it was told */
		loop_done(cap, AERIECAP_EXIT_FAILED);

	if (have_signals) {
		pthread_cancel(cap->signal_thread);
		pthread_join(cap->signal_thread, NULL);
		pthread_sigmask(SIG_SETMASK, &old_mask, NULL);
	}
	sigaction(SIGPIPE, &old_pipe, NULL);
	return cap->status;
}

int aeriecap_loop(struct aeriecap *cap)
{
	return cap->remote.wanted ? remote_run(cap) : link_run(cap);
}
