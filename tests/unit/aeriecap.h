/* SPDX-License-Identifier: MIT */
/* The host's side of libaeriecap's link, for tests: requests are written to a pipe, reports read from one. */
#ifndef TEST_AERIECAP_H
#define TEST_AERIECAP_H

#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include <aerie/cursor.h>

#include "../../sdk/capframework/handler.h"

static const uint8_t magic[] = { 0xde, 0xca, 0xfb, 0xad, 0xa9, 0xa9, 0, 3 };

struct host {
	struct aeriecap *cap;
	int to, from; /* ends of the host */
};

static inline struct host start(void)
{
	struct host h;
	int in[2], out[2];

	cr_assert_eq(pipe(in), 0);
	cr_assert_eq(pipe(out), 0);
	h.cap = aeriecap_new("test", "1.2.3-abc");
	cr_assert_not_null(h.cap);
	cr_assert_eq(aeriecap_set_link(h.cap, in[0], out[1]), 0);
	h.to = in[1];
	h.from = out[0];
	return h;
}

static inline void finish(struct host *h)
{
	aeriecap_free(h->cap);
	if (h->to >= 0)
		close(h->to);
	close(h->from);
}

static inline void request(const struct host *h, unsigned command, uint32_t seqno, const void *body, size_t len)
{
	uint8_t frame[600];

	put_header(frame, (uint32_t)len, (uint16_t)command, 1, seqno);
	if (len)
		memcpy(frame + PROTOCOL_HEADER, body, len);
	cr_assert_eq(write(h->to, frame, PROTOCOL_HEADER + len), (ssize_t)(PROTOCOL_HEADER + len));
}

static inline void read_all(int fd, uint8_t *to, size_t len)
{
	while (len > 0) {
		ssize_t n = read(fd, to, len);

		cr_assert_gt(n, 0);
		to += n;
		len -= (size_t)n;
	}
}

struct frame {
	unsigned command, code;
	uint32_t seqno;
	size_t len; /* of the body */
	uint8_t body[AERIECAP_FRAME_MAX];
};

static inline void read_frame(const struct host *h, struct frame *f)
{
	uint8_t head[PROTOCOL_HEADER];
	struct aerie_cur c = aerie_cur_make(head + 8, 12);

	read_all(h->from, head, sizeof head);
	cr_assert_arr_eq(head, magic, sizeof magic);
	f->len = aerie_cur_be32(&c);
	f->command = aerie_cur_be16(&c);
	f->code = aerie_cur_be16(&c);
	f->seqno = aerie_cur_be32(&c);
	cr_assert_leq(f->len, sizeof f->body - PROTOCOL_HEADER);
	read_all(h->from, f->body, f->len);
}

static inline bool contains(const struct frame *f, const char *text)
{
	size_t i, n = strlen(text);

	for (i = 0; i + n <= f->len; i++)
		if (memcmp(f->body + i, text, n) == 0)
			return true;
	return false;
}

#endif
