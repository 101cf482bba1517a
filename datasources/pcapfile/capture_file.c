/* SPDX-License-Identifier: MIT */
/* Opens what libpcap reads, and puts zlib below it where the file begins with gzip's magic, whatever it is called.
 *
 * How a file ended is told from the stream rather than from libpcap's texts: when libpcap fails and the stream has
 * ended, the file was cut; when it fails before, the record at that place is corrupt. A damaged length often reads as
 * "cut", since libpcap then asks for more octets than there are. A packet that is longer than the limit in its file's
 * header is cut to it by libpcap, here as in every tool that uses it. */
#include "capture_file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#define READ_BUFFER (256u * 1024u)
#define GZIP_BUFFER 8192u /* twice as much, before a damaged place, is lost with it */
#define WRITER_WAIT_MS 8000 /* for a pipe's first octets: less than a host waits for an answer */

struct gzip {
	gzFile file;
	bool cut, corrupt;
	char why[160];
};

static ssize_t gzip_read(void *cookie, char *buf, size_t size)
{
	struct gzip *g = cookie;
	const char *text;
	int n, err;

	if (g->cut || g->corrupt)
		return 0;
	n = gzread(g->file, buf, size > 1u << 30 ? 1u << 30 : (unsigned)size);
	text = gzerror(g->file, &err);
	if (n > 0 || err == Z_OK || err == Z_STREAM_END) /* n > 0: zlib knows of the end, but has more to give */
		return n;
	g->cut = err == Z_BUF_ERROR;
	g->corrupt = !g->cut;
	if (err == Z_ERRNO)
		text = strerror(errno);
	else if (strstr(text, ">: ")) /* "<fd:9>: what is wrong" */
		text = strstr(text, ">: ") + 3;
	snprintf(g->why, sizeof g->why, "gzip: %s", text);
	return 0;
}

static int gzip_close(void *cookie)
{
	struct gzip *g = cookie;

	return gzclose_r(g->file) == Z_OK ? 0 : -1;
}

static FILE *gzip_stream(int fd, struct gzip **ret_gzip)
{
	static const cookie_io_functions_t functions = { .read = gzip_read, .close = gzip_close };
	struct gzip *g = calloc(1, sizeof *g);
	FILE *stream;

	if (!g)
		return NULL;
	g->file = gzdopen(fd, "rb");
	if (!g->file) {
		free(g);
		return NULL;
	}
	gzbuffer(g->file, GZIP_BUFFER);
	stream = fopencookie(g, "rb", functions);
	if (!stream) {
		gzclose_r(g->file);
		free(g);
		errno = ENOMEM;
		return NULL;
	}
	*ret_gzip = g;
	return stream;
}

/* --- Pipes. */

struct feed {
	int fd;
	int64_t until_ms; /* the header must have come by then; 0: it has */
	capture_file_idle_fn *idle;
	void *user;
};

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* 1: there is something to read, or an end; 0: not until then; -1 with errno. */
static int wait_until(int fd, int64_t until_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int64_t left;
	int r;

	do {
		left = until_ms - now_ms();
		r = poll(&p, 1, left > 0 ? (int)left : 0);
	} while (r < 0 && errno == EINTR);
	return r;
}

static ssize_t feed_read(void *cookie, char *buf, size_t size)
{
	struct feed *f = cookie;
	struct pollfd p = { .fd = f->fd, .events = POLLIN };
	ssize_t n;
	int r = f->until_ms ? wait_until(f->fd, f->until_ms) : 1;

	if (r == 0)
		errno = ETIMEDOUT;
	if (r <= 0)
		return -1;
	if (f->idle && poll(&p, 1, 0) == 0 && f->idle(f->user) < 0)
		return 0;
	do
		n = read(f->fd, buf, size);
	while (n < 0 && errno == EINTR);
	return n;
}

static int feed_close(void *cookie)
{
	return close(((struct feed *)cookie)->fd);
}

static FILE *feed_stream(int fd, int64_t until_ms, struct feed **ret_feed)
{
	static const cookie_io_functions_t functions = { .read = feed_read, .close = feed_close };
	struct feed *f = calloc(1, sizeof *f);
	FILE *stream = f ? fopencookie(f, "rb", functions) : NULL;

	if (!stream) {
		free(f);
		return NULL;
	}
	f->fd = fd;
	f->until_ms = until_ms;
	*ret_feed = f;
	return stream;
}

void capture_file_on_idle(struct capture_file *f, capture_file_idle_fn *fn, void *user)
{
	if (!f->feed)
		return;
	f->feed->idle = fn;
	f->feed->user = user;
}

