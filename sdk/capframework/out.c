/* SPDX-License-Identifier: MIT */
/* What goes out: the ring, and the functions with which callbacks wait for it. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>

#include "handler.h"

static void out_down(struct aeriecap *cap)
{
	cap->out.down = true;
	wake_main(cap);
}

void out_flush(struct aeriecap *cap)
{
	struct out *o = &cap->out;

	while (!o->down && o->ring.used > 0) {
		size_t len;
		const uint8_t *data = ring_data(&o->ring, &len);
		ssize_t n = link_write(cap, data, len);

		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return;
		if (n < 0)
			out_down(cap);
		else
			ring_drop(&o->ring, (size_t)n);
	}
	if (!o->down && link_pending(cap) && link_flush(cap) < 0)
		out_down(cap);
}

bool out_pending(const struct aeriecap *cap)
{
	return cap->out.ring.used > 0 || link_pending(cap);
}

int out_append(struct aeriecap *cap, uint8_t *frame, size_t len, const uint32_t *seqno, bool packet)
{
	struct out *o = &cap->out;
	size_t reserve = packet ? OUT_RESERVE : 0;

	if (o->down || (packet && o->stopping))
		return -1;
	if (ring_room(&o->ring) < len + reserve)
		out_flush(cap);
	if (o->down)
		return -1;
	if (ring_room(&o->ring) < len + reserve)
		return 0;
	if (!seqno)
		o->seqno = next_seqno(o->seqno);
	put_be32(frame + 16, seqno ? *seqno : o->seqno);
	ring_put(&o->ring, frame, len);
	out_flush(cap);
	if (out_pending(cap) && !o->watched && !o->waiting)
		wake_main(cap);
	return o->down ? -1 : 1;
}

int aeriecap_wait(struct aeriecap *cap)
{
	struct out *o = &cap->out;
	struct pollfd fds[2];
	int cancel;

	out_lock(cap, &cancel);
	if (o->down || o->stopping) {
		out_unlock(cap, cancel);
		return -1;
	}
	o->waiting = true;
	out_unlock(cap, cancel);

	fds[0].fd = cap->out_fd;
	fds[0].events = POLLOUT;
	fds[1].fd = cap->stop[0];
	fds[1].events = POLLIN;
	poll(fds, 2, -1);

	out_lock(cap, &cancel);
	o->waiting = false;
	out_flush(cap);
	if (out_pending(cap) && !o->watched)
		wake_main(cap);
	if (o->down || o->stopping) {
		out_unlock(cap, cancel);
		return -1;
	}
	out_unlock(cap, cancel);
	return 1;
}

int aeriecap_sleep(struct aeriecap *cap, uint64_t usec)
{
	struct timespec until;
	int cancel, r = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)(usec / 1000000);
	until.tv_nsec += (long)(usec % 1000000) * 1000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	out_lock(cap, &cancel);
	while (!cap->out.stopping && r == 0)
		r = pthread_cond_timedwait(&cap->out.changed, &cap->out.lock, &until);
	r = cap->out.stopping ? -1 : 0;
	out_unlock(cap, cancel);
	return r;
}

void aeriecap_spindown(struct aeriecap *cap)
{
	int cancel;

	out_lock(cap, &cancel);
	cap->out.spindown = true;
	wake_main(cap);
	out_unlock(cap, cancel);
}

size_t aeriecap_current_channel(struct aeriecap *cap, char *channel, size_t room)
{
	size_t len;
	int cancel;

	if (room == 0)
		return 0;
	out_lock(cap, &cancel);
	len = strlen(cap->out.channel);
	if (len >= room)
		len = room - 1;
	memcpy(channel, cap->out.channel, len);
	out_unlock(cap, cancel);
	channel[len] = 0;
	return len;
}
