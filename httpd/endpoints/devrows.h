/* SPDX-License-Identifier: MIT */
/* The first devices in an order, of any number that are offered: what a page of a table needs. */
#ifndef ENDPOINTS_DEVROWS_H
#define ENDPOINTS_DEVROWS_H

#include "endpoints.h"

#define ROWS_ORDERS_MAX 16u                  /* fields that rows are ordered by */
#ifndef ROWS_MAX
#define ROWS_MAX 65536u                       /* rows kept at once, */
#define ROWS_OCTETS_MAX (16u * 1024u * 1024u) /* and octets of what they are ordered by */
#endif

struct rows;

struct rows *rows_new(const struct endpoints *e); /* NULL: memory is out */
void rows_free(struct rows *r);                   /* NULL is fine */
/* Orders by a field, those added before come first; takes the selection over in every case. -E2BIG. */
int rows_order_by(struct rows *r, struct aerie_selection *field, int descending);
int rows_are_ordered(const struct rows *r);
/* Begins again with the rows behind those that were kept last; keeps at most n, or fewer when they are large. */
void rows_begin(struct rows *r, uint64_t n);
int rows_offer(struct rows *r, uint64_t key, const struct aerie_rec *rec);
/* Puts what was kept in order: the number of rows. */
size_t rows_end(struct rows *r);
uint64_t rows_key(const struct rows *r, size_t i);

#endif
