/* SPDX-License-Identifier: MIT */
/* Finding a host elsewhere and connecting to it by TCP. */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <aerie/cursor.h>

#include "remote.h"

#define ANNOUNCE_TAG UINT64_C(0x00004B49534D4554)
#define ANNOUNCE_VERSION 1u
#define ANNOUNCE_LENGTH 102u
#define UUID_LENGTH 36u

static int put_text(char *to, size_t room, const char *from, size_t len)
{
	if (len == 0 || len >= room)
		return -1;
	memcpy(to, from, len);
	to[len] = 0;
	return 0;
}

int parse_address(const char *text, const char *default_port, struct address *ret)
{
	struct address a;
	const char *end, *port;

	if (*text == '[') {
		end = strchr(++text, ']');
		if (!end || (end[1] && end[1] != ':'))
			return -1;
		port = end[1] ? end + 2 : default_port;
	} else {
		end = strrchr(text, ':');
		if (end && memchr(text, ':', (size_t)(end - text))) /* an IPv6 address as such */
			end = NULL;
		port = end ? end + 1 : default_port;
		if (!end)
			end = text + strlen(text);
	}
	if (put_text(a.host, sizeof a.host, text, (size_t)(end - text)) < 0 ||
	    put_text(a.port, sizeof a.port, port, strlen(port)) < 0)
		return -1;
	*ret = a;
	return 0;
}

/* 0, or an errno. */
static int await_connected(int fd)
{
	struct pollfd p = { fd, POLLOUT, 0 };
	int r, error = 0;
	socklen_t len = sizeof error;

	do
		r = poll(&p, 1, CONNECT_TIMEOUT_MS);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return errno;
	if (r == 0)
		return ETIMEDOUT;
	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0 ? errno : error;
}

static int connect_one(const struct addrinfo *ai, int *ret_errno)
{
	int fd = socket(ai->ai_family, ai->ai_socktype, ai->ai_protocol), on = 1;

	if (fd < 0 || set_fd(fd) < 0) {
		*ret_errno = errno;
		close_fd(fd);
		return -1;
	}
	*ret_errno = 0;
	if (connect(fd, ai->ai_addr, ai->ai_addrlen) < 0)
		*ret_errno = errno == EINPROGRESS ? await_connected(fd) : errno;
	if (*ret_errno) {
		close(fd);
		return -1;
	}
	/* Packets are written in large pieces; reports and PONG shall not wait for them. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	return fd;
}

int connect_tcp(const struct address *to, char *why, size_t room)
{
	struct addrinfo hints, *list, *ai;
	int r, fd = -1, error = 0;

	memset(&hints, 0, sizeof hints);
	hints.ai_socktype = SOCK_STREAM;
	r = getaddrinfo(to->host, to->port, &hints, &list);
	if (r != 0) {
		snprintf(why, room, "cannot find %s port %s: %s", to->host, to->port,
			 r == EAI_SYSTEM ? strerror(errno) : gai_strerror(r));
		return -1;
	}
	for (ai = list; ai && fd < 0; ai = ai->ai_next)
		fd = connect_one(ai, &error);
	freeaddrinfo(list);
	if (fd < 0)
		snprintf(why, room, "cannot connect to %s port %s: %s", to->host, to->port, strerror(error));
	return fd;
}

/* --- Announcements. */

bool parse_announcement(const void *data, size_t len, const char *uuid, bool tcp, struct address *ret)
{
	struct aerie_cur c = aerie_cur_make(data, len);
	uint64_t tag = aerie_cur_be64(&c);
	uint16_t version = aerie_cur_be16(&c);
	uint32_t web = aerie_cur_be32(&c), remote = aerie_cur_be32(&c), port = tcp ? remote : web;
	const char *from;

	aerie_cur_skip(&c, 16); /* when it was sent */
	from = (const char *)aerie_cur_take(&c, UUID_LENGTH);
	if (len != ANNOUNCE_LENGTH || tag != ANNOUNCE_TAG || version != ANNOUNCE_VERSION || c.bad)
		return false;
	if (port == 0 || port > UINT16_MAX)
		return false; /* a host that does not take what we speak */
	if (uuid && (strlen(uuid) != UUID_LENGTH || strncasecmp(uuid, from, UUID_LENGTH) != 0))
		return false;
	snprintf(ret->port, sizeof ret->port, "%u", (unsigned)port);
	return true;
}

static int announcement_socket(unsigned port)
{
	struct sockaddr_in any;
	int fd = socket(AF_INET, SOCK_DGRAM, 0), on = 1;

	memset(&any, 0, sizeof any);
	any.sin_family = AF_INET;
	any.sin_port = htons((uint16_t)port);
	any.sin_addr.s_addr = htonl(INADDR_ANY);
	if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
	    bind(fd, (struct sockaddr *)&any, sizeof any) == 0)
		return fd;
	on = errno;
	close_fd(fd);
	errno = on;
	return -1;
}

int await_announcement(unsigned port, const char *uuid, bool tcp, struct address *ret, char *why, size_t room)
{
	uint8_t datagram[ANNOUNCE_LENGTH + 1];
	struct sockaddr_storage from;
	socklen_t from_len;
	ssize_t n;
	int fd = announcement_socket(port), r;

	if (fd < 0) {
		snprintf(why, room, "cannot listen for announcements on UDP port %u: %s", port, strerror(errno));
		return -1;
	}
	do {
		from_len = sizeof from;
		n = recvfrom(fd, datagram, sizeof datagram, 0, (struct sockaddr *)&from, &from_len);
	} while ((n < 0 && errno == EINTR) ||
		 (n >= 0 && !parse_announcement(datagram, (size_t)n, uuid, tcp, ret)));
	if (n < 0)
		snprintf(why, room, "cannot receive announcements: %s", strerror(errno));
	close(fd);
	if (n < 0)
		return -1;
	r = getnameinfo((struct sockaddr *)&from, from_len, ret->host, sizeof ret->host, NULL, 0, NI_NUMERICHOST);
	if (r != 0)
		snprintf(why, room, "cannot read the address of an announcement: %s", gai_strerror(r));
	return r == 0 ? 0 : -1;
}
