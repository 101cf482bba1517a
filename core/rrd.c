/* SPDX-License-Identifier: MIT */
/* Round-robin series: values of 60 seconds, 60 minutes and 24 hours, kept sparsely.
 *
 * The rules, in terms of a series that is never forgotten:
 *
 *   second   value of second t: its samples combined. SUM adds them up; EXTREME keeps the one farthest from zero (of two
 *            as far, the positive one); SIGNAL keeps the greatest that is not 0, since 0 is no signal. Without sample: 0.
 *   minute   value of a minute that has passed: SUM the mean of its 60 seconds, else its seconds combined.
 *   hour     value of an hour that has passed: SUM the mean of its 60 minutes, else its minutes combined.
 *
 * A view at time N (the present, or the newest sample if that is later) shows the seconds N-59..N, the minutes
 * N/60-59..N/60-1 and the hours N/3600-23..N/3600-1 by these rules, each at its number modulo 60, 60 and 24. The minute
 * under way, N/60, shows the seconds of the view taken as if they were one minute; the hour under way, N/3600, the
 * minutes of the view taken as if they were one hour. Samples that are 60 s or more older than the newest are refused.
 *
 * Storage: a minute and an hour are kept as the combination of their samples (for SUM the plain total, divided only when
 * shown, so that sums stay exact), and are made from the seconds and minutes when the newest sample enters the next one:
 * at that moment all their parts are still there. Entries of value 0 are not kept. The cell of a record is
 *
 *   0                                   no sample so far
 *   bit 0 set                           one second: bits 1..31 its value (a small integer), 32..63 the second
 *   a pointer to struct block           values and slots (number modulo 60, 60, 24): hours, minutes, seconds, each in
 *                                       order of time; which turn of the ring is meant follows from block.last */
#include <core/rrd.h>

#include <errno.h>
#include <math.h>
#include <string.h>

#include <aerie/fields.h>
#include <core/heap.h>

enum level { HOUR, MINUTE, SECOND, LEVELS };

static const uint32_t span[LEVELS] = { 3600, 60, 1 };  /* seconds of an entry */
static const uint32_t ring[LEVELS] = { 24, 60, 60 };   /* entries */

#define CAP_MAX 144u

struct block {
	uint32_t last; /* second of the newest sample */
	uint8_t n[LEVELS];
	uint8_t cap;
	double values[]; /* cap, and behind them cap slots of one octet */
};

/* A series taken apart, for everything but the common cases. */
struct parts {
	uint32_t last;
	uint32_t n[LEVELS];
	double values[LEVELS][61];
	uint8_t slots[LEVELS][61];
};

static inline double combine(uint32_t aggregator, double a, double b)
{
	switch (aggregator) {
	case AERIE_FIELD_RRD_EXTREME:
		return fabs(b) > fabs(a) || (fabs(b) == fabs(a) && b > a) ? b : a;
	case AERIE_FIELD_RRD_SIGNAL:
		return a == 0 || (b != 0 && b > a) ? b : a;
	default:
		return a + b;
	}
}

/* ---- The inline pair ---- */

#define PAIR_MAX 0x3fffffff

static bool is_pair(uint64_t cell)
{
	return cell & 1;
}

static uint32_t pair_time(uint64_t cell)
{
	return (uint32_t)(cell >> 32);
}

static double pair_value(uint64_t cell)
{
	return (double)((int32_t)(uint32_t)cell >> 1);
}

static bool fits_pair(double value)
{
	return value >= -PAIR_MAX && value <= PAIR_MAX && value == (double)(int32_t)value;
}

static uint64_t make_pair(uint32_t time_s, double value)
{
	return (uint64_t)time_s << 32 | (uint32_t)((uint32_t)(int32_t)value << 1) | 1;
}

/* ---- The block ---- */

static struct block *block_of(uint64_t cell)
{
	return (struct block *)(uintptr_t)cell;
}

static size_t block_size(uint32_t cap)
{
	return sizeof(struct block) + cap * (sizeof(double) + 1);
}

static uint8_t *slots_of(const struct block *b)
{
	return (uint8_t *)(uintptr_t)&b->values[b->cap];
}

/* Small steps: each entry is 9 octets, and most series have few. */
static uint32_t cap_for(uint32_t n)
{
	uint32_t cap = n <= 2 ? 2 : n <= 16 ? (n + 3) & ~3u : (n + 7) & ~7u;

	return cap < CAP_MAX ? cap : CAP_MAX;
}

