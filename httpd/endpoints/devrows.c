/* SPDX-License-Identifier: MIT */
/* Rows in order. What a row is ordered by is written down as octets that compare as the values do: for each field its kind, then a
 * number with its sign turned so that larger ones are larger octets, or the whole text in lower case and an end that is
 * smaller than any octet; all of it inverted where the order is descending. The kept rows are a heap with the last one on
 * top; what comes behind that when the heap is full is never needed again. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "devrows.h"

#define FOUND (-ECANCELED) /* ends a visit */

struct row {
	uint64_t key;
	uint32_t len;
	uint8_t octets[];
};

struct rows {
	const struct endpoints *e;
	struct {
		struct aerie_selection *field;
		int descending;
	} order[ROWS_ORDERS_MAX];
	uint32_t n_orders;

	struct row **heap;
	size_t n, room, window;
	uint64_t octets;
	struct row *behind; /* the last row that was kept before; NULL: none was */

	uint8_t *octet; /* of the row under way */
	uint32_t len, size;
};

struct rows *rows_new(const struct endpoints *e)
{
	struct rows *r = calloc(1, sizeof *r);

	if (r)
		r->e = e;
	return r;
}

static void forget_rows(struct rows *r)
{
	size_t i;

	for (i = 0; i < r->n; i++)
		free(r->heap[i]);
	r->n = 0;
	r->octets = 0;
}

void rows_free(struct rows *r)
{
	uint32_t i;

	if (!r)
		return;
	forget_rows(r);
	for (i = 0; i < r->n_orders; i++)
		r->e->select->selection_free(r->order[i].field);
	free(r->heap);
	free(r->behind);
	free(r->octet);
	free(r);
}

int rows_order_by(struct rows *r, struct aerie_selection *field, int descending)
{
	if (r->n_orders == ROWS_ORDERS_MAX) {
		r->e->select->selection_free(field);
		return -E2BIG;
	}
	r->order[r->n_orders].field = field;
	r->order[r->n_orders++].descending = descending;
	return 0;
}

int rows_are_ordered(const struct rows *r)
{
	return r->n_orders > 0;
}

/* ---- what a row is ordered by ---- */

static int put(struct rows *r, const void *data, uint32_t len)
{
	uint32_t size = r->size ? r->size : 64;
	uint8_t *octet;

	while (size - r->len < len && size <= UINT32_MAX / 2)
		size *= 2;
	if (size - r->len < len)
		return -ENOMEM;
	if (size != r->size) {
		octet = realloc(r->octet, size);
		if (!octet)
			return -ENOMEM;
		r->octet = octet;
		r->size = size;
	}
	if (len)
		memcpy(r->octet + r->len, data, len);
	r->len += len;
	return 0;
}

static int put_octet(struct rows *r, uint8_t octet)
{
	return put(r, &octet, 1);
}

