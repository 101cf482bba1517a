/* SPDX-License-Identifier: MIT */
/* Round-robin series, kept sparsely. The cell in a record is 8 octets: 0 (no sample), a tagged pair of second and small
 * integer (all samples so far in one second), or a pointer to a list of the slots in use; expanded when serialized.
 * The rules are at the top of rrd.c. */
#ifndef CORE_RRD_H
#define CORE_RRD_H

#include <stdbool.h>
#include <stdint.h>

struct heap;

struct rrd_view {
	uint64_t last_time, serial_time;
	double last_value, last_value_n1; /* of the second last_time, and of the one before it */
	double minute[60], hour[60], day[24];
};

/* aggregator: AERIE_FIELD_RRD_... 0, -ENOMEM, -ERANGE for a sample that is too old, -EINVAL for one that is not finite. */
int rrd_add(struct heap *heap, uint64_t *cell, bool full, uint32_t aggregator, uint32_t time_s, double value);
/* The series as it stands at now_s (or at its newest sample, when that is later). Second t is at minute[t % 60], minute m
 * at hour[m % 60], hour h at day[h % 24]. All zero without a sample; hour and day only of a full series. */
void rrd_expand(const uint64_t *cell, bool full, uint32_t aggregator, uint32_t now_s, struct rrd_view *ret_view);
void rrd_clear(uint64_t *cell); /* frees it */
/* Makes the cell, whose octets are another's, lead to a list of its own. -ENOMEM. */
int rrd_copy(struct heap *heap, uint64_t *cell);

#endif
