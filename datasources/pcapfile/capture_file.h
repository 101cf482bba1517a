/* SPDX-License-Identifier: MIT */
/* A capture file, open for reading: pcap or pcapng, plain or compressed with gzip. */
#ifndef CAPTURE_FILE_H
#define CAPTURE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include <pcap/pcap.h>

struct capture_file {
	pcap_t *pcap;
	struct gzip *gzip; /* NULL: not compressed */
	struct feed *feed; /* NULL: no pipe */
};

/* A pipe has nothing to read just now: whoever gathers what was read lets go of it. -1: read no more. */
typedef int capture_file_idle_fn(void *user);

/* Whether a path is a named pipe, or "-" for standard input: octets that come once. */
bool capture_file_is_stream(const char *path);
/* 0, or -1 with a text for the user in msg. Of a pipe it waits for the first octets. */
int capture_file_open(struct capture_file *f, const char *path, char *msg, size_t room);
void capture_file_on_idle(struct capture_file *f, capture_file_idle_fn *fn, void *user);
void capture_file_close(struct capture_file *f);

/* After pcap_dispatch() gave r: */
enum capture_end {
	CAPTURE_MORE,      /* there may be more to read */
	CAPTURE_COMPLETE,  /* the file was read to its end */
	CAPTURE_TRUNCATED, /* the file ends within a record: the recording was cut short */
	CAPTURE_CORRUPT    /* a record cannot be understood, and so nothing that follows it */
};
enum capture_end capture_file_end(const struct capture_file *f, int r, const char **ret_why);

#endif
