/* SPDX-License-Identifier: MIT */
/* Numbers as JSON text, without locale and without printf on the usual path. */
#ifndef JSON_NUMBER_H
#define JSON_NUMBER_H

#include <stdint.h>

#define NUMBER_U64 20u  /* octets that the longest u64 takes */
#define NUMBER_I64 20u
#define NUMBER_F64 336u /* -DBL_MAX as whole number has 310; no terminator is written, but snprintf wants its room */

/* Each writes at dst and returns the end of what it wrote. */
char *number_u64(char *dst, uint64_t value);
char *number_i64(char *dst, int64_t value);
/* Not finite: 0. Whole: as integer. Otherwise with 6 decimals, correctly rounded (to even on a tie). */
char *number_f64(char *dst, double value);

#endif