bool capture_file_is_stream(const char *path)
{
	struct stat st;

	return strcmp(path, "-") == 0 || (stat(path, &st) == 0 && S_ISFIFO(st.st_mode));
}

/* Waits for the first octet, and from then on for every octet. */
static int start_stream(int fd, int64_t until_ms, const char *path, char *msg, size_t room)
{
	int r = wait_until(fd, until_ms), flags = fcntl(fd, F_GETFL);

	if (r > 0 && flags >= 0 && fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) == 0)
		return 0;
	if (r == 0)
		snprintf(msg, room, "%.600s: nobody wrote to it for %d s; start what writes the capture first", path,
			 WRITER_WAIT_MS / 1000);
	else
		snprintf(msg, room, "cannot read %.600s: %s", path, strerror(errno));
	return -1;
}

/* The descriptor of a file, a named pipe or standard input ("-"); -1 with a text. */
static int open_path(const char *path, int64_t until_ms, bool *ret_gzip, bool *ret_pipe, char *msg, size_t room)
{
	unsigned char magic[2];
	struct stat st;
	int fd = strcmp(path, "-") == 0 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) :
					  open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0 || fstat(fd, &st) < 0) {
		snprintf(msg, room, "cannot open %.600s: %s", path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return -1;
	}
	if (S_ISREG(st.st_mode)) {
		*ret_gzip = pread(fd, magic, 2, 0) == 2 && magic[0] == 0x1f && magic[1] == 0x8b;
		return fd;
	}
	*ret_pipe = S_ISFIFO(st.st_mode);
	if (*ret_pipe && start_stream(fd, until_ms, path, msg, room) == 0)
		return fd;
	if (!S_ISFIFO(st.st_mode))
		snprintf(msg, room, "%.600s is not a capture file: it is %s; name a file or a pipe", path,
			 S_ISDIR(st.st_mode) ? "a directory" : "neither a file nor a pipe");
	close(fd);
	return -1;
}

int capture_file_open(struct capture_file *f, const char *path, char *msg, size_t room)
{
	char why[PCAP_ERRBUF_SIZE] = "";
	struct gzip *gzip = NULL;
	bool compressed = false, is_pipe = false;
	struct feed *feed = NULL;
	FILE *stream;
	int64_t until_ms = now_ms() + WRITER_WAIT_MS;
	int fd = open_path(path, until_ms, &compressed, &is_pipe, msg, room);

	if (fd < 0)
		return -1;
	stream = compressed ? gzip_stream(fd, &gzip) : is_pipe ? feed_stream(fd, until_ms, &feed) : fdopen(fd, "rb");
	if (!stream) {
		snprintf(msg, room, "cannot read %.600s: %s", path, strerror(errno));
		close(fd);
		return -1;
	}
	setvbuf(stream, NULL, _IOFBF, READ_BUFFER);
	f->pcap = pcap_fopen_offline(stream, why);
	f->gzip = gzip;
	f->feed = feed;
	if (f->pcap && feed)
		feed->until_ms = 0;
	if (f->pcap)
		return 0;
	if (gzip && gzip->why[0])
		snprintf(msg, room, "%.600s is not a capture file: %s", path, gzip->why);
	else
		snprintf(msg, room, "%.600s is not a capture file: %.256s%s", path, why[0] ? why : "it is empty",
			 is_pipe ? "; what comes through a pipe must be pcap or pcapng, and not compressed" : "");
	fclose(stream);
	free(gzip);
	free(feed);
	f->gzip = NULL;
	f->feed = NULL;
	return -1;
}

void capture_file_close(struct capture_file *f)
{
	if (f->pcap)
		pcap_close(f->pcap); /* closes the stream as well */
	free(f->gzip);
	free(f->feed);
	f->pcap = NULL;
	f->gzip = NULL;
	f->feed = NULL;
}

enum capture_end capture_file_end(const struct capture_file *f, int r, const char **ret_why)
{
	FILE *stream = pcap_file(f->pcap);

	if (r > 0)
		return CAPTURE_MORE;
	if (f->gzip && f->gzip->why[0]) {
		*ret_why = f->gzip->why;
		return f->gzip->cut ? CAPTURE_TRUNCATED : CAPTURE_CORRUPT;
	}
	if (r == 0)
		return CAPTURE_COMPLETE;
	*ret_why = pcap_geterr(f->pcap);
	return feof(stream) && !ferror(stream) ? CAPTURE_TRUNCATED : CAPTURE_CORRUPT;
}
