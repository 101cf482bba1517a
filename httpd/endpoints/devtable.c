/* SPDX-License-Identifier: MIT */
/* A page of a list of devices: DataTables' server-side processing, and plain paging. The list is walked once, and the first rows in
 * the asked order are kept (devrows.h); a page that lies deeper than these is reached by further walks, each behind the last
 * row of the one before, so that memory does not depend on the number of devices. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devices.h"
#include "devrows.h"

#define PAGE_ROWS 50u      /* of a page whose length is not given */
#define PAGE_ROWS_MAX 500u /* of a page; longer ones are cut to it */
#define COLUMNS_MAX 256u   /* of a table, that can be searched */
#define SEARCH_PATHS 512u  /* fields that are searched */
#define VARIABLE 64u       /* octets of a variable's name */

struct table {
	struct ask *ask;
	const struct endpoints *e;
	struct walk *walk;
	int is_page; /* plain paging, not DataTables */
	char name[AERIE_WRAPPER_MAX + 1];
	int64_t draw;
	uint64_t start, length;
	const char *search; /* NULL: none */
	struct aerie_selection *column[SEARCH_PATHS]; /* where; all that is selected when the request names no columns */
	uint32_t n_columns;
	int named_columns;

	uint64_t total, filtered;
	uint64_t key[PAGE_ROWS_MAX];
	uint32_t n_keys, piece; /* rows, and how much of the reply is written: see next_piece() */

	struct rows *rows;
	uint64_t taken, seen; /* rows taken by the walks before; seen by this one */
};

static void table_free(void *user)
{
	struct table *t = user;
	uint32_t i;

	if (!t)
		return;
	walk_free(t->walk);
	for (i = 0; i < t->n_columns; i++)
		t->e->select->selection_free(t->column[i]);
	rows_free(t->rows);
	free(t);
}

/* ---- walking ---- */

static int matches_search(const struct table *t, const struct aerie_rec *rec)
{
	uint32_t i;

	if (!t->search)
		return 1;
	if (!t->named_columns)
		return t->e->select->search(t->e->h, walk_selection(t->walk), rec, t->search);
	for (i = 0; i < t->n_columns; i++)
		if (t->e->select->search(t->e->h, t->column[i], rec, t->search))
			return 1;
	return 0;
}

static int see(void *user, uint64_t key, const struct aerie_rec *rec)
{
	struct table *t = user;
	uint64_t at;

	if (!matches_search(t, rec))
		return 0;
	at = t->seen++;
	if (rows_are_ordered(t->rows))
		return rows_offer(t->rows, key, rec);
	if (at >= t->start && at - t->start < t->length)
		t->key[t->n_keys++] = key;
	return 0;
}

/* The number of rows that were kept, or a negative errno. */
static int walk_once(struct table *t)
{
	uint64_t total, end = t->start + t->length;
	size_t n, i;
	int err;

	t->seen = 0;
	rows_begin(t->rows, end - t->taken);
	err = walk_each(t->walk, t->search || rows_are_ordered(t->rows), see, t, &total);
	if (err < 0)
		return err;
	if (!t->taken) {
		t->total = total;
		t->filtered = t->seen;
	}
	n = rows_end(t->rows);
	for (i = 0; i < n; i++)
		if (t->taken + i >= t->start && t->taken + i < end)
			t->key[t->n_keys++] = rows_key(t->rows, i);
	return (int)n;
}

static int find_rows(struct table *t)
{
	uint64_t end = t->start + t->length;
	int n;

	do {
		n = walk_once(t);
		if (n <= 0)
			return n;
		t->taken += (unsigned)n;
	} while (t->taken < end && t->taken < t->filtered && t->filtered > t->start);
	return 0;
}

/* ---- what is asked ---- */

/* 0 and the number, or the default when the variable is absent; ASK_REPLIED. */
static int read_number(struct table *t, struct aerie_reply *rep, const char *name, int64_t dflt, int64_t least, int64_t *ret)
{
	const char *text = ask_variable(t->ask, name);
	int64_t n = dflt;

	if (text && (ask_number(text, &n) < 0 || n < least))
		return ask_wrong(t->ask, rep, "`%s` is not a whole number%s", name, least == 1 ? " above 0" : least == 0 ? " from 0 on" : "");
	*ret = n;
	return 0;
}

