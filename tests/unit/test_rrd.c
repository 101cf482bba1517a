/* SPDX-License-Identifier: MIT */
/* Series against a dense reference: every sample is remembered, and a view is computed from the rules at the top of
 * core/rrd.c, which are those of the ecosystem's series (second slots t % 60, minute slot the mean of the seconds, hour
 * slot the mean of the minutes, blanks 0). Times start at 0, so every second of the past has a place in an array. */
#include <criterion/criterion.h>

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include <aerie/fields.h>
#include <core/heap.h>
#include <core/rrd.h>

#define SPAN (86400u * 4)
#define BASE (1700000000u / 86400u * 86400u) /* a midnight */

struct dense {
	uint32_t aggregator, last;
	bool any;
	double seconds[SPAN];
};

static double combine(uint32_t aggregator, double a, double b)
{
	if (aggregator == AERIE_FIELD_RRD_SUM)
		return a + b;
	if (aggregator == AERIE_FIELD_RRD_EXTREME) {
		if (fabs(a) == fabs(b))
			return fmax(a, b);
		return fabs(a) > fabs(b) ? a : b;
	}
	if (a == 0 || b == 0)
		return a + b;
	return fmax(a, b);
}

static double over(const struct dense *d, const double *values, uint32_t n)
{
	double value = 0;
	uint32_t i;

	for (i = 0; i < n; i++)
		value = combine(d->aggregator, value, values[i]);
	return d->aggregator == AERIE_FIELD_RRD_SUM ? value / n : value;
}

static double hour_value(const struct dense *d, uint32_t hour)
{
	double minutes[60];
	uint32_t i;

	for (i = 0; i < 60; i++)
		minutes[i] = over(d, &d->seconds[hour * 3600 + i * 60], 60);
	return over(d, minutes, 60);
}

static void dense_view(const struct dense *d, uint32_t now, struct rrd_view *v)
{
	uint32_t i;

	memset(v, 0, sizeof *v);
	v->serial_time = now;
	if (!d->any)
		return;
	now = now > d->last ? now : d->last;
	v->serial_time = now;
	v->last_time = d->last;
	v->last_value = d->seconds[d->last];
	v->last_value_n1 = d->last ? d->seconds[d->last - 1] : 0;
	for (i = 0; i < 60 && i <= now; i++)
		v->minute[(now - i) % 60] = d->seconds[now - i];
	for (i = 1; i < 60 && i <= now / 60; i++)
		v->hour[(now / 60 - i) % 60] = over(d, &d->seconds[(now / 60 - i) * 60], 60);
	for (i = 1; i < 24 && i <= now / 3600; i++)
		v->day[(now / 3600 - i) % 24] = hour_value(d, now / 3600 - i);
	v->hour[now / 60 % 60] = over(d, v->minute, 60);
	v->day[now / 3600 % 24] = over(d, v->hour, 60);
}

static int dense_add(struct dense *d, uint32_t t, double value)
{
	if (d->aggregator == AERIE_FIELD_RRD_SIGNAL && value == 0)
		return 0;
	if (d->any && t + 60 <= d->last)
		return -ERANGE;
	if (!d->any || t > d->last)
		d->last = t;
	d->any = true;
	d->seconds[t] = combine(d->aggregator, d->seconds[t], value);
	return 0;
}

static bool near(double a, double b)
{
	return fabs(a - b) <= 1e-9 * fmax(1, fmax(fabs(a), fabs(b)));
}

/* Day, hour and minute begin at multiples, so a shift by whole days changes no slot. */
static void compare(const struct dense *d, const uint64_t *cell, bool full, uint32_t now)
{
	struct rrd_view want, got;
	uint32_t i;

	dense_view(d, now, &want);
	rrd_expand(cell, full, d->aggregator, BASE + now, &got);
	cr_assert_eq(got.serial_time, want.serial_time + BASE);
	if (d->any)
		cr_assert_eq(got.last_time, want.last_time + BASE);
	cr_assert(near(got.last_value, want.last_value), "last %g, want %g", got.last_value, want.last_value);
	cr_assert(near(got.last_value_n1, want.last_value_n1));
	for (i = 0; i < 60; i++)
		cr_assert(near(got.minute[i], want.minute[i]), "at %u second %u: %g, want %g", now, i, got.minute[i],
			  want.minute[i]);
	for (i = 0; i < 60; i++)
		cr_assert(near(got.hour[i], full ? want.hour[i] : 0), "at %u minute %u: %g, want %g", now, i, got.hour[i],
			  want.hour[i]);
	for (i = 0; i < 24; i++)
		cr_assert(near(got.day[i], full ? want.day[i] : 0), "at %u hour %u: %g, want %g", now, i, got.day[i],
			  want.day[i]);
}

