/* SPDX-License-Identifier: MIT */
/* The handler's life, and what all files of the library use. */
#include "handler.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* The capture thread may be cancelled, but not while it holds the lock. */
void out_lock(struct aeriecap *cap, int *ret_cancel)
{
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, ret_cancel);
	pthread_mutex_lock(&cap->out.lock);
}

void out_unlock(struct aeriecap *cap, int cancel)
{
	pthread_mutex_unlock(&cap->out.lock);
	pthread_setcancelstate(cancel, NULL);
}

void wake_main(struct aeriecap *cap)
{
	ssize_t n;

	do
		n = write(cap->wake[1], "", 1);
	while (n < 0 && errno == EINTR); /* a full pipe will wake it just as well */
}

int set_fd(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return -1;
	return fcntl(fd, F_SETFD, FD_CLOEXEC);
}

int make_pipe(int fds[2])
{
	if (pipe(fds) < 0) {
		fds[0] = fds[1] = -1;
		return -1;
	}
	if (set_fd(fds[0]) == 0 && set_fd(fds[1]) == 0)
		return 0;
	close(fds[0]);
	close(fds[1]);
	fds[0] = fds[1] = -1;
	return -1;
}

void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

int renew_pipes(struct aeriecap *cap)
{
	int wake[2], stop[2];

	if (make_pipe(wake) < 0)
		return -1;
	if (make_pipe(stop) < 0) {
		close_fd(wake[0]);
		close_fd(wake[1]);
		return -1;
	}
	close_fd(cap->wake[0]);
	close_fd(cap->wake[1]);
	close_fd(cap->stop[0]);
	close_fd(cap->stop[1]);
	memcpy(cap->wake, wake, sizeof wake);
	memcpy(cap->stop, stop, sizeof stop);
	return 0;
}

static int init_cond(pthread_cond_t *cond)
{
	pthread_condattr_t attr;
	int r;

	if (pthread_condattr_init(&attr) != 0)
		return -1;
	r = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	if (r == 0)
		r = pthread_cond_init(cond, &attr);
	pthread_condattr_destroy(&attr);
	return r == 0 ? 0 : -1;
}

struct aeriecap *aeriecap_new(const char *type, const char *version)
{
	struct aeriecap *cap = calloc(1, sizeof *cap);

	if (!cap)
		return NULL;
	if (pthread_mutex_init(&cap->out.lock, NULL) != 0) {
		free(cap);
		return NULL;
	}
	if (init_cond(&cap->out.changed) < 0) {
		pthread_mutex_destroy(&cap->out.lock);
		free(cap);
		return NULL;
	}
	cap->in_fd = cap->out_fd = -1;
	cap->wake[0] = cap->wake[1] = cap->stop[0] = cap->stop[1] = -1;
	cap->out.seqno = 1;
	cap->ping_timeout_ms = PING_TIMEOUT_MS;
	cap->remote_capable = true;
	cap->free_channel = free;
	cap->hop.rate = 1;
	cap->hop.spacing = 1;
	cap->type = strdup(type);
	cap->version = strdup(version);
	cap->program = strdup(type);
	if (!cap->type || !cap->version || !cap->program || make_pipe(cap->wake) < 0 || make_pipe(cap->stop) < 0 ||
	    ring_init(&cap->in, REQUEST_MAX) < 0 || ring_init(&cap->out.ring, OUT_RING) < 0) {
		aeriecap_free(cap);
		return NULL;
	}
	return cap;
}

void aeriecap_free(struct aeriecap *cap)
{
	if (!cap)
		return;
	link_close(cap);
	remote_clear(&cap->remote);
	free((char *)(uintptr_t)cap->fixed_gps.name);
	close_fd(cap->wake[0]);
	close_fd(cap->wake[1]);
	close_fd(cap->stop[0]);
	close_fd(cap->stop[1]);
	hop_clear(cap, &cap->hop);
	ring_free(&cap->in);
	ring_free(&cap->out.ring);
	pthread_cond_destroy(&cap->out.changed);
	pthread_mutex_destroy(&cap->out.lock);
	free(cap->type);
	free(cap->version);
	free(cap->program);
	free(cap->source);
	free(cap->help);
	free(cap);
}

int aeriecap_set_link(struct aeriecap *cap, int in_fd, int out_fd)
{
	if (set_fd(in_fd) < 0 || set_fd(out_fd) < 0)
		return -1;
	cap->in_fd = in_fd;
	cap->out_fd = out_fd;
	return 0;
}

void aeriecap_on_list(struct aeriecap *cap, aeriecap_list_fn *fn)
{
	cap->list = fn;
}

void aeriecap_on_probe(struct aeriecap *cap, aeriecap_probe_fn *fn)
{
	cap->probe = fn;
}

void aeriecap_on_open(struct aeriecap *cap, aeriecap_open_fn *fn)
{
	cap->open = fn;
}

void aeriecap_on_capture(struct aeriecap *cap, aeriecap_capture_fn *fn)
{
	cap->capture = fn;
}

void aeriecap_on_unknown(struct aeriecap *cap, aeriecap_unknown_fn *fn)
{
	cap->unknown = fn;
}

void aeriecap_on_close(struct aeriecap *cap, aeriecap_close_fn *fn)
{
	cap->close = fn;
}

void aeriecap_on_translate(struct aeriecap *cap, aeriecap_translate_fn *fn)
{
	cap->translate = fn;
}

void aeriecap_on_channel(struct aeriecap *cap, aeriecap_channel_fn *fn)
{
	cap->set_channel = fn;
}

void aeriecap_on_channel_free(struct aeriecap *cap, aeriecap_channel_free_fn *fn)
{
	cap->free_channel = fn;
}

void aeriecap_on_spectrum(struct aeriecap *cap, aeriecap_spectrum_fn *fn)
{
	cap->spectrum = fn;
}

void aeriecap_set_max_hop_rate(struct aeriecap *cap, double hops_per_second)
{
	cap->max_hop_rate = hops_per_second > 0 ? hops_per_second : 0;
}

void aeriecap_set_shuffle_spacing(struct aeriecap *cap, unsigned spacing)
{
	cap->hop.spacing = spacing > 0 ? spacing : 1;
}

void aeriecap_set_remote_capable(struct aeriecap *cap, int capable)
{
	cap->remote_capable = capable != 0;
}

void aeriecap_set_user(struct aeriecap *cap, void *user)
{
	cap->user = user;
}

void *aeriecap_user(const struct aeriecap *cap)
{
	return cap->user;
}

int aeriecap_set_help(struct aeriecap *cap, const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		return -1;
	free(cap->help);
	cap->help = copy;
	return 0;
}

void aeriecap_set_ping_timeout(struct aeriecap *cap, unsigned ms)
{
	cap->ping_timeout_ms = ms;
}

const char *aeriecap_source(const struct aeriecap *cap)
{
	return cap->source;
}

int aeriecap_out_fd(const struct aeriecap *cap)
{
	return cap->out_fd;
}