static int read_direction(struct table *t, struct aerie_reply *rep, const char *name, int *ret_descending)
{
	const char *text = ask_variable(t->ask, name);

	if (text && strcmp(text, "asc") && strcmp(text, "desc"))
		return ask_wrong(t->ask, rep, "`%s` is neither \"asc\" nor \"desc\"", name);
	*ret_descending = text && !strcmp(text, "desc");
	return 0;
}

static int select_path(struct table *t, struct aerie_reply *rep, const char *what, const char *path, struct aerie_selection **ret)
{
	char why[DEVICES_WHY] = "";
	int err = t->e->select->selection_path(t->e->h, path, ret, why, sizeof why);

	return err == -EINVAL ? ask_wrong(t->ask, rep, "`%s`: %s", what, why) : err;
}

/* The path of an element of "fields" or of "colmap": a path, or a list that begins with one. */
static const char *path_of(const struct aerie_http *http, const struct aerie_value *v)
{
	return http->value_str(http->value_kind(v) == AERIE_VALUE_LIST ? http->value_at(v, 0) : v, NULL);
}

/* Is this element of "fields" shown under a name? */
static int is_shown_as(const struct aerie_http *http, const struct aerie_value *field, const char *name)
{
	const char *path = path_of(http, field), *last = path ? strrchr(path, '/') : NULL, *shown = NULL;

	if (http->value_kind(field) == AERIE_VALUE_LIST)
		shown = http->value_str(http->value_at(field, 1), NULL);
	return (shown && !strcmp(shown, name)) || (path && !strcmp(path, name)) || (last && !strcmp(last + 1, name));
}

/* The i-th path that a column of the table shows, or NULL: by colmap, by what the column says that it shows, or by its place in
 * fields. */
static const char *column_path(const struct table *t, uint32_t column, uint32_t i)
{
	const struct aerie_http *http = t->e->http;
	const struct aerie_value *fields = http->value_get(t->ask->command, "fields"), *mapped;
	char name[VARIABLE];
	const char *data;
	uint32_t at;

	(void)snprintf(name, sizeof name, "%" PRIu32, column);
	mapped = http->value_get(http->value_get(t->ask->command, "colmap"), name);
	if (http->value_kind(mapped) == AERIE_VALUE_LIST)
		return path_of(http, http->value_at(mapped, i));
	if (i)
		return NULL;
	if (mapped)
		return path_of(http, mapped);
	(void)snprintf(name, sizeof name, "columns[%" PRIu32 "][data]", column);
	data = ask_variable(t->ask, name);
	for (at = 0; data && at < http->value_count(fields); at++)
		if (is_shown_as(http, http->value_at(fields, at), data))
			return path_of(http, http->value_at(fields, at));
	return data ? NULL : path_of(http, http->value_at(fields, column));
}

static int search_column(struct table *t, struct aerie_reply *rep, uint32_t column)
{
	const char *path;
	uint32_t i;
	int err = 0;

	for (i = 0; !err && (path = column_path(t, column, i)); i++) {
		if (t->n_columns == SEARCH_PATHS)
			return ask_wrong(t->ask, rep, "`columns`: more than %u fields to search", SEARCH_PATHS);
		err = select_path(t, rep, "colmap", path, &t->column[t->n_columns]);
		t->n_columns += !err;
	}
	return err;
}

static int read_search_columns(struct table *t, struct aerie_reply *rep)
{
	char name[VARIABLE];
	const char *text;
	uint32_t i;
	int err = 0;

	for (i = 0; !err && i < COLUMNS_MAX; i++) {
		(void)snprintf(name, sizeof name, "columns[%" PRIu32 "][searchable]", i);
		text = ask_variable(t->ask, name);
		if (!text)
			return 0;
		t->named_columns = 1;
		if (!strcmp(text, "true"))
			err = search_column(t, rep, i);
		else if (strcmp(text, "false"))
			return ask_wrong(t->ask, rep, "`%s` is neither \"true\" nor \"false\"", name);
	}
	return err;
}