static void take_apart(uint64_t cell, struct parts *p)
{
	const struct block *b;
	const double *values;
	const uint8_t *slots;
	unsigned l;

	memset(p->n, 0, sizeof p->n);
	if (is_pair(cell)) {
		p->last = pair_time(cell);
		p->n[SECOND] = pair_value(cell) != 0;
		p->values[SECOND][0] = pair_value(cell);
		p->slots[SECOND][0] = (uint8_t)(p->last % 60);
		return;
	}
	b = block_of(cell);
	p->last = b->last;
	values = b->values;
	slots = slots_of(b);
	for (l = 0; l < LEVELS; l++) {
		p->n[l] = b->n[l];
		memcpy(p->values[l], values, b->n[l] * sizeof *values);
		memcpy(p->slots[l], slots, b->n[l]);
		values += b->n[l];
		slots += b->n[l];
	}
}

static bool parts_fit_pair(const struct parts *p)
{
	if (p->n[HOUR] || p->n[MINUTE] || p->n[SECOND] > 1)
		return false;
	return !p->n[SECOND] || (p->slots[SECOND][0] == p->last % 60 && fits_pair(p->values[SECOND][0]));
}

static int put_together(struct heap *heap, uint64_t *cell, const struct parts *p)
{
	uint32_t cap = cap_for(p->n[HOUR] + p->n[MINUTE] + p->n[SECOND]);
	struct block *b = *cell && !is_pair(*cell) ? block_of(*cell) : NULL;
	double *values;
	uint8_t *slots;
	unsigned l;

	if (parts_fit_pair(p)) {
		rrd_clear(cell);
		*cell = make_pair(p->last, p->n[SECOND] ? p->values[SECOND][0] : 0);
		return 0;
	}
	if (!b || b->cap != cap) {
		b = heap_alloc(heap, block_size(cap));
		if (!b)
			return -ENOMEM;
		rrd_clear(cell);
		b->cap = (uint8_t)cap;
		*cell = aerie_ptr_key(b);
	}
	b->last = p->last;
	values = b->values;
	slots = slots_of(b);
	for (l = 0; l < LEVELS; l++) {
		b->n[l] = (uint8_t)p->n[l];
		memcpy(values, p->values[l], p->n[l] * sizeof *values);
		memcpy(slots, p->slots[l], p->n[l]);
		values += p->n[l];
		slots += p->n[l];
	}
	return 0;
}

void rrd_clear(uint64_t *cell)
{
	if (*cell && !is_pair(*cell))
		heap_release(block_of(*cell), block_size(block_of(*cell)->cap));
	*cell = 0;
}

int rrd_copy(struct heap *heap, uint64_t *cell)
{
	const struct block *old = block_of(*cell);
	struct block *b;

	if (!old || is_pair(*cell))
		return 0;
	b = heap_alloc(heap, block_size(old->cap));
	if (!b)
		return -ENOMEM;
	memcpy(b, old, block_size(old->cap));
	*cell = aerie_ptr_key(b);
	return 0;
}

/* ---- Parts ---- */

/* How many entries before the one at slot `now` an entry lies. */
static inline uint32_t age(enum level l, uint32_t now, uint8_t slot)
{
	return now >= slot ? now - slot : now + ring[l] - slot;
}

/* Combines a value into entry number t, which is at most p->last. */
static void put(struct parts *p, enum level l, uint32_t t, uint32_t aggregator, double value)
{
	uint32_t back = p->last / span[l] - t, now = p->last / span[l] % ring[l], i = p->n[l];

	if (value == 0)
		return;
	while (i && age(l, now, p->slots[l][i - 1]) < back)
		i--;
	if (i && age(l, now, p->slots[l][i - 1]) == back) {
		p->values[l][i - 1] = combine(aggregator, p->values[l][i - 1], value);
		return;
	}
	memmove(&p->values[l][i + 1], &p->values[l][i], (p->n[l] - i) * sizeof(double));
	memmove(&p->slots[l][i + 1], &p->slots[l][i], p->n[l] - i);
	p->values[l][i] = value;
	p->slots[l][i] = (uint8_t)(t % ring[l]);
	p->n[l]++;
}

/* The entries of level l that belong to entry `t` of the level above, combined. */
static double gather(const struct parts *p, enum level l, uint32_t t, uint32_t aggregator)
{
	const uint32_t per = span[l - 1] / span[l], last = p->last / span[l], now = last % ring[l];
	uint32_t i;
	double value = 0;

	for (i = 0; i < p->n[l]; i++)
		if (last - age(l, now, p->slots[l][i]) - t * per < per)
			value = combine(aggregator, value, p->values[l][i]);
	return value;
}

static void drop_old(struct parts *p, enum level l, uint32_t to)
{
	uint32_t now = p->last / span[l] % ring[l], ahead = to / span[l] - p->last / span[l], i = 0;

	while (i < p->n[l] && (ahead >= ring[l] || age(l, now, p->slots[l][i]) + ahead >= ring[l]))
		i++;
	p->n[l] -= i;
	memmove(p->values[l], &p->values[l][i], p->n[l] * sizeof(double));
	memmove(p->slots[l], &p->slots[l][i], p->n[l]);
}

