/* SPDX-License-Identifier: MIT */
/* What the endpoints of devices share: what a request asks of a list (an ask), and walks over the devices that it means. */
#ifndef ENDPOINTS_DEVICES_H
#define ENDPOINTS_DEVICES_H

#include "endpoints.h"

#define DEVICES_WHY 512u /* octets of a sentence about a request */

/* A list of devices that a request asks for: which, and what of them. */
struct ask {
	const struct endpoints *e;
	const struct aerie_request *req;
	const struct aerie_value *command; /* NULL: none */
	struct aerie_device_query query;
	struct aerie_view_ref *view;       /* NULL: all that the query finds */
	struct aerie_selection *selection; /* NULL: whole records */
	struct aerie_filter *filter;       /* NULL: all */
	const char *wrapper;               /* NULL: a bare list; valid as long as the request */
};

/* devask.c. Functions that return ASK_REPLIED have replied with an error; the handler returns 0. */
#define ASK_REPLIED 1

/* Reads the command: fields, regex, wrapper, last_time. To be ended in every case. 0, ASK_REPLIED, or a negative errno. */
int ask_begin(struct ask *a, const struct endpoints *e, const struct aerie_request *req, struct aerie_reply *rep);
void ask_end(struct ask *a); /* frees what no walk took over */
int ask_view(struct ask *a, const char *id, struct aerie_reply *rep);
/* Only devices that changed since the time that a text gives; what: names it, for messages. */
int ask_since(struct ask *a, const char *what, const char *text, struct aerie_reply *rep);
/* 400 with a sentence; ASK_REPLIED, or a negative errno. */
int ask_wrong(const struct ask *a, struct aerie_reply *rep, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* A variable of the form, or of the query; NULL when it is absent or empty. */
const char *ask_variable(const struct ask *a, const char *name);
/* A whole number; -EINVAL. */
int ask_number(const char *text, int64_t *ret);
/* "AA:BB:CC:DD:EE:FF": what stands behind it, or NULL. */
const char *ask_mac(const char *text, uint64_t *ret_mac);
/* The key in a path; it needs not be that of a device. */
int device_key(const struct endpoints *e, const struct aerie_request *req, struct aerie_reply *rep, uint64_t *ret_key);

/* devlist.c: walks. Each takes over the view, selection and filter of its ask, and lives until walk_free(). */
struct walk;
struct walk *walk_new(struct ask *a); /* NULL: memory is out */
struct walk *walk_keys(struct ask *a, uint64_t *keys, size_t n); /* these devices; takes keys over in every case */
void walk_free(void *walk);

/* rec is NULL when the walk was not asked to look and needs not. Returns 0, or a negative errno, which ends the walk. */
typedef int walk_see_fn(void *user, uint64_t key, const struct aerie_rec *rec);
/* Calls see for every device that is meant, from the first one; look: it needs their records. *ret_total: devices before the
 * filter. */
int walk_each(struct walk *w, int look, walk_see_fn *see, void *user, uint64_t *ret_total);
/* Writes what is selected of a device, or null when it is gone. */
int walk_write(struct walk *w, uint64_t key, const struct aerie_visitor *vt, void *v);
/* The keys of the devices that are meant, each there at this moment; valid as long as the walk. */
int walk_settle(struct walk *w, const uint64_t **ret_keys, size_t *ret_n);
const struct aerie_selection *walk_selection(const struct walk *w);
/* The list, streamed; takes the walk over. NULL: memory is out. */
int walk_reply(const struct ask *a, struct walk *w, struct aerie_reply *rep);

/* devtable.c: replies with a page of the list when the request asks for one: 1, or a negative errno; otherwise 0. name: of the list,
 * unless the request gives a wrapper. */
int table_reply(struct ask *a, struct aerie_reply *rep, const char *name);
/* The list in the form that the request asks for. */
int devices_reply(struct ask *a, struct aerie_reply *rep, const char *name);

/* Rows of parameters: of every list, of lists that can be wrapped (AERIE_FORM_WRAPPED), of lists with all forms. */
#define DEVICE_FIELDS_PARAM \
	AERIE_PARAM(AERIE_IN_COMMAND, 0, "fields", "fields", "What to show of each device; everything when missing.", \
		    "[\"kismet.device.base.key\", [\"kismet.device.base.channel\", \"channel\"]]")
#define SELECT_PARAMS \
	DEVICE_FIELDS_PARAM, \
	AERIE_PARAM(AERIE_IN_COMMAND, 0, "regex", "regex", "Only devices that match any of these terms; all when missing.", \
		    "[[\"kismet.device.base.name\", \"^lab\"]]")
#define LIST_PARAMS \
	SELECT_PARAMS, \
	AERIE_PARAM(AERIE_IN_COMMAND, 0, "wrapper", "string", "Name under which the list stands in a map; a bare list when missing.", \
		    "\"aaData\"")
#define TABLE_FORMS (AERIE_FORM_WRAPPED | AERIE_FORM_PAGE | AERIE_FORM_TABLE)
#define TABLE_PARAMS \
	LIST_PARAMS, \
	AERIE_PARAM(AERIE_IN_COMMAND, 0, "last_time", "time", "Only devices that are new or changed since then.", "-60"), \
	AERIE_PARAM(AERIE_IN_QUERY, 0, "page", "integer", "Number of a page, from 0 on; this, size or length, sort, and search ask for one page.", \
		    "0"), \
	AERIE_PARAM(AERIE_IN_QUERY, 0, "size", "integer", "Devices of a page: 50 when missing, at most 500.", "50"), \
	AERIE_PARAM(AERIE_IN_QUERY, 0, "sort", "string", "Path of the field that pages are ordered by.", \
		    "\"kismet.device.base.last_time\""), \
	AERIE_PARAM(AERIE_IN_QUERY, 0, "sort_dir", "string", "asc or desc; asc when missing.", "\"desc\""), \
	AERIE_PARAM(AERIE_IN_QUERY, 0, "search", "string", "Only devices with this text in any of the fields, whatever the case.", "\"lab\""), \
	AERIE_PARAM(AERIE_IN_COMMAND, 0, "datatable", "boolean", "Answers a request of DataTables' server-side processing.", "true"), \
	AERIE_PARAM(AERIE_IN_COMMAND, 0, "colmap", "map", "DataTables: the fields that each column shows, by the column's number.", \
		    "{\"0\": [\"kismet.device.base.commonname\"]}"), \
	AERIE_PARAM(AERIE_IN_QUERY, 0, "draw", "integer", "DataTables: number of the request, given back.", "1"), \
	AERIE_PARAM(AERIE_IN_QUERY, 0, "start", "integer", "DataTables: number of the first row, from 0 on.", "0"), \
	AERIE_PARAM(AERIE_IN_QUERY, 0, "length", "integer", "Rows of a page, as size; DataTables: less than 1 is 50.", "25"), \
	AERIE_PARAM(AERIE_IN_QUERY, 0, "search[value]", "string", "DataTables: text to search for.", "\"lab\""), \
	AERIE_PARAM(AERIE_IN_QUERY, 0, "order[0][column]", "integer", \
		    "DataTables: number of the column to order by: of colmap, of columns[N][data], or of fields. Rows that are the same in it are ordered " \
		    "by `order[1][column]`, and so on; at most 16.", "0"), \
	AERIE_PARAM(AERIE_IN_QUERY, 0, "order[0][dir]", "string", "DataTables: asc or desc; asc when missing; one for each column to order by.", "\"asc\""), \
	AERIE_PARAM(AERIE_IN_QUERY, 0, "columns[0][data]", "string", "DataTables: name of the field that a column shows; one for each column.", \
		    "\"kismet.device.base.name\""), \
	AERIE_PARAM(AERIE_IN_QUERY, 0, "columns[0][searchable]", "string", \
		    "DataTables: true: this column is searched; one for each column, and all fields when there is none.", "\"true\"")
#define KEY_PARAM AERIE_PARAM(AERIE_IN_PATH, 0, "key", "key", "kismet.device.base.key of the device.", "\"4202770D00000000_554433221100\"")
#define TIME_PARAM \
	AERIE_PARAM(AERIE_IN_PATH, 0, "ts", "time", "Seconds since 1970-01-01 UTC, server time; negative: so many seconds before now. A fraction is cut off.", "-60")
#define MAC_PARAM AERIE_PARAM(AERIE_IN_PATH, 0, "mac", "maskedmac", "Address, or an address, %2F and a mask.", "\"02:00:00:00:00:01\"")
#define VIEW_PARAM AERIE_PARAM(AERIE_IN_PATH, 0, "view", "string", "kismet.devices.view.id of the view.", "\"all\"")
#define PARAMS_END { 0 }

#endif