/* By what a path leads to, behind those before. */
static int order_by(struct table *t, struct aerie_reply *rep, const char *what, const char *path, int descending)
{
	struct aerie_selection *field;
	int err = select_path(t, rep, what, path, &field);

	if (err)
		return err;
	err = rows_order_by(t->rows, field, descending);
	return err == -E2BIG ? ask_wrong(t->ask, rep, "`order`: more than %u columns to order by", ROWS_ORDERS_MAX) : err;
}

#define ORDER_ENDS (ASK_REPLIED + 1)

/* ORDER_ENDS: there is no i-th column to order by. */
static int read_order(struct table *t, struct aerie_reply *rep, uint32_t i)
{
	char name[VARIABLE], direction[VARIABLE];
	const char *path;
	int64_t column;
	int err, descending;

	(void)snprintf(name, sizeof name, "order[%" PRIu32 "][column]", i);
	(void)snprintf(direction, sizeof direction, "order[%" PRIu32 "][dir]", i);
	err = read_number(t, rep, name, -1, 0, &column);
	if (!err)
		err = read_direction(t, rep, direction, &descending);
	if (err || column < 0)
		return err ? err : ORDER_ENDS;
	path = column < UINT32_MAX ? column_path(t, (uint32_t)column, 0) : NULL;
	if (!path)
		return ask_wrong(t->ask, rep, "`%s`: neither `colmap` nor `fields` say what column %" PRId64 " shows", name, column);
	return order_by(t, rep, "colmap", path, descending);
}

/* The columns to order by, the most important one first. */
static int read_orders(struct table *t, struct aerie_reply *rep)
{
	uint32_t i = 0;
	int err;

	do
		err = read_order(t, rep, i++);
	while (!err);
	return err == ORDER_ENDS ? 0 : err;
}

static uint64_t page_rows(int64_t n)
{
	return n < 1 ? PAGE_ROWS : n > PAGE_ROWS_MAX ? PAGE_ROWS_MAX : (uint64_t)n;
}

static int read_datatable(struct table *t, struct aerie_reply *rep)
{
	const struct aerie_value *colmap = t->e->http->value_get(t->ask->command, "colmap");
	int64_t start, length;
	int err;

	if (t->e->http->value_kind(colmap) != AERIE_VALUE_NULL && t->e->http->value_kind(colmap) != AERIE_VALUE_MAP)
		return ask_wrong(t->ask, rep, "`colmap` is not a map of column numbers to fields");
	err = read_number(t, rep, "draw", 0, 0, &t->draw);
	if (!err)
		err = read_number(t, rep, "start", 0, 0, &start);
	if (!err)
		err = read_number(t, rep, "length", 0, INT64_MIN, &length);
	if (err)
		return err;
	t->start = (uint64_t)start;
	t->length = page_rows(length);
	t->search = ask_variable(t->ask, "search[value]");
	err = t->search ? read_search_columns(t, rep) : 0;
	return err ? err : read_orders(t, rep);
}

static int read_page(struct table *t, struct aerie_reply *rep)
{
	const char *sort = ask_variable(t->ask, "sort");
	int64_t page, length;
	int err, descending;

	err = read_number(t, rep, "page", 0, 0, &page);
	if (!err)
		err = read_number(t, rep, ask_variable(t->ask, "length") ? "length" : "size", PAGE_ROWS, 1, &length);
	if (!err)
		err = read_direction(t, rep, "sort_dir", &descending);
	if (err)
		return err;
	t->length = page_rows(length);
	if (page > INT64_MAX / PAGE_ROWS_MAX)
		return ask_wrong(t->ask, rep, "`page`: there is no such page");
	t->start = (uint64_t)page * t->length;
	t->search = ask_variable(t->ask, "search");
	return sort ? order_by(t, rep, "sort", sort, descending) : 0;
}

/* ---- the reply ---- */

static int put(const struct aerie_visitor *vt, void *v, const char *key, uint64_t value)
{
	int err = vt->key_text(v, key, (uint32_t)strlen(key));

	return err ? err : vt->u64(v, value);
}