/* Moves the newest second on, closing the minute and the hour that pass. */
static void advance(struct parts *p, bool full, uint32_t aggregator, uint32_t to)
{
	uint32_t minute = p->last / 60, hour = p->last / 3600;
	unsigned l;

	if (full && to / 60 != minute)
		put(p, MINUTE, minute, aggregator, gather(p, SECOND, minute, aggregator));
	if (full && to / 3600 != hour)
		put(p, HOUR, hour, aggregator, gather(p, MINUTE, hour, aggregator));
	for (l = 0; l < LEVELS; l++)
		drop_old(p, l, to);
	p->last = to;
}

/* ---- Samples ---- */

static __attribute__((noinline)) int add_slowly(struct heap *heap, uint64_t *cell, bool full, uint32_t aggregator, uint32_t time_s, double value)
{
	struct parts p;

	take_apart(*cell, &p);
	if (time_s > p.last)
		advance(&p, full, aggregator, time_s);
	else if (p.last - time_s >= 60)
		return -ERANGE;
	put(&p, SECOND, time_s, aggregator, value);
	if (full && time_s / 60 != p.last / 60)
		put(&p, MINUTE, time_s / 60, aggregator, value);
	if (full && time_s / 3600 != p.last / 3600)
		put(&p, HOUR, time_s / 3600, aggregator, value);
	return put_together(heap, cell, &p);
}

/* Seconds that are too old for the view at time_s go. */
static void expire(struct block *b, uint32_t time_s)
{
	uint32_t at = b->n[HOUR] + b->n[MINUTE], n = at + b->n[SECOND], i = at, now = b->last % 60;
	uint8_t *slots = slots_of(b);

	while (i < n && age(SECOND, now, slots[i]) + (time_s - b->last) >= 60)
		i++;
	if (i == at)
		return;
	memmove(&b->values[at], &b->values[i], (n - i) * sizeof *b->values);
	memmove(&slots[at], &slots[i], n - i);
	b->n[SECOND] = (uint8_t)(n - i);
}

static struct block *grow(struct heap *heap, uint64_t *cell, uint32_t n)
{
	struct block *old = block_of(*cell), *b = heap_alloc(heap, block_size(cap_for(n + 1)));

	if (!b)
		return NULL;
	memcpy(b, old, sizeof *old + n * sizeof *old->values);
	b->cap = (uint8_t)cap_for(n + 1);
	memcpy(slots_of(b), slots_of(old), n);
	heap_release(old, block_size(old->cap));
	*cell = aerie_ptr_key(b);
	return b;
}

/* A later second of the same minute; false: not that simple, or out of memory. */
static bool append(struct heap *heap, uint64_t *cell, uint32_t time_s, double value)
{
	struct block *b = block_of(*cell);
	uint32_t n;

	if (time_s <= b->last || time_s / 60 != b->last / 60 || value == 0)
		return false;
	expire(b, time_s);
	n = b->n[HOUR] + b->n[MINUTE] + b->n[SECOND];
	if (n == b->cap)
		b = grow(heap, cell, n);
	if (!b)
		return false;
	b->values[n] = value;
	slots_of(b)[n] = (uint8_t)(time_s % 60);
	b->n[SECOND]++;
	b->last = time_s;
	return true;
}

/* Is entry `last` of a level still in the ring, and behind the present one, at time `to`? */
static bool is_kept(enum level l, uint32_t last, uint32_t to)
{
	uint32_t ahead = to / span[l] - last / span[l];

	return ahead && ahead < ring[l];
}

/* A pair and a later second: what is left of the pair are at most its hour, its minute and its second. */
static int follow_pair(struct heap *heap, uint64_t *cell, bool full, uint32_t time_s, double value)
{
	const uint32_t last = pair_time(*cell);
	const bool kept[LEVELS] = { full && is_kept(HOUR, last, time_s), full && is_kept(MINUTE, last, time_s),
				    is_kept(SECOND, last, time_s) };
	uint32_t n = kept[HOUR] + kept[MINUTE] + kept[SECOND], i = 0;
	struct block *b;
	unsigned l;

	if (!n && fits_pair(value)) {
		*cell = make_pair(time_s, value);
		return 0;
	}
	b = heap_alloc(heap, block_size(cap_for(n + 1)));
	if (!b)
		return -ENOMEM;
	b->cap = (uint8_t)cap_for(n + 1);
	b->last = time_s;
	for (l = 0; l < LEVELS; l++) {
		b->n[l] = kept[l];
		if (!kept[l])
			continue;
		b->values[i] = pair_value(*cell);
		slots_of(b)[i++] = (uint8_t)(last / span[l] % ring[l]);
	}
	b->values[i] = value;
	slots_of(b)[i] = (uint8_t)(time_s % 60);
	b->n[SECOND]++;
	*cell = aerie_ptr_key(b);
	return 0;
}

