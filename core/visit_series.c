/* SPDX-License-Identifier: MIT */
/* Drives a visitor over series: they are kept sparsely, and shown with a value for every second, minute and hour. */
#include <core/visit.h>

#include <errno.h>
#include <time.h>

#include <core/loop.h>
#include <core/rrd.h>

static uint32_t now_s(const struct core *core)
{
	return (uint32_t)(core->loop ? loop_now_us(core->loop) / 1000000 : (uint64_t)time(NULL));
}

static int visit_part(const struct visit *c, enum rrd_name which, const double *values, uint32_t n)
{
	CALL(c->vt->key(c->v, registry_rrd_name(c->registry, which)));
	return visit_f64s(c, values, n);
}

int visit_series(const struct visit *c, const struct aerie_rec *rec, const struct member *m)
{
	bool full = m->field->type == AERIE_T_RRD;
	struct rrd_view view;
	uint64_t cell = record_cell_value(rec, m->slot);

	if (c->flags & VISIT_NO_SERIES)
		return 0;
	rrd_expand(&cell, full, m->field->flags & AERIE_FIELD_RRD_MASK, now_s(c->core), &view);
	CALL(c->vt->begin_map(c->v, full ? RRD_NAMES : RRD_NAMES - 2));
	CALL(c->vt->key(c->v, registry_rrd_name(c->registry, RRD_LAST_TIME)));
	CALL(c->vt->u64(c->v, view.last_time));
	CALL(c->vt->key(c->v, registry_rrd_name(c->registry, RRD_SERIAL_TIME)));
	CALL(c->vt->u64(c->v, view.serial_time));
	CALL(c->vt->key(c->v, registry_rrd_name(c->registry, RRD_LAST_VALUE)));
	CALL(c->vt->f64(c->v, view.last_value));
	CALL(c->vt->key(c->v, registry_rrd_name(c->registry, RRD_LAST_VALUE_N1)));
	CALL(c->vt->f64(c->v, view.last_value_n1));
	CALL(visit_part(c, RRD_MINUTE_VEC, view.minute, 60));
	CALL(c->vt->key(c->v, registry_rrd_name(c->registry, RRD_BLANK_VAL)));
	CALL(c->vt->f64(c->v, 0));
	if (full) {
		CALL(visit_part(c, RRD_HOUR_VEC, view.hour, 60));
		CALL(visit_part(c, RRD_DAY_VEC, view.day, 24));
	}
	return c->vt->end_map(c->v);
}

static int visit_values(const struct visit *c, const double *values, uint32_t n, uint32_t at)
{
	if (at == VISIT_ALL)
		return visit_f64s(c, values, n);
	return at < n ? c->vt->f64(c->v, values[at]) : -ENOENT;
}

int visit_series_part(const struct visit *c, const struct aerie_rec *rec, const struct member *m, enum rrd_name part,
		      uint32_t at)
{
	bool full = part == RRD_HOUR_VEC || part == RRD_DAY_VEC;
	uint64_t cell = record_cell_value(rec, m->slot);
	struct rrd_view view;

	rrd_expand(&cell, full, m->field->flags & AERIE_FIELD_RRD_MASK, now_s(c->core), &view);
	switch (part) {
	case RRD_MINUTE_VEC:
		return visit_values(c, view.minute, 60, at);
	case RRD_HOUR_VEC:
		return visit_values(c, view.hour, 60, at);
	case RRD_DAY_VEC:
		return visit_values(c, view.day, 24, at);
	default:
		break;
	}
	if (at != VISIT_ALL)
		return -ENOENT;
	switch (part) {
	case RRD_LAST_TIME:
		return c->vt->u64(c->v, view.last_time);
	case RRD_SERIAL_TIME:
		return c->vt->u64(c->v, view.serial_time);
	case RRD_LAST_VALUE:
		return c->vt->f64(c->v, view.last_value);
	case RRD_LAST_VALUE_N1:
		return c->vt->f64(c->v, view.last_value_n1);
	default:
		return c->vt->f64(c->v, 0);
	}
}