static int begin_table(const struct table *t, const struct aerie_visitor *vt, void *v)
{
	int err = vt->begin_map(v, 4);

	if (!err && !t->is_page)
		err = put(vt, v, "draw", (uint64_t)t->draw);
	if (!err)
		err = vt->key_text(v, t->name, (uint32_t)strlen(t->name));
	return err ? err : vt->begin_list(v, t->n_keys);
}

static int end_table(const struct table *t, const struct aerie_visitor *vt, void *v)
{
	int err = vt->end_list(v);

	if (!err && t->is_page)
		err = put(vt, v, "last_page", (t->filtered + t->length - 1) / t->length);
	if (!err)
		err = put(vt, v, t->is_page ? "last_row" : "recordsFiltered", t->filtered);
	if (!err)
		err = put(vt, v, t->is_page ? "total_row" : "recordsTotal", t->total);
	return err ? err : vt->end_map(v);
}

/* What is around the rows, and each row: as a whole they may take many megabytes for each client that reads slowly. */
static int next_piece(void *user, const struct aerie_visitor *vt, void *v)
{
	struct table *t = user;
	uint32_t at = t->piece++;
	int err;

	if (at > t->n_keys + 1)
		return 0;
	if (at == 0)
		err = begin_table(t, vt, v);
	else if (at <= t->n_keys)
		err = walk_write(t->walk, t->key[at - 1], vt, v);
	else
		err = end_table(t, vt, v);
	return err ? err : 1;
}

/* 1: DataTables, 2: paging, 0: neither; ASK_REPLIED is told by *ret_err. */
static int form_of(const struct ask *a, struct aerie_reply *rep, int *ret_err)
{
	static const char *const variables[] = { "page", "length", "size", "sort", "search" };
	const struct aerie_http *http = a->e->http;
	const struct aerie_value *v = http->value_get(a->command, "datatable");
	uint32_t kind = http->value_kind(v);
	size_t i;

	*ret_err = 0;
	if (kind != AERIE_VALUE_NULL && kind != AERIE_VALUE_BOOL && kind != AERIE_VALUE_INT) {
		*ret_err = ask_wrong(a, rep, "`datatable` is neither true nor false");
		return 0;
	}
	if (http->value_int(v, 0))
		return 1;
	for (i = 0; i < sizeof variables / sizeof variables[0]; i++)
		if (ask_variable(a, variables[i]))
			return 2;
	return 0;
}

/* A wrapper must not be a name that stands in the map already. */
static int is_taken(const char *name)
{
	static const char *const taken[] = { "draw", "recordsFiltered", "recordsTotal", "last_page", "last_row", "total_row" };
	size_t i;

	for (i = 0; i < sizeof taken / sizeof taken[0]; i++)
		if (!strcmp(name, taken[i]))
			return 1;
	return 0;
}

int table_reply(struct ask *a, struct aerie_reply *rep, const char *name)
{
	struct table *t;
	int err, form = form_of(a, rep, &err);

	if (err || !form)
		return err;
	if (a->wrapper && is_taken(a->wrapper))
		return ask_wrong(a, rep, "`wrapper` is a name that pages have already: \"%s\"", a->wrapper);
	t = calloc(1, sizeof *t);
	if (!t)
		return -ENOMEM;
	t->ask = a;
	t->e = a->e;
	t->is_page = form == 2;
	t->rows = rows_new(t->e);
	(void)snprintf(t->name, sizeof t->name, "%s", a->wrapper ? a->wrapper : t->is_page ? "data" : name);
	err = !t->rows ? -ENOMEM : t->is_page ? read_page(t, rep) : read_datatable(t, rep);
	if (!err) {
		t->walk = walk_new(a);
		err = t->walk ? find_rows(t) : -ENOMEM;
	}
	if (err) {
		table_free(t);
		return err;
	}
	t->ask = NULL;
	rows_free(t->rows);
	t->rows = NULL;
	err = a->e->http->reply_pieces(rep, next_piece, t, table_free);
	return err < 0 ? err : ASK_REPLIED;
}

int devices_reply(struct ask *a, struct aerie_reply *rep, const char *name)
{
	int r = table_reply(a, rep, name);

	return r ? r : walk_reply(a, walk_new(a), rep);
}
