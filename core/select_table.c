/* SPDX-License-Identifier: MIT */
/* What tables of records need: does a text occur in a record, and by what is it ordered. Both are visitors that look at
 * the values which a selection shows. Records and series have no text. */
#include <core/select.h>

#include <math.h>

#include <core/registry.h>

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static const char hex_digits[] = "0123456789ABCDEF";

/* ---- Searching ---- */

struct needle {
	const char *text;
	uint32_t len; /* at least 1 */
	bool found;
};

static int search_text(void *v, const char *text, uint32_t len)
{
	struct needle *n = v;
	char first = lower(*n->text);
	uint32_t i, k;

	for (i = 0; i + n->len <= len; i++) {
		if (lower(text[i]) != first)
			continue;
		for (k = 1; k < n->len && lower(text[i + k]) == lower(n->text[k]); k++)
			;
		if (k == n->len) {
			n->found = true;
			return LOOK_ENOUGH;
		}
	}
	return 0;
}

static int search_u64(void *v, uint64_t value)
{
	char text[KEY_TEXT_MAX];

	return search_text(v, text, format_u64(text, value));
}

static int search_i64(void *v, int64_t value)
{
	char text[KEY_TEXT_MAX];

	return search_text(v, text, format_i64(text, value));
}

static int search_f64(void *v, double value)
{
	char text[KEY_TEXT_MAX];

	return search_text(v, text, format_f64(text, value, false));
}

static int search_f64s(void *v, const double *values, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		CALL(search_f64(v, values[i]));
	return 0;
}

static int search_bytes(void *v, const uint8_t *data, uint32_t len)
{
	struct needle *n = v;
	uint64_t i, digits = (uint64_t)len * 2;
	uint32_t k;

	for (i = 0; i + n->len <= digits; i++) {
		for (k = 0; k < n->len; k++)
			if (lower(hex_digits[data[(i + k) / 2] >> ((i + k) % 2 ? 0 : 4) & 15]) != lower(n->text[k]))
				break;
		if (k == n->len) {
			n->found = true;
			return LOOK_ENOUGH;
		}
	}
	return 0;
}

static const struct aerie_visitor search_visitor = {
	.size = sizeof search_visitor,
	.begin_map = look_begin,
	.key = look_key,
	.key_text = look_text,
	.end_map = look_end,
	.begin_list = look_begin,
	.end_list = look_end,
	.null = look_end,
	.u64 = search_u64,
	.i64 = search_i64,
	.f64 = search_f64,
	.str = search_text,
	.ascii = search_text,
	.bytes = search_bytes,
	.f64s = search_f64s,
};

int select_search(const struct aerie_host *h, const struct aerie_selection *selection, const struct aerie_rec *rec,
		  const char *text)
{
	struct needle n = { .text = text, .len = (uint32_t)strnlen(text, UINT32_MAX) };
	const struct visit c = select_visit(h, &search_visitor, &n, VISIT_QUIET | VISIT_NO_SERIES);
	struct aerie_selection *s;
	const struct plan *plan;
	uint32_t i;

	if (!n.len)
		return 1;
	if (!selection) {
		(void)visit_record(&c, rec);
		return n.found;
	}
	s = selection_check(selection);
	plan = paths_plan(&s->paths, c.registry, rec);
	for (i = 0; plan && i < s->paths.n && !n.found; i++)
		(void)hops_walk(&c, plan->path[i], rec);
	return n.found;
}

/* ---- Ordering ---- */

static int order_f64(void *v, double value)
{
	struct aerie_order *o = v;

	o->kind = AERIE_ORDER_NUMBER;
	o->number = isfinite(value) ? value : 0;
	return LOOK_ENOUGH;
}

static int order_u64(void *v, uint64_t value)
{
	return order_f64(v, (double)value);
}

static int order_i64(void *v, int64_t value)
{
	return order_f64(v, (double)value);
}

static int order_f64s(void *v, const double *values, uint32_t n)
{
	return n ? order_f64(v, *values) : 0;
}

static int order_text(void *v, const char *text, uint32_t len)
{
	struct aerie_order *o = v;
	uint32_t i;

	o->kind = AERIE_ORDER_TEXT;
	o->len = len;
	for (i = 0; i < len && i < sizeof o->text; i++)
		o->text[i] = lower(text[i]);
	return LOOK_ENOUGH;
}

static int order_bytes(void *v, const uint8_t *data, uint32_t len)
{
	struct aerie_order *o = v;
	uint32_t i;

	o->kind = AERIE_ORDER_TEXT;
	o->len = len < UINT32_MAX / 2 ? len * 2 : UINT32_MAX;
	for (i = 0; i / 2 < len && i < sizeof o->text; i++)
		o->text[i] = lower(hex_digits[data[i / 2] >> (i % 2 ? 0 : 4) & 15]);
	return LOOK_ENOUGH;
}

static const struct aerie_visitor order_visitor = {
	.size = sizeof order_visitor,
	.begin_map = look_begin,
	.key = look_key,
	.key_text = look_text,
	.end_map = look_end,
	.begin_list = look_begin,
	.end_list = look_end,
	.null = look_end,
	.u64 = order_u64,
	.i64 = order_i64,
	.f64 = order_f64,
	.str = order_text,
	.ascii = order_text,
	.bytes = order_bytes,
	.f64s = order_f64s,
};

/* The first of the values, when there are several. */
int select_order(const struct aerie_host *h, const struct aerie_selection *selection, uint32_t i,
		 const struct aerie_rec *rec, struct aerie_order *ret_order)
{
	struct aerie_order o = { .kind = AERIE_ORDER_ABSENT };
	const struct visit c = select_visit(h, &order_visitor, &o, VISIT_QUIET);
	struct aerie_selection *s;
	const struct plan *plan;

	if (!selection)
		return -EINVAL;
	s = selection_check(selection);
	if (i >= s->paths.n)
		return -EINVAL;
	plan = paths_plan(&s->paths, c.registry, rec);
	if (!plan)
		return -ENOMEM;
	(void)hops_walk(&c, plan->path[i], rec);
	*ret_order = o;
	return 0;
}