static int put_number(struct rows *r, double number)
{
	uint64_t bits;
	uint8_t be[8];
	unsigned i;

	number += 0.0; /* -0 is 0 */
	memcpy(&bits, &number, sizeof bits);
	bits = bits >> 63 ? ~bits : bits | UINT64_C(1) << 63;
	for (i = 0; i < sizeof be; i++)
		be[i] = (uint8_t)(bits >> (56 - 8 * i));
	return put(r, be, sizeof be);
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* An octet 0 is followed by 255, and the end is two of 0. */
static int put_letters(struct rows *r, const char *text, uint32_t len)
{
	uint32_t i;
	int err = 0;

	for (i = 0; !err && i < len; i++) {
		err = put_octet(r, (uint8_t)lower(text[i]));
		if (!err && !text[i])
			err = put_octet(r, 255);
	}
	return err;
}

static int put_end(struct rows *r)
{
	static const uint8_t end[2];

	return put(r, end, sizeof end);
}

/* ---- texts that are longer than what an order holds ---- */

struct whole {
	struct rows *rows;
	const struct aerie_order *order;
};

static int pass_begin(void *v, uint32_t count)
{
	return 0;
}

static int pass_key(void *v, const struct aerie_name *name)
{
	return 0;
}

static int pass_text(void *v, const char *text, uint32_t len)
{
	return 0;
}

static int pass_end(void *v)
{
	return 0;
}

static int pass_u64(void *v, uint64_t value)
{
	return 0;
}

static int pass_i64(void *v, int64_t value)
{
	return 0;
}

static int pass_f64(void *v, double value)
{
	return 0;
}

static int pass_f64s(void *v, const double *values, uint32_t n)
{
	return 0;
}

static int take_text(void *v, const char *text, uint32_t len)
{
	const struct whole *w = v;
	uint32_t i;
	int err;

	if (len != w->order->len)
		return 0;
	for (i = 0; i < sizeof w->order->text; i++)
		if (lower(text[i]) != w->order->text[i])
			return 0;
	err = put_letters(w->rows, text, len);
	return err ? err : FOUND;
}

static int take_bytes(void *v, const uint8_t *data, uint32_t len)
{
	static const char digits[] = "0123456789abcdef";
	struct whole *w = v;
	uint32_t i;
	int err = 0;

	if (len > UINT32_MAX / 2 || len * 2 != w->order->len)
		return 0;
	for (i = 0; !err && i < len; i++) {
		const char pair[2] = { digits[data[i] >> 4], digits[data[i] & 15] };

		err = put_letters(w->rows, pair, sizeof pair);
	}
	return err ? err : FOUND;
}

static const struct aerie_visitor whole_text = {
	.size = sizeof whole_text,
	.begin_map = pass_begin,
	.key = pass_key,
	.key_text = pass_text,
	.end_map = pass_end,
	.begin_list = pass_begin,
	.end_list = pass_end,
	.null = pass_end,
	.u64 = pass_u64,
	.i64 = pass_i64,
	.f64 = pass_f64,
	.str = take_text,
	.ascii = take_text,
	.bytes = take_bytes,
	.f64s = pass_f64s,
};

static int put_text(struct rows *r, const struct aerie_selection *field, const struct aerie_rec *rec, const struct aerie_order *order)
{
	struct whole w = { r, order };
	int err;

	if (order->len <= sizeof order->text)
		err = put_letters(r, order->text, order->len);
	else
		err = r->e->select->visit(r->e->h, field, rec, &whole_text, &w);
	return err && err != FOUND ? err : put_end(r);
}

static int put_field(struct rows *r, uint32_t i, const struct aerie_rec *rec)
{
	struct aerie_order order;
	uint32_t at = r->len;
	int err = r->e->select->order(r->e->h, r->order[i].field, 0, rec, &order);

	if (!err)
		err = put_octet(r, (uint8_t)order.kind);
	if (!err && order.kind == AERIE_ORDER_NUMBER)
		err = put_number(r, order.number);
	else if (!err && order.kind == AERIE_ORDER_TEXT)
		err = put_text(r, r->order[i].field, rec, &order);
	for (; !err && r->order[i].descending && at < r->len; at++)
		r->octet[at] = (uint8_t)~r->octet[at];
	return err;
}

/* ---- the heap ---- */

/* Rows of the same values by their keys: so every walk has the same order. */
static int compare(const struct row *a, const uint8_t *octets, uint32_t len, uint64_t key)
{
	int c = memcmp(a->octets, octets, a->len < len ? a->len : len);

	if (!c)
		c = a->len < len ? -1 : a->len > len;
	return c ? c : a->key < key ? -1 : a->key > key;
}

static int compare_rows(const struct row *a, const struct row *b)
{
	return compare(a, b->octets, b->len, b->key);
}

static void sink_down(struct rows *r, size_t at, size_t n)
{
	struct row *row = r->heap[at];
	size_t child;

	while ((child = 2 * at + 1) < n) {
		if (child + 1 < n && compare_rows(r->heap[child], r->heap[child + 1]) < 0)
			child++;
		if (compare_rows(row, r->heap[child]) >= 0)
			break;
		r->heap[at] = r->heap[child];
		at = child;
	}
	r->heap[at] = row;
}

static void drop_last(struct rows *r)
{
	r->octets -= r->heap[0]->len;
	free(r->heap[0]);
	r->heap[0] = r->heap[--r->n];
	if (r->n)
		sink_down(r, 0, r->n);
}

static int add(struct rows *r, uint64_t key)
{
	size_t at = r->n, room = r->room ? r->room * 2 : 64;
	struct row **heap, *row;

	if (r->n == r->room) {
		heap = realloc(r->heap, room * sizeof(struct row *));
		if (!heap)
			return -ENOMEM;
		r->heap = heap;
		r->room = room;
	}
	row = malloc(sizeof *row + r->len);
	if (!row)
		return -ENOMEM;
	row->key = key;
	row->len = r->len;
	memcpy(row->octets, r->octet, r->len);
	r->n++;
	r->octets += row->len;
	for (; at && compare_rows(r->heap[(at - 1) / 2], row) < 0; at = (at - 1) / 2)
		r->heap[at] = r->heap[(at - 1) / 2];
	r->heap[at] = row;
	return 0;
}

void rows_begin(struct rows *r, uint64_t n)
{
	if (r->n) {
		free(r->behind);
		r->behind = r->heap[--r->n];
	}
	forget_rows(r);
	r->window = n < ROWS_MAX ? (size_t)n : ROWS_MAX;
}

int rows_offer(struct rows *r, uint64_t key, const struct aerie_rec *rec)
{
	uint32_t i;
	int err = 0;

	r->len = 0;
	for (i = 0; !err && i < r->n_orders; i++)
		err = put_field(r, i, rec);
	if (err)
		return err;
	if (r->behind && compare(r->behind, r->octet, r->len, key) >= 0)
		return 0;
	if (r->n == r->window && (!r->n || compare(r->heap[0], r->octet, r->len, key) <= 0))
		return 0;
	err = add(r, key);
	while (!err && (r->n > r->window || (r->octets > ROWS_OCTETS_MAX && r->n > 1))) {
		drop_last(r);
		r->window = r->n; /* what comes behind it must not take its place */
	}
	return err;
}

size_t rows_end(struct rows *r)
{
	size_t n;

	for (n = r->n; n > 1; n--) {
		struct row *last = r->heap[0];

		r->heap[0] = r->heap[n - 1];
		r->heap[n - 1] = last;
		sink_down(r, 0, n - 1);
	}
	return r->n;
}

uint64_t rows_key(const struct rows *r, size_t i)
{
	return r->heap[i]->key;
}
