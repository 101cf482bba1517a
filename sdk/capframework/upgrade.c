/* SPDX-License-Identifier: MIT */
/* From HTTP to WebSocket: a request, and a look at its answer. */
#include "upgrade.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
#define KEY_OCTETS 16u
#define KEY_TEXT 25u    /* in base64, with NUL */
#define ACCEPT_TEXT 29u
#define REQUEST_TEXT_MAX 4096u
#define SUBPROTOCOL "kismet-remote"

int random_octets(void *to, size_t len)
{
	uint8_t *p = to;
	int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
	ssize_t n = 1;

	while (fd >= 0 && len > 0 && n > 0) {
		n = read(fd, p, len);
		if (n < 0 && errno == EINTR)
			n = 1;
		else if (n > 0)
			p += n, len -= (size_t)n;
	}
	close_fd(fd);
	return len == 0 ? 0 : -1;
}

static void base64(const uint8_t *from, size_t len, char *to)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t i;

	for (i = 0; i < len; i += 3) {
		uint32_t v = (uint32_t)from[i] << 16 | (i + 1 < len ? (uint32_t)from[i + 1] << 8 : 0) |
			     (i + 2 < len ? from[i + 2] : 0);

		*to++ = digits[v >> 18];
		*to++ = digits[v >> 12 & 63];
		*to++ = '=';
		*to++ = '=';
		if (i + 1 < len)
			to[-2] = digits[v >> 6 & 63];
		if (i + 2 < len)
			to[-1] = digits[v & 63];
	}
	*to = 0;
}

int accept_of(const char *key, char *accept)
{
	char text[KEY_TEXT + sizeof GUID];
	uint8_t digest[20];

	snprintf(text, sizeof text, "%s" GUID, key);
	if (sha1_text(text, digest) < 0)
		return -1;
	base64(digest, sizeof digest, accept);
	return 0;
}

/* --- The request. */

struct text {
	char buf[REQUEST_TEXT_MAX];
	size_t len;
	bool full;
};

static void put(struct text *t, const char *s)
{
	size_t n = strlen(s);

	if (n >= sizeof t->buf - t->len) {
		t->full = true;
		return;
	}
	memcpy(t->buf + t->len, s, n + 1);
	t->len += n;
}

/* A value of the query (RFC 3986 2.3: the unreserved stay). */
static void put_encoded(struct text *t, const char *s)
{
	static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
	char one[4];

	for (; *s; s++) {
		if (strchr(unreserved, *s))
			snprintf(one, sizeof one, "%c", *s);
		else
			snprintf(one, sizeof one, "%%%02X", (unsigned)(unsigned char)*s);
		put(t, one);
	}
}

static void put_path(struct text *t, const struct remote *r)
{
	const char *path = r->endpoint ? r->endpoint : ENDPOINT, *next = strchr(path, '?') ? "&" : "?";

	put(t, *path == '/' ? "" : "/");
	put(t, path);
	if (r->user) {
		put(t, next);
		put(t, "user=");
		put_encoded(t, r->user);
		put(t, "&password=");
		put_encoded(t, r->password);
		next = "&";
	}
	if (r->apikey) {
		put(t, next);
		put(t, "KISMET=");
		put_encoded(t, r->apikey);
	}
}

static void put_request(struct text *t, const struct remote *r, const struct address *to, const char *key)
{
	bool v6 = strchr(to->host, ':') != NULL;

	t->len = 0;
	t->full = false;
	put(t, "GET ");
	put_path(t, r);
	put(t, v6 ? " HTTP/1.1\r\nHost: [" : " HTTP/1.1\r\nHost: ");
	put(t, to->host);
	put(t, v6 ? "]:" : ":");
	put(t, to->port);
	put(t, "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ");
	put(t, key);
	put(t, "\r\nSec-WebSocket-Protocol: " SUBPROTOCOL "\r\n\r\n");
}

static int send_all(struct stream *s, const char *data, size_t len, uint64_t until)
{
	while (len > 0) {
		ssize_t n = stream_write(s, data, len);

		if (n > 0) {
			data += n;
			len -= (size_t)n;
		} else if (errno != EAGAIN || stream_wait(s, true, until) < 0) {
			return -1;
		}
	}
	return 0;
}

/* --- The answer. */

/* Reads up to the empty line, which is replaced by a NUL; what follows is early. 0, or -1 with a reason. */
static int read_head(const struct remote *r, struct stream *s, char *head, struct early *ret, uint64_t until, char *why,
		     size_t room)
{
	size_t len = 0;
	char *end = NULL;

	while (!end) {
		ssize_t n = len < UPGRADE_ANSWER_MAX ? stream_read(s, head + len, UPGRADE_ANSWER_MAX - len) : 0;

		if (n < 0 && errno == EAGAIN && stream_wait(s, false, until) == 0)
			continue;
		if (n <= 0) {
			snprintf(why, room, "no WebSocket: the host's answer %s",
				 len == UPGRADE_ANSWER_MAX  ? "is too long"
				 : n < 0 && errno == EAGAIN ? "did not come in time"
				 : r->tls		    ? "ended before its head did"
							    : "ended before its head did; does it want --ssl, or --tcp?");
			return -1;
		}
		len += (size_t)n;
		head[len] = 0;
		end = strstr(head, "\r\n\r\n");
	}
	end[2] = 0;
	ret->len = len - (size_t)(end + 4 - head);
	memcpy(ret->data, end + 4, ret->len);
	return 0;
}

