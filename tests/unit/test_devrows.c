/* SPDX-License-Identifier: MIT */
/* Rows in order (httpd/endpoints/devrows.h): whatever is kept at once, walk after walk gives what qsort() makes of all. The
 * records here are rows of the test, and the service that says what they are ordered by is the test's. */
#define ROWS_MAX 8u
#define ROWS_OCTETS_MAX 600u
#include "../../httpd/endpoints/devrows.c"

#include <criterion/criterion.h>
#include <stdbool.h>
#include <stdio.h>

#define N 200u
#define TEXT 300u

/* One field of a record; struct aerie_selection * is the number of the field, from 1. */
struct value {
	uint32_t kind, len;
	double number;
	char text[TEXT];
};

struct record {
	uint64_t key;
	struct value field[2];
};

static const struct value *value_of(const struct aerie_rec *rec, const struct aerie_selection *s)
{
	return &((const struct record *)(const void *)rec)->field[(uintptr_t)s - 1];
}

static int order(const struct aerie_host *h, const struct aerie_selection *s, uint32_t i, const struct aerie_rec *rec,
		 struct aerie_order *ret_order)
{
	const struct value *v = value_of(rec, s);
	uint32_t at;

	*ret_order = (struct aerie_order){ .kind = v->kind, .len = v->len, .number = v->number };
	for (at = 0; at < v->len && at < sizeof ret_order->text; at++)
		ret_order->text[at] = lower(v->text[at]);
	return 0;
}

/* The value as it stands in a record: texts behind others that are not meant, or as octets, whose hex digits are the text. */
static int visit(const struct aerie_host *h, const struct aerie_selection *s, const struct aerie_rec *rec,
		 const struct aerie_visitor *vt, void *v)
{
	const struct value *value = value_of(rec, s);
	uint8_t octets[TEXT / 2];
	uint32_t i;
	int err = vt->begin_map(v, 1);

	if (!err)
		err = vt->key_text(v, "x", 1);
	if (!err)
		err = vt->str(v, "another", 7);
	if (err || strspn(value->text, "0123456789ABCDEF") < value->len || value->len % 2)
		return err ? err : vt->str(v, value->text, value->len);
	for (i = 0; i < value->len / 2; i++) {
		unsigned octet = 0;

		(void)sscanf(value->text + 2 * i, "%2X", &octet);
		octets[i] = (uint8_t)octet;
	}
	return vt->bytes(v, octets, value->len / 2);
}

static unsigned freed;

static void selection_free(struct aerie_selection *s)
{
	freed += s != NULL;
}

static const struct aerie_select select_of_test = { .size = sizeof select_of_test, .order = order, .visit = visit, .selection_free = selection_free };
static const struct endpoints endpoints_of_test = { .select = &select_of_test };

static struct record recs[N];
static struct record *sorted[N];
static int down[2];

/* The rule in other words than the code's. */
static int compare_values(const struct value *a, const struct value *b)
{
	uint32_t i;

	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if (a->kind == AERIE_ORDER_NUMBER)
		return a->number < b->number ? -1 : a->number > b->number;
	for (i = 0; a->kind == AERIE_ORDER_TEXT && (i < a->len || i < b->len); i++) {
		int x = i < a->len ? (uint8_t)lower(a->text[i]) : -1, y = i < b->len ? (uint8_t)lower(b->text[i]) : -1;

		if (x != y)
			return x < y ? -1 : 1;
	}
	return 0;
}

static int compare_recs(const void *a, const void *b)
{
	const struct record *x = *(struct record *const *)a, *y = *(struct record *const *)b;
	unsigned i;

	for (i = 0; i < 2; i++) {
		int c = compare_values(&x->field[i], &y->field[i]);

		if (c)
			return down[i] ? -c : c;
	}
	return x->key < y->key ? -1 : x->key > y->key;
}

static unsigned seed;

static unsigned chance(unsigned n)
{
	seed = seed * 1103515245u + 12345u;
	return (seed >> 16) % n;
}

/* Few different values, so that many are the same, and texts that differ only at their end. */
static void make_value(struct value *v)
{
	static const double numbers[] = { 0, -0.0, 1, -1, 1e300, -1e300, 0.5, 1e-300, -1e-300, 255, 256 };
	static const char *const ends[] = { "", "a", "B", "b", "\xff", "\xc3\xa4", "0A" };
	static const uint32_t lengths[] = { 0, 3, 62, 63, 64, 65, 66, 130, 250 };
	uint32_t len = lengths[chance(sizeof lengths / sizeof lengths[0])];
	const char *end = ends[chance(sizeof ends / sizeof ends[0])];

	memset(v, 0, sizeof *v);
	v->kind = chance(8) ? chance(3) ? AERIE_ORDER_TEXT : AERIE_ORDER_NUMBER : AERIE_ORDER_ABSENT;
	v->number = numbers[chance(sizeof numbers / sizeof numbers[0])];
	memset(v->text, chance(2) ? '4' : 'x', len);
	if (len > 10 && !chance(4))
		v->text[chance(len)] = '\0';
	memcpy(v->text + len, end, strlen(end));
	v->len = len + (uint32_t)strlen(end);
}

static void check_all(uint64_t page)
{
	struct rows *r = rows_new(&endpoints_of_test);
	size_t n, at = 0, i;
	unsigned walks = 0;

	freed = 0;
	for (i = 0; i < 2; i++)
		cr_assert_eq(rows_order_by(r, (struct aerie_selection *)(uintptr_t)(i + 1), down[i]), 0);
	do {
		rows_begin(r, page);
		for (i = 0; i < N; i++)
			cr_assert_eq(rows_offer(r, recs[i].key, (const struct aerie_rec *)(const void *)&recs[i]), 0);
		n = rows_end(r);
		cr_assert_leq(n, ROWS_MAX);
		for (i = 0; i < n; i++, at++)
			cr_assert_eq(rows_key(r, i), sorted[at]->key, "row %zu, walk %u, seed %u", at, walks, seed);
		walks++;
	} while (n);
	cr_assert_eq(at, N);
	rows_free(r);
	cr_assert_eq(freed, 2u);
}

Test(devrows, walks_together_are_all_rows_in_order)
{
	unsigned round;
	size_t i;

	for (round = 0; round < 40; round++) {
		seed = round;
		for (i = 0; i < N; i++) {
			recs[i].key = (i * 7919u) % 100003u;
			make_value(&recs[i].field[0]);
			make_value(&recs[i].field[1]);
			sorted[i] = &recs[i];
		}
		down[0] = round & 1;
		down[1] = round >> 1 & 1;
		qsort(sorted, N, sizeof sorted[0], compare_recs);
		check_all(round % 3 ? 5 : 1000);
	}
}

Test(devrows, takes_sixteen_fields)
{
	struct rows *r = rows_new(&endpoints_of_test);
	unsigned i;

	cr_assert_not(rows_are_ordered(r));
	for (i = 0; i < ROWS_ORDERS_MAX; i++)
		cr_assert_eq(rows_order_by(r, (struct aerie_selection *)1, 0), 0);
	cr_assert(rows_are_ordered(r));
	cr_assert_eq(rows_order_by(r, (struct aerie_selection *)1, 0), -E2BIG);
	cr_assert_eq(freed, 1u, "a refused one is freed");
	rows_free(r);
	cr_assert_eq(freed, ROWS_ORDERS_MAX + 1);
}
