/* SPDX-License-Identifier: MIT */
/* A visitor that sees nothing: what visitors that only look for something are made of. */
#include <core/select.h>

int look_begin(void *v, uint32_t count)
{
	return 0;
}

int look_end(void *v)
{
	return 0;
}

int look_key(void *v, const struct aerie_name *name)
{
	return 0;
}

int look_text(void *v, const char *text, uint32_t len)
{
	return 0;
}

int look_bytes(void *v, const uint8_t *data, uint32_t len)
{
	return 0;
}

int look_u64(void *v, uint64_t value)
{
	return 0;
}

int look_i64(void *v, int64_t value)
{
	return 0;
}

int look_f64(void *v, double value)
{
	return 0;
}

int look_f64s(void *v, const double *values, uint32_t n)
{
	return 0;
}

const struct aerie_visitor look_visitor = {
	.size = sizeof look_visitor,
	.begin_map = look_begin,
	.key = look_key,
	.key_text = look_text,
	.end_map = look_end,
	.begin_list = look_begin,
	.end_list = look_end,
	.null = look_end,
	.u64 = look_u64,
	.i64 = look_i64,
	.f64 = look_f64,
	.str = look_text,
	.ascii = look_text,
	.bytes = look_bytes,
	.f64s = look_f64s,
};