static uint32_t rnd(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

/* Steps from a busy second to a gap of more than a day. */
static uint32_t step(uint32_t *seed, unsigned pace)
{
	uint32_t r = rnd(seed) % 100;

	if (r < 50)
		return 0;
	if (r < 85)
		return 1 + rnd(seed) % (pace ? 3 : 40);
	if (r < 97)
		return rnd(seed) % 200;
	return pace > 1 ? rnd(seed) % 5000 : rnd(seed) % 700;
}

static double some_value(uint32_t *seed, uint32_t aggregator)
{
	uint32_t r = rnd(seed);

	if (aggregator == AERIE_FIELD_RRD_SIGNAL)
		return -(double)(r % 95);
	if (r % 50 == 0)
		return r / 8.0;
	return aggregator == AERIE_FIELD_RRD_SUM ? r % 1500 : (double)(r % 200) - 100;
}

static void run(uint32_t aggregator, bool full, uint32_t seed, unsigned pace)
{
	struct dense *d = calloc(1, sizeof *d);
	struct heap *heap = heap_new(NULL);
	uint64_t cell = 0;
	uint32_t now = rnd(&seed) % 86400, n = 0, t;
	double value;

	d->aggregator = aggregator;
	compare(d, &cell, full, now);
	for (;;) {
		now += step(&seed, pace);
		if (now + 90000 >= SPAN)
			break;
		t = now;
		if (rnd(&seed) % 10 == 0 && now > 70)
			t -= rnd(&seed) % 70;
		value = some_value(&seed, aggregator);
		cr_assert_eq(rrd_add(heap, &cell, full, aggregator, BASE + t, value), dense_add(d, t, value), "at %u, last %u", t,
			     d->last);
		if (n++ % 16 == 0)
			compare(d, &cell, full, now + (rnd(&seed) % 4 ? 0 : rnd(&seed) % 3700));
	}
	compare(d, &cell, full, d->last);
	compare(d, &cell, full, d->last + 3599);
	compare(d, &cell, full, d->last + 86399);
	rrd_clear(&cell);
	cr_assert_eq(cell, 0);
	heap_free(heap);
	free(d);
}

#define RANDOM(name, aggregator)                             \
	Test(rrd, name)                                      \
	{                                                    \
		for (uint32_t seed = 1; seed <= 4; seed++)   \
			for (unsigned pace = 0; pace < 3; pace++) \
				run(aggregator, seed % 2, seed, pace); \
	}

RANDOM(sums_agree_with_the_dense_reference, AERIE_FIELD_RRD_SUM)
RANDOM(extremes_agree_with_the_dense_reference, AERIE_FIELD_RRD_EXTREME)
RANDOM(signals_agree_with_the_dense_reference, AERIE_FIELD_RRD_SIGNAL)

Test(rrd, one_sample_costs_nothing_but_its_cell)
{
	struct heap *heap = heap_new(NULL);
	size_t bytes = heap_bytes(heap);
	struct rrd_view v;
	uint64_t cell = 0;
	int i;

	for (i = 0; i < 1000; i++)
		cr_assert_eq(rrd_add(heap, &cell, true, 0, BASE + 5, 2), 0);
	cr_assert_eq(cell & 1, 1);
	cr_assert_eq(heap_bytes(heap), bytes);
	rrd_expand(&cell, true, 0, BASE + 5, &v);
	cr_assert_eq(v.minute[5], 2000);
	cr_assert_eq(rrd_add(heap, &cell, true, 0, BASE + 5, -5000), 0);
	rrd_expand(&cell, true, 0, BASE + 5, &v);
	cr_assert_eq(v.minute[5], -3000);
	/* a day later nothing of it is left */
	cr_assert_eq(rrd_add(heap, &cell, true, 0, BASE + 86400 * 2, 1), 0);
	cr_assert_eq(cell & 1, 1);
	heap_free(heap);
}

Test(rrd, values_that_do_not_fit_the_cell_are_kept_exactly)
{
	static const double values[] = { 0.1, 1e300, -1e300, 1073741824, -1073741824, 4294967296.0 };
	struct heap *heap = heap_new(NULL);
	struct rrd_view v;
	size_t i;

	for (i = 0; i < sizeof values / sizeof *values; i++) {
		uint64_t cell = 0;

		cr_assert_eq(rrd_add(heap, &cell, true, 0, BASE + 7, values[i]), 0);
		cr_assert_eq(cell & 1, 0);
		rrd_expand(&cell, true, 0, BASE + 8, &v);
		cr_assert_eq(v.minute[7], values[i]);
		cr_assert_eq(v.last_value, values[i]);
		rrd_clear(&cell);
	}
	heap_free(heap);
}

Test(rrd, minute_and_hour_are_means_of_their_parts)
{
	struct heap *heap = heap_new(NULL);
	struct rrd_view v;
	uint64_t cell = 0;
	uint32_t t;

	/* one packet a second for an hour: each minute's and the hour's mean is 1 */
	for (t = 0; t < 3600; t++)
		rrd_add(heap, &cell, true, 0, BASE + t, 1);
	rrd_expand(&cell, true, 0, BASE + 3600, &v);
	for (t = 1; t < 60; t++)
		cr_assert_eq(v.hour[t], 1);
	cr_assert_eq(v.day[0], 1);
	cr_assert_eq(v.minute[0], 0);
	cr_assert_eq(v.minute[59], 1);
	/* the minute under way is the mean of the last 60 seconds, of which one is blank */
	cr_assert(near(v.hour[0], 59 / 60.0));
	heap_free(heap);
}

Test(rrd, old_and_impossible_samples_are_refused)
{
	struct heap *heap = heap_new(NULL);
	uint64_t cell = 0, before;
	uint32_t aggregator;

	cr_assert_eq(rrd_add(heap, &cell, true, 0, 1000, 1), 0);
	before = cell;
	cr_assert_eq(rrd_add(heap, &cell, true, 0, 940, 1), -ERANGE);
	for (aggregator = 0; aggregator <= AERIE_FIELD_RRD_SIGNAL; aggregator += AERIE_FIELD_RRD_EXTREME) {
		cr_assert_eq(rrd_add(heap, &cell, true, aggregator, 1000, NAN), -EINVAL);
		cr_assert_eq(rrd_add(heap, &cell, true, aggregator, 1001, -INFINITY), -EINVAL);
	}
	cr_assert_eq(cell, before);
	cr_assert_eq(rrd_add(heap, &cell, true, 0, 941, 1), 0);
	heap_free(heap);
}

Test(rrd, the_ends_of_time_are_no_special_case)
{
	struct heap *heap = heap_new(NULL);
	struct rrd_view v;
	uint64_t cell = 0;

	cr_assert_eq(rrd_add(heap, &cell, true, 0, 0, 1), 0);
	cr_assert_eq(rrd_add(heap, &cell, true, 0, 1, 2), 0);
	rrd_expand(&cell, true, 0, 2, &v);
	cr_assert_eq(v.minute[0], 1);
	cr_assert_eq(v.last_value_n1, 1);
	cr_assert_eq(rrd_add(heap, &cell, true, 0, UINT32_MAX, 3), 0);
	rrd_expand(&cell, true, 0, UINT32_MAX, &v);
	cr_assert_eq(v.minute[UINT32_MAX % 60], 3);
	cr_assert_eq(v.minute[0], UINT32_MAX % 60 ? 0 : 3);
	rrd_expand(&cell, true, 0, 5, &v); /* a clock behind the samples */
	cr_assert_eq(v.serial_time, UINT32_MAX);
	heap_free(heap);
}