static int add_first(struct heap *heap, uint64_t *cell, uint32_t time_s, double value)
{
	struct parts p;

	if (fits_pair(value)) {
		*cell = make_pair(time_s, value);
		return 0;
	}
	memset(p.n, 0, sizeof p.n);
	p.last = time_s;
	put(&p, SECOND, time_s, AERIE_FIELD_RRD_SUM, value);
	return put_together(heap, cell, &p);
}

/* Another second than the newest, or no room for the sum in the pair. */
static __attribute__((noinline)) int add_elsewhere(struct heap *heap, uint64_t *cell, bool full, uint32_t aggregator,
						   uint32_t time_s, double value)
{
	if (!isfinite(value))
		return -EINVAL;
	if (value == 0 && aggregator == AERIE_FIELD_RRD_SIGNAL)
		return 0;
	if (!*cell)
		return add_first(heap, cell, time_s, value);
	if (is_pair(*cell) && time_s > pair_time(*cell) && pair_value(*cell) != 0 && value != 0)
		return follow_pair(heap, cell, full, time_s, value);
	if (!is_pair(*cell) && append(heap, cell, time_s, value))
		return 0;
	return add_slowly(heap, cell, full, aggregator, time_s, value);
}

/* Another sample of the newest second, which most are, needs no more than this. */
int rrd_add(struct heap *heap, uint64_t *cell, bool full, uint32_t aggregator, uint32_t time_s, double value)
{
	struct block *b;
	uint32_t n;
	double both;

	if (is_pair(*cell)) {
		both = combine(aggregator, pair_value(*cell), value);
		if (pair_time(*cell) != time_s || !fits_pair(both) || !isfinite(value))
			return add_elsewhere(heap, cell, full, aggregator, time_s, value);
		*cell = make_pair(time_s, both);
		return 0;
	}
	b = block_of(*cell);
	if (!b || time_s != b->last || !b->n[SECOND] || !isfinite(value))
		return add_elsewhere(heap, cell, full, aggregator, time_s, value);
	n = b->n[HOUR] + b->n[MINUTE] + b->n[SECOND];
	if (slots_of(b)[n - 1] != time_s % 60)
		return add_elsewhere(heap, cell, full, aggregator, time_s, value);
	b->values[n - 1] = combine(aggregator, b->values[n - 1], value);
	return 0;
}

/* ---- Views ---- */

/* A whole ring taken as one entry of the level above. */
static double whole(const double *values, uint32_t aggregator)
{
	double value = 0;
	unsigned i;

	for (i = 0; i < 60; i++)
		value = combine(aggregator, value, values[i]);
	return aggregator == AERIE_FIELD_RRD_SUM ? value / 60 : value;
}

static void spread(const struct parts *p, enum level l, double divisor, double *ret)
{
	uint32_t i;

	for (i = 0; i < p->n[l]; i++)
		ret[p->slots[l][i]] = p->values[l][i] / divisor;
}

static double second_value(const struct parts *p, uint32_t t)
{
	uint32_t i;

	for (i = 0; i < p->n[SECOND]; i++)
		if (p->slots[SECOND][i] == t % 60)
			return p->values[SECOND][i];
	return 0;
}

void rrd_expand(const uint64_t *cell, bool full, uint32_t aggregator, uint32_t now_s, struct rrd_view *ret_view)
{
	bool sum = aggregator == AERIE_FIELD_RRD_SUM;
	struct parts p;

	memset(ret_view, 0, sizeof *ret_view);
	ret_view->serial_time = now_s;
	if (!*cell)
		return;
	take_apart(*cell, &p);
	ret_view->last_time = p.last;
	ret_view->last_value = second_value(&p, p.last);
	ret_view->last_value_n1 = second_value(&p, p.last - 1);
	if (now_s > p.last)
		advance(&p, full, aggregator, now_s);
	ret_view->serial_time = p.last;
	spread(&p, SECOND, 1, ret_view->minute);
	if (!full)
		return;
	spread(&p, MINUTE, sum ? 60 : 1, ret_view->hour);
	spread(&p, HOUR, sum ? 3600 : 1, ret_view->day);
	ret_view->hour[p.last / 60 % 60] = whole(ret_view->minute, aggregator);
	ret_view->day[p.last / 3600 % 24] = whole(ret_view->hour, aggregator);
}
