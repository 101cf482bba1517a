/* SPDX-License-Identifier: MIT */
/* The link: descriptors, or a transport that stands before them. */
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#ifdef __linux__
#include <linux/sockios.h>
#include <sys/ioctl.h>
#endif
#include <unistd.h>

#include "handler.h"

#define FINISH_WAIT_MS 15000 /* as long as either side waits for the other elsewhere */
#define FINISH_BUFFER 4096u

ssize_t link_read(struct aeriecap *cap, void *data, size_t len)
{
	ssize_t n;
	int cancel;

	if (cap->transport) {
		out_lock(cap, &cancel); /* it answers what it reads, and has one state for both ways */
		n = cap->transport->read(cap->transport_data, data, len);
		out_unlock(cap, cancel);
		return n;
	}
	do
		n = read(cap->in_fd, data, len);
	while (n < 0 && errno == EINTR);
	return n;
}

ssize_t link_write(struct aeriecap *cap, const void *data, size_t len)
{
	ssize_t n;

	if (cap->transport)
		return cap->transport->write(cap->transport_data, data, len);
	do
		n = write(cap->out_fd, data, len);
	while (n < 0 && errno == EINTR);
	return n;
}

int link_flush(struct aeriecap *cap)
{
	return cap->transport ? cap->transport->flush(cap->transport_data) : 1;
}

bool link_pending(const struct aeriecap *cap)
{
	return cap->transport && cap->transport->pending(cap->transport_data);
}

bool link_buffered(const struct aeriecap *cap)
{
	return cap->transport && cap->transport->buffered(cap->transport_data);
}

/* Waits for the other side. False: nothing happens any more. */
static bool await_host(const struct aeriecap *cap)
{
	struct pollfd p = { cap->in_fd, (short)(link_pending(cap) ? POLLIN | POLLOUT : POLLIN), 0 };
	int r;

	do
		r = poll(&p, 1, FINISH_WAIT_MS);
	while (r < 0 && errno == EINTR);
	return r > 0;
}

/* A host may hang up before it has got all; with a transport it says goodbye when it has. */
static bool all_acknowledged(int fd)
{
#ifdef __linux__
	int unsent = 0;

	return ioctl(fd, SIOCOUTQ, &unsent) < 0 || unsent == 0;
#else
	return true;
#endif
}

/* A socket that is closed with something unread resets the connection, and what the host has not read yet is lost. So we
 * only stop sending, and read what comes (a PING, mostly) until the host has hung up, or is silent for too long. */
int link_finish(struct aeriecap *cap)
{
	char unread[FINISH_BUFFER];
	ssize_t n;

	if (cap->in_fd < 0 || cap->in_fd != cap->out_fd)
		return -1;
	if (cap->transport)
		cap->transport->end(cap->transport_data); /* which the host answers and then hangs up */
	else if (shutdown(cap->out_fd, SHUT_WR) < 0)
		return -1;
	do
		n = link_read(cap, unread, sizeof unread);
	while (n > 0 || (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) && await_host(cap)));
	if (n < 0)
		return -1;
	return (cap->transport ? cap->transport->goodbye(cap->transport_data) : all_acknowledged(cap->out_fd)) ? 0 : -1;
}

void link_close(struct aeriecap *cap)
{
	if (cap->transport)
		cap->transport->free(cap->transport_data);
	cap->transport = NULL;
	cap->transport_data = NULL;
	close_fd(cap->in_fd);
	if (cap->out_fd != cap->in_fd)
		close_fd(cap->out_fd);
	cap->in_fd = cap->out_fd = -1;
}
