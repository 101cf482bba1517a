/* SPDX-License-Identifier: MIT */
/* Streams that are compressed as they are read; what comes out is read with zlib's inflate(). */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "httpd/server/gzip.h"

struct source {
	const char *data;
	size_t len, at, piece; /* octets per call, at most */
	size_t fail_at;        /* 0: nowhere */
};

static int64_t read_some(void *user, char *buf, uint64_t max)
{
	struct source *s = user;
	size_t n = s->len - s->at;

	if (s->fail_at && s->at >= s->fail_at)
		return -EIO;
	n = n < s->piece ? n : s->piece;
	n = n < max ? n : (size_t)max;
	memcpy(buf, s->data + s->at, n);
	s->at += n;
	return (int64_t)n;
}

/* Octets that repeat only in part. */
static char *make_data(size_t len)
{
	char *data = malloc(len + 1);
	uint32_t x = 1;
	size_t i;

	cr_assert(data);
	for (i = 0; i < len; i++) {
		x = x * 1103515245u + 12345u;
		data[i] = i % 3 ? (char)('a' + i % 7) : (char)(x >> 24);
	}
	return data;
}

static void inflate_begin(z_stream *z, char *out, size_t room)
{
	memset(z, 0, sizeof *z);
	z->next_out = (Bytef *)out;
	z->avail_out = (uInt)room;
	cr_assert_eq(inflateInit2(z, 31), Z_OK);
}

static void check_round_trip(size_t len, size_t piece, size_t max)
{
	char *data = make_data(len), *back = malloc(len + 1), *buf = malloc(max);
	struct source s = { .data = data, .len = len, .piece = piece };
	struct gzip *g = gzip_new(6);
	z_stream z;
	int64_t n;
	int r = Z_OK;

	cr_assert(g && back && buf);
	inflate_begin(&z, back, len + 1);
	while ((n = gzip_read(g, read_some, &s, buf, max)) > 0) {
		z.next_in = (Bytef *)buf;
		z.avail_in = (uInt)n;
		r = inflate(&z, Z_NO_FLUSH);
		cr_assert(r == Z_OK || r == Z_STREAM_END || r == Z_BUF_ERROR, "%d", r);
	}
	cr_expect_eq(n, 0);
	cr_expect_eq(r, Z_STREAM_END);
	cr_expect_eq(z.total_out, len);
	cr_expect_eq(memcmp(back, data, len), 0);
	cr_expect_eq(gzip_read(g, read_some, &s, buf, max), 0);
	(void)inflateEnd(&z);
	gzip_free(g);
	free(buf);
	free(back);
	free(data);
}

Test(gzip, whatever_the_sizes_the_stream_comes_back)
{
	check_round_trip(0, 1, 100);
	check_round_trip(1, 1, 16);
	check_round_trip(1000, 7, 16);
	check_round_trip(1000, 1000, 17);
	check_round_trip(300000, 300000, 32768);
	check_round_trip(300000, 16384, 32768);
	check_round_trip(300000, 5000, 100);
	check_round_trip(300000, 16383, 16384);
}

/* A stream that has nothing more for now: what it had arrives at once. */
Test(gzip, slow_streams_are_not_held_back)
{
	char out[4096], buf[4096];
	struct source s = { .data = "{\"first\":1}\n{\"second\":2}\n{\"third\":3}\n", .len = 38, .piece = 12 };
	struct gzip *g = gzip_new(1);
	size_t want[] = { 12, 24, 36, 38 }, i;
	z_stream z;
	int64_t n;

	s.len = strlen(s.data);
	want[3] = s.len;
	inflate_begin(&z, out, sizeof out);
	for (i = 0; i < 4; i++) {
		n = gzip_read(g, read_some, &s, buf, sizeof buf);
		cr_assert_gt(n, 0);
		z.next_in = (Bytef *)buf;
		z.avail_in = (uInt)n;
		(void)inflate(&z, Z_SYNC_FLUSH);
		cr_expect_eq(z.total_out, want[i], "%zu: %lu", i, z.total_out);
	}
	cr_expect_eq(memcmp(out, s.data, s.len), 0);
	(void)inflateEnd(&z);
	gzip_free(g);
}

Test(gzip, an_error_of_the_source_is_passed_on)
{
	char *data = make_data(100000), buf[32768];
	struct source s = { .data = data, .len = 100000, .piece = 16384, .fail_at = 50000 };
	struct gzip *g = gzip_new(1);
	int64_t n;

	while ((n = gzip_read(g, read_some, &s, buf, sizeof buf)) > 0)
		;
	cr_expect_eq(n, -EIO);
	gzip_free(g);
	free(data);
}

/* RFC 9110 12.5.3 and 12.4.2. */
Test(gzip, accepted_where_it_is_preferred)
{
	static const char *const yes[] = { "gzip", "x-gzip", "GZip", "deflate, gzip", "gzip;q=0.001", "gzip ; q=1", "*", "br, *;q=0.1",
					   "gzip;q=0.5, identity;q=0.5", "gzip;q=1.000, *;q=0" };
	static const char *const no[] = { "", "deflate", "gzip;q=0", "gzip;q=0.000", "*;q=0", "gzip;q=0, *", "identity, gzip;q=0.9", "gzipp",
					  "gzip;q=", "gzip;level=3", "gzip;q=2", ";q=1", ",,," };
	size_t i;

	for (i = 0; i < sizeof yes / sizeof yes[0]; i++)
		cr_expect(gzip_accepted(yes[i]), "%s", yes[i]);
	for (i = 0; i < sizeof no / sizeof no[0]; i++)
		cr_expect_not(gzip_accepted(no[i]), "%s", no[i]);
	cr_expect_not(gzip_accepted(NULL));
}

Test(gzip, only_what_becomes_smaller)
{
	cr_expect(gzip_worthwhile("application/json", -1));
	cr_expect(gzip_worthwhile("application/json; charset=utf-8", 5000));
	cr_expect(gzip_worthwhile("TEXT/html", 1024));
	cr_expect_not(gzip_worthwhile("text/html", 1023));
	cr_expect_not(gzip_worthwhile("image/png", -1));
	cr_expect_not(gzip_worthwhile("application/jsonx", -1));
	cr_expect_not(gzip_worthwhile("application/vnd.tcpdump.pcap", -1));
}