/* The value of a header, without the spaces around; its length, -1: there is none. */
static int find_header(const char *head, const char *name, const char **ret)
{
	size_t n = strlen(name);
	const char *line = strstr(head, "\r\n"), *end;

	for (; line && line[2]; line = end) {
		line += 2;
		end = strstr(line, "\r\n");
		if (!end)
			break;
		if (strncasecmp(line, name, n) != 0 || line[n] != ':')
			continue;
		line += n + 1;
		line += strspn(line, " \t");
		while (end > line && (end[-1] == ' ' || end[-1] == '\t'))
			end--;
		*ret = line;
		return (int)(end - line);
	}
	return -1;
}

/* Has the list, as in "keep-alive, Upgrade", this word? */
static bool has_word(const char *list, int len, const char *word)
{
	int n = (int)strlen(word), at = 0;

	while (at < len) {
		int end = at;

		while (end < len && list[end] != ',')
			end++;
		while (at < end && list[at] == ' ')
			at++;
		if (end - at >= n && strncasecmp(list + at, word, (size_t)n) == 0 &&
		    strspn(list + at + n, " \t") >= (size_t)(end - at - n))
			return true;
		at = end + 1;
	}
	return false;
}

static void say_refused(const struct remote *r, int status, char *why, size_t room)
{
	if (status == 401 || status == 403)
		snprintf(why, room, r->user || r->apikey ? "the host refuses the login (HTTP %d): check --user and "
							   "--password, or --apikey; the role is datasource or admin"
							 : "the host wants a login (HTTP %d): give --user and --password, "
							   "or --apikey",
			 status);
	else if (status == 404)
		snprintf(why, room, "the host has no %s (HTTP 404): is this its web port, and does it take remote capture?",
			 r->endpoint ? r->endpoint : ENDPOINT);
	else if (status > 0)
		snprintf(why, room, "no WebSocket: the host answers with HTTP status %d", status);
	else
		snprintf(why, room, "no WebSocket: the host does not answer with HTTP; does it want --ssl, or --tcp?");
}

int check_answer(const struct remote *r, const char *head, const char *accept, char *why, size_t room)
{
	const char *value, *problem = NULL;
	int status = 0, len;

	if (strncmp(head, "HTTP/1.", 7) == 0 && head[7] && head[8] == ' ')
		status = atoi(head + 9);
	if (status != 101) {
		say_refused(r, status, why, room);
		return -1;
	}
	len = find_header(head, "Upgrade", &value);
	if (len != 9 || strncasecmp(value, "websocket", 9) != 0)
		problem = "Upgrade";
	len = find_header(head, "Connection", &value);
	if (len < 0 || !has_word(value, len, "upgrade"))
		problem = "Connection";
	len = find_header(head, "Sec-WebSocket-Accept", &value);
	if (len != (int)strlen(accept) || memcmp(value, accept, (size_t)len) != 0)
		problem = "Sec-WebSocket-Accept";
	len = find_header(head, "Sec-WebSocket-Protocol", &value);
	if (len >= 0 && (len != (int)strlen(SUBPROTOCOL) || memcmp(value, SUBPROTOCOL, (size_t)len) != 0))
		problem = "Sec-WebSocket-Protocol";
	if (find_header(head, "Sec-WebSocket-Extensions", &value) > 0) /* none was asked for */
		problem = "Sec-WebSocket-Extensions";
	if (!problem)
		return 0;
	snprintf(why, room, "no WebSocket: the header %s of the host's answer is wrong", problem);
	return -1;
}

int upgrade(const struct remote *r, struct stream *s, const struct address *to, struct early *ret_early, char *why,
	    size_t room)
{
	char key[KEY_TEXT], accept[ACCEPT_TEXT], head[UPGRADE_ANSWER_MAX + 1];
	uint64_t until = now_ms() + STREAM_TIMEOUT_MS;
	uint8_t random[KEY_OCTETS];
	struct text request;

	if (random_octets(random, sizeof random) < 0) {
		snprintf(why, room, "no WebSocket: the system has no random numbers: %s", strerror(errno));
		return -1;
	}
	base64(random, sizeof random, key);
	put_request(&request, r, to, key);
	if (request.full || accept_of(key, accept) < 0) {
		snprintf(why, room, "no WebSocket: path and login are too long");
		return -1;
	}
	if (send_all(s, request.buf, request.len, until) < 0) {
		snprintf(why, room, "no WebSocket: the host does not take the request");
		return -1;
	}
	if (read_head(r, s, head, ret_early, until, why, room) < 0)
		return -1;
	return check_answer(r, head, accept, why, room);
}
